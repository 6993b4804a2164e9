// UTC timestamps: the calendar's edges, decimals and zones read; microseconds written; both ways.
#include "io/codec/timestamp_text.hpp"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stages/event.hpp"

namespace coreloop::io {
namespace {

using stages::ns_per_day;
using stages::ns_per_second;

constexpr std::int64_t unreadable = -1;

std::int64_t read(std::string_view text) {
  std::int64_t unix_ns = 0;
  return read_timestamp(text, unix_ns) ? unix_ns : unreadable;
}

std::string written(std::int64_t unix_ns) {
  TimestampWriter writer;
  std::array<char, timestamp_bytes> out{};
  return {out.data(), writer.write(out.data(), unix_ns)};
}

bool is_leap(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_in(int year, int month) {
  constexpr std::array<int, 13> days{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[static_cast<std::size_t>(month)] + (month == 2 && is_leap(year) ? 1 : 0);
}

std::string padded(int value, std::size_t width) {
  const std::string digits = std::to_string(value);
  return std::string(width - digits.size(), '0') + digits;
}

TEST(TimestampTextTest, ReadsKnownMoments) {
  EXPECT_EQ(read("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(read("1970-01-01T00:00:01Z"), ns_per_second);
  // 20,465 days from 1970-01-01 to 2026-01-12: 56 years of 365 days, 14 leap days, 11 days.
  EXPECT_EQ(read("2026-01-12T10:00:00Z"),
            (56 * 365 + 14 + 11) * ns_per_day + 36'000 * ns_per_second);
  EXPECT_EQ(read("2026-01-12T10:00:00Z"), 1'768'212'000'000'000'000);
  // 2^31 s, the end of 32-bit time.
  EXPECT_EQ(read("2038-01-19T03:14:08Z"), 2'147'483'648 * ns_per_second);
  // 10^10 s: milliseconds get a fourteenth digit.
  EXPECT_EQ(read("2286-11-20T17:46:40Z"), unreadable);
}

TEST(TimestampTextTest, KnowsTheLastDayOfEveryMonth) {
  for (const int year : {1970, 1972, 1999, 2000, 2023, 2024, 2026, 2100, 2200, 2261}) {
    for (int month = 1; month <= 12; ++month) {
      const std::string start = padded(year, 4) + "-" + padded(month, 2) + "-";
      const int days = days_in(year, month);
      EXPECT_NE(read(start + padded(days, 2) + "T00:00:00Z"), unreadable) << start << days;
      EXPECT_EQ(read(start + padded(days + 1, 2) + "T00:00:00Z"), unreadable) << start << days + 1;
      EXPECT_EQ(read(start + "00T00:00:00Z"), unreadable) << start;
    }
    EXPECT_EQ(read(padded(year, 4) + "-00-01T00:00:00Z"), unreadable);
    EXPECT_EQ(read(padded(year, 4) + "-13-01T00:00:00Z"), unreadable);
  }
}

TEST(TimestampTextTest, CountsEveryDayOfItsYears) {
  std::int64_t day = 0;
  for (int year = 1970; year <= 2261; ++year) {
    for (int month = 1; month <= 12; ++month) {
      for (int date = 1; date <= days_in(year, month); ++date, ++day) {
        const std::string text = padded(year, 4) + "-" + padded(month, 2) + "-" + padded(date, 2);
        ASSERT_EQ(read(text + "T00:00:00Z"), day * ns_per_day) << text;
        ASSERT_EQ(written(day * ns_per_day), text + "T00:00:00.000000Z");
      }
    }
  }
}

TEST(TimestampTextTest, ReadsTheYearsFrom1970To2261) {
  EXPECT_EQ(read("1969-12-31T23:59:59Z"), unreadable);
  EXPECT_EQ(read("1969-12-31T23:59:59.999999999Z"), unreadable);
  EXPECT_EQ(read("0000-01-01T00:00:00Z"), unreadable);
  EXPECT_EQ(read("2262-01-01T00:00:00Z"), unreadable);
  EXPECT_EQ(read("9999-12-31T23:59:59Z"), unreadable);
  // 2262-01-01 is day 106,651: 292 years of 365 days, and 71 leap days (1972 to 2260, 2100 and
  // 2200 not).
  EXPECT_EQ(read("2261-12-31T23:59:59.999999999Z"), (292 * 365 + 71) * ns_per_day - 1);
}

TEST(TimestampTextTest, ReadsNoneToNineDecimals) {
  const std::string start = "1970-01-01T00:00:00";
  EXPECT_EQ(read(start + "Z"), 0);
  const std::string digits = "123456789";
  std::int64_t expected = 0;
  std::int64_t unit = ns_per_second;
  for (std::size_t count = 1; count <= 9; ++count) {
    unit /= 10;
    expected += static_cast<std::int64_t>(count) * unit;
    for (const char* const zone : {"Z", "+00:00", ""})
      EXPECT_EQ(read(start + "." + digits.substr(0, count) + zone), expected) << count << zone;
  }
  EXPECT_EQ(read(start + ".000000001Z"), 1);
  EXPECT_EQ(read(start + ".1234567890Z"), unreadable);
  EXPECT_EQ(read(start + ".0000000000"), unreadable);
  EXPECT_EQ(read(start + ".Z"), unreadable);
  EXPECT_EQ(read(start + "."), unreadable);
  EXPECT_EQ(read(start + ".+00:00"), unreadable);
  EXPECT_EQ(read(start + ",5Z"), unreadable);
  EXPECT_EQ(read(start + ".5 Z"), unreadable);
  EXPECT_EQ(read(start + ".-5Z"), unreadable);
}

TEST(TimestampTextTest, TakesUtcOnly) {
  const std::string start = "2026-01-12T10:00:00";
  for (const char* const zone : {"Z", "+00:00", ""})
    EXPECT_EQ(read(start + zone), 1'768'212'000 * ns_per_second) << zone;
  for (const char* const zone : {"z", "-00:00", "+01:00", "+0000", "+00", "+00:0", "+00:000", "UTC",
                                 " Z", "Z ", "ZZ", "+00:00Z", "Z+00:00", "\n", " ", "+", "GMT"})
    EXPECT_EQ(read(start + zone), unreadable) << zone;
  EXPECT_EQ(read(start + std::string(1, '\0')), unreadable);
}

TEST(TimestampTextTest, KnowsTheLimitsOfHoursMinutesAndSeconds) {
  EXPECT_EQ(read("1970-01-01T23:59:59Z"), ns_per_day - ns_per_second);
  EXPECT_EQ(read("1970-01-01T24:00:00Z"), unreadable);
  EXPECT_EQ(read("1970-01-01T23:60:00Z"), unreadable);
  EXPECT_EQ(read("1970-01-01T23:59:60Z"), unreadable);
  EXPECT_EQ(read("2016-12-31T23:59:60Z"), unreadable);  // a leap second there was
  EXPECT_EQ(read("1970-01-01T00:00:99Z"), unreadable);
  EXPECT_EQ(read("1970-01-01T99:00:00Z"), unreadable);
}

TEST(TimestampTextTest, RefusesEveryOtherShape) {
  const std::string good = "2026-01-12T10:00:00Z";
  for (const char* const text : {"",
                                 "Z",
                                 "yesterday",
                                 "now",
                                 "1736676000",
                                 "2026-01-12",
                                 "2026-01-12T10:00",
                                 "2026-01-12T10:00Z",
                                 "2026-01-12 10:00:00Z",
                                 "2026-01-12t10:00:00Z",
                                 "2026/01/12T10:00:00Z",
                                 "2026-1-12T10:00:00Z",
                                 "26-01-12T10:00:00Z",
                                 "20260112T100000Z",
                                 " 2026-01-12T10:00:00Z",
                                 "+2026-01-12T10:00:00Z",
                                 "2026-01-12T10.00.00Z",
                                 "2026-W03-1T10:00:00Z",
                                 "2026-01-12T10:00:0Z",
                                 "2026-01-12T-1:00:00Z",
                                 "2026-01-12T+1:00:00Z",
                                 "2026- 1-12T10:00:00Z",
                                 "12026-01-12T10:00:00Z",
                                 "2026-02-30T00:00:00Z"})
    EXPECT_EQ(read(text), unreadable) << text;
  // No position may hold another kind of character.
  for (std::size_t at = 0; at + 1 < good.size(); ++at) {
    for (const char wrong : {'x', ' ', '/', ':', '-', '.', '\0'}) {
      std::string text = good;
      if (text[at] == wrong) continue;
      text[at] = wrong;
      EXPECT_EQ(read(text), unreadable) << text;
    }
  }
  for (std::size_t size = 0; size < 19; ++size)
    EXPECT_EQ(read(good.substr(0, size)), unreadable) << size;
}

TEST(TimestampTextTest, WritesMicrosecondsCutNotRounded) {
  EXPECT_EQ(written(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(written(999), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(written(1'000), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(written(999'999'999), "1970-01-01T00:00:00.999999Z");
  EXPECT_EQ(written(1'768'212'000'123'456'789), "2026-01-12T10:00:00.123456Z");
  EXPECT_EQ(written(ns_per_day - 1), "1970-01-01T23:59:59.999999Z");
  EXPECT_EQ(written((292 * 365 + 71) * ns_per_day - 1), "2261-12-31T23:59:59.999999Z");
  // The last nanosecond of 64 bits.
  EXPECT_EQ(written(9'223'372'036'854'775'807), "2262-04-11T23:47:16.854775Z");
}

TEST(TimestampTextTest, WritesTheRightDateWhenDaysComeInAnyOrder) {
  TimestampWriter writer;
  std::array<char, timestamp_bytes> out{};
  const auto write = [&](std::int64_t unix_ns) {
    return std::string(out.data(), writer.write(out.data(), unix_ns));
  };
  const std::int64_t leap_day = read("2024-02-29T00:00:00Z");
  EXPECT_EQ(write(leap_day), "2024-02-29T00:00:00.000000Z");
  EXPECT_EQ(write(leap_day + ns_per_day), "2024-03-01T00:00:00.000000Z");
  EXPECT_EQ(write(leap_day - 1), "2024-02-28T23:59:59.999999Z");
  EXPECT_EQ(write(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(write(leap_day + 1'000), "2024-02-29T00:00:00.000001Z");
}

TEST(TimestampTextTest, ReadsWhatItWrites) {
  std::uint64_t random = 42;
  for (int i = 0; i < 100'000; ++i) {
    random = random * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    const auto unix_ns =
        static_cast<std::int64_t>(random >> 1) % ((292 * 365 + 71) * ns_per_day) / 1'000 * 1'000;
    ASSERT_EQ(read(written(unix_ns)), unix_ns) << unix_ns;
  }
}

}  // namespace
}  // namespace coreloop::io
