// The engine on real threads: same bytes, drained, readers who hammer its views, starting and
// stopping a thousand times.
#include <array>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "tests/pipeline/recorded_run.hpp"

namespace coreloop::tests {
namespace {

using std::chrono::steady_clock;

constexpr std::array<std::uint32_t, 4> layouts{0, 0b0100, 0b1001,
                                               0b1111};  // one, two, three and five threads

// Waits for the end; false if it does not come within a minute.
bool finish(RecordedRun& run) {
  const auto deadline = steady_clock::now() + std::chrono::minutes(1);
  while (!run.engine->is_finished()) {
    if (steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  run.engine->join();
  return true;
}

std::uint64_t hash_of_one_thread(const std::vector<RecordedEntry>& entries) {
  RecordedRun run(entries, 0, 2);
  while (run.engine->step() != engine::StepResult::finished) {
  }
  return run.sink.hash;
}

TEST(ThreadsTest, EveryLayoutAndWayOfWaitingGivesTheSameBytes) {
  const std::vector<RecordedEntry> entries = recorded_entries(1'000);
  const std::uint64_t truth = hash_of_one_thread(entries);
  for (const std::uint32_t cuts : layouts) {
    for (const engine::WaitPolicy wait :
         {engine::WaitPolicy::yield, engine::WaitPolicy::adaptive}) {
      for (const std::uint32_t capacity : {2U, small_rings}) {
        RecordedRun run(entries, cuts, capacity, wait);
        run.engine->start();
        ASSERT_TRUE(finish(run)) << "layout " << cuts << " capacity " << capacity;
        EXPECT_EQ(run.sink.hash, truth) << "layout " << cuts << " capacity " << capacity;
        EXPECT_TRUE(run.engine->is_drained());
        EXPECT_EQ(run.engine->risk().book().hash(), run.engine->mark().book().hash());
      }
    }
  }
}

TEST(ThreadsTest, ReadersOfTheViewsNeverDisturbTheEngine) {
  const std::vector<RecordedEntry> entries = recorded_entries(2'000);
  const std::uint64_t truth = hash_of_one_thread(entries);
  for (const std::uint32_t cuts : {0b1001U, 0b1111U}) {
    RecordedRun run(entries, cuts, small_rings);
    std::atomic<bool> is_over{false};
    std::atomic<std::uint64_t> unbalanced{0};
    std::thread reader([&] {
      const auto copy = std::make_unique<engine::HistogramCopy>();
      stages::Statistics statistics;
      std::uint64_t last_inputs = 0;
      while (!is_over.load()) {
        if (run.engine->read_statistics(statistics)) {
          unbalanced += statistics.is_balanced() && statistics.inputs >= last_inputs ? 0U : 1U;
          last_inputs = statistics.inputs;
        }
        for (std::uint32_t stage = 0; stage < io::stage_names.size(); ++stage) {
          run.engine->latency(stage).service.copy_to(*copy);
        }
        for (std::size_t i = 0; i < run.engine->thread_count(); ++i) {
          unbalanced +=
              run.engine->loop_counters(i).messages_in.get() > entries.size() * 1'000 ? 1U : 0U;
        }
      }
    });
    run.engine->start();
    const bool has_finished = finish(run);
    is_over = true;
    reader.join();
    ASSERT_TRUE(has_finished);
    EXPECT_EQ(run.sink.hash, truth);
    EXPECT_EQ(unbalanced.load(), 0U);
    stages::Statistics statistics;
    ASSERT_TRUE(run.engine->read_statistics(statistics));
    EXPECT_EQ(statistics.inputs, run.engine->ingress().sequence()) << "the last view shows the end";
  }
}

TEST(ThreadsTest, StopsInTheMiddleWithEverythingReadDecided) {
  const std::vector<RecordedEntry> entries = recorded_entries(3'000);
  for (const std::uint32_t cuts : layouts) {
    RecordedRun run(entries, cuts, 2);
    run.engine->start();
    std::this_thread::sleep_for(std::chrono::microseconds(300));
    run.engine->stop();
    ASSERT_TRUE(finish(run));
    EXPECT_TRUE(run.engine->is_drained());
    EXPECT_TRUE(run.engine->egress().statistics().is_balanced());
    EXPECT_EQ(run.engine->risk().book().hash(), run.engine->mark().book().hash());
  }
}

TEST(ThreadsTest, AbortEndsAStalledEngine) {
  const std::vector<RecordedEntry> entries = recorded_entries(300);
  for (const std::uint32_t cuts : layouts) {
    RecordedRun run(entries, cuts, 2);
    run.sink.is_stalled = true;
    run.engine->start();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_FALSE(run.engine->is_finished());
    run.engine->abort();
    ASSERT_TRUE(finish(run)) << "layout " << cuts;
  }
}

// A full sink is nothing to spin for: whoever waits for it sleeps and looks now and then.
TEST(ThreadsTest, SleepsWhileTheSinkHasNoRoom) {
  const std::vector<RecordedEntry> entries = recorded_entries(300);
  for (const std::uint32_t cuts : layouts) {
    RecordedRun run(entries, cuts, 2);
    run.sink.is_stalled = true;
    run.engine->start();
    const auto& counters = run.engine->loop_counters(run.engine->thread_count() - 1);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (counters.sleeps.get() < 2 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_GE(counters.sleeps.get(), 2U) << "layout " << cuts;
    run.sink.is_stalled = false;
    ASSERT_TRUE(finish(run)) << "layout " << cuts;
    EXPECT_TRUE(run.engine->is_drained()) << "layout " << cuts;
  }
}

TEST(ThreadsTest, StartsAndStopsAThousandTimes) {
  const std::vector<RecordedEntry> entries = recorded_entries(40);
  const std::uint64_t truth = hash_of_one_thread(entries);
  for (int round = 0; round < 1'000; ++round) {
    RecordedRun run(entries, layouts[static_cast<std::size_t>(round) % layouts.size()],
                    small_rings);
    run.engine->start();
    const bool stops_early = round % 3 == 0;
    if (stops_early) run.engine->stop();
    ASSERT_TRUE(finish(run)) << "round " << round;
    ASSERT_TRUE(run.engine->is_drained()) << "round " << round;
    if (!stops_early) {
      ASSERT_EQ(run.sink.hash, truth) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace coreloop::tests
