// ReportCodec: the exact bytes of each output's `data`, as json.dumps would print the same keys.
#include "io/codec/report_codec.hpp"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/codec/checksum.hpp"

namespace coreloop::io {
namespace {

using namespace std::string_literals;
using stages::Event;
using stages::Reason;
using stages::scale;
using stages::Side;

constexpr std::int64_t log_unix_ns = 1'768'212'000'123'456'789;  // 2026-01-12T10:00:00.123456789Z

class ReportCodecTest : public testing::Test {
 protected:
  ReportCodec codec_{1};
  std::array<char, report_bytes_max> out_{};
  EventWords words_{"BTCUSDT", "main", "ensemble_v5"};

  static Event event() {
    Event event{};
    event.log_unix_ns = log_unix_ns;
    return event;
  }
  std::string text(const char* end) const { return {out_.data(), end}; }
  std::string approval(const Event& e) {
    return text(codec_.write_approval(out_.data(), e, words_));
  }
  std::string rejection(const Event& e) {
    return text(codec_.write_rejection(out_.data(), e, words_));
  }
  std::string execution(const Event& e) {
    return text(codec_.write_execution(out_.data(), e, words_));
  }
  std::string position(const Event& e) {
    return text(codec_.write_position(out_.data(), e, words_.symbol));
  }
};

Event approved() {
  Event event{};
  event.log_unix_ns = log_unix_ns;
  event.outcome = stages::Outcome::approved;
  event.signal.confidence = 80'000'000;
  event.signal.action = stages::Action::buy;
  event.order.number = 1;
  event.order.side = Side::buy;
  event.order.notional = 1'000 * scale;
  event.order.fraction = 10'000'000;
  event.order.risk_amount = 20 * scale;
  return event;
}

TEST_F(ReportCodecTest, WritesAnApproval) {
  EXPECT_EQ(approval(approved()),
            R"({"symbol": "BTCUSDT", "action": "BUY", "confidence": 0.8, )"
            R"("position_size_usd": 1000.0, "position_size_pct": 0.1, "risk_amount_usd": 20.0, )"
            R"("kelly_optimal": 0.1, "timestamp": "2026-01-12T10:00:00.123456Z", )"
            R"("source": "ensemble_v5", "approved_by": "risk_safety"})");
}

TEST_F(ReportCodecTest, ShowsTheOrdersSideForAClose) {
  Event event = approved();
  event.signal.action = stages::Action::close;
  event.signal.confidence = 100'000'000;
  event.order.side = Side::sell;
  event.order.fraction = 0;
  event.order.notional = 99'912'345'678;
  event.order.risk_amount = 1'998'246'913;
  EXPECT_EQ(approval(event),
            R"({"symbol": "BTCUSDT", "action": "SELL", "confidence": 1.0, )"
            R"("position_size_usd": 999.12345678, "position_size_pct": 0.0, )"
            R"("risk_amount_usd": 19.98246913, "kelly_optimal": 0.0, )"
            R"("timestamp": "2026-01-12T10:00:00.123456Z", "source": "ensemble_v5", )"
            R"("approved_by": "risk_safety"})");
}

TEST_F(ReportCodecTest, EscapesTheSourceAsJsonDumpsDoes) {
  words_.source = "a\"b\\c/\r\n\x1B[2J\x7F\xC3\xA9\xF0\x9F\x98\x80";
  const std::string expected =
      R"("source": "a\"b\\c/\r\n\u001b[2J\u007f\u00e9\ud83d\ude00", "approved_by")";
  EXPECT_NE(approval(approved()).find(expected), std::string::npos) << approval(approved());
  Event event = approved();
  event.reason = Reason::governer_veto;
  event.rejection = {};
  const std::string end = R"("source": "a\"b\\c/\r\n\u001b[2J\u007f\u00e9\ud83d\ude00"})";
  EXPECT_NE(rejection(event).find(end), std::string::npos) << rejection(event);
}

Event rejected(Reason reason, std::int64_t value, std::int64_t limit) {
  Event event{};
  event.log_unix_ns = log_unix_ns;
  event.outcome = stages::Outcome::rejected;
  event.signal.confidence = 60'000'000;
  event.signal.action = stages::Action::sell;
  event.reason = reason;
  event.rejection = {value, limit};
  return event;
}

TEST_F(ReportCodecTest, WritesARejection) {
  EXPECT_EQ(rejection(rejected(Reason::low_confidence, 60'000'000, 65'000'000)),
            R"({"symbol": "BTCUSDT", "action": "SELL", "confidence": 0.6, )"
            R"("reason": "LOW_CONFIDENCE", "value": 0.6, "limit": 0.65, )"
            R"("timestamp": "2026-01-12T10:00:00.123456Z", "source": "ensemble_v5"})");
}

