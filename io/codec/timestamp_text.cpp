// Timestamps by the calendar of <chrono>, digits by hand.
#include "io/codec/timestamp_text.hpp"

#include <chrono>
#include <cstring>

#include "stages/decimal_digits.hpp"
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
  const auto ns = static_cast<std::uint64_t>(unix_ns);
  const auto second = static_cast<std::int64_t>(ns / ns_per_second);
  if (second != second_) [[unlikely]]
    set_second(second);
  std::memcpy(out, until_dot_.data(), until_dot_.size());
  out += until_dot_.size();
  const auto us = static_cast<std::uint32_t>(ns % ns_per_second / 1'000);
  // The last six of eight digits: two are always 0.
  const std::uint64_t text = (stages::eight_digits(us) | stages::eight_zeros) >> 16;
  std::memcpy(out, &text, 6);
  out[6] = 'Z';
  return out + 7;
}

void TimestampWriter::set_second(std::int64_t second) noexcept {
  constexpr std::int64_t seconds_a_day = ns_per_day / ns_per_second;
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{second / seconds_a_day}}};
  const auto of_day = static_cast<std::uint64_t>(second % seconds_a_day);
  char* p = until_dot_.data();
  const auto put = [&p](std::uint64_t value, int width, char behind) {
    p = write_padded(p, value, width);
    *p++ = behind;
  };
  put(static_cast<std::uint64_t>(static_cast<int>(date.year())), 4, '-');
  put(static_cast<unsigned>(date.month()), 2, '-');
  put(static_cast<unsigned>(date.day()), 2, 'T');
  put(of_day / 3600, 2, ':');
  put(of_day / 60 % 60, 2, ':');
  put(of_day % 60, 2, '.');
  second_ = second;
}

}  // namespace coreloop::io
