// `replay export`: a journal as a tape, or what it leads to as CSV. Reads only; the engine may be
// running.
#include <cstring>
#include <memory>

#include <CLI/CLI.hpp>

#include "io/capture/capture_line.hpp"
#include "io/capture/gzip_file.hpp"
#include "io/journal/journal_source.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/log_line.hpp"
#include "tools/output_csv.hpp"
#include "tools/progress_line.hpp"
#include "tools/recorded_journal.hpp"
#include "tools/replay_commands.hpp"

namespace coreloop::tools {
namespace {

struct ExportArguments {
  std::string journal;
  std::string out;
  std::string csv;
};

int write_failed(const ExportArguments& arguments, int error) {
  return complain("replay", arguments.out + ": " + std::strerror(error), exit_io);
}

int write_tape(const ExportArguments& arguments) {
  RecordedJournal journal;
  int exit_code = journal.open(arguments.journal);
  if (exit_code != exit_ok) return exit_code;
  std::unique_ptr<io::File> file;
  exit_code = open_output(arguments.out, file);
  if (exit_code != exit_ok) return exit_code;
  io::CaptureLineWriter writer(std::move(file));
  io::JournalSource& source = journal.source();
  ProgressLine progress;
  std::uint64_t cut_count = 0;
  io::RawEntry entry;
  const std::uint64_t behind = journal.begin().journal.last_sequence;
  if (behind != 0) {
    entry = journal.conf();
    writer.write(entry.stream, 0, 0, 0, entry.fields);
    log_line(LogLevel::warning, "replay",
             "its first segments have gone: the tape begins behind input " +
                 std::to_string(behind) +
                 ", and a replay of it with empty books; one of the journal with those of its "
                 "snapshot");
  }
  while (source.peek(entry) == io::SourceStatus::entry && writer.error() == 0) {
    if (entry.is_cut) ++cut_count;
    writer.write(entry.stream, entry.id_ms, entry.id_counter, entry.receive_unix_ns, entry.fields);
    source.consume();
    progress.show(journal.reader().progress_per_mille(), source.sequence());
  }
  progress.clear();
  const int error = writer.finish();
  if (error != 0) return write_failed(arguments, error);
  log_line(LogLevel::info, "replay",
           std::to_string(source.sequence() - behind) + " inputs written to " + arguments.out);
  if (cut_count != 0) {
    log_line(LogLevel::warning, "replay",
             std::to_string(cut_count) +
                 " payloads longer than any input may be are not whole in a journal: their dead "
                 "letters will differ in a replay of this tape, not in one of the journal");
  }
  if (source.problem().empty()) return exit_ok;
  return complain("replay", source.problem() + "; everything before it was written", exit_data);
}

int write_csv(const ExportArguments& arguments) {
  RecordedJournal journal;
  io::EngineConf conf;
  int exit_code = open_journal(arguments.journal, journal, conf);
  if (exit_code != exit_ok) return exit_code;
  std::unique_ptr<io::File> file;
  exit_code = open_output(arguments.out, file);
  if (exit_code != exit_ok) return exit_code;
  const io::OutputStream stream = arguments.csv == name_of(io::OutputStream::executions)
                                      ? io::OutputStream::executions
                                      : io::OutputStream::positions;
  OutputCsv csv(stream, std::move(file));
  RunSummary summary;
  exit_code = replay_outputs(journal, conf, csv, summary);
  const int error = csv.finish();
  if (error != 0) return write_failed(arguments, error);
  log_line(LogLevel::info, "replay",
           std::to_string(csv.line_count()) + " " + arguments.csv + " of " +
               std::to_string(summary.statistics.inputs) + " inputs written to " + arguments.out);
  return exit_code;
}

}  // namespace

void add_export_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ExportArguments>();
  CLI::App* command = app.add_subcommand(
      "export",
      "write a journal as a tape, which `replay run` repeats, or what it leads to as "
      "CSV; only reads the journal");
  command->add_option("--journal", arguments->journal, "conf journal.dir")->required();
  command->add_option("--out", arguments->out, "the file to write")->required();
  command
      ->add_option("--csv", arguments->csv,
                   "instead of a tape the executions, or the position updates, one line each; "
                   "columns are named like the keys and fields of the entries")
      ->check(CLI::IsMember({"executions", "positions"}));
  command->callback([arguments, &exit_code] {
    exit_code = arguments->csv.empty() ? write_tape(*arguments) : write_csv(*arguments);
  });
}

}  // namespace coreloop::tools
