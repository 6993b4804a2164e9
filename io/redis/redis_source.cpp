// Reading streams.
#include "io/redis/redis_source.hpp"

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <utility>

#include "engine/check.hpp"

namespace coreloop::io {
namespace {

constexpr std::uint64_t tag_info = 100;
constexpr std::uint64_t tag_entries = 200;
constexpr std::int64_t info_interval_ns = 1'000'000'000;

}  // namespace

RedisSource::RedisSource(EventLoop& loop, RedisSourceOptions options)
    : options_(std::move(options)),
      session_(loop, *this, options_.session),
      before_looking_outside_(loop, [this] { go_on(); }),
      pause_(loop,
             [this] {
               state_ = State::open;
               go_on();
             }),
      info_due_(loop, [this] { wants_info_ = true; }),
      positions_(options_.streams.size()),
      current_{ReplyArena{session_.reply_bytes_max()}, {}, 0, 0},
      next_{ReplyArena{session_.reply_bytes_max()}, {}, 0, 0},
      count_(options_.count_max) {
  CHECK(positions_.size() <= 64, "a bit for each stream");
  for (std::size_t i = 0; i < options_.streams.size(); ++i)
    counters_.push_back(std::make_unique<InputStreamCounters>());
  EntryId start;
  if (options_.start != "$" && parse_entry_id(options_.start, start, true))
    resume(std::vector<StreamPlace>(positions_.size(), {start, 0}));
}

void RedisSource::resume(std::span<const StreamPlace> places, std::vector<InputHistory> histories) {
  starts_.assign(places.begin(), places.end());
  histories_ = std::move(histories);
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    positions_[i].cursor = starts_[i].id;
    positions_[i].index = starts_[i].index;
    positions_[i].index_is_known = starts_[i].index != 0;
    if (histories_.size() == i) histories_.emplace_back(starts_[i].id, options_.history_entries);
    histories_[i].put_in_order();
    positions_[i].known_until = histories_[i].highest();
  }
  has_resolved_ = true;
}

SourceStatus RedisSource::peek(RawEntry& entry) noexcept {
  for (;;) {
    while (!current_.is_consumed()) {
      const Received& received = current_.entries[current_.next];
      const std::size_t count = received.fields.size() / 2;
      fields_.clear();
      for (std::size_t i = 0; i < count; ++i)
        fields_.push_back({received.fields[2 * i].text(), received.fields[2 * i + 1].text()});
      entry = {.stream = options_.streams[received.stream].name,
               .id_ms = received.id.ms,
               .id_counter = received.id.counter,
               .receive_unix_ns = current_.receive_unix_ns,
               .fields = fields_,
               .stream_index = received.index};
      return SourceStatus::entry;
    }
    if (next_.is_consumed()) return SourceStatus::none;
    std::swap(current_, next_);
    next_.entries.clear();
    next_.next = 0;
    next_.arena.reset();
  }
}

void RedisSource::become_ready() {
  is_ready_.store(true, std::memory_order_release);
}

void RedisSource::on_open() {
  state_ = State::resolving;
  if (has_resolved_) {
    state_ = State::open;
    wants_info_ = true;
    for (Position& position : positions_)
      position.is_confirmed = false;
    wants_examination_ = std::any_of(histories_.begin(), histories_.end(),
                                     [](const InputHistory& each) { return !each.is_empty(); });
    if (!wants_examination_) become_ready();
    return go_on();
  }
  ask_info();
  session_.flush();
}

void RedisSource::on_closed(RedisLoss loss) {
  state_ = State::closed;
  pause_.stop();
  info_due_.stop();
  answers_awaited_ = 0;
  is_ready_.store(false, std::memory_order_release);
  // It may have been more than we can hold: ask for less.
  if (loss == RedisLoss::protocol) count_ = std::max<std::uint32_t>(1, count_ / 2);
}

void RedisSource::go_on() {
  if (wants_new_look_.exchange(false, std::memory_order_relaxed) && session_.is_open())
    return session_.retry("the server may be no master any more");
  if (state_ != State::open || !next_.is_consumed()) return;
  if (wants_examination_) return examine();
  if (wants_info_) ask_info();
  ask_entries();
  session_.flush();
}

void RedisSource::ask_info() {
  wants_info_ = false;
  answers_awaited_ = positions_.size();
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    command_.clear();
    append_command(command_, {"XINFO", "STREAM", options_.streams[i].name});
    session_.send(tag_info + i, command_);
  }
  info_due_.start(info_interval_ns);
}

