// What the core costs: RISK, FILL and MARK on one thread, against the bare walk of a 300-byte
// signal. An approved signal of one account, a tick in a symbol nobody holds, a tick in a symbol
// that accounts hold; with few and with many symbols and accounts that have nothing to do with it.
// BM_scale_*: the same from size to size, for a picture of how cost grows.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/bare_walk.hpp"
#include "bench/bench_support.hpp"
#include "bench/core_stages.hpp"
#include "stages/event.hpp"
#include "stages/fixed_point.hpp"

namespace coreloop::bench {
namespace {

using stages::Action;
using stages::Event;
using stages::Outcome;

// Costs eat the balance: after so many signals a new core starts with a full one.
constexpr std::uint32_t signals_a_core = 4'096;
constexpr std::int64_t ticks_a_block = 4'096;
// Small steps to and fro, so that a tick changes values and no amount grows.
constexpr std::uint32_t price_steps = 64;

/// Quotes of the same width that differ from step to step.
stages::Price bid_at(std::uint32_t step) noexcept {
  return sample_bid + static_cast<stages::Price>(step % price_steps) * stages::scale / 10;
}
constexpr stages::Price spread = sample_ask - sample_bid;

/// A core with prices for `symbol_count` symbols and with accounts [1, account_count) that hold the
/// last symbol (where there is but one symbol they are known and hold nothing).
class Scene {
 public:
  Scene(const stages::DecisionConf& conf, std::uint32_t symbol_count, std::uint32_t account_count)
      : core(conf) {
    for (stages::SymbolId symbol = 0; symbol < symbol_count; ++symbol)
      tick(symbol, 0);
    for (stages::AccountId account = 1; account < account_count; ++account)
      signal(symbol_count > 1 ? Action::buy : Action::hold, account, symbol_count - 1);
  }

  void signal(Action action, stages::AccountId account, stages::SymbolId symbol) noexcept {
    inputs.write_signal(event, action, account, symbol);
    core.pass(event);
  }
  void tick(stages::SymbolId symbol, std::uint32_t step) noexcept {
    inputs.write_quote(event, symbol, bid_at(step), bid_at(step) + spread);
    core.pass(event);
  }

  CoreStages core;
  InputWriter inputs;
  Event event{};
};

std::uint32_t argument(const benchmark::State& state, std::size_t index) {
  return static_cast<std::uint32_t>(state.range(index));
}

/// A scene anew for each block, and the last one's books looked at.
template <class Make>
class Scenes {
 public:
  explicit Scenes(Make make) : make_(std::move(make)) {}

  void renew() {
    if (scene_ != nullptr) books_agree_ = books_agree_ && scene_->core.books_agree();
    scene_ = make_();
  }
  Scene& operator*() noexcept { return *scene_; }
  Scene* operator->() noexcept { return scene_.get(); }
  [[nodiscard]] bool books_agree() { return books_agree_ && scene_->core.books_agree(); }

