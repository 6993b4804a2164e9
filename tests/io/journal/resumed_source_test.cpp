// A run taken up from its journal: INGRESS gives the same events again, with their times and
// timers, and goes on where the live source goes on; what does not fit together stops it.
#include "io/journal/resumed_source.hpp"

#include <atomic>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/codec/checksum.hpp"
#include "io/edge/ingress.hpp"
#include "io/journal/journal.hpp"
#include "tests/support/payload_text.hpp"
#include "tests/support/scripted_clock.hpp"
#include "tests/support/scripted_source.hpp"
#include "tests/support/temp_dir.hpp"

namespace coreloop::io {
namespace {

using engine::Progress;
using stages::Event;
using stages::EventKind;
using stages::ns_per_second;

constexpr std::int64_t start_ns = 1'768'212'000 * ns_per_second;
const InputStreams streams{{"signals", StreamKind::signals}, {"ticks", StreamKind::ticks}};
constexpr TimerIntervals timers{.walk_ns = 20 * ns_per_second, .mark_ns = 30 * ns_per_second};

class ResumedSourceTest : public testing::Test {
 protected:
  using Events = std::vector<std::string>;

  void add_tick(tests::ScriptedSource& source, std::int64_t after_s) {
    source.add_data("ticks", start_ns + after_s * ns_per_second,
                    tests::object_text(tests::base_quote()));
  }

  // Everything that decides about an event, as text.
  static std::string line_of(const Event& event) {
    std::string line = std::to_string(event.sequence) + " kind " +
                       std::to_string(static_cast<int>(event.kind)) + " at " +
                       std::to_string(event.log_unix_ns - start_ns) + " of " +
                       std::to_string(event.stream) + " " + std::to_string(event.entry_ms) + "-" +
                       std::to_string(event.entry_counter);
    if (event.kind == EventKind::timer) line += " index " + std::to_string(event.timer.index);
    if (event.kind == EventKind::dead_letter) {
      line += " code " + std::to_string(static_cast<int>(event.dead_letter.code)) + " crc " +
              std::to_string(event.dead_letter.payload_crc32) + " bytes " +
              std::to_string(event.text_bytes);
    }
    return line;
  }

