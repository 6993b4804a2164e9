// One connection to Redis, over hiredis: connects, sends commands, hands replies to its listener,
// and notices when the server is gone, silent or talks nonsense. The only file that knows hiredis.
//
// Debian's hiredis 0.14 has no timeouts, frees a context behind its owner's back and asserts on
// replies nobody asked for; what stands here keeps all of that inside. A context is never used
// again after a failure: connect() makes a new one. Replies live in an arena that the listener may
// keep. One thread, the event loop's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "io/redis/event_loop.hpp"
#include "io/redis/redis_address.hpp"
#include "io/redis/reply_arena.hpp"
#include "io/redis/resp_command.hpp"

namespace coreloop::io {

/// A reply, or an element of one; a view into its arena.
class RedisReply {
 public:
  enum class Kind : std::uint8_t { string, array, integer, nil, status, error };

  explicit RedisReply(const void* object) : object_(object) {}

  [[nodiscard]] Kind kind() const noexcept;
  [[nodiscard]] bool is_array() const noexcept { return kind() == Kind::array; }
  [[nodiscard]] bool is_error() const noexcept { return kind() == Kind::error; }
  /// Of a string, status or error; else empty.
  [[nodiscard]] std::string_view text() const noexcept;
  [[nodiscard]] std::int64_t integer() const noexcept;
  /// Elements of an array; 0 of anything else.
  [[nodiscard]] std::size_t size() const noexcept;
  /// Requires: i < size().
  [[nodiscard]] RedisReply operator[](std::size_t i) const noexcept;

 private:
  const void* object_;
};

/// Why a connection ended.
enum class RedisLoss : std::uint8_t {
  refused,   ///< it never came about
  timeout,   ///< no answer within the limit
  closed,    ///< by the server or the network
  protocol,  ///< the server sent what cannot be read, nobody asked for, or nobody can hold
};

class RedisListener {
 public:
  virtual ~RedisListener() = default;
  virtual void on_connected() = 0;
  /// The reply to the command sent with `tag`; valid until this returns, unless its arena is kept.
  virtual void on_reply(std::uint64_t tag, RedisReply reply) = 0;
  /// The connection is gone, and with it every reply still awaited. Not called after drop().
  virtual void on_lost(RedisLoss loss, const std::string& why) = 0;
};

struct RedisClientOptions {
  std::int64_t connect_timeout_ns = 2'000'000'000;
  /// Without a byte, while a reply is awaited: with what is asked every second even an idle
  /// connection is known to be dead within 3 s.
  std::int64_t reply_timeout_ns = 1'900'000'000;
  std::size_t reply_bytes_max = std::size_t{256} << 20;
};

class RedisClient {
 public:
  RedisClient(EventLoop& loop, RedisListener& listener, RedisClientOptions options);
  ~RedisClient();
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  /// Begins to connect; the listener hears how it went, never from within this call. Requires: no
  /// connection. `address` is numeric.
  void connect(const RedisAddress& address);

  /// Queues a command in RESP form. False if there is no connection.
  bool send(std::uint64_t tag, std::string_view command) noexcept;

  /// Writes as much of what is queued as the socket takes now.
  void flush() noexcept;

  /// Ends the connection at once; the listener does not hear of it. May be called from its
  /// callbacks.
  void drop() noexcept;

  /// From within on_reply: exchanges the reply's arena for `arena`, so that the reply lives on
  /// there.
  void keep_reply(ReplyArena& arena) noexcept;

  [[nodiscard]] bool is_connected() const noexcept;
  /// Commands whose reply has not come yet.
  [[nodiscard]] std::uint64_t awaited_count() const noexcept;
  [[nodiscard]] std::size_t reply_bytes_max() const noexcept;

 private:
  class Connection;
  friend class Connection;
  RedisListener& listener_;
  RedisClientOptions options_;
  EventLoop& loop_;
  ReplyArena arena_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Connection>
      ended_;  ///< may still be on the call stack; freed by the next connect
};

}  // namespace coreloop::io