TEST_F(ReportCodecTest, ShowsTheSignalsOwnActionOnARejection) {
  const std::vector<std::pair<stages::Action, std::string>> actions{
      {stages::Action::buy, "BUY"},
      {stages::Action::sell, "SELL"},
      {stages::Action::hold, "HOLD"},
      {stages::Action::close, "CLOSE"}};
  for (const auto& [action, name] : actions) {
    Event event = rejected(Reason::nothing_to_close, 0, 0);
    event.signal.action = action;
    const std::string start = R"({"symbol": "BTCUSDT", "action": ")" + name + R"(", "confidence")";
    EXPECT_EQ(rejection(event).substr(0, start.size()), start);
  }
}

TEST_F(ReportCodecTest, NamesEveryReasonWithNumbersInItsUnit) {
  struct Row {
    Reason reason;
    std::int64_t value, limit;
    std::string expected;
  };
  // Ages are carried in ns and shown in ms; everything else is at 1e-8.
  const std::vector<Row> rows{
      {Reason::nothing_to_close, 0, 0, R"("NOTHING_TO_CLOSE", "value": 0.0, "limit": 0.0)"},
      {Reason::duplicate_signal, 0, 0, R"("DUPLICATE_SIGNAL", "value": 0.0, "limit": 0.0)"},
      {Reason::stale_signal, 5'000'000'001, 5'000'000'000,
       R"("STALE_SIGNAL", "value": 5000.000001, "limit": 5000.0)"},
      {Reason::stale_signal, -5'000'500'000, -5'000'000'000,
       R"("STALE_SIGNAL", "value": -5000.5, "limit": -5000.0)"},
      {Reason::stale_signal, 1'768'212'000'123'456'789, 1'000'000,
       R"("STALE_SIGNAL", "value": 1768212000123.456789, "limit": 1.0)"},
      {Reason::emergency_stop_active, 0, 0,
       R"("EMERGENCY_STOP_ACTIVE", "value": 0.0, "limit": 0.0)"},
      {Reason::governer_veto, 0, 0, R"("GOVERNER_VETO", "value": 0.0, "limit": 0.0)"},
      {Reason::no_market_price, 0, 0, R"("NO_MARKET_PRICE", "value": 0.0, "limit": 0.0)"},
      {Reason::stale_market_price, 60'001'000'000, 60'000'000'000,
       R"("STALE_MARKET_PRICE", "value": 60001.0, "limit": 60000.0)"},
      {Reason::max_drawdown_exceeded, 15'000'001, 15'000'000,
       R"("MAX_DRAWDOWN_EXCEEDED", "value": 0.15000001, "limit": 0.15)"},
      {Reason::daily_trade_limit_reached, 20 * scale, 20 * scale,
       R"("DAILY_TRADE_LIMIT_REACHED", "value": 20.0, "limit": 20.0)"},
      {Reason::cooldown_active, 3 * scale / 2, 60 * scale,
       R"("COOLDOWN_ACTIVE", "value": 1.5, "limit": 60.0)"},
      {Reason::max_exposure_exceeded, 600'012'345'678, 500'000'000'000,
       R"("MAX_EXPOSURE_EXCEEDED", "value": 6000.12345678, "limit": 5000.0)"},
      {Reason::max_position_exceeded, 1, 0,
       R"("MAX_POSITION_EXCEEDED", "value": 0.00000001, "limit": 0.0)"},
      {Reason::max_order_notional, INT64_MAX, 10,
       R"("MAX_ORDER_NOTIONAL", "value": 92233720368.54775807, "limit": 0.0000001)"},
      {Reason::max_open_positions, 3 * scale, 3 * scale,
       R"("MAX_OPEN_POSITIONS", "value": 3.0, "limit": 3.0)"},
      {Reason::order_rate_exceeded, 11 * scale, 10 * scale,
       R"("ORDER_RATE_EXCEEDED", "value": 11.0, "limit": 10.0)"},
      {Reason::min_order_notional, 499'999'999, 500'000'000,
       R"("MIN_ORDER_NOTIONAL", "value": 4.99999999, "limit": 5.0)"},
      {Reason::size_zero, 0, 0, R"("SIZE_ZERO", "value": 0.0, "limit": 0.0)"},
      {Reason::table_full, 0, 0, R"("TABLE_FULL", "value": 0.0, "limit": 0.0)"},
      {Reason::overflow, 0, 0, R"("OVERFLOW", "value": 0.0, "limit": 0.0)"}};
  for (const Row& row : rows) {
    const std::string expected =
        R"({"symbol": "BTCUSDT", "action": "SELL", "confidence": 0.6, "reason": )" + row.expected +
        R"(, "timestamp": "2026-01-12T10:00:00.123456Z", "source": "ensemble_v5"})";
    EXPECT_EQ(rejection(rejected(row.reason, row.value, row.limit)), expected);
  }
}

