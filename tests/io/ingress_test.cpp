// INGRESS over scripted sources: one sequence, log time that never goes back, timers in their
// place, commands, tapes, and what stops it. Jumps of time: ingress_jump_test.cpp.
#include "io/edge/ingress.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/payload_text.hpp"
#include "tests/support/scripted_clock.hpp"
#include "tests/support/scripted_source.hpp"

namespace coreloop::io {
namespace {

using engine::Progress;
using stages::Event;
using stages::EventKind;
using stages::ns_per_day;
using stages::ns_per_second;
using tests::ScriptedSource;

constexpr std::int64_t start_ns = 1'768'212'000 * ns_per_second;  // 2026-01-12T10:00:00Z
const InputStreams streams{{"signals", StreamKind::signals}, {"ticks", StreamKind::ticks}};

std::string name_of(const Event& event) {
  switch (event.kind) {
    case EventKind::signal:
      return "signal";
    case EventKind::tick:
      return "tick";
    case EventKind::dead_letter:
      return "dead_letter";
    case EventKind::timer:
      return event.timer.kind == stages::TimerKind::walk ? "walk" : "mark";
    case EventKind::command:
      return "command";
  }
  return {};
}

// Every call as `sequence name at log time`, times in ns since start_ns.
class RecordingLog final : public InputLog {
 public:
  std::vector<std::string> lines;
  [[nodiscard]] bool has_room() const noexcept override { return true; }
  void on_entry(std::uint64_t sequence, std::int64_t log_unix_ns,
                const RawEntry& entry) noexcept override {
    note(sequence, std::string{entry.stream}, log_unix_ns);
  }
  void on_timer(std::uint64_t sequence, std::int64_t log_unix_ns,
                const stages::Timer& timer) noexcept override {
    note(sequence, timer.kind == stages::TimerKind::walk ? "walk" : "mark", log_unix_ns);
  }

 private:
  void note(std::uint64_t sequence, const std::string& what, std::int64_t log_unix_ns) {
    lines.push_back(std::to_string(sequence) + " " + what + " at " +
                    std::to_string(log_unix_ns - start_ns));
  }
};

class IngressTest : public testing::Test {
 protected:
  ScriptedSource source_;
  stages::Names names_{16, 16};
  stages::TextRing text_{12};
  RecordingLog log_;
  tests::ScriptedClock clock_;
  std::vector<Event> events_;

