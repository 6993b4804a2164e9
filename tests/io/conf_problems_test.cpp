// What is wrong with a conf: every problem, each as `file:line:column: section.key: message`, and
// no file that brings the reader down.
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/conf/conf_keys.hpp"
#include "io/conf/engine_conf.hpp"

namespace coreloop::io {
namespace {

using namespace std::string_literals;

std::vector<std::string> problems_of(const std::string& text,
                                     const std::vector<std::string>& sets = {}) {
  std::vector<ConfOverride> overrides;
  for (const std::string& set : sets)
    overrides.push_back({set});
  EngineConf conf;
  return read_conf("engine.toml", text, overrides, conf).lines;
}

const std::string source_line = "input.source = \"capture:x\"\n";

// Exactly one problem, which begins with `start` and holds `word`.
void expect_problem(const std::string& text, const std::string& start, const std::string& word = {},
                    const std::vector<std::string>& sets = {}) {
  const std::vector<std::string> problems = problems_of(text, sets);
  ASSERT_EQ(problems.size(), 1U) << text << testing::PrintToString(problems);
  EXPECT_EQ(problems[0].substr(0, start.size()), start);
  EXPECT_NE(problems[0].find(word), std::string::npos) << problems[0];
}

TEST(ConfProblemsTest, SayFileLineColumnKeyAndWhatIsAllowed) {
  expect_problem(source_line + "\n[risk]\nmax_drawdown_pct = 1.5\n",
                 "engine.toml:4:20: risk.max_drawdown_pct: ", "from 0 to 1");
  expect_problem(source_line + "[risk]\n  sizing   =   \"kely\"\n",
                 "engine.toml:3:16: risk.sizing: ", "\"tracked_kelly\"");
  expect_problem(source_line, "--set engine.seed=-1: engine.seed: ", "whole number",
                 {"engine.seed=-1"});
}

TEST(ConfProblemsTest, SuggestTheKeyThatMayBeMeant) {
  expect_problem(source_line + "[risk]\nmin_confidence_treshold = 0.7\n",
                 "engine.toml:3:", "did you mean risk.min_confidence_threshold?");
  expect_problem(source_line + "[accounts]\nemergency_stop = true\n",
                 "engine.toml:3:", "did you mean risk.emergency_stop?");
  expect_problem(source_line + "seed = 1\n", "engine.toml:2:", "engine.seed");
  expect_problem(source_line, "--set risk.siznig=kelly: risk.siznig: ", "did you mean risk.sizing?",
                 {"risk.siznig=kelly"});
  const std::vector<std::string> far = problems_of(source_line + "[risk]\nquux = 1\n");
  ASSERT_EQ(far.size(), 1U);
  EXPECT_EQ(far[0].find("did you mean"), std::string::npos) << far[0];
}

TEST(ConfProblemsTest, NameUnknownSections) {
  expect_problem(source_line + "[riks]\nsizing = \"kelly\"\n", "engine.toml:2:", "riks");
  expect_problem("risk = 5\n" + source_line, "engine.toml:1:", "risk");
  expect_problem(source_line + "[[risk]]\nsizing = \"kelly\"\n", "engine.toml:2:", "risk");
  expect_problem(source_line + "[a.b.c]\nd = 1\n", "engine.toml:2:", "a");
}

TEST(ConfProblemsTest, ListAllThatIsWrongWithTheKeys) {
  const std::vector<std::string> problems = problems_of(
      "[risk]\nmax_drawdown_pct = 2\nemergency_stop = \"yes\"\nunknown_one = 1\nmax_daily_trades = "
      "-1\n"
      "[nowhere]\nx = 1\n[fill]\nmodel = 3\nslippage_bps = 0.00001\n",
      {"engine.seed=x y", "engine.nothing=1", "no_section=1", "rings.capacity=3"});
  std::string all;
  for (const std::string& problem : problems)
    all += problem + "\n";
  EXPECT_EQ(problems.size(), 12U) << all;
  for (const char* const start :
       {"engine.toml:2:20: risk.max_drawdown_pct: ", "engine.toml:3:18: risk.emergency_stop: ",
        "engine.toml:4:15: risk.unknown_one: ", "engine.toml:5:20: risk.max_daily_trades: ",
        "engine.toml:6:1: nowhere", "engine.toml:9:9: fill.model: ",
        "engine.toml:10:16: fill.slippage_bps: ", "--set engine.seed=x y: engine.seed: ",
        "--set engine.nothing=1: engine.nothing: ", "--set no_section=1: ",
        "--set rings.capacity=3: rings.capacity: ", "engine.toml: input.source: must be given"})
    EXPECT_NE(("\n" + all).find("\n"s + start), std::string::npos) << start << "\n" << all;
}

TEST(ConfProblemsTest, ListWhatIsWrongBetweenKeysBesideTheRest) {
  std::string all;
  for (const std::string& problem : problems_of(
           source_line + "[risk]\nunknown = 1\n[output]\napprovals = \"a\"\nrejections = \"a\"\n"))
    all += problem + "\n";
  EXPECT_NE(all.find("risk.unknown"), std::string::npos) << all;
  EXPECT_NE(all.find("output.rejections"), std::string::npos) << all;
}

// A refused value says nothing about what follows from it: one problem each, no echo.
TEST(ConfProblemsTest, ListEachWrongValueOnce) {
  const std::vector<std::string> problems =
      problems_of(source_line +
                  "[output]\napprovals = 1\nexecutions = \"@x\"\n[input.streams]\na = \"tick\"\n"
                  "[accounts]\nsymbols_max = 0\nnames = [\"a\", \"b\"]\naccounts_max = \"x\"\n");
  std::string all;
  for (const std::string& problem : problems)
    all += problem + "\n";
  EXPECT_EQ(problems.size(), 5U) << all;
}

TEST(ConfProblemsTest, RefuseValuesOfAnotherKindForEveryKey) {
  for (const ConfKey& key : conf_keys()) {
    for (const char* const value : {"2026-01-12", "12:00:00", "[[[]]]", "{ x = { y = 1 } }",
                                    "[1.5]", "\"no such word, with blanks\"", "-1", "1e300"}) {
      const bool is_free_text =
          key.full_name() == "output.tape" || key.full_name() == "redis.password_file" ||
          key.full_name() == "journal.dir" || key.full_name() == "latency.hlog" ||
          key.full_name() == "http.token_file";
      const bool is_capture = key.full_name() == "input.source";
      if (is_free_text && value[0] == '"') continue;
      const std::string text = (is_capture ? "" : source_line) + std::string{key.section} + "." +
                               std::string{key.name} + " = " + value + "\n";
      const std::vector<std::string> problems = problems_of(text);
      ASSERT_EQ(problems.size(), 1U) << text << testing::PrintToString(problems);
      const std::string start = is_capture ? "engine.toml:1:" : "engine.toml:2:";
      EXPECT_EQ(problems[0].substr(0, start.size()), start);
      EXPECT_NE(problems[0].find(": " + key.full_name() + ": must be " + key.allowed),
                std::string::npos)
          << problems[0];
    }
  }
}

TEST(ConfProblemsTest, RefuseValuesOutOfRange) {
  for (const char* const set : {"engine.seed=9223372036854775808",
                                "engine.seed=1.0",
                                "engine.seed=0x10",
                                "output.maxlen=0",
                                "latency.hlog=-",
                                "latency.hlog_interval_s=0",
                                "latency.hlog_interval_s=86401",
                                "rings.capacity=0",
                                "rings.capacity=1",
                                "rings.capacity=1000",
                                "rings.capacity=131072",
                                "accounts.accounts_max=0",
                                "accounts.symbols_max=0",
                                "accounts.positions_max=0",
                                "accounts.initial_balance=0",
                                "accounts.initial_balance=-5",
                                "accounts.initial_balance=1e10",
                                "risk.min_confidence_threshold=1.1",
                                "risk.max_drawdown_pct=-0.1",
                                "risk.stop_loss_pct=1",
                                "risk.order_rate_max=-1",
                                "risk.payoff_ratio=0",
                                "fill.max_slippage_pct=1",
                                "fill.taker_fee_pct=1",
                                "fill.lot_step={ X = 0 }",
                                "fill.lot_step={ x = 1 }",
                                "fill.lot_step={ X = -1 }",
                                "fill.lot_step={ X = \"1\" }",
                                "fill.lot_step={ X = 0.000000001 }",
                                "market.prices={ X = 0 }",
                                "mark.interval_s=-1",
                                "mark.interval_s=1.5",
                                "accounts.names=[\"a\", \"a\"]",
                                "accounts.names=[\"a b\"]",
                                "accounts.names=[1]",
                                "accounts.names=[\"\"]",
                                "accounts.names=main",
                                "input.streams={}",
                                "input.streams={ a = \"tick\" }",
                                "input.streams={ a = 1 }",
                                "input.streams={ \"@timer\" = \"ticks\" }",
                                "input.streams={ \"a b\" = \"ticks\" }",
                                "output.approvals=@x",
                                "output.approvals=",
                                "input.start=now",
                                "input.start=$$",
                                "input.start=--",
                                "input.start=1-",
                                "input.start=-1",
                                "input.start=18446744073709551616",
                                "input.source=file:x",
                                "input.source=capture:",
                                "output.sink=capture:",
                                "threads.cores=[-1]",
                                "threads.layout=manual",
                                "threads.wait=sleep",
                                "threads.spin_us=-1"}) {
    std::string text = source_line;
    const std::string key = std::string{set}.substr(0, std::string{set}.find('='));
    if (key == "input.source") text.clear();
    expect_problem(text, "--set " + std::string{set} + ": " + key + ": must be ", "", {set});
  }
}

TEST(ConfProblemsTest, NeverShowAPassword) {
  for (const char* const url : {"redis://user:secret@host:x", "http://:secret@host"}) {
    for (const std::string& problem : problems_of(source_line, {"redis.url="s + url}))
      EXPECT_EQ(problem.find("secret"), std::string::npos) << problem;
    for (const std::string& problem : problems_of(source_line + "redis.url = \"" + url + "\"\n"))
      EXPECT_EQ(problem.find("secret"), std::string::npos) << problem;
  }
}

TEST(ConfProblemsTest, RefuseToBeReachedByOtherMachinesWithoutAToken) {
  const std::string text = source_line + "[http]\nlisten = \"0.0.0.0:8080\"\n";
  EXPECT_EQ(problems_of(text),
            (std::vector<std::string>{"engine.toml:3:10: http.listen: other machines could command "
                                      "the engine: name the file of a token in http.token_file, "
                                      "or listen on this machine alone"}));
  EXPECT_TRUE(problems_of(text + "token_file = \"token\"\n").empty());
  // The services' clients know no token.
  for (const char* const key : {"risk_listen", "execution_listen", "position_listen"})
    EXPECT_EQ(problems_of(source_line + "[http]\ntoken_file = \"token\"\n" + key +
                          " = \"0.0.0.0:8003\"\n")
                  .size(),
              1u);
}

TEST(ConfProblemsTest, RefuseHostsThatAreNoNames) {
  for (const char* const hosts :
       {"[\"a:80\"]", "[\"\"]", "[\"a\", \"a\"]", "[\"http://a\"]", "[1]", "\"a\""})
    EXPECT_EQ(problems_of(source_line, {"http.hosts="s + hosts}).size(), 1u) << hosts;
  EXPECT_TRUE(problems_of(source_line, {"http.hosts=[\"trade.example\", \"10.0.0.1\"]"}).empty());
}

// The system would open another file than the one that is written there.
TEST(ConfProblemsTest, RefuseFileNamesWithANul) {
  for (const char* const key :
       {"output.tape", "redis.password_file", "journal.dir", "http.token_file"}) {
    expect_problem(source_line + key + " = \"a\\u0000b\"\n",
                   "engine.toml:2:", std::string{key} + ": must be ");
  }
  for (const char* const key : {"input.source", "output.sink"}) {
    expect_problem((key == "input.source"s ? "" : source_line) + key + " = \"capture:a\\u0000b\"\n",
                   "engine.toml:", std::string{key} + ": must be ");
  }
}

TEST(ConfProblemsTest, RefuseStreamsThatAreReadAndWritten) {
  const std::vector<std::string> keys(output_stream_words.begin(), output_stream_words.end());
  for (const std::string& key : keys) {
    for (const char* const stream : {"trade.signal.v5", "market.tick"})
      expect_problem(source_line + "[output]\n" + key + " = \"" + stream + "\"\n",
                     "engine.toml:3:" + std::to_string(key.size() + 4) + ": output." + key + ": ",
                     "input stream");
  }
}

TEST(ConfProblemsTest, RefuseTwoEqualOutputStreams) {
  const std::vector<std::string> keys(output_stream_words.begin(), output_stream_words.end());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t j = i + 1; j < keys.size(); ++j) {
      const std::vector<std::string> problems = problems_of(
          source_line + "[output]\n" + keys[i] + " = \"same\"\n" + keys[j] + " = \"same\"\n");
      ASSERT_EQ(problems.size(), 1U);
      EXPECT_NE(problems[0].find("output." + keys[i]), std::string::npos) << problems[0];
      EXPECT_NE(problems[0].find("output." + keys[j]), std::string::npos) << problems[0];
    }
  }
}

