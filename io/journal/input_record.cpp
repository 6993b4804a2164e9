// Bytes of journal records.
#include "io/journal/input_record.hpp"

#include <cstring>

namespace coreloop::io {
namespace {

/// Reads pieces off the front; once something is missing, everything is.
class Pieces {
 public:
  explicit Pieces(std::string_view bytes) : bytes_(bytes) {}

  template <class Number>
  Number number() {
    Number value = 0;
    if (bytes_.size() < sizeof value) {
      is_whole_ = false;
      return 0;
    }
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_.remove_prefix(sizeof value);
    return value;
  }

  std::string_view text() {
    const auto size = number<std::uint32_t>();
    if (bytes_.size() < size) {
      is_whole_ = false;
      return {};
    }
    const std::string_view text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return text;
  }

  void fields(std::vector<RawField>& fields) {
    for (auto left = number<std::uint32_t>(); left > 0 && is_whole_; --left) {
      const std::string_view name = text();
      fields.push_back({name, text()});
    }
  }

  [[nodiscard]] bool is_all() const { return is_whole_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool is_whole_ = true;
};

}  // namespace

bool read_input_record(const Record& record, InputRecord& input) {
  Pieces pieces(record.bytes);
  input.type = static_cast<InputRecordType>(record.type);
  input.log_unix_ns = record.log_unix_ns;
  input.sequence = 0;
  input.stream = {};
  input.id_ms = input.id_counter = input.stream_index = 0;
  input.fields.clear();
  switch (input.type) {
    case InputRecordType::conf:
    case InputRecordType::start:
      pieces.fields(input.fields);
      return pieces.is_all();
    case InputRecordType::cut:
      input.payload_crc32 = pieces.number<std::uint32_t>();
      [[fallthrough]];
    case InputRecordType::input:
      input.sequence = pieces.number<std::uint64_t>();
      input.stream = pieces.text();
      input.id_ms = pieces.number<std::uint64_t>();
      input.id_counter = pieces.number<std::uint64_t>();
      input.stream_index = pieces.number<std::uint64_t>();
      pieces.fields(input.fields);
      return pieces.is_all() && input.sequence != 0;
    case InputRecordType::skip:
      input.sequence = pieces.number<std::uint64_t>();
      pieces.fields(input.fields);
      return pieces.is_all() && input.sequence != 0 && input.fields.size() <= 1;
    case InputRecordType::timer: {
      input.sequence = pieces.number<std::uint64_t>();
      const auto kind = pieces.number<std::uint8_t>();
      input.timer = kind == 0 ? stages::TimerKind::walk : stages::TimerKind::mark;
      return pieces.is_all() && kind <= 1 && input.sequence != 0;
    }
  }
  return false;
}

void InputRecordParts::begin(std::size_t numbers_bytes) {
  numbers_.clear();
  numbers_.reserve(numbers_bytes);
  parts_.clear();
}

template <class Number>
void InputRecordParts::add_number(Number value) {
  const std::size_t at = numbers_.size();
  numbers_.resize(at + sizeof value);
  std::memcpy(numbers_.data() + at, &value, sizeof value);
  parts_.emplace_back(numbers_.data() + at, sizeof value);
}

void InputRecordParts::add_text(std::string_view text) {
  add_number(static_cast<std::uint32_t>(text.size()));
  parts_.push_back(text);
}

void InputRecordParts::add_fields(std::span<const RawField> fields) {
  add_number(static_cast<std::uint32_t>(fields.size()));
  for (const RawField& field : fields) {
    add_text(field.name);
    add_text(field.value);
  }
}

std::span<const std::string_view> InputRecordParts::pairs(std::span<const RawField> fields) {
  begin(4 + 8 * fields.size());
  add_fields(fields);
  return parts_;
}

std::span<const std::string_view> InputRecordParts::input(std::uint64_t sequence,
                                                          const RawEntry& entry) {
  begin(4 * 8 + 4 + 4 + 8 * entry.fields.size());
  add_input(sequence, entry);
  return parts_;
}

std::span<const std::string_view> InputRecordParts::cut(std::uint64_t sequence,
                                                        const RawEntry& entry) {
  begin(4 + 4 * 8 + 4 + 4 + 8 * entry.fields.size());
  add_number(entry.payload_crc32);
  add_input(sequence, entry);
  return parts_;
}

void InputRecordParts::add_input(std::uint64_t sequence, const RawEntry& entry) {
  add_number(sequence);
  add_text(entry.stream);
  add_number(entry.id_ms);
  add_number(entry.id_counter);
  add_number(entry.stream_index);
  add_fields(entry.fields);
}

std::span<const std::string_view> InputRecordParts::timer(std::uint64_t sequence,
                                                          stages::TimerKind kind) {
  begin(9);
  add_number(sequence);
  add_number(static_cast<std::uint8_t>(kind == stages::TimerKind::walk ? 0 : 1));
  return parts_;
}

std::span<const std::string_view> InputRecordParts::skip(std::uint64_t sequence,
                                                         std::span<const RawField> words) {
  begin(8 + 4 + 8 * words.size());
  add_number(sequence);
  add_fields(words);
  return parts_;
}

std::size_t InputRecordParts::size() const noexcept {
  std::size_t size = 0;
  for (const std::string_view part : parts_)
    size += part.size();
  return size;
}

std::size_t input_record_bytes(const RawEntry& entry) noexcept {
  constexpr std::size_t text_head = 4;
  std::size_t size = 4 * 8 + 4 + text_head + entry.stream.size();
  for (const RawField& field : entry.fields)
    size += 2 * text_head + field.name.size() + field.value.size();
  return size;
}

}  // namespace coreloop::io
