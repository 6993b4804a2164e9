// What the routes are answered from: the engine's views, counters and mailbox, as plain structs
// behind one interface, so that io/http/ knows neither the engine's template nor Redis.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/latency_histogram.hpp"
#include "engine/loop_counters.hpp"
#include "io/edge/command_box.hpp"
#include "io/edge/engine_views.hpp"
#include "stages/names.hpp"

namespace coreloop::io {

/// Where the engine is in its life.
enum class LifeState : std::uint8_t {
  starting,  ///< waiting for Redis for the first time
  running,
  draining,  ///< takes no more, finishes what it has
};
inline constexpr std::array<std::string_view, 3> life_state_names{"starting", "running",
                                                                  "draining"};

/// The last copies; nullptr where there is none yet.
struct ViewCopies {
  std::shared_ptr<const RiskView> risk;
  std::shared_ptr<const BooksView> books;
  std::shared_ptr<const OutcomesView> outcomes;
  const stages::Names* names = nullptr;  ///< ids of the views may be looked up

  [[nodiscard]] bool is_complete() const noexcept {
    return risk != nullptr && books != nullptr && outcomes != nullptr && names != nullptr;
  }
};

struct LatencyFacts {
  std::string stage;
  std::string part;  ///< "waiting", "working"; empty for the whole way
  engine::HistogramCopy histogram;
};

struct ThreadFacts {
  std::string name;
  std::array<std::uint64_t, engine::regime_count> regime_ns{};
  std::uint64_t cycle_ns_max = 0;
  std::uint64_t sleeps = 0;
  std::uint64_t messages_in = 0;
};

struct RingFacts {
  std::string queue;  ///< `<stage before>_<stage behind>`
  std::uint64_t depth = 0;
  std::uint64_t full = 0;  ///< times found full
};

/// What is measured while the engine runs.
struct TimingFacts {
  std::vector<LatencyFacts> latencies;
  engine::HistogramCopy execution_latency;
  std::vector<ThreadFacts> threads;
  std::vector<RingFacts> rings;
  std::uint64_t views_filled = 0;
  std::uint64_t views_late = 0;  ///< times a reader was given an older copy
};

struct RedisEndFacts {
  bool is_open = false;
  bool is_ready = false;
  std::uint64_t reconnects = 0;
  std::uint64_t connect_failures = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t protocol_errors = 0;
  std::vector<std::pair<std::string_view, std::uint64_t>> errors;  ///< by first word of the reply
};

struct InputFacts {
  std::string stream;
  std::uint64_t entries = 0;
  std::uint64_t trimmed = 0;
  std::uint64_t malformed = 0;
  std::uint64_t lag = 0;
  std::uint64_t length = 0;
  std::uint64_t rewinds = 0;
  std::uint64_t ids_reused = 0;
};

struct RedisFacts {
  RedisEndFacts reader;
  RedisEndFacts writer;
  std::vector<InputFacts> inputs;
  std::vector<std::pair<std::string, std::uint64_t>> output_lengths;
  std::uint64_t transactions = 0;
  std::uint64_t published = 0;
  std::uint64_t aborted = 0;
  std::uint64_t duplicates_refused = 0;
  std::uint64_t tail_lost = 0;
  std::uint64_t hole = 0;
  std::uint64_t pending = 0;
};

struct JournalFacts {
  bool is_on = false;
  std::uint64_t segment = 0;            ///< the one that is written
  bool waits_for_room = false;          ///< the next one cannot be made
  std::uint64_t snapshot_sequence = 0;  ///< input behind which the newest stands; 0: none
  bool snapshot_fails = false;          ///< the last try
  std::uint64_t removed_segments = 0;   ///< since the process began
};

struct BuildFacts {
  std::string version;
  std::string revision;
  std::string compiler;
};

/// One distinct warning or error of the log: texts that differ in their numbers alone are one.
struct ErrorFacts {
  std::string level;      ///< "warning", "error"
  std::string component;  ///< as the log names it
  std::string sample;     ///< the last such line, cut where it is long
  std::uint64_t count = 0;
  std::int64_t first_unix_ns = 0;
  std::int64_t last_unix_ns = 0;
};

struct ToldErrors {
  std::vector<ErrorFacts> distinct;  ///< the last told first
  std::uint64_t others = 0;          ///< lines that found no room among them
};

/// How things stood at a moment; the counters are those that the other routes showed then.
struct HistorySample {
  std::int64_t unix_ns = 0;
  std::uint64_t inputs = 0;              ///< sequence number of the last
  std::uint64_t signals = 0;             ///< received
  std::uint64_t executions = 0;          ///< filled
  std::uint64_t lag = 0;                 ///< entries not read yet, of all input streams
  std::uint64_t pending = 0;             ///< outputs that Redis has not confirmed
  std::vector<stages::Int128> equities;  ///< by account id, at 1e-8
};

/// The last minutes.
struct HistoryFacts {
  std::int64_t now_unix_ns = 0;        ///< of the clock that the samples are of
  std::vector<HistorySample> samples;  ///< the oldest first
};

/// Any thread may call any of it at any time.
class EngineDesk {
 public:
  virtual ~EngineDesk() = default;
  [[nodiscard]] virtual LifeState state() const = 0;
  [[nodiscard]] virtual std::int64_t uptime_ns() const = 0;
  [[nodiscard]] virtual std::int64_t start_unix_ns() const = 0;  ///< when the process began
  [[nodiscard]] virtual ViewCopies views() = 0;
  [[nodiscard]] virtual TimingFacts timing() = 0;
  [[nodiscard]] virtual RedisFacts redis() = 0;
  [[nodiscard]] virtual JournalFacts journal() = 0;
  [[nodiscard]] virtual ToldErrors errors() = 0;  ///< since the process began
  [[nodiscard]] virtual HistoryFacts history() = 0;
  [[nodiscard]] virtual const BuildFacts& build() const = 0;
  [[nodiscard]] virtual std::uint64_t order_seed() const = 0;  ///< conf engine.seed
  /// Queues a command and wakes INGRESS; 0: not now.
  [[nodiscard]] virtual std::uint64_t submit(const CommandRequest& request) = 0;
  /// Once a ticket: waits up to half a second for its result.
  [[nodiscard]] virtual CommandResult wait(std::uint64_t ticket) = 0;
};

}  // namespace coreloop::io
