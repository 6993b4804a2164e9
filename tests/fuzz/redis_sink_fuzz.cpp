// What a server may say to RedisSink, over a real socket, hiredis and all: whatever it says,
// entries leave within transactions only, each stream's in the order of their ids; and where it
// says nothing but the truth, every stream ends up with every entry once, whatever connections
// break between, answers on their way included.
//
// An input is a byte of choices and then steps, each ended by 0xFF. A step is one of the bytes
// below, or bytes that the server sends in the place of its answers.
#include "io/redis/redis_sink.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/check.hpp"
#include "tests/fuzz/input_bytes.hpp"
#include "tests/fuzz/scripted_server.hpp"
#include "tests/fuzz/scripted_time.hpp"

namespace coreloop::tests {
namespace {

// Of the truth, until all is published.
constexpr int rounds_max = 20;
constexpr int waits_max = 40;

enum Step : unsigned char {
  step_answer = 0xFE,        ///< the truth, until nothing more is asked
  step_hang_up = 0xFD,       ///< the connection ends before anything is carried out
  step_write = 0xFC,         ///< outputs of one input: number, streams
  step_answer_lost = 0xFB,   ///< everything is carried out, the answers are lost
  step_lose_entry = 0xFA,    ///< a server from before its last entry: stream
  step_end_recovery = 0xF9,  ///< the journal has been repeated
  step_adopt = 0xF7,         ///< while the journal is repeated: an id was taken over: stream
  step_wait = 0xF8,          ///< time passes: tenths of a second
};

const std::array<std::string, io::output_stream_count> names{"a", "b", "c", "d", "e"};

// Nobody listens: at a path, or at a port.
constexpr std::uint8_t choices_nobody = 8 | 16;

class SinkRun {
 public:
  SinkRun(ScriptedServer& server, io::EventLoop& loop, std::uint8_t choices)
      : server_(server), loop_(loop), sink_(loop, options(choices)) {
    is_recovering_ = (choices & 2) != 0;
    if ((choices & 1) != 0) sink_.resume({io::Restart{.has_inputs = is_recovering_}});
    is_recovering_ = is_recovering_ && (choices & 1) != 0;
    sink_.open();
    server_.settle(loop_);
  }

  ~SinkRun() { sink_.close(); }

  /// Without a server.
  void check_refused() const {
    CHECK(sink_.health().fault() == io::RedisFault::none, "a server may still come");
    CHECK(sink_.health().connect_failures.get() > 0, "it was tried");
    CHECK(!sink_.health().is_open.load(), "to no avail");
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
      case step_write:
        write(text.substr(1));
        break;
      case step_answer_lost:
        server_.answer_nobody();
        break;
      case step_lose_entry:
        lose_entry(text.substr(1));
        break;
      case step_end_recovery:
        if (!is_recovering_ || !may_write()) break;
        sink_.end_of_recovery();
        is_recovering_ = false;
        break;
      case step_adopt:
        if (is_recovering_) adopt(text.substr(1));
        break;
      case step_wait:
        text.remove_prefix(1);
        pass_tenths(take_byte(text) % waits_max, [this] { server_.settle(loop_); });
        break;
      default:
        is_honest_ = false;
        server_.send(text);
    }
    server_.settle(loop_);
    check_asked();
  }

  void finish() {
    const bool has_fault = sink_.health().fault() != io::RedisFault::none;
    if (has_fault) CHECK(!sink_.health().fault_text().empty(), "a fault has a reason");
    CHECK(sink_.pending_count() <= written_count_, "no more waits than was written");
    if (!is_honest_ || is_recovering_) return;
    for (int round = 0; round < rounds_max && (round == 0 || sink_.pending_count() != 0); ++round) {
      pass_tenths(1, [this] { server_.settle(loop_); });
      server_.answer(loop_);
      server_.settle(loop_);
    }
    check_asked();
    CHECK(!has_fault, "the truth is no fault");
    CHECK(sink_.is_all_published() && sink_.pending_count() == 0, "all is published");
    std::size_t missing = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::vector<io::EntryId> there;
      for (const auto& entry : server_.streams[names[i]].entries)
        there.push_back(entry.id);
      CHECK(std::adjacent_find(there.begin(), there.end(), std::greater_equal<>()) == there.end(),
            "each entry once, in its order");
      CHECK(std::includes(written_[i].begin(), written_[i].end(), there.begin(), there.end()),
            "and none of somebody else");
      missing += written_[i].size() - there.size();
    }
    // What was confirmed, then lost, and had left the queue by then.
    CHECK(missing == sink_.counters().hole.get(), "all of them, but for those told as a hole");
  }

