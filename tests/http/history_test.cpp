// The ring of samples behind GET /history, and its JSON over a scripted desk.
#include "io/http/history.hpp"

#include <gtest/gtest.h>

#include "tests/http/scripted_desk.hpp"

namespace coreloop::io {
namespace {

using tests::desk_unix_ns;
using tests::ScriptedDesk;

TEST(HistoryTest, ASampleHasWhatTheRoutesShow) {
  ScriptedDesk desk;
  desk.facts.inputs.push_back({"market.tick", 10, 2, 0, 4, 100});
  desk.facts.pending = 6;
  const HistorySample sample = sample_of(desk.copies, desk.facts, desk_unix_ns);
  EXPECT_EQ(sample.unix_ns, desk_unix_ns);
  EXPECT_EQ(sample.inputs, 14U);
  EXPECT_EQ(sample.signals, 10U);
  EXPECT_EQ(sample.executions, 3U);
  EXPECT_EQ(sample.lag, 3U + 4U);
  EXPECT_EQ(sample.pending, 6U);
  ASSERT_EQ(sample.equities.size(), 2U);
  EXPECT_EQ(sample.equities[0], stages::Int128{10'090} * stages::scale);
}

TEST(HistoryTest, CountersAreThoseSinceTheLastReset) {
  ScriptedDesk desk;
  OutcomesView outcomes = *desk.copies.outcomes;
  outcomes.reset_marks.risk.signals = 4;
  outcomes.reset_marks.execution.executions = 2;
  desk.copies.outcomes = std::make_shared<OutcomesView>(outcomes);
  const HistorySample sample = sample_of(desk.copies, desk.facts, desk_unix_ns);
  EXPECT_EQ(sample.signals, 6U);
  EXPECT_EQ(sample.executions, 1U);
}

TEST(HistoryTest, ForgetsTheOldestAndKeepsTheOrder) {
  History history;
  EXPECT_TRUE(history.copy().empty());
  constexpr std::size_t forgotten = 7;
  for (std::size_t i = 0; i < History::samples_max + forgotten; ++i) {
    HistorySample sample;
    sample.inputs = i;
    history.record(sample);
  }
  const std::vector<HistorySample> samples = history.copy();
  ASSERT_EQ(samples.size(), History::samples_max);
  for (std::size_t i = 0; i < samples.size(); ++i)
    ASSERT_EQ(samples[i].inputs, i + forgotten);
}

TEST(HistoryTest, EquityIsOneAccounts) {
  ScriptedDesk desk;
  HistoryFacts facts{desk_unix_ns + stages::ns_per_second, {}};
  EXPECT_EQ(history_json(facts, desk.copies, 0),
            "{\"interval_ms\": 2000, \"now_ms\": 1768212001123, \"samples\": []}\n");
  facts.samples.push_back({desk_unix_ns, 5, 4, 3, 2, 1, {9'999 * stages::scale}});
  const std::string before_equity =
      "{\"interval_ms\": 2000, \"now_ms\": 1768212001123, \"samples\": [{\"time_ms\": "
      "1768212000123, \"inputs\": 5, \"signals\": 4, \"executions\": 3, \"lag\": 2, "
      "\"outbox_pending\": 1, \"equity\": ";
  EXPECT_EQ(history_json(facts, desk.copies, 0), before_equity + "9999.0}]}\n");
  // Accounts that had no row then: as they began.
  EXPECT_EQ(history_json(facts, desk.copies, 1), before_equity + "10000.0}]}\n");
  EXPECT_EQ(history_json(facts, desk.copies, std::nullopt), before_equity + "10000.0}]}\n");
}

}  // namespace
}  // namespace coreloop::io
