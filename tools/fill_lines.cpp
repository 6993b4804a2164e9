// Reading fills, both forms.
#include "tools/fill_lines.hpp"

#include <cstring>

#include "io/codec/field_reader.hpp"

namespace coreloop::tools {

bool FillLines::open(const std::string& path, int& error) {
  reader_ = io::GzipReader::open(path, error);
  buffer_.resize(std::size_t{256} * 1024);
  return reader_ != nullptr;
}

bool FillLines::next(NamedFill& fill) {
  std::string line;
  while (next_line(line)) {
    ++line_number_;
    if (io::is_blank(line)) continue;
    std::string problem;
    fill = {};
    const Kind kind = read_line(line, fill, problem);
    if (kind == Kind::fill) return true;
    if (kind == Kind::broken) broken_lines_.push_back({line_number_, problem});
  }
  return false;
}

bool FillLines::next_line(std::string& line) {
  line.clear();
  for (;;) {
    if (at_ == size_) {
      at_ = 0;
      size_ = reader_->read(buffer_);
      if (size_ == 0) return !line.empty() && reader_->damage().empty();
    }
    const char* const begin = buffer_.data() + at_;
    const auto* const newline = static_cast<const char*>(std::memchr(begin, '\n', size_ - at_));
    const std::size_t length =
        newline == nullptr ? size_ - at_ : static_cast<std::size_t>(newline - begin);
    line.append(begin, length);
    at_ += length + (newline == nullptr ? 0 : 1);
    if (newline != nullptr) return true;
  }
}

FillLines::Kind FillLines::read_line(std::string& line, NamedFill& fill, std::string& problem) {
  const std::size_t size = line.size();
  line.append(io::CaptureLineReader::padding_bytes, ' ');
  const std::string_view text{line.data(), size};
  io::RawEntry entry;
  if (line_reader_.read(text, entry)) {
    if (entry.stream != stream_) return Kind::other;
    return executions_.read(entry.fields, fill, problem) ? Kind::fill : Kind::broken;
  }
  stages::DeadLetterCode code{};
  if (size > io::JsonDocument::payload_bytes_max || !document_.parse(text, code)) {
    problem = "neither an entry nor a fill";
    return Kind::broken;
  }
  for (const io::JsonField& field : document_.fields()) {
    if (!read_fill_member(field.key, field.text, fill)) {
      problem = "`" + std::string{field.key} + "` is wrong";
      return Kind::broken;
    }
  }
  const bool is_whole = !fill.symbol.empty() && fill.fill.price > 0;
  if (!is_whole) problem = "`symbol` or `price` is missing";
  return is_whole ? Kind::fill : Kind::broken;
}

}  // namespace coreloop::tools
