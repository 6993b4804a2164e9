// Conf to parts.
#include "tools/engine_setup.hpp"

#include <cstring>
#include <vector>

#include "engine/cpu.hpp"
#include "io/capture/gzip_file.hpp"
#include "tools/exit_codes.hpp"
#include "tools/log_line.hpp"

namespace coreloop::tools {

int complain(std::string_view component, const std::string& message, int exit_code) {
  log_line(LogLevel::error, component, message);
  return exit_code;
}

engine::Layout planned_layout(const io::ThreadsConf& threads) {
  const std::vector<std::uint32_t> cores(threads.cores.begin(), threads.cores.end());
  return engine::plan_layout({.stage_names = io::stage_names,
                              .threads = threads.layout,
                              .cores = cores,
                              .pins = threads.pins_cores,
                              .wait = static_cast<engine::WaitPolicy>(threads.wait),
                              .oversubscribe = threads.oversubscribe,
                              .allowed_cores = engine::allowed_cores(),
                              .usable_cores = engine::usable_core_count()});
}

int plan_threads(const io::ThreadsConf& threads, io::PipelineOptions& options) {
  const engine::Layout layout = planned_layout(threads);
  if (!layout.problem.empty()) return complain("conf", layout.problem, exit_conf);
  options.threads = layout.threads;
  options.ring_capacity = static_cast<std::uint32_t>(threads.ring_capacity);
  options.wait.policy = static_cast<engine::WaitPolicy>(threads.wait);
  options.wait.spin_ns = static_cast<std::uint64_t>(threads.spin_us) * 1'000;
  // Redis, its producers and consumers want cores too: on a small machine whoever a spinning thread
  // waits for may want the very core it spins on.
  constexpr std::size_t others = 3;
  options.wait.shares_core = engine::usable_core_count() < layout.threads.size() + others;
  return exit_ok;
}

void name_conf_ids(const io::EngineConf& conf, stages::Names& names) {
  for (const std::string& account : conf.account_names)
    static_cast<void>(names.accounts.find_or_add(account));
  for (const std::string& symbol : conf.symbol_names)
    static_cast<void>(names.symbols.find_or_add(symbol));
}

void give_tape_conf(const io::EngineConf& conf, io::Tape& tape) {
  std::vector<std::string> names;
  for (const io::ConfEntry& entry : conf.entries)
    names.push_back(entry.full_name());
  std::vector<io::RawField> keys;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (conf.entries[i].is_decision) keys.push_back({names[i], conf.entries[i].text});
  }
  tape.set_conf(keys);
}

int open_output(const std::string& path, std::unique_ptr<io::File>& file) {
  int error = 0;
  file = io::create_output_file(path, error);
  return file != nullptr ? exit_ok
                         : complain("output", path + ": cannot be created: " + std::strerror(error),
                                    exit_cannot_create);
}

int open_tape(const io::EngineConf& conf, std::unique_ptr<io::Tape>& tape) {
  if (conf.tape.empty()) return exit_ok;
  std::unique_ptr<io::File> file;
  const int exit_code = open_output(conf.tape, file);
  if (exit_code != exit_ok) return exit_code;
  tape = std::make_unique<io::Tape>(std::move(file));
  give_tape_conf(conf, *tape);
  return exit_ok;
}

}  // namespace coreloop::tools
