// Redis as the two ends of a live engine: a source and a sink, the event loops their threads sleep
// in, and what the rest of the program asks of them. Another broker has another file like this one.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "io/conf/engine_conf.hpp"
#include "io/edge/clock.hpp"
#include "io/edge/entry_id.hpp"
#include "io/http/engine_desk.hpp"
#include "io/redis/event_loop.hpp"
#include "io/redis/redis_address.hpp"
#include "io/redis/redis_sink.hpp"
#include "io/redis/redis_source.hpp"

namespace coreloop::tools {

/// Where the conf says Redis is, and who we are there.
struct RedisPlace {
  io::RedisAddress address;  ///< resolved
  std::string warning;       ///< about the password's file; empty: none
  int exit_code = 0;         ///< 0, or that of `problem`
  std::string component;     ///< that the problem is told of
  std::string problem;
};

/// Reads address and password and looks up the host. Blocks on the resolver.
[[nodiscard]] RedisPlace find_redis(const io::RedisConf& conf);

class RedisEnds {
 public:
  using Source = io::RedisSource;
  using Sink = io::RedisSink;

  /// Reads address and password of the conf and looks up the host; `ends` is made if all are there.
  /// 0, or an exit code after it has been told. Both references must outlive the ends.
  /// `is_one_thread`: one thread attends to both.
  [[nodiscard]] static int make(const io::EngineConf& conf, bool is_one_thread, io::Clock& clock,
                                std::unique_ptr<RedisEnds>& ends);

  [[nodiscard]] Source& source() { return source_; }
  [[nodiscard]] Sink& sink() { return *sink_; }
  [[nodiscard]] engine::World& source_world() { return source_loop_; }
  [[nodiscard]] engine::World& sink_world() { return sink_loop(); }

  /// Before open(): goes on with an earlier run; as the ends say.
  void resume(std::vector<io::Restart> restarts, std::span<const io::StreamPlace> cursors,
              std::vector<io::InputHistory> histories) {
    sink_->resume(std::move(restarts));
    source_.resume(cursors, std::move(histories));
  }
  /// Which of the restarts it is. Requires: is_ready() once.
  [[nodiscard]] std::size_t restart() const { return sink_->restart(); }
  /// Begins to connect.
  void open();
  void close_source() { source_.close(); }
  void close_sink() { sink_->close(); }

  /// Attends to both for about a millisecond. Thread: the one that runs no engine thread beside.
  void wait_a_moment();
  [[nodiscard]] bool is_ready() const { return source_.is_ready() && sink_->is_ready(); }
  /// 0, or the exit code of a fault, after it has been told. Thread: the one that watches; to be
  /// called now and then while the engine runs.
  [[nodiscard]] int attend();

  /// Ids our outputs go on above. Requires: is_ready() once.
  [[nodiscard]] const std::array<io::EntryId, io::output_stream_count>& bases() const {
    return sink_->bases();
  }
  /// Ids our output streams end with, when looked at last. Requires: is_ready() once.
  [[nodiscard]] std::array<io::EntryId, io::output_stream_count> found() const {
    return sink_->found();
  }
  /// Ids behind which reading of each input stream began. Requires: is_ready() once.
  [[nodiscard]] const std::vector<io::StreamPlace>& starts() const { return source_.starts(); }
  [[nodiscard]] bool is_all_published() const { return sink_->is_all_published(); }
  [[nodiscard]] std::uint64_t pending_count() const { return sink_->pending_count(); }
  [[nodiscard]] std::uint64_t published_count() const { return sink_->counters().published.get(); }

  /// What both say of themselves. Any thread.
  [[nodiscard]] io::RedisFacts facts() const;

 private:
  RedisEnds(const io::EngineConf& conf, const io::RedisAddress& address, bool is_one_thread,
            io::Clock& clock);
  [[nodiscard]] io::EventLoop& sink_loop() { return sink_loop_ ? *sink_loop_ : source_loop_; }

  const io::EngineConf& conf_;
  io::EventLoop source_loop_;
  std::optional<io::EventLoop> sink_loop_;
  io::RedisSource source_;
  std::optional<io::RedisSink> sink_;
  std::uint64_t demotions_seen_ = 0;
};

}  // namespace coreloop::tools
