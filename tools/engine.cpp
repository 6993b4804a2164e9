// `engine CONF`: the main program.
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "io/conf/engine_conf.hpp"
#include "io/http/health_probe.hpp"
#include "tools/capture_run.hpp"
#include "tools/conf_file.hpp"
#include "tools/doctor.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/last_words.hpp"
#include "tools/live_journal.hpp"
#include "tools/live_run.hpp"
#include "tools/recover_check.hpp"
#include "tools/stop_signals.hpp"
#include "tools/version.hpp"

namespace {

using namespace coreloop;

constexpr const char* description =
    "Decides, paper-executes and marks the trade signals of one source: risk -> fill -> mark.\n"
    "Paper trading only: nothing here ever talks to an exchange.";

constexpr const char* health_url_default = "http://127.0.0.1:8080/health";
constexpr int exit_unhealthy = 1;

constexpr const char* footer = R"(
Examples:
  engine conf/quickstart.toml                       run the sample capture and print what came of it
  engine --check-config my.toml                     list everything that is wrong with a conf
  engine --set risk.on_opposite=net --print-config my.toml
  engine my.toml > summary.txt                      the summary goes to stdout, the log to stderr
  engine --doctor my.toml                           look at all that a run with it depends on: Redis, disk, cores, ports
  engine --health http://127.0.0.1:8080/ready       whether a running engine is ready; exit 0 or 1
  engine --recover-check /var/lib/coreloop/journal  what a start would recover from this journal
  engine --recover-and-exit my.toml                 recover, publish what is missing, and stop again
  engine --skip 4711 --reason "see INC-12" my.toml  an input that no start survives: pass it over

Signals: SIGTERM and SIGINT end it in order, a second one at once; SIGHUP is ignored between Redis streams.

Exit codes: 0 done, 1 --health found something wrong, 64 usage, 65 damaged input, 66 no such file, 69 no Redis in time, 70 broken invariant,
71 the system refuses (a port in use), 73 cannot create an output, 74 I/O error, 75 another writer,
77 no permission, 78 wrong conf. Every conf key is explained in conf/README.md.)";

bool reads_redis(const io::EngineConf& conf) {
  return conf.source == "redis";
}

// What the conf reader cannot tell: the two ends together, and the layout on this machine.
int check_for_a_run(const io::EngineConf& conf) {
  if (reads_redis(conf) != (conf.sink == "redis")) {
    return tools::complain("conf",
                           "input.source and output.sink must both be \"redis\", or neither",
                           tools::exit_conf);
  }
  io::PipelineOptions pipeline;
  return tools::plan_threads(conf.threads, pipeline);
}

int check_or_print(const std::string& path, const std::vector<io::ConfOverride>& overrides,
                   bool prints) {
  io::EngineConf conf;
  int exit_code = tools::load_conf(path, overrides, conf);
  if (exit_code != tools::exit_ok) return exit_code;
  if (prints) {
    std::fputs(io::print_conf(conf, false).c_str(), stdout);
    return tools::exit_ok;
  }
  exit_code = check_for_a_run(conf);
  if (exit_code == tools::exit_ok) std::printf("%s: OK\n", path.c_str());
  return exit_code;
}

int look_around(const std::string& path, const std::vector<io::ConfOverride>& overrides) {
  io::EngineConf conf;
  const int exit_code = tools::load_conf(path, overrides, conf);
  return exit_code == tools::exit_ok ? tools::examine(conf) : exit_code;
}

int show_health(const std::string& url) {
  if (!io::is_health_url(url)) {
    std::fprintf(stderr, "--health: %s: must be http://host[:port][/path]\n", url.c_str());
    return tools::exit_usage;
  }
  const io::HealthFinding finding = io::probe_health(url);
  std::printf("%s\n", finding.text.c_str());
  return finding.is_healthy ? tools::exit_ok : exit_unhealthy;
}

// What a journal says of one of its inputs; nothing runs.
int skip_input(const std::string& path, const std::vector<io::ConfOverride>& overrides,
               std::uint64_t sequence, const std::string& reason) {
  io::EngineConf conf;
  int exit_code = tools::load_conf(path, overrides, conf);
  if (exit_code != tools::exit_ok) return exit_code;
  tools::LiveJournal journal(conf);
  exit_code = journal.open();
  return exit_code == tools::exit_ok ? journal.skip(sequence, reason) : exit_code;
}

