// Layouts, checked.
#include "engine/layout.hpp"

#include <algorithm>

namespace coreloop::engine {
namespace {

constexpr std::uint32_t cores_for_all_threads = 6;
constexpr std::uint32_t cores_for_three_threads = 3;

Layout refused(std::string problem) {
  return {{}, std::move(problem)};
}

std::vector<ThreadPlan> automatic(std::uint32_t stage_count, std::uint32_t usable_cores) {
  std::vector<ThreadPlan> threads;
  if (usable_cores >= cores_for_all_threads) {
    for (std::uint32_t stage = 0; stage < stage_count; ++stage)
      threads.push_back({stage, stage, {}});
  } else if (usable_cores >= cores_for_three_threads) {
    threads = {{0, 0, {}}, {1, stage_count - 2, {}}, {stage_count - 1, stage_count - 1, {}}};
  } else {
    threads = {{0, stage_count - 1, {}}};
  }
  return threads;
}

// Threads by their stages' names; answers a problem or nothing.
std::string read_threads(const LayoutRequest& request, std::vector<ThreadPlan>& threads) {
  std::uint32_t expected = 0;
  const auto names = request.stage_names;
  for (const std::vector<std::string>& thread : request.threads) {
    ThreadPlan plan{expected, expected, {}};
    for (const std::string& stage : thread) {
      const auto found = std::find(names.begin(), names.end(), stage);
      if (found == names.end()) return "there is no stage \"" + stage + "\"";
      const auto index = static_cast<std::uint32_t>(found - names.begin());
      if (index < expected) return "stage \"" + stage + "\" stands twice or out of order";
      if (index > expected)
        return "stage \"" + std::string{names[expected]} + "\" is missing before \"" + stage + "\"";
      plan.last = expected++;
    }
    if (thread.empty()) return "a thread without a stage";
    threads.push_back(plan);
  }
  if (expected != names.size()) return "stage \"" + std::string{names[expected]} + "\" is missing";
  return {};
}

std::string assign_cores(const LayoutRequest& request, std::vector<ThreadPlan>& threads) {
  const auto& allowed = request.allowed_cores;
  if (!request.cores.empty()) {
    if (request.cores.size() != threads.size()) {
      return std::to_string(request.cores.size()) + " cores for " + std::to_string(threads.size()) +
             " threads";
    }
    for (std::size_t i = 0; i < threads.size(); ++i) {
      const std::uint32_t core = request.cores[i];
      if (std::find(allowed.begin(), allowed.end(), core) == allowed.end()) {
        return "core " + std::to_string(core) + " is not one this process may use";
      }
      if (std::find(request.cores.begin(), request.cores.begin() + static_cast<std::ptrdiff_t>(i),
                    core) != request.cores.begin() + static_cast<std::ptrdiff_t>(i)) {
        return "core " + std::to_string(core) + " is used twice";
      }
      threads[i].core = core;
    }
    return {};
  }
  // Pinning helps only where every thread gets a core of its own and one is left for everything
  // else.
  if (!request.pins || threads.size() == 1 || threads.size() >= request.usable_cores) return {};
  for (std::size_t i = 0; i < threads.size(); ++i)
    threads[i].core = allowed[allowed.size() - threads.size() + i];
  return {};
}

}  // namespace

Layout plan_layout(const LayoutRequest& request) {
  Layout layout;
  const auto stage_count = static_cast<std::uint32_t>(request.stage_names.size());
  if (request.threads.empty()) {
    layout.threads = automatic(stage_count, request.usable_cores);
  } else {
    std::string problem = read_threads(request, layout.threads);
    if (!problem.empty()) return refused("threads.layout: " + problem);
  }
  std::string problem = assign_cores(request, layout.threads);
  if (!problem.empty()) return refused("threads.cores: " + problem);
  if (request.wait == WaitPolicy::spin && !request.oversubscribe &&
      layout.threads.size() > request.usable_cores) {
    return refused(
        "threads.wait: " + std::to_string(layout.threads.size()) + " spinning threads on " +
        std::to_string(request.usable_cores) +
        " usable cores would stand in each other's way; use wait = \"adaptive\", fewer threads, or "
        "oversubscribe = true");
  }
  return layout;
}

}  // namespace coreloop::engine
