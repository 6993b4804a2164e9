// The books against position vectors of three other programs (linear instruments, netting, average
// cost), as their file's conventions say: profit of a cycle has its commissions in it, so profit
// and fees are compared apart; a crossing fill's commission is split by quantity; money is right to
// half a unit of the case's precision per closing fill, prices to 1e-10 or half a unit of 1e-8.
#include <algorithm>
#include <array>
#include <iostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stages/account_book.hpp"
#include "tests/stages/amount_literal.hpp"
#include "tests/stages/vector_case.hpp"

namespace coreloop::stages {
namespace {

// One open-to-flat run of a position, by what the books answered.
struct Cycle {
  Money realized = 0;
  Money entry_fees = 0;
  Money exit_fees = 0;
  Price average_entry = 0;
  Quantity peak_quantity = 0;
  Quantity closed_quantity = 0;
  std::int64_t closing_fills = 0;
  bool is_long = false;

  [[nodiscard]] Money fees() const { return entry_fees + exit_fees; }
  /// Average price at which it was closed, from average entry and profit.
  [[nodiscard]] Price average_exit() const {
    if (closed_quantity == 0) return average_entry;
    const auto gain = static_cast<Price>(half_even(product(realized, scale), closed_quantity));
    return average_entry + (is_long ? gain : -gain);
  }
};

struct Folded {
  AccountBook book{{.accounts_max = 1, .positions_max = 1, .initial_balance = 1'000'000_e8}};
  std::vector<Cycle> ended;
  Cycle open;
  PositionChange last_change;
  Money fees = 0;
  std::int64_t closing_fills = 0;

  [[nodiscard]] const Position& position() const { return book.position(0); }
  /// The open cycle, or the one that has just ended.
  [[nodiscard]] const Cycle& shown() const { return position().is_open() ? open : ended.back(); }

  void take(const BookFill& fill) {
    const Quantity before = book.position_count() == 0 ? 0 : position().quantity;
    const bool is_against = before != 0 && (before > 0) != (fill.side == Side::buy);
    const Quantity reduced = is_against ? std::min(fill.quantity, std::abs(before)) : 0;
    ASSERT_TRUE(book.would_fit(fill));
    last_change = book.apply(fill).position;
    fees += fill.fee;
    const auto exit_fee = static_cast<Money>(half_even(product(fill.fee, reduced), fill.quantity));
    if (reduced != 0) {
      open.exit_fees += exit_fee;
      open.realized += static_cast<Money>(last_change.realized);
      open.closed_quantity += reduced;
      ++open.closing_fills;
      ++closing_fills;
    }
    if (last_change.ended_cycle) {
      open.average_entry = last_change.closed_average;
      EXPECT_EQ(open.realized, last_change.closed_realized);
      ended.push_back(open);
      open = {};
    }
    if (!position().is_open()) return;
    open.entry_fees += fill.fee - exit_fee;
    open.average_entry = position().average_entry();
    open.peak_quantity = std::max(open.peak_quantity, position().size());
    open.is_long = position().quantity > 0;
    EXPECT_EQ(open.realized, position().realized_in_cycle);
  }
};

class Comparison {
 public:
  explicit Comparison(VectorCase& vector) : case_(vector) {
    money_unit_ = 1;
    for (std::int64_t places = case_.amount("instrument.money_precision") / scale; places < 8;
         ++places) {
      money_unit_ *= 10;
    }
  }

  void run() {
    for (int i = 0; case_.has("fills." + std::to_string(i) + ".qty"); ++i) {
      const std::string fill = "fills." + std::to_string(i);
      folded_.take({.side = case_.text(fill + ".side") == "BUY" ? Side::buy : Side::sell,
                    .price = case_.amount(fill + ".px"),
                    .quantity = case_.amount(fill + ".qty"),
                    .fee = case_.amount(fill + ".commission")});
      compare_state(fill + ".expect");
    }
    compare_state("final");
    compare_mark();
    for (std::size_t i = 0; i < folded_.ended.size(); ++i)
      compare_cycle("closed_cycles." + std::to_string(i), folded_.ended[i]);
    compare_totals();
  }

