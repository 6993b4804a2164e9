// The text format: families, labels, escapes, histograms that add up.
#include "io/http/metrics_text.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "stages/fixed_point.hpp"

namespace coreloop::io {
namespace {

TEST(MetricsTextTest, WritesFamiliesWithTheirSamples) {
  MetricsText text;
  text.counter("a_total", "Counts a.").sample({}, 7);
  text.gauge("b", "Is b.").amount({{"x", "1"}, {"y", "z"}}, -3 * stages::scale / 2);
  text.summary("c", "Sums c.").totals({}, stages::scale, 4);
  text.gauge("d", "When.").seconds({}, 1'500'000'001);
  EXPECT_EQ(text.take(),
            "# HELP a_total Counts a.\n# TYPE a_total counter\na_total 7\n"
            "# HELP b Is b.\n# TYPE b gauge\nb{x=\"1\",y=\"z\"} -1.5\n"
            "# HELP c Sums c.\n# TYPE c summary\nc_sum 1.0\nc_count 4\n"
            "# HELP d When.\n# TYPE d gauge\nd 1.500000001\n");
}

TEST(MetricsTextTest, EscapesLabels) {
  MetricsText text;
  text.gauge("a", "Is a.").sample({{"x", "back\\slash \"quote\" line\nend"}}, 1);
  EXPECT_NE(text.take().find(R"(a{x="back\\slash \"quote\" line\nend"} 1)"), std::string::npos);
}

TEST(MetricsTextTest, BucketsOfALatencyAreCumulative) {
  engine::LatencyHistogram live;
  for (const std::uint64_t ns : {100U, 200U, 700U, 2'000'000'000U})
    live.record(ns);
  engine::HistogramCopy copy;
  live.copy_to(copy);
  MetricsText text;
  text.histogram("h_seconds", "Takes.").latency({{"stage", "risk"}}, copy);
  const std::string written = text.take();
  for (const char* line :
       {"h_seconds_bucket{stage=\"risk\",le=\"2.5e-07\"} 2\n",
        "h_seconds_bucket{stage=\"risk\",le=\"5e-07\"} 2\n",
        "h_seconds_bucket{stage=\"risk\",le=\"1e-06\"} 3\n",
        "h_seconds_bucket{stage=\"risk\",le=\"1.0\"} 3\n",
        "h_seconds_bucket{stage=\"risk\",le=\"+Inf\"} 4\n",
        "h_seconds_sum{stage=\"risk\"} 2.000001\n", "h_seconds_count{stage=\"risk\"} 4\n"})
    EXPECT_NE(written.find(line), std::string::npos) << line << written;
}

TEST(MetricsTextTest, BucketsWithGivenEndsHaveOneForAllAbove) {
  const std::array<std::string, 2> ends{"1.0", "5.0"};
  const std::array<std::uint64_t, 3> counts{1, 2, 4};
  MetricsText text;
  text.histogram("h", "Takes.").buckets({}, ends, counts, "9.5");
  EXPECT_EQ(text.take(),
            "# HELP h Takes.\n# TYPE h histogram\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"5.0\"} 3\n"
            "h_bucket{le=\"+Inf\"} 7\nh_sum 9.5\nh_count 7\n");
}

}  // namespace
}  // namespace coreloop::io
