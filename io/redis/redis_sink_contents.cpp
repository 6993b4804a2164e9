// Before a journal is replayed, what its outputs left in the streams is read, so that the replay
// can be held to it: another build, another conf or somebody's hand would show.
#include "io/redis/redis_sink.hpp"

namespace coreloop::io {
namespace {

constexpr std::string_view page_entries = "1000";

}  // namespace

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

void RedisSink::check_content(std::size_t stream, const OutputEntry& entry) {
  FieldsChecksum checksum;
  for (const OutputField& field : entry.fields) {
    checksum.add(field.name);
    checksum.add(field.value);
  }
  const EntryId id{entry.id_ms, entry.id_number};
  if (!contents_.differs(stream, id, checksum.value())) return;
  stop_publishing(RedisFault::other_content,
                  options_.names[stream] + " " + id.text() +
                      " holds something else than the journal leads to (input " +
                      std::to_string(entry.sequence) +
                      "): another build decided it, or somebody changed one of them");
}

}  // namespace coreloop::io
