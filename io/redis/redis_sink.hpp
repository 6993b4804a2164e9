// Redis as a sink: every entry becomes an XADD with our own id, and leaves in a MULTI..EXEC. One of
// them at a time is executed and not answered; entries of the next are sent meanwhile, so that
// Redis has them when it is done, and wait there for their EXEC. So each transaction is there or
// not there, each stream is a prefix of what we wrote, and after any trouble the streams themselves
// say what is missing.
//
//   write() ──> publish queue ──(before each look outside)──> MULTI XADD … ──(the one before is
//   answered)──> EXEC ──> confirmed
//
// After each (re)connect the last id of every output stream is compared with the queue: what is
// missing is published, what is there already is not, and a stranger's entry stops the engine. At
// the first connect it adopts the last ids it finds, unless a journal says where it began.
// EGRESS's thread; what is marked so, any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/loop_counters.hpp"
#include "io/codec/report_codec.hpp"
#include "io/edge/restart.hpp"
#include "io/edge/safe_inputs.hpp"
#include "io/edge/sink.hpp"
#include "io/redis/handshake.hpp"
#include "io/redis/publish_queue.hpp"
#include "io/redis/published_contents.hpp"
#include "io/redis/recovery_check.hpp"
#include "io/redis/redis_session.hpp"

namespace coreloop::io {

struct RedisSinkOptions {
  RedisSessionOptions session;
  std::array<std::string, output_stream_count> names;
  std::uint64_t maxlen = 10'000;
  SafeInputs* inputs = nullptr;   ///< outputs wait until theirs is safe; nullptr: none does
  std::uint32_t batch_max = 512;  ///< entries a transaction
  bool refuses_eviction = false;  ///< a server that may delete our streams ends the engine
  /// Streams that end later than the journal are no fault: adopt() will say that they are ours.
  bool accepts_lost_tail = false;
  std::function<void()> on_recovered;                ///< is_recovered() has become true
  std::size_t queue_bytes = std::size_t{1} << 23;    ///< a power of two
  std::size_t queue_entries = std::size_t{1} << 15;  ///< a power of two
};

/// Written by EGRESS's thread, read by any.
struct RedisSinkCounters {
  engine::Counter transactions;
  engine::Counter published;              ///< entries confirmed, each time
  engine::Counter aborted;                ///< transactions that Redis refused
  engine::Counter duplicates_refused;     ///< entries Redis had already
  engine::Counter tail_lost;              ///< confirmed entries Redis lost and got again
  engine::Counter hole;                   ///< confirmed entries Redis lost that we have no more
  std::atomic<std::uint64_t> pending{0};  ///< entries not confirmed yet
  std::array<std::atomic<std::uint64_t>, output_stream_count> stream_lengths{};
};

class RedisSink final : public RedisSessionOwner {
 public:
  RedisSink(EventLoop& loop, RedisSinkOptions options);

  /// Before the engine starts: as the option `inputs`.
  void wait_for(SafeInputs* inputs) { options_.inputs = inputs; }
  /// Begins to connect.
  void open() { session_.open(); }
  /// Before open(): goes on with an earlier run, instead of adopting what is found: at the newest
  /// of `restarts` (newest first, at least one) up to which Redis has every output, or at the
  /// oldest. Outputs of inputs behind it will be written once more, until end_of_recovery(); what
  /// Redis has of them is passed over, and must be the same.
  void resume(std::vector<Restart> restarts) { restarts_ = std::move(restarts); }
  /// Which of them it is. Requires: is_ready() once.
  [[nodiscard]] std::size_t restart() const noexcept { return restart_; }
  /// Ends the connection for good.
  void close() noexcept;

  // Sink. Requires: is_ready() once.
  [[nodiscard]] bool has_room() noexcept {
    return queue_.has_room(entries_per_event_max, command_bytes_max);
  }
  void write(const OutputEntry& entry) noexcept;
  /// Up to `id`, which stands in the stream or did, entries are ours that nothing makes any more.
  void adopt(OutputStream stream, EntryId id) noexcept;
  bool passes_over(OutputStream stream, EntryId id) noexcept;
  void end_of_input() noexcept;
  void end_of_recovery() noexcept;
  /// Whether what the replay made has led to what stands in the streams, or there was none. Any
  /// thread.
  [[nodiscard]] const std::atomic<bool>& is_recovered() const noexcept { return is_recovered_; }

  /// Whether the streams have been looked at and we may publish.
  [[nodiscard]] bool is_ready() const noexcept { return is_ready_.load(std::memory_order_acquire); }
  /// Last ids found at the first connect, or those of the restart. Requires: is_ready() once.
  [[nodiscard]] const std::array<EntryId, output_stream_count>& bases() const noexcept {
    return bases_;
  }
  /// Last ids found when the streams were looked at last. Requires: is_ready() once.
  [[nodiscard]] std::array<EntryId, output_stream_count> found() const noexcept;
  /// Whether Redis has confirmed everything written.
  [[nodiscard]] bool is_all_published() const noexcept {
    return queue_.acknowledged() == queue_.end();
  }
  [[nodiscard]] std::uint64_t pending_count() const noexcept {
    return queue_.end() - queue_.acknowledged();
  }
  /// Any thread.
  [[nodiscard]] const RedisHealth& health() const noexcept { return session_.health(); }
  [[nodiscard]] const RedisSinkCounters& counters() const noexcept { return counters_; }
  /// Whether this server turned out to be no master: the source should look again, too. Any thread.
  [[nodiscard]] std::uint64_t demotion_count() const noexcept {
    return demotions_.load(std::memory_order_relaxed);
  }

