// Capture files, plain or gzip: every line is an entry, blank or told as broken; an entry written
// again is the same entry.
#include <string>
#include <vector>

#include "engine/check.hpp"
#include "io/capture/capture_source.hpp"
#include "io/edge/input_streams.hpp"
#include "tests/fuzz/input_bytes.hpp"
#include "tests/fuzz/scratch_folder.hpp"
#include "tests/support/memory_file.hpp"

namespace coreloop::tests {
namespace {

using io::RawEntry;
using io::RawField;

/// An entry with its bytes.
struct KeptEntry {
  std::string stream;
  std::uint64_t id_ms = 0;
  std::uint64_t id_counter = 0;
  std::int64_t receive_unix_ns = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  [[nodiscard]] bool operator==(const KeptEntry&) const = default;

  explicit KeptEntry(const RawEntry& entry)
      : stream(entry.stream),
        id_ms(entry.id_ms),
        id_counter(entry.id_counter),
        receive_unix_ns(entry.receive_unix_ns) {
    for (const RawField& field : entry.fields)
      fields.emplace_back(field.name, field.value);
  }
};

std::string written(const std::vector<KeptEntry>& entries) {
  MemoryFilePair made;
  io::CaptureLineWriter writer(std::move(made.file));
  std::vector<RawField> fields;
  for (const KeptEntry& entry : entries) {
    fields.clear();
    for (const auto& [name, value] : entry.fields)
      fields.push_back({name, value});
    writer.write(entry.stream, entry.id_ms, entry.id_counter, entry.receive_unix_ns, fields);
  }
  CHECK(writer.finish() == 0 && writer.line_count() == entries.size(), "a line an entry");
  return made.content->bytes;
}

// Lines that are followed by the bytes a reader may look at.
std::vector<KeptEntry> read_lines(const std::string& lines) {
  static io::CaptureLineReader reader;
  const std::string padded = lines + std::string(io::CaptureLineReader::padding_bytes, ' ');
  std::vector<KeptEntry> entries;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    RawEntry entry;
    CHECK(reader.read(std::string_view{padded}.substr(at, end - at), entry), "a line we wrote");
    entries.emplace_back(entry);
    at = end + 1;
  }
  return entries;
}

std::vector<KeptEntry> read_file(std::string_view bytes) {
  static const ScratchFolder folder;
  folder.write("capture", bytes);
  int error = 0;
  std::unique_ptr<io::GzipReader> file = io::GzipReader::open(folder.path("capture"), error);
  CHECK(file != nullptr, "a file that is there opens");
  // A buffer so small that lines reach beyond it.
  io::CaptureSource source(std::move(file), {.buffer_bytes = 64});
  std::vector<KeptEntry> entries;
  RawEntry entry;
  const bool has_conf = source.begins_with_conf(entry);
  while (source.peek(entry) == io::SourceStatus::entry) {
    entries.emplace_back(entry);
    CHECK(entry.receive_unix_ns >= 0, "a time after 1970");
    source.consume();
  }
  CHECK(source.peek(entry) == io::SourceStatus::end, "an end stays an end");
  CHECK(!has_conf || entries.front().stream == io::conf_stream, "the conf comes first");
  CHECK(entries.size() + source.broken_line_count() <= source.line_count(), "no line twice");
  CHECK(source.broken_lines().size() ==
            std::min<std::size_t>(source.broken_line_count(), source.broken_lines_kept_max),
        "the first broken lines are remembered");
  for (const io::BrokenLine& line : source.broken_lines())
    CHECK(line.number <= source.line_count() && !line.problem.empty(), "with a reason");
  CHECK(source.progress_per_mille() <= 1'000, "at most all of it");
  return entries;
}

void check_input(std::string_view bytes) {
  const std::vector<KeptEntry> entries = read_file(bytes);
  if (entries.empty()) return;
  const std::string lines = written(entries);
  CHECK(read_lines(lines) == entries, "what was read can be written and read");
}

}  // namespace
}  // namespace coreloop::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  coreloop::tests::check_input(coreloop::tests::text_of(data, size));
  return 0;
}
