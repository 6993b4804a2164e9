// Commands as Redis takes them: an array of length-prefixed words. Cold ones, put together in a
// string; the entries of the sink are written where they stay (io/redis/redis_sink.cpp).
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace coreloop::io {

/// Begins a command of `word_count` words in RESP form behind `out`; append_word() adds each.
void begin_command(std::string& out, std::size_t word_count);
void append_word(std::string& out, std::string_view word);

/// Appends a command of `arguments` in RESP form to `out`.
void append_command(std::string& out, std::initializer_list<std::string_view> arguments);

}  // namespace coreloop::io
