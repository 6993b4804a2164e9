// The life of a transaction.
#include "io/redis/redis_sink.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "io/codec/json_text.hpp"

namespace coreloop::io {
namespace {

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
  if (state_ == State::open && queue_.acknowledged() < queue_.group_end()) {
    if (is_first_safe())
      send_batch();
    else
      options_.inputs->make_safe();  // and then wakes us
  }
  counters_.pending.store(pending_count(), std::memory_order_relaxed);
}

bool RedisSink::is_first_safe() const noexcept {
  return options_.inputs == nullptr ||
         queue_.at(queue_.acknowledged()).sequence <= options_.inputs->safe_sequence();
}

void RedisSink::send_batch() {
  const std::uint64_t begin = queue_.acknowledged();
  std::uint64_t limit = std::min(queue_.group_end(), begin + options_.batch_max);
  if (options_.inputs != nullptr) {
    const std::uint64_t safe = options_.inputs->safe_sequence();
    while (queue_.at(limit - 1).sequence > safe)
      --limit;
  }
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
