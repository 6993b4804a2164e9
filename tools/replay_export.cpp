// `replay export`: a journal as a tape. Reads only; the engine may be running.
#include <cstring>
#include <memory>

#include <CLI/CLI.hpp>

#include "io/capture/capture_line.hpp"
#include "io/capture/gzip_file.hpp"
#include "io/journal/journal_source.hpp"
#include "io/journal/record_reader.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/log_line.hpp"
#include "tools/progress_line.hpp"
#include "tools/replay_commands.hpp"

namespace coreloop::tools {
namespace {

struct ExportArguments {
  std::string journal;
  std::string out;
};

int write_tape(const ExportArguments& arguments) {
  io::RecordReader reader(arguments.journal);
  if (!reader.open()) return complain("replay", reader.problem(), exit_no_input);
  if (reader.is_empty())
    return complain("replay", arguments.journal + " holds no journal", exit_no_input);
  std::unique_ptr<io::File> file;
  int exit_code = open_output(arguments.out, file);
  if (exit_code != exit_ok) return exit_code;
  io::CaptureLineWriter writer(std::move(file));
  io::JournalSource source(reader);
  ProgressLine progress;
  std::uint64_t cut_count = 0;
  io::RawEntry entry;
  while (source.peek(entry) == io::SourceStatus::entry && writer.error() == 0) {
    if (entry.is_cut) ++cut_count;
    writer.write(entry.stream, entry.id_ms, entry.id_counter, entry.receive_unix_ns, entry.fields);
    source.consume();
    progress.show(0, source.sequence());
  }
  progress.clear();
  const int error = writer.finish();
  if (error != 0) return complain("replay", arguments.out + ": " + std::strerror(error), exit_io);
  log_line(LogLevel::info, "replay",
           std::to_string(source.sequence()) + " inputs written to " + arguments.out);
  if (cut_count != 0) {
    log_line(LogLevel::warning, "replay",
             std::to_string(cut_count) +
                 " payloads longer than any input may be are not whole in a journal: their dead "
                 "letters will differ in a replay of this tape");
  }
  if (source.problem().empty()) return exit_ok;
  return complain("replay", source.problem() + "; everything before it was written", exit_data);
}

}  // namespace

void add_export_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ExportArguments>();
  CLI::App* command = app.add_subcommand(
      "export", "write a journal as a tape, which `replay run` repeats; only reads the journal");
  command->add_option("--journal", arguments->journal, "conf journal.dir")->required();
  command->add_option("--out", arguments->out, "the file to write")->required();
  command->callback([arguments, &exit_code] { exit_code = write_tape(*arguments); });
}

}  // namespace coreloop::tools
