// `replay`: captures and what can be done with them, one subcommand each.
#include <cstdio>

#include <CLI/CLI.hpp>

#include "tools/exit_codes.hpp"
#include "tools/replay_commands.hpp"
#include "tools/version.hpp"

int main(int argc, char** argv) {
  using namespace coreloop;
  CLI::App app{"Runs, makes and compares captures of streams; reads journals.", "replay"};
  app.set_version_flag("--version", tools::version_text());
  app.require_subcommand(1);
  app.footer(
      "\nExamples:\n"
      "  replay run --conf conf/quickstart.toml --capture day.ndjson.gz --out out.ndjson\n"
      "  replay generate --signals 1000 --symbols 4 --accounts 2 --seed 7 --out made.ndjson\n"
      "  replay diff out.ndjson other.ndjson\n"
      "  replay books --fills out.ndjson --mark BTCUSDT=61000.5\n"
      "  replay capture --from 0 --out today.ndjson.gz\n"
      "  replay feed --capture today.ndjson.gz --speed 10\n"
      "  replay export --journal journal --out tape.ndjson.gz\n"
      "  replay run --journal journal --out again.ndjson\n"
      "  replay export --journal journal --csv executions --out executions.csv\n\n"
      "`replay COMMAND --help` explains each. A file name `-` is stdin or stdout; `.gz` is gzip.");
  int exit_code = tools::exit_ok;
  tools::add_run_command(app, exit_code);
  tools::add_generate_command(app, exit_code);
  tools::add_diff_command(app, exit_code);
  tools::add_books_command(app, exit_code);
  tools::add_capture_command(app, exit_code);
  tools::add_feed_command(app, exit_code);
  tools::add_export_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? tools::exit_ok : tools::exit_usage;
  }
  return exit_code;
}
