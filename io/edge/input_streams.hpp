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

/// What is done with a live stream that went back if nobody can say which of its entries were read.
enum class OnRewind : std::uint8_t {
  stop,  ///< nothing: the engine ends
  skip,  ///< what it holds then is taken as read
  take,  ///< all it holds is taken, but for what is remembered
};

/// Streams of the tape that are no Redis streams.
inline constexpr std::string_view conf_stream = "@conf";
inline constexpr std::string_view timer_stream = "@timer";
inline constexpr std::string_view command_stream = "@command";

}  // namespace coreloop::io
