// A source and a sink that cost next to nothing, for measuring what lies between them: one quote
// and then signals without end in sight, all of which are approved; and outputs copied into a
// buffer, as any sink must, but sent nowhere.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "bench/sample_messages.hpp"
#include "io/edge/input_streams.hpp"
#include "io/edge/sink.hpp"
#include "io/edge/source.hpp"
#include "stages/event.hpp"

namespace coreloop::bench {

[[nodiscard]] inline io::InputStreams flood_streams() {
  return {{"trade.signal.v5", io::StreamKind::signals}, {"market.tick", io::StreamKind::ticks}};
}

/// Gives a quote and then `signal_count` sample signals, a millisecond apart.
class FloodSource {
 public:
  explicit FloodSource(std::uint64_t signal_count) : signal_count_(signal_count) {
    for (std::size_t i = 0; i < sample_count; ++i)
      signals_[i] = {"data", sample_signals()[i].text.view()};
  }

  io::SourceStatus peek(io::RawEntry& entry) noexcept {
    if (next_ > signal_count_) return io::SourceStatus::end;
    const bool is_quote = next_ == 0;
    entry.stream = is_quote ? std::string_view{"market.tick"} : "trade.signal.v5";
    entry.receive_unix_ns =
        sample_start_unix_ns + static_cast<std::int64_t>(next_) * stages::ns_per_ms;
    entry.id_ms = sample_start_unix_ns / stages::ns_per_ms + next_;
    entry.id_counter = 0;
    entry.fields = {is_quote ? &quote_ : &signals_[(next_ - 1) % sample_count], 1};
    return io::SourceStatus::entry;
  }
  void consume() noexcept { ++next_; }

 private:
  std::uint64_t signal_count_;
  std::uint64_t next_ = 0;
  io::RawField quote_{"data", sample_quote().view()};
  std::array<io::RawField, sample_count> signals_{};
};

/// Keeps the last outputs and counts all: two sinks that were given the same compare equal.
class BufferSink {
 public:
  [[nodiscard]] bool has_room() const noexcept { return true; }

  void write(const io::OutputEntry& entry) noexcept {
    ++entry_counts[static_cast<std::size_t>(entry.stream)];
    for (const io::OutputField& field : entry.fields) {
      append(field.name);
      append(field.value);
    }
  }

  [[nodiscard]] bool operator==(const BufferSink&) const noexcept = default;

  std::array<std::uint64_t, io::output_stream_count> entry_counts{};

 private:
  static constexpr std::size_t capacity = std::size_t{64} * 1'024;

  void append(std::string_view text) noexcept {
    if (used_ + text.size() > capacity) used_ = 0;
    std::memcpy(buffer_.data() + used_, text.data(), text.size());
    used_ += text.size();
    byte_count_ += text.size();
  }

  std::vector<char> buffer_ = std::vector<char>(capacity);
  std::size_t used_ = 0;
  std::uint64_t byte_count_ = 0;
};

}  // namespace coreloop::bench
