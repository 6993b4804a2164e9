// Current prices of all symbols. Each stage that needs prices keeps one of its own, fed by the same
// events in the same order, so that no two stages share a word. The later of quote and last price
// counts and replaces the other.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/check.hpp"
#include "stages/event.hpp"
#include "stages/fixed_point.hpp"
#include "stages/random_mix.hpp"

namespace coreloop::stages {

/// What one symbol trades at; buy_reference 0 while there is no price.
struct SymbolPrice {
  Price buy_reference = 0;   ///< ask, or last price
  Price sell_reference = 0;  ///< bid, or last price
  Price mark = 0;            ///< the price used to value: (bid + ask) / 2 half-even, or last price
  std::int64_t set_unix_ns = 0;

  [[nodiscard]] bool is_set() const noexcept { return buy_reference != 0; }
  [[nodiscard]] Price reference(Side side) const noexcept {
    return side == Side::buy ? buy_reference : sell_reference;
  }
};

/// A simulated market: prices that walk. Symbol ids [0, symbol_count) walk; the conf lists them
/// first.
struct PriceWalk {
  std::uint64_t seed = 0;
  std::uint32_t symbol_count = 0;
};

/// Half the width of one step of a walk: 0.1 %.
inline constexpr Ratio walk_step_max = 100'000;

class Market {
 public:
  /// `symbols_max`: ids in [0, symbols_max). `walk_prices`: start prices of the symbols that walk,
  /// one each. Allocates; call before the threads start.
  Market(std::uint32_t symbols_max, PriceWalk walk, const std::vector<Price>& walk_prices)
      : prices_(symbols_max), walk_(walk) {
    CHECK(walk_prices.size() == walk.symbol_count && walk.symbol_count <= symbols_max,
          "one start price a walking symbol");
    for (SymbolId symbol = 0; symbol < walk.symbol_count; ++symbol) {
      set_last(symbol, walk_prices[symbol], 0);
    }
  }

  [[nodiscard]] const SymbolPrice& price(SymbolId symbol) const noexcept { return prices_[symbol]; }

  void set_quote(SymbolId symbol, Price bid, Price ask, std::int64_t unix_ns) noexcept {
    const auto mark = static_cast<Price>(half_even(static_cast<Int128>(bid) + ask, 2));
    prices_[symbol] = {ask, bid, mark, unix_ns};
  }

  /// A tick or command of one number is a last price: bid == ask == mark.
  void set_last(SymbolId symbol, Price last, std::int64_t unix_ns) noexcept {
    prices_[symbol] = {last, last, last, unix_ns};
  }

  /// Applies whatever `event` says of prices. Answers whether any price may have changed.
  bool apply(const Event& event) noexcept {
    if (!is_dated_) [[unlikely]]
      date_conf_prices(event.log_unix_ns);
    switch (event.kind) {
      case EventKind::tick:
        set_quote(event.symbol, event.tick.sell_reference, event.tick.buy_reference,
                  event.log_unix_ns);
        return true;
      case EventKind::timer:
        if (event.timer.kind != TimerKind::walk) return false;
        step_walk(event.timer.index, event.log_unix_ns);
        return true;
      case EventKind::command:
        if (event.command.kind != CommandKind::price || event.symbol == no_id) return false;
        set_last(event.symbol, event.command.price, event.log_unix_ns);
        return true;
      case EventKind::signal:
      case EventKind::dead_letter:
        return false;
    }
    return false;
  }

  /// Number of symbols that walk; their ids come first.
  [[nodiscard]] std::uint32_t walking_symbol_count() const noexcept { return walk_.symbol_count; }

  /// As stages/saved_state.hpp says.
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    visitor.rows(prices_);
    visitor.value(is_dated_);
  }

 private:
  // Conf prices count as set at the first input's log time.
  [[gnu::cold]] void date_conf_prices(std::int64_t unix_ns) noexcept {
    for (SymbolId symbol = 0; symbol < walk_.symbol_count; ++symbol) {
      prices_[symbol].set_unix_ns = unix_ns;
    }
    is_dated_ = true;
  }

  void step_walk(std::int64_t index, std::int64_t unix_ns) noexcept {
    for (SymbolId symbol = 0; symbol < walk_.symbol_count; ++symbol) {
      const std::uint64_t mixed = random_mix(walk_.seed, static_cast<std::uint64_t>(index), symbol);
      const Ratio step = random_below(mixed, 2 * walk_step_max) - walk_step_max;
      const Int128 moved = times_half_even(prices_[symbol].mark, scale + step);
      // A step that would leave 64 bits is not taken; a price never falls to zero.
      if (fits(moved)) set_last(symbol, std::max<Price>(static_cast<Price>(moved), 1), unix_ns);
    }
  }

  std::vector<SymbolPrice> prices_;
  PriceWalk walk_;
  bool is_dated_ = false;
};

}  // namespace coreloop::stages
