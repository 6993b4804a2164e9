// Which thread runs which stages on which core: data, checked at start. Every stage once, in order,
// each thread a run of neighbours; a core used twice, or one this process may not use, is refused
// with the reason.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coreloop::engine {

enum class WaitPolicy : std::uint8_t {
  spin,      ///< never gives the core away
  yield,     ///< offers it at each idle turn
  adaptive,  ///< spins for a while, then sleeps until woken
};

/// One thread: stages [first, last], and the core it is pinned to.
struct ThreadPlan {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::optional<std::uint32_t> core;
};

struct LayoutRequest {
  std::span<const std::string_view> stage_names;  ///< of the chain, in order
  // tidy: allow std::string because layouts are read once, at start
  std::vector<std::vector<std::string>> threads;  ///< stage names a thread; empty: auto
  std::vector<std::uint32_t> cores;               ///< one a thread; empty: chosen here, or none
  bool pins = true;                               ///< false: no thread is pinned
  WaitPolicy wait = WaitPolicy::adaptive;
  bool oversubscribe = false;                ///< spinning threads may outnumber cores
  std::vector<std::uint32_t> allowed_cores;  ///< of this process
  std::uint32_t usable_cores = 1;            ///< at most allowed_cores.size(); less under a quota
};

/// The plan, or why there is none.
struct Layout {
  std::vector<ThreadPlan> threads;
  // tidy: allow std::string because a refusal is read once, at start
  std::string problem;  ///< empty: all is well
};

/// Checks a request. Without a list of threads the number of usable cores chooses: 6 or more give
/// each stage its own thread (one core is left for the system), 3 to 5 join the stages between the
/// two ends on one thread, fewer put all on one.
[[nodiscard]] Layout plan_layout(const LayoutRequest& request);

}  // namespace coreloop::engine
