// A Source that gives the entries a test has told it, in their order, and has nothing to give where
// the test says so. Entries may be added at any time; peek and consume allocate nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "io/edge/source.hpp"
#include "stages/event.hpp"

namespace coreloop::tests {

using FieldTexts = std::vector<std::pair<std::string, std::string>>;

struct ScriptedEntry {
  std::string stream;
  std::uint64_t id_ms = 0;
  std::uint64_t id_counter = 0;
  std::int64_t unix_ns = 0;  ///< receive time
  FieldTexts fields;
};

class ScriptedSource {
 public:
  ScriptedSource() = default;
  ScriptedSource(const ScriptedSource&) = delete;
  ScriptedSource& operator=(const ScriptedSource&) = delete;

  void add(ScriptedEntry entry) {
    Line& line = lines_.emplace_back();
    line.entry = std::move(entry);
    for (const auto& [name, value] : line.entry.fields)
      line.views.push_back({name, value});
  }

  /// An entry with one field `data`; its id is `<ms of unix_ns>-0`.
  void add_data(std::string stream, std::int64_t unix_ns, std::string data) {
    add_fields(std::move(stream), unix_ns, {{"data", std::move(data)}});
  }

  /// An entry with the id `<ms of unix_ns>-0`.
  void add_fields(std::string stream, std::int64_t unix_ns, FieldTexts fields) {
    add({std::move(stream), static_cast<std::uint64_t>(unix_ns / stages::ns_per_ms), 0, unix_ns,
         std::move(fields)});
  }

  /// What was added so far comes out of a journal.
  void set_recorded() {
    for (Line& line : lines_)
      line.is_recorded = true;
  }

  /// From here on the source has nothing to give, until resume().
  void add_pause() { lines_.emplace_back().is_pause = true; }

  /// Ends the pause the source stands at.
  void resume() { ++next_; }

  io::SourceStatus peek(io::RawEntry& entry) noexcept {
    if (next_ == lines_.size()) return io::SourceStatus::end;
    const Line& line = lines_[next_];
    if (line.is_pause) return io::SourceStatus::none;
    entry = {line.entry.stream, line.entry.id_ms, line.entry.id_counter, line.entry.unix_ns,
             line.views};
    entry.is_recorded = line.is_recorded;
    return io::SourceStatus::entry;
  }

  void consume() noexcept { ++next_; }

 private:
  struct Line {
    ScriptedEntry entry;
    std::vector<io::RawField> views;
    bool is_pause = false;
    bool is_recorded = false;
  };

  std::deque<Line> lines_;  ///< a deque: the views stay where they are
  std::size_t next_ = 0;
};

static_assert(io::Source<ScriptedSource>);

}  // namespace coreloop::tests