  void add_tick(std::int64_t after_ns) {
    source_.add_data("ticks", start_ns + after_ns, tests::object_text(tests::base_quote()));
  }
  void add_signal(std::int64_t after_ns) {
    source_.add_data("signals", start_ns + after_ns, tests::object_text(tests::base_signal()));
  }
  void add_command(std::int64_t after_ns, tests::FieldTexts fields) {
    source_.add_fields("@command", start_ns + after_ns, std::move(fields));
  }
  void add_timer(std::int64_t due_after_ns, const std::string& kind) {
    source_.add_fields("@timer", 0,
                       {{"kind", kind}, {"due", std::to_string(start_ns + due_after_ns)}});
  }
  Ingress<ScriptedSource> ingress(TimerIntervals timers = {}, bool is_tape = false,
                                  Clock* idle_clock = nullptr) {
    return {source_,
            names_,
            text_,
            {.streams = streams,
             .timers = timers,
             .is_tape = is_tape,
             .idle_clock = idle_clock,
             .tape = &log_}};
  }
  // Polls until nothing more comes; answers the events as `name at time` and the last progress.
  std::vector<std::string> drive(Ingress<ScriptedSource>& head, Progress* last = nullptr) {
    std::vector<std::string> told;
    Event event{};
    Progress progress = Progress::forwarded;
    while ((progress = head.on_poll(event)) == Progress::forwarded) {
      EXPECT_EQ(event.sequence, events_.size() + 1);
      EXPECT_EQ(event.sequence, head.sequence());
      events_.push_back(event);
      told.push_back(name_of(event) + " at " + std::to_string(event.log_unix_ns - start_ns));
      if (event.text_bytes != 0) text_.release(event.text_position, event.text_bytes);
    }
    if (last != nullptr) *last = progress;
    return told;
  }
};

using Told = std::vector<std::string>;

TEST_F(IngressTest, NumbersEveryInputOfItsStreamsAndDeadLettersToo) {
  add_tick(0);
  source_.add_data("signals", start_ns + 1, "[]");
  add_signal(2);
  add_command(3, {{"command", "halt"}});
  auto head = ingress();
  Progress last{};
  EXPECT_EQ(drive(head, &last),
            (Told{"tick at 0", "dead_letter at 1", "signal at 2", "command at 3"}));
  EXPECT_EQ(last, Progress::finished);
  EXPECT_EQ(head.fault(), IngressFault::none);
  EXPECT_EQ(head.entry_counts(), (std::vector<std::uint64_t>{2, 1}));
  EXPECT_EQ(events_[0].stream, 1);
  EXPECT_EQ(events_[1].stream, 0);
  EXPECT_EQ(events_[1].entry_ms, static_cast<std::uint64_t>(start_ns / 1'000'000));
  EXPECT_EQ(events_[3].stream, stages::no_stream);
  EXPECT_EQ(log_.lines,
            (Told{"1 ticks at 0", "2 signals at 1", "3 signals at 2", "4 @command at 3"}));
}

TEST_F(IngressTest, StampsALogTimeThatNeverGoesBack) {
  for (const std::int64_t at : {5, 3, 5, 9, -1'000'000'000, 8, 10})
    add_tick(at);
  auto head = ingress();
  EXPECT_EQ(drive(head), (Told{"tick at 5", "tick at 5", "tick at 5", "tick at 9", "tick at 9",
                               "tick at 9", "tick at 10"}));
}

TEST_F(IngressTest, KeepsTheEntrysId) {
  source_.add({"ticks",
               18'446'744'073'709'551'615U,
               7,
               start_ns,
               {{"data", tests::object_text(tests::base_quote())}}});
  auto head = ingress();
  drive(head);
  EXPECT_EQ(events_.at(0).entry_ms, 18'446'744'073'709'551'615U);
  EXPECT_EQ(events_.at(0).entry_counter, 7U);
}

TEST_F(IngressTest, PassesOverStreamsTheConfDoesNotRead) {
  source_.add_data("market.trade", start_ns + 50 * ns_per_second, "x");
  add_tick(0);
  source_.add_data("market.trade", start_ns + 40 * ns_per_day, "x");
  source_.add_data("", start_ns + 31 * ns_per_second, "x");
  source_.add_data("@other", start_ns + 31 * ns_per_second, "x");
  source_.add_data("tick", start_ns + 31 * ns_per_second, "x");
  add_tick(1);
  auto head = ingress({.walk_ns = 0, .mark_ns = 30 * ns_per_second});
  // They take no sequence number, move no time and let no timer fire.
  EXPECT_EQ(drive(head), (Told{"tick at 0", "tick at 1"}));
  EXPECT_EQ(head.unread_entry_count(), 5U);
  EXPECT_EQ(head.fault(), IngressFault::none);
  EXPECT_EQ(log_.lines.size(), 2U);
}

TEST_F(IngressTest, FiresTimersAtMultiplesOfTheirIntervalBeforeTheInputAtTheirDueTime) {
  // start_ns is a multiple of 30 s: a timer due with the first input does not fire.
  for (const std::int64_t seconds : {0, 0, 29, 30, 30, 31, 95})
    add_tick(seconds * ns_per_second);
  auto head = ingress({.walk_ns = 0, .mark_ns = 30 * ns_per_second});
  EXPECT_EQ(drive(head),
            (Told{"tick at 0", "tick at 0", "tick at 29000000000", "mark at 30000000000",
                  "tick at 30000000000", "tick at 30000000000", "tick at 31000000000",
                  "mark at 60000000000", "mark at 90000000000", "tick at 95000000000"}));
  EXPECT_EQ(events_[3].timer.index, start_ns / (30 * ns_per_second) + 1);
  EXPECT_EQ(events_[7].timer.index, start_ns / (30 * ns_per_second) + 2);
  EXPECT_EQ(events_[3].stream, stages::no_stream);
  EXPECT_EQ(events_[3].symbol, stages::no_id);
  EXPECT_EQ(events_[3].text_bytes, 0);
  EXPECT_EQ(log_.lines[3], "4 mark at 30000000000");
}

TEST_F(IngressTest, CountsIntervalsFromTheEpochNotFromTheFirstInput) {
  add_tick(17 * ns_per_second + 5);
  add_tick(31 * ns_per_second);
  auto head = ingress({.walk_ns = 0, .mark_ns = 7 * ns_per_second});
  // 1,768,212,000 s = 7 x 252,601,714 + 2: multiples of 7 s lie at -2, 5, 12, 19, 26, 33.
  EXPECT_EQ(drive(head), (Told{"tick at 17000000005", "mark at 19000000000", "mark at 26000000000",
                               "tick at 31000000000"}));
}

TEST_F(IngressTest, LetsTheWalkGoBeforeTheMarkAtTheSameTime) {
  add_tick(0);
  add_tick(30 * ns_per_second);
  auto head = ingress({.walk_ns = 15 * ns_per_second, .mark_ns = 10 * ns_per_second});
  EXPECT_EQ(drive(head),
            (Told{"tick at 0", "mark at 10000000000", "walk at 15000000000", "mark at 20000000000",
                  "walk at 30000000000", "mark at 30000000000", "tick at 30000000000"}));
}

TEST_F(IngressTest, FiresNoTimerAfterTheLastInputAndNoneForALateOne) {
  add_tick(31 * ns_per_second);
  add_tick(-90 * ns_per_second);
  add_tick(59 * ns_per_second);
  auto head = ingress({.walk_ns = 0, .mark_ns = 30 * ns_per_second});
  EXPECT_EQ(drive(head),
            (Told{"tick at 31000000000", "tick at 31000000000", "tick at 59000000000"}));
}

TEST_F(IngressTest, FiresNoTimersWhereTheirIntervalIsZero) {
  add_tick(0);
  add_tick(ns_per_day);
  auto head = ingress();
  EXPECT_EQ(drive(head).size(), 2U);
}

TEST_F(IngressTest, FiresEveryTimerOfALongPause) {
  add_tick(1);
  add_tick(31 * ns_per_day + 1);
  auto head = ingress({.walk_ns = 0, .mark_ns = 3'600 * ns_per_second});
  EXPECT_EQ(drive(head).size(), 2U + 31 * 24);
  EXPECT_EQ(head.fault(), IngressFault::none);
}

TEST_F(IngressTest, GivesCommandsTheirPlaceAndFiresTimersBeforeThem) {
  add_tick(0);
  add_command(30 * ns_per_second, {{"command", "price"}, {"symbol", "NEW"}, {"price", "2.5"}});
  add_command(10, {{"command", "resume"}});
  auto head = ingress({.walk_ns = 0, .mark_ns = 30 * ns_per_second});
  EXPECT_EQ(drive(head), (Told{"tick at 0", "mark at 30000000000", "command at 30000000000",
                               "command at 30000000000"}));
  EXPECT_EQ(events_[2].command.kind, stages::CommandKind::price);
  EXPECT_EQ(events_[2].command.price, 250'000'000);
  EXPECT_EQ(names_.symbols.name(events_[2].symbol), "NEW");
  EXPECT_EQ(events_[2].entry_ms, 0U);
  EXPECT_EQ(events_[3].command.kind, stages::CommandKind::resume);
  EXPECT_EQ(head.broken_command_count(), 0U);
}

TEST_F(IngressTest, PassesOverCommandsThatAreNoneAndCountsThem) {
  add_tick(0);
  add_command(60 * ns_per_second, {{"command", "jump"}});
  add_command(90 * ns_per_day, {{"command", "close"}, {"symbol", "x"}});
  add_tick(1);
  auto head = ingress({.walk_ns = 0, .mark_ns = 30 * ns_per_second});
  EXPECT_EQ(drive(head), (Told{"tick at 0", "tick at 1"}));
  EXPECT_EQ(head.broken_command_count(), 2U);
  EXPECT_EQ(head.unread_entry_count(), 0U);
  EXPECT_EQ(log_.lines.size(), 2U);
}

TEST_F(IngressTest, StopsAtATimerOutsideATape) {
  add_tick(0);
  add_timer(5, "mark");
  add_tick(10);
  auto head = ingress({.walk_ns = 0, .mark_ns = 30 * ns_per_second});
  EXPECT_EQ(drive(head), (Told{"tick at 0"}));
  EXPECT_EQ(head.fault(), IngressFault::timer_outside_tape);
}

TEST_F(IngressTest, StopsAtALaterConf) {
  for (const bool is_tape : {false, true}) {
    events_.clear();
    ScriptedSource source;
    source.add_data("ticks", start_ns, tests::object_text(tests::base_quote()));
    source.add_fields("@conf", start_ns + 1, {{"engine.seed", "2"}});
    source.add_data("ticks", start_ns + 2, tests::object_text(tests::base_quote()));
    Ingress<ScriptedSource> head(source, names_, text_,
                                 {.streams = streams, .timers = {}, .is_tape = is_tape});
    EXPECT_EQ(drive(head), (Told{"tick at 0"}));
    EXPECT_EQ(head.fault(), IngressFault::second_conf);
  }
}

TEST_F(IngressTest, TakesTheTimersOfATapeAndGeneratesNone) {
  add_tick(0);
  add_timer(30 * ns_per_second, "walk");
  add_timer(30 * ns_per_second, "mark");
  add_tick(95 * ns_per_second);
  add_command(96 * ns_per_second, {{"command", "halt"}});
  auto head = ingress({.walk_ns = 5 * ns_per_second, .mark_ns = 30 * ns_per_second}, true);
  EXPECT_EQ(drive(head), (Told{"tick at 0", "walk at 30000000000", "mark at 30000000000",
                               "tick at 95000000000", "command at 96000000000"}));
  // k of a walk is its due time over the interval.
  EXPECT_EQ(events_[1].timer.index, start_ns / (5 * ns_per_second) + 6);
  EXPECT_EQ(log_.lines[1], "2 walk at 30000000000");
}

TEST_F(IngressTest, StopsAtABrokenTimerOfATape) {
  add_tick(0);
  source_.add_fields("@timer", start_ns, {{"kind", "walk"}});
  auto head = ingress({}, true);
  EXPECT_EQ(drive(head).size(), 1U);
  EXPECT_EQ(head.fault(), IngressFault::broken_timer);
}

TEST_F(IngressTest, LetsTheIdleClockDriveTimersOnceThereWasAnInput) {
  source_.add_pause();
  add_tick(0);
  source_.add_pause();
  add_tick(50 * ns_per_second);
  auto head = ingress({.walk_ns = 0, .mark_ns = 30 * ns_per_second}, false, &clock_);
  Progress last{};
  clock_.now_unix_ns = start_ns + 70 * ns_per_second;
  EXPECT_TRUE(drive(head, &last).empty());  // nothing has come yet
  EXPECT_EQ(last, Progress::idle);
  source_.resume();
  clock_.now_unix_ns = start_ns + 29 * ns_per_second;
  EXPECT_EQ(drive(head, &last), (Told{"tick at 0"}));
  EXPECT_EQ(last, Progress::idle);
  clock_.now_unix_ns = start_ns + 60 * ns_per_second;
  EXPECT_EQ(drive(head), (Told{"mark at 30000000000", "mark at 60000000000"}));
  source_.resume();
  EXPECT_EQ(drive(head, &last), (Told{"tick at 60000000000"}));  // time does not go back
  EXPECT_EQ(last, Progress::finished);
}

TEST_F(IngressTest, WaitsWithoutAClockWhileTheSourceHasNothing) {
  add_tick(0);
  source_.add_pause();
  auto head = ingress({.walk_ns = 0, .mark_ns = ns_per_second});
  Progress last{};
  EXPECT_EQ(drive(head, &last).size(), 1U);
  EXPECT_EQ(last, Progress::idle);
  EXPECT_EQ(head.fault(), IngressFault::none);
}

// The last nanosecond of 64 bits lies in 2262; a timer behind it can never be due.
TEST_F(IngressTest, FiresNoTimerBeyondTheLastNanosecond) {
  constexpr std::int64_t last_ns = INT64_MAX;
  for (const std::int64_t at : {last_ns - 40 * ns_per_second, last_ns - 5, last_ns})
    source_.add_data("ticks", at, tests::object_text(tests::base_quote()));
  auto head = ingress({.walk_ns = 0, .mark_ns = 30 * ns_per_second});
  Told told;
  Event event{};
  for (int polls = 0; polls < 10 && head.on_poll(event) == Progress::forwarded; ++polls)
    told.push_back(name_of(event));
  // INT64_MAX is 16.854775807 s behind a multiple of 30 s: one mark between the first two.
  EXPECT_EQ(told, (Told{"tick", "mark", "tick", "tick"}));
  EXPECT_EQ(head.fault(), IngressFault::none);
}

TEST_F(IngressTest, RetriesWhileThereIsNoRoomForText) {
  stages::TextRing small(10);  // room for one text at a time
  add_signal(0);
  add_signal(1);
  Ingress<ScriptedSource> head(source_, names_, small, {.streams = streams, .timers = {}});
  Event event{};
  ASSERT_EQ(head.on_poll(event), Progress::forwarded);
  Event waiting{};
  EXPECT_EQ(head.on_poll(waiting), Progress::retry);
  EXPECT_EQ(head.sequence(), 1U);
  small.release(event.text_position, event.text_bytes);
  EXPECT_EQ(head.on_poll(waiting), Progress::forwarded);
  EXPECT_EQ(waiting.sequence, 2U);
}

}  // namespace
}  // namespace coreloop::io
