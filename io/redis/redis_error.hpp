// What an error reply of Redis means to us, by its first word.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace coreloop::io {

enum class RedisErrorKind : std::uint8_t {
  transient,       ///< the server cannot now; wait and try again
  demoted,         ///< this server is no master any more; find out again
  aborted,         ///< a command of the transaction was refused before
  authentication,  ///< who we are is not accepted
  permission,      ///< what we want is not allowed
  wrong_type,      ///< the key is no stream
  stale_id,        ///< an entry id that is not above the stream's last
  no_such_key,
  other,
};

struct RedisErrorCode {
  std::string_view name;  ///< first word of the reply, and the label of the counter
  RedisErrorKind kind;
};

/// The codes that are counted apart; the last one stands for all others. Source: Redis 7.0,
/// server.c, createSharedObjects.
inline constexpr std::array<RedisErrorCode, 18> redis_error_codes{{
    {"LOADING", RedisErrorKind::transient},
    {"OOM", RedisErrorKind::transient},
    {"MISCONF", RedisErrorKind::transient},
    {"BUSY", RedisErrorKind::transient},
    {"NOREPLICAS", RedisErrorKind::transient},
    {"MASTERDOWN", RedisErrorKind::transient},
    {"CLUSTERDOWN", RedisErrorKind::transient},
    {"MOVED", RedisErrorKind::transient},
    {"ASK", RedisErrorKind::transient},
    {"TRYAGAIN", RedisErrorKind::transient},
    {"READONLY", RedisErrorKind::demoted},
    {"UNBLOCKED", RedisErrorKind::demoted},
    {"EXECABORT", RedisErrorKind::aborted},
    {"NOAUTH", RedisErrorKind::authentication},
    {"WRONGPASS", RedisErrorKind::authentication},
    {"NOPERM", RedisErrorKind::permission},
    {"WRONGTYPE", RedisErrorKind::wrong_type},
    {"other", RedisErrorKind::other},
}};

struct RedisError {
  RedisErrorKind kind;
  std::size_t code;  ///< index into redis_error_codes
};

/// `text`: of the error reply.
[[nodiscard]] RedisError classify_redis_error(std::string_view text) noexcept;

}  // namespace coreloop::io
