// Rules, read once from SHIM_RULES. Called from within system calls of a program that knows nothing
// of it: allocates nothing, and what is wrong in a rule ends the program.
#include "tests/crash/fault_rules.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace coreloop::shim {
namespace {

constexpr std::size_t rules_max = 32;

struct Failure {
  std::string_view name;
  int number;
};
constexpr std::array<Failure, 6> failures{{{"EIO", EIO},
                                           {"ENOSPC", ENOSPC},
                                           {"EINTR", EINTR},
                                           {"EACCES", EACCES},
                                           {"EMFILE", EMFILE},
                                           {"ENOMEM", ENOMEM}}};

[[noreturn]] void refuse(std::string_view what) {
  std::fprintf(stderr, "SHIM_RULES: cannot read \"%.*s\"\n", static_cast<int>(what.size()),
               what.data());
  std::_Exit(64);
}

// Up to `end`, which is taken away too; everything where it is not there.
std::string_view cut(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return head;
}

void read_action(std::string_view word, Rule& rule) {
  constexpr std::string_view sleep = "sleep_";
  if (word == "kill_before") {
    rule.action = Action::kill_before;
  } else if (word == "kill_in") {
    rule.action = Action::kill_in;
  } else if (word == "kill_after") {
    rule.action = Action::kill_after;
  } else if (word == "short") {
    rule.action = Action::cut_short;
  } else if (word == "count") {
    rule.action = Action::count;
  } else if (word.substr(0, sleep.size()) == sleep) {
    rule.action = Action::sleep;
    rule.value = std::atoi(word.data() + sleep.size());
  } else {
    rule.action = Action::fail;
    for (const Failure& failure : failures) {
      if (failure.name == word) rule.value = failure.number;
    }
    if (rule.value == 0) refuse(word);
  }
}

void read_rule(std::string_view text, Rule& rule) {
  const std::string_view whole = text;
  std::string_view subject = cut(text, '#');
  const std::string_view nth = cut(text, '=');
  if (nth.empty() || text.empty()) refuse(whole);
  rule.call = cut(subject, '@');
  rule.where = cut(subject, '~');
  rule.text = subject;
  rule.nth = std::atol(nth.data());
  rule.repeats = nth.back() == '+';
  if (rule.nth < 1) refuse(whole);
  read_action(text, rule);
}

struct Rules {
  std::array<Rule, rules_max> all;
  std::size_t count = 0;
  int hits_descriptor = -1;

  Rules() {
    const char* const text = std::getenv("SHIM_RULES");
    for (std::string_view left = text == nullptr ? "" : text; !left.empty();) {
      if (count == all.size()) refuse(left);
      read_rule(cut(left, ';'), all[count++]);
    }
    const char* const hits = std::getenv("SHIM_HITS");
    // Past the shim's own functions, which would ask for these rules.
    if (hits != nullptr) {
      hits_descriptor = static_cast<int>(
          ::syscall(SYS_openat, AT_FDCWD, hits, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    }
  }
};

Rules& rules() {
  static Rules made;
  return made;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool is_about(const Rule& rule, const Call& call) {
  return rule.call == call.name && ends_with(call.path, rule.where) &&
         (rule.text.empty() || call.bytes.find(rule.text) != std::string_view::npos);
}

}  // namespace

bool has_rule(std::string_view call) noexcept {
  const Rules& known = rules();
  for (std::size_t i = 0; i < known.count; ++i) {
    if (known.all[i].call == call) return true;
  }
  return false;
}

const Rule* meet(const Call& call) noexcept {
  Rules& known = rules();
  for (std::size_t i = 0; i < known.count; ++i) {
    Rule& rule = known.all[i];
    if (!is_about(rule, call)) continue;
    const long hit = rule.hits.fetch_add(1) + 1;
    if (hit != rule.nth && !(rule.repeats && hit > rule.nth)) continue;
    // A byte for each: whoever asks looks at the size of the file.
    if (known.hits_descriptor >= 0 && ::syscall(SYS_write, known.hits_descriptor, "x", 1) != 1)
      die();
    return &rule;
  }
  return nullptr;
}

std::string_view path_of(int descriptor, char* buffer, std::size_t size) noexcept {
  std::array<char, 40> link{};
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", descriptor);
  const int errno_before = errno;
  const ssize_t length = ::readlink(link.data(), buffer, size);
  errno = errno_before;
  if (length <= 0) return {};
  const std::string_view path{buffer, static_cast<std::size_t>(length)};
  return path.substr(0, 7) == "socket:" ? "socket" : path;
}

void die() noexcept {
  ::kill(::getpid(), SIGKILL);
  for (;;)
    ::pause();
}

void sleep_ms(int ms) noexcept {
  timespec left{ms / 1'000, ms % 1'000 * 1'000'000L};
  while (::nanosleep(&left, &left) != 0 && errno == EINTR)
    continue;
}

}  // namespace coreloop::shim
