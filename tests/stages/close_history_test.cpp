// The last closes: what counts as win and loss, the last 20, the last 100, sums beyond 64 bits.
#include "stages/close_history.hpp"

#include <algorithm>
#include <deque>
#include <random>

#include <gtest/gtest.h>

#include "tests/stages/amount_literal.hpp"

namespace coreloop::stages {
namespace {

CloseHistory history_of(std::initializer_list<Money> closes) {
  CloseHistory history;
  for (const Money realized : closes)
    history.add(realized);
  return history;
}

TEST(CloseHistoryTest, WithoutACloseAllIsZero) {
  const CloseHistory history;
  EXPECT_EQ(history.win_rate(), 0);
  EXPECT_EQ(history.close_count(), 0U);
  EXPECT_EQ(history.win_count(), 0U);
  EXPECT_EQ(history.loss_count(), 0U);
}

TEST(CloseHistoryTest, AWinIsAboveZeroALossBelowAndZeroIsNeither) {
  const CloseHistory history = history_of({1, 0, -1});
  EXPECT_EQ(history.close_count(), 3U);
  EXPECT_EQ(history.win_count(), 1U);
  EXPECT_EQ(history.loss_count(), 1U);
  EXPECT_EQ(history.win_rate(), 0.33333333_e8);  // 1 of 3, the zero counts as a close
}

TEST(CloseHistoryTest, WinRateLooksAtTheLastTwenty) {
  CloseHistory history;
  for (int i = 0; i < 20; ++i)
    history.add(5);
  EXPECT_EQ(history.win_rate(), 1_e8);
  for (int i = 0; i < 5; ++i)
    history.add(-5);
  EXPECT_EQ(history.win_rate(), 0.75_e8);  // 15 of the last 20
  EXPECT_EQ(history.close_count(), 25U);
  for (int i = 0; i < 15; ++i)
    history.add(-5);
  EXPECT_EQ(history.win_rate(), 0);
  EXPECT_EQ(history.win_count(), 20U);
}

TEST(CloseHistoryTest, MeansAreCutTowardZero) {
  const CloseHistory history = history_of({1, 2, -1, -2, -2});
  EXPECT_EQ(history.mean_win(), 1);   // 3 / 2
  EXPECT_EQ(history.mean_loss(), 1);  // 5 / 3
}

TEST(CloseHistoryTest, TheHundredAndFirstCloseForgetsTheFirst) {
  CloseHistory history;
  history.add(700);
  history.add(-900);
  for (int i = 0; i < 98; ++i)
    history.add(0);
  EXPECT_EQ(history.win_count(), 1U);
  history.add(30);
  EXPECT_EQ(history.win_count(), 1U);
  EXPECT_EQ(history.mean_win(), 30);
  EXPECT_EQ(history.loss_count(), 1U);
  history.add(-40);
  EXPECT_EQ(history.loss_count(), 1U);
  EXPECT_EQ(history.mean_loss(), 40);
  EXPECT_EQ(history.close_count(), 100U);
}

TEST(CloseHistoryTest, SumsOfTheLargestAmountsDoNotOverflow) {
  CloseHistory history;
  for (int i = 0; i < 50; ++i) {
    history.add(amount_max);
    history.add(amount_min);
  }
  EXPECT_EQ(history.mean_win(), amount_max);
  EXPECT_EQ(history.win_rate(), 0.5_e8);
}

TEST(CloseHistoryTest, AgreesWithADequeOverRandomCloses) {
  CloseHistory history;
  std::deque<Money> last;
  std::mt19937_64 random{7};
  for (int i = 0; i < 5'000; ++i) {
    const auto realized = static_cast<Money>(random() % 7) - 3;
    history.add(realized);
    last.push_back(realized);
    if (last.size() > 100) last.pop_front();
    std::int64_t wins = 0, losses = 0, win_sum = 0, loss_sum = 0, recent_wins = 0;
    for (std::size_t k = 0; k < last.size(); ++k) {
      wins += last[k] > 0 ? 1 : 0;
      losses += last[k] < 0 ? 1 : 0;
      win_sum += last[k] > 0 ? last[k] : 0;
      loss_sum -= last[k] < 0 ? last[k] : 0;
      recent_wins += last[k] > 0 && k + 20 >= last.size() ? 1 : 0;
    }
    const auto recent = static_cast<std::int64_t>(std::min<std::size_t>(last.size(), 20));
    ASSERT_EQ(history.close_count(), last.size());
    ASSERT_EQ(history.win_count(), wins);
    ASSERT_EQ(history.loss_count(), losses);
    ASSERT_EQ(history.win_rate(), recent_wins * scale / recent);
    if (wins > 0) {
      ASSERT_EQ(history.mean_win(), win_sum / wins);
    }
    if (losses > 0) {
      ASSERT_EQ(history.mean_loss(), loss_sum / losses);
    }
  }
}

}  // namespace
}  // namespace coreloop::stages
