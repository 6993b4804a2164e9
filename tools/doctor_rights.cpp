// What the Redis user of the conf may do: asked with ACL DRYRUN where the server knows it and the
// user may ask, else tried in a way that writes nothing.
#include <string>
#include <vector>

#include "io/redis/redis_error.hpp"
#include "tools/doctor_server.hpp"
#include "tools/doctor_streams.hpp"
#include "tools/exit_codes.hpp"

namespace coreloop::tools {
namespace {

using Words = std::vector<std::string>;

/// A command the engine sends.
struct Right {
  Words words;
  std::string key;        ///< empty: none
  std::string grant;      ///< what ACL SETUSER takes to allow the key
  bool is_needed = true;  ///< without it the engine runs, and shows less
};

std::string command_of(const Words& words) {
  return words[0] == "XINFO" ? "xinfo|stream" : words[0];
}

std::string lower(std::string text) {
  for (char& c : text)
    c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return text;
}

// Those that read only: they can be tried as they are.
std::vector<Right> reading_rights(const io::EngineConf& conf) {
  std::vector<Right> rights{{{"ROLE"}, {}, {}}};
  rights.push_back({{"INFO", "memory"}, {}, {}, conf.redis.is_strict});
  for (const io::InputStream& stream : conf.streams) {
    const std::string grant = "'%R~" + stream.name + "'";
    rights.push_back({{"XINFO", "STREAM", stream.name}, stream.name, grant});
    rights.push_back({{"XREAD", "COUNT", "1", "STREAMS", stream.name, "$"}, stream.name, grant});
    rights.push_back({{"XRANGE", stream.name, "-", "+", "COUNT", "1"}, stream.name, grant, false});
    rights.push_back(
        {{"XREVRANGE", stream.name, "+", "-", "COUNT", "1"}, stream.name, grant, false});
  }
  for (const std::string& name : conf.output_names) {
    const std::string grant = "'~" + name + "'";
    rights.push_back({{"XINFO", "STREAM", name}, name, grant});
    rights.push_back({{"XLEN", name}, name, grant, false});
    rights.push_back({{"XRANGE", name, "-", "+", "COUNT", "1"}, name, grant, false});
  }
  return rights;
}

std::vector<Right> writing_rights(const io::EngineConf& conf) {
  std::vector<Right> rights{{{"MULTI"}, {}, {}}, {{"EXEC"}, {}, {}}, {{"DISCARD"}, {}, {}}};
  for (const std::string& name : conf.output_names) {
    rights.push_back({{"XADD", name, "MAXLEN", "~", std::to_string(conf.maxlen), "*", "data", ""},
                      name,
                      "'~" + name + "'"});
  }
  return rights;
}

/// Gathers refusals for one user.
class Rights {
 public:
  Rights(io::RedisAsker& asker, DoctorFindings& findings) : asker_(asker), findings_(findings) {
    const io::RedisAnswer name = asker.ask({"ACL", "WHOAMI"});
    const std::string& given = asker.address().user;
    user_ = !name.is_error() ? name.text : given.empty() ? "default" : given;
  }

  [[nodiscard]] const std::string& user() const { return user_; }
  [[nodiscard]] std::size_t denied_count() const { return denied_count_; }

  /// Whether the server answered what it would do.
  bool ask_in_advance(const Right& right) {
    Words words{"ACL", "DRYRUN", user_};
    words.insert(words.end(), right.words.begin(), right.words.end());
    const io::RedisAnswer answer = asker_.ask(words);
    if (answer.is_error()) return false;
    if (answer.text != "OK") tell(right, answer.text);
    return true;
  }

  /// The reply to the real command; a refusal for want of leave is told.
  io::RedisAnswer attempt(const Right& right) {
    io::RedisAnswer answer = asker_.ask(right.words);
    if (is_denied(answer)) tell(right, answer.text);
    return answer;
  }

  void tell(const Right& right, const std::string& why) {
    ++denied_count_;
    // The server's words tell a command that is not allowed from a key that is not.
    const bool is_key = !right.key.empty() && why.find("to run the") == why.npos;
    const std::string what = right.words[0] + (right.key.empty() ? "" : " " + right.key);
    const std::string remedy = "redis-cli ACL SETUSER " + user_ + " " +
                               (is_key ? right.grant : "+" + lower(command_of(right.words)));
    if (right.is_needed) {
      return findings_.fail(exit_permission, "redis.rights", what + ": " + why,
                            "The engine needs it and would end with 77.", remedy);
    }
    findings_.warn("redis.rights", what + ": " + why,
                   "The engine runs without it, but shows less of Redis.", remedy);
  }

 private:
  io::RedisAsker& asker_;
  DoctorFindings& findings_;
  std::string user_;
  std::size_t denied_count_ = 0;
};

// Nothing is written: a transaction of nothing is carried out, one with entries discarded.
void try_to_write(const std::vector<Right>& writing, io::RedisAsker& asker, Rights& rights,
                  DoctorFindings& findings) {
  const Right& multi = writing[0];
  const Right& exec = writing[1];
  const Right& discard = writing[2];
  if (rights.attempt(multi).is_error()) return;
  if (rights.attempt(exec).is_error()) {
    if (rights.attempt(discard).is_error()) return;
  }
  // Only inside a transaction: outside of one the entries would be written.
  if (asker.ask(multi.words).text != "OK") return;
  std::string refusal;
  for (std::size_t i = 3; i < writing.size(); ++i) {
    const io::RedisAnswer answer = rights.attempt(writing[i]);
    const auto kind = io::classify_redis_error(answer.text).kind;
    if (answer.is_error() && kind != io::RedisErrorKind::permission && refusal.empty())
      refusal = answer.text;
  }
  static_cast<void>(rights.attempt(discard));
  if (refusal.empty()) return;
  findings.fail(exit_unavailable, "redis.writing", refusal,
                "Redis refuses what the engine writes; it would wait and not be ready.",
                "what the message says; then engine --doctor again");
}

}  // namespace

void examine_rights(const io::EngineConf& conf, io::RedisAsker& asker, DoctorFindings& findings) {
  Rights rights(asker, findings);
  const std::vector<Right> reading = reading_rights(conf);
  const std::vector<Right> writing = writing_rights(conf);
  std::vector<Right> all = reading;
  all.insert(all.end(), writing.begin(), writing.end());
  bool is_answered = true;
  for (std::size_t i = 0; i < all.size() && is_answered; ++i)
    is_answered = rights.ask_in_advance(all[i]);
  if (!is_answered) {
    for (const Right& right : reading)
      static_cast<void>(rights.attempt(right));
  }
  if (rights.denied_count() == 0 || !is_answered) try_to_write(writing, asker, rights, findings);
  if (rights.denied_count() != 0) return;
  findings.ok("redis.rights", "user " + rights.user() + " may send all of " +
                                  std::to_string(all.size()) + " commands and keys, " +
                                  (is_answered ? "says ACL DRYRUN" : "tried without writing"));
}

}  // namespace coreloop::tools
