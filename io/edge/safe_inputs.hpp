// Which inputs would survive the loss of power: outputs of later ones must not be published yet.
#pragma once

#include <cstdint>

namespace coreloop::io {

class SafeInputs {
 public:
  virtual ~SafeInputs() = default;
  /// Sequence of the last one. Any thread.
  [[nodiscard]] virtual std::uint64_t safe_sequence() const noexcept = 0;
  /// Asks for those recorded so far to be made safe; who waits for it is woken then. Any thread.
  virtual void make_safe() noexcept = 0;
};

}  // namespace coreloop::io
