// The life of a transaction, and the handshake.
#include "io/redis/redis_sink.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "io/codec/json_text.hpp"
#include "io/redis/stream_info.hpp"

namespace coreloop::io {
namespace {

// Tags of replies. Those of a stream carry its index.
constexpr std::uint64_t tag_info = 100;
constexpr std::uint64_t tag_length = 200;
constexpr std::uint64_t tag_probe = 300;
constexpr std::uint64_t tag_begin = 400;
constexpr std::uint64_t tag_queued = 401;
constexpr std::uint64_t tag_executed = 402;

constexpr std::string_view multi_command = "*1\r\n$5\r\nMULTI\r\n";
constexpr std::string_view exec_command = "*1\r\n$4\r\nEXEC\r\n";
constexpr std::string_view discard_command = "*1\r\n$7\r\nDISCARD\r\n";

constexpr std::int64_t length_interval_ns = 1'000'000'000;
constexpr std::int64_t answers_pause_ns = 10'000'000;

// `$<size>\r\n<text>\r\n`
char* append_bulk(char* out, std::string_view text) noexcept {
  *out++ = '$';
  out = append_integer(out, text.size());
  *out++ = '\r';
  *out++ = '\n';
  out = append_text(out, text);
  *out++ = '\r';
  *out++ = '\n';
  return out;
}

}  // namespace

RedisSink::RedisSink(EventLoop& loop, RedisSinkOptions options)
    : options_(std::move(options)),
      session_(loop, *this, options_.session),
      before_looking_outside_(loop, [this] { go_on(); }),
      pause_(loop, [this] { look(); }),
      every_second_(loop, [this] { ask_lengths(); }),
      queue_(options_.queue_bytes, options_.queue_entries) {
  for (std::size_t i = 0; i < output_stream_count; ++i) {
    std::string command;
    append_command(command,
                   {"XADD", options_.names[i], "MAXLEN", "~", std::to_string(options_.maxlen)});
    // Without the count of arguments, which depends on the entry.
    prefixes_[i] = command.substr(command.find('\n') + 1);
  }
}

void RedisSink::close() noexcept {
  session_.close();
  state_ = State::closed;
}

void RedisSink::write(const OutputEntry& entry) noexcept {
  const auto stream = static_cast<std::size_t>(entry.stream);
  char* const begin = queue_.begin_entry(command_bytes_max);
  char* out = begin;
  *out++ = '*';
  out = append_integer(out, 6 + 2 * entry.fields.size());
  out = append_text(out, "\r\n");
  out = append_text(out, prefixes_[stream]);
  std::array<char, 48> id;
  char* id_end = append_integer(id.data(), entry.id_ms);
  *id_end++ = '-';
  id_end = append_integer(id_end, entry.id_number);
  out = append_bulk(out, {id.data(), static_cast<std::size_t>(id_end - id.data())});
  for (const OutputField& field : entry.fields) {
    out = append_bulk(out, field.name);
    out = append_bulk(out, field.value);
  }
  const auto size = static_cast<std::size_t>(out - begin);
  HOT_CHECK(size <= command_bytes_max, "a command of the longest kind");
  queue_.end_entry(entry.stream, {entry.id_ms, entry.id_number}, size);
}

void RedisSink::on_open() {
  look();
}

void RedisSink::on_closed(RedisLoss) {
  state_ = State::closed;
  pause_.stop();
  every_second_.stop();
  is_ready_.store(false, std::memory_order_release);
}

void RedisSink::look() {
  if (!session_.is_open()) return;
  // Answers to what was asked before a pause must not be taken for those to come.
  if (session_.awaited_count() != 0) return pause_.start(answers_pause_ns);
  state_ = State::looking;
  answers_awaited_ = output_stream_count;
  for (std::size_t i = 0; i < output_stream_count; ++i) {
    command_.clear();
    append_command(command_, {"XINFO", "STREAM", options_.names[i]});
    session_.send(tag_info + i, command_);
  }
  session_.flush();
}

void RedisSink::on_reply(std::uint64_t tag, RedisReply reply) {
  if (tag >= tag_info && tag < tag_info + output_stream_count)
    return on_info(tag - tag_info, reply);
  if (tag >= tag_length && tag < tag_length + output_stream_count) {
    if (reply.kind() == RedisReply::Kind::integer) {
      counters_.stream_lengths[tag - tag_length].store(static_cast<std::uint64_t>(reply.integer()),
                                                       std::memory_order_relaxed);
    }
    return;
  }
  if (tag >= tag_probe && tag < tag_begin) return on_probe(tag - tag_probe, reply);
  if (tag == tag_executed) return on_executed(reply);
  on_queued(reply);
}

void RedisSink::on_info(std::size_t stream, RedisReply reply) {
  if (state_ != State::looking) return;
  Found& found = found_[stream];
  found = {};
  if (reply.is_error()) {
    const RedisErrorKind kind = session_.note_error(reply);
    if (kind != RedisErrorKind::no_such_key)
      return refuse(kind, options_.names[stream] + ": " + std::string{reply.text()});
  } else {
    StreamInfo info;
    if (!read_stream_info(reply, info)) return session_.retry("XINFO STREAM makes no sense");
    found = {true, info.last_generated_id};
  }
  if (--answers_awaited_ == 0) settle();
}

void RedisSink::settle() {
  if (!has_adopted_) return probe();
  for (std::size_t i = 0; i < output_stream_count; ++i) {
    if (!settle_stream(i)) return;
  }
  // Publication goes on at the first entry that is not there.
  std::uint64_t next = queue_.oldest();
  while (next < queue_.group_end() &&
         queue_.at(next).id <= in_redis_[static_cast<std::size_t>(queue_.at(next).stream)]) {
    ++next;
  }
  // What got through before the connection was lost is progress, too.
  if (next > queue_.acknowledged()) session_.reset_pause();
  queue_.acknowledge(next);
  state_ = State::open;
  is_ready_.store(true, std::memory_order_release);
  every_second_.start(length_interval_ns);
  go_on();
}

// True: in_redis_ says where publication goes on. False: it does not.
bool RedisSink::settle_stream(std::size_t stream) {
  HandshakeFacts facts;
  facts.key_exists = found_[stream].key_exists;
  facts.last_in_redis = found_[stream].last;
  facts.last_is_ours = is_ours(stream, facts.last_in_redis);
  for (std::uint64_t number = queue_.oldest(); number < queue_.end(); ++number) {
    const PublishQueue::Entry& entry = queue_.at(number);
    if (static_cast<std::size_t>(entry.stream) != stream) continue;
    if (facts.oldest == EntryId{}) facts.oldest = entry.id;
    facts.newest = entry.id;
  }
  facts.acknowledged = in_redis_[stream];
  facts.newest = std::max(facts.newest, facts.acknowledged);
  const std::string& name = options_.names[stream];
  switch (judge_handshake(facts)) {
    case HandshakeVerdict::up_to_date:
    case HandshakeVerdict::publish_rest:
      break;
    case HandshakeVerdict::tail_lost: {
      const std::uint64_t lost = facts.acknowledged.counter - facts.last_in_redis.counter;
      counters_.tail_lost.add(lost);
      session_.notice(true, name + ": Redis has lost " + std::to_string(lost) +
                                " confirmed entries; publishing them again");
      break;
    }
    case HandshakeVerdict::hole: {
      const EntryId first = facts.oldest == EntryId{} ? facts.acknowledged : facts.oldest;
      const std::uint64_t known =
          facts.key_exists ? facts.last_in_redis.counter : bases_[stream].counter;
      const std::uint64_t lost = first.counter > known + 1 ? first.counter - known - 1 : 0;
      counters_.hole.add(lost);
      session_.notice(true, name + ": " + (facts.key_exists ? "its end" : "the stream") +
                                " is gone; " + std::to_string(lost) + " entries before " +
                                first.text() + " cannot be restored");
      break;
    }
    case HandshakeVerdict::foreign_writer:
      session_.raise(RedisFault::foreign_writer,
                     name + " ends with " + facts.last_in_redis.text() +
                         ", which is none of ours (our last: " + facts.newest.text() +
                         "): somebody else writes to it");
      session_.close();
      state_ = State::closed;
      return false;
  }
  in_redis_[stream] = facts.key_exists ? facts.last_in_redis : EntryId{};
  return true;
}

bool RedisSink::is_ours(std::size_t stream, EntryId id) const {
  if (id == bases_[stream] || id == in_redis_[stream]) return true;
  for (std::uint64_t number = queue_.oldest(); number < queue_.end(); ++number) {
    const PublishQueue::Entry& entry = queue_.at(number);
    if (static_cast<std::size_t>(entry.stream) == stream && entry.id == id) return true;
  }
  return false;
}

// Asks for leave to write before the first entry: what Redis would refuse, it refuses when the
// command is queued.
void RedisSink::probe() {
  state_ = State::probing;
  refusal_.clear();
  session_.send(tag_probe, multi_command);
  session_.flush();
}

// Only inside a transaction: outside of one the entries would be written.
void RedisSink::probe_streams() {
  for (std::size_t i = 0; i < output_stream_count; ++i) {
    command_.clear();
    append_command(command_, {"XADD", options_.names[i], "MAXLEN", "~",
                              std::to_string(options_.maxlen), "*", "data", ""});
    session_.send(tag_probe + 1 + i, command_);
  }
  session_.send(tag_probe + 1 + output_stream_count, discard_command);
  session_.flush();
}

void RedisSink::on_probe(std::uint64_t step, RedisReply reply) {
  if (state_ != State::probing) return;
  const bool is_begin = step == 0;
  const bool is_discard = step == 1 + output_stream_count;
  if (reply.is_error() && refusal_.empty() && !is_discard) {
    refusal_kind_ = session_.note_error(reply);
    refusal_ = (is_begin ? "MULTI" : options_.names[step - 1]) + ": " + std::string{reply.text()};
  }
  if (is_begin && refusal_.empty()) return probe_streams();
  if (!is_begin && !is_discard) return;
  if (!refusal_.empty()) return refuse(refusal_kind_, refusal_);
  adopt();
}

void RedisSink::adopt() {
  for (std::size_t i = 0; i < output_stream_count; ++i)
    bases_[i] = in_redis_[i] = found_[i].last;
  has_adopted_ = true;
  settle();
}

void RedisSink::go_on() {
  if (state_ == State::open && queue_.acknowledged() < queue_.group_end()) send_batch();
  counters_.pending.store(pending_count(), std::memory_order_relaxed);
}

void RedisSink::send_batch() {
  const std::uint64_t begin = queue_.acknowledged();
  const std::uint64_t limit = std::min(queue_.group_end(), begin + options_.batch_max);
  // Back to the end of a group; one that is longer than a transaction may be cut.
  std::uint64_t end = limit;
  while (end > begin && !queue_.at(end - 1).ends_group)
    --end;
  if (end == begin) end = limit;
  batch_end_ = end;
  batch_entries_ = 0;
  refusal_.clear();
  bool is_sent = session_.send(tag_begin, multi_command);
  for (std::uint64_t number = begin; number < end; ++number) {
    const PublishQueue::Entry& entry = queue_.at(number);
    if (entry.id <= in_redis_[static_cast<std::size_t>(entry.stream)]) continue;
    is_sent = session_.send(tag_queued, queue_.command(number)) && is_sent;
    ++batch_entries_;
  }
  is_sent = session_.send(tag_executed, exec_command) && is_sent;
  if (!is_sent) return session_.retry("the connection takes no more commands");
  state_ = State::sending;
  session_.flush();
}

void RedisSink::on_queued(RedisReply reply) {
  if (!reply.is_error() || state_ != State::sending || !refusal_.empty()) return;
  refusal_kind_ = session_.note_error(reply);
  refusal_ = reply.text();
}

void RedisSink::on_executed(RedisReply reply) {
  if (state_ != State::sending) return;
  if (reply.is_error()) {
    counters_.aborted.add(1);
    const RedisErrorKind kind = session_.note_error(reply);
    if (refusal_.empty()) {
      refusal_kind_ = kind;
      refusal_ = reply.text();
    }
    return refuse(refusal_kind_, refusal_);
  }
  if (!reply.is_array() || reply.size() != batch_entries_)
    return session_.retry("EXEC answers something else than one id an entry");
  bool has_refusal = false;
  for (std::size_t i = 0; i < reply.size(); ++i) {
    if (!reply[i].is_error()) continue;
    refusal_kind_ = session_.note_error(reply[i]);
    if (refusal_kind_ == RedisErrorKind::stale_id) counters_.duplicates_refused.add(1);
    refusal_ = reply[i].text();
    has_refusal = true;
  }
  // A stale id: an earlier transaction of ours got through after all, or a stranger writes. The
  // streams will tell.
  if (has_refusal) {
    if (refusal_kind_ == RedisErrorKind::stale_id) return look();
    return refuse(refusal_kind_, refusal_);
  }
  for (std::uint64_t number = queue_.acknowledged(); number < batch_end_; ++number) {
    const PublishQueue::Entry& entry = queue_.at(number);
    EntryId& last = in_redis_[static_cast<std::size_t>(entry.stream)];
    last = std::max(last, entry.id);
  }
  queue_.acknowledge(batch_end_);
  counters_.transactions.add(1);
  counters_.published.add(batch_entries_);
  session_.reset_pause();
  told_.clear();
  state_ = State::open;
  go_on();
}

void RedisSink::refuse(RedisErrorKind kind, const std::string& why) {
  using enum RedisErrorKind;
  if (!has_adopted_ && kind == permission) session_.raise(RedisFault::permission, why);
  if (!has_adopted_ && kind == wrong_type) session_.raise(RedisFault::wrong_type, why);
  if (kind == demoted) {
    demotions_.fetch_add(1, std::memory_order_relaxed);
    return session_.retry(why);
  }
  if (kind == authentication) return session_.retry(why);
  pause(why);
}

void RedisSink::pause(const std::string& why) {
  // The same trouble once, until something has gone through.
  if (why != told_) session_.notice(true, why + "; trying again");
  told_ = why;
  state_ = State::pausing;
  is_ready_.store(false, std::memory_order_release);
  pause_.start(session_.next_pause_ns());
}

void RedisSink::ask_lengths() {
  if (!session_.is_open()) return;
  every_second_.start(length_interval_ns);
  // Only of a server that has answered everything: where it has not, a question and the bytes that
  // come back, whatever they are, would look like a sign of life every second.
  if (session_.awaited_count() != 0) return;
  for (std::size_t i = 0; i < output_stream_count; ++i) {
    command_.clear();
    append_command(command_, {"XLEN", options_.names[i]});
    session_.send(tag_length + i, command_);
  }
  session_.flush();
}

}  // namespace coreloop::io
