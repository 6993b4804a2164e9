// What the inputs of a journal lead to, entry by entry: the engine that recovers from it, without
// Redis and HTTP.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "io/conf/engine_conf.hpp"
#include "io/edge/sink.hpp"
#include "tools/recorded_journal.hpp"
#include "tools/run_summary.hpp"

namespace coreloop::tools {

/// Is given every output of a replay, in the order of publication. EGRESS's thread, but where it
/// says otherwise.
class OutputConsumer {
 public:
  virtual ~OutputConsumer() = default;
  /// Views are valid during the call only.
  virtual void take(const io::OutputEntry& entry) noexcept = 0;
  /// errno that ends the replay, 0 if none. Any thread.
  [[nodiscard]] virtual int error() const noexcept { return 0; }
};

/// Opens the journal in `directory` and takes its conf, so that its inputs are next; 0, 65, 66 or
/// 77, explained on stderr.
[[nodiscard]] int open_journal(const std::string& directory, RecordedJournal& journal,
                               io::EngineConf& conf,
                               RecordedJournal::Begin begin = RecordedJournal::Begin::first);

/// Replays `journal` to its end, or up to input `last_sequence`, and fills in `summary`; 0, 65
/// (what came before the damage has been replayed) or 70, explained on stderr. What the consumer's
/// error means is for the caller to tell.
[[nodiscard]] int replay_outputs(
    RecordedJournal& journal, const io::EngineConf& conf, OutputConsumer& consumer,
    RunSummary& summary, std::uint64_t last_sequence = std::numeric_limits<std::uint64_t>::max());

}  // namespace coreloop::tools
