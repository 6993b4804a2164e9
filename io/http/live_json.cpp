// JSON of the engine as it runs.
#include "io/http/live_json.hpp"

#include <array>

#include "io/http/json_writer.hpp"
#include "stages/statistics.hpp"

namespace coreloop::io {
namespace {

using CodeCounts = std::array<std::uint64_t, stages::dead_letter_code_count>;

/// What a histogram holds, four buckets to each doubling, those that hold something: [upper end,
/// values].
void add_buckets(JsonWriter& json, const engine::HistogramCopy& histogram) {
  using Buckets = engine::HistogramBuckets;
  constexpr std::uint32_t step = Buckets::sub_buckets / 4;
  json.open_array("buckets");
  for (std::uint32_t begin = 0; begin < Buckets::count; begin += step) {
    std::uint64_t count = 0;
    for (std::uint32_t i = begin; i < begin + step; ++i)
      count += histogram.bucket_count(i);
    if (count != 0)
      json.open_array().add("", Buckets::high_of(begin + step - 1)).add("", count).close();
  }
  json.close();
}

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

std::string_view end_state(const RedisEndFacts& end) noexcept {
  return !end.is_open ? "not connected" : end.is_ready ? "ready" : "catching up";
}

bool is_ready(LifeState state, const RedisFacts& redis) noexcept {
  return state == LifeState::running && redis.reader.is_open && redis.reader.is_ready &&
         redis.writer.is_open && redis.writer.is_ready;
}

std::string ready_json(LifeState state, const RedisFacts& redis) {
  JsonWriter json;
  json.open_object()
      .add_flag("ready", is_ready(state, redis))
      .add("state", life_state_names[static_cast<std::size_t>(state)]);
  json.add("redis_reader", end_state(redis.reader))
      .add("redis_writer", end_state(redis.writer))
      .add("outbox_pending", redis.pending)
      .close();
  return json.take();
}

std::string latency_json(const TimingFacts& timing) {
  struct Percentile {
    std::string_view name;
    std::uint32_t per_100k;
  };
  constexpr std::array<Percentile, 5> percentiles{
      {{"p50", 50'000}, {"p90", 90'000}, {"p99", 99'000}, {"p99.9", 99'900}, {"p99.99", 99'990}}};
  JsonWriter json;
  json.open_object().open_object("latency_ns");
  const auto add = [&](std::string_view name, const engine::HistogramCopy& histogram) {
    json.open_object(name).add("count", histogram.count()).add("mean", histogram.mean_ns());
    for (const Percentile& percentile : percentiles)
      json.add(percentile.name, histogram.percentile_ns(percentile.per_100k));
    json.add("max", histogram.max_ns());
    add_buckets(json, histogram);
    json.close();
  };
  for (const LatencyFacts& row : timing.latencies)
    add(row.part.empty() ? row.stage : row.stage + ", " + row.part, row.histogram);
  add("execution", timing.execution_latency);
  json.close().open_object("threads");
  for (const ThreadFacts& thread : timing.threads) {
    json.open_object(thread.name);
    for (std::size_t i = 0; i < engine::regime_count; ++i)
      json.add(std::string{engine::regime_names[i]} + "_ns", thread.regime_ns[i]);
    json.add("cycle_ns_max", thread.cycle_ns_max).add("sleeps", thread.sleeps).close();
  }
  json.close().open_object("rings");
  for (const RingFacts& ring : timing.rings)
    json.open_object(ring.queue).add("depth", ring.depth).add("full", ring.full).close();
  json.close().close();
  return json.take();
}

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
        .add("rewinds", input.rewinds)
        .add("ids_reused", input.ids_reused)
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
