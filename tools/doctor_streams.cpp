// Streams, looked at twice.
#include "tools/doctor_streams.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "io/edge/clock.hpp"
#include "io/edge/entry_id.hpp"
#include "io/journal/record_format.hpp"
#include "io/redis/redis_error.hpp"
#include "stages/event.hpp"
#include "tools/doctor_server.hpp"
#include "tools/exit_codes.hpp"

namespace coreloop::tools {
namespace {

using std::chrono::steady_clock;
constexpr std::chrono::milliseconds look_interval{500};

/// A stream as XINFO STREAM tells it.
struct Stream {
  std::string name;
  io::RedisAnswer error;  ///< kind nil: none
  bool exists = false;
  std::uint64_t length = 0;
  std::uint64_t added = 0;  ///< entries ever; 0 before Redis 7.0
  std::uint64_t groups = 0;
  io::EntryId first;
  io::EntryId last;             ///< generated
  std::size_t entry_bytes = 0;  ///< words of the last entry
};

std::uint64_t count_of(const io::RedisAnswer& info, std::string_view name) {
  const io::RedisAnswer* const value = info.member(name);
  return value == nullptr ? 0
                          : static_cast<std::uint64_t>(std::max<std::int64_t>(value->integer, 0));
}

Stream look_at(io::RedisAsker& asker, const std::string& name) {
  Stream stream;
  stream.name = name;
  const io::RedisAnswer info = asker.ask({"XINFO", "STREAM", name});
  if (info.is_error()) {
    if (io::classify_redis_error(info.text).kind != io::RedisErrorKind::no_such_key)
      stream.error = info;
    return stream;
  }
  stream.exists = true;
  stream.length = count_of(info, "length");
  stream.added = count_of(info, "entries-added");
  stream.groups = count_of(info, "groups");
  const io::RedisAnswer* const last = info.member("last-generated-id");
  if (last == nullptr || !io::parse_entry_id(last->text, stream.last)) {
    stream.error.kind = io::RedisReply::Kind::error;
    stream.error.text = "XINFO STREAM makes no sense";
    return stream;
  }
  const io::RedisAnswer* const first = info.member("first-entry");
  if (first != nullptr && first->elements.size() == 2)
    static_cast<void>(io::parse_entry_id(first->elements[0].text, stream.first));
  const io::RedisAnswer* const entry = info.member("last-entry");
  if (entry != nullptr && entry->elements.size() == 2) {
    for (const io::RedisAnswer& word : entry->elements[1].elements)
      stream.entry_bytes += word.text.size();
  }
  return stream;
}

std::string entries_text(const Stream& stream) {
  return std::to_string(stream.length) + (stream.length == 1 ? " entry" : " entries");
}

// True: there is no more to say of it.
bool tell_error(const Stream& stream, io::RedisAsker& asker, DoctorFindings& findings) {
  if (!stream.error.is_error()) return false;
  if (is_denied(stream.error)) return true;  // the rights tell
  if (io::classify_redis_error(stream.error.text).kind != io::RedisErrorKind::wrong_type) {
    findings.fail(exit_unavailable, stream.name, stream.error.text, "It cannot be looked at.");
    return true;
  }
  const io::RedisAnswer type = asker.ask({"TYPE", stream.name});
  const std::string found =
      type.is_error() ? stream.error.text : "holds a " + type.text + " and no stream";
  findings.fail(
      exit_conf, stream.name, found,
      "The engine refuses to start on a key that holds something else.",
      "redis-cli RENAME " + stream.name + " " + stream.name + ".old, or another name in the conf");
  return true;
}

void tell_input(const Stream& before, const Stream& now, double seconds, io::RedisAsker& asker,
                DoctorFindings& findings) {
  if (tell_error(now, asker, findings)) return;
  if (!now.exists) return findings.ok(now.name, "input, not there yet: its first XADD makes it");
  std::string found = "input, " + entries_text(now);
  if (now.added > before.added) {
    found += ", " +
             std::to_string(static_cast<std::uint64_t>(
                 static_cast<double>(now.added - before.added) / seconds)) +
             " a second";
  }
  if (now.groups == 0) return findings.ok(now.name, found);
  findings.note(now.name,
                found + ", " + std::to_string(now.groups) +
                    (now.groups == 1 ? " consumer group" : " consumer groups"),
                "Others read it, too: a service that the engine is to replace may still run. The "
                "engine reads with a place of its own and takes nothing away from them.",
                "redis-cli XINFO GROUPS " + now.name);
}

std::string length_text(const Stream& stream) {
  return "output, " + entries_text(stream) + ", last " + stream.last.text();
}

void tell_output(const Stream& before, const Stream& now, io::RedisAsker& asker,
                 DoctorFindings& findings) {
  if (tell_error(now, asker, findings)) return;
  if (before.last != now.last) {
    return findings.fail(exit_foreign_writer, now.name,
                         length_text(now) + ", before that " + before.last.text(),
                         "Somebody writes to it: another engine, or a service that this one is to "
                         "replace. An engine that meets another's entry ends with 75.",
                         "redis-cli CLIENT LIST shows who; end that program, or give this conf "
                         "another stream under [output]");
  }
  if (!now.exists) return findings.ok(now.name, "output, not there yet");
  const auto now_ms = static_cast<std::uint64_t>(io::SystemClock{}.unix_ns() / stages::ns_per_ms);
  constexpr std::uint64_t day_ms = 86'400'000;
  constexpr std::uint64_t ahead_ms_max = 5'000;
  if (now.last.ms > now_ms + 31 * day_ms) {
    return findings.fail(exit_foreign_writer, now.name, length_text(now),
                         "It ends more than 31 days ahead of the clock: somebody else has written "
                         "it, or the clock is wrong.",
                         "mend the clock, or give this conf another stream under [output]");
  }
  if (now.last.ms > now_ms + ahead_ms_max) {
    return findings.warn(now.name, length_text(now),
                         "It ends ahead of the clock: until the clock has caught up, every output "
                         "bears that time.",
                         "timedatectl status");
  }
  // Ours are numbered 1, 2, 3, …; ids that Redis makes end with 0, but for those within one ms.
  if (now.length != 0 && now.last.counter == 0) {
    return findings.warn(now.name, length_text(now),
                         "The last entry is none of an engine's, whose ids end with 1, 2, 3, …: "
                         "another program has written here. The engine goes on behind it; should "
                         "that program write again, the engine ends with 75.",
                         "see that it has ended: redis-cli CLIENT LIST");
  }
  const bool is_contiguous = now.last.counter - now.first.counter + 1 == now.length;
  if (now.length != 0 && !is_contiguous) {
    return findings.note(now.name, length_text(now) + ", first " + now.first.text(),
                         "Its numbers have gaps: entries were deleted, or another program wrote "
                         "here before the engine did.");
  }
  findings.ok(now.name, length_text(now));
}

// What a record of such an entry takes in the journal, beside its words.
constexpr double record_overhead_bytes = sizeof(io::RecordHeader) + 60;

}  // namespace

double examine_streams(const io::EngineConf& conf, io::RedisAsker& asker,
                       DoctorFindings& findings) {
  std::vector<std::string> names;
  for (const io::InputStream& stream : conf.streams)
    names.push_back(stream.name);
  names.insert(names.end(), conf.output_names.begin(), conf.output_names.end());
  const auto look = [&] {
    std::vector<Stream> seen;
    for (const std::string& name : names)
      seen.push_back(look_at(asker, name));
    return seen;
  };
  const steady_clock::time_point start = steady_clock::now();
  const std::vector<Stream> before = look();
  std::this_thread::sleep_for(look_interval);
  const double seconds = std::chrono::duration<double>(steady_clock::now() - start).count();
  const std::vector<Stream> now = look();
  double bytes_per_s = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i >= conf.streams.size()) {
      tell_output(before[i], now[i], asker, findings);
      continue;
    }
    tell_input(before[i], now[i], seconds, asker, findings);
    if (now[i].added > before[i].added) {
      bytes_per_s += static_cast<double>(now[i].added - before[i].added) / seconds *
                     (static_cast<double>(now[i].entry_bytes) + record_overhead_bytes);
    }
  }
  return bytes_per_s;
}

}  // namespace coreloop::tools
