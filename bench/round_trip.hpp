// Round trips between two pinned threads, each timed: the line, one cache line to and fro, which is
// the physical limit of a hop, and whatever else is to be held against it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "bench/bench_support.hpp"
#include "engine/cache_line.hpp"
#include "engine/latency_histogram.hpp"
#include "engine/tsc_clock.hpp"

namespace coreloop::bench {

inline constexpr std::size_t line_pair_bytes = 2 * engine::cache_line_bytes;
inline constexpr std::uint64_t last_word = ~std::uint64_t{0};  ///< of a message: the run's end

/// Two threads and one cache line: the word goes up by one at each crossing.
class Line {
 public:
  void begin() noexcept { word_.store(0, std::memory_order_relaxed); }
  /// The partner's part, until it reads last_word.
  void answer() noexcept {
    for (std::uint64_t next = 1;; next += 2) {
      std::uint64_t seen = 0;
      while ((seen = word_.load(std::memory_order_acquire)) != next) {
        if (seen == last_word) return;
      }
      word_.store(next + 1, std::memory_order_release);
    }
  }
  /// One round trip; answers whether the right word came back.
  [[nodiscard]] bool trip(std::uint64_t number) noexcept {
    const std::uint64_t sent = 2 * number + 1;
    word_.store(sent, std::memory_order_release);
    std::uint64_t seen = 0;
    while ((seen = word_.load(std::memory_order_acquire)) == sent) {
    }
    return seen == sent + 1;
  }
  void end() noexcept { word_.store(last_word, std::memory_order_release); }

 private:
  alignas(line_pair_bytes) std::atomic<std::uint64_t> word_{0};
};

/// Several tracks of a kind, used in turn: the way to a cache line depends on its address.
template <class Track>
class Tracks {
 public:
  Tracks() {
    for (auto& track : tracks_)
      track = std::make_unique<Track>();
  }

  /// Makes round trips between this thread and one on the next core, and times each. Answers
  /// whether all were right.
  [[nodiscard]] bool run(std::uint64_t trip_count, engine::LatencyHistogram& trip_ns) {
    Track& track = *tracks_[next_++ % tracks_.size()];
    track.begin();
    std::thread partner([&track] {
      const ScopedPin pin(1);
      track.answer();
    });
    constexpr std::uint64_t warm_up_count = 256;
    bool is_right = true;
    std::uint64_t number = 0;
    for (; number < warm_up_count; ++number)
      is_right = track.trip(number) && is_right;
    const engine::TscClock& clock = tsc_clock();
    std::uint64_t last_tsc = clock.now_tsc();
    for (; number < warm_up_count + trip_count; ++number) {
      is_right = track.trip(number) && is_right;
      const std::uint64_t now_tsc = clock.now_tsc();
      trip_ns.record(clock.to_ns(now_tsc - last_tsc));
      last_tsc = now_tsc;
    }
    track.end();
    partner.join();
    return is_right;
  }

 private:
  std::array<std::unique_ptr<Track>, 16> tracks_;
  std::size_t next_ = 0;
};

}  // namespace coreloop::bench
