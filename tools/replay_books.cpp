// `replay books`: executions folded into books.
#include <cstdio>
#include <cstring>
#include <memory>

#include <CLI/CLI.hpp>

#include "io/capture/capture_source.hpp"
#include "stages/decimal.hpp"
#include "tools/execution_reader.hpp"
#include "tools/exit_codes.hpp"
#include "tools/fill_folder.hpp"
#include "tools/fill_lines.hpp"
#include "tools/journal_outputs.hpp"
#include "tools/log_line.hpp"
#include "tools/progress_line.hpp"
#include "tools/replay_commands.hpp"

namespace coreloop::tools {
namespace {

constexpr std::uint64_t fills_a_look = 1'024;

struct BooksArguments {
  std::string fills;
  std::string journal;
  std::string stream = "trade.execution.res";
  std::vector<std::string> marks;
};

int complain(const std::string& message, int exit_code) {
  log_line(LogLevel::error, "replay", message);
  return exit_code;
}

bool read_marks(const std::vector<std::string>& texts,
                std::map<std::string, stages::Price, std::less<>>& marks) {
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || !stages::is_json_number(text.substr(equals + 1)))
      return false;
    const stages::Decimal price = stages::read_decimal(text.substr(equals + 1));
    if (price.rounds_out() || price.rounded() <= 0) return false;
    marks[text.substr(0, equals)] = price.rounded();
  }
  return true;
}

// The executions of a file; answers an exit code.
int fold_file(const BooksArguments& arguments, FillFolder& folder) {
  FillLines lines(arguments.stream);
  int error = 0;
  if (!lines.open(arguments.fills, error))
    return complain(arguments.fills + ": " + std::strerror(error), exit_no_input);
  NamedFill fill;
  int exit_code = exit_ok;
  ProgressLine progress;
  std::uint64_t fill_count = 0;
  while (lines.next(fill)) {
    if (++fill_count % fills_a_look == 0)
      progress.show(lines.progress_per_mille(), lines.line_number());
    if (!folder.add(fill))
      exit_code = complain(
          "line " + std::to_string(lines.line_number()) + ": an amount does not fit; passed over",
          exit_data);
  }
  progress.clear();
  for (const io::BrokenLine& line : lines.broken_lines()) {
    exit_code = complain(
        "line " + std::to_string(line.number) + ": " + line.problem + "; passed over", exit_data);
  }
  if (!lines.damage().empty()) exit_code = complain(lines.damage(), exit_data);
  return exit_code;
}

/// Folds the executions that the inputs of a journal lead to.
class FoldedExecutions final : public OutputConsumer {
 public:
  explicit FoldedExecutions(FillFolder& folder) : folder_(folder) {}

  void take(const io::OutputEntry& entry) noexcept override {
    if (entry.stream != io::OutputStream::executions) return;
    fields_.clear();
    for (const io::OutputField& field : entry.fields)
      fields_.push_back({field.name, field.value});
    fill_ = {};
    if (!executions_.read(fields_, fill_, problem_) || !folder_.add(fill_)) ++refused_count_;
  }

  [[nodiscard]] std::uint64_t refused_count() const { return refused_count_; }

 private:
  FillFolder& folder_;
  ExecutionReader executions_;
  std::vector<io::RawField> fields_;
  NamedFill fill_;
  std::string problem_;
  std::uint64_t refused_count_ = 0;
};

int fold_journal(const std::string& directory, FillFolder& folder) {
  RecordedJournal journal;
  io::EngineConf conf;
  int exit_code = open_journal(directory, journal, conf);
  if (exit_code != exit_ok) return exit_code;
  const std::uint64_t behind = journal.begin().journal.last_sequence;
  if (behind != 0) {
    return complain(directory +
                        ": its first segments have gone, and with them what was executed up "
                        "to input " +
                        std::to_string(behind) + "; engine --recover-check prints the books of all",
                    exit_no_input);
  }
  FoldedExecutions executions(folder);
  RunSummary summary;
  exit_code = replay_outputs(journal, conf, executions, summary);
  if (executions.refused_count() == 0) return exit_code;
  return complain(std::to_string(executions.refused_count()) +
                      " executions have an amount that does not fit; passed over",
                  exit_data);
}

int books(const BooksArguments& arguments) {
  std::map<std::string, stages::Price, std::less<>> marks;
  if (!read_marks(arguments.marks, marks))
    return complain("--mark takes SYMBOL=PRICE, a price above 0", exit_usage);
  if (arguments.fills.empty() == arguments.journal.empty())
    return complain("books takes one of --fills and --journal", exit_usage);
  FillFolder folder;
  const int exit_code = arguments.journal.empty() ? fold_file(arguments, folder)
                                                  : fold_journal(arguments.journal, folder);
  // Damaged input is folded as far as it goes; what cannot be opened has no books.
  if (exit_code == exit_ok || exit_code == exit_data)
    std::fputs(folder.json(marks).c_str(), stdout);
  return exit_code;
}

}  // namespace

void add_books_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<BooksArguments>();
  CLI::App* command =
      app.add_subcommand("books", "fold executions into books and print them as JSON");
  command->add_option("--fills", arguments->fills,
                      "a capture of executions, or lines "
                      "{\"account\",\"symbol\",\"side\",\"qty\",\"price\",\"fee\"}");
  command->add_option("--journal", arguments->journal,
                      "instead of --fills: conf journal.dir, whose inputs are replayed for their "
                      "executions; only reads the journal");
  command
      ->add_option("--stream", arguments->stream,
                   "the stream of a capture that holds the executions")
      ->capture_default_str();
  command
      ->add_option("--mark", arguments->marks,
                   "SYMBOL=PRICE: value open positions at it; may be given again")
      ->take_all()
      ->allow_extra_args(false);
  command->callback([arguments, &exit_code] { exit_code = books(*arguments); });
}

}  // namespace coreloop::tools
