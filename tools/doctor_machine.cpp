// Looks at the machine.
#include "tools/doctor_machine.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/cpu.hpp"
#include "engine/tsc_clock.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/token_file.hpp"

namespace coreloop::tools {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// "0-3,6"
std::string ranges_text(const std::vector<std::uint32_t>& cores) {
  std::string text;
  for (std::size_t i = 0; i < cores.size();) {
    std::size_t end = i + 1;
    while (end < cores.size() && cores[end] == cores[end - 1] + 1)
      ++end;
    text += (text.empty() ? "" : ",") + std::to_string(cores[i]);
    if (end - i > 1) text += "-" + std::to_string(cores[end - 1]);
    i = end;
  }
  return text;
}

std::string layout_text(const engine::Layout& layout) {
  std::string text;
  for (const engine::ThreadPlan& thread : layout.threads) {
    text += text.empty() ? "[" : ", [";
    for (std::uint32_t stage = thread.first; stage <= thread.last; ++stage)
      text += (stage == thread.first ? "" : " ") + std::string{io::stage_names[stage]};
    text += thread.core ? "] on core " + std::to_string(*thread.core) : "]";
  }
  return text;
}

void examine_layout(const io::ThreadsConf& threads, DoctorFindings& findings) {
  const std::size_t usable = engine::usable_core_count();
  const engine::Layout layout = planned_layout(threads);
  if (!layout.problem.empty()) {
    return findings.fail(exit_conf, "threads", layout.problem,
                         "The engine does not start with this layout on this machine.",
                         "section [threads] of the conf; \"auto\" always fits");
  }
  const std::size_t count = layout.threads.size();
  const std::string found =
      std::to_string(count) + (count == 1 ? " thread: " : " threads: ") + layout_text(layout);
  const bool spins = threads.wait == io::WaitKind::spin;
  if (spins && count >= usable) {
    return findings.warn("threads", found + ", spinning on " + std::to_string(usable) + " cores",
                         "Threads that spin leave no core to Redis, to its producers and "
                         "consumers, and to each other.",
                         "threads.wait = \"adaptive\", or fewer threads in threads.layout");
  }
  if (count > usable) {
    return findings.warn("threads", found + " on " + std::to_string(usable) + " cores",
                         "More threads than cores take turns: each turn is a delay of "
                         "milliseconds under load.",
                         "threads.layout = \"auto\"");
  }
  findings.ok("threads", found);
}

void examine_cores(DoctorFindings& findings) {
  const std::vector<std::uint32_t> allowed = engine::allowed_cores();
  const std::uint32_t quota = engine::quota_cores();
  const bool is_limited = quota < allowed.size();
  const std::string found =
      ranges_text(allowed) + " allowed, " +
      (is_limited ? "quota of " + std::to_string(quota) : std::string{"no quota below that"});
  if (is_limited) {
    findings.note("cores", found,
                  "Once the cgroup's quota of a period is used up, every thread stands still "
                  "until the next: up to 100 ms.",
                  "without CPUQuota= or --cpus; cores of its own do the same without the pauses");
  } else {
    findings.ok("cores", found);
  }
  const std::string governor =
      first_line("/sys/devices/system/cpu/cpu" + std::to_string(allowed.front()) +
                 "/cpufreq/scaling_governor");
  if (governor.empty()) return;  // a virtual machine, as a rule: its host decides
  if (governor == "performance") return findings.ok("cores.governor", governor);
  findings.note("cores.governor", governor, "A core that has slept wakes up slow.",
                "cpupower frequency-set -g performance");
}

void examine_clock(DoctorFindings& findings) {
  const engine::TscClock clock = engine::TscClock::calibrated();
  const engine::TscClock again = engine::TscClock::calibrated();
  const std::string source =
      first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  const std::string kernel = source.empty() ? "" : "; the kernel's clock source is " + source;
  if (!clock.uses_tsc()) {
    return findings.note("clock",
                         "no invariant time stamp counter: latencies are measured with "
                         "the monotonic clock" +
                             kernel,
                         "It is right, and costs some 10 ns more a reading. No output depends on "
                         "it.");
  }
  constexpr std::uint64_t ticks = 1'000'000'000;
  const auto ns = static_cast<double>(clock.to_ns(ticks));
  const double apart_ppm = std::abs(static_cast<double>(again.to_ns(ticks)) / ns - 1) * 1e6;
  std::array<char, 128> found{};
  std::snprintf(found.data(), found.size(),
                "invariant time stamp counter, %.4f GHz; two calibrations %.0f ppm apart",
                static_cast<double>(ticks) / ns, apart_ppm);
  constexpr double apart_ppm_max = 1'000;
  if (apart_ppm <= apart_ppm_max) return findings.ok("clock", found.data() + kernel);
  findings.note("clock", found.data() + kernel,
                "Latencies are measured that much wrong: the machine was busy or moved while we "
                "looked. No output depends on it.");
}

void examine_descriptors(DoctorFindings& findings) {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const std::string found =
      limit.rlim_cur == RLIM_INFINITY ? "any number" : std::to_string(limit.rlim_cur);
  constexpr rlim_t comfortable = 256;
  if (limit.rlim_cur >= comfortable) return findings.ok("descriptors", found);
  findings.warn("descriptors", found,
                "Trading needs about 30; clients of the HTTP endpoint one each, and are refused "
                "when none is left.",
                "ulimit -n 1024, or LimitNOFILE=1024 in the unit");
}

// 0, or the errno with which the address is refused now.
int try_to_bind(const io::ListenAddress& address, std::string& problem) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int unresolved =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (unresolved != 0) {
    problem = ::gai_strerror(unresolved);
    return EADDRNOTAVAIL;
  }
  int error = EADDRNOTAVAIL;
  for (const addrinfo* at = found; at != nullptr && error != 0; at = at->ai_next) {
    const int probe = ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
    if (probe < 0) continue;
    const int on = 1;
    ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // Nobody can connect: it never listens.
    error = ::bind(probe, at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
    ::close(probe);
  }
  ::freeaddrinfo(found);
  problem = std::strerror(error);
  return error;
}

}  // namespace

