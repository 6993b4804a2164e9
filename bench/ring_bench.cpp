// What a hop from thread to thread costs: the round trip through two rings against the line (one
// cache line to and fro, the physical limit), and the throughput of a ring against the bare Boost
// queue, one push and one pop a message. Two yardsticks are measured alike: Boost bare, and a slot
// ring, whose messages are 8 bytes shorter so that one fills its slots exactly.
//
// Nobody pauses or yields while waiting, and the figures are medians, so each is that of two
// threads that own their cores, even where they do not always. Every message must arrive once, in
// order, and whole.
#include "engine/ring.hpp"

#include <array>
#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include <benchmark/benchmark.h>
#include <boost/lockfree/spsc_queue.hpp>

#include "bench/bench_support.hpp"
#include "bench/round_trip.hpp"
#include "bench/slot_ring.hpp"
#include "engine/cache_line.hpp"

namespace coreloop::bench {
namespace {

constexpr std::uint32_t slot_count = 1'024;  // as by default
constexpr std::uint32_t batch_size = 32;

// Whole cache lines begin on one; what shares its line with a slot's sequence number does not.
constexpr std::size_t message_alignment(std::size_t bytes) {
  return bytes % engine::cache_line_bytes == 0 ? engine::cache_line_bytes : alignof(std::uint64_t);
}

template <std::size_t bytes>
struct alignas(message_alignment(bytes)) Message {
  std::uint64_t sequence;
  std::array<std::uint64_t, bytes / 8 - 1> words;

  explicit Message(std::uint64_t number = 0) noexcept : sequence(number) {
    words.fill(number * 0x9E3779B97F4A7C15U);
  }
  /// Whether the first and the last byte are those of `number`.
  [[nodiscard]] bool is(std::uint64_t number) const noexcept {
    return sequence == number && words.back() == number * 0x9E3779B97F4A7C15U;
  }
};

/// The engine's ring with both its ends, as a stage's thread has them.
template <class T>
class EngineRing {
 public:
  using Value = T;
  [[nodiscard]] bool try_push(const T& message) noexcept { return writer_.try_push(message); }
  [[nodiscard]] std::uint32_t try_push(const T* messages, std::uint32_t count) noexcept {
    return writer_.try_push(messages, count);
  }
  [[nodiscard]] bool try_pop(T& message) noexcept { return reader_.try_pop(message); }
  [[nodiscard]] std::uint32_t try_pop(T* messages, std::uint32_t count) noexcept {
    return reader_.try_pop(messages, count);
  }

 private:
  engine::Ring<T, slot_count> ring_{slot_count};
  alignas(line_pair_bytes) engine::RingWriter<T, slot_count> writer_{ring_};
  alignas(line_pair_bytes) engine::RingReader<T, slot_count> reader_{ring_};
};

/// The bare queue, laid out as well as Boost allows: of fixed capacity, on a line pair of its own.
template <class T>
class BoostQueue {
 public:
  using Value = T;
  [[nodiscard]] bool try_push(const T& message) noexcept { return queue_.push(message); }
  [[nodiscard]] std::uint32_t try_push(const T* messages, std::uint32_t count) noexcept {
    return static_cast<std::uint32_t>(queue_.push(messages, count));
  }
  [[nodiscard]] bool try_pop(T& message) noexcept { return queue_.pop(message); }
  [[nodiscard]] std::uint32_t try_pop(T* messages, std::uint32_t count) noexcept {
    return static_cast<std::uint32_t>(queue_.pop(messages, count));
  }

 private:
  alignas(
      line_pair_bytes) boost::lockfree::spsc_queue<T, boost::lockfree::capacity<slot_count>> queue_;
};

/// The slot ring as a pipe. It takes and gives one message at a time.
template <class T>
class SlotPipe : public SlotRing<T, slot_count> {
 public:
  using Value = T;
};

/// Two threads and two rings: what comes by one goes back by the other.
template <class Pipe>
class Pair {
 public:
  void begin() noexcept {}
  void answer() noexcept {
    typename Pipe::Value message;
    do {
      while (!request_.try_pop(message)) {
      }
      while (!reply_.try_push(message)) {
      }
    } while (message.sequence != last_word);
  }
  [[nodiscard]] bool trip(std::uint64_t number) noexcept {
    const typename Pipe::Value sent(number);
    while (!request_.try_push(sent)) {
    }
    typename Pipe::Value got;
    while (!reply_.try_pop(got)) {
    }
    return got.is(number);
  }
  void end() noexcept { static_cast<void>(trip(last_word)); }

