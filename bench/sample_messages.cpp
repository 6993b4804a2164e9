// Texts of the sample messages.
#include "bench/sample_messages.hpp"

#include <cstring>
#include <string>

#include "engine/check.hpp"

namespace coreloop::bench {
namespace {

// `value` with leading zeros.
std::string digits(std::uint64_t value, std::size_t width) {
  const std::string text = std::to_string(value);
  return std::string(width - text.size(), '0') + text;
}

SampleSignal sample_signal(std::size_t index) {
  const std::uint64_t confidence = 7'000 + 173 * index % 2'500;  // above every threshold
  const std::uint64_t us = 88'165 + 1'117 * index;
  SampleSignal sample;
  sample.confidence = static_cast<std::int64_t>(confidence * 10'000);
  sample.produced_unix_ns = sample_start_unix_ns + static_cast<std::int64_t>(us * 1'000);
  sample.is_buy = index % 2 == 0;
  std::string text = "{\"symbol\": \"" + std::string{sample_symbol} + "\", \"action\": \"" +
                     (sample.is_buy ? "BUY" : "SELL") + "\", \"confidence\": 0." +
                     digits(confidence, 4) + ", \"timestamp\": \"2026-01-12T10:00:00." +
                     digits(us, 6) + "Z\", \"source\": \"@\", \"meta_override\": false" +
                     ", \"ensemble_votes\": {\"xgb\": 0." + digits(5'876 + index, 4) +
                     ", \"lgbm\": 0." + digits(5'376 + index, 4) + ", \"nhits\": 0." +
                     digits(5'076 + index, 4) + ", \"patchtst\": 0." + digits(5'676 + index, 4) +
                     "}, \"governer_approved\": true, \"account\": \"main\"}";
  // The source takes up what is missing.
  constexpr std::string_view source = "ensemble_v5_with_governer";
  const std::size_t others_bytes = text.size() - 1;
  CHECK(others_bytes < signal_bytes && signal_bytes - others_bytes <= source.size(),
        "a source of the right length makes up the size");
  text.replace(text.find('@'), 1, source.substr(0, signal_bytes - others_bytes));
  sample.text = PaddedText(text);
  return sample;
}

}  // namespace

PaddedText::PaddedText(std::string_view text) : size_(text.size()) {
  CHECK(text.size() <= text_bytes_max, "room for a sample");
  bytes_.fill(' ');
  std::memcpy(bytes_.data(), text.data(), text.size());
}

const SampleSignals& sample_signals() {
  static const SampleSignals samples = [] {
    SampleSignals made;
    for (std::size_t i = 0; i < made.size(); ++i)
      made[i] = sample_signal(i);
    return made;
  }();
  return samples;
}

const PaddedText& sample_quote() {
  static const PaddedText quote{
      "{\"symbol\": \"BTCUSDT\", \"bid\": 95000.0, \"ask\": 95001.0, \"bid_size\": 1.503, "
      "\"ask_size\": 2.25, \"timestamp\": \"2026-01-12T10:00:00.088165Z\"}"};
  return quote;
}

}  // namespace coreloop::bench
