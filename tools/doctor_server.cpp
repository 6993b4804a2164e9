// Questions to the server.
#include "tools/doctor_server.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <vector>

#include "io/edge/clock.hpp"
#include "io/redis/redis_error.hpp"
#include "tools/exit_codes.hpp"
#include "tools/redis_ends.hpp"

namespace coreloop::tools {
namespace {

using Kind = io::RedisReply::Kind;

std::uint64_t number_of(const std::string& text) {
  return std::strtoull(text.c_str(), nullptr, 10);
}

std::string milliseconds_text(std::int64_t ns) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f ms", static_cast<double>(ns) / 1e6);
  return text.data();
}

std::string megabytes_text(std::uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

// A refusal before anything else could be asked.
bool refuse_entry(const std::string& where, const std::string& text, DoctorFindings& findings) {
  switch (io::classify_redis_error(text).kind) {
    case io::RedisErrorKind::authentication:
      findings.fail(exit_permission, "redis.login", where + ": " + text,
                    "Redis wants another user name or password than the conf gives it.",
                    "redis.url = \"redis://USER:PASSWORD@host\", or redis.password_file");
      return false;
    case io::RedisErrorKind::permission:
      findings.fail(exit_permission, "redis.login", where + ": " + text,
                    "The user is let in, but may not do what each connection begins with.",
                    "redis-cli ACL SETUSER USER +role +select");
      return false;
    default:
      findings.fail(exit_unavailable, "redis", where + ": " + text,
                    "It answers, but does not serve now. The engine would wait for it, for "
                    "redis.connect_deadline_s at most.");
      return false;
  }
}

void examine_role(const io::RedisAnswer& role, DoctorFindings& findings) {
  const std::string name = role.elements.empty() ? "nothing" : role.elements[0].text;
  if (name == "master") return findings.ok("redis.role", "master");
  std::string found = name;
  if (name == "slave" && role.elements.size() > 2)
    found = "replica of " + role.elements[1].text + ":" + std::to_string(role.elements[2].integer);
  findings.fail(exit_unavailable, "redis.role", found,
                "Only a master takes what we write; the engine would wait until it is one.",
                "redis.url = the master's address, or redis-cli REPLICAOF NO ONE");
}

void examine_version(const std::string& info, const io::RedisAddress& address,
                     DoctorFindings& findings) {
  const std::string version = info_value(info, "redis_version");
  const std::uint64_t major = number_of(version);
  const std::string found = "Redis " + version;
  if (version.empty()) return findings.note("redis.version", "INFO does not tell it");
  if (major < 5 || (major < 6 && !address.user.empty())) {
    return findings.fail(exit_unavailable, "redis.version", found,
                         "Streams need Redis 5, user names Redis 6.", "apt install redis-server");
  }
  if (major < 7) {
    return findings.warn("redis.version", found,
                         "Before 7.0 Redis does not count the entries ever added: the lag of an "
                         "input stream and what was trimmed unread cannot be told.",
                         "apt install redis-server");
  }
  findings.ok("redis.version", found);
}

void examine_memory(const io::EngineConf& conf, const std::string& info, DoctorFindings& findings) {
  const std::uint64_t limit = number_of(info_value(info, "maxmemory"));
  const std::uint64_t used = number_of(info_value(info, "used_memory"));
  const std::string policy = info_value(info, "maxmemory_policy");
  const std::string found =
      "maxmemory-policy " + policy + ", " + megabytes_text(used) + " used" +
      (limit == 0 ? std::string{", no limit"} : " of " + megabytes_text(limit));
  const char* const remedy = "redis-cli CONFIG SET maxmemory-policy noeviction";
  const char* const means =
      "Short of memory, Redis deletes streams whole, unread signals too. redis.strict decides "
      "whether the engine refuses that.";
  if (policy != "noeviction" && conf.redis.is_strict)
    return findings.fail(exit_conf, "redis.memory", found, means, remedy);
  if (policy != "noeviction") return findings.warn("redis.memory", found, means, remedy);
  if (limit != 0 && used > limit / 10 * 9) {
    return findings.warn("redis.memory", found,
                         "Above the limit every XADD is refused (OOM), producers' too; the engine "
                         "waits until there is room.",
                         "redis-cli CONFIG SET maxmemory MORE, or smaller MAXLEN of streams");
  }
  findings.ok("redis.memory", found);
}

// The value of a setting, or empty where it may not be asked.
std::string setting(io::RedisAsker& asker, const std::string& name) {
  const io::RedisAnswer answer = asker.ask({"CONFIG", "GET", name});
  const io::RedisAnswer* const value = answer.member(name);
  return value == nullptr ? std::string{} : value->text;
}

void examine_persistence(io::RedisAsker& asker, const std::string& info, DoctorFindings& findings) {
  const bool has_log = info_value(info, "aof_enabled") == "1";
  const bool may_ask = !asker.ask({"CONFIG", "GET", "save"}).is_error();
  const std::string save = may_ask ? setting(asker, "save") : "";
  const std::string fsync = may_ask ? setting(asker, "appendfsync") : "";
  const std::string not_told = "; its settings are not told to this user";
  const char* const remedy = "redis-cli CONFIG SET appendonly yes, and in redis.conf";
  const std::string trouble = has_log && info_value(info, "aof_last_write_status") != "ok"
                                  ? "the append-only file cannot be written"
                              : info_value(info, "rdb_last_bgsave_status") != "ok"
                                  ? "the last snapshot failed"
                                  : "";
  if (!trouble.empty()) {
    findings.warn("redis.persistence", trouble,
                  "Redis may refuse every write (MISCONF) until that is mended; the engine waits "
                  "and is not ready meanwhile.",
                  "free space and rights of Redis' directory; then redis-cli BGSAVE");
  }
  if (has_log) {
    const bool is_always = fsync == "always";
    return findings.ok("redis.persistence",
                       "append-only file" + (may_ask ? ", appendfsync " + fsync : not_told) +
                           (is_always ? ": a kill loses nothing that was confirmed"
                                      : ": a loss of power loses the last second or two"));
  }
  if (!may_ask || !save.empty()) {
    return findings.warn(
        "redis.persistence",
        may_ask ? "snapshots only: save \"" + save + "\"" : "no append-only file" + not_told,
        "A killed Redis loses what came after its last snapshot: signals that were not read yet, "
        "and outputs, of which the engine can restore its last ones.",
        remedy);
  }
  findings.warn("redis.persistence", "none",
                "A Redis that ends loses all streams: signals that were not read yet, and outputs, "
                "of which the engine can restore its last ones.",
                remedy);
}

void examine_round_trip(io::RedisAsker& asker, DoctorFindings& findings) {
  constexpr int trips = 20;
  const io::SystemClock clock;
  std::vector<std::int64_t> taken;
  for (int i = 0; i < trips; ++i) {
    const std::int64_t start_ns = clock.monotonic_ns();
    if (asker.ask({"ROLE"}).is_error()) return;
    taken.push_back(clock.monotonic_ns() - start_ns);
  }
  std::sort(taken.begin(), taken.end());
  constexpr std::int64_t slow_ns = 5'000'000;
  const std::string found = milliseconds_text(taken[trips / 2]) + " (median of 20), " +
                            milliseconds_text(taken.back()) + " at most";
  if (taken[trips / 2] < slow_ns) return findings.ok("redis.round_trip", found);
  findings.warn("redis.round_trip", found,
                "Every transaction waits for one; a signal waits for at least two.",
                "an engine on the machine of Redis, over a unix socket");
}

// Microseconds of Redis' clock, or 0 where it may not be asked.
std::int64_t server_unix_us(io::RedisAsker& asker) {
  const io::RedisAnswer time = asker.ask({"TIME"});
  if (time.elements.size() == 2) {
    return static_cast<std::int64_t>(number_of(time.elements[0].text)) * 1'000'000 +
           static_cast<std::int64_t>(number_of(time.elements[1].text));
  }
  const io::RedisAnswer info = asker.ask({"INFO", "server"});
  return static_cast<std::int64_t>(number_of(info_value(info.text, "server_time_usec")));
}

void examine_clock(const io::EngineConf& conf, io::RedisAsker& asker, DoctorFindings& findings) {
  const io::SystemClock clock;
  const std::int64_t start_ns = clock.monotonic_ns();
  const std::int64_t there_us = server_unix_us(asker);
  const std::int64_t taken_ns = clock.monotonic_ns() - start_ns;
  if (there_us == 0) return findings.note("redis.clock", "not told to this user");
  const std::int64_t ahead_ns = there_us * 1'000 - (clock.unix_ns() - taken_ns / 2);
  const std::int64_t age_max_ns = conf.decision.risk.max_signal_age_ms * 1'000'000;
  std::int64_t limit_ns = 1'000'000'000;
  if (age_max_ns > 0) limit_ns = std::min(limit_ns, age_max_ns / 4);
  const std::string found = milliseconds_text(std::abs(ahead_ns)) +
                            (ahead_ns < 0 ? " behind ours" : " ahead of ours") + ", give or take " +
                            milliseconds_text(taken_ns);
  if (std::abs(ahead_ns) - taken_ns <= limit_ns) return findings.ok("redis.clock", found);
  findings.warn("redis.clock", found,
                "Ids of inputs are times of Redis' clock, ids of outputs of ours, and "
                "risk.max_signal_age_ms compares producers' clocks with ours.",
                "timedatectl set-ntp true, on both machines");
}

// "id=3 addr=… cmd=xadd user=default …" -> the value of a word.
std::string word_of(std::string_view line, std::string_view name) {
  const std::string key = " " + std::string{name} + "=";
  const std::size_t at = line.find(key);
  if (at == line.npos) return {};
  const std::string_view rest = line.substr(at + key.size());
  return std::string{rest.substr(0, rest.find(' '))};
}

void examine_clients(io::RedisAsker& asker, const std::string& info, DoctorFindings& findings) {
  const std::uint64_t connected = number_of(info_value(info, "connected_clients"));
  const std::uint64_t limit = number_of(info_value(info, "maxclients"));
  // This one is among them; the engine takes two.
  if (limit != 0 && connected + 1 > limit) {
    findings.fail(exit_unavailable, "redis.clients",
                  std::to_string(connected) + " of " + std::to_string(limit) + " connected",
                  "The engine needs two connections.", "redis-cli CONFIG SET maxclients MORE");
  }
  const io::RedisAnswer list = asker.ask({"CLIENT", "LIST"});
  if (list.is_error()) {
    return findings.note("redis.clients", std::to_string(connected) +
                                              " connected; who they are is not told to this user");
  }
  std::map<std::string, int> counts;
  for (std::string_view rest = list.text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (word_of(line, "cmd") == "client|list" || word_of(line, "cmd") == "client") continue;
    ++counts[word_of(line, "user") + " " + word_of(line, "cmd")];
  }
  if (counts.empty()) return findings.ok("redis.clients", "nobody else");
  std::string found;
  for (const auto& [who, count] : counts)
    found += (found.empty() ? "" : ", ") + std::to_string(count) + " x " + who;
  findings.note("redis.clients", found,
                "Other connections by user and last command: producers and consumers, or another "
                "writer (xadd, exec) and reader (xread, xreadgroup) of the same streams.");
}

}  // namespace

std::string info_value(std::string_view info, std::string_view key) {
  const std::string line = "\n" + std::string{key} + ":";
  const std::size_t at = info.find(line);
  if (at == info.npos) return {};
  const std::string_view rest = info.substr(at + line.size());
  return std::string{rest.substr(0, rest.find('\r'))};
}

bool is_denied(const io::RedisAnswer& answer) {
  return answer.is_error() &&
         io::classify_redis_error(answer.text).kind == io::RedisErrorKind::permission;
}

bool enter_redis(const io::EngineConf& conf, io::RedisAsker& asker, DoctorFindings& findings) {
  const RedisPlace place = find_redis(conf.redis);
  if (!place.warning.empty())
    findings.warn("redis.password_file", place.warning, "Whoever has it is the engine to Redis.");
  if (place.exit_code != exit_ok) {
    findings.fail(place.exit_code, "redis", place.problem,
                  "Without Redis there is nothing to read from and to write to.");
    return false;
  }
  const std::string problem = asker.connect(place.address);
  if (!problem.empty()) {
    findings.fail(exit_unavailable, "redis", problem,
                  "Nobody answers where redis.url says. The engine would try again, for "
                  "redis.connect_deadline_s at most.",
                  "systemctl status redis-server, and ss -ltnx");
    return false;
  }
  const io::RedisAddress& address = asker.address();
  std::vector<std::vector<std::string>> login;
  if (!address.password.empty() && address.user.empty())
    login.push_back({"AUTH", address.password});
  if (!address.password.empty() && !address.user.empty())
    login.push_back({"AUTH", address.user, address.password});
  if (address.database != 0) login.push_back({"SELECT", std::to_string(address.database)});
  login.push_back({"ROLE"});
  for (const std::vector<std::string>& words : login) {
    const io::RedisAnswer answer = asker.ask(words);
    if (answer.is_error()) return refuse_entry(address.text(), answer.text, findings);
  }
  return true;
}

void examine_server(const io::EngineConf& conf, io::RedisAsker& asker, DoctorFindings& findings) {
  findings.ok("redis", asker.address().text());
  examine_role(asker.ask({"ROLE"}), findings);
  const io::RedisAnswer info = asker.ask({"INFO"});
  if (info.is_error()) {
    findings.note("redis.info", info.text,
                  "What this server is and how it keeps streams cannot be told.",
                  "redis-cli ACL SETUSER USER +info");
  } else {
    examine_version(info.text, asker.address(), findings);
    examine_memory(conf, info.text, findings);
    examine_persistence(asker, info.text, findings);
    examine_clients(asker, info.text, findings);
  }
  examine_round_trip(asker, findings);
  examine_clock(conf, asker, findings);
}

}  // namespace coreloop::tools
