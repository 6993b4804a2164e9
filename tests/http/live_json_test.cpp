// The JSON of /ready, /latency, /redis and /errors over a scripted desk.
#include "io/http/live_json.hpp"

#include <gtest/gtest.h>

#include "tests/http/scripted_desk.hpp"

namespace coreloop::io {
namespace {

using tests::ScriptedDesk;

TEST(LiveJsonTest, ReadySaysWhyNot) {
  ScriptedDesk desk;
  EXPECT_TRUE(is_ready(LifeState::running, desk.facts));
  EXPECT_FALSE(is_ready(LifeState::starting, desk.facts));
  EXPECT_FALSE(is_ready(LifeState::draining, desk.facts));
  desk.facts.writer.is_ready = false;
  desk.facts.reader.is_open = false;
  desk.facts.pending = 5;
  EXPECT_FALSE(is_ready(LifeState::running, desk.facts));
  EXPECT_EQ(ready_json(LifeState::running, desk.facts),
            "{\"ready\": false, \"state\": \"running\", \"redis_reader\": \"not connected\", "
            "\"redis_writer\": \"catching up\", \"outbox_pending\": 5}\n");
}

TEST(LiveJsonTest, LatencyShowsItsDistribution) {
  engine::LatencyHistogram live;
  for (const std::uint64_t ns : {5, 70, 71, 1'000'000})
    live.record(ns);
  TimingFacts timing;
  live.copy_to(timing.latencies.emplace_back(LatencyFacts{"end to end", "", {}}).histogram);
  timing.rings.push_back({"ingress_risk", 8, 9});
  const std::string json = latency_json(timing);
  EXPECT_NE(json.find("\"buckets\": [[15, 1], [79, 2], [1048575, 1]]}, \"execution\""), json.npos)
      << json;
  EXPECT_NE(json.find("\"rings\": {\"ingress_risk\": {\"depth\": 8, \"full\": 9}}"), json.npos)
      << json;
}

TEST(LiveJsonTest, LatencyHasStagesAndThreads) {
  ScriptedDesk desk;
  const std::string latency = latency_json(desk.timing());
  EXPECT_EQ(latency.rfind("{\"latency_ns\": {\"risk, working\": {\"count\": 0, \"mean\": 0, "
                          "\"p50\": 0, \"p90\": 0, \"p99\": 0, \"p99.9\": 0, \"p99.99\": 0, "
                          "\"max\": 0, \"buckets\": []}, \"end to end\": {",
                          0),
            0U)
      << latency;
  EXPECT_NE(latency.find("\"threads\": {\"ingress\": {\"caught_up_ns\": 1"), latency.npos);
}

TEST(LiveJsonTest, RedisShowsConnectionsAndStreams) {
  ScriptedDesk desk;
  desk.facts.writer.is_ready = false;
  desk.facts.writer.reconnects = 2;
  desk.facts.writer.errors = {{"OOM", 3}, {"LOADING", 0}};
  desk.facts.published = 7;
  desk.facts.pending = 1;
  EXPECT_EQ(redis_json(desk.facts),
            "{\"reader\": {\"state\": \"ready\", \"reconnects\": 0, \"connect_failures\": 0, "
            "\"timeouts\": 0, \"protocol_errors\": 0, \"error_replies\": {}}, \"writer\": "
            "{\"state\": \"catching up\", \"reconnects\": 2, \"connect_failures\": 0, "
            "\"timeouts\": 0, \"protocol_errors\": 0, \"error_replies\": {\"OOM\": 3}}, "
            "\"inputs\": [{\"stream\": \"trade.signal.v5\", \"entries\": 10, \"lag\": 3, "
            "\"length\": 100, \"trimmed\": 2, \"malformed\": 0, \"rewinds\": 0, "
            "\"ids_reused\": 0}], \"outputs\": [{\"stream\": \"trade.signal.safe\", \"length\": "
            "4}], \"published\": 7, \"transactions\": 0, "
            "\"outbox_pending\": 1, \"aborted\": 0, \"duplicates_refused\": 0, \"tail_lost\": 0, "
            "\"hole\": 0}\n");
}

TEST(LiveJsonTest, ErrorsShowWhatWasToldAndDeadLettersByCode) {
  ScriptedDesk desk;
  OutcomesView outcomes = *desk.copies.outcomes;
  const auto json_code = static_cast<std::size_t>(stages::DeadLetterCode::json);
  outcomes.statistics.signals_dead_by_code[json_code] = 4;
  desk.copies.outcomes = std::make_shared<OutcomesView>(outcomes);
  desk.told.distinct.push_back({"warning", "redis", "it said \"no\"", 2, tests::desk_unix_ns,
                                tests::desk_unix_ns + stages::ns_per_second});
  desk.told.others = 5;
  EXPECT_EQ(errors_json(desk.told, desk.copies),
            "{\"errors\": [{\"level\": \"warning\", \"component\": \"redis\", \"sample\": \"it "
            "said \\\"no\\\"\", \"count\": 2, \"first\": \"2026-01-12T10:00:00.123456Z\", "
            "\"first_ns\": 1768212000123456789, \"last\": \"2026-01-12T10:00:01.123456Z\", "
            "\"last_ns\": 1768212001123456789}], \"others\": 5, \"dead_letters\": {\"signals\": "
            "{\"JSON\": 4}, \"ticks\": {}}}\n");
}

TEST(LiveJsonTest, ErrorsAreThereBeforeTheEngineRuns) {
  EXPECT_EQ(
      errors_json({}, {}),
      "{\"errors\": [], \"others\": 0, \"dead_letters\": {\"signals\": {}, \"ticks\": {}}}\n");
}

}  // namespace
}  // namespace coreloop::io
