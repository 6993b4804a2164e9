// What is one error, what is kept of it, and that there is an end to it.
#include "tools/distinct_errors.hpp"

#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace coreloop::tools {
namespace {

TEST(DistinctErrorsTest, CountsTextsThatDifferInNumbersAloneAsOne) {
  DistinctErrors errors;
  errors.add("warning", "redis", "3 entries lost at 10-1", 5);
  errors.add("warning", "redis", "14 entries lost at 9-77", 9);
  const io::ToldErrors told = errors.copy();
  ASSERT_EQ(told.distinct.size(), 1U);
  const io::ErrorFacts& row = told.distinct.front();
  EXPECT_EQ(row.level, "warning");
  EXPECT_EQ(row.component, "redis");
  EXPECT_EQ(row.sample, "14 entries lost at 9-77") << "the last one";
  EXPECT_EQ(row.count, 2U);
  EXPECT_EQ(row.first_unix_ns, 5);
  EXPECT_EQ(row.last_unix_ns, 9);
  EXPECT_EQ(told.others, 0U);
}

TEST(DistinctErrorsTest, TellsLevelsComponentsAndTextsApart) {
  DistinctErrors errors;
  errors.add("warning", "redis", "lost", 1);
  errors.add("error", "redis", "lost", 2);
  errors.add("warning", "tape", "lost", 3);
  errors.add("warning", "redis", "lost 1", 4);
  const io::ToldErrors told = errors.copy();
  ASSERT_EQ(told.distinct.size(), 4U);
  EXPECT_EQ(told.distinct.front().sample, "lost 1") << "the last told first";
  EXPECT_EQ(told.distinct.back().first_unix_ns, 1);
}

TEST(DistinctErrorsTest, KeepsABoundedNumberAndCountsTheRest) {
  DistinctErrors errors;
  for (std::size_t i = 0; i < DistinctErrors::distinct_max + 3; ++i)
    errors.add("error", "test", std::string(i + 1, 'x'), 1);
  errors.add("error", "test", "x", 2);
  const io::ToldErrors told = errors.copy();
  EXPECT_EQ(told.distinct.size(), DistinctErrors::distinct_max);
  EXPECT_EQ(told.others, 3U);
  EXPECT_EQ(told.distinct.front().count, 2U) << "what is known goes on being counted";
}

TEST(DistinctErrorsTest, CutsLongTexts) {
  DistinctErrors errors;
  errors.add("error", "test", std::string(100'000, 'x'), 1);
  EXPECT_EQ(errors.copy().distinct.front().sample.size(), DistinctErrors::sample_bytes_max);
}

TEST(DistinctErrorsTest, TakesThreadsAtOnce) {
  DistinctErrors errors;
  constexpr std::uint64_t each = 2'000;
  const auto tell = [&errors] {
    for (std::uint64_t i = 0; i < each; ++i)
      errors.add("error", "test", "number " + std::to_string(i), 1);
  };
  std::thread first(tell);
  std::thread second(tell);
  first.join();
  second.join();
  EXPECT_EQ(errors.copy().distinct.front().count, 2 * each);
}

}  // namespace
}  // namespace coreloop::tools
