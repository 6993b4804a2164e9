// A live source behind a journal: first the inputs that were recorded, then commands that a start
// gives, then what comes, or nothing more. INGRESS's thread.
#pragma once

#include <atomic>
#include <span>

#include "io/edge/input_streams.hpp"
#include "io/edge/source.hpp"
#include "io/journal/journal_source.hpp"

namespace coreloop::io {

template <Source Live>
class ResumedSource {
 public:
  /// `recorded`: nullptr where nothing was. `is_right`: behind that nothing goes on before it says
  /// that what the recorded ones led to is what stands in the streams; nullptr: nobody looks. All
  /// must outlive it. `goes_live`: else it ends before what is live.
  ResumedSource(JournalSource* recorded, const std::atomic<bool>* is_right,
                std::span<const RawEntry> commands, Live& live, bool goes_live = true)
      : live_(live),
        recorded_(recorded),
        is_right_(is_right),
        commands_(commands),
        goes_live_(goes_live),
        has_recovered_(recorded == nullptr) {}

  [[nodiscard]] SourceStatus peek(RawEntry& entry) noexcept {
    if (recorded_ != nullptr) {
      while (recorded_->peek(entry) == SourceStatus::entry) {
        if (entry.stream != conf_stream) return SourceStatus::entry;
        recorded_->consume();  // the engine was made with it
      }
      if (!recorded_->problem().empty()) return SourceStatus::end;
      if (is_right_ != nullptr && !is_right_->load(std::memory_order_acquire))
        return SourceStatus::held;
      recorded_ = nullptr;
      has_recovered_.store(true, std::memory_order_release);
    }
    if (!commands_.empty()) {
      entry = commands_.front();
      return SourceStatus::entry;
    }
    return goes_live_ ? live_.peek(entry) : SourceStatus::end;
  }

  void consume() noexcept {
    if (recorded_ != nullptr)
      recorded_->consume();
    else if (!commands_.empty())
      commands_ = commands_.subspan(1);
    else
      live_.consume();
  }

  /// Whether the journal has been read to its end, and what it led to is right. Any thread.
  [[nodiscard]] bool has_recovered() const noexcept {
    return has_recovered_.load(std::memory_order_acquire);
  }

 private:
  Live& live_;
  JournalSource* recorded_;
  const std::atomic<bool>* is_right_;
  std::span<const RawEntry> commands_;
  bool goes_live_;
  std::atomic<bool> has_recovered_;
};

}  // namespace coreloop::io
