// The token that a request must bring. Keeps a digest of it, never the token itself, so that no
// message and no memory dump can show it. Immutable: any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace coreloop::io {

class AccessToken {
 public:
  static constexpr std::size_t bytes_min = 16;
  static constexpr std::size_t bytes_max = 256;

  /// None: everybody may ask.
  AccessToken() = default;
  /// Requires: is_token(token).
  explicit AccessToken(std::string_view token);

  /// Whether `text` can be a token: bytes_min to bytes_max visible ASCII characters.
  [[nodiscard]] static bool is_token(std::string_view text) noexcept;

  [[nodiscard]] bool is_asked_for() const noexcept { return !digest_.empty(); }
  /// Whether an Authorization header brings it, `Bearer TOKEN`. Takes the same time wherever a
  /// wrong one differs. Requires: is_asked_for().
  [[nodiscard]] bool is_brought_by(std::string_view authorization) const;

 private:
  std::string digest_;  ///< empty: none
};

}  // namespace coreloop::io
