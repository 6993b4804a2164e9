// JSON of Redis and of errors.
#include "io/http/live_json.hpp"

#include <array>

#include "io/http/json_writer.hpp"
#include "io/http/service_json.hpp"
#include "stages/statistics.hpp"

namespace coreloop::io {
namespace {

using CodeCounts = std::array<std::uint64_t, stages::dead_letter_code_count>;

void add_connection(JsonWriter& json, std::string_view key, const RedisEndFacts& end) {
  json.open_object(key)
      .add("state", end_state(end))
      .add("reconnects", end.reconnects)
      .add("connect_failures", end.connect_failures)
      .add("timeouts", end.timeouts)
      .add("protocol_errors", end.protocol_errors)
      .open_object("error_replies");
  for (const auto& [code, count] : end.errors) {
    if (count != 0) json.add(code, count);
  }
  json.close().close();
}

void add_codes(JsonWriter& json, std::string_view key, const CodeCounts& counts) {
  json.open_object(key);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != 0) json.add(stages::dead_letter_code_names[i], counts[i]);
  }
  json.close();
}

}  // namespace

std::string redis_json(const RedisFacts& redis) {
  JsonWriter json;
  json.open_object();
  add_connection(json, "reader", redis.reader);
  add_connection(json, "writer", redis.writer);
  json.open_array("inputs");
  for (const InputFacts& input : redis.inputs) {
    json.open_object()
        .add("stream", input.stream)
        .add("entries", input.entries)
        .add("lag", input.lag)
        .add("length", input.length)
        .add("trimmed", input.trimmed)
        .add("malformed", input.malformed)
        .close();
  }
  json.close().open_array("outputs");
  for (const auto& [stream, length] : redis.output_lengths)
    json.open_object().add("stream", stream).add("length", length).close();
  json.close()
      .add("published", redis.published)
      .add("transactions", redis.transactions)
      .add("outbox_pending", redis.pending)
      .add("aborted", redis.aborted)
      .add("duplicates_refused", redis.duplicates_refused)
      .add("tail_lost", redis.tail_lost)
      .add("hole", redis.hole)
      .close();
  return json.take();
}

std::string errors_json(const ToldErrors& told, const ViewCopies& views) {
  JsonWriter json;
  json.open_object().open_array("errors");
  for (const ErrorFacts& row : told.distinct) {
    json.open_object()
        .add("level", row.level)
        .add("component", row.component)
        .add("sample", row.sample)
        .add("count", row.count)
        .add_time("first", row.first_unix_ns)
        .add_time("last", row.last_unix_ns)
        .close();
  }
  json.close().add("others", told.others).open_object("dead_letters");
  const stages::Statistics none;
  const stages::Statistics& counted = views.outcomes != nullptr ? views.outcomes->statistics : none;
  add_codes(json, "signals", counted.signals_dead_by_code);
  add_codes(json, "ticks", counted.ticks_dead_by_code);
  json.close().close();
  return json.take();
}

}  // namespace coreloop::io