 private:
  Make make_;
  std::unique_ptr<Scene> scene_;
  bool books_agree_ = true;
};

// Signals of account 0 about symbol 0, BUY and SELL in turn, in scenes that `make` makes.
template <class Make>
void run_signals(benchmark::State& state, Make make) {
  const ScopedPin pin(last_core());
  Scenes<Make> scenes(std::move(make));
  std::uint64_t refused = 0;
  compare_with_walk(
      state, signals_a_core,
      [&] {
        scenes.renew();
        for (std::uint32_t warm_up = 0; warm_up < 64; ++warm_up)
          scenes->signal(warm_up % 2 == 0 ? Action::buy : Action::sell, 0, 0);
      },
      [&] {
        Scene& scene = *scenes;
        for (std::uint32_t i = 0; i < signals_a_core; ++i) {
          scene.signal(i % 2 == 0 ? Action::buy : Action::sell, 0, 0);
          const Event& event = scene.event;
          const bool is_filled =
              event.outcome == Outcome::approved && event.fill.status == stages::FillStatus::filled;
          refused += is_filled ? 0 : 1;
        }
      });
  check_answer(state, refused == 0, "a signal was not approved and filled");
  check_answer(state, scenes.books_agree(), "the books of RISK and MARK differ");
}

// The same among the symbols and accounts of the benchmark's arguments; `on_opposite` decides what
// every second signal does.
void run_signals_of_one(benchmark::State& state, stages::OnOpposite on_opposite) {
  run_signals(state, [&state, conf = open_conf(on_opposite)] {
    return std::make_unique<Scene>(conf, argument(state, 0), argument(state, 1));
  });
}

void BM_core_signal(benchmark::State& state) {
  run_signals_of_one(state, stages::OnOpposite::reverse);
}

void BM_core_signal_closing(benchmark::State& state) {
  run_signals_of_one(state, stages::OnOpposite::close);
}

// One balance has to carry a position in every symbol.
stages::DecisionConf many_positions_conf() {
  stages::DecisionConf conf = open_conf(stages::OnOpposite::reverse);
  conf.book.initial_balance = 1'000'000 * stages::scale;
  conf.risk.sizing.sizing = stages::SizingModel::fixed_notional;
  conf.risk.sizing.fixed_notional = 1'000 * stages::scale;
  return conf;
}

// Signals that go round all symbols of account 0, or all accounts of symbol 0: what caches make of
// it. An even number of rounds, of signals_a_core signals at least.
void run_signals_around(benchmark::State& state, std::uint32_t symbol_count,
                        std::uint32_t account_count) {
  const std::uint32_t pair_count = symbol_count * account_count;
  const std::uint32_t rounds = std::max(8U, signals_a_core / pair_count / 2 * 2);
  const ScopedPin pin(last_core());
  const stages::DecisionConf conf = many_positions_conf();
  std::unique_ptr<Scene> scene;
  std::uint64_t refused = 0;
  const auto go_round = [&](std::uint32_t round) {
    const Action action = round % 2 == 0 ? Action::buy : Action::sell;
    for (stages::AccountId account = 0; account < account_count; ++account) {
      for (stages::SymbolId symbol = 0; symbol < symbol_count; ++symbol) {
        scene->signal(action, account, symbol);
        refused += scene->event.outcome == Outcome::approved ? 0 : 1;
      }
    }
  };
  compare_with_walk(
      state, std::int64_t{rounds} * pair_count,
      [&] {
        scene = std::make_unique<Scene>(conf, symbol_count, 1);
        go_round(0);
      },
      [&] {
        for (std::uint32_t round = 1; round <= rounds; ++round)
          go_round(round);
      });
  check_answer(state, refused == 0, "a signal was not approved");
  check_answer(state, scene->core.books_agree(), "the books of RISK and MARK differ");
}

void BM_core_signal_around_symbols(benchmark::State& state) {
  run_signals_around(state, argument(state, 0), 1);
}

void BM_core_signal_around_accounts(benchmark::State& state) {
  run_signals_around(state, 1, argument(state, 0));
}

// Ticks that go round the symbols [first, end).
void run_ticks(benchmark::State& state, Scene& scene, stages::SymbolId first,
               stages::SymbolId end) {
  const ScopedPin pin(last_core());
  stages::SymbolId symbol = first;
  stages::SymbolId last = first;
  std::uint32_t step = 0;
  compare_with_walk(
      state, ticks_a_block, [] {},
      [&] {
        for (std::int64_t i = 0; i < ticks_a_block; ++i) {
          scene.tick(symbol, ++step);
          last = symbol;
          if (++symbol == end) symbol = first;
        }
      });
  const bool is_right =
      scene.core.risk().market().price(last).sell_reference == bid_at(step) &&
      scene.core.mark().market().price(last).buy_reference == bid_at(step) + spread;
  check_answer(state, is_right, "the last tick is not the price");
}

// Ticks that go round the symbols nobody holds.
void BM_core_tick(benchmark::State& state) {
  const std::uint32_t symbol_count = argument(state, 0);
  const auto scene = std::make_unique<Scene>(open_conf(stages::OnOpposite::reverse), symbol_count,
                                             argument(state, 1));
  run_ticks(state, *scene, 0, symbol_count > 1 ? symbol_count - 1 : 1);
}

// Ticks in a symbol that so many accounts hold.
void BM_core_tick_held(benchmark::State& state) {
  const ScopedPin pin(last_core());
  const std::uint32_t holder_count = argument(state, 0);
  const auto scene =
      std::make_unique<Scene>(open_conf(stages::OnOpposite::reverse), 1, holder_count);
  for (stages::AccountId account = 0; account < holder_count; ++account)
    scene->signal(Action::buy, account, 0);
  std::uint32_t step = 0;
  const std::int64_t block_items = ticks_a_block / (holder_count + 1) + 1;
  compare_with_walk(
      state, block_items, [] {},
      [&] {
        for (std::int64_t i = 0; i < block_items; ++i)
          scene->tick(0, ++step);
      });
  const stages::Risk& risk = scene->core.risk();
  const stages::Price mark = risk.market().price(0).mark;
  bool is_right = mark == bid_at(step) + spread / 2;
  for (stages::AccountId account = 0; account < holder_count; ++account) {
    const stages::Position& position = risk.book().position(risk.book().find(account, 0));
    is_right = is_right && position.is_open() &&
               risk.valuation().unrealized(account) == position.unrealized_at(mark) &&
               risk.valuation().exposure(account) == position.value_at(mark);
  }
  check_answer(state, is_right, "a holder is not valued at the last mark");
}

// What the positions of others cost: prices for all symbols, and `count` open positions, each of
// another pair of account and symbol, none of account 0 and none in symbol 0.
std::unique_ptr<Scene> scene_with_positions(std::uint32_t count) {
  const stages::DecisionConf conf = many_positions_conf();
  auto scene = std::make_unique<Scene>(conf, conf.symbols_max, 1);
  for (std::uint32_t i = 0; i < count; ++i)
    scene->signal(Action::buy, 1 + i % (conf.book.accounts_max - 1),
                  1 + i % (conf.symbols_max - 1));
  std::uint32_t open = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const stages::AccountBook& book = scene->core.mark().book();
    const auto position = book.find(1 + i % (conf.book.accounts_max - 1),
                                    static_cast<stages::SymbolId>(1 + i % (conf.symbols_max - 1)));
    open += position != stages::no_id && book.position(position).is_open() ? 1 : 0;
  }
  CHECK(open == count, "each pair of account and symbol has a position of its own");
  return scene;
}

void BM_scale_positions_signal(benchmark::State& state) {
  run_signals(state, [&state] { return scene_with_positions(argument(state, 0)); });
}

void BM_scale_positions_tick(benchmark::State& state) {
  const auto scene = scene_with_positions(argument(state, 0));
  run_ticks(state, *scene, 0, 1);
}

void BM_scale_positions_tick_round(benchmark::State& state) {
  const auto scene = scene_with_positions(argument(state, 0));
  run_ticks(state, *scene, 1, stages::DecisionConf{}.symbols_max);
}

// BM_scale/<what grows>/<what is measured>/<size>: bench/report/scale_chart.py draws them.
void register_scale() {
  const auto add = [](const char* name, auto* function, std::initializer_list<std::int64_t> sizes) {
    auto* const added = benchmark::RegisterBenchmark(name, function);
    for (const std::int64_t size : sizes)
      added->Arg(size);
  };
  const auto symbols = {1L, 4L, 16L, 64L, 256L, 1'024L, 4'096L};
  const auto accounts = {1L, 4L, 16L, 64L, 256L, 1'024L};
  const auto positions = {0L, 10L, 100L, 1'000L, 10'000L};
  const auto add_pairs = [](const char* name, auto* function, bool are_symbols,
                            std::initializer_list<std::int64_t> sizes) {
    auto* const added = benchmark::RegisterBenchmark(name, function);
    for (const std::int64_t size : sizes)
      added->Args(are_symbols ? std::vector{size, std::int64_t{1}}
                              : std::vector{std::int64_t{1}, size});
  };
  add_pairs("BM_scale/symbols/signal", BM_core_signal, true, symbols);
  add("BM_scale/symbols/signal_round", BM_core_signal_around_symbols, symbols);
  add_pairs("BM_scale/symbols/tick_round", BM_core_tick, true, symbols);
  add_pairs("BM_scale/accounts/signal", BM_core_signal, false, accounts);
  add("BM_scale/accounts/signal_round", BM_core_signal_around_accounts, accounts);
  add_pairs("BM_scale/accounts/tick", BM_core_tick, false, accounts);
  add("BM_scale/positions/signal", BM_scale_positions_signal, positions);
  add("BM_scale/positions/tick", BM_scale_positions_tick, positions);
  add("BM_scale/positions/tick_round", BM_scale_positions_tick_round, positions);
}

}  // namespace

void register_benchmarks() {
  const auto add_sizes = [](benchmark::internal::Benchmark* added) {
    added->ArgNames({"symbols", "accounts"});
    for (const auto& sizes : {std::array{1, 1}, std::array{64, 1}, std::array{4'096, 1},
                              std::array{1, 64}, std::array{1, 1'024}, std::array{4'096, 1'024}})
      added->Args({sizes[0], sizes[1]});
  };
  add_sizes(benchmark::RegisterBenchmark("BM_core_signal", BM_core_signal));
  benchmark::RegisterBenchmark("BM_core_signal_closing", BM_core_signal_closing)
      ->ArgNames({"symbols", "accounts"})
      ->Args({1, 1});
  benchmark::RegisterBenchmark("BM_core_signal_around_symbols", BM_core_signal_around_symbols)
      ->ArgName("symbols")
      ->Arg(64)
      ->Arg(4'096);
  benchmark::RegisterBenchmark("BM_core_signal_around_accounts", BM_core_signal_around_accounts)
      ->ArgName("accounts")
      ->Arg(64)
      ->Arg(1'024);
  add_sizes(benchmark::RegisterBenchmark("BM_core_tick", BM_core_tick));
  benchmark::RegisterBenchmark("BM_core_tick_held", BM_core_tick_held)
      ->ArgName("holders")
      ->Arg(0)
      ->Arg(1)
      ->Arg(16)
      ->Arg(256);
  register_scale();
}

}  // namespace coreloop::bench
