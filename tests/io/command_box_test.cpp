// The mailbox of commands: tickets, what INGRESS sees, results, and what a closed box cancels.
#include "io/edge/command_box.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "io/edge/ingress.hpp"
#include "tests/support/payload_text.hpp"
#include "tests/support/scripted_clock.hpp"
#include "tests/support/scripted_source.hpp"

namespace coreloop::io {
namespace {

using engine::Progress;
using stages::CommandKind;
using stages::Event;
using stages::EventKind;
using stages::ns_per_second;
using std::chrono::milliseconds;

Event done(std::uint64_t ticket, CommandKind kind) {
  Event event{};
  event.kind = EventKind::command;
  event.log_unix_ns = 99;
  event.command.kind = kind;
  event.command.result_slot = ticket;
  return event;
}

std::string text_of(const RawEntry& entry) {
  std::string text{entry.stream};
  for (const RawField& field : entry.fields)
    text += " " + std::string{field.name} + "=" + std::string{field.value};
  return text;
}

class CommandBoxTest : public testing::Test {
 protected:
  CommandBoxTest() { box_.open(); }

  // INGRESS takes the oldest command as `sequence`; answers its ticket.
  std::uint64_t take(std::uint64_t sequence) {
    RawEntry entry;
    if (!box_.peek(entry) || !box_.claim()) return 0;
    return box_.consume(sequence);
  }

