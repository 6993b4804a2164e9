// Runs a program and kills it, threads and all, as it is about to make its k-th system call:
//
//   kill_at_syscall K PROGRAM [ARGUMENT…]
//
// Counts the calls of all threads, from the first flock(2) on: an engine's lock on its journal.
// Prints how many there were. Exit code: 137 if it was killed, else the program's own. SIGTERM and
// SIGINT are passed on to the program.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

pid_t child = 0;  // for the signal handler

void pass_on(int number) {
  ::kill(child, number);
}

long syscall_of(pid_t thread) {
  user_regs_struct registers{};
  if (::ptrace(PTRACE_GETREGS, thread, nullptr, &registers) != 0) return -1;
  return static_cast<long>(registers.orig_rax);
}

class Tracer {
 public:
  explicit Tracer(long kill_at) : kill_at_(kill_at) {}

  // Until the program has ended; its exit code.
  int run() {
    for (;;) {
      int status = 0;
      const pid_t thread = ::waitpid(-1, &status, __WALL);
      if (thread < 0 && errno == EINTR) continue;
      if (thread < 0) return 71;
      if (WIFEXITED(status) || WIFSIGNALED(status)) {
        if (thread != child) continue;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      }
      if (WIFSTOPPED(status)) on_stop(thread, status);
    }
  }

  [[nodiscard]] long count() const { return count_; }

 private:
  void on_stop(pid_t thread, int status) {
    constexpr int syscall_stop = SIGTRAP | 0x80;
    long passed_on = 0;
    const int number = WSTOPSIG(status);
    if (number == syscall_stop) {
      // Stops come in pairs: before a call and behind it.
      const bool is_before = inside_.insert(thread).second;
      if (!is_before)
        inside_.erase(thread);
      else if (is_counted(thread) && ++count_ == kill_at_)
        ::kill(child, SIGKILL);
    } else if (status >> 16 == 0 && number != SIGSTOP && number != SIGTRAP) {
      passed_on = number;
    }
    ::ptrace(PTRACE_SYSCALL, thread, nullptr, passed_on);
  }

  bool is_counted(pid_t thread) {
    if (!has_lock_) has_lock_ = syscall_of(thread) == SYS_flock;
    return has_lock_;
  }

  long kill_at_;
  long count_ = 0;
  bool has_lock_ = false;
  std::set<pid_t> inside_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: kill_at_syscall K PROGRAM [ARGUMENT…]\n", stderr);
    return 64;
  }
  child = ::fork();
  if (child == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    ::execv(argv[2], argv + 2);
    std::perror(argv[2]);
    ::_exit(66);
  }
  std::signal(SIGTERM, pass_on);
  std::signal(SIGINT, pass_on);
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) {
    std::perror("kill_at_syscall");
    return 71;
  }
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr,
           PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL);
  ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
  Tracer tracer(std::atol(argv[1]));
  const int exit_code = tracer.run();
  std::printf("calls=%ld\n", tracer.count());
  return exit_code;
}
