// The messages that all benchmarks read: signals of exactly 300 bytes as the Python producers lay
// them out, alternately BUY and SELL of one symbol, and a quote of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/cache_line.hpp"
#include "stages/fixed_point.hpp"

namespace coreloop::bench {

inline constexpr std::size_t signal_bytes = 300;
/// Different texts, so that no branch predictor learns one by heart.
inline constexpr std::size_t sample_count = 16;

/// A text with readable bytes behind it, as simdjson wants.
class PaddedText {
 public:
  static constexpr std::size_t padding_bytes = 64;

  PaddedText() = default;
  /// Requires: text_bytes_max bytes at most.
  explicit PaddedText(std::string_view text);

  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }

 private:
  static constexpr std::size_t text_bytes_max = 704;
  alignas(engine::cache_line_bytes) std::array<char, text_bytes_max + padding_bytes> bytes_{};
  std::size_t size_ = 0;
};

/// A signal's text, and what a reader must find in it.
struct SampleSignal {
  PaddedText text;
  std::int64_t confidence = 0;        ///< 1e-8
  std::int64_t produced_unix_ns = 0;  ///< its timestamp
  bool is_buy = false;
};

using SampleSignals = std::array<SampleSignal, sample_count>;

inline constexpr std::string_view sample_symbol = "BTCUSDT";
inline constexpr std::int64_t sample_start_unix_ns = 1'768'212'000'000'000'000;  ///< 10:00:00
inline constexpr stages::Price sample_bid = 95'000 * stages::scale;
inline constexpr stages::Price sample_ask = 95'001 * stages::scale;

/// signal_bytes each. Cold; the same at every call.
[[nodiscard]] const SampleSignals& sample_signals();

/// A quote at sample_bid and sample_ask.
[[nodiscard]] const PaddedText& sample_quote();

}  // namespace coreloop::bench