void RedisSource::ask_entries() {
  command_.clear();
  begin_command(command_, 6 + 2 * positions_.size());
  append_word(command_, "XREAD");
  append_word(command_, "COUNT");
  append_word(command_, std::to_string(count_));
  append_word(command_, "BLOCK");
  append_word(command_, std::to_string(options_.block_ms));
  append_word(command_, "STREAMS");
  for (const InputStream& stream : options_.streams)
    append_word(command_, stream.name);
  for (const Position& position : positions_)
    append_word(command_, position.cursor.text());
  if (!session_.send(tag_entries, command_)) return;
  state_ = State::reading;
}

void RedisSource::on_reply(std::uint64_t tag, RedisReply reply) {
  if (tag == tag_entries) return on_entries(reply);
  if (state_ == State::examining) return on_examined(tag, reply);
  on_info(tag - tag_info, reply);
}

void RedisSource::on_info(std::size_t stream, RedisReply reply) {
  if (answers_awaited_ > 0) --answers_awaited_;
  StreamInfo info;  // of a stream that does not exist yet: all zero
  if (reply.is_error()) {
    if (classify_redis_error(reply.text()).kind != RedisErrorKind::no_such_key)
      return on_refusal(stream, reply);
    if (!has_resolved_) info.counts_entries = true;
  } else if (!read_stream_info(reply, info)) {
    return session_.retry("XINFO STREAM makes no sense");
  }
  if (!has_resolved_) return resolve(stream, info);
  account(stream, info);
}

// "$", once: the id that stood last when we first looked.
void RedisSource::resolve(std::size_t stream, const StreamInfo& info) {
  positions_[stream] = {.cursor = info.last_generated_id,
                        .index = info.entries_added,
                        .index_is_known = info.counts_entries,
                        .is_confirmed = true,
                        .known_until = {}};
  if (answers_awaited_ != 0) return;
  for (const Position& position : positions_) {
    starts_.push_back({position.cursor, position.index_is_known ? position.index : 0});
    histories_.emplace_back(position.cursor, options_.history_entries);
  }
  has_resolved_ = true;
  state_ = State::open;
  become_ready();
  go_on();
}

// The answer is of the moment before the next entries were asked for: the cursor is still the same.
void RedisSource::account(std::size_t stream, const StreamInfo& info) {
  Position& position = positions_[stream];
  InputStreamCounters& counters = *counters_[stream];
  counters.length.store(info.length, std::memory_order_relaxed);
  if (info.last_generated_id == EntryId{}) {
    counters.lag.store(0, std::memory_order_relaxed);
    return expect_anew(stream);
  }
  if (info.last_generated_id < position.cursor || lacks_entries(position, info)) {
    wants_examination_ = true;
    return;
  }
  position.is_confirmed = true;
  if (!info.counts_entries) return;
  const bool is_caught_up = info.last_generated_id == position.cursor;
  const bool starts_behind_cursor = info.first_id > position.cursor;
  if (is_caught_up || starts_behind_cursor) {
    // Where the cursor stands among all entries ever added, if none was lost.
    const std::uint64_t index =
        is_caught_up ? info.entries_added : info.entries_added - info.length;
    if (position.index_is_known && index > position.index) {
      const std::uint64_t missed = index - position.index;
      counters.trimmed.add(missed);
      session_.notice(true, options_.streams[stream].name + ": " + std::to_string(missed) +
                                " entries were trimmed or deleted before they were read");
    }
    position.index = index;
    position.index_is_known = true;
  }
  if (position.index_is_known) {
    counters.lag.store(info.entries_added - std::min(info.entries_added, position.index),
                       std::memory_order_relaxed);
  }
}

void RedisSource::on_entries(RedisReply reply) {
  if (reply.is_error()) return refuse("XREAD", reply);
  state_ = State::open;
  has_read_ = true;
  told_.clear();
  session_.reset_pause();
  if (!reply.is_array()) {
    if (reply.kind() == RedisReply::Kind::nil) return go_on();
    return session_.retry("XREAD answers neither entries nor nil");
  }
  std::uint64_t streams_seen = 0;
  for (std::size_t i = 0; i < reply.size(); ++i) {
    if (read_stream(reply[i], streams_seen)) continue;
    next_.entries.clear();
    return session_.retry("XREAD answers what is no stream entry");
  }
  if (reply.size() > 1) hold_back();
  if (next_.entries.empty()) return go_on();
  for (Received& received : next_.entries)
    take(received);
  std::erase_if(next_.entries, [](const Received& received) { return received.is_known; });
  if (next_.entries.empty()) return go_on();
  count_ = std::min(options_.count_max, count_ * 2);
  next_.next = 0;
  next_.receive_unix_ns = options_.clock->unix_ns();
  session_.keep_reply(next_.arena);
}

