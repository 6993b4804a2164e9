// INGRESS: the head of the chain. Merges entries, timers and commands into one sequence, stamps
// each with a log time that never goes back, records it in the input log, and hands on one event an
// input.
//
// Before an input at time t every timer due up to t fires. A replayed tape brings its own timers;
// so does the journal, and there they must be the ones that would fire. Malformed entries take a
// sequence number too, as dead letters; entries of streams the conf does not read take none and
// move no time. A template over its Source, so that no virtual call stands on an event's way. One
// thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/stage.hpp"
#include "io/edge/clock.hpp"
#include "io/edge/command_box.hpp"
#include "io/edge/input_decoder.hpp"
#include "io/edge/input_log.hpp"
#include "io/edge/input_streams.hpp"
#include "io/edge/source.hpp"
#include "io/edge/timer_schedule.hpp"
#include "stages/event.hpp"

namespace coreloop::io {

struct IngressOptions {
  InputStreams streams;  ///< at most 254
  TimerIntervals timers;
  bool is_tape = false;  ///< timers come from the source, none are generated
  Clock* idle_clock =
      nullptr;               ///< drives timers while the source has nothing; nullptr: nobody does
  InputLog* tape = nullptr;  ///< records every input; or nullptr
  InputLog* journal = nullptr;        ///< records those that are not taken from it; or nullptr
  CommandBox* commands = nullptr;     ///< taken before entries, at idle_clock's time; or nullptr
  std::int64_t earliest_unix_ns = 0;  ///< log time begins here, where the wall clock is behind
};

/// Why INGRESS stopped before the source's end.
enum class IngressFault : std::uint8_t {
  none,
  time_jump,           ///< a capture's time, or the clock that drives us, jumped by over 31 days
  timer_outside_tape,  ///< an @timer entry in a capture that does not begin with @conf
  second_conf,         ///< a later @conf
  broken_timer,        ///< an @timer entry that says no kind or due time
  log_diverges,        ///< the journal's timers are not those that its inputs and the conf make
};

template <Source SourceType>
class Ingress {
 public:
  /// `source`, `names`, `text` and what the options point to must outlive it.
  Ingress(SourceType& source, stages::Names& names, stages::TextRing& text, IngressOptions options)
      : source_(source),
        text_(text),
        options_(std::move(options)),
        decoder_(names, text),
        schedule_(options_.timers),
        log_unix_ns_(options_.earliest_unix_ns),
        entry_counts_(options_.streams.size()) {}

  /// Writes the next input into `event`. retry: no room for its text yet. finished: the source has
  /// ended or a fault.
  engine::Progress on_poll(stages::Event& event) noexcept {
    if (fault_ != IngressFault::none) return engine::Progress::finished;
    waits_for_room_ = !has_room();
    if (waits_for_room_) return engine::Progress::retry;
    if (options_.commands != nullptr && options_.commands->has_waiting()) [[unlikely]] {
      if (take_asked_command(event)) return engine::Progress::forwarded;
      if (fault_ != IngressFault::none) return engine::Progress::finished;
    }
    RawEntry entry;
    for (;;) {
      switch (source_.peek(entry)) {
        case SourceStatus::none:
          return poll_idle(event);
        case SourceStatus::held:
          return engine::Progress::idle;
        case SourceStatus::end:
          return engine::Progress::finished;
        case SourceStatus::entry:
          break;
      }
      const Taken taken = take(entry, event);
      if (taken == Taken::timer) return engine::Progress::forwarded;
      source_.consume();
      if (taken == Taken::entry) return engine::Progress::forwarded;
      if (fault_ != IngressFault::none) return engine::Progress::finished;
    }
  }

  /// Whether a wait for room (for text, in the journal) is over, or a command has come. What the
  /// source waits for it cannot tell.
  [[nodiscard]] bool can_take() const noexcept {
    if (waits_for_room_) return has_room();
    return options_.commands != nullptr && options_.commands->has_waiting();
  }

  [[nodiscard]] IngressFault fault() const noexcept { return fault_; }
  [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }
  /// Commands and timers that were not of their form, skipped.
  [[nodiscard]] std::uint64_t broken_command_count() const noexcept {
    return broken_command_count_;
  }
  /// Entries taken from the conf's streams, one count a stream, in the conf's order.
  [[nodiscard]] const std::vector<std::uint64_t>& entry_counts() const noexcept {
    return entry_counts_;
  }
  /// Entries of streams the conf does not read.
  [[nodiscard]] std::uint64_t unread_entry_count() const noexcept { return unread_entry_count_; }
  /// Log time of the last input.
  [[nodiscard]] std::int64_t log_unix_ns() const noexcept { return log_unix_ns_; }

