// One row for each kind of complaint.
#include "tools/distinct_errors.hpp"

#include <algorithm>

namespace coreloop::tools {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// `text` with `#` for every run of digits.
std::string without_numbers(std::string_view text) {
  std::string kept;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_digit(text[i]))
      kept += text[i];
    else if (i == 0 || !is_digit(text[i - 1]))
      kept += '#';
  }
  return kept;
}

}  // namespace

void DistinctErrors::add(std::string_view level, std::string_view component, std::string_view text,
                         std::int64_t now_unix_ns) {
  text = text.substr(0, sample_bytes_max);
  std::string key = std::string{level} + " " + std::string{component} + " " + without_numbers(text);
  const std::lock_guard lock(mutex_);
  auto at = rows_.find(key);
  if (at == rows_.end()) {
    if (rows_.size() == distinct_max) {
      ++others_;
      return;
    }
    at = rows_.emplace(std::move(key), io::ErrorFacts{}).first;
    at->second.level = level;
    at->second.component = component;
    at->second.first_unix_ns = now_unix_ns;
  }
  io::ErrorFacts& row = at->second;
  row.sample = text;
  row.last_unix_ns = now_unix_ns;
  ++row.count;
}

io::ToldErrors DistinctErrors::copy() const {
  io::ToldErrors told;
  {
    const std::lock_guard lock(mutex_);
    told.others = others_;
    for (const auto& [key, row] : rows_)
      told.distinct.push_back(row);
  }
  std::stable_sort(told.distinct.begin(), told.distinct.end(),
                   [](const auto& a, const auto& b) { return a.last_unix_ns > b.last_unix_ns; });
  return told;
}

}  // namespace coreloop::tools
