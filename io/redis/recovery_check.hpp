// While a journal is replayed its outputs are made once more, and must lead to what stands in
// Redis: for each output stream, whether the last id found there is one that we make again.
//
//   found   last id of the stream when we looked; outputs up to it are there already
//   made    last id that the replay has made so far
#pragma once

#include <algorithm>
#include <cstdint>

#include "io/edge/entry_id.hpp"

namespace coreloop::io {

class RecoveryCheck {
 public:
  /// `base`: last id before ours; `found` is not below it.
  void begin(EntryId base, EntryId found) noexcept {
    found_ = found;
    is_met_ = found <= base || found == made_;
  }

  enum class Step : std::uint8_t {
    there,     ///< Redis has it already
    new_one,   ///< Redis lacks it
    stranger,  ///< Redis ends with an id that we passed without making it
  };

  /// The replay has made `id`, in order.
  Step on_made(EntryId id) noexcept {
    made_ = id;
    if (id == found_) is_met_ = true;
    if (id <= found_) return Step::there;
    return is_met_ ? Step::new_one : Step::stranger;
  }

  /// Entries up to `id` that nothing makes any more were taken for ours. `base` as in begin().
  /// Answers how many of them Redis has lost again.
  std::uint64_t on_adopted(EntryId base, EntryId id) noexcept {
    const EntryId last = last_made(base);
    if (last <= found_ && found_ <= id) is_met_ = true;
    made_ = id;
    const std::uint64_t there = std::max(last.counter, found_.counter);
    return there < id.counter ? id.counter - there : 0;
  }

  enum class End : std::uint8_t {
    met,
    behind,    ///< Redis ends with an id as we make them, but later than all of ours
    stranger,  ///< Redis ends with an id that is none of ours
  };

  /// The replay is over. `base` as in begin().
  [[nodiscard]] End end(EntryId base) const noexcept {
    if (is_met_) return End::met;
    return is_behind(last_made(base), found_) ? End::behind : End::stranger;
  }

  /// Whether `found` is an id as we make them after `last`.
  [[nodiscard]] static bool is_behind(EntryId last, EntryId found) noexcept {
    return found.counter > last.counter && found.ms >= last.ms;
  }

  [[nodiscard]] EntryId made() const noexcept { return made_; }
  [[nodiscard]] EntryId last_made(EntryId base) const noexcept {
    return made_ == EntryId{} ? base : made_;
  }
  [[nodiscard]] EntryId found() const noexcept { return found_; }

 private:
  EntryId found_;
  EntryId made_;
  bool is_met_ = true;
};

}  // namespace coreloop::io