// What was read before is left out. An id alone says nothing: a promoted replica may have given it
// to another entry.
void RedisSource::take(Received& received) {
  Position& position = positions_[received.stream];
  InputStreamCounters& counters = *counters_[received.stream];
  InputHistory& history = histories_[received.stream];
  const RedisReply fields = received.fields;
  position.cursor = received.id;
  ++position.index;
  if (position.index_is_known) received.index = position.index;
  const std::uint32_t checksum = content_checksum(fields);
  if (received.id <= position.known_until) {
    const InputHistory::Match match = history.match(received.id, checksum);
    received.is_known = match == InputHistory::Match::same;
    if (received.is_known) return;
    if (match == InputHistory::Match::other) counters.ids_reused.add(1);
  }
  history.add(received.id, checksum);
  counters.entries.add(1);
  if (!fields.is_array() || fields.size() == 0 || fields.size() % 2 != 0) counters.malformed.add(1);
}

// Several streams: their entries in the order of their milliseconds. Counters of two streams say
// nothing of each other: within a millisecond prices come first, so that a signal is decided with
// those its producer has published before it. A stream that gave as many as were asked for may have
// more: what other streams have behind its last one waits for the next reply.
void RedisSource::hold_back() {
  std::vector<Received>& entries = next_.entries;
  const auto place = [this](const Received& received) {
    const bool is_signal = options_.streams[received.stream].kind == StreamKind::signals;
    return std::tuple{received.id.ms, is_signal, received.id.counter};
  };
  std::tuple limit{UINT64_MAX, true, UINT64_MAX};
  for (std::size_t begin = 0, end = 0; begin < entries.size(); begin = end) {
    while (end < entries.size() && entries[end].stream == entries[begin].stream)
      ++end;
    if (end - begin >= count_) limit = std::min(limit, place(entries[end - 1]));
  }
  std::erase_if(entries, [&](const Received& received) { return place(received) > limit; });
  std::stable_sort(entries.begin(), entries.end(),
                   [&place](const Received& a, const Received& b) { return place(a) < place(b); });
}

// One element of XREAD's answer: [name, [[id, [field, value, …]], …]]. Only reads: the cursors move
// once the whole answer has made sense. `streams_seen`: a bit for each stream the answer has named;
// one named twice could give its entries twice.
bool RedisSource::read_stream(RedisReply reply, std::uint64_t& streams_seen) {
  if (reply.size() != 2 || !reply[1].is_array()) return false;
  std::size_t stream = 0;
  while (stream < positions_.size() && options_.streams[stream].name != reply[0].text())
    ++stream;
  if (stream == positions_.size() || (streams_seen >> stream & 1) != 0) return false;
  streams_seen |= std::uint64_t{1} << stream;
  EntryId last = positions_[stream].cursor;
  const RedisReply entries = reply[1];
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EntryId id;
    if (entries[i].size() != 2 || !parse_entry_id(entries[i][0].text(), id) || id <= last)
      return false;
    const RedisReply fields = entries[i][1];
    next_.entries.push_back({.id = id, .stream = stream, .fields = fields});
    last = id;
  }
  return true;
}

// XINFO was refused. Whether we may read is for XREAD to say, which may be on its way.
void RedisSource::on_refusal(std::size_t stream, RedisReply reply) {
  const std::string& name = options_.streams[stream].name;
  if (!has_resolved_) return refuse(name, reply);
  const RedisErrorKind kind = session_.note_error(reply);
  if (has_read_) return;
  const std::string why = name + ": " + std::string{reply.text()};
  if (kind == RedisErrorKind::permission) session_.raise(RedisFault::permission, why);
  if (kind == RedisErrorKind::wrong_type) session_.raise(RedisFault::wrong_type, why);
}

void RedisSource::refuse(const std::string& subject, RedisReply reply) {
  const RedisErrorKind kind = session_.note_error(reply);
  const std::string why = subject + ": " + std::string{reply.text()};
  if (!session_.is_open()) return;
  if (!has_read_) {
    if (kind == RedisErrorKind::permission) session_.raise(RedisFault::permission, why);
    if (kind == RedisErrorKind::wrong_type) session_.raise(RedisFault::wrong_type, why);
  }
  if (kind == RedisErrorKind::demoted || kind == RedisErrorKind::authentication || !has_resolved_)
    return session_.retry(why);
  if (why != told_) session_.notice(true, why + "; trying again");
  told_ = why;
  state_ = State::pausing;
  pause_.start(session_.next_pause_ns());
}

}  // namespace coreloop::io
