// EGRESS into a sink in memory: which entries an event makes, in which order, how they are numbered
// and labelled, and that a sink without room loses nothing.
#include "io/edge/egress.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/memory_sink.hpp"

namespace coreloop::io {
namespace {

using engine::Progress;
using stages::Event;
using stages::EventKind;
using stages::Outcome;
using stages::PositionSide;
using stages::scale;
using tests::PublishedEntry;

constexpr std::int64_t log_unix_ns = 1'768'212'000'123'456'789;

class EgressTest : public testing::Test {
 protected:
  tests::MemorySink sink_;
  stages::Names names_{8, 8};
  stages::TextRing text_{12};
  Egress<tests::MemorySink> egress_{
      sink_,
      names_,
      text_,
      {.streams = {{"in.signals", StreamKind::signals}, {"in.ticks", StreamKind::ticks}},
       .seed = 1}};

  void SetUp() override {
    ASSERT_EQ(names_.symbols.find_or_add("BTCUSDT"), 0U);
    ASSERT_EQ(names_.accounts.find_or_add("main"), 0U);
    ASSERT_EQ(names_.accounts.find_or_add("second"), 1U);
  }
  void put_text(Event& event, std::string_view text) {
    ASSERT_TRUE(text_.has_room());
    append_text(text_.claim(), text);
    event.text_bytes = static_cast<std::uint16_t>(text.size());
    event.text_position = text_.commit(event.text_bytes);
  }
  Event signal(std::string_view text = "model") {
    Event event{};
    event.sequence = 42;
    event.log_unix_ns = log_unix_ns;
    event.entry_ms = 1'768'212'000'100;
    event.entry_counter = 3;
    event.kind = EventKind::signal;
    event.is_first = event.is_last = 1;
    event.signal.confidence = 80'000'000;
    put_text(event, text);
    return event;
  }
  Event approved() {
    Event event = signal();
    event.outcome = Outcome::approved;
    event.order.number = 1;
    event.fill.quantity = 1'050'000;
    event.fill.status = stages::FillStatus::filled;
    return event;
  }
  std::vector<OutputStream> streams() const {
    std::vector<OutputStream> all;
    for (const PublishedEntry& entry : sink_.entries)
      all.push_back(entry.stream);
    return all;
  }
  static std::vector<std::string> names_of(const PublishedEntry& entry) {
    std::vector<std::string> all;
    for (const auto& [name, value] : entry.fields)
      all.push_back(name);
    return all;
  }
};

TEST_F(EgressTest, PublishesApprovalExecutionAndPositionInThatOrder) {
  Event event = approved();
  event.position_side = PositionSide::long_side;
  event.position_account = event.position_symbol = 0;
  EXPECT_EQ(egress_.on_message(event), Progress::absorbed);
  EXPECT_EQ(streams(), (std::vector{OutputStream::approvals, OutputStream::executions,
                                    OutputStream::positions}));
  const std::vector<std::string> usual{"data", "seq", "cause", "acct"};
  EXPECT_EQ(names_of(sink_.entries[0]), usual);
  EXPECT_EQ(names_of(sink_.entries[1]),
            (std::vector<std::string>{"data", "seq", "cause", "acct", "qty", "model"}));
  EXPECT_EQ(names_of(sink_.entries[2]), usual);
  for (const PublishedEntry& entry : sink_.entries) {
    EXPECT_EQ(entry.id_ms, 1'768'212'000'123U);
    EXPECT_EQ(entry.id_number, 1U);
    EXPECT_EQ(entry.log_unix_ns, log_unix_ns);
    EXPECT_EQ(entry.field("seq"), "42");
    EXPECT_EQ(entry.field("cause"), "in.signals/1768212000100-3");
    EXPECT_EQ(entry.field("acct"), "main");
  }
  EXPECT_EQ(sink_.entries[1].field("qty"), "0.0105");
  EXPECT_EQ(sink_.entries[1].field("model"), "uniform");
  EXPECT_NE(sink_.entries[0].field("data").find("\"source\": \"model\""), std::string::npos);
}

TEST_F(EgressTest, NamesTheFillModel) {
  const std::vector<std::pair<stages::SlippageModel, std::string>> models{
      {stages::SlippageModel::uniform, "uniform"},
      {stages::SlippageModel::fixed_bps, "fixed_bps"},
      {stages::SlippageModel::none, "none"}};
  for (const auto& [model, name] : models) {
    Egress<tests::MemorySink> egress(
        sink_, names_, text_, {.streams = {{"in.signals", StreamKind::signals}}, .model = model});
    Event event = approved();
    egress.on_message(event);
    EXPECT_EQ(sink_.entries.back().field("model"), name);
  }
}

TEST_F(EgressTest, SaysNothingOfHeldSignalsAndTicks) {
  Event held = signal();
  held.outcome = Outcome::held;
  held.reason = stages::Reason::hold_signal;
  EXPECT_EQ(egress_.on_message(held), Progress::absorbed);
  Event tick{};
  tick.kind = EventKind::tick;
  tick.is_first = tick.is_last = 1;
  EXPECT_EQ(egress_.on_message(tick), Progress::absorbed);
  EXPECT_TRUE(sink_.entries.empty());
  EXPECT_EQ(egress_.statistics().held, 1U);
  EXPECT_EQ(egress_.statistics().ticks, 1U);
}

TEST_F(EgressTest, PublishesARejectionWithTheNamesThatHaveNoId) {
  // TABLE_FULL of an account beyond the table, for a symbol without a price: both names are text.
  Event event = signal("NEWUSDTdesk-9model \xC3\xA9");
  event.outcome = Outcome::rejected;
  event.reason = stages::Reason::table_full;
  event.symbol = event.account = stages::no_id;
  event.symbol_text_bytes = 7;
  event.account_text_bytes = 6;
  egress_.on_message(event);
  ASSERT_EQ(streams(), (std::vector{OutputStream::rejections}));
  EXPECT_EQ(sink_.entries[0].field("acct"), "desk-9");
  EXPECT_EQ(sink_.entries[0].field("data"),
            R"({"symbol": "NEWUSDT", "action": "BUY", "confidence": 0.8, "reason": "TABLE_FULL", )"
            R"("value": 0.0, "limit": 0.0, "timestamp": "2026-01-12T10:00:00.123456Z", )"
            R"("source": "model \u00e9"})");
}

TEST_F(EgressTest, PublishesADeadLetterWithoutAccount) {
  Event event = signal("{\"a\":\xFF}");
  event.kind = EventKind::dead_letter;
  event.stream = 1;
  event.account = event.symbol = stages::no_id;
  event.dead_letter = {
      .offset = 5, .payload_crc32 = 77, .code = stages::DeadLetterCode::utf8, .is_tick = 1};
  egress_.on_message(event);
  ASSERT_EQ(streams(), (std::vector{OutputStream::dead_letters}));
  EXPECT_EQ(names_of(sink_.entries[0]), (std::vector<std::string>{"data", "seq", "cause"}));
  EXPECT_EQ(sink_.entries[0].field("cause"), "in.ticks/1768212000100-3");
  EXPECT_EQ(sink_.entries[0].field("data"),
            R"({"stream": "in.ticks", "id": "1768212000100-3", "code": "UTF8", "offset": 5, )"
            R"("payload": "{\"a\":\u00ff}", "payload_crc32": 77, )"
            R"("timestamp": "2026-01-12T10:00:00.123456Z"})");
}

TEST_F(EgressTest, NumbersEachStreamFromOneWithoutGaps) {
  for (int i = 0; i < 3; ++i) {
    Event event = approved();
    egress_.on_message(event);
    Event rejected = signal();
    rejected.outcome = Outcome::rejected;
    rejected.log_unix_ns += i * stages::ns_per_second;
    egress_.on_message(rejected);
  }
  std::array<std::uint64_t, output_stream_count> last{};
  for (const PublishedEntry& entry : sink_.entries)
    EXPECT_EQ(entry.id_number, ++last[static_cast<std::size_t>(entry.stream)]);
  EXPECT_EQ(egress_.entry_count(OutputStream::approvals), 3U);
  EXPECT_EQ(egress_.entry_count(OutputStream::rejections), 3U);
  EXPECT_EQ(egress_.entry_count(OutputStream::executions), 3U);
  EXPECT_EQ(egress_.entry_count(OutputStream::positions), 0U);
}

// Has the first two entries of each stream, and wants the text of none.
struct PassingSink : tests::MemorySink {
  std::vector<std::pair<OutputStream, EntryId>> passed;
  bool passes_over(OutputStream stream, EntryId id) noexcept {
    if (id.counter > 2) return false;
    passed.emplace_back(stream, id);
    return true;
  }
};

TEST_F(EgressTest, WhatTheSinkPassesOverTakesItsNumberUnwritten) {
  PassingSink sink;
  Egress<PassingSink> egress(
      sink, names_, text_,
      {.streams = {{"in.signals", StreamKind::signals}}, .seed = 1, .recovered_sequence = 44});
  for (std::uint64_t sequence = 42; sequence <= 46; ++sequence) {
    Event event = approved();
    event.sequence = sequence;
    EXPECT_EQ(egress.on_message(event), Progress::absorbed);
  }
  const EntryId first{1'768'212'000'123, 1};
  const EntryId second{1'768'212'000'123, 2};
  EXPECT_EQ(sink.passed,
            (std::vector<std::pair<OutputStream, EntryId>>{{OutputStream::approvals, first},
                                                           {OutputStream::executions, first},
                                                           {OutputStream::approvals, second},
                                                           {OutputStream::executions, second}}));
  ASSERT_EQ(sink.entries.size(), 6U);
  EXPECT_EQ(sink.entries[0].stream, OutputStream::approvals);
  EXPECT_EQ(sink.entries[0].id_number, 3U);
  EXPECT_EQ(sink.entries[0].field("seq"), "44");
  EXPECT_EQ(sink.entries[5].id_number, 5U);
  EXPECT_EQ(egress.entry_count(OutputStream::executions), 5U);
}

TEST_F(EgressTest, OfNewInputsNothingIsPassedOver) {
  PassingSink sink;
  Egress<PassingSink> egress(sink, names_, text_,
                             {.streams = {{"in.signals", StreamKind::signals}}, .seed = 1});
  Event event = approved();
  egress.on_message(event);
  EXPECT_TRUE(sink.passed.empty());
  EXPECT_EQ(sink.entries.size(), 2U);
}

TEST_F(EgressTest, NamesTimersAndCommandsByLogTimeAndSequence) {
  Event timer{};
  timer.sequence = 9;
  timer.log_unix_ns = log_unix_ns;
  timer.kind = EventKind::timer;
  timer.stream = stages::no_stream;
  timer.is_first = 1;
  timer.position_side = PositionSide::short_side;
  timer.position_account = 1;
  egress_.on_message(timer);
  Event command = approved();
  command.kind = EventKind::command;
  command.outcome = Outcome::command_close;
  command.stream = stages::no_stream;
  command.entry_ms = command.entry_counter = 0;
  command.sequence = 10;
  egress_.on_message(command);
  ASSERT_EQ(streams(), (std::vector{OutputStream::positions, OutputStream::executions}));
  EXPECT_EQ(sink_.entries[0].field("cause"), "@timer/1768212000123-9");
  EXPECT_EQ(sink_.entries[0].field("acct"), "second");
  EXPECT_EQ(sink_.entries[1].field("cause"), "@command/1768212000123-10");
}

TEST_F(EgressTest, NumbersGoOnAboveAnIdThatIsAdopted) {
  Event first = approved();
  egress_.on_message(first);
  Event adopt{};
  adopt.kind = EventKind::command;
  adopt.is_first = adopt.is_last = 1;
  adopt.command.kind = stages::CommandKind::adopt;
  adopt.command.output = static_cast<std::uint8_t>(OutputStream::approvals);
  adopt.entry_ms = 1'768'212'000'123;
  adopt.entry_counter = 17;
  egress_.on_message(adopt);
  EXPECT_EQ(egress_.last_ids()[0], (EntryId{1'768'212'000'123, 17}));
  EXPECT_EQ(egress_.entry_count(OutputStream::approvals), 1U);
  adopt.entry_counter = 3;  // ours are further already
  egress_.on_message(adopt);
  EXPECT_EQ(egress_.last_ids()[0], (EntryId{1'768'212'000'123, 17}));
  adopt.entry_ms = 1'768'212'000'999;  // of a clock that was ahead of the log
  adopt.entry_counter = 18;
  egress_.on_message(adopt);
  EXPECT_EQ(sink_.entries.size(), 2U) << "nothing is published";
  Event second = approved();
  egress_.on_message(second);
  EXPECT_EQ(sink_.entries[2].id_number, 19U);
  EXPECT_EQ(sink_.entries[2].id_ms, 1'768'212'000'999U) << "ids never go back";
  EXPECT_EQ(sink_.entries[3].id_ms, 1'768'212'000'123U);
  EXPECT_EQ(sink_.entries[3].id_number, 2U) << "another stream";
  EXPECT_EQ(egress_.entry_count(OutputStream::approvals), 2U);
}

TEST_F(EgressTest, TellsTheVerdictOnceWhenAnInputMakesSeveralEvents) {
  Event first = approved();
  first.is_last = 0;
  first.position_side = PositionSide::closed;
  egress_.on_message(first);
  Event second = first;
  second.is_first = 0;
  second.is_last = 1;
  second.position_side = PositionSide::short_side;
  egress_.on_message(second);
  EXPECT_EQ(streams(), (std::vector{OutputStream::approvals, OutputStream::executions,
                                    OutputStream::positions, OutputStream::positions}));
  EXPECT_NE(sink_.entries[2].field("data").find("\"side\": \"CLOSED\""), std::string::npos);
  EXPECT_NE(sink_.entries[3].field("data").find("\"side\": \"SHORT\""), std::string::npos);
  EXPECT_EQ(sink_.entries[3].id_number, 2U);
  EXPECT_EQ(egress_.statistics().inputs, 1U);
  EXPECT_EQ(egress_.statistics().approved, 1U);
}

TEST_F(EgressTest, RetriesWhileTheSinkHasNoRoomAndLosesNothing) {
  Event event = approved();
  sink_.refusals = 3;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(egress_.on_message(event), Progress::retry);
  EXPECT_TRUE(sink_.entries.empty());
  EXPECT_EQ(egress_.statistics().inputs, 0U);
  EXPECT_EQ(egress_.on_message(event), Progress::absorbed);
  EXPECT_EQ(sink_.entries.size(), 2U);
  EXPECT_EQ(sink_.entries[0].id_number, 1U);
  EXPECT_EQ(egress_.statistics().inputs, 1U);
}

TEST_F(EgressTest, GivesTheTextBackWithTheLastEventOfAnInput) {
  stages::TextRing small(10);  // room for one text at a time
  Egress<tests::MemorySink> egress(sink_, names_, small,
                                   {.streams = {{"in.signals", StreamKind::signals}}});
  Event event = approved();
  append_text(small.claim(), "model");
  event.text_bytes = 5;
  event.text_position = small.commit(5);
  event.is_last = 0;
  EXPECT_FALSE(small.has_room());
  egress.on_message(event);
  EXPECT_FALSE(small.has_room());
  event.is_first = 0;
  event.is_last = 1;
  sink_.refusals = 1;
  EXPECT_EQ(egress.on_message(event), Progress::retry);
  EXPECT_FALSE(small.has_room());
  EXPECT_EQ(egress.on_message(event), Progress::absorbed);
  EXPECT_TRUE(small.has_room());
}

TEST_F(EgressTest, ShortensNoStreamNameTheConfAllows) {
  const std::string name(128, 's');
  Egress<tests::MemorySink> egress(sink_, names_, text_,
                                   {.streams = {{name, StreamKind::signals}}});
  Event event = approved();
  event.entry_ms = event.entry_counter = 18'446'744'073'709'551'615U;
  egress.on_message(event);
  EXPECT_EQ(sink_.entries[0].field("cause"), name + "/18446744073709551615-18446744073709551615");
}

}  // namespace
}  // namespace coreloop::io
