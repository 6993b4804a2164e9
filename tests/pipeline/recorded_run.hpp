// A generated capture in memory, and an engine over it in any layout: what the pipeline tests
// share.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/capture/capture_line.hpp"
#include "io/edge/pipeline_engine.hpp"
#include "io/edge/sink.hpp"
#include "io/edge/source.hpp"
#include "tests/support/memory_file.hpp"
#include "tools/capture_generator.hpp"

namespace coreloop::tests {

/// Entries kept as text, to be given again and again.
struct RecordedEntry {
  std::string stream;
  std::uint64_t id_ms;
  std::uint64_t id_counter;
  std::int64_t unix_ns;
  std::vector<std::pair<std::string, std::string>> fields;
};

/// `signal_count` generated signals with their ticks, commands and bad messages.
[[nodiscard]] std::vector<RecordedEntry> recorded_entries(std::uint64_t signal_count);

/// Gives recorded entries once; other threads may ask whether it is through.
class RecordedSource {
 public:
  explicit RecordedSource(const std::vector<RecordedEntry>& entries) : entries_(entries) {}

  io::SourceStatus peek(io::RawEntry& entry) noexcept;
  void consume() noexcept { ++next_; }

 private:
  const std::vector<RecordedEntry>& entries_;
  std::size_t next_ = 0;
  std::vector<io::RawField> views_ = std::vector<io::RawField>(16);
};

/// Keeps a hash of everything published, and has no room while a test says so.
class HashSink {
 public:
  [[nodiscard]] bool has_room() noexcept { return !is_stalled.load(std::memory_order_relaxed); }
  void write(const io::OutputEntry& entry) noexcept;

  std::uint64_t hash = 0;
  std::uint64_t entry_count = 0;
  std::atomic<bool> is_stalled{false};
};

inline constexpr std::uint32_t small_rings = 64;
using RecordedEngine = io::PipelineEngine<RecordedSource, HashSink, small_rings>;

/// The conf of a recorded run.
[[nodiscard]] stages::DecisionConf recorded_decision();

/// What readers and askers bring along, where there are any.
struct RecordedDesk {
  io::Clock* clock = nullptr;
  io::CommandBox* commands = nullptr;
  io::EngineViews* views = nullptr;
};

/// One run's parts, kept together.
struct RecordedRun {
  /// `cuts`: bit i set puts a ring between stages i and i + 1; 0 is one thread, 15 is five.
  RecordedRun(const std::vector<RecordedEntry>& entries, std::uint32_t cuts,
              std::uint32_t ring_capacity, engine::WaitPolicy wait = engine::WaitPolicy::adaptive,
              const RecordedDesk& desk = {});

  RecordedSource source;
  HashSink sink;
  stages::Names names;
  std::unique_ptr<RecordedEngine> engine;
};

}  // namespace coreloop::tests