 private:
  io::RedisSinkOptions options(std::uint8_t choices) {
    io::RedisSinkOptions options;
    options.session.name = "writer";
    const bool has_server = (choices & choices_nobody) == 0;
    options.session.address =
        has_server ? server_.address(choices >> 5) : server_.nobody((choices & 8) != 0);
    options.session.client.reply_bytes_max = std::size_t{1} << 14;
    options.session.pause_ns_min = options.session.pause_ns_max = 0;
    options.session.notice = [](bool, const std::string& text) {
      CHECK(!text.empty(), "a notice says something");
    };
    options.names = names;
    options.batch_max = (choices & 4) != 0 ? 4 : 512;
    options.queue_bytes = std::size_t{1} << 15;
    options.queue_entries = 16;
    options.refuses_eviction = (choices & 4) != 0;
    return options;
  }

  void write(std::string_view text) {
    if (!may_write() || !sink_.has_room()) return;
    const std::size_t count = 1 + take_byte(text) % io::entries_per_event_max;
    ++log_ms_;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t stream = take_byte(text) % names.size();
      const io::EntryId id{log_ms_, ++numbers_[stream]};
      const std::array<io::OutputField, 1> fields{{{"data", text.substr(0, 64)}}};
      sink_.write({.stream = static_cast<io::OutputStream>(stream),
                   .id_ms = id.ms,
                   .id_number = id.counter,
                   .log_unix_ns = 0,
                   .fields = fields});
      written_[stream].push_back(id);
      ++written_count_;
    }
    sink_.end_of_input();
  }

  // Nothing is written before it is known behind which ids.
  bool may_write() {
    if (!has_been_ready_) {
      server_.answer(loop_);
      server_.settle(loop_);
    }
    has_been_ready_ = has_been_ready_ || sink_.is_ready();
    return has_been_ready_;
  }

  void adopt(std::string_view text) {
    if (!may_write()) return;
    is_honest_ = false;  // what was taken over never stood there
    const std::size_t stream = take_byte(text) % names.size();
    numbers_[stream] += 1 + take_byte(text);
    sink_.adopt(static_cast<io::OutputStream>(stream), {log_ms_, numbers_[stream]});
  }

  // Only what the queue may still hold, so that it can be published again.
  void lose_entry(std::string_view text) {
    const std::string& name = names[take_byte(text) % names.size()];
    ScriptedServer::Stream& stream = server_.streams[name];
    // A first look that finds less is not a loss.
    if (stream.entries.size() < 2 || written_count_ > 12) return;
    stream.entries.pop_back();
    stream.last = stream.entries.back().id;
    server_.hang_up();
  }

  // MULTI, entries, EXEC or DISCARD, one right after the other; nothing else writes.
  void check_asked() {
    for (; checked_ < server_.asked.size(); ++checked_) {
      const ScriptedServer::Command& command = server_.asked[checked_];
      const std::string& word = command.front();
      if (word == "MULTI") {
        is_inside_ = true;
        last_.clear();
      } else if (word == "EXEC" || word == "DISCARD") {
        CHECK(is_inside_, "a transaction that was begun");
        is_inside_ = false;
      } else if (word == "XADD") {
        CHECK(is_inside_, "entries within transactions only");
        check_entry(command);
      } else {
        is_inside_ = false;  // MULTI was refused, or its connection broke
      }
    }
  }

  void check_entry(const ScriptedServer::Command& command) {
    const std::size_t place = ScriptedServer::id_place(command);
    if (command[place] == "*") return;  // the question whether we may
    io::EntryId id;
    CHECK(io::parse_entry_id(command[place], id), "an id of ours");
    const auto [last, is_first] = last_.try_emplace(command[1]);
    CHECK(is_first == (place != 2), "a stream is cut with its first entry in a transaction");
    CHECK(id > last->second, "a stream's entries in order");
    last->second = id;
  }

  ScriptedServer& server_;
  io::EventLoop& loop_;
  io::RedisSink sink_;
  std::array<std::vector<io::EntryId>, io::output_stream_count> written_;
  std::array<std::uint64_t, io::output_stream_count> numbers_{};
  std::uint64_t log_ms_ = 1;
  std::size_t written_count_ = 0;
  std::size_t checked_ = 0;
  std::map<std::string, io::EntryId> last_;  ///< within the transaction
  bool is_inside_ = false;
  bool has_been_ready_ = false;
  bool is_honest_ = true;
  bool is_recovering_ = false;
};

void check_input(std::string_view input) {
  static io::EventLoop loop;
  static ScriptedServer server;
  constexpr std::size_t steps_max = 16;
  server.reset();
  const std::uint8_t choices = take_byte(input);
  SinkRun run(server, loop, choices);
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
