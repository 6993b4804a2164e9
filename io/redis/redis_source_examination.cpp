// Whether an input stream is still the one that was read, and where it is to be read on.
#include <algorithm>

#include "io/redis/redis_source.hpp"

namespace coreloop::io {
namespace {

constexpr std::uint64_t tag_examination = 300;
// Answers about each stream: XINFO, the newest entry up to the cursor, the first above the
// boundary.
constexpr std::size_t answers_a_stream = 3;
// Enough that a few deleted ones among them change nothing.
constexpr const char* first_count = "8";

}  // namespace

bool RedisSource::lacks_entries(const Position& position, const StreamInfo& info) noexcept {
  return info.counts_entries && position.index_is_known && info.entries_added < position.index;
}

std::uint32_t RedisSource::content_checksum(RedisReply fields) noexcept {
  ContentChecksum checksum;
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2)
    checksum.add_field(fields[i].text(), fields[i + 1].text());
  return checksum.value();
}

void RedisSource::examine() {
  state_ = State::examining;
  wants_examination_ = false;
  facts_.assign(positions_.size(), {});
  answers_awaited_ = answers_a_stream * positions_.size();
  const auto ask = [this](std::uint64_t tag, std::initializer_list<std::string_view> words) {
    command_.clear();
    append_command(command_, words);
    session_.send(tag, command_);
  };
  for (std::size_t i = 0; i < positions_.size(); ++i) {
    const std::string& name = options_.streams[i].name;
    histories_[i].put_in_order();
    facts_[i].cursor = positions_[i].cursor;
    facts_[i].boundary = histories_[i].boundary();
    const std::uint64_t tag = tag_examination + answers_a_stream * i;
    ask(tag, {"XINFO", "STREAM", name});
    ask(tag + 1, {"XREVRANGE", name, facts_[i].cursor.text(), "-", "COUNT", "1"});
    ask(tag + 2, {"XRANGE", name, facts_[i].boundary.text(), "+", "COUNT", first_count});
  }
  session_.flush();
}

void RedisSource::on_examined(std::uint64_t tag, RedisReply reply) {
  const std::size_t stream = (tag - tag_examination) / answers_a_stream;
  const std::uint64_t what = (tag - tag_examination) % answers_a_stream;
  const std::string& name = options_.streams[stream].name;
  if (reply.is_error()) {
    // What cannot be looked at is taken as it was; a key that is gone holds nothing.
    if (classify_redis_error(reply.text()).kind == RedisErrorKind::no_such_key) {
      facts_[stream].key_is_gone = true;
    } else {
      const RedisErrorKind kind = session_.note_error(reply);
      const std::string why = name + " cannot be looked at: " + std::string{reply.text()};
      if (kind == RedisErrorKind::demoted || kind == RedisErrorKind::authentication)
        return session_.retry(why);
      session_.notice(true, why);
    }
  } else if (what == 0) {
    if (!read_stream_info(reply, facts_[stream].info))
      return session_.retry("XINFO STREAM makes no sense");
    facts_[stream].key_exists = true;
    facts_[stream].lacks_entries = lacks_entries(positions_[stream], facts_[stream].info);
    facts_[stream].was_confirmed = positions_[stream].is_confirmed;
  } else {
    note_held(stream, what == 1, reply);
  }
  if (--answers_awaited_ != 0) return;
  for (std::size_t i = 0; i < positions_.size(); ++i)
    act_on(i);
  if (session_.health().fault() != RedisFault::none) return;
  state_ = State::open;
  become_ready();
  go_on();
}

void RedisSource::note_held(std::size_t stream, bool is_newest, RedisReply entries) {
  InputFindings& facts = facts_[stream];
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const RedisReply entry = entries[i];
    EntryId id;
    if (entry.size() != 2 || !parse_entry_id(entry[0].text(), id))
      return session_.retry("XRANGE answers what is no stream entry");
    const bool is_known =
        histories_[stream].match(id, content_checksum(entry[1])) == InputHistory::Match::same;
    if (!is_newest)
      facts.boundary_is_held = facts.boundary_is_held || is_known;
    else if (id > facts.boundary)
      facts.newest = is_known ? HeldEntry::known : HeldEntry::unknown;
  }
}

void RedisSource::act_on(std::size_t stream) {
  const InputFindings& facts = facts_[stream];
  switch (judge_input(facts)) {
    case InputVerdict::go_on:
      if (facts.key_is_gone) return expect_anew(stream);
      if (!facts.key_exists) return;
      if (facts.lacks_entries) positions_[stream].index_is_known = false;
      positions_[stream].is_confirmed = true;
      return;
    case InputVerdict::read_end:
      return read_again(stream, facts.info.last_generated_id);
    case InputVerdict::read_known:
      return read_again(stream, facts.boundary);
    case InputVerdict::read_all:
      return read_again(stream, EntryId{});
    case InputVerdict::unclear:
      break;
  }
  switch (options_.on_rewind) {
    case OnRewind::skip:
      return read_again(stream, facts.info.last_generated_id);
    case OnRewind::take:
      return read_again(stream, EntryId{});
    case OnRewind::stop:
      break;
  }
  session_.raise(RedisFault::input_rewound,
                 options_.streams[stream].name + " ends with " +
                     facts.info.last_generated_id.text() + ", and " + facts.cursor.text() +
                     " was read: it went back, or was made again, and of what it holds up to " +
                     facts.boundary.text() +
                     " nobody can say whether it was read. input.on_rewind = \"skip\" goes on "
                     "behind it, \"take\" decides it");
}

void RedisSource::read_again(std::size_t stream, EntryId behind) {
  Position& position = positions_[stream];
  counters_[stream]->rewinds.add(1);
  session_.notice(true, options_.streams[stream].name + " ends with " +
                            facts_[stream].info.last_generated_id.text() + ", and " +
                            position.cursor.text() +
                            " was read: it went back, or was made again; reading it behind " +
                            behind.text() + ", without what was read before");
  position.cursor = behind;
  position.index_is_known = false;
  position.is_confirmed = true;
  position.known_until = histories_[stream].highest();
}

// There is no such key, or no longer: nothing that comes in its place has been read, but what is
// remembered (somebody may put the stream back).
void RedisSource::expect_anew(std::size_t stream) {
  Position& position = positions_[stream];
  InputHistory& history = histories_[stream];
  position.index = 0;
  position.index_is_known = position.is_confirmed = true;
  if (position.cursor == history.boundary()) return;
  counters_[stream]->rewinds.add(1);
  session_.notice(true, options_.streams[stream].name + " is gone, of which " +
                            position.cursor.text() +
                            " was read: what comes in its place is read from its beginning");
  history.put_in_order();
  position.cursor = history.boundary();
  position.known_until = history.highest();
}

}  // namespace coreloop::io
