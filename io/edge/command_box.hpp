// The mailbox between those who command the engine (HTTP) and INGRESS, and the way back: each
// command is a numbered ticket whose result EGRESS fills in once the command has passed every
// stage.
//
//   submit() ──queued──> INGRESS claims it: its sequence ──> … ──> EGRESS: applied or refused
//                 └─ close(): cancelled, will never be taken
//
// Askers share a mutex; INGRESS and EGRESS never lock and never wait: one look at an atomic word
// tells INGRESS whether there is something. A command has the form of a tape's `@command` entry, so
// that the tape repeats it. Bounded, allocated at start.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string_view>

#include "engine/cache_line.hpp"
#include "io/edge/source.hpp"
#include "stages/event.hpp"

namespace coreloop::io {

/// The fields of an `@command` entry; those that are empty are left out. At most
/// CommandBox::text_bytes_max bytes together.
struct CommandRequest {
  std::string_view command;
  std::string_view symbol = {};
  std::string_view account = {};
  std::string_view price = {};
  std::string_view service = {};
};

enum class CommandState : std::uint8_t {
  none,       ///< no command
  queued,     ///< INGRESS has not seen it yet
  claimed,    ///< has its sequence, or gets it just now
  applied,    ///< has passed every stage
  refused,    ///< has passed every stage, and changed nothing: nothing to close, no room
  cancelled,  ///< never taken: the engine is stopping
};

struct CommandResult {
  CommandState state = CommandState::none;
  std::uint64_t sequence = 0;  ///< 0: not known yet
  std::int64_t log_unix_ns = 0;
  // Of a close that was applied:
  stages::Money realized_pnl = 0;  ///< in the cycle that ended, before fees
  stages::Money fee = 0;
  stages::Money entry_value = 0;  ///< closed quantity x average entry, half-even
  stages::Quantity quantity = 0;
  stages::Price price = 0;
};

class CommandBox {
 public:
  static constexpr std::size_t text_bytes_max = 192;

  CommandBox() = default;
  CommandBox(const CommandBox&) = delete;
  CommandBox& operator=(const CommandBox&) = delete;

  // Askers; any thread.
  /// Queues `request` and answers its ticket; 0 if the box is closed, full, or the request too
  /// long. Whoever gets a ticket must call wait() with it once.
  [[nodiscard]] std::uint64_t submit(const CommandRequest& request);
  /// Waits until the command is through, at most `timeout`; answers how far it is and gives the
  /// ticket back. The command goes on all the same.
  [[nodiscard]] CommandResult wait(std::uint64_t ticket, std::chrono::milliseconds timeout);
  /// Takes no more, and cancels what INGRESS has not claimed yet.
  void close();
  /// Begins to take commands: the engine runs.
  void open();

  // INGRESS.
  /// Whether a command may be waiting. One load.
  [[nodiscard]] bool has_waiting() const noexcept {
    return tail_.load(std::memory_order_acquire) != head_.load(std::memory_order_relaxed);
  }
  /// The oldest command as an entry without a time; views valid until consume(). False if there is
  /// none.
  [[nodiscard]] bool peek(RawEntry& entry) noexcept;
  /// Whether the command that peek() showed is INGRESS's now, and is not cancelled any more; it
  /// must be taken and consumed at once. If not, it has left the box.
  [[nodiscard]] bool claim() noexcept;
  /// The claimed command got `sequence` (0: it was of no command's form). Answers what goes into
  /// Command::result_slot.
  std::uint64_t consume(std::uint64_t sequence) noexcept;

  // EGRESS.
  /// Fills in the result. Requires: a command's last event.
  void on_command_done(const stages::Event& event) noexcept;

 private:
  static constexpr std::size_t slot_count = 16;
  static constexpr unsigned slot_bits = 4;
  static constexpr std::size_t fields_max = 5;

  struct Slot {
    // Written by the asker, under the mutex, while nobody else has the slot.
    std::array<char, text_bytes_max> text{};
    std::array<RawField, fields_max> fields{};
    std::size_t field_count = 0;
    std::uint64_t ticket = 0;
    bool is_waited_for = false;
    // State: queued by the asker; from there to claimed or cancelled by whoever is first; then
    // EGRESS's.
    std::atomic<CommandState> state{CommandState::none};
    std::atomic<std::uint64_t> sequence{0};  ///< by INGRESS
    CommandResult result;                    ///< by EGRESS, before the state
  };

  [[nodiscard]] Slot& slot_of(std::uint64_t ticket) noexcept {
    return slots_[ticket & (slot_count - 1)];
  }
  [[nodiscard]] Slot* find_free_slot() noexcept;
  static void write_fields(Slot& slot, const CommandRequest& request) noexcept;

  std::mutex mutex_;  ///< of the askers
  bool is_closed_ = true;
  std::uint64_t ticket_count_ = 0;
  std::array<Slot, slot_count> slots_;
  // The queue of slots: its tail is written under the mutex, its head by INGRESS. A slot stands in
  // it once at most, so it never overflows.
  std::array<std::atomic<std::uint32_t>, slot_count> queue_{};
  alignas(engine::cache_line_bytes) std::atomic<std::uint64_t> tail_{0};
  alignas(engine::cache_line_bytes) std::atomic<std::uint64_t> head_{0};
};

}  // namespace coreloop::io
