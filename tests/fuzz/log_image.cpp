// Segments out of an input, and checksums into it.
#include "tests/fuzz/log_image.hpp"

#include <algorithm>
#include <cstring>

#include "io/journal/record_format.hpp"

namespace coreloop::tests {
namespace {

using io::RecordHeader;
using io::SegmentHeader;

std::size_t size_at(const char* bytes) {
  std::uint16_t size = 0;
  std::memcpy(&size, bytes, sizeof size);
  return size;
}

// One segment's file; `number` is of its first record and moves behind its last one.
void repair_segment(char* bytes, std::size_t size, std::uint64_t id, std::uint64_t& number,
                    bool numbers_too) {
  SegmentHeader header;
  if (size < sizeof header) return;
  std::memcpy(&header, bytes, sizeof header);
  if (numbers_too) {
    header.magic = SegmentHeader{}.magic;
    header.format_version = io::record_format_version;
    header.amount_places = SegmentHeader{}.amount_places;
    header.segment_id = id;
    header.first_number = number;
  }
  header.crc = io::segment_header_crc(header);
  std::memcpy(bytes, &header, sizeof header);
  std::size_t at = sizeof header;
  while (at + sizeof(RecordHeader) <= size) {
    RecordHeader record;
    std::memcpy(&record, bytes + at, sizeof record);
    if (record.length < sizeof record || record.length > size - at) return;
    if (numbers_too) record.number = number;
    number = record.number + 1;
    record.crc = io::record_crc(id, record, bytes + at + sizeof record);
    std::memcpy(bytes + at, &record, sizeof record);
    at += io::record_size(record.length - sizeof record);
  }
}

}  // namespace

std::vector<std::string> log_segments(std::string_view input) {
  std::vector<std::string> segments;
  while (input.size() >= 2 && segments.size() < log_segments_max) {
    const std::size_t size = std::min(size_at(input.data()), input.size() - 2);
    segments.emplace_back(input.substr(2, size));
    input.remove_prefix(2 + size);
  }
  return segments;
}

void repair_log(char* bytes, std::size_t size, bool numbers_too) {
  std::uint64_t number = 1;
  std::size_t at = 0;
  for (std::uint64_t id = 1; at + 2 <= size && id <= log_segments_max; ++id) {
    const std::size_t segment = std::min(size_at(bytes + at), size - at - 2);
    repair_segment(bytes + at + 2, segment, id, number, numbers_too);
    at += 2 + segment;
  }
}

}  // namespace coreloop::tests