  // Runs INGRESS over what the journal holds and then `live`, recording.
  Events run(tests::ScriptedSource& live, TimerIntervals intervals = timers,
             IngressFault* fault = nullptr, std::span<const RawEntry> commands = {}) {
    TakenUp contents = take_up();
    RecordReader reader(dir_.path(""));
    EXPECT_TRUE(reader.open());
    JournalSource recorded(reader);
    RecordWriter writer({dir_.path(""), "test", 65'536, false});
    EXPECT_EQ(writer.open(contents.end), 0);
    Journal journal(writer);
    ResumedSource<tests::ScriptedSource> source(contents.is_empty ? nullptr : &recorded, nullptr,
                                                commands, live);
    stages::Names names(16, 16);
    stages::TextRing text(12);
    Ingress<ResumedSource<tests::ScriptedSource>> head(
        source, names, text, {.streams = streams, .timers = intervals, .journal = &journal});
    Events events;
    Event event{};
    while (head.on_poll(event) == Progress::forwarded) {
      events.push_back(line_of(event));
      if (event.text_bytes != 0) text.release(event.text_position, event.text_bytes);
    }
    if (fault != nullptr) *fault = head.fault();
    EXPECT_EQ(source.has_recovered(), head.fault() == IngressFault::none);
    EXPECT_EQ(writer.close(), 0);
    return events;
  }

  struct TakenUp {
    LogPosition end;
    bool is_empty = true;
  };

  TakenUp take_up() {
    TakenUp contents;
    RecordReader reader(dir_.path(""));
    EXPECT_TRUE(reader.open());
    Record record;
    while (reader.next(record) == RecordStatus::record)
      contents.is_empty = false;
    contents.end = reader.end();
    return contents;
  }

  tests::TempDir dir_;
};

TEST_F(ResumedSourceTest, GivesTheSameEventsAgainAndGoesOn) {
  tests::ScriptedSource first;
  add_tick(first, 5);
  first.add_data("signals", start_ns + 31 * ns_per_second,
                 tests::object_text(tests::base_signal()));
  first.add_data("signals", start_ns + 32 * ns_per_second, "no signal");
  first.add_fields("@command", start_ns + 33 * ns_per_second, {{"command", "halt"}});
  add_tick(first, 61);
  const Events before = run(first);
  EXPECT_EQ(before.size(), 5U + 3U + 2U);  // and the timers at 20, 40, 60 and 30, 60

  tests::ScriptedSource second;
  add_tick(second, 85);
  const Events after = run(second);
  ASSERT_EQ(after.size(), before.size() + 2);
  EXPECT_TRUE(std::equal(before.begin(), before.end(), after.begin()));
  EXPECT_NE(after[before.size()].find("at 80000000000"), std::string::npos);  // a walk, and no mark

  tests::ScriptedSource third;
  EXPECT_EQ(run(third), after);
}

TEST_F(ResumedSourceTest, CommandsOfAStartComeBeforeWhatIsLiveAndAreRecorded) {
  tests::ScriptedSource first;
  add_tick(first, 5);
  const Events before = run(first);
  const RawField halt[] = {{"command", "halt"}};
  const RawField resume[] = {{"command", "resume"}};
  const RawEntry commands[] = {
      {.stream = "@command", .receive_unix_ns = start_ns + 21 * ns_per_second, .fields = halt},
      {.stream = "@command", .receive_unix_ns = start_ns + 21 * ns_per_second, .fields = resume}};
  tests::ScriptedSource second;
  add_tick(second, 22);
  const Events after = run(second, timers, nullptr, commands);
  ASSERT_EQ(after.size(), before.size() + 4);  // and the timer at 20
  EXPECT_NE(after[before.size() + 1].find("kind 4 at 21000000000"), std::string::npos);
  EXPECT_NE(after.back().find("kind 1 at 22000000000"), std::string::npos) << after.back();
  tests::ScriptedSource third;
  EXPECT_EQ(run(third), after);
}

TEST_F(ResumedSourceTest, NothingGoesOnBeforeWhatWasReplayedIsRight) {
  tests::ScriptedSource first;
  add_tick(first, 5);
  static_cast<void>(run(first));
  RecordReader reader(dir_.path(""));
  ASSERT_TRUE(reader.open());
  JournalSource recorded(reader);
  tests::ScriptedSource live;
  add_tick(live, 31);
  std::atomic<bool> is_right{false};
  ResumedSource<tests::ScriptedSource> source(&recorded, &is_right, {}, live);
  stages::Names names(16, 16);
  stages::TextRing text(12);
  tests::ScriptedClock clock;
  clock.now_unix_ns = start_ns + 100 * ns_per_second;
  Ingress<ResumedSource<tests::ScriptedSource>> head(
      source, names, text, {.streams = streams, .timers = timers, .idle_clock = &clock});
  Event event{};
  EXPECT_EQ(head.on_poll(event), Progress::forwarded);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(head.on_poll(event), Progress::idle) << "timers are due, and wait";
  EXPECT_FALSE(source.has_recovered());
  is_right = true;
  EXPECT_EQ(head.on_poll(event), Progress::forwarded);
  EXPECT_EQ(event.kind, EventKind::timer);
  EXPECT_TRUE(source.has_recovered());
}

// Of two timers due at once one was recorded when the engine was killed.
TEST_F(ResumedSourceTest, FiresATimerThatWasDueAndNotRecorded) {
  {
    RecordWriter writer({dir_.path(""), "test", 65'536, false});
    ASSERT_EQ(writer.open({}), 0);
    Journal journal(writer);
    const std::string quote = tests::object_text(tests::base_quote());
    const RawField fields[] = {{"data", quote}};
    journal.on_entry(1, start_ns + 50 * ns_per_second, {.stream = "ticks", .fields = fields});
    journal.on_timer(2, start_ns + 60 * ns_per_second, {0, stages::TimerKind::walk});
    ASSERT_EQ(writer.close(), 0);
  }
  tests::ScriptedSource live;
  add_tick(live, 61);
  const Events events = run(live);
  ASSERT_EQ(events.size(), 4U);
  EXPECT_NE(events[2].find("3 kind 3 at 60000000000"), std::string::npos) << events[2];
}

TEST_F(ResumedSourceTest, StopsWhereTimersAreNotThoseOfTheConf) {
  tests::ScriptedSource first;
  add_tick(first, 5);
  add_tick(first, 61);
  run(first);
  tests::ScriptedSource none;
  IngressFault fault{};
  EXPECT_EQ(run(none, {.walk_ns = 0, .mark_ns = 30 * ns_per_second}, &fault).size(), 1U);
  EXPECT_EQ(fault, IngressFault::log_diverges);
  EXPECT_EQ(run(none, {.walk_ns = 10 * ns_per_second, .mark_ns = 0}, &fault).size(), 1U);
  EXPECT_EQ(fault, IngressFault::log_diverges);
  EXPECT_EQ(run(none, {}, &fault).size(), 1U);
  EXPECT_EQ(fault, IngressFault::log_diverges);
}

// What is longer than any input may be is not recorded whole, and decides the same.
TEST_F(ResumedSourceTest, LongEntriesDecideTheSameAgain) {
  const std::string long_text(100'000, 'x');
  const std::string signal = tests::object_text(tests::base_signal());
  tests::ScriptedSource first;
  first.add_data("signals", start_ns, long_text);
  first.add_fields("signals", start_ns, {{"other", long_text}});
  first.add_fields("signals", start_ns, {{"other", long_text}, {"data", signal}});
  first.add_fields("signals", start_ns, {{"data", long_text}, {"data", signal}});
  first.add_fields("signals", start_ns, {{"data", signal}, {"data", long_text}, {"data", ""}});
  first.add_data("ticks", start_ns, long_text);
  const Events before = run(first);
  ASSERT_EQ(before.size(), 6U);
  EXPECT_NE(before[0].find("crc " + std::to_string(crc32_of(long_text)) + " bytes 512"),
            std::string::npos)
      << before[0];
  EXPECT_NE(before[2].find("kind 0"), std::string::npos) << before[2];
  tests::ScriptedSource none;
  EXPECT_EQ(run(none), before);
}

class FullLog final : public InputLog {
 public:
  [[nodiscard]] bool has_room() const noexcept override { return !is_full; }
  void on_entry(std::uint64_t, std::int64_t, const RawEntry&) noexcept override { ++count; }
  void on_timer(std::uint64_t, std::int64_t, const stages::Timer&) noexcept override { ++count; }
  bool is_full = true;
  int count = 0;
};

TEST_F(ResumedSourceTest, NothingIsTakenWhileTheJournalHasNoRoom) {
  tests::ScriptedSource live;
  add_tick(live, 0);
  stages::Names names(16, 16);
  stages::TextRing text(12);
  FullLog log;
  Ingress<tests::ScriptedSource> head(live, names, text,
                                      {.streams = streams, .timers = {}, .journal = &log});
  Event event{};
  EXPECT_EQ(head.on_poll(event), Progress::retry);
  EXPECT_FALSE(head.can_take());
  log.is_full = false;
  EXPECT_TRUE(head.can_take());
  EXPECT_EQ(head.on_poll(event), Progress::forwarded);
  EXPECT_EQ(log.count, 1);
}

}  // namespace
}  // namespace coreloop::io
