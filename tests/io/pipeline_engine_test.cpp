// The whole engine on one thread: a busy run whose books agree and whose signals each have one
// outcome, and its tape, which repeats it byte for byte.
#include "io/edge/pipeline_engine.hpp"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/capture/capture_source.hpp"
#include "io/capture/tape.hpp"
#include "tests/support/busy_script.hpp"
#include "tests/support/engine_run.hpp"
#include "tests/support/memory_file.hpp"
#include "tests/support/memory_sink.hpp"
#include "tests/support/scripted_clock.hpp"
#include "tests/support/temp_dir.hpp"
#include "tools/engine_setup.hpp"

namespace coreloop::io {
namespace {

using engine::StepResult;
using tests::BusyScript;
using tests::EngineRun;
using tests::ScriptedSource;

constexpr int input_count = 20'000;

struct RunBytes {
  std::string output;
  std::string tape;
};

// Runs to the end of `source` with a tape, `between` whenever the source has nothing to give.
template <class SourceType, class Between>
RunBytes run_with_tape(const EngineConf& conf, SourceType& source, IngressOptions options,
                       const Between& between) {
  tests::MemoryFilePair output;
  tests::MemoryFilePair tape_file;
  CaptureSink sink(std::move(output.file), conf.output_names);
  Tape tape(std::move(tape_file.file));
  tools::give_tape_conf(conf, tape);
  options.tape = &tape;
  EngineRun<SourceType, CaptureSink> run(conf, source, sink, options);
  while (run.run() == StepResult::idle)
    between();
  EXPECT_EQ(run.engine().ingress().fault(), IngressFault::none);
  EXPECT_TRUE(run.engine().egress().statistics().is_balanced());
  EXPECT_EQ(run.engine().risk().book().hash(), run.engine().mark().book().hash());
  EXPECT_EQ(sink.finish(), 0);
  EXPECT_EQ(tape.finish(), 0);
  return {output.content->bytes, tape_file.content->bytes};
}

RunBytes replay_of(const std::string& tape_bytes) {
  const tests::TempDir dir;
  int error = 0;
  CaptureSource source(GzipReader::open(dir.write("tape.ndjson", tape_bytes), error), {});
  RawEntry first;
  EXPECT_TRUE(source.begins_with_conf(first));
  std::vector<std::string> settings{"input.source=capture:none"};
  for (const RawField& field : first.fields)
    settings.push_back(std::string{field.name} + "=" + std::string{field.value});
  source.consume();
  IngressOptions options;
  options.is_tape = true;
  const RunBytes bytes = run_with_tape(tests::conf_of(settings), source, options, [] {});
  EXPECT_EQ(source.broken_line_count(), 0U);
  EXPECT_EQ(source.damage(), "");
  return bytes;
}

std::size_t count_of(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
    ++count;
  return count;
}

void expect_same(const RunBytes& replayed, const RunBytes& original) {
  // Compared as a whole; the texts are too long to print.
  EXPECT_TRUE(replayed.output == original.output);
  EXPECT_TRUE(replayed.tape == original.tape) << "the tape of a tape";
}

TEST(PipelineEngineTest, GivesEverySignalOneOutcomeInABusyRun) {
  const EngineConf conf = tests::conf_of(tests::busy_settings());
  ScriptedSource source;
  BusyScript().add_to(source, input_count);
  tests::MemorySink sink;
  EngineRun<ScriptedSource, tests::MemorySink> run(conf, source, sink, {});
  ASSERT_EQ(run.run(), StepResult::finished);
  const stages::Statistics& statistics = run.engine().egress().statistics();
  EXPECT_TRUE(statistics.is_balanced());
  EXPECT_EQ(run.engine().risk().book().hash(), run.engine().mark().book().hash());
  EXPECT_EQ(statistics.inputs, run.engine().ingress().sequence());
  // Everything the script is made for has happened.
  EXPECT_GT(statistics.approved, 1'000U);
  EXPECT_GT(statistics.rejected, 1'000U);
  EXPECT_GT(statistics.held, 100U);
  EXPECT_GT(statistics.command_closes, 10U);
  EXPECT_GT(statistics.timers, 500U);
  EXPECT_GT(statistics.position_updates, statistics.executions);
  for (std::size_t code = 0; code < stages::dead_letter_code_count; ++code) {
    EXPECT_GT(statistics.signals_dead_by_code[code] + statistics.ticks_dead_by_code[code], 0U)
        << stages::dead_letter_code_names[code];
  }
  EXPECT_GT(run.engine().ingress().broken_command_count(), 0U);
  EXPECT_GT(run.engine().ingress().unread_entry_count(), 0U);
  // One verdict a cause; numbers without a gap; a flip is CLOSED and then the other side.
  std::map<std::string, int> verdicts;
  std::array<std::uint64_t, output_stream_count> last{};
  int flips = 0;
  for (std::size_t i = 0; i < sink.entries.size(); ++i) {
    const tests::PublishedEntry& entry = sink.entries[i];
    ASSERT_EQ(entry.id_number, ++last[static_cast<std::size_t>(entry.stream)]);
    if (entry.stream == OutputStream::approvals || entry.stream == OutputStream::rejections ||
        entry.stream == OutputStream::dead_letters) {
      ASSERT_EQ(++verdicts[entry.field("seq")], 1);
    }
    if (i > 0 && entry.stream == OutputStream::positions &&
        sink.entries[i - 1].stream == OutputStream::positions &&
        sink.entries[i - 1].field("seq") == entry.field("seq") &&
        sink.entries[i - 1].field("data").find("\"CLOSED\"") != std::string::npos)
      ++flips;
  }
  EXPECT_GT(flips, 100);
}

TEST(PipelineEngineTest, PublishesTheSameWhateverRoomItsSinkHas) {
  const EngineConf conf = tests::conf_of(tests::busy_settings());
  std::array<tests::MemorySink, 2> sinks;
  for (tests::MemorySink& sink : sinks) {
    ScriptedSource source;
    BusyScript().add_to(source, 2'000);
    EngineRun<ScriptedSource, tests::MemorySink> run(conf, source, sink, {});
    std::uint64_t steps = 0;
    while (run.engine().step() != StepResult::finished) {
      if (&sink == &sinks[1] && ++steps % 3 == 0) sink.refusals = static_cast<int>(steps % 5);
    }
  }
  ASSERT_EQ(sinks[0].entries.size(), sinks[1].entries.size());
  for (std::size_t i = 0; i < sinks[0].entries.size(); ++i) {
    ASSERT_EQ(sinks[0].entries[i].fields, sinks[1].entries[i].fields);
    ASSERT_EQ(sinks[0].entries[i].id_number, sinks[1].entries[i].id_number);
  }
}

TEST(PipelineEngineTest, RepeatsARunFromItsTapeByteForByte) {
  ScriptedSource source;
  BusyScript().add_to(source, input_count);
  const RunBytes original =
      run_with_tape(tests::conf_of(tests::busy_settings()), source, {}, [] {});
  EXPECT_EQ(original.tape.rfind("{\"stream\":\"@conf\"", 0), 0U);
  EXPECT_GT(count_of(original.tape, "{\"stream\":\"@timer\""), 500U);
  EXPECT_GT(count_of(original.tape, "{\"stream\":\"@command\""), 500U);
  EXPECT_EQ(count_of(original.tape, "{\"stream\":\"market.trade\""), 0U);
  expect_same(replay_of(original.tape), original);
}

TEST(PipelineEngineTest, RepeatsARunWithSimulatedPricesFromItsTape) {
  std::vector<std::string> settings = tests::busy_settings();
  settings.insert(settings.end(),
                  {"market.source=simulated", "fill.lot_step={ BTCUSDT = 0.0001 }"});
  ScriptedSource source;
  BusyScript().add_to(source, input_count);
  const RunBytes original = run_with_tape(tests::conf_of(settings), source, {}, [] {});
  EXPECT_GT(count_of(original.tape, "\"kind\":\"walk\""), 200U);
  EXPECT_EQ(count_of(original.tape, "{\"stream\":\"market.tick\""), 0U);
  expect_same(replay_of(original.tape), original);
}

TEST(PipelineEngineTest, RepeatsTheTimersOfIdleTimeFromTheTape) {
  tests::ScriptedClock clock;
  ScriptedSource source;
  BusyScript script;
  for (int i = 0; i < 20; ++i) {
    script.add_to(source, 200);
    source.add_pause();
  }
  // In each pause the clock goes half a minute on; what comes then is older than the last timer.
  clock.now_unix_ns = BusyScript::start_unix_ns;
  int pauses = 0;
  IngressOptions options;
  options.idle_clock = &clock;
  const RunBytes original =
      run_with_tape(tests::conf_of(tests::busy_settings()), source, options, [&] {
        clock.now_unix_ns += 30 * stages::ns_per_second;
        if (++pauses % 2 == 0) source.resume();
      });
  EXPECT_EQ(pauses, 40);
  EXPECT_GT(count_of(original.tape, "{\"stream\":\"@timer\""), 600U);
  expect_same(replay_of(original.tape), original);
}

TEST(PipelineEngineTest, RepeatsARunWhoseConfHasTablesAsSections) {
  EngineConf conf;
  const ConfProblems problems = read_conf(
      "engine.toml",
      "[input]\nsource = \"capture:none\"\n[input.streams]\n\"trade.signal.v5\" = \"signals\"\n"
      "\"market.tick\" = \"ticks\"\n[fill.lot_step]\nBTCUSDT = 0.001\n",
      {}, conf);
  ASSERT_FALSE(problems.any());
  ScriptedSource source;
  BusyScript().add_to(source, 500);
  const RunBytes original = run_with_tape(conf, source, {}, [] {});
  expect_same(replay_of(original.tape), original);
}

TEST(PipelineEngineTest, FinishesAtOnceOverASourceWithoutEntries) {
  ScriptedSource source;
  const RunBytes bytes = run_with_tape(tests::conf_of(tests::busy_settings()), source, {}, [] {});
  EXPECT_EQ(bytes.output, "");
}

}  // namespace
}  // namespace coreloop::io
