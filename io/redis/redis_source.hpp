// Redis as a source: plain XREAD of all input streams with our own cursor for each, no consumer
// group. While one reply is being consumed the next is on its way; nothing is asked for beyond
// that, so what the engine has no room for stays in the stream. Entries of one reply come in the
// order of their milliseconds, prices before signals, whatever stream they are of.
//
// Once a second XINFO STREAM tells how far behind we are, and how many entries were trimmed or
// deleted before we read them, exactly: a stream counts what was ever added, and we count what we
// have read. A stream whose ids went back, or that was deleted and made again, is read again,
// without what is remembered of it (input_history.hpp, input_verdict.hpp). INGRESS's thread; what
// is marked so, any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/loop_counters.hpp"
#include "io/edge/clock.hpp"
#include "io/edge/entry_id.hpp"
#include "io/edge/input_history.hpp"
#include "io/edge/input_streams.hpp"
#include "io/edge/source.hpp"
#include "io/edge/stream_place.hpp"
#include "io/redis/input_verdict.hpp"
#include "io/redis/redis_session.hpp"
#include "io/redis/stream_info.hpp"

namespace coreloop::io {

struct RedisSourceOptions {
  RedisSessionOptions session;
  InputStreams streams;
  std::string start = "$";  ///< "$": what comes after the first connect; "0"; or an entry id
  OnRewind on_rewind = OnRewind::stop;
  std::uint32_t count_max = 1'024;  ///< entries a stream and reply
  std::uint32_t block_ms = 1'000;
  std::size_t history_entries = InputHistory::usual_capacity;  ///< remembered of each stream
  Clock* clock = nullptr;  ///< stamps what arrives; must outlive the source
};

/// Of one input stream. Written by INGRESS's thread, read by any.
struct InputStreamCounters {
  engine::Counter entries;            ///< received
  engine::Counter trimmed;            ///< gone before we read them
  engine::Counter malformed;          ///< without fields, or of no known form
  engine::Counter rewinds;            ///< times the stream went back and was read again
  engine::Counter ids_reused;         ///< entries read that have the id of another one read before
  std::atomic<std::uint64_t> lag{0};  ///< entries behind the stream's end, as of a second ago
  std::atomic<std::uint64_t> length{0};
};

class RedisSource final : public RedisSessionOwner {
 public:
  RedisSource(EventLoop& loop, RedisSourceOptions options);

  /// Before open(): reads each stream behind this place, whatever the start says. `histories`: what
  /// was read up to there; empty: nobody knows.
  void resume(std::span<const StreamPlace> places, std::vector<InputHistory> histories = {});
  /// Begins to connect.
  void open() { session_.open(); }
  /// Ends the connection for good.
  void close() noexcept { session_.close(); }

  // Source.
  [[nodiscard]] SourceStatus peek(RawEntry& entry) noexcept;
  void consume() noexcept { ++current_.next; }

  /// Id behind which reading of each stream began. Requires: is_ready() once.
  [[nodiscard]] const std::vector<StreamPlace>& starts() const noexcept { return starts_; }
  /// Whether the cursors are known and entries are being asked for.
  [[nodiscard]] bool is_ready() const noexcept { return is_ready_.load(std::memory_order_acquire); }
  /// The server is no master any more: looks again. Thread: any; done at the next look outside.
  void look_again() noexcept { wants_new_look_.store(true, std::memory_order_relaxed); }

  /// Any thread.
  [[nodiscard]] const RedisHealth& health() const noexcept { return session_.health(); }
  [[nodiscard]] const InputStreamCounters& counters(std::size_t stream) const noexcept {
    return *counters_[stream];
  }

  void on_open() override;
  void on_reply(std::uint64_t tag, RedisReply reply) override;
  void on_closed(RedisLoss loss) override;

 private:
  enum class State : std::uint8_t {
    closed,
    resolving,  ///< "$" is being turned into ids
    examining,  ///< what the streams hold is being looked at
    open,       ///< nothing asked for
    reading,    ///< an XREAD is on its way
    pausing,
  };

  /// An entry of a reply: where its fields are.
  struct Received {
    EntryId id;
    std::size_t stream;
    RedisReply fields;
    std::uint64_t index = 0;  ///< RawEntry::stream_index
    bool is_known = false;    ///< read again, and left out
  };

  /// A reply's entries, and the memory they stand in.
  struct Batch {
    ReplyArena arena;
    std::vector<Received> entries;
    std::size_t next = 0;
    std::int64_t receive_unix_ns = 0;
    [[nodiscard]] bool is_consumed() const noexcept { return next == entries.size(); }
  };

  /// How far a stream has been read.
  struct Position {
    EntryId cursor;           ///< last id received
    std::uint64_t index = 0;  ///< entries ever added to the stream up to the cursor
    bool index_is_known = false;
    /// Seen on this connection. A server that is connected forgets nothing by itself: a stream that
    /// is less than it was has been made again.
    bool is_confirmed = false;
    EntryId known_until;  ///< up to there entries may be known
  };

  void go_on();
  void ask_info();
  void ask_entries();
  void on_info(std::size_t stream, RedisReply reply);
  void account(std::size_t stream, const StreamInfo& info);
  void resolve(std::size_t stream, const StreamInfo& info);
  [[nodiscard]] static bool lacks_entries(const Position& position,
                                          const StreamInfo& info) noexcept;
  [[nodiscard]] static std::uint32_t content_checksum(RedisReply fields) noexcept;
  void examine();
  void on_examined(std::uint64_t tag, RedisReply reply);
  void note_held(std::size_t stream, bool is_newest, RedisReply entries);
  void act_on(std::size_t stream);
  void read_again(std::size_t stream, EntryId behind);
  void expect_anew(std::size_t stream);
  void take(Received& received);
  void become_ready();
  void on_entries(RedisReply reply);
  [[nodiscard]] bool read_stream(RedisReply reply, std::uint64_t& streams_seen);
  void hold_back();
  void on_refusal(std::size_t stream, RedisReply reply);
  void refuse(const std::string& subject, RedisReply reply);

  // Immutable after construction.
  RedisSourceOptions options_;
  // State, INGRESS's thread only.
  RedisSession session_;
  EventLoop::Hook before_looking_outside_;
  EventLoop::Timer pause_;
  EventLoop::Timer info_due_;
  State state_ = State::closed;
  std::vector<StreamPlace> starts_;
  std::vector<Position> positions_;
  std::vector<InputHistory> histories_;  ///< by stream; empty until the start is resolved
  std::vector<InputFindings> facts_;     ///< while examining
  Batch current_;
  Batch next_;
  std::vector<RawField> fields_;
  std::uint32_t count_;
  std::size_t answers_awaited_ = 0;
  bool has_resolved_ = false;
  bool has_read_ = false;  ///< XREAD has been answered once: refusals are final at the start only
  bool wants_info_ = true;
  bool wants_examination_ = false;
  std::string command_;
  std::string told_;  ///< the present refusal, as it was told last
  // Published.
  std::vector<std::unique_ptr<InputStreamCounters>> counters_;
  std::atomic<bool> is_ready_{false};
  std::atomic<bool> wants_new_look_{false};
};

}  // namespace coreloop::io
