// Views and commands of an engine on real threads: copies that are consistent in themselves, and
// commands whose results come back whatever the layout.
#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "tests/pipeline/recorded_run.hpp"
#include "tests/support/scripted_clock.hpp"

namespace coreloop::tests {
namespace {

using io::CommandState;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::array<std::uint32_t, 3> layouts{0, 0b1001, 0b1111};  // one, three and five threads

bool finish(RecordedRun& run) {
  const auto deadline = steady_clock::now() + std::chrono::minutes(1);
  while (!run.engine->is_finished()) {
    if (steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  run.engine->join();
  return true;
}

// Asks for a view and waits for it as long as the engine runs; nullptr once it does not.
template <class View>
const View* ask(engine::RequestedView<View>& view, RecordedEngine& engine, std::uint32_t stage) {
  view.ask();
  engine.wake_stage(stage);
  while (!view.is_filled()) {
    if (engine.is_finished()) return nullptr;
    std::this_thread::yield();
  }
  return &view.view();
}

struct ViewChecks {
  std::uint64_t looks = 0;
  std::uint64_t last_risk = 0;
  std::uint64_t last_books = 0;
  std::uint64_t last_outcomes = 0;

  void look(io::EngineViews& views, RecordedEngine& engine) {
    const io::RiskView* const risk = ask(views.risk, engine, io::risk_stage);
    const io::BooksView* const books = ask(views.books, engine, io::mark_stage);
    const io::OutcomesView* const outcomes = ask(views.outcomes, engine, io::egress_stage);
    if (risk == nullptr || books == nullptr || outcomes == nullptr) return;
    ++looks;
    EXPECT_GE(risk->sequence, last_risk);
    EXPECT_GE(books->sequence, last_books);
    EXPECT_GE(outcomes->sequence, last_outcomes);
    last_risk = risk->sequence;
    last_books = books->sequence;
    last_outcomes = outcomes->sequence;
    std::uint32_t open_positions = 0;
    for (const io::BooksView::Account& account : books->accounts) {
      EXPECT_EQ(account.balance, books->initial_balance + account.realized - account.fees);
      open_positions += account.open_positions;
    }
    EXPECT_EQ(books->positions.size(), open_positions);
    for (const io::RiskView::Account& account : risk->accounts)
      EXPECT_GE(account.peak, account.equity);
    EXPECT_EQ(outcomes->sequence, outcomes->statistics.inputs);
    EXPECT_TRUE(outcomes->statistics.is_balanced());
  }
};

TEST(ViewsTest, CopiesAreConsistentAndChangeNoOutput) {
  const std::vector<RecordedEntry> entries = recorded_entries(4'000);
  std::uint64_t truth = 0;
  for (const bool has_readers : {false, true}) {
    for (const std::uint32_t cuts : layouts) {
      io::EngineViews views(recorded_decision());
      RecordedRun run(entries, cuts, small_rings, engine::WaitPolicy::adaptive,
                      {.views = has_readers ? &views : nullptr});
      if (has_readers) run.sink.is_stalled = true;
      run.engine->start();
      if (has_readers) {
        ViewChecks checks;
        for (int i = 0; i < 20; ++i)
          checks.look(views, *run.engine);
        EXPECT_EQ(checks.looks, 20U) << "a stage that waits serves its readers, too";
        run.sink.is_stalled = false;
        while (!run.engine->is_finished())
          checks.look(views, *run.engine);
      }
      ASSERT_TRUE(finish(run));
      if (truth == 0) truth = run.sink.hash;
      EXPECT_EQ(run.sink.hash, truth) << "layout " << cuts;
    }
  }
}

TEST(ViewsTest, CommandsComeBackWithTheirSequence) {
  const std::vector<RecordedEntry> entries = recorded_entries(2'000);
  for (const std::uint32_t cuts : layouts) {
    ScriptedClock clock;
    clock.now_unix_ns = entries.front().unix_ns;
    io::CommandBox commands;
    commands.open();
    RecordedRun run(entries, cuts, small_rings, engine::WaitPolicy::adaptive,
                    {.clock = &clock, .commands = &commands});
    run.sink.is_stalled = true;
    run.engine->start();
    std::this_thread::sleep_for(milliseconds(5));
    const auto submit = [&] {
      const std::uint64_t ticket =
          commands.submit({.command = "price", .symbol = "NEWUSDT", .price = "2.5"});
      run.engine->wake_stage(io::ingress_stage);
      return ticket;
    };
    const io::CommandResult held = commands.wait(submit(), milliseconds(10));
    EXPECT_TRUE(held.state == CommandState::queued || held.state == CommandState::claimed)
        << "nothing gets through";
    const std::uint64_t ticket = submit();
    run.sink.is_stalled = false;
    const io::CommandResult result = commands.wait(ticket, milliseconds(60'000));
    EXPECT_EQ(result.state, CommandState::applied);
    EXPECT_GT(result.sequence, 1U);
    ASSERT_TRUE(finish(run));
    commands.close();
    EXPECT_EQ(commands.submit({.command = "halt"}), 0U);
    const stages::SymbolId symbol = run.names.symbols.find("NEWUSDT");
    EXPECT_EQ(run.engine->risk().market().price(symbol).mark, stages::scale * 5 / 2);
  }
}

}  // namespace
}  // namespace coreloop::tests
