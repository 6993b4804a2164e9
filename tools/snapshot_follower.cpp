// The second engine and its thread.
#include "tools/snapshot_follower.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <new>
#include <utility>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "engine/cpu.hpp"
#include "io/edge/pipeline_engine.hpp"
#include "io/journal/journal_source.hpp"
#include "tools/engine_report.hpp"
#include "tools/engine_setup.hpp"

namespace coreloop::tools {
namespace {

constexpr std::chrono::milliseconds look_interval{500};

/// Gives the inputs of the segments that are full, and waits between them.
class FullSegments {
 public:
  void read_from(io::JournalSource* source) { source_ = source; }

  [[nodiscard]] io::SourceStatus peek(io::RawEntry& entry) noexcept {
    while (source_ != nullptr && source_->peek(entry) == io::SourceStatus::entry) {
      if (entry.stream != io::conf_stream) return io::SourceStatus::entry;
      source_->consume();  // the engine was made with it
    }
    return io::SourceStatus::none;
  }
  void consume() noexcept { source_->consume(); }

 private:
  io::JournalSource* source_ = nullptr;
};

/// Publishes nothing.
struct NoSink {
  [[nodiscard]] bool has_room() noexcept { return true; }
  void write(const io::OutputEntry& /*entry*/) noexcept {}
};

}  // namespace

class SnapshotFollower::Engine {
 public:
  explicit Engine(const io::EngineConf& conf)
      : names_(conf.decision.symbols_max, conf.decision.book.accounts_max) {
    name_conf_ids(conf, names_);
    pipeline_ = std::make_unique<Pipeline>(
        conf.decision, names_, source_,
        io::IngressOptions{.streams = conf.streams, .timers = conf.timers}, sink_,
        io::EgressOptions{.streams = conf.streams,
                          .seed = conf.decision.fill.seed,
                          .model = conf.decision.fill.model,
                          .numbers_before = conf.numbers_before},
        on_one_thread());
  }

  [[nodiscard]] FullSegments& source() { return source_; }
  [[nodiscard]] auto& pipeline() { return *pipeline_; }

 private:
  static constexpr std::uint32_t no_rings = 2;

  static io::PipelineOptions on_one_thread() {
    io::PipelineOptions options;
    options.threads.push_back({0, io::egress_stage, {}});
    options.ring_capacity = no_rings;
    return options;
  }

  using Pipeline = io::PipelineEngine<FullSegments, NoSink, no_rings>;

  stages::Names names_;
  FullSegments source_;
  NoSink sink_;
  std::unique_ptr<Pipeline> pipeline_;
};

std::array<io::EntryId, io::output_stream_count> output_ids_of(
    const io::EngineConf& conf, const std::array<io::EntryId, io::output_stream_count>& last_ids,
    const io::JournalContents& journal) {
  std::array<io::EntryId, io::output_stream_count> ids = last_ids;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i].ms == 0) ids[i] = journal.starts.at(conf.output_names[i]);
  }
  return ids;
}

SnapshotFollower::SnapshotFollower(const io::EngineConf& conf, const io::RecordWriter& writer,
                                   io::Snapshot begin)
    : conf_(conf), writer_(writer), here_(std::move(begin)) {
  // It may begin in the middle of a segment.
  followed_segment_ = std::max<std::uint64_t>(here_.journal.end.segment_id, 1) - 1;
  thread_ = std::thread([this] { run(); });
}

SnapshotFollower::~SnapshotFollower() {
  stop();
}

void SnapshotFollower::stop() {
  if (!thread_.joinable()) return;
  is_stopping_.store(true, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
    wake_.notify_one();
  }
  thread_.join();
}

// Without memory there are no more snapshots, and recovery takes longer.
void SnapshotFollower::run() {
  try {
    follow_segments();
  } catch (const std::bad_alloc&) {
    note_failure(ENOMEM);
  }
}

