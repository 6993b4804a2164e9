// Handlers: nothing in them but what may be called anywhere.
#include "tools/last_words.hpp"

#include <csignal>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>
#include <system_error>
#include <unistd.h>

#include "tools/exit_codes.hpp"

namespace coreloop::tools {
namespace {

void say(std::string_view text) noexcept {
  const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  static_cast<void>(written);
}

[[noreturn]] void on_lost_page(int /*number*/) {
  say("ERROR engine a page of a mapped file is gone (SIGBUS): the file was cut, or the disk fails; "
      "stopping\n");
  ::_exit(exit_io);
}

[[noreturn]] void on_no_memory() {
  say("ERROR engine out of memory; stopping\n");
  ::_exit(exit_system);
}

[[noreturn]] void end(std::string_view why, const char* what, int exit_code) noexcept {
  say("ERROR engine ");
  say(why);
  say({what, std::strlen(what)});
  say("; stopping\n");
  ::_exit(exit_code);
}

[[noreturn]] void on_uncaught() {
  constexpr std::string_view unexpected = "an error in the program itself: ";
  try {
    const std::exception_ptr uncaught = std::current_exception();
    if (uncaught != nullptr) std::rethrow_exception(uncaught);
  } catch (const std::system_error& error) {
    end("the system refuses: ", error.what(), exit_system);
  } catch (const std::exception& error) {
    end(unexpected, error.what(), exit_invariant);
  } catch (...) {
    end(unexpected, "an exception of no standard kind", exit_invariant);
  }
  end(unexpected, "std::terminate", exit_invariant);
}

}  // namespace

void install_last_words() noexcept {
  struct sigaction action {};
  action.sa_handler = on_lost_page;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGBUS, &action, nullptr);
  std::set_new_handler(on_no_memory);
  std::set_terminate(on_uncaught);
}

}  // namespace coreloop::tools
