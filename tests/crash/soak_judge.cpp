// The rules, one after another.
#include "tests/crash/soak_judge.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace coreloop::crash {
namespace {

constexpr std::string_view signal_prefix = "trade.signal.v5/";
constexpr std::size_t problems_max = 20;

std::size_t index_of(Stream stream) {
  return static_cast<std::size_t>(stream);
}

std::string told_of(const Entry& entry, std::string_view stream) {
  return std::string{stream} + ": " + std::string{entry.id};
}

/// The signal an entry is of; ids of signals are behind 0-0, which stands for none.
EntryId cause_of(const Entry& entry) {
  const std::string_view cause = entry.field("cause");
  EntryId id;
  const bool is_signal =
      cause.starts_with(signal_prefix) && read_id(cause.substr(signal_prefix.size()), id);
  return is_signal ? id : EntryId{};
}

}  // namespace

SoakJudge::SoakJudge(const std::string& pool_path) {
  std::ifstream file(pool_path);
  if (!file) throw std::runtime_error(pool_path + ": cannot be read");
  for (std::string line; std::getline(file, line);) {
    PoolSignal signal;
    if (line != "-") {
      signal.is_signal = true;
      if (!reader_.read(line, told_) || !read_scaled(told_.confidence, signal.confidence))
        throw std::runtime_error(pool_path + ": no signal: " + line);
      signal.symbol = told_.symbol;
      signal.action = told_.action;
    }
    pool_.push_back(std::move(signal));
  }
}

void SoakJudge::begin(const std::string& sent_path) {
  verdict_ = {};
  sent_.clear();
  cursors_ = {};
  approvals_.clear();
  orders_.clear();
  updates_.clear();
  executions_ = next_update_ = 0;
  pairs_differ_ = books_differ_ = false;
  std::ifstream file(sent_path);
  if (!file) throw std::runtime_error(sent_path + ": cannot be read");
  for (std::string line; std::getline(file, line);) {
    const std::size_t space = line.find(' ');
    Sent sent;
    std::int64_t index = -1;
    if (space == std::string::npos || !read_id({line.data(), space}, sent.id) ||
        !read_integer(std::string_view{line}.substr(space + 1), index) || index < 0 ||
        index >= static_cast<std::int64_t>(pool_.size()) ||
        (!sent_.empty() && sent.id <= sent_.back().id))
      throw std::runtime_error(sent_path + ": not an id behind the last and an index: " + line);
    sent.pool_index = static_cast<std::uint32_t>(index);
    sent_.push_back(sent);
  }
  verdict_.signals = sent_.size();
}

void SoakJudge::take(Stream stream, const Entry& entry) {
  ++verdict_.entries;
  EntryId id;
  if (!read_id(entry.id, id)) throw std::runtime_error("no id: " + std::string{entry.id});
  check_number(stream, id);
  switch (stream) {
    case Stream::safe:
    case Stream::rejected:
    case Stream::dead:
      return take_outcome(stream, entry);
    case Stream::execution:
      return take_execution(entry);
    case Stream::position:
      return take_update(entry);
  }
}

Verdict SoakJudge::end() {
  check_sent();
  check_orders();
  if (approvals_.size() != executions_)
    say(approvals_.size() > executions_ ? &Verdict::lost : &Verdict::twice,
        std::to_string(approvals_.size()) + " approvals, " + std::to_string(executions_) +
            " executions");
  if (!books_differ_ && next_update_ < updates_.size())
    say(&Verdict::lost,
        "execution " + to_text(updates_[next_update_].execution) + " has no position update");
  return std::move(verdict_);
}

void SoakJudge::check_number(Stream stream, EntryId id) {
  EntryId& last = last_ids_[index_of(stream)];
  const std::int64_t wanted = last.number + 1;
  if (id.number != wanted)
    say(id.number > wanted ? &Verdict::lost : &Verdict::twice,
        std::string{stream_names[index_of(stream)]} + ": " + to_text(id) + " where " +
            std::to_string(wanted) + " belongs");
  last = id;
}

