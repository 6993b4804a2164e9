// Keys in the order in which they came.
#include "io/http/command_memory.hpp"

#include <algorithm>

namespace coreloop::io {

CommandMemory::Found CommandMemory::look_up(std::string_view key, std::string_view command) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(std::string{key});
  if (found != entries_.end()) {
    if (found->second.command != command) return {Recall::other};
    if (!found->second.answer) return {Recall::pending};
    return {Recall::answered, *found->second.answer};
  }
  if (keys_.size() >= keys_max_) {
    entries_.erase(keys_.front());
    keys_.pop_front();
  }
  entries_.emplace(key, Entry{std::string{command}, std::nullopt});
  keys_.emplace_back(key);
  return {};
}

void CommandMemory::settle(std::string_view key, std::optional<HttpAnswer> answer) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(std::string{key});
  if (found == entries_.end()) return;
  if (answer) {
    found->second.answer = std::move(answer);
    return;
  }
  entries_.erase(found);
  // Most likely it came last.
  const auto place = std::find(keys_.rbegin(), keys_.rend(), key);
  if (place != keys_.rend()) keys_.erase(std::next(place).base());
}

}  // namespace coreloop::io
