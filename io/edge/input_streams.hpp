// The streams an engine reads, and what each carries: conf input.streams. The index of a stream
// here is Event::stream.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coreloop::io {

enum class StreamKind : std::uint8_t { signals, ticks };

struct InputStream {
  std::string name;
  StreamKind kind;
};

using InputStreams = std::vector<InputStream>;

/// Streams of the tape that are no Redis streams.
inline constexpr std::string_view conf_stream = "@conf";
inline constexpr std::string_view timer_stream = "@timer";
inline constexpr std::string_view command_stream = "@command";

}  // namespace coreloop::io
