// Any layout stepped by hand gives what one thread gives, with rings of two slots too; and nothing
// ever hangs.
#include <gtest/gtest.h>

#include "tests/pipeline/recorded_run.hpp"

namespace coreloop::tests {
namespace {

constexpr std::uint32_t all_cuts = 16;

// Steps to the end; answers the number of steps, 0 if it does not come within a generous bound.
std::uint64_t step_to_end(RecordedRun& run, std::size_t entry_count) {
  const std::uint64_t steps_max = 100 * entry_count + 1'000;
  for (std::uint64_t steps = 1; steps < steps_max; ++steps) {
    if (run.engine->step() == engine::StepResult::finished) return steps;
  }
  return 0;
}

TEST(SteppingTest, EveryLayoutGivesTheBytesOfOneThread) {
  const std::vector<RecordedEntry> entries = recorded_entries(600);
  RecordedRun truth(entries, 0, 2);
  ASSERT_GT(step_to_end(truth, entries.size()), 0U);
  ASSERT_GT(truth.engine->egress().statistics().executions, 50U);
  for (std::uint32_t cuts = 0; cuts < all_cuts; ++cuts) {
    for (const std::uint32_t capacity : {2U, 7U, small_rings}) {
      RecordedRun run(entries, cuts, capacity);
      ASSERT_GT(step_to_end(run, entries.size()), 0U)
          << "layout " << cuts << " capacity " << capacity;
      EXPECT_EQ(run.sink.hash, truth.sink.hash) << "layout " << cuts << " capacity " << capacity;
      EXPECT_EQ(run.sink.entry_count, truth.sink.entry_count);
      EXPECT_TRUE(run.engine->is_drained());
      EXPECT_EQ(run.engine->risk().book().hash(), run.engine->mark().book().hash());
    }
  }
}

TEST(SteppingTest, AStalledSinkHoldsEverythingBackAndLosesNothing) {
  const std::vector<RecordedEntry> entries = recorded_entries(300);
  RecordedRun truth(entries, 0, 2);
  ASSERT_GT(step_to_end(truth, entries.size()), 0U);
  for (std::uint32_t cuts = 0; cuts < all_cuts; ++cuts) {
    RecordedRun run(entries, cuts, 2);
    run.sink.is_stalled = true;
    for (int steps = 0; steps < 500; ++steps)
      ASSERT_NE(run.engine->step(), engine::StepResult::finished);
    EXPECT_EQ(run.sink.entry_count, 0U);
    EXPECT_EQ(run.engine->step(), engine::StepResult::blocked);
    EXPECT_LT(run.engine->ingress().sequence(), 25U)
        << "INGRESS stops reading when the rings are full";
    run.sink.is_stalled = false;
    ASSERT_GT(step_to_end(run, entries.size()), 0U) << "layout " << cuts;
    EXPECT_EQ(run.sink.hash, truth.sink.hash) << "layout " << cuts;
  }
}

TEST(SteppingTest, EveryRingCrossingIsTimedAndSharedStagesOneIn64) {
  const std::vector<RecordedEntry> entries = recorded_entries(600);
  const auto copy = std::make_unique<engine::HistogramCopy>();
  RecordedRun five(entries, 15, small_rings);
  ASSERT_GT(step_to_end(five, entries.size()), 0U);
  five.engine->latency(1).queue_wait.copy_to(*copy);
  EXPECT_EQ(copy->count(), five.engine->ingress().sequence());
  five.engine->end_to_end().copy_to(*copy);
  EXPECT_GE(copy->count(), five.engine->ingress().sequence());
  RecordedRun one(entries, 0, small_rings);
  ASSERT_GT(step_to_end(one, entries.size()), 0U);
  one.engine->latency(1).service.copy_to(*copy);
  EXPECT_EQ(copy->count(), one.engine->ingress().sequence() / 64);
}

}  // namespace
}  // namespace coreloop::tests
