// Words behind one another.
#include "io/redis/resp_command.hpp"

namespace coreloop::io {

void begin_command(std::string& out, std::size_t word_count) {
  out += '*';
  out += std::to_string(word_count);
  out += "\r\n";
}

void append_word(std::string& out, std::string_view word) {
  out += '$';
  out += std::to_string(word.size());
  out += "\r\n";
  out += word;
  out += "\r\n";
}

void append_command(std::string& out, std::initializer_list<std::string_view> arguments) {
  begin_command(out, arguments.size());
  for (const std::string_view argument : arguments)
    append_word(out, argument);
}

}  // namespace coreloop::io
