// Win rate and drawdown against the statistic vectors of other programs. Where conventions differ:
// a close of zero is a close and no win (as in Nautilus); a drawdown is positive here, and is cut
// at 1e-8. The other statistics of the file are not computed by the engine; the test names them.
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stages/close_history.hpp"
#include "stages/valuation.hpp"
#include "tests/stages/amount_literal.hpp"
#include "tests/stages/vector_case.hpp"

namespace coreloop::stages {
namespace {

// The list at `path`; a null is an empty element.
std::vector<std::optional<std::int64_t>> list_at(VectorCase& vector, const std::string& path) {
  std::vector<std::optional<std::int64_t>> values;
  for (;;) {
    const std::string element = path + "." + std::to_string(values.size());
    if (!vector.has(element)) return values;
    if (vector.text(element) == "null")
      values.emplace_back();
    else
      values.emplace_back(vector.amount(element));
  }
}

void expect_near(const char* what, Int128 ours, std::int64_t theirs) {
  const Int128 off = ours - theirs;
  EXPECT_TRUE(off <= 1 && off >= -1) << what << ": " << saturated(ours) << ", theirs " << theirs;
}

void compare_win_rate(VectorCase& vector, const std::string& expected) {
  CloseHistory closes;
  if (vector.has("input.wins")) {
    const std::int64_t wins = vector.amount("input.wins") / scale;
    const std::int64_t total = vector.amount("input.total") / scale;
    for (std::int64_t i = 0; i < total; ++i)
      closes.add(i < wins ? 1 : -1);
  }
  for (const auto& realized : list_at(vector, "input.pnls"))
    closes.add(realized.value());
  expect_near("win rate", closes.win_rate(), vector.amount(expected));
}

void compare_max_drawdown(VectorCase& vector) {
  // Compounded from a million, so that rounding at 1e-8 is far below what is compared.
  Int128 equity = 1'000'000_e8;
  PeakTracker tracker;
  tracker.start(equity);
  for (const auto& change : list_at(vector, "input.returns")) {
    if (!change) continue;  // "nulls skipped"
    equity = half_even(equity * (scale + *change), scale);
    tracker.look(equity);
  }
  expect_near("drawdown", -tracker.worst_drawdown(), vector.amount("expected"));
}

Int128 fall_of(const PeakTracker& tracker) {
  return truncated((tracker.peak - tracker.trough) * scale, tracker.peak);
}

void compare_drawdown_stream(VectorCase& vector) {
  const auto equity = list_at(vector, "input.equity");
  const auto peaks = list_at(vector, "expected.peak");
  const auto falls = list_at(vector, "expected.drawdown_max_in_period");
  const auto emitted = list_at(vector, "expected.emitted");
  ASSERT_EQ(equity.size(), peaks.size());
  ASSERT_EQ(equity.size(), falls.size());
  ASSERT_EQ(equity.size(), emitted.size());
  PeakTracker tracker;
  tracker.start(equity.front().value());
  Int128 worst = 0;
  for (std::size_t i = 0; i < equity.size(); ++i) {
    SCOPED_TRACE(i);
    const PeakTracker before = tracker;
    tracker.look(equity[i].value());
    EXPECT_EQ(tracker.peak, peaks[i].value());
    expect_near("fall", fall_of(tracker), falls[i].value());
    const bool has_ended = tracker.peak != before.peak && before.trough != before.peak;
    EXPECT_EQ(has_ended, emitted[i].has_value());
    if (has_ended && emitted[i]) expect_near("ended fall", fall_of(before), *emitted[i]);
    worst = std::max(worst, fall_of(tracker));
    EXPECT_EQ(tracker.worst_drawdown(), worst);
  }
}

TEST(StatisticVectorsTest, WinRateAndDrawdownAgreeWithOtherPrograms) {
  std::vector<VectorCase> cases = read_vector_cases("stat_vectors.json");
  if (cases.empty()) GTEST_SKIP() << "vectors/stat_vectors.json, or python3, is not here";
  std::size_t compared_count = 0;
  std::vector<std::string> left_out;
  for (VectorCase& vector : cases) {
    SCOPED_TRACE(vector.id);
    const std::string statistic = vector.text("stat");
    if (statistic == "win_rate" || statistic == "win_rate_counts")
      compare_win_rate(vector, "expected");
    else if (statistic == "trade_statistics")
      compare_win_rate(vector, "expected.win_rate");
    else if (statistic == "max_drawdown_returns")
      compare_max_drawdown(vector);
    else if (statistic == "drawdown_stream")
      compare_drawdown_stream(vector);
    else
      left_out.push_back(vector.id + ": " + statistic);
  }
  compared_count = cases.size() - left_out.size();
  std::cout << compared_count << " of " << cases.size() << " statistic vectors compared, "
            << left_out.size() << " of statistics that the engine does not compute\n";
  for (const std::string& line : left_out)
    std::cout << "  not computed: " << line << "\n";
  EXPECT_GT(compared_count, 0U);
}

}  // namespace
}  // namespace coreloop::stages
