// A ring of what was read, and a sorted copy of it while it is asked.
#include "io/edge/input_history.hpp"

#include <algorithm>

#include "engine/check.hpp"

namespace coreloop::io {

InputHistory::InputHistory(EntryId boundary, std::size_t capacity)
    : capacity_(capacity), boundary_(boundary) {
  CHECK(capacity > 0, "room for one");
  // Every page is taken now, none while the engine runs.
  for (std::vector<Entry>* const entries : {&entries_, &in_order_}) {
    entries->resize(capacity);
    entries->clear();
  }
}

void InputHistory::add(EntryId id, std::uint32_t checksum) noexcept {
  if (entries_.size() < capacity_) {
    entries_.push_back({id, checksum});
    return;
  }
  Entry& entry = entries_[oldest_];
  boundary_ = std::max(boundary_, entry.id);
  entry = {id, checksum};
  oldest_ = oldest_ + 1 == capacity_ ? 0 : oldest_ + 1;
}

void InputHistory::put_in_order() {
  in_order_ = entries_;
  std::sort(in_order_.begin(), in_order_.end(),
            [](const Entry& a, const Entry& b) { return a.id < b.id; });
}

// An id that was used twice stands here twice.
InputHistory::Match InputHistory::match(EntryId id, std::uint32_t checksum) const noexcept {
  auto at = std::lower_bound(in_order_.begin(), in_order_.end(), id,
                             [](const Entry& entry, EntryId wanted) { return entry.id < wanted; });
  Match match = Match::none;
  for (; at != in_order_.end() && at->id == id; ++at) {
    if (at->checksum == checksum || at->checksum == ContentChecksum::any) return Match::same;
    match = Match::other;
  }
  return match;
}

EntryId InputHistory::highest() const noexcept {
  return in_order_.empty() ? EntryId{} : in_order_.back().id;
}

}  // namespace coreloop::io
