// A live source behind a journal: first the inputs that were recorded, then what comes, or nothing
// more. INGRESS's thread.
#pragma once

#include <atomic>

#include "io/edge/input_streams.hpp"
#include "io/edge/source.hpp"
#include "io/journal/journal_source.hpp"

namespace coreloop::io {

template <Source Live>
class ResumedSource {
 public:
  /// `recorded`: nullptr where nothing was. Both must outlive it. `goes_live`: else it ends with
  /// what was recorded.
  ResumedSource(JournalSource* recorded, Live& live, bool goes_live = true)
      : live_(live),
        recorded_(recorded),
        goes_live_(goes_live),
        has_recovered_(recorded == nullptr) {}

  [[nodiscard]] SourceStatus peek(RawEntry& entry) noexcept {
    if (recorded_ != nullptr) {
      while (recorded_->peek(entry) == SourceStatus::entry) {
        if (entry.stream != conf_stream) return SourceStatus::entry;
        recorded_->consume();  // the engine was made with it
      }
      if (!recorded_->problem().empty()) return SourceStatus::end;
      recorded_ = nullptr;
      has_recovered_.store(true, std::memory_order_release);
    }
    return goes_live_ ? live_.peek(entry) : SourceStatus::end;
  }

  void consume() noexcept {
    if (recorded_ != nullptr)
      recorded_->consume();
    else
      live_.consume();
  }

  /// Whether the journal has been read to its end. Any thread.
  [[nodiscard]] bool has_recovered() const noexcept {
    return has_recovered_.load(std::memory_order_acquire);
  }

 private:
  Live& live_;
  JournalSource* recorded_;
  bool goes_live_;
  std::atomic<bool> has_recovered_;
};

}  // namespace coreloop::io
