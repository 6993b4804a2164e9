// Rows 11 and 12: what a journal of a flood is worth once the engine is down. The flood from Redis
// to Redis is the yardstick; then the same kind of signals is recorded, and in turn replayed by
// `replay run --journal` and recovered from by a start of the engine. And a gzip capture replayed,
// against inflating it and walking it with simdjson alone. bench/README.md says what each row
// means.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/bare_walk.hpp"
#include "bench/redis/children.hpp"
#include "bench/redis/figures.hpp"
#include "bench/redis/resp_socket.hpp"
#include "bench/redis/workload.hpp"
#include "io/capture/gzip_file.hpp"

namespace {

using namespace coreloop::bench;

struct JournalArguments {
  Arguments flood;
  std::string replay = "build/release/replay";
  std::string capture;  ///< of row 11; empty: a generated one
  int journaled = 1'000'000;
  int rounds = 5;
};

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The word or number behind `key` in JSON as a summary has it.
std::string member_of(const std::string& json, const std::string& key) {
  const std::size_t at = json.find("\"" + key + "\": ");
  if (at == std::string::npos) give_up("a summary without " + key);
  const std::size_t begin = at + key.size() + 4;
  return json.substr(begin, json.find_first_of(",\n", begin) - begin);
}

std::uint64_t number_of(const std::string& json, const std::string& key) {
  return std::strtoull(member_of(json, key).c_str(), nullptr, 10);
}

// `values` over a yardstick, and both in words.
void print_against(const char* name, std::vector<double> values, const char* unit, double yardstick,
                   const char* yardstick_name) {
  std::array<char, 128> words{};
  std::snprintf(words.data(), words.size(), "%.0f %s, %s %.0f %s", percentile(values, 0.5), unit,
                yardstick_name, yardstick, unit);
  for (double& value : values)
    value /= yardstick;
  print_figure(name, values, words.data());
}

// CPU time of the children that have been waited for, in ns.
double children_cpu_ns() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto ns = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_usec) * 1e3;
  };
  return ns(usage.ru_utime) + ns(usage.ru_stime);
}

class JournalBench {
 public:
  explicit JournalBench(const JournalArguments& arguments)
      : arguments_(arguments), bench_(arguments.flood) {}

  void run();

 private:
  [[nodiscard]] std::string journal_setting() const {
    return "journal.dir=" + dir_.file("journal");
  }
  void record();
  [[nodiscard]] double recover();
  [[nodiscard]] std::string run_replay(std::vector<std::string> words);
  void run_journal_rows();
  [[nodiscard]] std::string make_capture();
  void run_capture_row();

  const JournalArguments& arguments_;
  WorkDir dir_;
  Bench bench_;
  double flood_rate_ = 0;
};

// A journal of so many signals, written by the engine in front of Redis.
void JournalBench::record() {
  bench_.clear();
  const Child engine = bench_.start(Subject::engine, {journal_setting()});
  constexpr int piece = 20'000;
  for (int done = 0; done < arguments_.journaled;) {
    const int count = std::min(piece, arguments_.journaled - done);
    bench_.publish(count);
    done += count;
    bench_.wait_for_outputs(done);
    bench_.control().call({"XTRIM", "trade.signal.v5", "MAXLEN", "0"});
  }
  bench_.check_outputs(arguments_.journaled);
}

