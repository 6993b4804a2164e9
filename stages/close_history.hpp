// An account's last closes: what win rate and tracked_kelly look at. A close is one reducing fill;
// a win has realized more than zero, a loss less, before fees. Bounded ring with running sums.
#pragma once

#include <array>
#include <cstdint>

#include "stages/fixed_point.hpp"

namespace coreloop::stages {

class CloseHistory {
 public:
  static constexpr std::uint32_t closes_max = 100;
  static constexpr std::uint32_t win_rate_closes = 20;

  void add(Money realized) noexcept {
    if (count_ == closes_max)
      forget(realized_[next_]);
    else
      ++count_;
    realized_[next_] = realized;
    next_ = (next_ + 1) % closes_max;
    if (realized > 0) {
      ++win_count_;
      win_sum_ += realized;
    } else if (realized < 0) {
      ++loss_count_;
      loss_sum_ -= realized;
    }
  }

  /// Wins over closes of the last 20, truncated; 0 without a close.
  [[nodiscard]] Ratio win_rate() const noexcept {
    const std::uint32_t looked_at = count_ < win_rate_closes ? count_ : win_rate_closes;
    if (looked_at == 0) return 0;
    std::int64_t wins = 0;
    for (std::uint32_t back = 1; back <= looked_at; ++back) {
      wins += realized_[(next_ + closes_max - back) % closes_max] > 0 ? 1 : 0;
    }
    return wins * scale / looked_at;
  }

  [[nodiscard]] std::uint32_t close_count() const noexcept { return count_; }
  [[nodiscard]] std::uint32_t win_count() const noexcept { return win_count_; }
  [[nodiscard]] std::uint32_t loss_count() const noexcept { return loss_count_; }
  /// Mean of the wins, truncated. Requires: win_count() > 0.
  [[nodiscard]] Money mean_win() const noexcept {
    return static_cast<Money>(truncated(win_sum_, win_count_));
  }
  /// Mean of the losses as a positive amount, truncated. Requires: loss_count() > 0.
  [[nodiscard]] Money mean_loss() const noexcept {
    return static_cast<Money>(truncated(loss_sum_, loss_count_));
  }

 private:
  void forget(Money realized) noexcept {
    if (realized > 0) {
      --win_count_;
      win_sum_ -= realized;
    } else if (realized < 0) {
      --loss_count_;
      loss_sum_ += realized;
    }
  }

  std::array<Money, closes_max> realized_{};
  Int128 win_sum_ = 0;
  Int128 loss_sum_ = 0;
  std::uint32_t next_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t win_count_ = 0;
  std::uint32_t loss_count_ = 0;
};

}  // namespace coreloop::stages
