// The files of a record log as one fuzz input, and a mutator that repairs checksums, so that what
// lies behind them is reached.
//
//   input:  per segment u16 size (little-endian), and that many bytes of its file
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coreloop::tests {

inline constexpr std::size_t log_segments_max = 4;

/// The segments of an input, the last one as long as its bytes last.
[[nodiscard]] std::vector<std::string> log_segments(std::string_view input);

/// Gives every segment header and every record that stands where one may the checksum it needs;
/// with `numbers_too` also magic, ids and numbers that go on.
void repair_log(char* bytes, std::size_t size, bool numbers_too);

}  // namespace coreloop::tests