 private:
  Pipe request_;
  Pipe reply_;
};

// Round trips of `Track` and of the line in turn; the ratio is that of their medians.
template <class Track>
void BM_round_trip(benchmark::State& state) {
  constexpr std::uint64_t trips_a_block = 2'048;
  const ScopedPin pin(0);
  const auto trip_ns = std::make_unique<engine::LatencyHistogram>();
  const auto line_ns = std::make_unique<engine::LatencyHistogram>();
  Tracks<Track> tracks;
  Tracks<Line> lines;
  bool is_right = true;
  while (state.KeepRunningBatch(trips_a_block)) {
    is_right = tracks.run(trips_a_block, *trip_ns) && is_right;
    state.PauseTiming();
    is_right = lines.run(trips_a_block, *line_ns) && is_right;
    state.ResumeTiming();
  }
  report_percentiles(state, *trip_ns);
  state.counters["line_p50_ns"] = median_ns(*line_ns);
  state.counters["per_line"] = median_ns(*trip_ns) / median_ns(*line_ns);
  check_answer(state, is_right, "a message came back wrong");
}

/// Takes messages, in batches of up to `batch`, until last_word; answers whether all `count` came,
/// once and in order.
template <class Pipe, std::uint32_t batch>
bool take_all(Pipe& pipe, std::uint64_t count) noexcept {
  std::array<typename Pipe::Value, batch> messages;
  std::uint64_t next = 0;
  bool is_right = true;
  for (;;) {
    std::uint32_t taken = 0;
    if constexpr (batch == 1)
      taken = pipe.try_pop(messages[0]) ? 1 : 0;
    else
      taken = pipe.try_pop(messages.data(), batch);
    for (std::uint32_t i = 0; i < taken; ++i) {
      if (messages[i].sequence == last_word) return is_right && next == count;
      is_right = messages[i].is(next++) && is_right;
    }
  }
}

/// Pushes one message, or one batch, beginning with `number`.
template <class Pipe, std::uint32_t batch>
void give(Pipe& pipe, std::uint64_t number) noexcept {
  std::array<typename Pipe::Value, batch> messages;
  for (std::uint32_t i = 0; i < batch; ++i)
    messages[i] = typename Pipe::Value(number + i);
  if constexpr (batch == 1) {
    while (!pipe.try_push(messages[0])) {
    }
  } else {
    for (std::uint32_t gone = 0; gone < batch;)
      gone += pipe.try_push(messages.data() + gone, batch - gone);
  }
}

/// Stretches that are timed: longer than what the ring holds.
constexpr std::uint64_t messages_a_stretch = 2 * slot_count;
constexpr std::uint64_t messages_a_stream = 8 * messages_a_stretch;

/// Moves messages_a_stream messages to a thread on the next core and records the time of each
/// stretch. Answers whether none was lost, doubled, or out of order.
template <class Pipe, std::uint32_t batch>
bool run_stream(engine::LatencyHistogram& stretch_ns) {
  const auto pipe = std::make_unique<Pipe>();
  bool is_right = false;
  std::thread reader([&] {
    const ScopedPin pin(1);
    is_right = take_all<Pipe, batch>(*pipe, messages_a_stream);
  });
  std::int64_t begin_ns = wall_ns();
  for (std::uint64_t number = 0; number < messages_a_stream; number += batch) {
    give<Pipe, batch>(*pipe, number);
    if ((number + batch) % messages_a_stretch != 0) continue;
    const std::int64_t end_ns = wall_ns();
    stretch_ns.record(static_cast<std::uint64_t>(end_ns - begin_ns));
    begin_ns = end_ns;
  }
  give<Pipe, 1>(*pipe, last_word);
  reader.join();
  return is_right;
}

// Streams through `Pipe` and through the bare queue, one by one, in turn. Messages a second are
// those of the median stretch, and the ratio is theirs.
template <class Pipe, std::uint32_t batch>
void BM_throughput(benchmark::State& state) {
  using Yardstick = BoostQueue<typename Pipe::Value>;
  const ScopedPin pin(0);
  const auto own_ns = std::make_unique<engine::LatencyHistogram>();
  const auto boost_ns = std::make_unique<engine::LatencyHistogram>();
  bool is_right = true;
  while (state.KeepRunningBatch(messages_a_stream)) {
    is_right = run_stream<Pipe, batch>(*own_ns) && is_right;
    state.PauseTiming();
    is_right = run_stream<Yardstick, 1>(*boost_ns) && is_right;
    state.ResumeTiming();
  }
  constexpr double stretch = messages_a_stretch;
  state.counters["per_s"] = 1e9 * stretch / median_ns(*own_ns);
  state.counters["boost_per_s"] = 1e9 * stretch / median_ns(*boost_ns);
  state.counters["per_boost"] = median_ns(*boost_ns) / median_ns(*own_ns);
  check_answer(state, is_right, "a message was lost, doubled or out of order");
}

template <std::size_t bytes>
void register_throughput(const std::string& size) {
  using Ring = EngineRing<Message<bytes>>;
  using Boost = BoostQueue<Message<bytes>>;
  const auto add = [&size](const char* name, auto* function) {
    benchmark::RegisterBenchmark((name + size).c_str(), function);
  };
  add("BM_throughput_ring/single/", BM_throughput<Ring, 1>);
  add("BM_throughput_ring/batch/", BM_throughput<Ring, batch_size>);
  add("BM_throughput_boost/single/", BM_throughput<Boost, 1>);
  add("BM_throughput_boost/batch/", BM_throughput<Boost, batch_size>);
}

}  // namespace

void register_benchmarks() {
  if (core_count() < 2) {
    std::puts("ring: not measured: fewer than two cores: two threads cannot spin at once");
    return;
  }
  const auto add = [](const char* name, auto* function) {
    benchmark::RegisterBenchmark(name, function);
  };
  add("BM_round_trip_line", BM_round_trip<Line>);
  add("BM_round_trip_ring/64", BM_round_trip<Pair<EngineRing<Message<64>>>>);
  add("BM_round_trip_ring/256", BM_round_trip<Pair<EngineRing<Message<256>>>>);
  add("BM_round_trip_boost/64", BM_round_trip<Pair<BoostQueue<Message<64>>>>);
  add("BM_round_trip_slot/64", BM_round_trip<Pair<SlotPipe<Message<56>>>>);
  add("BM_round_trip_slot/256", BM_round_trip<Pair<SlotPipe<Message<248>>>>);
  add("BM_throughput_slot/single/128", BM_throughput<SlotPipe<Message<120>>, 1>);
  add("BM_throughput_slot/single/256", BM_throughput<SlotPipe<Message<248>>, 1>);
  register_throughput<128>("128");
  register_throughput<256>("256");
}

}  // namespace coreloop::bench