int run(const std::string& path, const std::vector<io::ConfOverride>& overrides,
        tools::LiveRun kind) {
  io::EngineConf conf;
  int exit_code = tools::load_conf(path, overrides, conf);
  if (exit_code != tools::exit_ok) return exit_code;
  exit_code = check_for_a_run(conf);
  if (exit_code != tools::exit_ok) return exit_code;
  const bool recovers = kind == tools::LiveRun::until_recovered;
  if (recovers && (!reads_redis(conf) || conf.journal.dir.empty())) {
    return tools::complain("conf",
                           "--recover-and-exit needs input.source \"redis\" and a journal.dir",
                           tools::exit_conf);
  }
  tools::RunSummary summary;
  exit_code = reads_redis(conf) ? tools::run_live(conf, kind, summary)
                                : tools::run_capture({.conf_path = path,
                                                      .overrides = overrides,
                                                      .capture = {},
                                                      .journal = {},
                                                      .out = {},
                                                      .hlog = {},
                                                      .source = {}},
                                                     summary);
  if (!summary.threads.empty()) tools::print_table(summary);
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  tools::block_stop_signals();
  tools::install_last_words();
  CLI::App app{description, "engine"};
  app.footer(footer);
  app.set_version_flag("--version", tools::version_text());
  std::string conf_path;
  std::vector<std::string> settings;
  bool checks = false;
  bool prints = false;
  bool looks = false;
  CLI::Option* const conf =
      app.add_option("CONF", conf_path,
                     "the conf file, TOML; required unless --health or --recover-check is given");
  app.add_option("--set", settings, "section.key=value: override one key; may be given again")
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--check-config", checks, "read and check the conf, then exit");
  app.add_flag("--print-config", prints, "print the effective conf with all defaults, then exit");
  app.add_flag(
      "--doctor", looks,
      "look at everything a run with the conf depends on, print what was found and what to "
      "do about it, then exit: 0 where a run would start, else the code it would end "
      "with; changes nothing");
  std::string health_url;
  CLI::Option* const health =
      app.add_option("--health", health_url,
                     "ask a running engine, print what it says, then exit: 0 where it answers 200, "
                     "else 1; without a URL " +
                         std::string{health_url_default})
          ->type_name("[URL]")
          ->expected(0, 1);
  std::string journal;
  CLI::Option* const recover_check =
      app.add_option("--recover-check", journal,
                     "read the journal in DIR, replay it as a start does but without Redis and "
                     "HTTP, print what would be recovered, then exit: 0, or 65 where it is "
                     "damaged; changes nothing there; an engine may be running on it")
          ->type_name("DIR")
          ->excludes(conf)
          ->excludes(health);
  bool recovers = false;
  app.add_flag("--recover-and-exit", recovers,
               "take the journal up as a start does, publish what Redis has not got, leave a "
               "snapshot, then exit: 0, 69 where Redis would not take it, else as a run; "
               "no new input is read");
  bool accepts_lost_tail = false;
  app.add_flag("--accept-lost-tail", accepts_lost_tail,
               "for once, where output streams end later than the journal (65): go on above them; "
               "the inputs whose outcomes they hold are read and published once more");
  std::uint64_t skipped = 0;
  std::string reason;
  CLI::Option* const skip = app.add_option(
      "--skip", skipped,
      "record in the journal that input SEQ, which no start gets beyond, is to be taken as an "
      "entry without fields (a dead letter, EMPTY), then exit: 0, or 64 where it is no entry that "
      "a start replays; only for an input whose outputs are not published yet");
  skip->type_name("SEQ");
  CLI::Option* const why =
      app.add_option("--reason", reason, "why; it stands in the journal")->type_name("TEXT");
  skip->needs(why);
  why->needs(skip);
  std::uint64_t kept = 0;
  CLI::Option* const keep =
      app.add_option("--unskip", kept, "take such a record back")->type_name("SEQ")->excludes(skip);
  try {
    app.parse(argc, argv);
    if (conf_path.empty() && health->empty() && recover_check->empty())
      throw CLI::RequiredError("CONF");
    if (!skip->empty() && reason.empty()) throw CLI::ValidationError("--reason", "say why");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? tools::exit_ok : tools::exit_usage;
  }
  if (!health->empty()) return show_health(health_url.empty() ? health_url_default : health_url);
  if (!recover_check->empty()) return tools::check_recovery(journal);
  std::vector<io::ConfOverride> overrides;
  for (const std::string& text : settings)
    overrides.push_back({text});
  if (accepts_lost_tail) overrides.push_back({"journal.accept_lost_tail=true"});
  if (looks) return look_around(conf_path, overrides);
  if (checks || prints) return check_or_print(conf_path, overrides, prints);
  if (!skip->empty()) return skip_input(conf_path, overrides, skipped, reason);
  if (!keep->empty()) return skip_input(conf_path, overrides, kept, {});
  return run(conf_path, overrides,
             recovers ? tools::LiveRun::until_recovered : tools::LiveRun::until_stopped);
}
