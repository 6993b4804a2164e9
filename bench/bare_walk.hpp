// The yardstick of everything that reads or writes JSON: simdjson's On-Demand visiting the six
// known fields of a 300-byte signal, and nothing else: no check, no copy, no strictness. What it
// costs is what the machine makes of a signal's bytes at best.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "bench/bench_support.hpp"
#include "bench/sample_messages.hpp"

namespace coreloop::bench {

class BareWalk {
 public:
  BareWalk();
  ~BareWalk();
  BareWalk(const BareWalk&) = delete;
  BareWalk& operator=(const BareWalk&) = delete;

  /// Visits the fields of `text`; answers a sum over what was read, 0 if something was missing.
  [[nodiscard]] std::uint64_t walk(const PaddedText& text) noexcept;

  /// Walks every sample signal once.
  void walk_samples() noexcept;

  /// Whether all walks of samples so far read what stands in them.
  [[nodiscard]] bool is_right() const noexcept { return is_right_; }

 private:
  struct Simdjson;  // keeps the library's headers out of everybody else's
  std::unique_ptr<Simdjson> simdjson_;
  std::uint64_t samples_sum_ = 0;
  bool is_right_ = true;
};

/// The same of a capture's line: its stream, id, time and fields, and once through the members of
/// the JSON in `data`, as simdjson unescapes it.
class LineWalk {
 public:
  LineWalk();
  ~LineWalk();
  LineWalk(const LineWalk&) = delete;
  LineWalk& operator=(const LineWalk&) = delete;

  /// Answers a sum over what was read, 0 if something was missing. `line` is followed by
  /// PaddedText::padding_bytes readable bytes.
  [[nodiscard]] std::uint64_t walk(std::string_view line) noexcept;

 private:
  struct Simdjson;
  std::unique_ptr<Simdjson> simdjson_;
};

/// compare() with the bare walk as its yardstick: counters `per_walk` and `walk_ns`.
template <class Prepare, class Subject>
void compare_with_walk(benchmark::State& state, std::int64_t block_items, Prepare&& prepare,
                       Subject&& subject) {
  constexpr std::int64_t rounds = 64;
  BareWalk yardstick;
  compare(state,
          {.block_items = block_items,
           .ratio_name = "per_walk",
           .yardstick_name = "walk_ns",
           .yardstick_items = rounds * static_cast<std::int64_t>(sample_count)},
          prepare, subject, [&yardstick] {
            for (std::int64_t round = 0; round < rounds; ++round)
              yardstick.walk_samples();
          });
  check_answer(state, yardstick.is_right(), "the bare walk has misread a signal");
}

}  // namespace coreloop::bench
