// A connection that comes back: connects, logs in, makes sure that it talks to a master, and after
// any loss tries again with growing pauses, for ever. Its owner hears when it is open and when it
// is not. One thread, the event loop's.
//
// Of a host with several addresses each is tried in turn until one has let us in; from then on only
// that one, so that a connection never moves to another server behind its owner's back.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>

#include "io/redis/redis_client.hpp"
#include "io/redis/redis_health.hpp"

namespace coreloop::io {

class RedisSessionOwner {
 public:
  virtual ~RedisSessionOwner() = default;
  /// Logged in at a master.
  virtual void on_open() = 0;
  /// As RedisListener::on_reply; tags are the owner's.
  virtual void on_reply(std::uint64_t tag, RedisReply reply) = 0;
  /// The connection is gone; replies still awaited will not come. The session tries again by
  /// itself.
  virtual void on_closed(RedisLoss loss) = 0;
};

struct RedisSessionOptions {
  std::string name;  ///< for notices: "redis reader"
  RedisAddress address;
  RedisClientOptions client{};
  std::int64_t pause_ns_min = 50'000'000;     ///< before the first new try; doubles
  std::int64_t pause_ns_max = 2'000'000'000;  ///< never longer than this; all with +-25 % jitter
  std::int64_t login_patience_ns = 60'000'000'000;  ///< refused logins after the first good one
  /// Told of every change, in one line. Cold.
  std::function<void(bool is_alarm, const std::string& text)> notice{};
};

class RedisSession final : public RedisListener {
 public:
  /// Tags from here on are the session's own.
  static constexpr std::uint64_t own_tags = std::uint64_t{1} << 32;

  RedisSession(EventLoop& loop, RedisSessionOwner& owner, RedisSessionOptions options);

  /// Begins, and from then on keeps trying.
  void open();

  /// Ends the connection for the reason given and begins anew after a pause.
  void retry(const std::string& why);

  /// Ends the connection for good.
  void close() noexcept;

  /// As RedisClient. False while it is not open.
  bool send(std::uint64_t tag, std::string_view command) noexcept;
  void flush() noexcept { client_.flush(); }
  void keep_reply(ReplyArena& arena) noexcept { client_.keep_reply(arena); }

  /// The connection does its work: the next pause is a short one again.
  void reset_pause() noexcept { pause_ns_ = options_.pause_ns_min; }
  /// How long to wait before a refused request is tried again on this connection; grows.
  [[nodiscard]] std::int64_t next_pause_ns() noexcept;

  /// Counts an error reply and answers what it means.
  RedisErrorKind note_error(RedisReply reply);
  /// A line for whoever runs the engine.
  void notice(bool is_alarm, const std::string& text) const;
  void raise(RedisFault fault, const std::string& text);

  [[nodiscard]] bool is_open() const noexcept { return is_open_; }
  /// Commands whose reply has not come yet.
  [[nodiscard]] std::uint64_t awaited_count() const noexcept { return client_.awaited_count(); }
  /// Whether it has ever been open: faults are final at the start only.
  [[nodiscard]] bool was_open() const noexcept { return was_open_; }
  [[nodiscard]] RedisHealth& health() noexcept { return health_; }
  [[nodiscard]] const RedisHealth& health() const noexcept { return health_; }
  [[nodiscard]] std::size_t reply_bytes_max() const noexcept { return client_.reply_bytes_max(); }

  void on_connected() override;
  void on_reply(std::uint64_t tag, RedisReply reply) override;
  void on_lost(RedisLoss loss, const std::string& why) override;

 private:
  void connect();
  void login();
  void refuse_login(const std::string& why);
  void check_role(RedisReply reply);
  void set_closed(RedisLoss loss);
  void tell_trouble(const std::string& why);
  void try_again(const std::string& why);

  RedisSessionOwner& owner_;
  RedisSessionOptions options_;
  RedisClient client_;
  EventLoop::Timer pause_;
  RedisHealth health_;
  std::minstd_rand random_;  ///< jitter only
  std::int64_t pause_ns_;
  std::int64_t login_refused_ns_ = 0;  ///< monotonic; 0: it is not
  bool is_open_ = false;
  bool was_open_ = false;
  std::string told_;            ///< the present trouble, as it was told last
  std::size_t host_index_ = 0;  ///< of the address in use, among those of the host
  std::string round_;           ///< what the addresses before it said
};

}  // namespace coreloop::io
