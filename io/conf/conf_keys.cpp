// The rows of the conf's key table.
#include "io/conf/conf_keys.hpp"

#include <vector>

#include "io/codec/field_reader.hpp"
#include "io/conf/conf_rules.hpp"
#include "io/conf/conf_values.hpp"
#include "io/edge/entry_id.hpp"

namespace coreloop::io {
namespace {

using stages::RiskLimits;

constexpr bool decides = true;
constexpr bool presents = false;

RiskLimits& risk(EngineConf& conf) {
  return conf.decision.risk;
}
stages::SizingLimits& sizing(EngineConf& conf) {
  return conf.decision.risk.sizing;
}
stages::FillCosts& fill(EngineConf& conf) {
  return conf.decision.fill;
}

std::vector<ConfKey> make_keys() {
  std::vector<ConfKey> keys;
  std::string_view section;
  const auto add = [&](std::string_view name, std::string_view default_text, bool is_decision,
                       ConfRule rule) {
    keys.push_back(
        {section, name, default_text, std::move(rule.allowed), is_decision, std::move(rule.read)});
  };
  const auto ratio = [](std::int64_t RiskLimits::*field, std::string_view max) {
    return decimal_rule("0", max, RangeEnds::closed,
                        [field](EngineConf& c, std::int64_t v) { risk(c).*field = v; });
  };
  const auto money = [](std::int64_t RiskLimits::*field) {
    return decimal_rule("0", "1000000000", RangeEnds::closed,
                        [field](EngineConf& c, std::int64_t v) { risk(c).*field = v; });
  };
  const auto count = [](std::int64_t RiskLimits::*field, std::int64_t max) {
    return integer_rule(0, max, [field](EngineConf& c, std::int64_t v) { risk(c).*field = v; });
  };
  const auto flag = [](bool RiskLimits::*field) {
    return boolean_rule([field](EngineConf& c, bool v) { risk(c).*field = v; });
  };

  section = "engine";
  add("seed", "1", decides, integer_rule(0, INT64_MAX, [](EngineConf& c, std::int64_t v) {
        c.decision.fill.seed = c.decision.walk.seed = static_cast<std::uint64_t>(v);
      }));

  section = "input";
  add("source", "", presents,
      string_rule(
          "\"redis\", or \"capture:FILE\" (\"capture:-\" reads stdin)",
          [](std::string_view text) { return text == "redis" || is_capture(text); },
          [](EngineConf& c, const std::string& v) { c.source = v; }));
  add("streams", R"({ "trade.signal.v5" = "signals", "market.tick" = "ticks" })", decides,
      streams_rule());
  add("start", "\"$\"", presents,
      string_rule(
          "\"$\", \"0\", or an entry id",
          [](std::string_view text) {
            EntryId id;
            return text == "$" || parse_entry_id(text, id, true);
          },
          [](EngineConf& c, const std::string& v) { c.start = v; }));
  add("on_rewind", "\"stop\"", presents,
      choice_rule({"stop", "skip", "take"},
                  [](EngineConf& c, std::size_t v) { c.on_rewind = static_cast<OnRewind>(v); }));

  section = "output";
  add("sink", "\"none\"", presents,
      string_rule(
          "\"none\", \"redis\", or \"capture:FILE\" (\"capture:-\" writes stdout)",
          [](std::string_view text) {
            return text == "none" || text == "redis" || is_capture(text);
          },
          [](EngineConf& c, const std::string& v) { c.sink = v; }));
  add("tape", "\"\"", presents,
      string_rule(
          "a file name, or \"\" for no tape", [](std::string_view) { return true; },
          [](EngineConf& c, const std::string& v) { c.tape = v; }));
  add("maxlen", "10000", presents,
      integer_rule(1, 1'000'000'000, [](EngineConf& c, std::int64_t v) { c.maxlen = v; }));
  const auto add_output = [&](OutputStream stream, std::string_view default_text) {
    add(name_of(stream), default_text, decides, output_name_rule(stream));
  };
  add_output(OutputStream::approvals, "\"trade.signal.safe\"");
  add_output(OutputStream::rejections, "\"trade.signal.rejected\"");
  add_output(OutputStream::executions, "\"trade.execution.res\"");
  add_output(OutputStream::positions, "\"trade.position.update\"");
  add_output(OutputStream::dead_letters, "\"trade.signal.dlq\"");

  add("bases", "{}", decides, bases_rule());

  section = "redis";
  add("url", "\"redis://127.0.0.1:6379/0\"", presents,
      string_rule("redis://[user:password@]host[:port][/db] or unix:///path; TLS is not supported",
                  is_redis_url, [](EngineConf& c, const std::string& v) { c.redis.url = v; }));
  add("password_file", "\"\"", presents,
      string_rule(
          "a file name, or \"\"", [](std::string_view) { return true; },
          [](EngineConf& c, const std::string& v) { c.redis.password_file = v; }));
  add("connect_deadline_s", "0", presents,
      integer_rule(0, 86'400,
                   [](EngineConf& c, std::int64_t v) { c.redis.connect_deadline_s = v; }));
  add("read_count", "1024", presents,
      integer_rule(1, 65'536, [](EngineConf& c, std::int64_t v) { c.redis.read_count = v; }));
  add("egress_batch_max", "512", presents,
      integer_rule(4, 16'384, [](EngineConf& c, std::int64_t v) { c.redis.egress_batch_max = v; }));
  add("strict", "false", presents,
      boolean_rule([](EngineConf& c, bool v) { c.redis.is_strict = v; }));

  section = "journal";
  add("dir", "\"journal\"", presents,
      string_rule(
          "a directory, or \"\" for no journal", [](std::string_view) { return true; },
          [](EngineConf& c, const std::string& v) { c.journal.dir = v; }));
  add("sync", "\"none\"", presents,
      choice_rule({"none", "batch"},
                  [](EngineConf& c, std::size_t v) { c.journal.syncs = v == 1; }));
  add("segment_mb", "64", presents,
      integer_rule(1, 1'024, [](EngineConf& c, std::int64_t v) { c.journal.segment_mb = v; }));
  add("segments_kept", "16", presents,
      integer_rule(0, 1'000'000,
                   [](EngineConf& c, std::int64_t v) { c.journal.segments_kept = v; }));
  add("accept_build", "false", presents,
      boolean_rule([](EngineConf& c, bool v) { c.journal.accepts_build = v; }));
  add("accept_lost_tail", "false", presents,
      boolean_rule([](EngineConf& c, bool v) { c.journal.accepts_lost_tail = v; }));

  section = "http";
  for (std::size_t i = 0; i < listener_count; ++i) {
    add(listener_keys[i], i == 0 ? "\"127.0.0.1:8080\"" : "\"\"", presents, http_listen_rule(i));
  }
  add("token_file", "\"\"", presents,
      string_rule(
          "a file name, or \"\"", [](std::string_view) { return true; },
          [](EngineConf& c, const std::string& v) { c.http.token_file = v; }));
  add("hosts", "[]", presents, http_hosts_rule());
  add("command_rate_max", "100", presents,
      integer_rule(0, 100'000, [](EngineConf& c, std::int64_t v) { c.http.command_rate_max = v; }));

  section = "latency";
  add("hlog", "\"\"", presents,
      string_rule(
          "a file name, or \"\" for none", [](std::string_view text) { return text != "-"; },
          [](EngineConf& c, const std::string& v) { c.latency.hlog = v; }));
  add("hlog_interval_s", "10", presents, integer_rule(1, 86'400, [](EngineConf& c, std::int64_t v) {
        c.latency.hlog_interval_s = v;
      }));

  section = "threads";
  add("layout", "\"auto\"", presents, layout_rule());
  add("cores", "\"auto\"", presents, cores_rule());
  add("wait", "\"adaptive\"", presents,
      choice_rule({"spin", "yield", "adaptive"},
                  [](EngineConf& c, std::size_t v) { c.threads.wait = static_cast<WaitKind>(v); }));
  add("spin_us", "50", presents,
      integer_rule(0, 1'000'000, [](EngineConf& c, std::int64_t v) { c.threads.spin_us = v; }));
  add("oversubscribe", "false", presents,
      boolean_rule([](EngineConf& c, bool v) { c.threads.oversubscribe = v; }));

  section = "rings";
  add("capacity", "1024", presents, ring_capacity_rule());

  section = "accounts";
  add("initial_balance", "10000.0", decides,
      decimal_rule("0", "1000000000", RangeEnds::above_min,
                   [](EngineConf& c, std::int64_t v) { c.decision.book.initial_balance = v; }));
  add("names", "[]", decides,
      strings_rule("a list of different account names of 1 to 32 of [A-Za-z0-9._-]", is_account,
                   65'536, [](EngineConf& c, const auto& v) { c.account_names = v; }));
  add("accounts_max", "1024", decides, integer_rule(1, 65'536, [](EngineConf& c, std::int64_t v) {
        c.decision.book.accounts_max = static_cast<std::uint32_t>(v);
      }));
  add("symbols_max", "4096", decides, integer_rule(1, 65'536, [](EngineConf& c, std::int64_t v) {
        c.decision.symbols_max = static_cast<std::uint32_t>(v);
      }));
  add("positions_max", "16384", decides,
      integer_rule(1, 1'048'576, [](EngineConf& c, std::int64_t v) {
        c.decision.book.positions_max = static_cast<std::uint32_t>(v);
      }));

  section = "risk";
  add("min_confidence_threshold", "0.65", decides,
      ratio(&RiskLimits::min_confidence_threshold, "1"));
  add("emergency_stop", "false", decides, flag(&RiskLimits::emergency_stop));
  add("max_signal_age_ms", "0", decides, count(&RiskLimits::max_signal_age_ms, 86'400'000));
  add("max_price_age_ms", "0", decides, count(&RiskLimits::max_price_age_ms, 86'400'000));
  add("max_drawdown_pct", "0.15", decides, ratio(&RiskLimits::max_drawdown_pct, "1"));
  add("drawdown_latch", "false", decides, flag(&RiskLimits::drawdown_latch));
  add("drawdown_basis", "\"equity\"", decides,
      choice_rule({"equity", "balance"}, [](EngineConf& c, std::size_t v) {
        risk(c).drawdown_basis = static_cast<stages::DrawdownBasis>(v);
      }));
  add("max_daily_trades", "20", decides, count(&RiskLimits::max_daily_trades, 1'000'000'000));
  add("cooldown_after_loss_minutes", "60", decides,
      count(&RiskLimits::cooldown_after_loss_minutes, 525'600));
  add("max_total_exposure_pct", "0.50", decides, ratio(&RiskLimits::max_total_exposure_pct, "100"));
  add("clip_to_exposure", "false", decides, flag(&RiskLimits::clip_to_exposure));
  add("max_symbol_exposure_pct", "1.0", decides,
      ratio(&RiskLimits::max_symbol_exposure_pct, "100"));
  add("max_order_notional", "0", decides, money(&RiskLimits::max_order_notional));
  add("max_open_positions", "0", decides, count(&RiskLimits::max_open_positions, 1'048'576));
  add("order_rate_max", "0", decides, count(&RiskLimits::order_rate_max, 1'000));
  add("min_order_notional", "0", decides, money(&RiskLimits::min_order_notional));
  add("dedup_window", "65536", decides,
      integer_rule(0, 16'777'216, [](EngineConf& c, std::int64_t v) {
        risk(c).dedup_window = static_cast<std::uint32_t>(v);
      }));
  add("on_opposite", "\"close\"", decides,
      choice_rule({"close", "reverse", "net"}, [](EngineConf& c, std::size_t v) {
        risk(c).on_opposite = static_cast<stages::OnOpposite>(v);
      }));
  add("stop_loss_pct", "0.02", decides,
      decimal_rule("0", "1", RangeEnds::below_max,
                   [](EngineConf& c, std::int64_t v) { risk(c).stop_loss_pct = v; }));
  add("sizing", "\"kelly\"", decides,
      choice_rule({"kelly", "fixed_fraction", "fixed_notional", "tracked_kelly"},
                  [](EngineConf& c, std::size_t v) {
                    sizing(c).sizing = static_cast<stages::SizingModel>(v);
                  }));
  const auto sizing_ratio = [](stages::Ratio stages::SizingLimits::*field) {
    return decimal_rule("0", "1", RangeEnds::closed,
                        [field](EngineConf& c, std::int64_t v) { sizing(c).*field = v; });
  };
  add("kelly_fraction", "0.25", decides, sizing_ratio(&stages::SizingLimits::kelly_fraction));
  add("payoff_ratio", "1.5", decides,
      decimal_rule("0", "1000", RangeEnds::above_min,
                   [](EngineConf& c, std::int64_t v) { sizing(c).payoff_ratio = v; }));
  add("fixed_fraction", "0.05", decides, sizing_ratio(&stages::SizingLimits::fixed_fraction));
  add("fixed_notional", "500.0", decides,
      decimal_rule("0", "1000000000", RangeEnds::closed,
                   [](EngineConf& c, std::int64_t v) { sizing(c).fixed_notional = v; }));
  add("tracked_floor_pct", "0.01", decides, sizing_ratio(&stages::SizingLimits::tracked_floor_pct));
  add("max_position_size_pct", "0.10", decides,
      sizing_ratio(&stages::SizingLimits::max_position_size_pct));

  section = "fill";
  add("model", "\"uniform\"", decides,
      choice_rule({"uniform", "fixed_bps", "none"}, [](EngineConf& c, std::size_t v) {
        fill(c).model = static_cast<stages::SlippageModel>(v);
      }));
  add("max_slippage_pct", "0.001", decides,
      decimal_rule("0", "1", RangeEnds::below_max,
                   [](EngineConf& c, std::int64_t v) { fill(c).max_slippage_pct = v; }));
  add("slippage_bps", "5", decides,
      decimal_rule(
          "0", "10000", RangeEnds::below_max,
          [](EngineConf& c, std::int64_t v) { fill(c).slippage = v / 10'000; }, 4));
  add("taker_fee_pct", "0.0004", decides,
      decimal_rule("0", "1", RangeEnds::below_max,
                   [](EngineConf& c, std::int64_t v) { fill(c).taker_fee_pct = v; }));
  add("lot_step", "{}", decides,
      symbol_numbers_rule("a table of symbol -> lot step above 0",
                          [](EngineConf& c, const auto& v) { c.lot_steps = v; }));

  section = "mark";
  add("interval_s", "30", decides, integer_rule(0, 86'400, [](EngineConf& c, std::int64_t v) {
        c.timers.mark_ns = v * stages::ns_per_second;
      }));

  section = "market";
  add("source", "\"ticks\"", decides,
      choice_rule({"ticks", "simulated"}, [](EngineConf& c, std::size_t v) {
        c.price_source = static_cast<PriceSource>(v);
      }));
  add("prices",
      "{ BTCUSDT = 95000.0, ETHUSDT = 3400.0, BNBUSDT = 680.0, SOLUSDT = 185.0, XRPUSDT = 2.45 }",
      decides,
      symbol_numbers_rule("a table of symbol -> price above 0",
                          [](EngineConf& c, const auto& v) { c.prices = v; }));
  add("walk_interval_s", "5", decides, integer_rule(0, 86'400, [](EngineConf& c, std::int64_t v) {
        c.timers.walk_ns = v * stages::ns_per_second;
      }));
  return keys;
}

}  // namespace

std::span<const ConfKey> conf_keys() {
  static const std::vector<ConfKey> keys = make_keys();
  return keys;
}

}  // namespace coreloop::io