TEST(ConfProblemsTest, RefuseTablesThatAreTooSmallForTheConfItself) {
  expect_problem(source_line,
                 "--set accounts.names=[\"a\",\"b\"]: accounts.names: ", "accounts_max",
                 {"accounts.names=[\"a\",\"b\"]", "accounts.accounts_max=1"});
  expect_problem(source_line, "--set accounts.symbols_max=4: accounts.symbols_max: ", "symbols",
                 {"market.source=simulated", "accounts.symbols_max=4"});
  expect_problem(source_line, "--set input.streams={ a = \"ticks\" }: input.streams: ", "",
                 {"market.source=simulated", "input.streams={ a = \"ticks\" }"});
}

TEST(ConfProblemsTest, RefuseOverridesThatAreNotOneKeyAndValue) {
  for (const char* const set :
       {"engine.seed", "seed=1", "=1", "", "engine", "engine.seed=1\nx=2"}) {
    const std::vector<std::string> problems = problems_of(source_line, {set});
    ASSERT_EQ(problems.size(), 1U) << set;
    EXPECT_EQ(problems[0].substr(0, 6), "--set ");
  }
}

TEST(ConfProblemsTest, SayInWhichLineATextIsNoToml) {
  struct Row {
    std::string text;
    int line;
  };
  const std::vector<Row> rows{{"[risk]\nemergency_stop = true\nemergency_stop = false\n", 3},
                              {"[risk]\nmax_daily_trades = 1\n\n[risk]\n", 4},
                              {"[engine]\nseed =\n", 2},
                              {"[engine]\nseed\n", 2},
                              {"[engine\nseed = 1\n", 1},
                              {"[engine]\nseed = 01\n", 2},
                              {"[engine]\nseed = 1 2\n", 2},
                              {"[output]\n\ntape = \"open\n", 3},
                              {"[output]\ntape = \"\\q\"\n", 2},
                              {"\n\n{}\n", 3},
                              {"[risk]\nemergency_stop = yes\n", 2},
                              {"[risk]\n\0"s + "emergency_stop = true\n", 2},
                              {"[output]\ntape = \"a\0b\"\n"s, 2},
                              {"[risk]\n# caf\xE9\nemergency_stop = true\n", 2},
                              {"[output]\n\ntape = \"\xFF\"\n", 3},
                              {"[output]\ntape = \"\xED\xA0\x80\"\n", 2},
                              {"[risk]\remergency_stop = true\r", 1},
                              {std::string(1'000'000, 'x') + "\n", 1},
                              {"a = \"" + std::string(1'000'000, 'x') + "\n", 1},
                              {"[output]\ntape = " + std::string(1'000'000, '[') + "\n", 2}};
  for (const Row& row : rows) {
    const std::vector<std::string> problems = problems_of(row.text);
    ASSERT_FALSE(problems.empty()) << row.text;
    const std::string start = "engine.toml:" + std::to_string(row.line) + ":";
    EXPECT_EQ(problems[0].substr(0, start.size()), start) << row.text.substr(0, 100);
    EXPECT_LT(problems[0].size(), 1'000U);
  }
}

TEST(ConfProblemsTest, ReadALineOfOneMegabyteLikeAnyOther) {
  EXPECT_TRUE(problems_of(source_line + "# " + std::string(1'000'000, 'x') + "\nengine.seed = 1\n")
                  .empty());
  EXPECT_TRUE(problems_of(source_line + std::string(1'000'000, ' ') + "engine.seed = 1\n").empty());
}

TEST(ConfProblemsTest, TellWhatAnEmptyFileLacks) {
  for (const char* const text : {"", "\n", "# nothing\n"})
    expect_problem(text, "engine.toml: input.source: must be given", "capture:FILE");
}

// A byte order mark is an error with a line, or it changes nothing.
TEST(ConfProblemsTest, NeverReadAnotherValueBehindAByteOrderMark) {
  for (const std::string& text :
       {"risk.emergency_stop = true\n"s, "[risk]\nemergency_stop = true\n"s,
        "risk = { emergency_stop = true }\n"s}) {
    EngineConf conf;
    const std::vector<ConfOverride> source{{"input.source=capture:x"}};
    const ConfProblems problems = read_conf("engine.toml", "\xEF\xBB\xBF" + text, source, conf);
    EXPECT_TRUE(problems.any() || conf.decision.risk.emergency_stop) << text;
    if (problems.any()) {
      EXPECT_EQ(problems.lines[0].substr(0, 14), "engine.toml:1:");
    }
  }
}

// In a process of its own: a stack that runs over ends it.
TEST(ConfProblemsDeathTest, EndInAMessageHoweverDeepTheKeys) {
  const auto read = [](const std::string& text) {
    EngineConf conf;
    std::exit(read_conf("engine.toml", text, {}, conf).any() ? 78 : 0);
  };
  std::string key = "a";
  while (key.size() < 1'000'000)
    key += ".a";
  EXPECT_EXIT(read("[" + key + "]\n"), testing::ExitedWithCode(78), "");
  EXPECT_EXIT(read(key + " = 1\n"), testing::ExitedWithCode(78), "");
}

}  // namespace
}  // namespace coreloop::io
