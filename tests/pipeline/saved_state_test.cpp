// The state of an engine, written down between any two inputs and read back into another, leads to
// the same outputs and the same state.
#include "stages/saved_state.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "io/journal/state_checksum.hpp"
#include "tests/pipeline/recorded_run.hpp"

namespace coreloop::tests {
namespace {

constexpr std::uint32_t one_thread = 0;
constexpr std::uint32_t five_threads = 15;

void step_to_end(RecordedRun& run) {
  while (run.engine->step() != engine::StepResult::finished) {
  }
}

std::string state_of(RecordedRun& run) {
  std::string bytes;
  stages::StateWriter writer(bytes);
  run.engine->visit_state(writer);
  stages::StateSize size;
  run.engine->visit_state(size);
  EXPECT_EQ(size.bytes(), bytes.size());
  io::StateChecksum checksum;
  stages::StateWriter checked(checksum);
  run.engine->visit_state(checked);
  EXPECT_EQ(checksum.size(), bytes.size());
  EXPECT_EQ(checksum.crc32c(), io::crc32c(0, bytes.data(), bytes.size()));
  return bytes;
}

/// Where two states differ first; no_difference where they are the same.
constexpr std::size_t no_difference = static_cast<std::size_t>(-1);
std::size_t first_difference(const std::string& one, const std::string& other) {
  if (one == other) return no_difference;
  const std::size_t size = std::min(one.size(), other.size());
  return static_cast<std::size_t>(
      std::mismatch(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(size), other.begin())
          .first -
      one.begin());
}

bool read_state(RecordedRun& run, std::string_view bytes) {
  stages::StateReader reader(bytes);
  run.engine->visit_state(reader);
  return reader.is_complete();
}

class SavedStateTest : public testing::Test {
 protected:
  void SetUp() override {
    step_to_end(truth_);
    ASSERT_GT(truth_.engine->egress().statistics().executions, 100U);
    truth_state_ = state_of(truth_);
  }

  std::vector<RecordedEntry> entries_ = recorded_entries(900);
  RecordedRun truth_{entries_, one_thread, 2};
  std::string truth_state_;
};

TEST_F(SavedStateTest, AnyCutLeadsToTheSameEnd) {
  for (const std::size_t cut :
       {std::size_t{1}, entries_.size() / 7, entries_.size() / 2, entries_.size() - 1}) {
    for (const std::uint32_t layout : {one_thread, five_threads}) {
      const std::vector<RecordedEntry> before(entries_.begin(), entries_.begin() + cut);
      const std::vector<RecordedEntry> after(entries_.begin() + cut, entries_.end());
      RecordedRun first(before, layout, 2);
      step_to_end(first);
      const std::string state = state_of(first);
      RecordedRun second(after, five_threads - layout, 2);
      ASSERT_TRUE(read_state(second, state));
      EXPECT_EQ(first_difference(state_of(second), state), no_difference)
          << "what is read back, written down again";
      second.sink.hash = first.sink.hash;
      second.sink.entry_count = first.sink.entry_count;
      step_to_end(second);
      EXPECT_EQ(second.sink.hash, truth_.sink.hash) << "cut at " << cut;
      EXPECT_EQ(second.sink.entry_count, truth_.sink.entry_count);
      EXPECT_EQ(first_difference(state_of(second), truth_state_), no_difference);
      EXPECT_TRUE(second.engine->is_drained());
      EXPECT_TRUE(second.engine->egress().statistics().is_balanced());
      EXPECT_EQ(second.engine->risk().book().hash(), second.engine->mark().book().hash());
    }
  }
}

TEST_F(SavedStateTest, BytesOfAnotherLayoutAreRefused) {
  const std::vector<RecordedEntry> nothing;
  {
    RecordedRun run(nothing, one_thread, 2);
    EXPECT_FALSE(
        read_state(run, std::string_view{truth_state_}.substr(0, truth_state_.size() - 1)));
  }
  {
    RecordedRun run(nothing, one_thread, 2);
    EXPECT_FALSE(read_state(run, truth_state_ + '\0'));
  }
  {
    RecordedRun run(nothing, one_thread, 2);
    std::string longer = truth_state_;
    ++longer[0];  // of the size of the first member
    EXPECT_FALSE(read_state(run, longer));
  }
  {
    RecordedRun run(nothing, one_thread, 2);
    EXPECT_FALSE(read_state(run, {}));
  }
}

}  // namespace
}  // namespace coreloop::tests
