// What limits on entries remember: approvals of the UTC day, of the last second, the latch.
#include "stages/entry_record.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "tests/stages/trading_desk.hpp"

namespace coreloop::stages {
namespace {

TEST(EntryRecordTest, CountsApprovalsPerAccountAndDay) {
  EntryRecord record(2, 0);
  EXPECT_EQ(record.approvals_today(0, midnight_unix_ns), 0);
  record.add_approval(0, midnight_unix_ns);
  record.add_approval(0, midnight_unix_ns + 5);
  EXPECT_EQ(record.approvals_today(0, midnight_unix_ns + 5), 2);
  EXPECT_EQ(record.approvals_today(1, midnight_unix_ns + 5), 0);
}

TEST(EntryRecordTest, TheDayEndsAtMidnightUtc) {
  EntryRecord record(1, 0);
  record.add_approval(0, midnight_unix_ns);
  EXPECT_EQ(record.approvals_today(0, midnight_unix_ns + ns_per_day - 1), 1);
  EXPECT_EQ(record.approvals_today(0, midnight_unix_ns + ns_per_day), 0);
  record.add_approval(0, midnight_unix_ns + ns_per_day);
  EXPECT_EQ(record.approvals_today(0, midnight_unix_ns + ns_per_day), 1);
}

TEST(EntryRecordTest, TheRateWindowIsOneSecondOpenAtItsBeginning) {
  EntryRecord record(2, 5);
  const std::int64_t now = midnight_unix_ns;
  EXPECT_EQ(record.rate_with_one_more(0, now), 1);
  record.add_approval(0, now);
  EXPECT_EQ(record.rate_with_one_more(0, now), 2);
  EXPECT_EQ(record.rate_with_one_more(0, now + ns_per_second - 1), 2);
  EXPECT_EQ(record.rate_with_one_more(0, now + ns_per_second), 1);
  EXPECT_EQ(record.rate_with_one_more(1, now), 1);
}

TEST(EntryRecordTest, TheRateCountsNoFurtherThanOneAboveTheLimit) {
  EntryRecord record(1, 2);
  for (int i = 0; i < 5; ++i)
    record.add_approval(0, midnight_unix_ns);
  EXPECT_EQ(record.rate_with_one_more(0, midnight_unix_ns), 3);
}

TEST(EntryRecordTest, AgreesWithAListOfTimes) {
  constexpr std::int64_t order_rate_max = 4;
  EntryRecord record(2, order_rate_max);
  std::vector<std::vector<std::int64_t>> times(2);
  std::mt19937_64 random{15};
  std::int64_t now = midnight_unix_ns;
  for (int i = 0; i < 20'000; ++i) {
    now += static_cast<std::int64_t>(random() % 5) * 100'000'000;
    if (random() % 500 == 0) now += static_cast<std::int64_t>(random() % 20) * ns_per_second * 3600;
    const auto account = static_cast<AccountId>(random() % 2);
    std::int64_t today = 0, last_second = 1;
    for (const std::int64_t time : times[account]) {
      today += time / ns_per_day == now / ns_per_day ? 1 : 0;
      last_second += time > now - ns_per_second ? 1 : 0;
    }
    ASSERT_EQ(record.approvals_today(account, now), today);
    ASSERT_EQ(record.rate_with_one_more(account, now), std::min(last_second, order_rate_max + 1));
    if (random() % 2 == 0) {
      record.add_approval(account, now);
      times[account].push_back(now);
    }
    if (times[account].size() > 2'000) break;
  }
}

TEST(EntryRecordTest, ALatchIsAnAccountsOwnAndReleaseIsForAll) {
  EntryRecord record(3, 0);
  EXPECT_FALSE(record.is_latched(0));
  record.latch(0);
  record.latch(2);
  EXPECT_TRUE(record.is_latched(0));
  EXPECT_FALSE(record.is_latched(1));
  record.release_latches();
  EXPECT_FALSE(record.is_latched(0));
  EXPECT_FALSE(record.is_latched(2));
}

}  // namespace
}  // namespace coreloop::stages
