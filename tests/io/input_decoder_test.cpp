// InputDecoder: entries and commands to events, ids by first appearance, full tables, and the text
// that travels beside an event.
#include "io/edge/input_decoder.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/codec/checksum.hpp"
#include "io/edge/sink.hpp"
#include "tests/support/payload_text.hpp"

namespace coreloop::io {
namespace {

using namespace std::string_literals;
using stages::CommandKind;
using stages::Event;
using stages::EventKind;
using stages::no_id;
using tests::base_quote;
using tests::base_signal;
using tests::MemberTexts;
using tests::object_text;
using tests::with;

using Fields = std::vector<std::pair<std::string, std::string>>;

class InputDecoderTest : public testing::Test {
 protected:
  stages::Names names_{4, 3};
  stages::TextRing text_{12};
  InputDecoder decoder_{names_, text_};
  Event event_{};
  std::string kept_text_;

  static RawEntry entry_of(const Fields& fields, std::vector<RawField>& views) {
    for (const auto& [name, value] : fields)
      views.push_back({name, value});
    RawEntry entry;
    entry.fields = views;
    return entry;
  }
  void decode(const Fields& fields, StreamKind kind) {
    std::vector<RawField> views;
    const RawEntry entry = entry_of(fields, views);
    ASSERT_TRUE(text_.has_room());
    decoder_.decode_entry(entry, kind, event_);
    kept_text_ = text_.text(event_.text_position, event_.text_bytes);
    if (event_.text_bytes != 0) text_.release(event_.text_position, event_.text_bytes);
  }
  void decode_signal(const MemberTexts& members) {
    decode({{"data", object_text(members)}}, StreamKind::signals);
  }
  void decode_tick(const MemberTexts& members) {
    decode({{"data", object_text(members)}}, StreamKind::ticks);
  }
  void decode_tick_of(const std::string& symbol) {
    decode_tick(with(base_quote(), "symbol", "\"" + symbol + "\""));
  }
  bool decode_command(const Fields& fields) {
    std::vector<RawField> views;
    return decoder_.decode_command(entry_of(fields, views), event_);
  }
  bool is_dead(const std::string& code) {
    return event_.kind == EventKind::dead_letter && name_of(event_.dead_letter.code) == code;
  }
};

TEST_F(InputDecoderTest, GivesSymbolIdsInTheOrderOfTheirFirstPrice) {
  decode_tick_of("B");
  EXPECT_EQ(event_.kind, EventKind::tick);
  EXPECT_EQ(event_.symbol, 0U);
  decode_tick_of("A");
  EXPECT_EQ(event_.symbol, 1U);
  decode_tick_of("B");
  EXPECT_EQ(event_.symbol, 0U);
  ASSERT_TRUE(decode_command({{"command", "price"}, {"symbol", "C"}, {"price", "1"}}));
  EXPECT_EQ(event_.symbol, 2U);
  EXPECT_EQ(names_.symbols.name(2), "C");
}

TEST_F(InputDecoderTest, CreatesNoSymbolForASignalAndKeepsItsNameAsText) {
  decode_signal(base_signal());
  EXPECT_EQ(event_.kind, EventKind::signal);
  EXPECT_EQ(event_.symbol, no_id);
  EXPECT_EQ(names_.symbols.size(), 0U);
  EXPECT_EQ(kept_text_, "BTCUSDTmeta_v5");
  EXPECT_EQ(event_.symbol_text_bytes, 7);
  EXPECT_EQ(event_.account_text_bytes, 0);
  decode_tick(base_quote());
  decode_signal(base_signal());
  EXPECT_EQ(event_.symbol, 0U);
  EXPECT_EQ(kept_text_, "meta_v5");
  EXPECT_EQ(event_.symbol_text_bytes, 0);
}

TEST_F(InputDecoderTest, GivesAccountIdsInTheOrderOfWellFormedSignalsAndCommands) {
  decode_signal(with(base_signal(), "action", "\"HOLD\""));
  EXPECT_EQ(event_.account, 0U);
  EXPECT_EQ(names_.accounts.name(0), "main");
  // A malformed one gives none, whatever account it names.
  decode_signal(with(with(base_signal(), "account", "\"bad\""), "action", "\"x\""));
  EXPECT_TRUE(is_dead("ACTION"));
  ASSERT_TRUE(decode_command({{"command", "close"}, {"symbol", "X"}, {"account", "second"}}));
  EXPECT_EQ(event_.account, 1U);
  decode_signal(with(base_signal(), "account", "\"third\""));
  EXPECT_EQ(event_.account, 2U);
  decode_signal(with(base_signal(), "account", "\"main\""));
  EXPECT_EQ(event_.account, 0U);
}

TEST_F(InputDecoderTest, KeepsTheNameOfAnAccountBeyondTheTable) {
  for (const char* const name : {"a", "b", "c"})
    decode_signal(with(base_signal(), "account", "\"" + std::string{name} + "\""));
  decode_signal(with(base_signal(), "account", "\"fourth\""));
  EXPECT_EQ(event_.kind, EventKind::signal);
  EXPECT_EQ(event_.account, no_id);
  EXPECT_EQ(kept_text_, "BTCUSDTfourthmeta_v5");
  EXPECT_EQ(event_.symbol_text_bytes, 7);
  EXPECT_EQ(event_.account_text_bytes, 6);
  decode_tick(base_quote());
  decode_signal(with(base_signal(), "account", "\"fourth\""));
  EXPECT_EQ(kept_text_, "fourthmeta_v5");
  EXPECT_EQ(event_.symbol_text_bytes, 0);
}

TEST_F(InputDecoderTest, KeepsTheLongestWordsOfASignal) {
  for (const char* const name : {"a", "b", "c"})
    decode_signal(with(base_signal(), "account", "\"" + std::string{name} + "\""));
  const std::string symbol(32, 'S');
  const std::string account(32, 'a');
  const std::string source(64, '\x7F');
  decode_signal(with(
      with(with(base_signal(), "symbol", "\"" + symbol + "\""), "account", "\"" + account + "\""),
      "source", "\"" + source + "\""));
  EXPECT_EQ(kept_text_, symbol + account + source);
}

TEST_F(InputDecoderTest, DeadLettersATickForWhichTheTableHasNoRoom) {
  for (const char* const symbol : {"A", "B", "C", "D"}) {
    decode_tick_of(symbol);
    EXPECT_EQ(event_.kind, EventKind::tick);
  }
  decode_tick_of("E");
  EXPECT_TRUE(is_dead("TABLE_FULL"));
  EXPECT_EQ(event_.dead_letter.offset, 0U);
  EXPECT_EQ(event_.dead_letter.is_tick, 1);
  EXPECT_EQ(kept_text_, object_text(with(base_quote(), "symbol", "\"E\"")));
  decode_tick_of("D");
  EXPECT_EQ(event_.kind, EventKind::tick);
  EXPECT_EQ(event_.symbol, 3U);
  // A price command takes its place in the sequence all the same, a signal stays a signal.
  ASSERT_TRUE(decode_command({{"command", "price"}, {"symbol", "E"}, {"price", "1"}}));
  EXPECT_EQ(event_.symbol, no_id);
  decode_signal(with(base_signal(), "symbol", "\"E\""));
  EXPECT_EQ(event_.kind, EventKind::signal);
}

TEST_F(InputDecoderTest, WantsTheFieldDataExactlyOnce) {
  const std::string good = object_text(base_signal());
  const std::string long_text(16 * 1024 + 1, ' ');
  decode({{"trace", "1"}, {"data", good}, {"v", "2"}}, StreamKind::signals);
  EXPECT_EQ(event_.kind, EventKind::signal);
  decode({}, StreamKind::signals);
  EXPECT_TRUE(is_dead("EMPTY"));
  EXPECT_EQ(kept_text_, "");
  EXPECT_EQ(event_.dead_letter.payload_crc32, 0U);
  for (const std::string& name : {"Data"s, "data\0"s, ""s, "\xFF\0\xFE"s, "datax"s}) {
    decode({{name, good}}, StreamKind::signals);
    EXPECT_TRUE(is_dead("EMPTY")) << name;
    EXPECT_EQ(kept_text_, "");
  }
  decode({{"data", good}, {"x", ""}, {"data", "second"}}, StreamKind::signals);
  EXPECT_TRUE(is_dead("EMPTY"));
  EXPECT_EQ(kept_text_, good);  // the first of the two
  EXPECT_EQ(event_.dead_letter.payload_crc32, crc32_of(good));
  decode({{"data", long_text}, {"data", good}}, StreamKind::signals);
  EXPECT_TRUE(is_dead("SIZE"));
  decode({{"data", good}, {"data", long_text}}, StreamKind::signals);
  EXPECT_TRUE(is_dead("EMPTY"));
}

TEST_F(InputDecoderTest, KeepsTheFirst512BytesAndTheChecksumOfAll) {
  std::string payload;
  for (int i = 0; i < 20'000; ++i)
    payload += static_cast<char>(i % 251);
  decode({{"data", payload}}, StreamKind::ticks);
  EXPECT_TRUE(is_dead("SIZE"));
  EXPECT_EQ(kept_text_, payload.substr(0, 512));
  EXPECT_EQ(event_.dead_letter.payload_crc32, crc32_of(payload));
  EXPECT_EQ(event_.dead_letter.is_tick, 1);
  decode({{"data", payload.substr(0, 512)}}, StreamKind::signals);
  EXPECT_EQ(kept_text_.size(), 512U);
  decode({{"data", payload.substr(0, 511)}}, StreamKind::signals);
  EXPECT_EQ(kept_text_.size(), 511U);
  EXPECT_EQ(event_.dead_letter.is_tick, 0);
}

TEST_F(InputDecoderTest, DecodesTheEntryByTheStreamsKindNotByItsKeys) {
  decode({{"data", object_text(base_quote())}}, StreamKind::signals);
  EXPECT_TRUE(is_dead("MISSING_KEY"));
  decode({{"data", object_text(base_signal())}}, StreamKind::ticks);
  EXPECT_TRUE(is_dead("MISSING_KEY"));
  EXPECT_EQ(event_.account, no_id);
  EXPECT_EQ(event_.symbol, no_id);
}

TEST_F(InputDecoderTest, ReadsCommandsOfEveryForm) {
  ASSERT_TRUE(decode_command({{"command", "price"}, {"symbol", "BTCUSDT"}, {"price", "95000.5"}}));
  EXPECT_EQ(event_.kind, EventKind::command);
  EXPECT_EQ(event_.command.kind, CommandKind::price);
  EXPECT_EQ(event_.command.price, 9'500'050'000'000);
  EXPECT_EQ(event_.symbol, 0U);
  EXPECT_EQ(event_.account, no_id);
  EXPECT_EQ(event_.text_bytes, 0);
  ASSERT_TRUE(
      decode_command({{"price", "0.000000015"}, {"symbol", "BTCUSDT"}, {"command", "price"}}));
  EXPECT_EQ(event_.command.price, 2);  // half-even
  ASSERT_TRUE(decode_command({{"command", "close"}, {"symbol", "BTCUSDT"}}));
  EXPECT_EQ(event_.command.kind, CommandKind::close);
  EXPECT_EQ(names_.accounts.name(event_.account), "main");
  EXPECT_EQ(event_.symbol, 0U);
  ASSERT_TRUE(decode_command({{"command", "close"}, {"symbol", "NEVER"}, {"account", "a.b-C_9"}}));
  EXPECT_EQ(names_.accounts.name(event_.account), "a.b-C_9");
  EXPECT_EQ(event_.symbol, no_id);
  EXPECT_EQ(names_.symbols.size(), 1U);  // a close creates no symbol
  for (const auto& [word, kind] :
       std::vector<std::pair<std::string, CommandKind>>{{"halt", CommandKind::halt},
                                                        {"resume", CommandKind::resume},
                                                        {"reset", CommandKind::reset}}) {
    ASSERT_TRUE(decode_command({{"command", word}})) << word;
    EXPECT_EQ(event_.command.kind, kind);
    EXPECT_EQ(event_.account, no_id);
    EXPECT_EQ(event_.symbol, no_id);
  }
  ASSERT_TRUE(
      decode_command({{"command", "adopt"}, {"output", "executions"}, {"id", "1768212000123-45"}}));
  EXPECT_EQ(event_.command.kind, CommandKind::adopt);
  EXPECT_EQ(event_.command.output, static_cast<std::uint8_t>(OutputStream::executions));
  EXPECT_EQ(event_.entry_ms, 1'768'212'000'123U);
  EXPECT_EQ(event_.entry_counter, 45U);
  for (const char* const service : {"risk", "execution", "position"})
    EXPECT_TRUE(decode_command({{"command", "reset"}, {"service", service}})) << service;
}

TEST_F(InputDecoderTest, RefusesCommandsOfAnyOtherFormAndChangesNothing) {
  const std::vector<Fields> wrong{
      {},
      {{"command", ""}},
      {{"command", "jump"}},
      {{"command", "HALT"}},
      {{"command", "halt "}},
      {{"Command", "halt"}},
      {{"command", "halt"}, {"command", "halt"}},
      {{"command", "price"}},
      {{"command", "price"}, {"symbol", "X"}},
      {{"command", "price"}, {"price", "1"}},
      {{"command", "price"}, {"symbol", "x"}, {"price", "1"}},
      {{"command", "price"}, {"symbol", ""}, {"price", "1"}},
      {{"command", "price"}, {"symbol", std::string(33, 'X')}, {"price", "1"}},
      {{"command", "price"}, {"symbol", "X"}, {"symbol", "Y"}, {"price", "1"}},
      {{"command", "price"}, {"symbol", "X"}, {"price", "1"}, {"price", "1"}},
      {{"command", "price"}, {"symbol", "X"}, {"price", ""}},
      {{"command", "price"}, {"symbol", "X"}, {"price", "0"}},
      {{"command", "price"}, {"symbol", "X"}, {"price", "-1"}},
      {{"command", "price"}, {"symbol", "X"}, {"price", "0.000000005"}},
      {{"command", "price"}, {"symbol", "X"}, {"price", "1e308"}},
      {{"command", "price"}, {"symbol", "X"}, {"price", "92233720368.54775808"}},
      {{"command", "price"}, {"symbol", "X"}, {"price", "NaN"}},
      {{"command", "price"}, {"symbol", "X"}, {"price", "+1"}},
      {{"command", "price"}, {"symbol", "X"}, {"price", "01"}},
      {{"command", "price"}, {"symbol", "X"}, {"price", " 1"}},
      {{"command", "price"}, {"symbol", "X"}, {"price", "1 "}},
      {{"command", "price"}, {"symbol", "X"}, {"price", "\"1\""}},
      {{"command", "close"}},
      {{"command", "close"}, {"symbol", "x"}},
      {{"command", "close"}, {"symbol", "X"}, {"symbol", "X"}},
      {{"command", "close"}, {"symbol", "X"}, {"account", ""}},
      {{"command", "close"}, {"symbol", "X"}, {"account", "a b"}},
      {{"command", "close"}, {"symbol", "X"}, {"account", std::string(33, 'a')}},
      {{"command", "close"}, {"symbol", "X"}, {"account", "a"}, {"account", "a"}},
      {{"command", "adopt"}},
      {{"command", "adopt"}, {"output", "executions"}},
      {{"command", "adopt"}, {"output", "executions"}, {"id", "1"}},
      {{"command", "adopt"}, {"output", "trade.execution.res"}, {"id", "1-1"}},
      {{"command", "adopt"}, {"output", "executions"}, {"id", "1-1"}, {"id", "1-1"}}};
  for (const Fields& fields : wrong) {
    event_ = {};
    event_.sequence = 7;
    std::string told;
    for (const auto& [name, value] : fields)
      told += name + "=" + value + " ";
    EXPECT_FALSE(decode_command(fields)) << told;
    EXPECT_EQ(event_.sequence, 7U);
    EXPECT_EQ(event_.kind, EventKind::signal) << told;
    EXPECT_EQ(names_.symbols.size(), 0U) << told;
    EXPECT_EQ(names_.accounts.size(), 0U) << told;
  }
}

TEST_F(InputDecoderTest, TakesACloseForAnAccountBeyondTheTable) {
  for (const char* const name : {"a", "b", "c"})
    ASSERT_TRUE(decode_command({{"command", "close"}, {"symbol", "X"}, {"account", name}}));
  ASSERT_TRUE(decode_command({{"command", "close"}, {"symbol", "X"}, {"account", "fourth"}}));
  EXPECT_EQ(event_.account, no_id);
  EXPECT_EQ(names_.accounts.size(), 3U);
}

TEST_F(InputDecoderTest, ReadsTimers) {
  const auto decode = [](const Fields& fields, stages::Timer& timer, std::int64_t& due) {
    std::vector<RawField> views;
    return InputDecoder::decode_timer(entry_of(fields, views), timer, due);
  };
  stages::Timer timer{};
  std::int64_t due = 0;
  ASSERT_TRUE(decode({{"kind", "walk"}, {"due", "1768212000000000000"}}, timer, due));
  EXPECT_EQ(timer.kind, stages::TimerKind::walk);
  EXPECT_EQ(due, 1'768'212'000'000'000'000);
  ASSERT_TRUE(decode({{"due", "0"}, {"kind", "mark"}}, timer, due));
  EXPECT_EQ(timer.kind, stages::TimerKind::mark);
  EXPECT_EQ(due, 0);
  for (const Fields& wrong : std::vector<Fields>{{},
                                                 {{"kind", "walk"}},
                                                 {{"due", "1"}},
                                                 {{"kind", "tick"}, {"due", "1"}},
                                                 {{"kind", ""}, {"due", "1"}},
                                                 {{"kind", "walk"}, {"due", ""}},
                                                 {{"kind", "walk"}, {"due", "-1"}},
                                                 {{"kind", "walk"}, {"due", "1.0"}},
                                                 {{"kind", "walk"}, {"due", "1 "}},
                                                 {{"kind", "walk"}, {"due", " 1"}},
                                                 {{"kind", "walk"}, {"due", "9223372036854775808"}},
                                                 {{"kind", "walk"}, {"kind", "walk"}, {"due", "1"}},
                                                 {{"kind", "walk"}, {"due", "1"}, {"due", "1"}}})
    EXPECT_FALSE(decode(wrong, timer, due));
}

}  // namespace
}  // namespace coreloop::io