  /// As stages/saved_state.hpp says: what inputs alone have made of it.
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    visitor.value(sequence_);
    visitor.value(log_unix_ns_);
    schedule_.visit_state(visitor);
    visitor.rows(entry_counts_);
  }

 private:
  enum class Taken : std::uint8_t { entry, timer, nothing };

  static constexpr std::int64_t jump_max_ns = 31 * stages::ns_per_day;

  [[nodiscard]] bool has_room() const noexcept {
    return text_.has_room() && (options_.journal == nullptr || options_.journal->has_room());
  }

  // What kind of input an entry is.
  Taken take(const RawEntry& entry, stages::Event& event) noexcept {
    for (std::size_t i = 0; i < options_.streams.size(); ++i) {
      if (options_.streams[i].name == entry.stream) {
        return take_entry(entry, static_cast<std::uint8_t>(i), event);
      }
    }
    if (entry.stream.empty() || entry.stream.front() != '@') return skip();
    if (entry.stream == command_stream) return take_command(entry, event);
    if (entry.stream == timer_stream) return take_timer(entry, event);
    if (entry.stream == conf_stream) fault_ = IngressFault::second_conf;
    return skip();
  }

  Taken skip() noexcept {
    ++unread_entry_count_;
    return Taken::nothing;
  }

  Taken take_entry(const RawEntry& entry, std::uint8_t stream, stages::Event& event) noexcept {
    if (!move_time(entry.receive_unix_ns, entry.is_recorded)) return Taken::nothing;
    if (entry.is_recorded && !has_no_timer_due()) return diverge();
    if (emit_due_timer(next_log_unix_ns_, event)) return Taken::timer;
    stamp(event, next_log_unix_ns_, entry.id_ms, entry.id_counter, stream);
    decoder_.decode_entry(entry, options_.streams[stream].kind, event);
    ++entry_counts_[stream];
    record(entry, event);
    return Taken::entry;
  }

  Taken take_command(const RawEntry& entry, stages::Event& event) noexcept {
    if (!decoder_.decode_command(entry, event)) {
      ++broken_command_count_;
      return Taken::nothing;
    }
    if (!move_time(entry.receive_unix_ns, entry.is_recorded)) return Taken::nothing;
    // What numbers go on above comes before all that is numbered so, be it due.
    if (event.command.kind != stages::CommandKind::adopt) {
      if (entry.is_recorded && !has_no_timer_due()) return diverge();
      if (emit_due_timer(next_log_unix_ns_, event)) return Taken::timer;
    }
    stamp(event, next_log_unix_ns_, event.entry_ms, event.entry_counter, stages::no_stream);
    record(entry, event);
    return Taken::entry;
  }

  // The oldest command of the box, or a timer that goes before it, or nothing.
  [[gnu::cold]] bool take_asked_command(stages::Event& event) noexcept {
    CommandBox& commands = *options_.commands;
    RawEntry entry;
    if (!commands.peek(entry)) return false;
    entry.receive_unix_ns = options_.idle_clock->unix_ns();
    if (!move_time(entry.receive_unix_ns)) return false;
    if (emit_due_timer(next_log_unix_ns_, event)) return true;
    if (!commands.claim()) return false;
    const bool is_taken = take_command(entry, event) == Taken::entry;
    const std::uint64_t ticket = commands.consume(is_taken ? sequence_ : 0);
    if (is_taken) event.command.result_slot = ticket;
    return is_taken;
  }

  Taken take_timer(const RawEntry& entry, stages::Event& event) noexcept {
    if (!options_.is_tape && !entry.is_recorded) {
      fault_ = IngressFault::timer_outside_tape;
      return Taken::nothing;
    }
    stages::Timer timer{};
    std::int64_t due_unix_ns = 0;
    if (!InputDecoder::decode_timer(entry, timer, due_unix_ns)) {
      fault_ = IngressFault::broken_timer;
      return Taken::nothing;
    }
    if (!move_time(due_unix_ns, entry.is_recorded)) return Taken::nothing;
    if (entry.is_recorded) {
      if (schedule_.next_due_ns() != due_unix_ns) return diverge();
      const stages::Timer due_timer = schedule_.take();
      if (due_timer.kind != timer.kind) return diverge();
      write_timer(due_timer, due_unix_ns, true, event);
      return Taken::entry;
    }
    const std::int64_t interval =
        timer.kind == stages::TimerKind::walk ? options_.timers.walk_ns : options_.timers.mark_ns;
    timer.index = interval == 0 ? 0 : due_unix_ns / interval;
    write_timer(timer, next_log_unix_ns_, false, event);
    return Taken::entry;
  }

