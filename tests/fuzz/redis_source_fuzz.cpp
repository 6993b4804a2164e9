// What a server may say to RedisSource, over a real socket, hiredis and all: nothing it says makes
// an entry come twice, or out of order unless the stream went back; and where it says nothing but
// the truth, every entry comes, whatever connections break between and whatever the server forgets.
//
// An input is a byte of choices and then steps, each ended by 0xFF. A step is one of the bytes
// below, or bytes that the server sends in the place of its answers.
#include "io/redis/redis_source.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/check.hpp"
#include "tests/fuzz/input_bytes.hpp"
#include "tests/fuzz/scripted_server.hpp"
#include "tests/fuzz/scripted_time.hpp"
#include "tests/support/scripted_clock.hpp"

namespace coreloop::tests {
namespace {

// Of the truth, until all has come; one brings one entry at least.
constexpr int rounds_max = 20;
constexpr int waits_max = 40;

// More than any input makes. As many as an engine remembers are megabytes to prepare, each time.
constexpr std::size_t history_entries = 256;

enum Step : unsigned char {
  step_answer = 0xFE,      ///< the truth, until nothing more is asked
  step_hang_up = 0xFD,     ///< the connection ends
  step_add = 0xFC,         ///< an entry: stream, milliseconds above the last
  step_look_again = 0xFB,  ///< the sink has found out that this is no master
  step_hold = 0xFA,        ///< answers, but nothing is consumed: no room downstream
  step_wait = 0xF9,        ///< time passes: tenths of a second
  step_forget = 0xF8,      ///< it comes back without some last entries: stream, how many
};

const std::vector<std::string> names{"ticks", "signals", "more"};

// Nobody listens: at a path, or at a port.
constexpr std::uint8_t choices_nobody = 8 | 16;

class SourceRun {
 public:
  SourceRun(ScriptedServer& server, io::EventLoop& loop, std::uint8_t choices)
      : server_(server), loop_(loop), source_(loop, options(choices)) {
    reads_all_ = (choices & 3) != 2;
    source_.open();
    settle();
  }

  ~SourceRun() { source_.close(); }

  /// Without a server.
  void check_refused() const {
    CHECK(source_.health().fault() == io::RedisFault::none, "a server may still come");
    CHECK(source_.health().connect_failures.get() > 0, "it was tried");
    CHECK(!source_.health().is_open.load(), "to no avail");
  }

  void step(std::string_view text) {
    const unsigned char kind = text.empty() ? 0 : static_cast<unsigned char>(text.front());
    switch (kind) {
      case step_answer:
        server_.answer(loop_);
        break;
      case step_hang_up:
        server_.hang_up();
        break;
      case step_add:
        add(text.substr(1));
        break;
      case step_look_again:
        source_.look_again();
        break;
      case step_hold:
        server_.answer(loop_);
        return;
      case step_wait:
        text.remove_prefix(1);
        pass_tenths(take_byte(text) % waits_max, [this] { server_.settle(loop_); });
        break;
      case step_forget:
        forget(text.substr(1));
        break;
      default:
        is_honest_ = false;
        server_.send(text);
    }
    settle();
  }

  /// Tells the truth until everything has come.
  void finish() {
    if (source_.health().fault() != io::RedisFault::none)
      CHECK(!source_.health().fault_text().empty(), "a fault has a reason");
    for (std::size_t i = 0; i < names.size(); ++i)
      CHECK(source_.counters(i).lag.load() <= INT64_MAX,
            "no stream is longer than Redis can count");
    if (!is_honest_) return;
    for (int round = 0; round < rounds_max && (round == 0 || !has_all()); ++round) {
      pass_tenths(1, [this] { server_.settle(loop_); });
      server_.answer(loop_);
      settle();
    }
    if (!reads_all_ && has_forgotten_) return;  // of what stood there first nobody knows
    CHECK(source_.health().fault() == io::RedisFault::none, "the truth is no fault");
    if (!reads_all_) return;
    CHECK(has_all(), "every entry has come");
    for (std::size_t i = 0; i < names.size(); ++i) {
      CHECK(source_.counters(i).entries.get() == taken_[names[i]].entries.size(), "and is counted");
      CHECK(source_.counters(i).trimmed.get() == 0, "none was missed");
    }
  }

 private:
  struct Taken {
    io::EntryId last;
    std::set<std::pair<io::EntryId, std::string>> entries;  ///< id and content
  };