void examine_machine(const io::EngineConf& conf, DoctorFindings& findings) {
  examine_cores(findings);
  examine_layout(conf.threads, findings);
  examine_clock(findings);
  examine_descriptors(findings);
}

void examine_http(const io::EngineConf& conf, DoctorFindings& findings) {
  for (std::size_t i = 0; i < io::listener_count; ++i) {
    const std::string what = "http." + std::string{io::listener_keys[i]};
    io::ListenAddress address;
    if (conf.http_listen[i].empty() || !io::parse_listen_address(conf.http_listen[i], address))
      continue;
    const std::string where = address.text();
    std::string problem;
    if (address.port == 0) {
      findings.note(what, where + ": any free port", "The log tells which one it became.");
    } else if (try_to_bind(address, problem) == 0) {
      findings.ok(what, where + " is free");
    } else {
      findings.fail(exit_system, what, where + ": " + problem,
                    "The engine would end with 71: another engine, or another program, has the "
                    "address.",
                    "ss -ltnp 'sport = :" + std::to_string(address.port) +
                        "', then end it or change the key");
    }
  }
  if (conf.http.token_file.empty()) return;
  io::AccessToken token;
  std::string problem;
  const int exit_code = read_token_file(conf.http.token_file, token, problem);
  if (exit_code == exit_ok)
    return findings.ok("http.token_file", conf.http.token_file + " is readable by its owner alone");
  findings.fail(exit_code, "http.token_file", conf.http.token_file + ": " + problem,
                "Whoever has the token commands the engine.",
                "openssl rand -hex 24 > FILE; chmod 600 FILE; chown it to the engine's user");
}

}  // namespace coreloop::tools
