// Timestamps by the calendar of <chrono>, digits by hand.
#include "io/codec/timestamp_text.hpp"

#include <chrono>
#include <cstring>

#include "stages/event.hpp"

namespace coreloop::io {
namespace {

using stages::ns_per_day;
using stages::ns_per_second;

constexpr std::size_t seconds_end = 19;  // of `YYYY-MM-DDTHH:MM:SS`
constexpr std::size_t decimals_max = 9;

// Reads `count` digits at `at`; -1 if they are not.
int digits(std::string_view text, std::size_t at, std::size_t count) noexcept {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// Reads the optional decimals and zone behind the seconds.
bool read_tail(std::string_view tail, std::int64_t& ns) noexcept {
  ns = 0;
  if (!tail.empty() && tail.front() == '.') {
    std::size_t count = 0;
    while (count + 1 < tail.size() && tail[count + 1] >= '0' && tail[count + 1] <= '9') {
      if (count == decimals_max) return false;
      ns = ns * 10 + (tail[++count] - '0');
    }
    if (count == 0) return false;
    for (std::size_t i = count; i < decimals_max; ++i)
      ns *= 10;
    tail.remove_prefix(count + 1);
  }
  return tail.empty() || tail == "Z" || tail == "+00:00";
}

char* write_padded(char* out, std::uint64_t value, int width) noexcept {
  for (int i = width - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + width;
}

}  // namespace

bool read_timestamp(std::string_view text, std::int64_t& unix_ns) noexcept {
  if (text.size() < seconds_end || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
      text[13] != ':' || text[16] != ':') {
    return false;
  }
  const int year = digits(text, 0, 4);
  const int month = digits(text, 5, 2);
  const int day = digits(text, 8, 2);
  const int hour = digits(text, 11, 2);
  const int minute = digits(text, 14, 2);
  const int second = digits(text, 17, 2);
  std::int64_t ns = 0;
  if (year < 1970 || year > 2261 || month < 0 || day < 0 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 59 || !read_tail(text.substr(seconds_end), ns)) {
    return false;
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return false;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  unix_ns = days * ns_per_day + (hour * 3600 + minute * 60 + second) * ns_per_second + ns;
  return true;
}

char* TimestampWriter::write(char* out, std::int64_t unix_ns) noexcept {
  const std::int64_t day = unix_ns / ns_per_day;
  if (day != day_) {
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
    char* p = date_.data();
    p = write_padded(p, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
    *p++ = '-';
    p = write_padded(p, static_cast<unsigned>(date.month()), 2);
    *p++ = '-';
    write_padded(p, static_cast<unsigned>(date.day()), 2);
    day_ = day;
  }
  std::memcpy(out, date_.data(), date_.size());
  out += date_.size();
  const auto us = static_cast<std::uint64_t>(unix_ns % ns_per_day) / 1'000;
  const std::uint64_t seconds = us / 1'000'000;
  *out++ = 'T';
  out = write_padded(out, seconds / 3600, 2);
  *out++ = ':';
  out = write_padded(out, seconds / 60 % 60, 2);
  *out++ = ':';
  out = write_padded(out, seconds % 60, 2);
  *out++ = '.';
  out = write_padded(out, us % 1'000'000, 6);
  *out++ = 'Z';
  return out;
}

}  // namespace coreloop::io