  io::RedisSourceOptions options(std::uint8_t choices) {
    io::RedisSourceOptions options;
    options.session.name = "reader";
    const bool has_server = (choices & choices_nobody) == 0;
    options.session.address =
        has_server ? server_.address(choices >> 5) : server_.nobody((choices & 8) != 0);
    options.session.client.reply_bytes_max = std::size_t{1} << 14;
    options.session.pause_ns_min = options.session.pause_ns_max = 0;
    options.session.notice = [](bool, const std::string& text) {
      CHECK(!text.empty(), "a notice says something");
    };
    options.streams = {{names[0], io::StreamKind::ticks}, {names[1], io::StreamKind::signals}};
    options.streams.push_back({names[2], io::StreamKind::signals});
    options.start = (choices & 1) != 0 ? "0" : (choices & 2) != 0 ? "$" : "3-1";
    options.count_max = (choices & 4) != 0 ? 2 : 1'024;
    options.on_rewind = (choices & 4) != 0    ? io::OnRewind::take
                        : (choices & 32) != 0 ? io::OnRewind::skip
                                              : io::OnRewind::stop;
    options.history_entries = history_entries;
    options.clock = &clock_;
    return options;
  }

  [[nodiscard]] bool has_all() {
    return std::all_of(names.begin(), names.end(), [this](const std::string& name) {
      const auto stream = server_.streams.find(name);
      if (stream == server_.streams.end()) return true;
      const std::vector<ScriptedServer::Entry>& held = stream->second.entries;
      return std::all_of(held.begin(), held.end(), [&](const ScriptedServer::Entry& entry) {
        return taken_[name].entries.count({entry.id, entry.fields[1]}) != 0;
      });
    });
  }

  void settle() {
    server_.settle(loop_);
    consume();
    server_.settle(loop_);
  }

  void consume() {
    io::RawEntry entry;
    while (source_.peek(entry) == io::SourceStatus::entry) {
      Taken& taken = taken_[std::string{entry.stream}];
      const io::EntryId id{entry.id_ms, entry.id_counter};
      const io::InputStreamCounters& counters = source_.counters(index_of(entry.stream));
      CHECK(id > taken.last || counters.rewinds.get() > 0, "entries come in the stream's order");
      taken.last = id;
      CHECK(taken.entries.emplace(id, content_of(entry)).second, "and once");
      source_.consume();
    }
  }

  void add(std::string_view text) {
    const std::string& name = names[take_byte(text) % names.size()];
    ScriptedServer::Stream& stream = server_.streams[name];
    now_ms_ += take_byte(text) % 4;
    stream.last = stream.last.ms == now_ms_ ? io::EntryId{now_ms_, stream.last.counter + 1}
                                            : io::EntryId{now_ms_, 0};
    const std::string content = std::string{text} + "#" + std::to_string(++added_);
    stream.entries.push_back({stream.last, {"data", content}});
  }

  // It was killed, and had not written everything down.
  void forget(std::string_view text) {
    const std::string& name = names[take_byte(text) % names.size()];
    ScriptedServer::Stream& stream = server_.streams[name];
    const std::size_t count = std::min<std::size_t>(take_byte(text) % 8, stream.entries.size());
    stream.entries.resize(stream.entries.size() - count);
    if (stream.entries.empty()) {
      server_.streams.erase(name);
    } else {
      stream.last = stream.entries.back().id;
    }
    has_forgotten_ = true;
    server_.hang_up();
  }

  [[nodiscard]] static std::size_t index_of(std::string_view name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  }

  /// What an entry is told from others by: its first `data`, and whether there are others.
  [[nodiscard]] static std::string content_of(const io::RawEntry& entry) {
    std::string content;
    std::size_t count = 0;
    for (const io::RawField& field : entry.fields) {
      if (field.name == "data" && ++count == 1) content = field.value;
    }
    return count == 1 ? content : content + "/" + std::to_string(std::min<std::size_t>(count, 2));
  }

  ScriptedServer& server_;
  io::EventLoop& loop_;
  ScriptedClock clock_;
  io::RedisSource source_;
  std::map<std::string, Taken> taken_;
  std::uint64_t now_ms_ = 4;  ///< of the server: above all starts
  std::size_t added_ = 0;
  bool has_forgotten_ = false;
  bool is_honest_ = true;
  bool reads_all_ = false;
};

void check_input(std::string_view input) {
  static io::EventLoop loop;
  static ScriptedServer server;
  constexpr std::size_t steps_max = 16;
  server.reset();
  const std::uint8_t choices = take_byte(input);
  SourceRun run(server, loop, choices);
  if ((choices & choices_nobody) != 0) return run.check_refused();
  const std::vector<std::string_view> steps = pieces_of(input, '\xFF');
  for (std::size_t i = 0; i < steps.size() && i < steps_max; ++i)
    run.step(steps[i]);
  run.finish();
}

}  // namespace
}  // namespace coreloop::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  coreloop::tests::check_input(coreloop::tests::text_of(data, size));
  return 0;
}
