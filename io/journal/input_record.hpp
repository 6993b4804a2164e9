// The records of the journal: every sequenced input in its final order, the conf that decides
// outputs first, as a tape has it, in binary.
//
//   conf, start:  u32 count, count x (name, value)
//   input:        u64 sequence, stream, u64 id ms, u64 id counter, u64 stream index (0: not known),
//                 u32 count, count x (name, value)
//   cut:          u32 crc32 of the payload, and an input whose one field is the payload's beginning
//   timer:        u64 sequence, u8 kind
//   skip:         u64 sequence of an input before it, u32 count, count x (name, value): why;
//                 none: not any more
//
// A name or value is u32 length and bytes. Log time stands in the record's header. Little-endian.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/edge/source.hpp"
#include "io/journal/record_reader.hpp"
#include "stages/event.hpp"

namespace coreloop::io {

enum class InputRecordType : std::uint32_t {
  conf = 1,   ///< decision keys and their values as TOML text
  start = 2,  ///< stream -> place behind which reading or writing began
  input = 3,  ///< a stream entry or a command
  timer = 4,
  cut = 5,   ///< an entry whose payload is too long for any input: a dead letter
  skip = 6,  ///< somebody's word that an entry is to be taken as one without fields
};

/// A record of the journal, taken apart; views into the record.
struct InputRecord {
  InputRecordType type{};
  std::uint64_t sequence = 0;  ///< 0 of conf and start; of a skip: the input's it speaks of
  std::int64_t log_unix_ns = 0;
  std::string_view stream;  ///< of an input; `@command` too
  std::uint64_t id_ms = 0;
  std::uint64_t id_counter = 0;
  std::uint64_t stream_index = 0;
  std::uint32_t payload_crc32 = 0;  ///< of a cut one
  stages::TimerKind timer{};
  std::vector<RawField> fields;  ///< of conf, start, input and skip
};

/// Takes `record` apart; false if it is none of these or breaks off. Reuses the memory of `input`.
[[nodiscard]] bool read_input_record(const Record& record, InputRecord& input);

/// Puts a record's bytes together as parts that refer to the arguments; reused, it allocates for a
/// longer list than any before only.
class InputRecordParts {
 public:
  std::span<const std::string_view> pairs(std::span<const RawField> fields);
  std::span<const std::string_view> input(std::uint64_t sequence, const RawEntry& entry);
  std::span<const std::string_view> cut(std::uint64_t sequence, const RawEntry& entry);
  std::span<const std::string_view> timer(std::uint64_t sequence, stages::TimerKind kind);
  std::span<const std::string_view> skip(std::uint64_t sequence, std::span<const RawField> words);
  /// Bytes of the parts made last.
  [[nodiscard]] std::size_t size() const noexcept;

 private:
  void begin(std::size_t numbers_bytes);
  template <class Number>
  void add_number(Number value);
  void add_text(std::string_view text);
  void add_fields(std::span<const RawField> fields);
  void add_input(std::uint64_t sequence, const RawEntry& entry);

  std::vector<char> numbers_;  ///< stays where it is while parts refer to it
  std::vector<std::string_view> parts_;
};

/// Bytes of the record of an input, without making it.
[[nodiscard]] std::size_t input_record_bytes(const RawEntry& entry) noexcept;

}  // namespace coreloop::io
