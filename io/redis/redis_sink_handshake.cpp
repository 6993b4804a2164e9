// What is done between a connect and the first transaction: the streams are looked at and compared
// with what we hold.
#include <algorithm>

#include "io/redis/redis_sink.hpp"
#include "io/redis/stream_info.hpp"

namespace coreloop::io {
namespace {

constexpr std::int64_t answers_pause_ns = 10'000'000;

}  // namespace

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
  if (!has_probed_) return probe();
  if (is_recovering_ && !has_contents_) return read_contents();
  for (std::size_t i = 0; i < output_stream_count; ++i) {
    if (!settle_stream(i)) return;
  }
  const std::uint64_t acknowledged = queue_.acknowledged();
  queue_.acknowledge(queue_.oldest());
  pass_over_what_is_there();
  // What got through before the connection was lost is progress, too.
  if (queue_.acknowledged() > acknowledged) session_.reset_pause();
  state_ = State::open;
  // Refused before, we are ready once something has gone through, or nothing is left to.
  if (queue_.acknowledged() == queue_.end()) told_.clear();
  is_ready_.store(told_.empty(), std::memory_order_release);
  every_second_.start(length_interval_ns);
  go_on();
}

// True: in_redis_ says where publication goes on. False: it does not.
bool RedisSink::settle_stream(std::size_t stream) {
  const Found& there = found_[stream];
  if (is_recovering_ && there.key_exists && there.last > checks_[stream].made()) {
    // Ahead of the replay, which will tell whether it leads there.
    checks_[stream].begin(bases_[stream], there.last);
    in_redis_[stream] = there.last;
    return true;
  }
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
      // An id as we make them, before we have made any: an older copy of the journal was taken up.
      if (!restarts_.empty() && queue_.end() == 0 &&
          RecoveryCheck::is_behind(bases_[stream], facts.last_in_redis)) {
        if (options_.accepts_lost_tail) break;
        meet_own_future(stream, facts.last_in_redis, bases_[stream]);
        return false;
      }
      stop_publishing(RedisFault::foreign_writer,
                      name + " ends with " + facts.last_in_redis.text() +
                          ", which is none of ours (our last: " + facts.newest.text() +
                          "): somebody else writes to it");
      return false;
  }
  in_redis_[stream] = facts.key_exists ? facts.last_in_redis : EntryId{};
  return true;
}

bool RedisSink::is_ours(std::size_t stream, EntryId id) const {
  if (id == bases_[stream] || id == in_redis_[stream]) return true;
  if (id > adopted_[stream].behind && id <= adopted_[stream].last) return true;
  for (std::uint64_t number = queue_.oldest(); number < queue_.end(); ++number) {
    const PublishQueue::Entry& entry = queue_.at(number);
    if (static_cast<std::size_t>(entry.stream) == stream && entry.id == id) return true;
  }
  return false;
}

// Asks for leave to write before the first entry: what Redis would refuse, it refuses when the
// command is queued. First a transaction of nothing, for the leave to carry one out; then one with
// an entry for each stream, which is discarded.
void RedisSink::probe() {
  state_ = State::probing;
  refusal_.clear();
  command_.clear();
  append_command(command_, {"INFO", "memory"});
  session_.send(tag_memory, command_);
  session_.send(tag_probe + step_empty_begin, multi_command);
  session_.send(tag_probe + step_empty_end, exec_command);
  session_.flush();
}

// A server that makes room by deleting keys deletes whole streams. Where it may not be asked, the
// handshake will see what is gone.
void RedisSink::on_memory(RedisReply reply) {
  constexpr std::string_view key = "maxmemory_policy:";
  const std::string_view text = reply.is_error() ? std::string_view{} : reply.text();
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) {
    if (options_.refuses_eviction &&
        classify_redis_error(reply.text()).kind == RedisErrorKind::permission) {
      stop_publishing(RedisFault::permission,
                      "redis.strict has to ask INFO memory: " + std::string{reply.text()});
    }
    return;
  }
  const std::string_view rest = text.substr(at + key.size());
  const std::string_view policy = rest.substr(0, rest.find('\r'));
  if (policy == "noeviction") return;
  const std::string what = "maxmemory-policy is " + std::string{policy} +
                           ": short of memory, Redis deletes streams whole, unread signals too; "
                           "set it to noeviction";
  if (options_.refuses_eviction)
    return stop_publishing(RedisFault::may_evict, what + ", or redis.strict to false");
  session_.notice(true, what);
}

// Only inside a transaction: outside of one the entries would be written.
void RedisSink::probe_streams() {
  for (std::size_t i = 0; i < output_stream_count; ++i) {
    command_.clear();
    append_command(command_, {"XADD", options_.names[i], "MAXLEN", "~",
                              std::to_string(options_.maxlen), "*", "data", ""});
    session_.send(tag_probe + step_first_stream + i, command_);
  }
  session_.send(tag_probe + step_discard, discard_command);
  session_.flush();
}

std::string RedisSink::probed(std::uint64_t step) const {
  if (step == step_empty_begin || step == step_begin) return "MULTI";
  if (step == step_empty_end) return "EXEC";
  return step == step_discard ? "DISCARD" : options_.names[step - step_first_stream];
}

void RedisSink::on_probe(std::uint64_t step, RedisReply reply) {
  if (state_ != State::probing) return;
  if (reply.is_error() && refusal_.empty()) {
    refusal_kind_ = session_.note_error(reply);
    refusal_ = probed(step) + ": " + std::string{reply.text()};
  }
  // Others follow, and their answers must not be taken for those to what is asked next.
  if (step != step_empty_end && step != step_begin && step != step_discard) return;
  if (!refusal_.empty()) return refuse(refusal_kind_, refusal_);
  if (step == step_empty_end) {
    session_.send(tag_probe + step_begin, multi_command);
    return session_.flush();
  }
  if (step == step_begin) return probe_streams();
  has_probed_ = true;
  if (!has_bases_ && restarts_.empty()) adopt_found();
  if (!has_bases_) take_up();
  settle();
}

void RedisSink::adopt_found() {
  for (std::size_t i = 0; i < output_stream_count; ++i)
    bases_[i] = in_redis_[i] = found_[i].last;
  has_bases_ = true;
}

// Publication goes on at the first entry that is not there.
void RedisSink::pass_over_what_is_there() noexcept {
  std::uint64_t next = queue_.acknowledged();
  while (next < queue_.group_end() &&
         queue_.at(next).id <= in_redis_[static_cast<std::size_t>(queue_.at(next).stream)]) {
    ++next;
  }
  queue_.acknowledge(next);
}

void RedisSink::stop_publishing(RedisFault fault, const std::string& why) {
  session_.raise(fault, why);
  close();
}

}  // namespace coreloop::io
