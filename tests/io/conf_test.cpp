// The conf read: defaults, files, overrides, exact decimals, the order of tables, and that what is
// printed reads back.
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/conf/conf_keys.hpp"
#include "io/conf/engine_conf.hpp"

namespace coreloop::io {
namespace {

using stages::scale;

const std::string source_line = "[input]\nsource = \"capture:in.ndjson\"\n";

std::string told(const ConfProblems& problems) {
  std::string text;
  for (const std::string& line : problems.lines)
    text += line + "\n";
  return text;
}

// The conf of `text` and the overrides; a problem fails the test.
EngineConf conf_of(const std::string& text, const std::vector<std::string>& sets = {}) {
  std::vector<ConfOverride> overrides;
  for (const std::string& set : sets)
    overrides.push_back({set});
  EngineConf conf;
  EXPECT_EQ(told(read_conf("engine.toml", text, overrides, conf)), "") << text;
  return conf;
}

bool is_refused(const std::string& text) {
  EngineConf conf;
  return read_conf("engine.toml", source_line + text, {}, conf).any();
}

TEST(ConfTest, HasADefaultThatReadsForEveryKeyButOne) {
  std::set<std::string> names;
  for (const ConfKey& key : conf_keys()) {
    SCOPED_TRACE(key.full_name());
    EXPECT_TRUE(names.insert(key.full_name()).second) << "a key twice";
    EXPECT_FALSE(key.allowed.empty());
    EXPECT_EQ(key.default_text.empty(), key.full_name() == "input.source");
    if (key.default_text.empty()) continue;
    TomlValue root;
    TomlProblem problem;
    ASSERT_TRUE(parse_toml("value = " + std::string{key.default_text}, root, problem));
    EngineConf conf;
    EXPECT_TRUE(key.read(root.members.at(0).value, conf));
  }
}

TEST(ConfTest, TakesTheDefaultsOfThePages) {
  const EngineConf conf = conf_of(source_line);
  const stages::RiskLimits& risk = conf.decision.risk;
  EXPECT_EQ(risk.min_confidence_threshold, 65 * scale / 100);
  EXPECT_FALSE(risk.emergency_stop);
  EXPECT_EQ(risk.max_signal_age_ms, 0);
  EXPECT_EQ(risk.max_price_age_ms, 0);
  EXPECT_EQ(risk.max_drawdown_pct, 15 * scale / 100);
  EXPECT_FALSE(risk.drawdown_latch);
  EXPECT_EQ(risk.drawdown_basis, stages::DrawdownBasis::equity);
  EXPECT_EQ(risk.max_daily_trades, 20);
  EXPECT_EQ(risk.cooldown_after_loss_minutes, 60);
  EXPECT_EQ(risk.max_total_exposure_pct, scale / 2);
  EXPECT_FALSE(risk.clip_to_exposure);
  EXPECT_EQ(risk.max_symbol_exposure_pct, scale);
  EXPECT_EQ(risk.max_order_notional, 0);
  EXPECT_EQ(risk.max_open_positions, 0);
  EXPECT_EQ(risk.order_rate_max, 0);
  EXPECT_EQ(risk.min_order_notional, 0);
  EXPECT_EQ(risk.dedup_window, 65'536U);
  EXPECT_EQ(risk.on_opposite, stages::OnOpposite::close);
  EXPECT_EQ(risk.stop_loss_pct, 2 * scale / 100);
  EXPECT_EQ(risk.sizing.sizing, stages::SizingModel::kelly);
  EXPECT_EQ(risk.sizing.kelly_fraction, scale / 4);
  EXPECT_EQ(risk.sizing.payoff_ratio, 3 * scale / 2);
  EXPECT_EQ(risk.sizing.tracked_floor_pct, scale / 100);
  EXPECT_EQ(risk.sizing.max_position_size_pct, scale / 10);
  EXPECT_EQ(conf.decision.fill.model, stages::SlippageModel::uniform);
  EXPECT_EQ(conf.decision.fill.max_slippage_pct, scale / 1'000);
  EXPECT_EQ(conf.decision.fill.slippage, 5 * scale / 10'000);
  EXPECT_EQ(conf.decision.fill.taker_fee_pct, 4 * scale / 10'000);
  EXPECT_EQ(conf.decision.book.accounts_max, 1'024U);
  EXPECT_EQ(conf.decision.book.positions_max, 16'384U);
  EXPECT_EQ(conf.decision.symbols_max, 4'096U);
  EXPECT_EQ(conf.timers.mark_ns, 30 * stages::ns_per_second);
  EXPECT_EQ(conf.timers.walk_ns, 0);  // prices come from ticks
  EXPECT_EQ(conf.maxlen, 10'000);
  EXPECT_TRUE(conf.account_names.empty());
  EXPECT_TRUE(conf.symbol_names.empty());
  ASSERT_EQ(conf.streams.size(), 2U);
  EXPECT_EQ(conf.streams[0].name, "trade.signal.v5");
  EXPECT_EQ(conf.streams[0].kind, StreamKind::signals);
  EXPECT_EQ(conf.streams[1].name, "market.tick");
  EXPECT_EQ(conf.streams[1].kind, StreamKind::ticks);
  EXPECT_EQ(conf.output_names,
            (OutputStreamNames{"trade.signal.safe", "trade.signal.rejected", "trade.execution.res",
                               "trade.position.update", "trade.signal.dlq"}));
  EXPECT_EQ(conf.source, "capture:in.ndjson");
}

TEST(ConfTest, TakesTheSimulatedMarketsTableInItsOrder) {
  const EngineConf conf = conf_of(source_line, {"market.source=simulated"});
  EXPECT_EQ(conf.symbol_names,
            (std::vector<std::string>{"BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT"}));
  EXPECT_EQ(conf.decision.walk_prices,
            (std::vector<stages::Price>{95'000 * scale, 3'400 * scale, 680 * scale, 185 * scale,
                                        245 * scale / 100}));
  EXPECT_EQ(conf.decision.walk.symbol_count, 5U);
  EXPECT_EQ(conf.timers.walk_ns, 5 * stages::ns_per_second);
  ASSERT_EQ(conf.streams.size(), 1U);  // tick streams are not read
  EXPECT_EQ(conf.streams[0].name, "trade.signal.v5");
}

TEST(ConfTest, KeepsTablesInTheOrderOfTheFile) {
  const std::vector<std::string> order{"ZUSDT", "AUSDT", "MUSDT", "BUSDT"};
  for (const char* const text :
       {"[market]\nsource = \"simulated\"\n[market.prices]\nZUSDT = 1\nAUSDT = 2.5\nMUSDT = "
        "3\nBUSDT = 4\n",
        "[market]\nsource = \"simulated\"\nprices = { ZUSDT = 1, AUSDT = 2.5, MUSDT = 3, BUSDT = 4 "
        "}\n",
        "[market]\nprices.ZUSDT = 1\nprices.AUSDT = 2.5\nsource = \"simulated\"\nprices.MUSDT = 3\n"
        "prices.BUSDT = 4\n"}) {
    const EngineConf conf = conf_of(source_line + text);
    EXPECT_EQ(conf.symbol_names, order) << text;
    EXPECT_EQ(conf.decision.walk_prices,
              (std::vector<stages::Price>{scale, 5 * scale / 2, 3 * scale, 4 * scale}));
  }
  const EngineConf streams =
      conf_of(source_line, {R"(input.streams={ z = "ticks", a = "signals", m = "ticks" })"});
  ASSERT_EQ(streams.streams.size(), 3U);
  EXPECT_EQ(streams.streams[0].name, "z");
  EXPECT_EQ(streams.streams[1].name, "a");
  EXPECT_EQ(streams.streams[2].name, "m");
}

TEST(ConfTest, GivesIdsToPricesBeforeLotSteps) {
  const std::string lots = "[fill.lot_step]\nNEW = 0.001\nB = 0.5\n";
  const EngineConf ticks = conf_of(source_line + lots + "[market.prices]\nA = 1\nB = 2\n");
  EXPECT_EQ(ticks.symbol_names, (std::vector<std::string>{"NEW", "B"}));
  EXPECT_EQ(ticks.decision.lot_steps, (std::vector<stages::Quantity>{100'000, 50'000'000}));
  const EngineConf simulated =
      conf_of(source_line + lots + "[market.prices]\nA = 1\nB = 2\n", {"market.source=simulated"});
  EXPECT_EQ(simulated.symbol_names, (std::vector<std::string>{"A", "B", "NEW"}));
  EXPECT_EQ(simulated.decision.lot_steps, (std::vector<stages::Quantity>{1, 50'000'000, 100'000}));
}

TEST(ConfTest, ReadsDecimalsExactlyFromTheirText) {
  const auto confidence = [](const std::string& text) {
    return conf_of(source_line + "[risk]\nmin_confidence_threshold = " + text + "\n")
        .decision.risk.min_confidence_threshold;
  };
  EXPECT_EQ(confidence("0.64999999"), 64'999'999);
  EXPECT_EQ(confidence("0.1"), 10'000'000);
  EXPECT_EQ(confidence("0.29"), 29'000'000);  // 28999999.99… as a binary number
  EXPECT_EQ(confidence("1"), scale);
  EXPECT_EQ(confidence("1.0"), scale);
  EXPECT_EQ(confidence("0"), 0);
  EXPECT_EQ(confidence("6.5e-1"), 65'000'000);
  EXPECT_EQ(confidence("1e-8"), 1);
  EXPECT_EQ(confidence("0.650000000000"), 65'000'000);
  EXPECT_EQ(confidence("+0.6_5"), 65'000'000);
  for (const char* const text :
       {"0.6499999999999999", "0.000000001", "1e-9", "1.00000001", "-0.1", "inf", "nan", "-inf",
        "\"0.65\"", "true", "[0.65]", "{}", "2026-01-12"})
    EXPECT_TRUE(is_refused("[risk]\nmin_confidence_threshold = " + std::string{text} + "\n"))
        << text;
}

TEST(ConfTest, ReadsBasisPointsWithAtMostFourPlaces) {
  const auto slippage = [](const std::string& text) {
    return conf_of(source_line + "[fill]\nslippage_bps = " + text + "\n").decision.fill.slippage;
  };
  EXPECT_EQ(slippage("5"), 50'000);  // 5e-4
  EXPECT_EQ(slippage("0"), 0);
  EXPECT_EQ(slippage("0.0001"), 1);
  EXPECT_EQ(slippage("12.3456"), 123'456);
  EXPECT_EQ(slippage("9999.9999"), 99'999'999);
  EXPECT_EQ(slippage("2.50000"), 25'000);
  for (const char* const text : {"0.00001", "12.34567", "1e-5", "10000", "-1"})
    EXPECT_TRUE(is_refused("[fill]\nslippage_bps = " + std::string{text} + "\n")) << text;
}

TEST(ConfTest, LetsOverridesWinOverTheFile) {
  const std::string text = source_line + "[engine]\nseed = 1\n[risk]\nmax_daily_trades = 5\n";
  const EngineConf conf =
      conf_of(text, {"engine.seed=2", "engine.seed=3", "risk.emergency_stop=true",
                     "risk.max_drawdown_pct=0.25", "accounts.names=[\"b\", \"a\"]"});
  EXPECT_EQ(conf.decision.fill.seed, 3U);
  EXPECT_EQ(conf.decision.walk.seed, 3U);
  EXPECT_EQ(conf.decision.risk.max_daily_trades, 5);
  EXPECT_TRUE(conf.decision.risk.emergency_stop);
  EXPECT_EQ(conf.decision.risk.max_drawdown_pct, scale / 4);
  EXPECT_EQ(conf.account_names, (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(conf.decision.named_account_count, 2U);
}

TEST(ConfTest, TakesBareWordsOfOverridesForStrings) {
  const EngineConf conf =
      conf_of("", {"input.source=capture:/some dir/x.ndjson.gz", "risk.sizing=fixed_notional",
                   "fill.model=none", "output.tape=", "output.sink=capture:-",
                   "output.approvals=\"quoted.name\"", "input.start=1768212000123-5"});
  EXPECT_EQ(conf.source, "capture:/some dir/x.ndjson.gz");
  EXPECT_EQ(conf.decision.risk.sizing.sizing, stages::SizingModel::fixed_notional);
  EXPECT_EQ(conf.decision.fill.model, stages::SlippageModel::none);
  EXPECT_EQ(conf.tape, "");
  EXPECT_EQ(conf.sink, "capture:-");
  EXPECT_EQ(conf.output_names[0], "quoted.name");
  EXPECT_EQ(conf.start, "1768212000123-5");
}

TEST(ConfTest, TakesOverridesThatTomlReadsOtherwiseForStringsWhereAKeyTakesStrings) {
  const EngineConf conf = conf_of(source_line, {"input.start=0", "output.tape=2026-01-12",
                                                "output.approvals=7", "output.rejections=true"});
  EXPECT_EQ(conf.start, "0");
  EXPECT_EQ(conf.tape, "2026-01-12");
  EXPECT_EQ(conf.output_names[0], "7");
  EXPECT_EQ(conf.output_names[1], "true");
  EXPECT_NE(print_conf(conf, false).find("\nstart = \"0\"\n"), std::string::npos);
}

TEST(ConfTest, ListsEveryKeyWithItsEffectiveText) {
  const EngineConf conf =
      conf_of(source_line + "[risk]\nmax_drawdown_pct = 0.250\n", {"accounts.names=[\"x\"]"});
  ASSERT_EQ(conf.entries.size(), conf_keys().size());
  for (std::size_t i = 0; i < conf.entries.size(); ++i) {
    const ConfKey& key = conf_keys()[i];
    EXPECT_EQ(conf.entries[i].full_name(), key.full_name());
    EXPECT_EQ(conf.entries[i].is_decision, key.is_decision);
    const std::string name = key.full_name();
    if (key.default_text.substr(0, 1) == "{")
      continue;  // tables are printed in a form of their own
    const std::string expected = name == "risk.max_drawdown_pct" ? "0.250"
                                 : name == "accounts.names"      ? "[\"x\"]"
                                 : name == "input.source"        ? "\"capture:in.ndjson\""
                                                                 : std::string{key.default_text};
    EXPECT_EQ(conf.entries[i].text, expected) << name;
  }
}

// The conf printed, and the conf as a tape has it: name=text, one override a key.
void expect_reads_back(const EngineConf& conf) {
  const EngineConf printed = conf_of(print_conf(conf, false));
  std::vector<std::string> sets;
  for (const ConfEntry& entry : conf.entries)
    sets.push_back(entry.full_name() + "=" + entry.text);
  for (const EngineConf& again : {printed, conf_of("", sets)}) {
    EXPECT_EQ(again.prices, conf.prices);
    EXPECT_EQ(again.lot_steps, conf.lot_steps);
    EXPECT_EQ(again.account_names, conf.account_names);
    EXPECT_EQ(again.symbol_names, conf.symbol_names);
    EXPECT_EQ(again.decision.walk_prices, conf.decision.walk_prices);
    EXPECT_EQ(again.decision.fill.slippage, conf.decision.fill.slippage);
    EXPECT_EQ(again.source, conf.source);
    EXPECT_EQ(again.tape, conf.tape);
    ASSERT_EQ(again.streams.size(), conf.streams.size());
    for (std::size_t i = 0; i < conf.streams.size(); ++i) {
      EXPECT_EQ(again.streams[i].name, conf.streams[i].name);
      EXPECT_EQ(again.streams[i].kind, conf.streams[i].kind);
    }
  }
}

TEST(ConfTest, PrintsAConfThatReadsBack) {
  expect_reads_back(conf_of(source_line));
  expect_reads_back(
      conf_of("[input]\nsource = 'capture:a \"b\" \\c'\n[output]\ntape = \"\xC3\xA9\\u0001\\\"\" # "
              "comment\n"
              "[accounts]\nnames = [ \"a\", # first\n  'b',\n]\n[fill]\nslippage_bps = 1_0.5\n",
              {"market.source=simulated", "fill.lot_step={ X = 0.01, A-B = 1 }"}));
}

TEST(ConfTest, PrintsTablesWrittenAsSectionsSoThatTheyReadBack) {
  expect_reads_back(
      conf_of(source_line +
              "[input.streams]\n\"sig\" = \"signals\"\ntick = \"ticks\"\n"
              "[fill.lot_step]\nBTCUSDT = 0.001\n[market.prices]\nETHUSDT = 1\nA = 2\n"));
}

TEST(ConfTest, PrintsTablesWrittenAsDottedKeysSoThatTheyReadBack) {
  expect_reads_back(conf_of(source_line + "[market]\nprices.ETHUSDT = 1\nprices.A = 2\n"));
}

TEST(ConfTest, PrintsLargeTablesSoThatTheyReadBack) {
  std::string text = source_line + "[accounts]\nnames = [\n";
  for (int i = 0; i < 1'000; ++i)
    text += "  \"account-" + std::to_string(i) + "\",\n";
  text += "]\n[fill.lot_step]\n";
  for (int i = 0; i < 1'000; ++i)
    text += "SYMBOL" + std::to_string(i) + "USDT = 0.001\n";
  expect_reads_back(conf_of(text));
}

TEST(ConfTest, TakesManyNamesOnOneLine) {
  std::string names = "[";
  for (int i = 0; i < 1'000; ++i)
    names += (i == 0 ? "\"account-" : ", \"account-") + std::to_string(i) + "\"";
  EXPECT_EQ(conf_of(source_line + "[accounts]\nnames = " + names + "]\n").account_names.size(),
            1'000U);
  EXPECT_EQ(conf_of(source_line, {"accounts.names=" + names + "]"}).account_names.size(), 1'000U);
}

TEST(ConfTest, PrintsDecisionKeysAlone) {
  const std::string text = print_conf(conf_of(source_line), true);
  EXPECT_NE(text.find("\n[risk]\nmin_confidence_threshold = 0.65\n"), std::string::npos) << text;
  for (const char* const word : {"[threads]", "[rings]", "source = \"capture", "maxlen", "tape ="})
    EXPECT_EQ(text.find(word), std::string::npos) << word;
}

TEST(ConfTest, ReadsFilesWithCarriageReturns) {
  const EngineConf conf = conf_of(
      "[input]\r\nsource = \"capture:x\"\r\n[risk]\r\nemergency_stop = true\r\n# note\r\n"
      "max_drawdown_pct = 0.2\r\n[accounts]\r\nnames = [\r\n  \"a\",\r\n]\r\n[engine]\r\nseed = "
      "7\r\n");
  EXPECT_TRUE(conf.decision.risk.emergency_stop);
  EXPECT_EQ(conf.decision.risk.max_drawdown_pct, scale / 5);
  EXPECT_EQ(conf.decision.fill.seed, 7U);
  EXPECT_EQ(conf.account_names, (std::vector<std::string>{"a"}));
  EXPECT_EQ(conf.source, "capture:x");
}

TEST(ConfTest, ReadsValuesBehindOtherCharactersOnTheLine) {
  const EngineConf conf = conf_of(
      "input.source = \"capture:x\"\n"
      "output = { tape = \"\xC3\xA9\xF0\x9F\x98\x80\", maxlen = 12 }\n"
      "\trisk . emergency_stop\t=\ttrue\t# \xC3\xA9\n");
  EXPECT_EQ(conf.maxlen, 12);
  EXPECT_EQ(conf.tape, "\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_TRUE(conf.decision.risk.emergency_stop);
}

}  // namespace
}  // namespace coreloop::io