Event filled() {
  Event event = approved();
  event.fill.price = 9'521'898'463'794;
  event.fill.quantity = 1'050'210;
  event.fill.notional = 99'999'929'856;
  event.fill.fee = 39'999'972;
  event.fill.slippage = 23'456;
  event.fill.status = stages::FillStatus::filled;
  return event;
}

TEST_F(ReportCodecTest, WritesAnExecution) {
  // order_id: 1 x 0x5DEECE66D + 1 = 0x5DEECE66E.
  EXPECT_EQ(execution(filled()),
            R"({"symbol": "BTCUSDT", "action": "BUY", "entry_price": 95218.98463794, )"
            R"("position_size_usd": 999.99929856, "leverage": 1.0, )"
            R"("timestamp": "2026-01-12T10:00:00.123456Z", "order_id": "PAPER-0005DEECE66E", )"
            R"("status": "filled", "slippage_pct": 0.00023456, "fee_usd": 0.39999972})");
}

TEST_F(ReportCodecTest, WritesAnExecutionOfQuantityZero) {
  Event event = filled();
  event.order.side = Side::sell;
  event.fill.quantity = event.fill.notional = event.fill.fee = 0;
  event.fill.slippage = 0;
  event.fill.status = stages::FillStatus::rejected;
  EXPECT_EQ(execution(event),
            R"({"symbol": "BTCUSDT", "action": "SELL", "entry_price": 95218.98463794, )"
            R"("position_size_usd": 0.0, "leverage": 1.0, )"
            R"("timestamp": "2026-01-12T10:00:00.123456Z", "order_id": "PAPER-0005DEECE66E", )"
            R"("status": "rejected", "slippage_pct": 0.0, "fee_usd": 0.0})");
}

TEST_F(ReportCodecTest, MakesOrderIdsByTheBijection) {
  struct Row {
    std::uint64_t number, seed;
    std::string id;
  };
  // (n x 0x5DEECE66D + seed) mod 2^48.
  const std::vector<Row> rows{{1, 0, "0005DEECE66D"},
                              {2, 0, "000BBDD9CCDA"},
                              {2, 7, "000BBDD9CCE1"},
                              {0x10000, 0, "DEECE66D0000"},
                              {1, 0xFFFF'FFFF'FFFF, "0005DEECE66C"},
                              {1, 0x7FFF'FFFF'FFFF'FFFF, "0005DEECE66C"}};
  for (const Row& row : rows) {
    ReportCodec codec(row.seed);
    Event event = filled();
    event.order.number = row.number;
    const std::string report = text(codec.write_execution(out_.data(), event, words_));
    EXPECT_NE(report.find("\"order_id\": \"PAPER-" + row.id + "\""), std::string::npos) << report;
  }
}

TEST_F(ReportCodecTest, WritesAPositionUpdate) {
  Event event = ReportCodecTest::event();
  event.position_side = stages::PositionSide::short_side;
  event.position = {.average_entry = 340'012'345'678,
                    .mark = 341'000'000'000,
                    .size = 100'000'000'000,
                    .unrealized_pnl = -290'450'001,
                    .realized_pnl = -1};
  words_.symbol = "ETHUSDT";
  EXPECT_EQ(position(event),
            R"({"symbol": "ETHUSDT", "side": "SHORT", "entry_price": 3400.12345678, )"
            R"("current_price": 3410.0, "size_usd": 1000.0, "unrealized_pnl": -2.90450001, )"
            R"("realized_pnl": -0.00000001, "timestamp": "2026-01-12T10:00:00.123456Z"})");
  event.position_side = stages::PositionSide::closed;
  event.position.size = event.position.unrealized_pnl = 0;
  event.position.realized_pnl = INT64_MIN;
  EXPECT_EQ(
      position(event),
      R"({"symbol": "ETHUSDT", "side": "CLOSED", "entry_price": 3400.12345678, )"
      R"("current_price": 3410.0, "size_usd": 0.0, "unrealized_pnl": 0.0, )"
      R"("realized_pnl": -92233720368.54775808, "timestamp": "2026-01-12T10:00:00.123456Z"})");
  event.position_side = stages::PositionSide::long_side;
  EXPECT_NE(position(event).find(R"("side": "LONG", )"), std::string::npos);
}

TEST_F(ReportCodecTest, WritesADeadLetter) {
  Event event = ReportCodecTest::event();
  event.kind = stages::EventKind::dead_letter;
  const std::string payload = "{\"a\":\x80\"\\\n}";
  event.dead_letter = {.offset = 0,
                       .payload_crc32 = 2860971423U,
                       .code = stages::DeadLetterCode::utf8,
                       .is_tick = 0};
  const char* const end =
      codec_.write_dead_letter(out_.data(), event, "trade.signal.v5", "1768212000123-7", payload);
  EXPECT_EQ(text(end),
            R"({"stream": "trade.signal.v5", "id": "1768212000123-7", "code": "UTF8", )"
            R"("offset": 0, "payload": "{\"a\":\u0080\"\\\n}", "payload_crc32": 2860971423, )"
            R"("timestamp": "2026-01-12T10:00:00.123456Z"})");
}

TEST_F(ReportCodecTest, NamesEveryDeadLetterCode) {
  const std::vector<std::string> codes{
      "SIZE",        "EMPTY",  "UTF8",   "JSON",      "DUPLICATE_KEY", "TYPE",      "RANGE",
      "MISSING_KEY", "SYMBOL", "ACTION", "TIMESTAMP", "ACCOUNT",       "TABLE_FULL"};
  for (std::size_t i = 0; i < codes.size(); ++i) {
    Event event = ReportCodecTest::event();
    event.dead_letter = {.offset = 4'294'967'295U,
                         .payload_crc32 = 0,
                         .code = static_cast<stages::DeadLetterCode>(i),
                         .is_tick = 1};
    const char* const end = codec_.write_dead_letter(out_.data(), event, "market.tick", "0-1", "");
    EXPECT_EQ(text(end), R"({"stream": "market.tick", "id": "0-1", "code": ")" + codes[i] +
                             R"(", "offset": 4294967295, "payload": "", "payload_crc32": 0, )"
                             R"("timestamp": "2026-01-12T10:00:00.123456Z"})");
  }
}