  void on_open() override;
  void on_reply(std::uint64_t tag, RedisReply reply) override;
  void on_closed(RedisLoss loss) override;

 private:
  enum class State : std::uint8_t {
    closed,
    looking,  ///< the last ids have been asked for
    probing,  ///< whether we may write is being asked
    reading,  ///< what stands there is being read, to be compared
    open,     ///< nothing on its way
    sending,  ///< one transaction on its way, another being filled
    pausing,  ///< refused; asks again in a while
  };

  // Tags of replies. Those of a stream carry its index.
  static constexpr std::uint64_t tag_info = 100;
  static constexpr std::uint64_t tag_length = 200;
  static constexpr std::uint64_t tag_probe = 300;  ///< its steps: see probe()
  static constexpr std::uint64_t step_empty_begin = 0;
  static constexpr std::uint64_t step_empty_end = 1;
  static constexpr std::uint64_t step_begin = 2;
  static constexpr std::uint64_t step_first_stream = 3;
  static constexpr std::uint64_t step_discard = step_first_stream + output_stream_count;
  static constexpr std::uint64_t tag_begin = 400;
  static constexpr std::uint64_t tag_queued = 401;
  static constexpr std::uint64_t tag_executed = 402;
  static constexpr std::uint64_t tag_memory = 403;
  static constexpr std::uint64_t tag_contents = 404;
  static constexpr std::int64_t length_interval_ns = 1'000'000'000;
  static constexpr std::string_view multi_command = "*1\r\n$5\r\nMULTI\r\n";
  static constexpr std::string_view exec_command = "*1\r\n$4\r\nEXEC\r\n";
  static constexpr std::string_view discard_command = "*1\r\n$7\r\nDISCARD\r\n";

  // The longest report, its further fields, and the words of the protocol around them.
  static constexpr std::size_t command_bytes_max = report_bytes_max + 2'048;

  struct Found {
    bool key_exists = false;
    EntryId last;
  };

  /// Entries of ours that nothing makes any more; none by default.
  struct Adopted {
    EntryId behind;
    EntryId last;
  };

  /// Entries of the queue, from `begin` to before `end`.
  struct Transaction {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t entries = 0;  ///< commands in it: without those that Redis has
    std::array<bool, output_stream_count> is_cut{};
    bool is_begun = false;  ///< MULTI has been sent
  };

  void look();
  void on_info(std::size_t stream, RedisReply reply);
  void settle();
  void adopt_found();
  void take_up();
  void pass_over_what_is_there() noexcept;
  void read_contents();
  void read_page(EntryId last);
  void on_contents(RedisReply reply);
  void check_recovered(std::size_t stream, const OutputEntry& entry) noexcept;
  void check_content(std::size_t stream, const OutputEntry& entry);
  void meet_stranger(std::size_t stream);
  void meet_own_future(std::size_t stream, EntryId found, EntryId last);
  void stop_publishing(RedisFault fault, const std::string& why);
  bool settle_stream(std::size_t stream);
  void probe();
  void probe_streams();
  void on_memory(RedisReply reply);
  [[nodiscard]] std::string probed(std::uint64_t step) const;
  void on_probe(std::uint64_t step, RedisReply reply);
  void go_on();
  [[nodiscard]] bool fill_transaction();
  [[nodiscard]] std::uint64_t end_of_next() const;
  void execute_transaction();
  void drop_next();
  [[nodiscard]] std::string_view trimming_command(std::uint64_t number);
  void on_queued(RedisReply reply);
  void on_executed(RedisReply reply);
  void refuse(RedisErrorKind kind, const std::string& why);
  void pause(const std::string& why);
  void ask_lengths();
  [[nodiscard]] bool is_ours(std::size_t stream, EntryId id) const;

  // Immutable after construction.
  RedisSinkOptions options_;
  std::array<std::string, output_stream_count> prefixes_;  ///< of the commands, up to the id
  std::string trimming_words_;                             ///< `MAXLEN ~ n`, before the id
  // State, EGRESS's thread only.
  RedisSession session_;
  EventLoop::Hook before_looking_outside_;
  EventLoop::Timer pause_;
  EventLoop::Timer every_second_;
  PublishQueue queue_;
  State state_ = State::closed;
  std::array<EntryId, output_stream_count> bases_{};
  std::array<EntryId, output_stream_count> in_redis_{};  ///< last id known to stand in each stream
  std::array<Found, output_stream_count> found_{};
  std::array<Adopted, output_stream_count> adopted_{};  ///< the latest
  std::size_t answers_awaited_ = 0;
  Transaction batch_;    ///< on its way: executed, not answered
  Transaction next_;     ///< being sent, to be executed behind it
  std::string refusal_;  ///< first error of the transaction or probe
  RedisErrorKind refusal_kind_ = RedisErrorKind::other;
  std::vector<Restart> restarts_;
  std::size_t restart_ = 0;
  bool has_bases_ = false;      ///< adopted or taken up
  bool has_probed_ = false;     ///< whether we may write has been asked since the start
  bool is_recovering_ = false;  ///< outputs are made once more
  std::array<RecoveryCheck, output_stream_count> checks_;
  PublishedContents contents_;       ///< while it is recovering
  std::size_t contents_stream_ = 0;  ///< that is being read
  bool has_contents_ = false;
  std::string told_;  ///< the trouble told last, until a transaction has gone through
  std::string command_;
  // Published.
  RedisSinkCounters counters_;
  std::atomic<bool> is_ready_{false};
  std::atomic<bool> is_recovered_{true};
  std::atomic<std::uint64_t> demotions_{0};
};

}  // namespace coreloop::io
