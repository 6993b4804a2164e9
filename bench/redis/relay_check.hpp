// Whether the yardstick is one: the relay's write side against redis-benchmark.
#pragma once

#include "bench/redis/workload.hpp"

namespace coreloop::bench {

/// Prints relay_write: approvals a second as the relay writes them / redis-benchmark with the same
/// XADD, pipelined alike, in turns. Prints why not where redis-benchmark is missing.
void measure_relay_write(Bench& bench);

}  // namespace coreloop::bench
