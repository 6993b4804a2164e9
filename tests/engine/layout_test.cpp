// Layouts: what `auto` chooses, and every way a layout is refused.
#include "engine/layout.hpp"

#include <array>

#include <gtest/gtest.h>

namespace coreloop::engine {
namespace {

constexpr std::array<std::string_view, 5> names{"ingress", "risk", "fill", "mark", "egress"};

LayoutRequest request_on(std::uint32_t cores) {
  LayoutRequest request{
      .stage_names = names, .threads = {}, .cores = {}, .allowed_cores = {}, .usable_cores = cores};
  for (std::uint32_t core = 0; core < cores; ++core)
    request.allowed_cores.push_back(core);
  return request;
}

std::string shape_of(const Layout& layout) {
  std::string shape;
  for (const ThreadPlan& plan : layout.threads) {
    shape += std::to_string(plan.first) + "-" + std::to_string(plan.last) +
             (plan.core ? "@" + std::to_string(*plan.core) : "") + " ";
  }
  return shape;
}

TEST(LayoutTest, AutoGoesByTheCoresThatCanBeUsed) {
  EXPECT_EQ(shape_of(plan_layout(request_on(1))), "0-4 ");
  EXPECT_EQ(shape_of(plan_layout(request_on(2))), "0-4 ");
  EXPECT_EQ(shape_of(plan_layout(request_on(3))), "0-0 1-3 4-4 ");  // no core left over: not pinned
  EXPECT_EQ(shape_of(plan_layout(request_on(5))), "0-0@2 1-3@3 4-4@4 ");
  EXPECT_EQ(shape_of(plan_layout(request_on(6))), "0-0@1 1-1@2 2-2@3 3-3@4 4-4@5 ");
}

TEST(LayoutTest, AutoUnderAQuotaCountsTheQuota) {
  LayoutRequest request = request_on(16);
  request.usable_cores = 2;
  EXPECT_EQ(shape_of(plan_layout(request)), "0-4 ");
}

TEST(LayoutTest, TakesAListOfStagesPerThread) {
  LayoutRequest request = request_on(8);
  request.threads = {{"ingress", "risk"}, {"fill"}, {"mark", "egress"}};
  request.cores = {7, 0, 3};
  EXPECT_EQ(shape_of(plan_layout(request)), "0-1@7 2-2@0 3-4@3 ");
  request.cores.clear();
  request.pins = false;
  EXPECT_EQ(shape_of(plan_layout(request)), "0-1 2-2 3-4 ");
}

struct Refusal {
  std::vector<std::vector<std::string>> threads;
  std::vector<std::uint32_t> cores;
  std::string reason;
};

TEST(LayoutTest, RefusesWhatCannotBeWithTheReason) {
  const Refusal refusals[] = {
      {{{"ingress", "risk", "fill", "egress"}}, {}, "stage \"mark\" is missing before \"egress\""},
      {{{"ingress", "risk", "fill", "mark"}}, {}, "stage \"egress\" is missing"},
      {{{"ingress", "risk"}, {"risk", "fill", "mark", "egress"}},
       {},
       "\"risk\" stands twice or out of order"},
      {{{"ingress", "fill", "risk", "mark", "egress"}},
       {},
       "stage \"risk\" is missing before \"fill\""},
      {{{"ingress", "risc", "fill", "mark", "egress"}}, {}, "there is no stage \"risc\""},
      {{{"ingress"}, {}, {"risk", "fill", "mark", "egress"}}, {}, "a thread without a stage"},
      {{{"ingress"}, {"risk", "fill", "mark", "egress"}}, {1, 1}, "core 1 is used twice"},
      {{{"ingress"}, {"risk", "fill", "mark", "egress"}},
       {1, 9},
       "core 9 is not one this process may use"},
      {{{"ingress"}, {"risk", "fill", "mark", "egress"}}, {1}, "1 cores for 2 threads"},
  };
  for (const Refusal& refusal : refusals) {
    LayoutRequest request = request_on(4);
    request.threads = refusal.threads;
    request.cores = refusal.cores;
    const Layout layout = plan_layout(request);
    EXPECT_NE(layout.problem.find(refusal.reason), std::string::npos)
        << layout.problem << " / " << refusal.reason;
    EXPECT_TRUE(layout.threads.empty());
  }
}

TEST(LayoutTest, RefusesMoreSpinningThreadsThanCoresUnlessToldTo) {
  LayoutRequest request = request_on(2);
  request.threads = {{"ingress"}, {"risk", "fill", "mark"}, {"egress"}};
  request.wait = WaitPolicy::spin;
  EXPECT_NE(plan_layout(request).problem.find("3 spinning threads on 2 usable cores"),
            std::string::npos);
  request.oversubscribe = true;
  EXPECT_EQ(plan_layout(request).problem, "");
  request.oversubscribe = false;
  request.wait = WaitPolicy::yield;
  EXPECT_EQ(plan_layout(request).problem, "");
}

}  // namespace
}  // namespace coreloop::engine