 private:
  // Twice the difference against twice the tolerance: half a unit of the case's money a step, and
  // half a unit of ours.
  void expect_money(const std::string& path, Int128 ours, std::int64_t theirs, std::int64_t steps) {
    const Int128 twice = 2 * (ours - theirs);
    const Int128 allowed = Int128{steps} * (money_unit_ + 1);
    EXPECT_TRUE(twice <= allowed && twice >= -allowed)
        << path << ": " << saturated(ours) << ", theirs " << theirs;
  }
  void expect_price(const std::string& path, Price ours) {
    const Price theirs = case_.amount(path);
    EXPECT_LE(std::abs(ours - theirs), theirs / 10'000'000'000) << path << ": " << ours;
  }
  template <class Compare>
  void where_given(const std::string& path, Compare compare) {
    if (case_.has(path)) compare(path);
  }

  void compare_state(const std::string& at) {
    const Position& position = folded_.position();
    const Cycle& cycle = folded_.shown();
    where_given(at + ".side", [&](const std::string& path) {
      const std::string side = position.quantity > 0   ? "LONG"
                               : position.quantity < 0 ? "SHORT"
                                                       : "FLAT";
      EXPECT_EQ(side, case_.text(path));
    });
    where_given(at + ".signed_qty", [&](const std::string& path) {
      EXPECT_EQ(position.quantity, case_.amount(path)) << path;
    });
    where_given(at + ".avg_px_open", [&](const std::string& path) {
      if (case_.amount(path) != 0)
        expect_price(path, cycle.average_entry);
      else
        EXPECT_EQ(position.cost, 0) << path;  // "0 when flat"
    });
    where_given(at + ".avg_px_close",
                [&](const std::string& path) { expect_price(path, cycle.average_exit()); });
    where_given(at + ".realized_pnl", [&](const std::string& path) {
      expect_money(path, cycle.realized, case_.amount(path) + cycle.fees(), cycle.closing_fills);
    });
    where_given(at + ".commissions", [&](const std::string& path) {
      EXPECT_EQ(cycle.fees(), case_.amount(path)) << path;
    });
    where_given(at + ".peak_qty", [&](const std::string& path) {
      EXPECT_EQ(cycle.peak_quantity, case_.amount(path)) << path;
    });
    where_given(at + ".realized_return", [&](const std::string& path) {
      const Price gain = cycle.average_exit() - cycle.average_entry;
      const auto ours = static_cast<Ratio>(
          half_even(product(cycle.is_long ? gain : -gain, scale), cycle.average_entry));
      EXPECT_LE(std::abs(ours - case_.amount(path)), 1) << path << ": " << ours;
    });
  }

  void compare_mark() {
    if (!case_.has("mark.px")) return;
    const Price mark = case_.amount("mark.px");
    const Position& position = folded_.position();
    const Cycle& cycle = folded_.shown();
    const Money unrealized = position.unrealized_at(mark);
    where_given("mark.unrealized_pnl", [&](const std::string& path) {
      expect_money(path, unrealized, case_.amount(path), 1);
    });
    where_given("mark.derived.unrealized_pnl_gross", [&](const std::string& path) {
      EXPECT_LE(std::abs(unrealized - case_.amount(path)), 1) << path;
    });
    where_given("mark.total_pnl", [&](const std::string& path) {
      expect_money(path, Int128{cycle.realized} + unrealized, case_.amount(path) + cycle.fees(),
                   cycle.closing_fills + 1);
    });
    where_given("mark.notional", [&](const std::string& path) {
      expect_money(path, position.value_at(mark), case_.amount(path), 1);
    });
  }

  void compare_cycle(const std::string& at, const Cycle& cycle) {
    where_given(at + ".realized_pnl", [&](const std::string& path) {
      expect_money(path, cycle.realized, case_.amount(path) + cycle.fees(), cycle.closing_fills);
    });
    where_given(at + ".avg_px_open",
                [&](const std::string& path) { expect_price(path, cycle.average_entry); });
    where_given(at + ".fees_enter", [&](const std::string& path) {
      EXPECT_EQ(cycle.entry_fees, case_.amount(path)) << path;
    });
    where_given(at + ".fees_exit", [&](const std::string& path) {
      EXPECT_EQ(cycle.exit_fees, case_.amount(path)) << path;
    });
    where_given(at + ".peak_qty", [&](const std::string& path) {
      EXPECT_EQ(cycle.peak_quantity, case_.amount(path)) << path;
    });
  }

  void compare_totals() {
    const Account& account = folded_.book.account(0);
    EXPECT_EQ(account.fees, folded_.fees);
    EXPECT_EQ(folded_.book.balance(0), 1'000'000_e8 + account.realized - account.fees);
    where_given("last_trade_profit_gross", [&](const std::string& path) {
      EXPECT_EQ(folded_.last_change.realized, case_.amount(path)) << path;
    });
    where_given("derived.n_closed_cycles", [&](const std::string& path) {
      EXPECT_EQ(folded_.ended.size() * scale, case_.amount(path)) << path;
    });
    // Worked out exactly and cut to 1e-8; ours is rounded at each closing fill.
    where_given("derived.total_realized_all_cycles", [&](const std::string& path) {
      EXPECT_LE(2 * std::abs(account.realized - account.fees - case_.amount(path)),
                folded_.closing_fills + 2)
          << path;
    });
  }

  VectorCase& case_;
  Folded folded_;
  std::int64_t money_unit_;  ///< of the case's precision, in units of 1e-8
};

// Why our books cannot hold the case; "" where they can.
std::string reason_to_leave_out(VectorCase& vector) {
  if (vector.text("instrument.kind") != "linear") return "not a linear instrument";
  if (vector.amount("instrument.multiplier") != scale) return "a multiplier other than 1";
  for (int i = 0; vector.has("fills." + std::to_string(i) + ".px"); ++i) {
    if (vector.amount("fills." + std::to_string(i) + ".px") <= 0) return "a price not above zero";
  }
  return "";
}

// What of a case is not a number to compare, or none of ours.
bool is_left_unread(const std::string& path) {
  constexpr std::array<std::string_view, 4> prefixes{
      "source.", "notes", "instrument.",
      "mark.unrealized_pnl_net_of_est_exit_fee"};  // its gross is compared
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return path.rfind(prefix, 0) == 0; });
}

TEST(PositionVectorsTest, TheBooksAgreeWithThreeOtherPrograms) {
  std::vector<VectorCase> cases = read_vector_cases("position_vectors.json");
  if (cases.empty()) GTEST_SKIP() << "vectors/position_vectors.json, or python3, is not here";
  std::size_t compared_count = 0;
  std::vector<std::string> left_out;
  for (VectorCase& vector : cases) {
    SCOPED_TRACE(vector.id);
    const std::string reason = reason_to_leave_out(vector);
    if (!reason.empty()) {
      left_out.push_back(vector.id + ": " + reason);
      continue;
    }
    Comparison(vector).run();
    ++compared_count;
    for (const std::string& path : vector.unread())
      EXPECT_TRUE(is_left_unread(path)) << path << " was not compared";
  }
  std::cout << compared_count << " of " << cases.size() << " position vectors compared, "
            << left_out.size() << " left out\n";
  for (const std::string& line : left_out)
    std::cout << "  left out: " << line << "\n";
  EXPECT_GT(compared_count, left_out.size());
}

}  // namespace
}  // namespace coreloop::stages
