// Tickets, slots and their states.
#include "io/edge/command_box.hpp"

#include <algorithm>
#include <thread>

#include "engine/check.hpp"
#include "io/edge/input_streams.hpp"

namespace coreloop::io {
namespace {

bool is_over(CommandState state) noexcept {
  return state == CommandState::none || state == CommandState::applied ||
         state == CommandState::refused || state == CommandState::cancelled;
}

}  // namespace

std::uint64_t CommandBox::submit(const CommandRequest& request) {
  const std::size_t size = request.command.size() + request.symbol.size() + request.account.size() +
                           request.price.size() + request.service.size();
  const std::lock_guard lock(mutex_);
  Slot* const slot = is_closed_ || size > text_bytes_max ? nullptr : find_free_slot();
  if (slot == nullptr) return 0;
  write_fields(*slot, request);
  const auto index = static_cast<std::uint32_t>(slot - slots_.data());
  slot->ticket = (++ticket_count_ << slot_bits) | index;
  slot->is_waited_for = true;
  slot->result = {};
  slot->sequence.store(0, std::memory_order_relaxed);
  slot->state.store(CommandState::queued, std::memory_order_relaxed);
  const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  queue_[tail % slot_count].store(index, std::memory_order_relaxed);
  tail_.store(tail + 1, std::memory_order_release);
  return slot->ticket;
}

// A cancelled command stands in the queue until INGRESS has passed over it; by then the box is
// closed, and opens again for another engine only with an empty queue.
CommandBox::Slot* CommandBox::find_free_slot() noexcept {
  const auto found = std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) {
    return !slot.is_waited_for && is_over(slot.state.load(std::memory_order_acquire));
  });
  return found == slots_.end() ? nullptr : &*found;
}

void CommandBox::write_fields(Slot& slot, const CommandRequest& request) noexcept {
  slot.field_count = 0;
  char* out = slot.text.data();
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    char* const begin = out;
    out = std::copy(value.begin(), value.end(), out);
    slot.fields[slot.field_count++] = {name, {begin, value.size()}};
  };
  add("command", request.command);
  add("symbol", request.symbol);
  add("account", request.account);
  add("price", request.price);
  add("service", request.service);
}

CommandResult CommandBox::wait(std::uint64_t ticket, std::chrono::milliseconds timeout) {
  using std::chrono::steady_clock;
  Slot& slot = slot_of(ticket);
  const steady_clock::time_point end = steady_clock::now() + timeout;
  CommandState state = slot.state.load(std::memory_order_acquire);
  while (!is_over(state) && steady_clock::now() < end) {
    // Looking again costs the asker's thread a little and EGRESS nothing.
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    state = slot.state.load(std::memory_order_acquire);
  }
  const std::lock_guard lock(mutex_);
  CHECK(slot.ticket == ticket && slot.is_waited_for, "one wait a ticket");
  slot.is_waited_for = false;
  CommandResult result;
  if (state == CommandState::applied) result = slot.result;
  result.state = state;
  result.sequence = slot.sequence.load(std::memory_order_relaxed);
  return result;
}

void CommandBox::close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  for (Slot& slot : slots_) {
    CommandState expected = CommandState::queued;
    slot.state.compare_exchange_strong(expected, CommandState::cancelled,
                                       std::memory_order_acq_rel);
  }
}

void CommandBox::open() {
  const std::lock_guard lock(mutex_);
  is_closed_ = false;
}

bool CommandBox::peek(RawEntry& entry) noexcept {
  if (!has_waiting()) return false;
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  const Slot& slot = slots_[queue_[head % slot_count].load(std::memory_order_relaxed)];
  entry = {command_stream, 0, 0, 0, {slot.fields.data(), slot.field_count}};
  return true;
}

bool CommandBox::claim() noexcept {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  Slot& slot = slots_[queue_[head % slot_count].load(std::memory_order_relaxed)];
  CommandState expected = CommandState::queued;
  if (slot.state.compare_exchange_strong(expected, CommandState::claimed,
                                         std::memory_order_acq_rel)) {
    return true;
  }
  head_.store(head + 1, std::memory_order_release);
  return false;
}

std::uint64_t CommandBox::consume(std::uint64_t sequence) noexcept {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  Slot& slot = slots_[queue_[head % slot_count].load(std::memory_order_relaxed)];
  slot.sequence.store(sequence, std::memory_order_relaxed);
  const std::uint64_t ticket = slot.ticket;
  head_.store(head + 1, std::memory_order_release);
  // Last: from here on the slot may be somebody else's.
  if (sequence == 0) slot.state.store(CommandState::refused, std::memory_order_release);
  return ticket;
}

void CommandBox::on_command_done(const stages::Event& event) noexcept {
  const std::uint64_t ticket = event.command.result_slot;
  if (ticket == 0) return;
  Slot& slot = slot_of(ticket);
  slot.result.log_unix_ns = event.log_unix_ns;
  bool is_applied = true;
  if (event.command.kind == stages::CommandKind::close) {
    is_applied = event.outcome == stages::Outcome::command_close;
    if (is_applied) {
      slot.result.realized_pnl = event.position.realized_pnl;
      slot.result.fee = event.fill.fee;
      slot.result.entry_value = stages::saturated(
          stages::times_half_even(event.fill.quantity, event.position.average_entry));
      slot.result.quantity = event.fill.quantity;
      slot.result.price = event.fill.price;
    }
  } else if (event.command.kind == stages::CommandKind::price) {
    is_applied = event.symbol != stages::no_id;
  }
  slot.state.store(is_applied ? CommandState::applied : CommandState::refused,
                   std::memory_order_release);
}

}  // namespace coreloop::io
