// Error replies by their first word, and those that have only "ERR" by what they say.
#include "io/redis/redis_error.hpp"

namespace coreloop::io {
namespace {

bool says(std::string_view text, std::string_view words) noexcept {
  return text.find(words) != text.npos;
}

}  // namespace

RedisError classify_redis_error(std::string_view text) noexcept {
  // An EXEC that is refused itself brings its reason along.
  constexpr std::string_view refused = "EXECABORT Transaction discarded because of: ";
  if (text.substr(0, refused.size()) == refused) text.remove_prefix(refused.size());
  const std::string_view code = text.substr(0, text.find(' '));
  constexpr std::size_t uncounted = redis_error_codes.size() - 1;
  for (std::size_t i = 0; i < uncounted; ++i) {
    if (redis_error_codes[i].name == code) return {redis_error_codes[i].kind, i};
  }
  using enum RedisErrorKind;
  if (says(text, "equal or smaller than the target stream top item")) return {stale_id, uncounted};
  if (says(text, "no such key")) return {no_such_key, uncounted};
  if (says(text, "max number of clients")) return {transient, uncounted};
  if (says(text, "invalid password") || says(text, "without any password"))
    return {authentication, uncounted};
  return {other, uncounted};
}

}  // namespace coreloop::io
