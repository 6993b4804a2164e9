// The order of RISK's checks: each reason alone with its value and limit, and of two that fail at
// once the earlier.
#include <algorithm>
#include <array>
#include <set>

#include <gtest/gtest.h>

#include "tests/stages/refusal_scenes.hpp"

namespace coreloop::stages {
namespace {

std::string_view words_of(const RefusalRow& row) {
  return name_of(row.reason);
}

TEST(RiskOrderTest, TheRowsAreTheReasonsInTheirOrderAndNoneIsMissing) {
  // The first row is TABLE_FULL for want of an account; from the second on: reason.hpp's order.
  ASSERT_EQ(refusal_rows.size(), reason_count);
  for (std::size_t i = 1; i < reason_count; ++i)
    EXPECT_EQ(refusal_rows[i].reason, static_cast<Reason>(i)) << i;
}

TEST(RiskOrderTest, ASceneOfNoRowIsApproved) {
  const Event decided = play({});
  EXPECT_EQ(decided.outcome, Outcome::approved);
  EXPECT_EQ(decided.reason, Reason::none);
}

TEST(RiskOrderTest, EachRowAloneRefusesWithItsReasonValueAndLimit) {
  for (const RefusalRow& row : refusal_rows) {
    SCOPED_TRACE(words_of(row));
    const Event decided = play({&row});
    EXPECT_EQ(decided.reason, row.reason) << name_of(decided.reason);
    if (row.reason == Reason::hold_signal) {
      EXPECT_EQ(decided.outcome, Outcome::held);
      continue;
    }
    ASSERT_EQ(decided.outcome, Outcome::rejected);
    EXPECT_EQ(decided.rejection.value, row.value);
    EXPECT_EQ(decided.rejection.limit, row.limit);
  }
}

TEST(RiskOrderTest, ReasonsThatCompareNothingShowNothing) {
  for (const RefusalRow& row : refusal_rows) {
    const ReasonUnit unit = reason_facts[static_cast<std::size_t>(row.reason)].unit;
    EXPECT_EQ(unit == ReasonUnit::nothing, row.value == 0 && row.limit == 0) << words_of(row);
  }
  EXPECT_EQ(reason_facts[static_cast<std::size_t>(Reason::stale_signal)].unit,
            ReasonUnit::milliseconds);
  EXPECT_EQ(reason_facts[static_cast<std::size_t>(Reason::stale_market_price)].unit,
            ReasonUnit::milliseconds);
}

// Pairs that cannot fail at once.
bool exclude_each_other(const RefusalRow& first, const RefusalRow& second) {
  const auto is_pair = [&](Reason a, std::initializer_list<Reason> others) {
    return first.reason == a &&
           std::find(others.begin(), others.end(), second.reason) != others.end();
  };
  // A symbol without a price has no age of one, no past and no quantity to work out.
  if (is_pair(Reason::no_market_price,
              {Reason::stale_market_price, Reason::cooldown_active, Reason::overflow})) {
    return true;
  }
  // Where a loss was made there is a row.
  if (is_pair(Reason::cooldown_active, {Reason::table_full})) return true;
  // An order of 5, or of nothing, is not above a limit and does not overflow.
  if (is_pair(Reason::min_order_notional, {Reason::overflow})) return true;
  if (is_pair(Reason::size_zero, {Reason::overflow})) return true;
  for (const Reason large :
       {Reason::max_exposure_exceeded, Reason::max_position_exceeded, Reason::max_order_notional}) {
    if (is_pair(large, {Reason::min_order_notional, Reason::size_zero})) return true;
  }
  // One signal has one action. CLOSE skips rows 4 to 7 and without a position ends at row 2.
  return is_pair(Reason::hold_signal, {Reason::nothing_to_close}) ||
         is_pair(Reason::nothing_to_close, {Reason::stale_signal, Reason::low_confidence,
                                            Reason::emergency_stop_active, Reason::governer_veto});
}

TEST(RiskOrderTest, OfTwoRowsThatBothFailTheEarlierIsTheReason) {
  std::size_t pair_count = 0;
  for (std::size_t i = 0; i < refusal_rows.size(); ++i) {
    for (std::size_t j = i + 1; j < refusal_rows.size(); ++j) {
      const RefusalRow& first = refusal_rows[i];
      const RefusalRow& second = refusal_rows[j];
      if (exclude_each_other(first, second)) continue;
      SCOPED_TRACE(testing::Message() << words_of(first) << " before " << words_of(second));
      EXPECT_EQ(play({&first, &second}).reason, first.reason);
      ++pair_count;
    }
  }
  // All pairs less the 17 that exclude each other.
  EXPECT_EQ(pair_count, reason_count * (reason_count - 1) / 2 - 17);
}

TEST(RiskOrderTest, TheOldWordsOnTheWireAreKept) {
  EXPECT_EQ(name_of(Reason::low_confidence), "LOW_CONFIDENCE");
  EXPECT_EQ(name_of(Reason::governer_veto), "GOVERNER_VETO");
  EXPECT_EQ(name_of(Reason::none), "");
  std::set<std::string_view> names;
  for (const ReasonFacts& facts : reason_facts)
    names.insert(facts.name);
  EXPECT_EQ(names.size(), reason_count);
}

TEST(RiskOrderTest, DeadLetterCodesHaveTheNamesOfTheWire) {
  constexpr std::array<std::string_view, 13> names{
      "SIZE",        "EMPTY",  "UTF8",   "JSON",      "DUPLICATE_KEY", "TYPE",      "RANGE",
      "MISSING_KEY", "SYMBOL", "ACTION", "TIMESTAMP", "ACCOUNT",       "TABLE_FULL"};
  ASSERT_EQ(names.size(), dead_letter_code_count);
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(name_of(static_cast<DeadLetterCode>(i)), names[i]);
}

}  // namespace
}  // namespace coreloop::stages
