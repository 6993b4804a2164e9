// Bytes of a histogram, big-endian.
#include "io/latency/hdr_encoding.hpp"

#include <bit>

#include "io/codec/checksum.hpp"

namespace coreloop::io {
namespace {

// Both end in 0x10: counts take a byte or more.
constexpr std::uint32_t v2_cookie = 0x1c849303 | 0x10;
constexpr std::uint32_t packed_v2_cookie = 0x1c849304 | 0x10;

template <class Integer>
void append_number(std::string& bytes, Integer value) {
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8)
    bytes += static_cast<char>(value >> shift & 0xFF);
}

// Small numbers of either sign in few bytes: 7 bits a byte, the ninth has all 8.
void append_zigzag(std::string& bytes, std::int64_t number) {
  auto value = (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
  constexpr int last_byte = 8;
  for (int i = 0; i < last_byte && value >= 0x80; ++i) {
    bytes += static_cast<char>((value & 0x7F) | 0x80);
    value >>= 7;
  }
  bytes += static_cast<char>(value);
}

std::string encoded_counts(const std::vector<std::uint64_t>& counts) {
  std::string bytes;
  for (std::size_t i = 0; i < counts.size();) {
    std::size_t end = i + 1;
    while (counts[i] == 0 && end < counts.size() && counts[end] == 0)
      ++end;
    const auto run = static_cast<std::int64_t>(end - i);
    append_zigzag(bytes, run > 1 ? -run : static_cast<std::int64_t>(counts[i]));
    i = end;
  }
  return bytes;
}

}  // namespace

std::string hdr_encoded(const HdrHistogram& histogram) {
  const std::string counts = encoded_counts(histogram.counts());
  constexpr std::uint32_t normalizing_index_offset = 0;
  constexpr std::uint64_t lowest_ns = 1;
  constexpr double ns_per_unit = 1.0;
  std::string bytes;
  append_number(bytes, v2_cookie);
  append_number(bytes, static_cast<std::uint32_t>(counts.size()));
  append_number(bytes, normalizing_index_offset);
  append_number(bytes, static_cast<std::uint32_t>(HdrHistogram::significant_digits));
  append_number(bytes, lowest_ns);
  append_number(bytes, HdrHistogram::highest_ns);
  append_number(bytes, std::bit_cast<std::uint64_t>(ns_per_unit));
  return bytes + counts;
}

std::string hdr_encoded_text(const HdrHistogram& histogram) {
  const std::string packed = zlib_packed(hdr_encoded(histogram));
  std::string bytes;
  append_number(bytes, packed_v2_cookie);
  append_number(bytes, static_cast<std::uint32_t>(packed.size()));
  return base64_of(bytes + packed);
}

}  // namespace coreloop::io