TEST_F(ReportCodecTest, HasRoomForTheLongestDeadLetter) {
  Event event = ReportCodecTest::event();
  event.dead_letter = {.offset = 16'383,
                       .payload_crc32 = 4'294'967'295U,
                       .code = stages::DeadLetterCode::duplicate_key,
                       .is_tick = 0};
  const std::string payload(512, '\xFF');
  // The longest stream name of the conf, every character of it escaped.
  const std::string stream(128, '"');
  const std::string id = "18446744073709551615-18446744073709551615";
  const char* const end = codec_.write_dead_letter(out_.data(), event, stream, id, payload);
  ASSERT_LE(static_cast<std::size_t>(end - out_.data()), report_bytes_max);
  std::string expected = "{\"stream\": \"";
  for (int i = 0; i < 128; ++i)
    expected += "\\\"";
  expected +=
      "\", \"id\": \"" + id + R"(", "code": "DUPLICATE_KEY", "offset": 16383, "payload": ")";
  for (int i = 0; i < 512; ++i)
    expected += "\\u00ff";
  expected += R"(", "payload_crc32": 4294967295, "timestamp": "2026-01-12T10:00:00.123456Z"})";
  EXPECT_EQ(text(end), expected);
}

TEST_F(ReportCodecTest, StaysWithinItsBoundForTheLongestWords) {
  const std::string symbol(32, 'A');
  const std::string source(64, '\x01');
  words_ = {symbol, std::string_view{"main"}, source};
  Event event = rejected(Reason::stale_market_price, INT64_MIN, INT64_MIN);
  event.signal.action = stages::Action::close;
  EXPECT_LE(rejection(event).size(), report_bytes_max);
  EXPECT_NE(rejection(event).find(R"("value": -9223372036854.775808, )"), std::string::npos);
}

TEST(ChecksumTest, IsThatOfZlibAndOfSha256) {
  // The check values of both: crc32("123456789"), and SHA-256 of "abc" and of nothing (FIPS 180-2).
  EXPECT_EQ(crc32_of("123456789"), 0xCBF43926U);
  EXPECT_EQ(crc32_of(""), 0U);
  Sha256 sha;
  EXPECT_EQ(sha.hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  sha.add("a");
  sha.add("bc");
  EXPECT_EQ(sha.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(base64_of(sha.bytes()), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
  sha.add("");
  EXPECT_EQ(sha.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace coreloop::io