// A start on the journal, from nothing until it has been replayed: inputs a second.
double JournalBench::recover() {
  // The last run has left one at its end, behind which nothing would be replayed.
  const std::filesystem::path journal = dir_.file("journal");
  for (const auto& entry : std::filesystem::directory_iterator(journal)) {
    if (entry.path().extension() == ".snap") std::filesystem::remove(entry.path());
  }
  const std::int64_t begin_ns = now_ns();
  const Child engine = bench_.start(Subject::engine, {journal_setting()});
  constexpr std::string_view word = "replayed ";
  for (int i = 0; i < 600'000; ++i) {
    ::usleep(1'000);
    const std::string log = bench_.log();
    const std::size_t at = log.rfind(word);
    if (at == std::string::npos || log.find(" ms", at) == std::string::npos) continue;
    if (std::atoi(log.c_str() + at + word.size()) != arguments_.journaled)
      give_up("not the whole journal was replayed: " + log);
    return arguments_.journaled * 1e9 / static_cast<double>(now_ns() - begin_ns);
  }
  give_up("the journal was not replayed: " + bench_.log());
}

// The summary of a `replay run`.
std::string JournalBench::run_replay(std::vector<std::string> words) {
  words.insert(words.begin(), {arguments_.replay, "run"});
  words.insert(words.end(), {"--summary", dir_.file("summary.json")});
  Child replay = start_program(words, dir_.file("replay.log"));
  if (replay.wait() != 0) give_up("replay run failed: " + text_of(dir_.file("replay.log")));
  return text_of(dir_.file("summary.json"));
}

void JournalBench::run_journal_rows() {
  record();
  std::vector<double> replayed;
  std::vector<double> recovered;
  std::vector<double> replayed_cpu_ns;
  std::string sha256;
  for (int round = 0; round < arguments_.rounds; ++round) {
    const double before_ns = children_cpu_ns();
    const std::string summary = run_replay({"--journal", dir_.file("journal")});
    replayed_cpu_ns.push_back((children_cpu_ns() - before_ns) / arguments_.journaled);
    if (number_of(summary, "approved") != static_cast<std::uint64_t>(arguments_.journaled))
      give_up("a signal of the journal was not approved");
    if (!sha256.empty() && sha256 != member_of(summary, "sha256"))
      give_up("two replays of one journal differ");
    sha256 = member_of(summary, "sha256");
    replayed.push_back(std::atof(member_of(summary, "inputs_per_second").c_str()));
    recovered.push_back(recover());
  }
  print_against("journal_replay", replayed, "inputs/s", flood_rate_, "flood");
  print_against("recovery", recovered, "inputs/s", flood_rate_, "flood");
  std::vector<double> recovery_ns;
  for (const double rate : recovered)
    recovery_ns.push_back(1e9 / rate);
  print_figure("recovery_ns", recovery_ns,
               std::to_string(arguments_.journaled) + " inputs, from the start of the process");
  std::printf("# replay of a journal: %.0f ns of CPU time an input (%.0f to %.0f)\n",
              percentile(replayed_cpu_ns, 0.5), percentile(replayed_cpu_ns, 0),
              percentile(replayed_cpu_ns, 1));
}

// Inflates a capture and walks each line; answers the lines.
std::uint64_t walk_capture(const std::string& path, LineWalk& walk) {
  int error = 0;
  const auto reader = coreloop::io::GzipReader::open(path, error);
  if (reader == nullptr) give_up(path + ": " + std::strerror(error));
  constexpr std::size_t buffer_bytes = std::size_t{1} << 20;
  std::vector<char> buffer(buffer_bytes + PaddedText::padding_bytes);
  std::uint64_t lines = 0;
  std::size_t end = 0;
  for (;;) {
    const std::size_t got = reader->read({buffer.data() + end, buffer_bytes - end});
    end += got;
    if (got == 0) return lines;
    const char* line = buffer.data();
    const char* const stop = buffer.data() + end;
    while (const void* newline = std::memchr(line, '\n', static_cast<std::size_t>(stop - line))) {
      const auto size = static_cast<std::size_t>(static_cast<const char*>(newline) - line);
      if (walk.walk({line, size}) == 0) give_up("the walk has misread a line");
      ++lines;
      line += size + 1;
    }
    end = static_cast<std::size_t>(stop - line);
    std::memmove(buffer.data(), line, end);
  }
}

// A generated capture; its name.
std::string JournalBench::make_capture() {
  const std::string capture = dir_.file("capture.ndjson.gz");
  Child made =
      start_program({arguments_.replay, "generate", "--signals",
                     std::to_string(arguments_.journaled / 5), "--seed", "21", "--out", capture},
                    dir_.file("generate.log"));
  if (made.wait() != 0) give_up("replay generate failed: " + text_of(dir_.file("generate.log")));
  return capture;
}

void JournalBench::run_capture_row() {
  const std::string capture = arguments_.capture.empty() ? make_capture() : arguments_.capture;
  LineWalk walk;
  std::vector<double> replayed_ns;
  std::vector<double> walked_ns;
  for (int round = 0; round < arguments_.rounds; ++round) {
    const std::int64_t begin_ns = thread_cpu_ns();
    const std::uint64_t lines = walk_capture(capture, walk);
    walked_ns.push_back(static_cast<double>(thread_cpu_ns() - begin_ns) /
                        static_cast<double>(lines));
    const double before_ns = children_cpu_ns();
    const std::string summary = run_replay({"--capture", capture, "--layout", "1"});
    replayed_ns.push_back((children_cpu_ns() - before_ns) / static_cast<double>(lines));
    const std::uint64_t inputs = number_of(summary, "all") - number_of(summary, "timers");
    if (inputs + number_of(summary, "unread_entries") != lines)
      give_up("not every line was an input, or of another stream");
  }
  print_against("replay_gzip", replayed_ns, "ns of CPU time a line", percentile(walked_ns, 0.5),
                "inflating and walking it");
}

void JournalBench::run() {
  run_capture_row();
  std::vector<double> rates;
  for (int round = 0; round < arguments_.rounds; ++round)
    rates.push_back(flood(bench_, Subject::engine).per_s);
  flood_rate_ = percentile(rates, 0.5);
  run_journal_rows();
}

}  // namespace

int main(int argc, char** argv) {
  JournalArguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto next = [&] { return i + 1 < argc ? std::string{argv[++i]} : std::string{}; };
    if (word == "--engine") {
      arguments.flood.engine = next();
    } else if (word == "--replay") {
      arguments.replay = next();
    } else if (word == "--capture") {
      arguments.capture = next();
    } else if (word == "--rounds") {
      arguments.rounds = std::max(1, std::atoi(next().c_str()));
    } else if (word == "--quick") {
      arguments.rounds = 2;
      arguments.journaled = 100'000;
      arguments.flood.signals = 10'000;
    } else {
      std::fprintf(
          stderr,
          "usage: journal_bench [--engine FILE] [--replay FILE] [--capture FILE] [--rounds N] "
          "[--quick]\n");
      return 64;
    }
  }
  JournalBench(arguments).run();
  return 0;
}
