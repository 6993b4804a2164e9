// A log whose records say which they are: written, and read back whole.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "io/journal/record_reader.hpp"
#include "io/journal/record_writer.hpp"
#include "tests/support/temp_dir.hpp"

namespace coreloop::tests {

using io::LogPosition;
using io::Record;
using io::RecordReader;
using io::RecordStatus;
using io::RecordWriter;

inline constexpr std::uint64_t segment_bytes = 8'192;

inline std::string payload_of(std::uint64_t i) {
  return "payload " + std::to_string(i) + std::string(i % 37, '#');
}

struct Log {
  std::vector<std::string> payloads;
  RecordStatus status = RecordStatus::end;
  std::string problem;
  LogPosition end;
  std::uint64_t torn_bytes = 0;

  /// Whether it holds payload 0, 1, 2, … and nothing else.
  [[nodiscard]] bool is_prefix() const {
    for (std::size_t i = 0; i < payloads.size(); ++i) {
      if (payloads[i] != payload_of(i)) return false;
    }
    return true;
  }
};

inline void put(const TempDir& dir, const std::string& name, const std::string& bytes) {
  static_cast<void>(dir.write(name, bytes));
}

inline Log read_log(const std::string& directory) {
  Log log;
  RecordReader reader(directory);
  if (!reader.open()) {
    log.status = RecordStatus::corrupt;
    log.problem = reader.problem();
    return log;
  }
  Record record;
  while ((log.status = reader.next(record)) == RecordStatus::record)
    log.payloads.emplace_back(record.bytes);
  log.problem = reader.problem();
  log.end = reader.end();
  log.torn_bytes = reader.torn_bytes();
  return log;
}

// Goes on where the log ends, for `count` records.
inline void append(const std::string& directory, std::size_t count, bool syncs = false) {
  const Log before = read_log(directory);
  ASSERT_EQ(before.status, RecordStatus::end) << before.problem;
  RecordWriter writer({directory, "test", segment_bytes, syncs});
  ASSERT_EQ(writer.open(before.end), 0);
  for (std::size_t i = before.payloads.size(); i < before.payloads.size() + count; ++i) {
    const std::string payload = payload_of(i);
    while (!writer.has_room(payload.size()))
      std::this_thread::yield();
    const std::string_view text = payload;
    const std::array<std::string_view, 2> parts{text.substr(0, 3), text.substr(3)};
    const std::uint64_t number = writer.append(7, 1'000, parts);
    if (!syncs) {
      EXPECT_EQ(writer.safe_number(), number);
      continue;
    }
    writer.hand_over();
    if (i % 50 != 0) continue;
    while (writer.safe_number() < number)
      std::this_thread::yield();
  }
  ASSERT_EQ(writer.close(), 0);
}

}  // namespace coreloop::tests