  CommandBox box_;
};

TEST_F(CommandBoxTest, ShowsCommandsInTheirOrderAsEntriesOfATape) {
  RawEntry entry;
  EXPECT_FALSE(box_.has_waiting());
  EXPECT_FALSE(box_.peek(entry));
  const std::uint64_t first =
      box_.submit({.command = "price", .symbol = "BTCUSDT", .price = "95000.5"});
  const std::uint64_t second =
      box_.submit({.command = "close", .symbol = "ETHUSDT", .account = "second"});
  ASSERT_NE(first, 0U);
  ASSERT_NE(second, first);
  EXPECT_TRUE(box_.has_waiting());
  ASSERT_TRUE(box_.peek(entry));
  EXPECT_EQ(text_of(entry), "@command command=price symbol=BTCUSDT price=95000.5");
  EXPECT_EQ(take(1), first);
  ASSERT_TRUE(box_.peek(entry));
  EXPECT_EQ(text_of(entry), "@command command=close symbol=ETHUSDT account=second");
  EXPECT_EQ(take(2), second);
  EXPECT_FALSE(box_.has_waiting());
}

TEST_F(CommandBoxTest, TellsHowFarACommandIsWhenTimeIsUp) {
  const std::uint64_t queued = box_.submit({.command = "halt"});
  const std::uint64_t claimed = box_.submit({.command = "resume"});
  CommandResult result = box_.wait(queued, milliseconds(0));
  EXPECT_EQ(result.state, CommandState::queued);
  EXPECT_EQ(result.sequence, 0U);
  EXPECT_EQ(take(5), queued) << "it goes on all the same";
  EXPECT_EQ(take(6), claimed);
  result = box_.wait(claimed, milliseconds(1));
  EXPECT_EQ(result.state, CommandState::claimed);
  EXPECT_EQ(result.sequence, 6U);
  box_.on_command_done(done(claimed, CommandKind::resume));  // nobody waits any more
}

TEST_F(CommandBoxTest, GivesTheResultOfACloseToWhoeverWaits) {
  const std::uint64_t ticket = box_.submit({.command = "close", .symbol = "BTCUSDT"});
  ASSERT_EQ(take(7), ticket);
  Event event = done(ticket, CommandKind::close);
  event.outcome = stages::Outcome::command_close;
  event.fill.quantity = 2 * stages::scale;
  event.fill.price = 110 * stages::scale;
  event.fill.fee = 3;
  event.position.average_entry = 100 * stages::scale;
  event.position.realized_pnl = 20 * stages::scale;
  box_.on_command_done(event);
  const CommandResult result = box_.wait(ticket, milliseconds(0));
  EXPECT_EQ(result.state, CommandState::applied);
  EXPECT_EQ(result.sequence, 7U);
  EXPECT_EQ(result.log_unix_ns, 99);
  EXPECT_EQ(result.realized_pnl, 20 * stages::scale);
  EXPECT_EQ(result.entry_value, 200 * stages::scale);
  EXPECT_EQ(result.fee, 3);
}

TEST_F(CommandBoxTest, SaysWhatChangedNothing) {
  const std::uint64_t close = box_.submit({.command = "close", .symbol = "BTCUSDT"});
  ASSERT_EQ(take(1), close);
  box_.on_command_done(done(close, CommandKind::close));
  EXPECT_EQ(box_.wait(close, milliseconds(0)).state, CommandState::refused);
  const std::uint64_t price = box_.submit({.command = "price", .symbol = "X", .price = "1"});
  ASSERT_EQ(take(2), price);
  Event event = done(price, CommandKind::price);
  event.symbol = stages::no_id;  // no room for it
  box_.on_command_done(event);
  EXPECT_EQ(box_.wait(price, milliseconds(0)).state, CommandState::refused);
  const std::uint64_t wrong = box_.submit({.command = "dance"});
  ASSERT_EQ(take(0), wrong);
  EXPECT_EQ(box_.wait(wrong, milliseconds(0)).state, CommandState::refused);
}

TEST_F(CommandBoxTest, TakesNoMoreThanItHasRoomForAndGetsTheRoomBack) {
  std::vector<std::uint64_t> tickets;
  for (std::uint64_t ticket = box_.submit({.command = "halt"}); ticket != 0;
       ticket = box_.submit({.command = "halt"}))
    tickets.push_back(ticket);
  EXPECT_EQ(tickets.size(), 16U);
  EXPECT_EQ(box_.wait(tickets[0], milliseconds(0)).state, CommandState::queued);
  EXPECT_EQ(box_.submit({.command = "halt"}), 0U) << "given back, but still on its way";
  ASSERT_EQ(take(1), tickets[0]);
  box_.on_command_done(done(tickets[0], CommandKind::halt));
  EXPECT_NE(box_.submit({.command = "halt"}), 0U);
  EXPECT_EQ(box_.submit({.command = "halt", .price = std::string(200, '1')}), 0U) << "too long";
}

TEST_F(CommandBoxTest, AClosedBoxCancelsWhatNobodyHasClaimed) {
  const std::uint64_t claimed = box_.submit({.command = "halt"});
  const std::uint64_t queued = box_.submit({.command = "resume"});
  ASSERT_EQ(take(1), claimed);
  RawEntry entry;
  ASSERT_TRUE(box_.peek(entry));
  box_.close();
  EXPECT_FALSE(box_.claim()) << "seen, but cancelled before it was claimed";
  EXPECT_FALSE(box_.has_waiting());
  EXPECT_EQ(box_.wait(queued, milliseconds(0)).state, CommandState::cancelled);
  EXPECT_EQ(box_.wait(claimed, milliseconds(0)).state, CommandState::claimed);
  EXPECT_EQ(box_.submit({.command = "halt"}), 0U);
}

TEST_F(CommandBoxTest, EachOfManyAskersGetsItsOwnResult) {
  constexpr int commands_each = 300;
  std::atomic<bool> ends{false};
  std::thread pipeline([&] {
    for (std::uint64_t sequence = 1; !ends.load(std::memory_order_relaxed);) {
      RawEntry entry;
      if (!box_.peek(entry) || !box_.claim()) continue;
      const std::string price{entry.fields[2].value};
      Event event = done(box_.consume(sequence++), CommandKind::close);
      event.outcome = stages::Outcome::command_close;
      event.position.realized_pnl = std::stoll(price);
      box_.on_command_done(event);
    }
  });
  std::vector<std::thread> askers;
  std::atomic<int> wrong{0};
  for (int asker = 0; asker < 3; ++asker) {
    askers.emplace_back([&, asker] {
      for (int i = 0; i < commands_each; ++i) {
        const std::int64_t number = asker * commands_each + i + 1;
        const std::string price = std::to_string(number);
        const std::uint64_t ticket =
            box_.submit({.command = "close", .symbol = "BTCUSDT", .price = price});
        const CommandResult result = box_.wait(ticket, milliseconds(10'000));
        if (result.state != CommandState::applied || result.realized_pnl != number) ++wrong;
      }
    });
  }
  for (std::thread& asker : askers)
    asker.join();
  ends = true;
  pipeline.join();
  EXPECT_EQ(wrong, 0);
}

constexpr std::int64_t start_ns = 1'768'212'000 * ns_per_second;

class AskedCommandsTest : public CommandBoxTest {
 protected:
  tests::ScriptedSource source_;
  stages::Names names_{16, 16};
  stages::TextRing text_{12};
  tests::ScriptedClock clock_;
  Ingress<tests::ScriptedSource> ingress(TimerIntervals timers = {}) {
    return {source_,
            names_,
            text_,
            {.streams = {{"ticks", StreamKind::ticks}},
             .timers = timers,
             .idle_clock = &clock_,
             .commands = &box_}};
  }
};

TEST_F(AskedCommandsTest, GoBeforeEntriesAtTheTimeOfTheClock) {
  source_.add_data("ticks", start_ns, tests::object_text(tests::base_quote()));
  clock_.now_unix_ns = start_ns + 5;
  auto ingress = this->ingress();
  const std::uint64_t ticket =
      box_.submit({.command = "price", .symbol = "ETHUSDT", .price = "3400"});
  EXPECT_TRUE(ingress.can_take()) << "a sleeper must see it";
  Event event{};
  ASSERT_EQ(ingress.on_poll(event), Progress::forwarded);
  EXPECT_EQ(event.kind, EventKind::command);
  EXPECT_EQ(event.sequence, 1U);
  EXPECT_EQ(event.log_unix_ns, start_ns + 5);
  EXPECT_EQ(event.command.result_slot, ticket);
  EXPECT_EQ(event.command.price, 3'400 * stages::scale);
  EXPECT_FALSE(ingress.can_take());
  ASSERT_EQ(ingress.on_poll(event), Progress::forwarded);
  EXPECT_EQ(event.kind, EventKind::tick);
  EXPECT_EQ(event.log_unix_ns, start_ns + 5) << "time never goes back";
}

TEST_F(AskedCommandsTest, LetDueTimersGoFirst) {
  source_.add_data("ticks", start_ns, tests::object_text(tests::base_quote()));
  source_.add_pause();
  auto ingress = this->ingress({.walk_ns = 0, .mark_ns = 30 * ns_per_second});
  Event event{};
  ASSERT_EQ(ingress.on_poll(event), Progress::forwarded);
  const std::uint64_t ticket = box_.submit({.command = "halt"});
  clock_.now_unix_ns = start_ns + 61 * ns_per_second;
  for (const std::int64_t seconds : {30, 60}) {
    ASSERT_EQ(ingress.on_poll(event), Progress::forwarded);
    EXPECT_EQ(event.kind, EventKind::timer);
    EXPECT_EQ(event.log_unix_ns, start_ns + seconds * ns_per_second);
  }
  ASSERT_EQ(ingress.on_poll(event), Progress::forwarded);
  EXPECT_EQ(event.kind, EventKind::command);
  EXPECT_EQ(event.sequence, 4U);
  EXPECT_EQ(event.log_unix_ns, start_ns + 61 * ns_per_second);
  EXPECT_EQ(box_.wait(ticket, milliseconds(0)).sequence, 4U);
  EXPECT_EQ(ingress.on_poll(event), Progress::idle);
}

TEST_F(AskedCommandsTest, ThatAreNoneTakeNoSequence) {
  source_.add_pause();
  auto ingress = this->ingress();
  const std::uint64_t ticket = box_.submit({.command = "price", .symbol = "ETHUSDT"});
  Event event{};
  EXPECT_EQ(ingress.on_poll(event), Progress::idle);
  EXPECT_EQ(ingress.sequence(), 0U);
  EXPECT_EQ(ingress.broken_command_count(), 1U);
  EXPECT_EQ(box_.wait(ticket, milliseconds(0)).state, CommandState::refused);
}

}  // namespace
}  // namespace coreloop::io
