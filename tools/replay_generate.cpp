// `replay generate`: a reproducible synthetic capture.
#include <cstring>
#include <memory>

#include <CLI/CLI.hpp>

#include "io/capture/gzip_file.hpp"
#include "stages/decimal.hpp"
#include "tools/capture_generator.hpp"
#include "tools/exit_codes.hpp"
#include "tools/log_line.hpp"
#include "tools/replay_commands.hpp"

namespace coreloop::tools {
namespace {

struct GenerateArguments {
  GeneratorOptions options;
  std::string bad = "0.01";
  std::string commands = "0";
  std::string out;
};

bool read_share(const std::string& text, stages::Ratio& share) {
  if (!stages::is_json_number(text)) return false;
  const stages::Decimal number = stages::read_decimal(text);
  share = number.cut();
  return !number.is_below_zero() && !number.is_above(stages::scale);
}

int generate(GenerateArguments& arguments) {
  if (!read_share(arguments.bad, arguments.options.bad_share) ||
      !read_share(arguments.commands, arguments.options.command_share)) {
    log_line(LogLevel::error, "replay", "--bad and --commands take a share from 0 to 1");
    return exit_usage;
  }
  int error = 0;
  std::unique_ptr<io::File> file = io::create_output_file(arguments.out, error);
  if (file == nullptr) {
    log_line(LogLevel::error, "replay",
             arguments.out + ": cannot be created: " + std::strerror(error));
    return exit_cannot_create;
  }
  CaptureGenerator generator(arguments.options, std::move(file));
  error = generator.write_all();
  if (error != 0) {
    log_line(LogLevel::error, "replay", arguments.out + ": " + std::strerror(error));
    return exit_io;
  }
  log_line(LogLevel::info, "replay",
           std::to_string(generator.line_count()) + " entries written to " + arguments.out);
  return exit_ok;
}

}  // namespace

void add_generate_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<GenerateArguments>();
  CLI::App* command = app.add_subcommand(
      "generate", "make a synthetic capture; the same options give the same bytes");
  GeneratorOptions& options = arguments->options;
  command->add_option("--signals", options.signal_count, "how many signals")
      ->check(CLI::Range(1, 1'000'000'000))
      ->capture_default_str();
  command->add_option("--symbols", options.symbol_count, "how many symbols")
      ->check(CLI::Range(1, 65'536))
      ->capture_default_str();
  command->add_option("--accounts", options.account_count, "how many accounts")
      ->check(CLI::Range(1, 65'536))
      ->capture_default_str();
  command->add_option("--seed", options.seed, "another seed, another capture")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--bad", arguments->bad, "share of messages that are malformed, 0 to 1")
      ->capture_default_str();
  command
      ->add_option("--commands", arguments->commands, "share of inputs that are commands, 0 to 1")
      ->capture_default_str();
  command->add_option("--out", arguments->out, "the file to write")->required();
  command->callback([arguments, &exit_code] { exit_code = generate(*arguments); });
}

}  // namespace coreloop::tools
