// Lines out of a growing buffer, entries out of lines.
#include "io/capture/capture_source.hpp"

#include <algorithm>
#include <cstring>

#include "io/codec/json_scan.hpp"
#include "io/edge/input_streams.hpp"

namespace coreloop::io {

CaptureSource::CaptureSource(std::unique_ptr<GzipReader> reader, CaptureSourceOptions options)
    : reader_(std::move(reader)),
      options_(options),
      buffer_(options.buffer_bytes + CaptureLineReader::padding_bytes),
      pace_(options.speed, options.clock) {}

SourceStatus CaptureSource::peek(RawEntry& entry) noexcept {
  if (!has_entry_) has_entry_ = read_next_entry();
  if (!has_entry_) return SourceStatus::end;
  if (!pace_.is_due(entry_.receive_unix_ns)) return SourceStatus::none;
  entry = entry_;
  return SourceStatus::entry;
}

bool CaptureSource::begins_with_conf(RawEntry& entry) noexcept {
  if (!has_entry_) has_entry_ = read_next_entry();
  entry = entry_;
  return has_entry_ && line_count_ == 1 && entry_.stream == conf_stream;
}

bool CaptureSource::read_next_entry() {
  std::string_view line;
  while (next_line(line)) {
    ++line_count_;
    if (is_blank(line)) continue;
    if (!line_reader_.read(line, entry_)) {
      note_broken(line_reader_.problem());
      continue;
    }
    if (entry_.stream == conf_stream || (entry_.receive_unix_ns >= options_.from_unix_ns &&
                                         entry_.receive_unix_ns < options_.to_unix_ns)) {
      return true;
    }
  }
  return false;
}

bool CaptureSource::next_line(std::string_view& line) {
  std::size_t searched = 0;
  for (;;) {
    const char* const begin = buffer_.data() + begin_;
    const std::size_t left = end_ - begin_;
    const void* const newline = std::memchr(begin + searched, '\n', left - searched);
    if (newline != nullptr) {
      line = {begin, static_cast<std::size_t>(static_cast<const char*>(newline) - begin)};
      begin_ += line.size() + 1;
      return true;
    }
    searched = left;
    if (is_at_end_) break;
    fill();
  }
  if (begin_ == end_) return false;
  // The last line has no newline: whole in a whole file, a piece in a damaged or stopped one.
  line = {buffer_.data() + begin_, end_ - begin_};
  begin_ = end_;
  if (reader_->was_stopped()) return false;
  if (damage_.empty()) return true;
  damage_ += " in the middle of line " + std::to_string(line_count_ + 1);
  return false;
}

void CaptureSource::fill() {
  if (begin_ != 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ + CaptureLineReader::padding_bytes == buffer_.size()) {
    buffer_.resize(2 * buffer_.size());
  }
  const std::size_t room = buffer_.size() - CaptureLineReader::padding_bytes - end_;
  const std::size_t got = reader_->read({buffer_.data() + end_, room});
  end_ += got;
  progress_per_mille_.store(reader_->progress_per_mille(), std::memory_order_relaxed);
  if (got == 0) {
    is_at_end_ = true;
    damage_ = reader_->damage();
  }
}

void CaptureSource::note_broken(std::string_view problem) {
  ++broken_line_count_;
  if (broken_lines_.size() < broken_lines_kept_max) {
    broken_lines_.push_back({line_count_, std::string{problem}});
  }
}

}  // namespace coreloop::io
