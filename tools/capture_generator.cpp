// Draws by counter: splitmix64 of seed and draw number, so that nothing depends on a library's
// generator.
#include "tools/capture_generator.hpp"

#include <array>

#include "io/codec/timestamp_text.hpp"
#include "stages/event.hpp"
#include "stages/random_mix.hpp"
#include "tools/json_builder.hpp"
#include "tools/progress_line.hpp"

namespace coreloop::tools {

using stages::ns_per_ms;
using stages::ns_per_second;
using stages::scale;

namespace {

constexpr std::int64_t start_unix_ns = 1'768'212'000 * ns_per_second;  // 2026-01-12T10:00:00Z

// Start prices by magnitude: from a millionth to a hundred thousand, so that lots, dust and large
// amounts all occur.
constexpr std::array<stages::Price, 8> start_prices{
    95'000 * scale, 3'400 * scale,  185 * scale, 245 * scale / 100,
    scale / 50,     scale / 10'000, 150,         12'345'678};

}  // namespace

CaptureGenerator::CaptureGenerator(GeneratorOptions options, std::unique_ptr<io::File> file)
    : options_(options), writer_(std::move(file)), now_ns_(start_unix_ns) {
  for (std::uint32_t i = 0; i < options_.symbol_count; ++i) {
    prices_.push_back(start_prices[i % start_prices.size()] +
                      static_cast<stages::Price>(i / start_prices.size()));
  }
}

std::uint64_t CaptureGenerator::draw() {
  return stages::random_mix(options_.seed, 0x636F7265, draws_++);
}

int CaptureGenerator::write_all() {
  constexpr std::uint64_t signals_a_look = 1'024;
  ProgressLine progress;
  for (std::uint64_t i = 0; i < options_.symbol_count; ++i)
    write_tick();
  for (std::uint64_t signals = 0; signals < options_.signal_count;) {
    advance_time();
    if (chance(options_.command_share)) {
      write_command();
    } else if (chance(options_.tick_share)) {
      write_tick();
    } else {
      write_signal();
      if (++signals % signals_a_look == 0)
        progress.show(static_cast<std::uint32_t>(signals * 1000 / options_.signal_count),
                      line_count());
    }
    if (writer_.error() != 0) break;
  }
  progress.clear();
  return writer_.finish();
}

// Mostly a few milliseconds; bursts within the same millisecond; now and then minutes or hours, so
// that days change.
void CaptureGenerator::advance_time() {
  if (burst_left_ != 0) {
    --burst_left_;
    return;
  }
  const std::uint64_t kind = below(2'000);
  if (kind < 40) {
    burst_left_ = 2 + below(20);
  } else if (kind < 42) {
    now_ns_ += static_cast<std::int64_t>(below(3 * 3'600)) * ns_per_second;
  } else if (kind < 80) {
    now_ns_ += static_cast<std::int64_t>(below(120'000)) * ns_per_ms;
  } else {
    now_ns_ += static_cast<std::int64_t>(below(50'000'000));
  }
}

std::string CaptureGenerator::timestamp(std::int64_t offset_ns) {
  std::array<char, io::timestamp_bytes> text{};
  io::TimestampWriter().write(text.data(), now_ns_ + offset_ns);
  return {text.data(), text.size()};
}

std::string CaptureGenerator::symbol_name(std::uint64_t index) const {
  return "SYM" + std::to_string(index) + "USDT";
}

std::string CaptureGenerator::ratio_text(std::uint64_t max_millionths) {
  return amount_text(static_cast<stages::Int128>(below(max_millionths)) * 100);
}

std::string CaptureGenerator::signal_text() {
  constexpr std::array<std::string_view, 10> actions{"BUY",  "BUY",  "BUY",  "BUY",  "SELL",
                                                     "SELL", "SELL", "SELL", "HOLD", "CLOSE"};
  // One symbol more than there are: a signal about a symbol no tick has named.
  const std::string symbol =
      symbol_name(below(50) == 0 ? options_.symbol_count : below(options_.symbol_count));
  std::string text = "{\"symbol\": \"" + symbol + "\", \"action\": \"" +
                     std::string{actions[below(actions.size())]} + "\"";
  text += ", \"confidence\": " +
          amount_text(static_cast<stages::Int128>(550'000 + below(450'001)) * 100);
  const std::int64_t age_ns = static_cast<std::int64_t>(below(200)) * ns_per_ms;
  text += ", \"timestamp\": \"" + timestamp(below(20) == 0 ? 8 * ns_per_second : -age_ns) + "\"";
  text += below(30) == 0 ? ", \"source\": \"fl\\u00f6w \\ud83d\\ude00 \\\"v1\\\"\""
                         : ", \"source\": \"ensemble_v5\"";
  if (options_.account_count > 1 || below(4) == 0) {
    text += ", \"account\": \"acct-" + std::to_string(below(options_.account_count)) + "\"";
  }
  if (below(4) == 0)
    text +=
        ", \"meta_override\": false, \"ensemble_votes\": {\"xgb\": 0.61, \"nhits\": [1, 2, {}]}";
  if (below(12) == 0)
    text += ", \"position_size_pct\": " +
            amount_text(static_cast<stages::Int128>(1 + below(200'000)) * 100);
  if (below(12) == 0) text += ", \"stop_loss_pct\": " + ratio_text(100'000);
  if (below(12) == 0) text += ", \"max_slippage_pct\": " + ratio_text(2'000);
  if (below(25) == 0)
    text += ", \"governer_approved\": " + std::string{below(2) == 0 ? "true" : "false"};
  if (below(10) == 0) text += ", \"signal_id\": \"id-" + std::to_string(below(1'000)) + "\"";
  if (below(15) == 0) text += ", \"ttl_ms\": " + std::to_string(1 + below(300));
  if (below(40) == 0) text += ", \"note\": null";
  return text + "}";
}

std::string CaptureGenerator::tick_text() {
  const std::uint64_t index = draws_ < 2 * options_.symbol_count
                                  ? writer_.line_count() % options_.symbol_count
                                  : below(options_.symbol_count);
  stages::Price& price = prices_[index];
  // Up to 0.5 % either way, 3 % now and then: enough for losses, drawdowns and cooldowns.
  const auto width = static_cast<stages::Price>(below(20) == 0 ? 3'000'000 : 500'000);
  const auto step =
      static_cast<stages::Price>(below(static_cast<std::uint64_t>(2 * width + 1))) - width;
  price += static_cast<stages::Price>(static_cast<stages::Int128>(price) * step / scale);
  if (price < 20) price = 20;
  const std::string head = "{\"symbol\": \"" + symbol_name(index) + "\", ";
  if (below(5) == 0) return head + "\"price\": " + amount_text(price) + "}";
  const stages::Price half_spread = price / 20'000 + static_cast<stages::Price>(below(3));
  return head + "\"bid\": " + amount_text(price - half_spread) +
         ", \"ask\": " + amount_text(price + half_spread) +
         ", \"bid_size\": 1.5, \"ask_size\": 2, \"timestamp\": \"" + timestamp(0) + "\"}";
}

// One of many ways to be wrong. What comes out may by chance still be right; that is no matter.
std::string CaptureGenerator::spoiled(std::string text) {
  switch (below(12)) {
    case 0:
      return "";
    case 1:
      return text.substr(0, below(text.size()));
    case 2:
      return text + " x";
    case 3:
      text[below(text.size())] = '\xC3';
      return text;
    case 4:
      text.insert(1, "\"symbol\": \"SYM0USDT\", ");
      return text;
    case 5: {  // a number where a string must stand
      const std::size_t begin = text.find(": ") + 2;
      text.replace(begin, text.find(',', begin) - begin, "7");
      return text;
    }
    case 6:
      text.insert(text.size() - 1, ", \"extra\": [1, 2,, 3]");
      return text;
    case 7:
      text.insert(text.size() - 1, ", \"ttl_ms\": 0, \"ask_size\": -1");
      return text;
    case 8:
      text.replace(text.find("\"symbol\""), 8, "\"cymbol\"");
      return text;
    case 9:
      return "[" + text + "]";
    case 10:
      return std::string(static_cast<std::size_t>(17'000), '{');
    default:
      text[below(text.size())] = static_cast<char>(below(256));
      return text;
  }
}

void CaptureGenerator::write_signal() {
  std::string text = signal_text();
  if (chance(options_.bad_share)) text = spoiled(std::move(text));
  if (chance(options_.bad_share / 16)) {
    write_entry("trade.signal.v5", {{"data", text}, {"data", "{}"}});
  } else {
    write_entry("trade.signal.v5", {{"data", text}});
  }
}

void CaptureGenerator::write_tick() {
  std::string text = tick_text();
  if (chance(options_.bad_share)) text = spoiled(std::move(text));
  write_entry("market.tick", {{"data", text}});
}

void CaptureGenerator::write_command() {
  const std::uint64_t index = below(options_.symbol_count);
  const std::string symbol = symbol_name(index);
  const std::string account = "acct-" + std::to_string(below(options_.account_count));
  const std::string price = amount_text(prices_[index]);
  switch (below(8)) {
    case 0:
      return write_entry("@command", {{"command", "halt"}});
    case 1:
    case 2:
    case 3:
      return write_entry("@command", {{"command", "resume"}});
    case 4:
      return write_entry("@command", {{"command", "price"}, {"symbol", symbol}, {"price", price}});
    case 5:
      return write_entry("@command", {{"command", "reset"}});
    default:
      return write_entry("@command",
                         {{"command", "close"}, {"symbol", symbol}, {"account", account}});
  }
}

void CaptureGenerator::write_entry(std::string_view stream, std::vector<io::RawField> fields) {
  const auto ms = static_cast<std::uint64_t>(now_ns_ / ns_per_ms);
  counter_ = ms == last_ms_ ? counter_ + 1 : 0;
  last_ms_ = ms;
  writer_.write(stream, ms, counter_, now_ns_, fields);
}

}  // namespace coreloop::tools
