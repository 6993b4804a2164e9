// A live source behind a journal: first the inputs that were recorded, then what comes. INGRESS's
// thread.
#pragma once

#include <atomic>

#include "io/edge/input_streams.hpp"
#include "io/edge/source.hpp"
#include "io/journal/journal_source.hpp"

namespace coreloop::io {

template <Source Live>
class ResumedSource {
 public:
  /// `recorded`: nullptr where nothing was. Both must outlive it.
  ResumedSource(JournalSource* recorded, Live& live)
      : live_(live), recorded_(recorded), is_live_(recorded == nullptr) {}

  [[nodiscard]] SourceStatus peek(RawEntry& entry) noexcept {
    if (recorded_ != nullptr) {
      while (recorded_->peek(entry) == SourceStatus::entry) {
        if (entry.stream != conf_stream) return SourceStatus::entry;
        recorded_->consume();  // the engine was made with it
      }
      if (!recorded_->problem().empty()) return SourceStatus::end;
      recorded_ = nullptr;
      is_live_.store(true, std::memory_order_release);
    }
    return live_.peek(entry);
  }

  void consume() noexcept {
    if (recorded_ != nullptr)
      recorded_->consume();
    else
      live_.consume();
  }

  /// Whether the journal has been read to its end. Any thread.
  [[nodiscard]] bool is_live() const noexcept { return is_live_.load(std::memory_order_acquire); }

 private:
  Live& live_;
  JournalSource* recorded_;
  std::atomic<bool> is_live_;
};

}  // namespace coreloop::io
