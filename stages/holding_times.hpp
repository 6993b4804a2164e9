// How long positions were held, flat to flat: a histogram with fixed steps, as dashboards ask for
// it. MARK's thread; readers get copies.
#pragma once

#include <array>
#include <cstdint>

#include "stages/event.hpp"

namespace coreloop::stages {

struct HoldingTimes {
  /// Upper ends of the steps, in minutes; one step more for all that is longer. Fixed for ever:
  /// histograms of two versions must add up.
  static constexpr std::array<std::int64_t, 10> minutes_max{1,   5,   15,  30,  60,
                                                            120, 240, 480, 720, 1'440};

  std::array<std::uint64_t, minutes_max.size() + 1> counts{};
  Int128 sum_ns = 0;

  /// Thread: MARK.
  void add(std::int64_t held_ns) noexcept {
    std::size_t step = 0;
    while (step < minutes_max.size() && held_ns > minutes_max[step] * ns_per_minute)
      ++step;
    ++counts[step];
    sum_ns += held_ns;
  }

  /// As stages/saved_state.hpp says.
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    visitor.value(counts);
    visitor.value(sum_ns);
  }
};

}  // namespace coreloop::stages
