// The last minutes of a running engine, for charts that begin before anybody looked: a sample every
// two seconds, the oldest forgotten.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "io/http/engine_desk.hpp"

namespace coreloop::io {

/// Requires: views.is_complete().
[[nodiscard]] HistorySample sample_of(const ViewCopies& views, const RedisFacts& redis,
                                      std::int64_t unix_ns);

/// Any thread.
class History {
 public:
  static constexpr std::chrono::seconds interval{2};
  static constexpr std::size_t samples_max = 300;  ///< ten minutes

  void record(HistorySample sample);
  /// The oldest first.
  [[nodiscard]] std::vector<HistorySample> copy() const;

 private:
  mutable std::mutex mutex_;
  std::array<HistorySample, samples_max> ring_;
  std::size_t recorded_ = 0;
};

/// GET /history: of all accounts, but for the equity, which is one account's; `account`: nothing
/// for one that has no row yet. Requires: views.is_complete().
[[nodiscard]] std::string history_json(const HistoryFacts& history, const ViewCopies& views,
                                       std::optional<stages::AccountId> account);

}  // namespace coreloop::io
