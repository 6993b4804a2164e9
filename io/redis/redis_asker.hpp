// One connection to Redis for questions asked one after the other, each waited for: for programs
// that look at a server, never for a stage. Over an event loop of its own; one thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/redis/redis_client.hpp"

namespace coreloop::io {

/// A reply that outlives its connection.
struct RedisAnswer {
  RedisReply::Kind kind = RedisReply::Kind::nil;
  std::string text;  ///< of a string, status or error
  std::int64_t integer = 0;
  std::vector<RedisAnswer> elements;

  [[nodiscard]] bool is_error() const noexcept { return kind == RedisReply::Kind::error; }
  /// The value behind `name` in an array `name value name value …`; nullptr if it is not there.
  [[nodiscard]] const RedisAnswer* member(std::string_view name) const noexcept;
};

class RedisAsker final : public RedisListener {
 public:
  RedisAsker();

  /// Connects to the first of the host's addresses that takes the connection, and asks nothing.
  /// Empty, or why none does. Requires: `address` is resolved.
  [[nodiscard]] std::string connect(const RedisAddress& address);

  /// Sends a command and waits for the reply, at most 1.9 s without a byte. An error if the
  /// connection is gone: "LOST" and why.
  [[nodiscard]] RedisAnswer ask(const std::vector<std::string>& words);

  /// Where the connection stands. Requires: connect() went well.
  [[nodiscard]] const RedisAddress& address() const noexcept { return address_; }

  void on_connected() override { is_connected_ = true; }
  void on_reply(std::uint64_t tag, RedisReply reply) override;
  void on_lost(RedisLoss loss, const std::string& why) override;

 private:
  EventLoop loop_;
  RedisClient client_;
  RedisAddress address_;
  bool is_connected_ = false;
  std::optional<RedisAnswer> answer_;
  std::string lost_;  ///< why the connection is gone; empty: it is not
};

}  // namespace coreloop::io
