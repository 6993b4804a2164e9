// A journal taken up: where its replay begins, what its outputs left in the streams, and whether it
// leads there again: another build, another conf, somebody's hand or a lost end would show.
#include <algorithm>
#include <optional>

#include "io/redis/redis_sink.hpp"

namespace coreloop::io {
namespace {

constexpr std::string_view page_entries = "1000";

}  // namespace

void RedisSink::take_up() {
  const auto has_outputs_of = [this](const Restart& restart) {
    for (std::size_t i = 0; i < output_stream_count; ++i) {
      if (found_[i].last < restart.output_ids[i]) return false;
    }
    return true;
  };
  while (restart_ + 1 < restarts_.size() && !has_outputs_of(restarts_[restart_]))
    ++restart_;
  if (restart_ != 0)
    session_.notice(true, "Redis has lost its end; beginning further back, to publish it again");
  bases_ = restarts_[restart_].output_ids;
  is_recovering_ = restarts_[restart_].has_inputs;
  is_recovered_.store(!is_recovering_, std::memory_order_release);
  has_bases_ = true;
  if (!is_recovering_) {
    in_redis_ = bases_;
    return;
  }
  for (std::size_t i = 0; i < output_stream_count; ++i) {
    if (found_[i].last >= bases_[i]) continue;
    const std::uint64_t lost = bases_[i].counter - found_[i].last.counter;
    counters_.hole.add(lost);
    session_.notice(true, options_.names[i] + ": ends before all that is held for it; " +
                              std::to_string(lost) + " entries up to " + bases_[i].text() +
                              " cannot be restored");
  }
}

void RedisSink::read_contents() {
  state_ = State::reading;
  contents_.clear();
  contents_stream_ = 0;
  read_page(bases_[0]);
}

// Of the stream at hand what stands behind `last`; or of the next one, or it is done.
void RedisSink::read_page(EntryId last) {
  while (contents_stream_ < output_stream_count && found_[contents_stream_].last <= last) {
    if (++contents_stream_ < output_stream_count) last = bases_[contents_stream_];
  }
  if (contents_stream_ == output_stream_count) {
    has_contents_ = true;
    return settle();
  }
  const EntryId first{last.ms, last.counter + 1};
  command_.clear();
  append_command(command_, {"XRANGE", options_.names[contents_stream_], first.text(), "+", "COUNT",
                            page_entries});
  session_.send(tag_contents, command_);
  session_.flush();
}

void RedisSink::on_contents(RedisReply reply) {
  if (state_ != State::reading) return;
  if (reply.is_error()) {
    const RedisErrorKind kind = session_.note_error(reply);
    const std::string why = options_.names[contents_stream_] + ": " + std::string{reply.text()};
    if (kind != RedisErrorKind::permission) return refuse(kind, why);
    session_.notice(true, why + "; what was published is compared by its ids alone");
    has_contents_ = true;
    return settle();
  }
  EntryId last = bases_[contents_stream_];
  for (std::size_t i = 0; i < reply.size(); ++i) {
    const RedisReply entry = reply[i];
    EntryId id;
    if (entry.size() != 2 || !parse_entry_id(entry[0].text(), id) || id <= last)
      return session_.retry("XRANGE makes no sense");
    FieldsChecksum checksum;
    for (std::size_t word = 0; word < entry[1].size(); ++word)
      checksum.add(entry[1][word].text());
    contents_.note(contents_stream_, id, checksum.value());
    last = id;
  }
  read_page(reply.size() == 0 ? found_[contents_stream_].last : last);
}

// What is older than all that Redis still has can neither be compared nor be wanted back.
bool RedisSink::passes_over(OutputStream stream, EntryId id) noexcept {
  const auto i = static_cast<std::size_t>(stream);
  if (!is_recovering_ || id > in_redis_[i] || id >= contents_.oldest(i)) return false;
  return checks_[i].on_made(id) == RecoveryCheck::Step::there;
}

void RedisSink::check_recovered(std::size_t stream, const OutputEntry& entry) noexcept {
  switch (checks_[stream].on_made({entry.id_ms, entry.id_number})) {
    case RecoveryCheck::Step::there:
      return check_content(stream, entry);
    case RecoveryCheck::Step::new_one:
      return;
    case RecoveryCheck::Step::stranger:
      return meet_stranger(stream);
  }
}

void RedisSink::check_content(std::size_t stream, const OutputEntry& entry) {
  const EntryId id{entry.id_ms, entry.id_number};
  const std::optional<std::uint32_t> published = contents_.checksum_of(stream, id);
  if (!published) return;  // most are older than what Redis still has
  FieldsChecksum checksum;
  for (const OutputField& field : entry.fields) {
    checksum.add(field.name);
    checksum.add(field.value);
  }
  if (checksum.value() == *published) return;
  stop_publishing(RedisFault::other_content,
                  options_.names[stream] + " " + id.text() +
                      " holds something else than the journal leads to (input " +
                      std::to_string(entry.sequence) +
                      "): another build decided it, or somebody changed one of them");
}

void RedisSink::meet_stranger(std::size_t stream) {
  stop_publishing(RedisFault::foreign_writer,
                  options_.names[stream] + " ends with " + checks_[stream].found().text() +
                      ", which the journal does not lead to: somebody else writes to it");
}

void RedisSink::meet_own_future(std::size_t stream, EntryId found, EntryId last) {
  stop_publishing(RedisFault::journal_behind,
                  options_.names[stream] + " ends with " + found.text() + ", the journal with " +
                      last.text() + ": the journal has lost its end, or is an older copy");
}

void RedisSink::adopt(OutputStream stream, EntryId id) noexcept {
  const auto i = static_cast<std::size_t>(stream);
  const std::string& name = options_.names[i];
  const EntryId made = checks_[i].last_made(bases_[i]);
  adopted_[i] = {made, id};
  if (is_recovering_) {
    const std::uint64_t lost = checks_[i].on_adopted(bases_[i], id);
    if (lost == 0) return;
    counters_.hole.add(lost);
    return session_.notice(true, name + ": ends before " + id.text() + ", which was taken over; " +
                                     std::to_string(lost) + " entries cannot be restored");
  }
  session_.notice(true, name + ": " + std::to_string(id.counter - made.counter) +
                            " entries, behind " + made.text() + " up to " + id.text() +
                            ", are of inputs that the journal has lost; they stay, ours go on "
                            "above them, and those inputs are read and published once more");
}

void RedisSink::end_of_recovery() noexcept {
  is_recovering_ = false;
  contents_.clear();
  for (std::size_t i = 0; i < output_stream_count; ++i) {
    switch (checks_[i].end(bases_[i])) {
      case RecoveryCheck::End::met:
        break;
      case RecoveryCheck::End::stranger:
        return meet_stranger(i);
      case RecoveryCheck::End::behind:
        if (options_.accepts_lost_tail) break;
        return meet_own_future(i, checks_[i].found(), checks_[i].made());
    }
  }
  is_recovered_.store(true, std::memory_order_release);
  if (options_.on_recovered) options_.on_recovered();
}

std::array<EntryId, output_stream_count> RedisSink::found() const noexcept {
  std::array<EntryId, output_stream_count> last;
  std::transform(found_.begin(), found_.end(), last.begin(),
                 [](const Found& found) { return found.last; });
  return last;
}

}  // namespace coreloop::io