void SnapshotFollower::follow_segments() {
  pthread_setname_np(pthread_self(), "snapshot");
  engine::step_back_this_thread();
  std::unique_ptr<Engine> engine;  // made with the first full segment: most runs are short
  std::string problem;
  while (problem.empty()) {
    const std::uint64_t last_segment = wait_for_segment();
    if (last_segment == 0) return;
    if (engine == nullptr) {
      engine = std::make_unique<Engine>(conf_);
      if (!restore(engine->pipeline(), here_.state))
        problem = "the snapshot it began with is of another build";
    }
    if (problem.empty()) problem = follow(*engine, last_segment);
    if (is_stopping_.load(std::memory_order_relaxed)) return;
    if (problem.empty()) make_snapshot(*engine);
  }
  problem_ = problem;
  has_problem_.store(true, std::memory_order_release);
}

// The last full segment, once there is one that has not been followed to its end; 0 when it is time
// to stop.
std::uint64_t SnapshotFollower::wait_for_segment() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const std::uint64_t full = writer_.full_segment();
    if (stops_) return 0;
    if (full > followed_segment_) return full;
    wake_.wait_for(lock, look_interval);
  }
}

std::string SnapshotFollower::follow(Engine& engine, std::uint64_t last_segment) {
  io::JournalContents next = here_.journal;
  std::string problem = io::read_journal_contents(conf_.journal.dir, next, last_segment);
  if (!problem.empty()) return problem;
  io::RecordReader reader(conf_.journal.dir);
  if (!reader.open(here_.journal.end, last_segment)) return reader.problem();
  io::JournalSource source(reader, here_.journal.last_sequence, here_.journal.skipped);
  engine.source().read_from(&source);
  while (engine.pipeline().step() != engine::StepResult::idle) {
    if (is_stopping_.load(std::memory_order_relaxed)) break;
  }
  engine.source().read_from(nullptr);
  engine.pipeline().settle();
  if (is_stopping_.load(std::memory_order_relaxed)) return {};
  if (!source.problem().empty()) return source.problem();
  const auto& pipeline = engine.pipeline();
  if (pipeline.ingress().fault() != io::IngressFault::none ||
      pipeline.ingress().sequence() != next.last_sequence ||
      pipeline.risk().book().hash() != pipeline.mark().book().hash()) {
    return "its inputs do not lead to one another at input " +
           std::to_string(pipeline.ingress().sequence());
  }
  here_.journal = std::move(next);
  followed_segment_ = last_segment;
  return {};
}

// A failure is told and tried again at the next segment: until then recovery takes longer, no more.
void SnapshotFollower::make_snapshot(Engine& engine) {
  here_.output_ids = output_ids_of(conf_, engine.pipeline().egress().last_ids(), here_.journal);
  save_state(engine.pipeline(), here_.state);
  int error = sync_segments(here_.journal.end.segment_id);
  if (error == 0) error = io::write_snapshot(conf_.journal.dir, here_);
  if (error != 0) return note_failure(error);
  is_failing_.store(false, std::memory_order_relaxed);
  const std::size_t removed = io::remove_what_snapshots_replace(
      conf_.journal.dir, static_cast<std::size_t>(conf_.journal.segments_kept));
  removed_segments_.fetch_add(removed, std::memory_order_relaxed);
  snapshot_sequence_.store(here_.journal.last_sequence, std::memory_order_release);
}

void SnapshotFollower::note_failure(int error) noexcept {
  error_.store(error, std::memory_order_relaxed);
  is_failing_.store(true, std::memory_order_relaxed);
  failures_.fetch_add(1, std::memory_order_release);
}

// A snapshot may not outlive the records it stands on.
int SnapshotFollower::sync_segments(std::uint64_t last_segment) {
  for (std::uint64_t id = synced_segment_ + 1; id <= last_segment; ++id) {
    const std::string path = conf_.journal.dir + "/" + io::segment_name(id);
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0 && errno == ENOENT) continue;  // removed long ago
    if (descriptor < 0) return errno;
    const int error = ::fdatasync(descriptor) == 0 ? 0 : errno;
    ::close(descriptor);
    if (error != 0) return error;
  }
  synced_segment_ = last_segment;
  return 0;
}

}  // namespace coreloop::tools
