// The life of a transaction.
#include "io/redis/redis_sink.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include "io/codec/json_text.hpp"

namespace coreloop::io {
namespace {

constexpr std::size_t plain_word_count = 3;     // XADD name id, and then the fields
constexpr std::size_t trimming_word_count = 3;  // MAXLEN ~ n

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
    append_word(prefixes_[i], "XADD");
    append_word(prefixes_[i], options_.names[i]);
  }
  append_word(trimming_words_, "MAXLEN");
  append_word(trimming_words_, "~");
  append_word(trimming_words_, std::to_string(options_.maxlen));
}

void RedisSink::close() noexcept {
  session_.close();
  state_ = State::closed;
  next_ = {};
}

void RedisSink::write(const OutputEntry& entry) noexcept {
  const auto stream = static_cast<std::size_t>(entry.stream);
  char* const begin = queue_.begin_entry(command_bytes_max);
  char* out = begin;
  *out++ = '*';
  out = append_integer(out, plain_word_count + 2 * entry.fields.size());
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
  queue_.end_entry(entry.stream, {entry.id_ms, entry.id_number}, entry.sequence, size);
  if (is_recovering_) [[unlikely]]
    check_recovered(stream, entry);
}

void RedisSink::end_of_input() noexcept {
  queue_.end_group();
  if (is_recovering_) [[unlikely]]
    pass_over_what_is_there();
}

void RedisSink::on_open() {
  look();
}

void RedisSink::on_closed(RedisLoss) {
  state_ = State::closed;
  next_ = {};
  pause_.stop();
  every_second_.stop();
  is_ready_.store(false, std::memory_order_release);
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
  if (tag == tag_memory) return on_memory(reply);
  if (tag == tag_contents) return on_contents(reply);
  on_queued(reply);
}

void RedisSink::go_on() {
  if (state_ == State::open || state_ == State::sending) {
    const bool has_filled = fill_transaction();
    const bool executes = state_ == State::open && next_.is_begun;
    if (executes) execute_transaction();
    if (has_filled || executes) session_.flush();
  }
  counters_.pending.store(pending_count(), std::memory_order_relaxed);
}

// Sends what may go behind the transaction on its way into the next one, which is executed when
// that one is settled: Redis reads entries while we wait, and waits for none of them afterwards.
bool RedisSink::fill_transaction() {
  if (!next_.is_begun) {
    next_ = {};
    next_.begin = next_.end = state_ == State::sending ? batch_.end : queue_.acknowledged();
  }
  const std::uint64_t end = end_of_next();
  if (end == next_.end) return false;
  bool is_sent = next_.is_begun || session_.send(tag_begin, multi_command);
  next_.is_begun = true;
  for (; next_.end < end; ++next_.end) {
    const PublishQueue::Entry& entry = queue_.at(next_.end);
    const auto stream = static_cast<std::size_t>(entry.stream);
    if (entry.id <= in_redis_[stream]) continue;
    const std::string_view command =
        next_.is_cut[stream] ? queue_.command(next_.end) : trimming_command(next_.end);
    next_.is_cut[stream] = true;
    is_sent = session_.send(tag_queued, command) && is_sent;
    ++next_.entries;
  }
  if (!is_sent) session_.retry("the connection takes no more commands");
  return is_sent;
}

// One past the last entry that may go now: of whole groups, whose inputs are safe, and no more than
// a transaction takes. A group that is longer than that may be cut.
std::uint64_t RedisSink::end_of_next() const {
  std::uint64_t limit = std::min(queue_.group_end(), next_.begin + options_.batch_max);
  if (options_.inputs != nullptr) {
    const std::uint64_t safe = options_.inputs->safe_sequence();
    const std::uint64_t wanted = limit;
    while (limit > next_.end && queue_.at(limit - 1).sequence > safe)
      --limit;
    if (limit != wanted) options_.inputs->make_safe();  // and then wakes us
  }
  std::uint64_t end = limit;
  while (end > next_.end && !queue_.at(end - 1).ends_group)
    --end;
  return end == next_.begin ? limit : end;
}

void RedisSink::execute_transaction() {
  batch_ = std::exchange(next_, {});
  refusal_.clear();
  state_ = State::sending;
  if (!session_.send(tag_executed, exec_command))
    session_.retry("the connection takes no more commands");
}

// The one before it has failed, so this one may not come either.
void RedisSink::drop_next() {
  if (next_.is_begun) session_.send(tag_queued, discard_command);
  next_ = {};
}

// A stream is cut once a transaction, with its first entry in it: each MAXLEN costs Redis three
// words to read and a look at the stream's beginning.
std::string_view RedisSink::trimming_command(std::uint64_t number) {
  const std::string_view command = queue_.command(number);
  const std::string& prefix = prefixes_[static_cast<std::size_t>(queue_.at(number).stream)];
  const std::size_t words_begin = command.find('\n') + 1;
  std::size_t word_count = 0;
  std::from_chars(command.data() + 1, command.data() + words_begin, word_count);
  command_.clear();
  begin_command(command_, word_count + trimming_word_count);
  command_ += prefix;
  command_ += trimming_words_;
  command_ += command.substr(words_begin + prefix.size());
  return command_;
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
    drop_next();
    const RedisErrorKind kind = session_.note_error(reply);
    if (refusal_.empty()) {
      refusal_kind_ = kind;
      refusal_ = reply.text();
    }
    return refuse(refusal_kind_, refusal_);
  }
  if (!reply.is_array() || reply.size() != batch_.entries)
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
    drop_next();
    if (refusal_kind_ == RedisErrorKind::stale_id) return look();
    return refuse(refusal_kind_, refusal_);
  }
  std::size_t answered = 0;
  for (std::uint64_t number = batch_.begin; number < batch_.end; ++number) {
    const PublishQueue::Entry& entry = queue_.at(number);
    EntryId& last = in_redis_[static_cast<std::size_t>(entry.stream)];
    if (entry.id <= last) continue;  // was there already
    EntryId id;
    if (answered == reply.size() || !parse_entry_id(reply[answered++].text(), id) || id != entry.id)
      return session_.retry("EXEC answers something else than an entry's id");
    last = id;
  }
  queue_.acknowledge(batch_.end);
  counters_.transactions.add(1);
  counters_.published.add(batch_.entries);
  session_.reset_pause();
  told_.clear();
  state_ = State::open;
  is_ready_.store(true, std::memory_order_release);
  go_on();
}

void RedisSink::refuse(RedisErrorKind kind, const std::string& why) {
  using enum RedisErrorKind;
  if (!has_probed_ && kind == permission) session_.raise(RedisFault::permission, why);
  if (!has_probed_ && kind == wrong_type) session_.raise(RedisFault::wrong_type, why);
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
