// From INGRESS's decode to EGRESS's encode nothing allocates, from the first input on: a busy run
// with every call that gets memory counted. A program of its own, because it replaces malloc.
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <vector>
#include <sys/mman.h>

#include <gtest/gtest.h>

#include "io/capture/tape.hpp"
#include "io/edge/input_history.hpp"
#include "tests/support/allocation_count.hpp"
#include "tests/support/busy_script.hpp"
#include "tests/support/engine_run.hpp"

namespace coreloop::io {
namespace {

using engine::StepResult;
using tests::allocation_count;
using tests::ScriptedSource;

constexpr int input_count = 20'000;

struct alignas(64) CacheLine {
  char bytes[64];
};

class AllocationTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!tests::counts_allocations) GTEST_SKIP() << "a sanitizer has malloc already";
  }
};

// What a call of `allocate` counts; the block is given back by `release`.
template <class Allocate, class Release>
std::uint64_t counted(const Allocate& allocate, const Release& release) {
  const std::uint64_t before = allocation_count();
  auto* volatile block = allocate();
  const std::uint64_t count = allocation_count() - before;
  release(block);
  return count;
}

TEST_F(AllocationTest, CountsEveryWayToGetMemory) {
  EXPECT_GT(counted([] { return std::malloc(100); }, std::free), 0U);
  EXPECT_GT(counted([] { return std::calloc(10, 10); }, std::free), 0U);
  EXPECT_GT(counted([] { return std::realloc(nullptr, 100); }, std::free), 0U);
  EXPECT_GT(counted([] { return std::aligned_alloc(64, 128); }, std::free), 0U);
  EXPECT_GT(counted([] { return new int{1}; }, [](int* block) { delete block; }), 0U);
  EXPECT_GT(counted([] { return new int[100]; }, [](int* block) { delete[] block; }), 0U);
  EXPECT_GT(counted([] { return new (std::nothrow) int{1}; }, [](int* block) { delete block; }),
            0U);
  EXPECT_GT(counted([] { return new CacheLine{}; }, [](CacheLine* block) { delete block; }), 0U);
  EXPECT_GT(
      counted([] { return new std::string(100, 'x'); }, [](std::string* text) { delete text; }),
      1U);
  EXPECT_GT(counted(
                [] {
                  void* block = nullptr;
                  return ::posix_memalign(&block, 64, 64) == 0 ? block : nullptr;
                },
                std::free),
            0U);
  EXPECT_GT(
      counted([] { return ::mmap(nullptr, 4'096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); },
              [](void* block) { ::munmap(block, 4'096); }),
      0U);
}

// Runs the busy script; answers how many of the inputs behind the first `skipped` allocated.
int allocating_inputs(const std::vector<std::string>& settings, InputLog* log,
                      std::uint64_t skipped, std::uint32_t cuts = 0) {
  const EngineConf conf = tests::conf_of(settings);
  ScriptedSource source;
  tests::BusyScript().add_to(source, input_count);
  CaptureSink sink(nullptr, conf.output_names);
  IngressOptions options;
  options.tape = log;
  tests::EngineRun<ScriptedSource, CaptureSink> run(conf, source, sink, options,
                                                    tests::threads_of_cuts(cuts));
  auto& engine = run.engine();
  int allocating = 0;
  std::uint64_t first = 0;
  for (StepResult result = StepResult::worked; result != StepResult::finished;) {
    const std::uint64_t before = allocation_count();
    result = engine.step();
    const bool has_allocated = allocation_count() != before;
    if (!has_allocated || engine.ingress().sequence() <= skipped) continue;
    if (allocating++ == 0) first = engine.ingress().sequence();
  }
  EXPECT_GT(engine.egress().statistics().approved, 100U);
  EXPECT_GT(engine.egress().statistics().signals_dead_lettered, 100U);
  EXPECT_GT(engine.egress().statistics().timers, 100U);
  EXPECT_GT(engine.ingress().sequence(), static_cast<std::uint64_t>(input_count / 2));
  if (allocating != 0) ADD_FAILURE() << "first at sequence " << first;
  return allocating;
}

TEST_F(AllocationTest, AllocatesNothingFromTheFirstInputOn) {
  EXPECT_EQ(allocating_inputs(tests::busy_settings(), nullptr, 0), 0);
}

TEST_F(AllocationTest, AllocatesNothingOnAnyLayout) {
  for (const std::uint32_t cuts : {0b0100U, 0b1001U, 0b1111U})
    EXPECT_EQ(allocating_inputs(tests::busy_settings(), nullptr, 0, cuts), 0) << "cuts " << cuts;
}

TEST_F(AllocationTest, AllocatesNothingWithSimulatedPrices) {
  std::vector<std::string> settings = tests::busy_settings();
  settings.emplace_back("market.source=simulated");
  EXPECT_EQ(allocating_inputs(settings, nullptr, 0), 0);
}

// The tape's first line, the conf, may allocate; no later one may.
TEST_F(AllocationTest, AllocatesNothingForATapeBehindItsFirstLine) {
  Tape tape(nullptr);
  tape.set_conf(std::vector<RawField>{{"engine.seed", "1"}});
  EXPECT_EQ(allocating_inputs(tests::busy_settings(), &tape, 1), 0);
  EXPECT_EQ(tape.finish(), 0);
}

TEST_F(AllocationTest, AHistoryOfInputsAllocatesWhenItIsMadeOnly) {
  constexpr std::size_t capacity = 100;
  InputHistory history({}, capacity);
  const std::uint64_t before = allocation_count();
  for (std::uint64_t i = 1; i <= 2 * capacity; ++i) {
    history.add({i, 0}, 7);
    history.put_in_order();
  }
  EXPECT_EQ(allocation_count(), before);
  EXPECT_EQ(history.highest().ms, 2 * capacity);
}

}  // namespace
}  // namespace coreloop::io
