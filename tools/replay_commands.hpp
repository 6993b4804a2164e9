// The subcommands of `replay`. Each adds itself to the command line; when it is chosen, it runs and
// leaves its exit code.
#pragma once

namespace CLI {
class App;
}

namespace coreloop::tools {

void add_run_command(CLI::App& app, int& exit_code);
void add_generate_command(CLI::App& app, int& exit_code);
void add_diff_command(CLI::App& app, int& exit_code);
void add_books_command(CLI::App& app, int& exit_code);
void add_capture_command(CLI::App& app, int& exit_code);
void add_feed_command(CLI::App& app, int& exit_code);
void add_export_command(CLI::App& app, int& exit_code);

}  // namespace coreloop::tools
