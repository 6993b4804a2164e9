// The catalogue of metrics, under the names of the wire page (quantum_, which dashboards query) and
// our own (coreloop_). A name, a label or a bucket once published is never changed. Pure functions.
#pragma once

#include <cstdint>

#include "io/http/engine_desk.hpp"
#include "io/http/metrics_text.hpp"
#include "io/http/process_facts.hpp"

namespace coreloop::io {

/// What the trading has come to: quantum_. `views` may be incomplete: zeros.
void write_business_metrics(const ViewCopies& views, const TimingFacts& timing,
                            const RedisFacts& redis, MetricsText& text);

/// How the engine runs: coreloop_ of stages, rings, threads and outcomes.
void write_engine_metrics(LifeState state, const ViewCopies& views, const TimingFacts& timing,
                          const BuildFacts& build, MetricsText& text);

/// coreloop_ of both ends at Redis.
void write_redis_metrics(const RedisFacts& redis, MetricsText& text);
void write_journal_metrics(const JournalFacts& journal, MetricsText& text);

/// process_. `start_unix_ns`: when this process began.
void write_process_metrics(const ProcessFacts& process, std::int64_t start_unix_ns,
                           MetricsText& text);

}  // namespace coreloop::io
