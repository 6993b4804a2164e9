// What the engine takes: memory while millions of events pass, and a core's time while none does.
#pragma once

#include "bench/redis/workload.hpp"

namespace coreloop::bench {

/// Sends the engine `Arguments::memory_events` ticks and signals, nine to one, in 64 symbols, and
/// prints its resident memory as it went: memory_mib and memory_growth.
void measure_memory(Bench& bench);

/// Prints the share of a core that an engine with its default conf takes when nothing comes: idle.
void measure_idle(Bench& bench);

}  // namespace coreloop::bench
