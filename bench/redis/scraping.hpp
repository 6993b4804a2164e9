// What those who read the endpoint cost those who trade: signals at a fixed rate, with somebody who
// reads /metrics and with nobody, in turn.
#pragma once

#include "bench/redis/workload.hpp"

namespace coreloop::bench {

/// p99 with `scrapes` reads a second against none, at `signals_per_s`. Prints NAME_p99, from the
/// intended send time to the last output, and NAME_inside_p99, from the receipt of an input to its
/// last encoding, as the engine measures it.
void measure_scraped(Bench& bench, const char* name, double signals_per_s, double scrapes);

}  // namespace coreloop::bench
