// INGRESS where time jumps by more than 31 days: of a capture and of a clock that is seen to do it
// a fault; of a tape, of a journal and between two runs none.
#include <string>

#include <gtest/gtest.h>

#include "io/edge/ingress.hpp"
#include "tests/support/payload_text.hpp"
#include "tests/support/scripted_clock.hpp"
#include "tests/support/scripted_source.hpp"

namespace coreloop::io {
namespace {

using engine::Progress;
using stages::Event;
using stages::ns_per_day;
using tests::ScriptedSource;

constexpr std::int64_t start_ns = 1'768'212'000 * stages::ns_per_second;  // 2026-01-12T10:00:00Z
const InputStreams streams{{"signals", StreamKind::signals}, {"ticks", StreamKind::ticks}};

class IngressJumpTest : public testing::Test {
 protected:
  void add_tick(std::int64_t after_ns) {
    source_.add_data("ticks", start_ns + after_ns, tests::object_text(tests::base_quote()));
  }

  enum class Drive { capture, tape, clock };
  Ingress<ScriptedSource> ingress(Drive drive, TimerIntervals timers = {}) {
    return {source_,
            names_,
            text_,
            {.streams = streams,
             .timers = timers,
             .is_tape = drive == Drive::tape,
             .idle_clock = drive == Drive::clock ? &clock_ : nullptr}};
  }

  /// Polls until nothing more comes; answers how many events came.
  int drive(Ingress<ScriptedSource>& head, Progress* last = nullptr) {
    int count = 0;
    Event event{};
    Progress progress = Progress::forwarded;
    while ((progress = head.on_poll(event)) == Progress::forwarded) {
      ++count;
      if (event.text_bytes != 0) text_.release(event.text_position, event.text_bytes);
    }
    if (last != nullptr) *last = progress;
    return count;
  }

  ScriptedSource source_;
  stages::Names names_{16, 16};
  stages::TextRing text_{12};
  tests::ScriptedClock clock_;
};

TEST_F(IngressJumpTest, IsRefusedOfACaptureFromTheFirstNanosecondOn) {
  add_tick(0);
  add_tick(31 * ns_per_day);
  add_tick(62 * ns_per_day + 1);
  add_tick(62 * ns_per_day);
  auto head = ingress(Drive::capture);
  Progress last{};
  EXPECT_EQ(drive(head, &last), 2);
  EXPECT_EQ(last, Progress::finished);
  EXPECT_EQ(head.fault(), IngressFault::time_jump);
  EXPECT_EQ(head.sequence(), 2U);
  Event event{};
  EXPECT_EQ(head.on_poll(event), Progress::finished);
}

TEST_F(IngressJumpTest, IsRefusedBeforeAnyTimerOfItFires) {
  add_tick(0);
  source_.add_fields("@command", start_ns + 32 * ns_per_day, {{"command", "halt"}});
  auto head = ingress(Drive::capture, {.walk_ns = 0, .mark_ns = ns_per_day});
  EXPECT_EQ(drive(head), 1);
  EXPECT_EQ(head.fault(), IngressFault::time_jump);
}

TEST_F(IngressJumpTest, IsTakenOfATape) {
  add_tick(0);
  add_tick(60 * ns_per_day);
  auto head = ingress(Drive::tape);
  EXPECT_EQ(drive(head), 2);
  EXPECT_EQ(head.fault(), IngressFault::none);
}

TEST_F(IngressJumpTest, IsTakenWithinAJournalAndBehindIt) {
  add_tick(0);
  add_tick(60 * ns_per_day);
  source_.set_recorded();
  add_tick(120 * ns_per_day);
  auto head = ingress(Drive::clock);
  EXPECT_EQ(drive(head), 3);
  EXPECT_EQ(head.fault(), IngressFault::none);
}

TEST_F(IngressJumpTest, IsNoneWhereTheClockHasShownEveryDayOfAPause) {
  add_tick(0);
  source_.add_pause();
  add_tick(60 * ns_per_day);
  auto head = ingress(Drive::clock);
  for (int day = 0; day <= 60; day += 30) {
    clock_.now_unix_ns = start_ns + day * ns_per_day;
    static_cast<void>(drive(head));
  }
  source_.resume();
  EXPECT_EQ(drive(head), 1);
  EXPECT_EQ(head.fault(), IngressFault::none);
}

TEST_F(IngressJumpTest, IsRefusedOfTheClockBetweenTwoInputs) {
  add_tick(0);
  add_tick(1);
  add_tick(32 * ns_per_day);
  auto head = ingress(Drive::clock);
  EXPECT_EQ(drive(head), 2);
  EXPECT_EQ(head.fault(), IngressFault::time_jump);
}

TEST_F(IngressJumpTest, IsRefusedOfTheClockWhileNothingComes) {
  add_tick(0);
  add_tick(1);
  source_.add_pause();
  auto head = ingress(Drive::clock, {.walk_ns = 0, .mark_ns = ns_per_day});
  clock_.now_unix_ns = start_ns + 32 * ns_per_day;
  Progress last{};
  EXPECT_EQ(drive(head, &last), 2);
  EXPECT_EQ(last, Progress::finished);
  EXPECT_EQ(head.fault(), IngressFault::time_jump);
}

TEST_F(IngressJumpTest, IsNoneWhereTheClockComesBackFromLongAgo) {
  add_tick(0);
  add_tick(1);
  add_tick(-start_ns);
  add_tick(2);
  auto head = ingress(Drive::clock);
  EXPECT_EQ(drive(head), 4);
  EXPECT_EQ(head.fault(), IngressFault::none);
}

}  // namespace
}  // namespace coreloop::io