void SoakJudge::take_outcome(Stream stream, const Entry& entry) {
  const std::string_view stream_name = stream_names[index_of(stream)];
  const EntryId cause = cause_of(entry);
  std::int64_t sequence = 0;
  std::int64_t& last = last_sequences_[index_of(stream)];
  if (!read_integer(entry.field("seq"), sequence) || sequence <= last)
    say(&Verdict::divergent, told_of(entry, stream_name) + " is of input " +
                                 std::string{entry.field("seq")} + ", behind " +
                                 std::to_string(last));
  last = sequence;
  const bool is_told = stream == Stream::dead || read_told(stream_name, entry);
  if (stream == Stream::safe)
    approvals_.push_back({.cause = cause,
                          .key = {name(entry.field("acct")), name(told_.symbol)},
                          .action = name(told_.action)});
  Sent* const sent = find(stream, cause);
  if (sent == nullptr)
    return say(&Verdict::divergent, told_of(entry, stream_name) + " is of " +
                                        std::string{entry.field("cause")} + ", which nobody sent");
  ++sent->outcomes;
  sent->sequence = sequence;
  if (stream != Stream::dead && is_told) check_signal(stream, entry, *sent);
}

void SoakJudge::check_signal(Stream stream, const Entry& entry, const Sent& sent) {
  const std::string where = told_of(entry, stream_names[index_of(stream)]);
  const PoolSignal& signal = pool_[sent.pool_index];
  if (!signal.is_signal)
    return say(&Verdict::divergent, where + " is of " + to_text(sent.id) + ", which was no signal");
  // What is approved is the order: a CLOSE sells or buys.
  const bool is_order = stream == Stream::safe && signal.action == "CLOSE";
  const bool is_action =
      is_order ? told_.action == "BUY" || told_.action == "SELL" : told_.action == signal.action;
  if (told_.symbol != signal.symbol || !is_action)
    say(&Verdict::divergent, where + " tells " + std::string{told_.action} + " " +
                                 std::string{told_.symbol} + " of " + to_text(sent.id) + ", sent " +
                                 signal.action + " " + signal.symbol);
  std::int64_t confidence = 0;
  if (!read_scaled(told_.confidence, confidence) || confidence != signal.confidence)
    say(&Verdict::divergent, where + " tells another confidence than " + to_text(sent.id));
}

void SoakJudge::take_execution(const Entry& entry) {
  const EntryId cause = cause_of(entry);
  const bool is_told = read_told(stream_names[index_of(Stream::execution)], entry);
  const Key key{name(entry.field("acct")), name(told_.symbol)};
  if (executions_ < approvals_.size() && !pairs_differ_) {
    const Approval& approval = approvals_[executions_];
    if (approval.cause != cause || approval.key != key || approval.action != name(told_.action)) {
      say(&Verdict::divergent, "approval of " + to_text(approval.cause) + " is executed as " +
                                   std::string{entry.field("cause")});
      pairs_differ_ = true;
    }
  }
  ++executions_;
  if (!is_told) return;
  OrderId order{};
  if (told_.order_id.empty() || told_.order_id.size() > order.size())
    say(&Verdict::divergent, "execution " + std::string{entry.id} + " has no order_id");
  else
    std::memcpy(order.data(), told_.order_id.data(), told_.order_id.size());
  orders_.push_back(order);
  take_fill(entry, cause, key);
}

void SoakJudge::take_fill(const Entry& entry, EntryId cause, Key key) {
  std::int64_t quantity = 0;
  std::int64_t price = 0;
  EntryId id;
  read_id(entry.id, id);
  if (!read_scaled(entry.field("qty"), quantity) || !read_scaled(told_.entry_price, price) ||
      quantity <= 0 || price <= 0)
    return say(&Verdict::divergent,
               "execution " + std::string{entry.id} + " has no quantity or no price");
  SecondPosition& position = positions_[key];
  for (const Side side : position.fill(told_.action == "BUY" ? quantity : -quantity, price))
    if (side != Side::none)
      updates_.push_back({.cause = cause,
                          .execution = id,
                          .size = half_even(position.cost, scale),
                          .key = key,
                          .side = side});
}

