// fork, exec, wait.
#include "bench/redis/children.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/redis/resp_socket.hpp"

namespace coreloop::bench {

Child& Child::operator=(Child&& other) noexcept {
  stop();
  pid_ = other.pid_;
  other.pid_ = -1;
  return *this;
}

void Child::stop() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

int Child::wait() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Child start_program(const std::vector<std::string>& command, const std::string& log) {
  const pid_t pid = ::fork();
  if (pid != 0) return Child{pid};
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int descriptor = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(descriptor, STDOUT_FILENO);
  ::dup2(descriptor, STDERR_FILENO);
  std::vector<char*> words;
  for (const std::string& word : command)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  std::_Exit(127);
}

Child start_function(const std::function<void()>& function) {
  const pid_t pid = ::fork();
  if (pid != 0) return Child{pid};
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  function();
  std::_Exit(0);
}

WorkDir::WorkDir() {
  std::string name = (std::filesystem::temp_directory_path() / "redis_bench.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) give_up("no temporary directory");
  path_ = name;
}

WorkDir::~WorkDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

long resident_kib(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  long value = 0;
  while (file >> word) {
    if (word == "VmRSS:") file >> value;
  }
  return value;
}

long cpu_ms(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i)
    fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return (user + system) * 1'000 / ::sysconf(_SC_CLK_TCK);
}

Child start_redis(const WorkDir& dir) {
  const std::string socket = dir.file("redis.sock");
  Child child = start_program({"redis-server", "--port", "0", "--unixsocket", socket, "--save", "",
                               "--appendonly", "no", "--dir", dir.file("")},
                              dir.file("redis.log"));
  for (int tries = 0; tries < 500; ++tries) {
    if (std::filesystem::exists(socket)) {
      ::usleep(50'000);
      return child;
    }
    ::usleep(10'000);
  }
  give_up("redis-server does not start; is it installed?");
}

}  // namespace coreloop::bench