  // Whether it is a fault that time is `unix_ns` now. What a log holds has been lived through; and
  // of a clock only what we saw it do: between two runs, or while nothing came, any time may pass.
  bool is_jump(std::int64_t unix_ns, bool is_recorded) noexcept {
    if (options_.is_tape || is_recorded) return false;
    if (options_.idle_clock == nullptr) return unix_ns - log_unix_ns_ > jump_max_ns;
    const std::int64_t seen_before_ns =
        std::exchange(seen_unix_ns_, std::max(seen_unix_ns_, unix_ns));
    return seen_before_ns != 0 && unix_ns - seen_before_ns > jump_max_ns;
  }

  // Sets next_log_unix_ns_; false when the jump is a fault.
  bool move_time(std::int64_t receive_unix_ns, bool is_recorded = false) noexcept {
    next_log_unix_ns_ = std::max(log_unix_ns_, receive_unix_ns);
    if (sequence_ == 0) {
      log_unix_ns_ = next_log_unix_ns_;
      schedule_.start(log_unix_ns_);
    } else if (is_jump(receive_unix_ns, is_recorded)) {
      fault_ = IngressFault::time_jump;
      return false;
    }
    return true;
  }

  [[nodiscard]] bool has_no_timer_due() const noexcept {
    return schedule_.next_due_ns() > next_log_unix_ns_ ||
           schedule_.next_due_ns() == TimerSchedule::never;
  }

  Taken diverge() noexcept {
    fault_ = IngressFault::log_diverges;
    return Taken::nothing;
  }

  bool emit_due_timer(std::int64_t up_to_unix_ns, stages::Event& event) noexcept {
    const std::int64_t due = schedule_.next_due_ns();
    if (options_.is_tape || due > up_to_unix_ns || due == TimerSchedule::never) return false;
    write_timer(schedule_.take(), due, false, event);
    return true;
  }

  engine::Progress poll_idle(stages::Event& event) noexcept {
    if (options_.idle_clock == nullptr || sequence_ == 0) return engine::Progress::idle;
    const std::int64_t now_unix_ns = options_.idle_clock->unix_ns();
    if (is_jump(now_unix_ns, false)) {
      fault_ = IngressFault::time_jump;
      return engine::Progress::finished;
    }
    return emit_due_timer(now_unix_ns, event) ? engine::Progress::forwarded
                                              : engine::Progress::idle;
  }

  void write_timer(const stages::Timer& timer, std::int64_t due_unix_ns, bool is_recorded,
                   stages::Event& event) noexcept {
    stamp(event, due_unix_ns, 0, 0, stages::no_stream);
    event.kind = stages::EventKind::timer;
    event.account = event.symbol = stages::no_id;
    event.symbol_text_bytes = event.account_text_bytes = 0;
    event.text_position = 0;
    event.text_bytes = 0;
    event.timer = timer;
    if (options_.tape != nullptr) options_.tape->on_timer(event.sequence, event.log_unix_ns, timer);
    if (options_.journal != nullptr && !is_recorded)
      options_.journal->on_timer(event.sequence, event.log_unix_ns, timer);
  }

  void stamp(stages::Event& event, std::int64_t log_unix_ns, std::uint64_t id_ms,
             std::uint64_t id_counter, std::uint8_t stream) noexcept {
    log_unix_ns_ = log_unix_ns;
    event.sequence = ++sequence_;
    event.log_unix_ns = log_unix_ns;
    event.entry_ms = id_ms;
    event.entry_counter = id_counter;
    event.stream = stream;
  }

  void record(const RawEntry& entry, const stages::Event& event) noexcept {
    if (options_.tape != nullptr) options_.tape->on_entry(event.sequence, event.log_unix_ns, entry);
    if (options_.journal != nullptr && !entry.is_recorded)
      options_.journal->on_entry(event.sequence, event.log_unix_ns, entry);
  }

  // Immutable after construction.
  SourceType& source_;
  stages::TextRing& text_;
  IngressOptions options_;
  // State, INGRESS's thread only.
  InputDecoder decoder_;
  TimerSchedule schedule_;
  std::uint64_t sequence_ = 0;
  std::int64_t log_unix_ns_;
  std::int64_t next_log_unix_ns_ = 0;
  std::int64_t seen_unix_ns_ = 0;  ///< latest that idle_clock has shown; 0: nothing yet
  std::uint64_t broken_command_count_ = 0;
  std::uint64_t unread_entry_count_ = 0;
  std::vector<std::uint64_t> entry_counts_;
  IngressFault fault_ = IngressFault::none;
  bool waits_for_room_ = false;
};

}  // namespace coreloop::io