/// The first that differs is told: what follows it stands at the wrong place.
void SoakJudge::take_update(const Entry& entry) {
  if (entry.field("cause").starts_with("@timer/") || books_differ_) return;
  const std::string where = "position update " + std::string{entry.id};
  books_differ_ = true;
  if (next_update_ == updates_.size()) return say(&Verdict::twice, where + " is of no execution");
  const Update& update = updates_[next_update_++];
  if (!read_told(stream_names[index_of(Stream::position)], entry)) return;
  const Key key{name(entry.field("acct")), name(told_.symbol)};
  const std::string_view side = side_names[static_cast<std::size_t>(update.side)];
  std::int64_t size = 0;
  if (cause_of(entry) != update.cause || key != update.key)
    return say(&Verdict::divergent,
               where + " is not that of execution " + to_text(update.execution));
  if (told_.side != side)
    return say(&Verdict::divergent,
               where + " says " + std::string{told_.side} + ", must be " + std::string{side});
  if (update.side != Side::closed && (!read_scaled(told_.size_usd, size) || size != update.size))
    return say(&Verdict::divergent, where + ": the fills add up to another size");
  books_differ_ = false;
}

void SoakJudge::check_sent() {
  for (const Sent& sent : sent_) {
    const PoolSignal& signal = pool_[sent.pool_index];
    const std::uint32_t wanted = signal.is_signal && signal.action == "HOLD" ? 0 : 1;
    if (sent.outcomes > wanted)
      say(&Verdict::twice,
          to_text(sent.id) + " has " + std::to_string(sent.outcomes) + " outcomes");
    if (sent.outcomes < wanted) say(&Verdict::lost, to_text(sent.id) + " has no outcome");
    if (sent.outcomes == 0) continue;
    if (sent.sequence <= last_sent_sequence_)
      say(&Verdict::divergent, to_text(sent.id) + " was taken before one that was sent before it");
    last_sent_sequence_ = sent.sequence;
  }
}

void SoakJudge::check_orders() {
  std::sort(orders_.begin(), orders_.end());
  for (auto order = orders_.begin(); order != orders_.end();) {
    const auto next = std::upper_bound(order, orders_.end(), *order);
    if (next - order > 1)
      say(&Verdict::twice, "order " +
                               std::string{order->data(), strnlen(order->data(), order->size())} +
                               " was executed " + std::to_string(next - order) + " times");
    order = next;
  }
}

/// Outcomes of a stream come in the order of the inputs, nearly always: a step or a few.
SoakJudge::Sent* SoakJudge::find(Stream stream, EntryId cause) {
  std::size_t& cursor = cursors_[index_of(stream)];
  const auto is_before = [](const Sent& sent, EntryId id) { return sent.id < id; };
  if (cursor == sent_.size() || cause < sent_[cursor].id)
    cursor = static_cast<std::size_t>(
        std::lower_bound(sent_.begin(), sent_.end(), cause, is_before) - sent_.begin());
  while (cursor < sent_.size() && sent_[cursor].id < cause)
    ++cursor;
  return cursor < sent_.size() && sent_[cursor].id == cause ? &sent_[cursor] : nullptr;
}

bool SoakJudge::read_told(std::string_view stream, const Entry& entry) {
  if (reader_.read(entry.field("data"), told_)) return true;
  told_ = {};
  say(&Verdict::divergent, told_of(entry, stream) + " is no JSON object");
  return false;
}

std::uint16_t SoakJudge::name(std::string_view text) {
  for (std::size_t index = 0; index < names_.size(); ++index)
    if (names_[index] == text) return static_cast<std::uint16_t>(index);
  if (names_.size() == 1'000) throw std::runtime_error("more than 1,000 accounts and symbols");
  names_.emplace_back(text);
  return static_cast<std::uint16_t>(names_.size() - 1);
}

void SoakJudge::say(std::uint64_t Verdict::*kind, std::string text) {
  ++(verdict_.*kind);
  if (verdict_.problems.size() == problems_max) return;
  const char* const word = kind == &Verdict::lost    ? "lost: "
                           : kind == &Verdict::twice ? "twice: "
                                                     : "divergent: ";
  verdict_.problems.push_back(word + std::move(text));
}

}  // namespace coreloop::crash
