// The Sink seam: where outputs go. EGRESS is a template over it.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

namespace coreloop::io {

enum class OutputStream : std::uint8_t {
  approvals,
  rejections,
  executions,
  positions,
  dead_letters,
};

/// What the streams are called in the conf's [output], one word each, in the order of the enum.
inline constexpr std::array output_stream_words{
    std::string_view{"approvals"}, std::string_view{"rejections"}, std::string_view{"executions"},
    std::string_view{"positions"}, std::string_view{"dead_letters"}};

inline constexpr std::size_t output_stream_count = output_stream_words.size();

[[nodiscard]] constexpr std::string_view name_of(OutputStream stream) noexcept {
  return output_stream_words[static_cast<std::size_t>(stream)];
}
static_assert(name_of(OutputStream::dead_letters) == "dead_letters", "one word a stream, in order");

struct OutputField {
  std::string_view name;
  std::string_view value;
};

/// One entry to be published; views valid during write() only.
struct OutputEntry {
  OutputStream stream{};
  std::uint64_t id_ms = 0;      ///< log time
  std::uint64_t id_number = 0;  ///< n: 1, 2, 3, … per stream
  std::uint64_t sequence = 0;   ///< of the input it comes of
  std::int64_t log_unix_ns = 0;
  std::span<const OutputField> fields;  ///< `data` first
};

/// Entries one event can make: a verdict, an execution, a position update.
inline constexpr std::size_t entries_per_event_max = 3;

/// A sink that publishes in transactions may offer `end_of_input()`: the entries since the last
/// call belong together; and `end_of_recovery()`: everything before was made once already, of the
/// inputs of a journal; until then `passes_over(stream, id)`: true where nobody needs that entry's
/// text any more, which then is not encoded. `has_room` answers whether entries_per_event_max more
/// entries can be taken now; EGRESS asks before it encodes.
// clang-format off
template <class S>
concept Sink = requires(S& sink, const OutputEntry& entry) {
  { sink.has_room() } noexcept -> std::same_as<bool>;
  { sink.write(entry) } noexcept;
};
// clang-format on

}  // namespace coreloop::io
