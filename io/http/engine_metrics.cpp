// coreloop_ and process_: how the engine itself runs.
#include <string>

#include "io/http/metrics.hpp"

namespace coreloop::io {
namespace {

void write_timing(const TimingFacts& timing, MetricsText& text) {
  text.histogram("coreloop_stage_latency_seconds",
                 "How long inputs waited before a stage, and how long it worked on them.");
  for (const LatencyFacts& row : timing.latencies) {
    if (!row.part.empty()) text.latency({{"stage", row.stage}, {"part", row.part}}, row.histogram);
  }
  text.histogram("coreloop_end_to_end_latency_seconds",
                 "From taking an input to the encoding of its outputs.");
  for (const LatencyFacts& row : timing.latencies) {
    if (row.part.empty()) text.latency({}, row.histogram);
  }
  text.gauge("coreloop_ring_depth", "Inputs in the ring between two threads.");
  for (const RingFacts& ring : timing.rings)
    text.sample({{"queue", ring.queue}}, ring.depth);
  text.counter("coreloop_ring_full_total", "Times a thread found the ring behind it full.");
  for (const RingFacts& ring : timing.rings)
    text.sample({{"queue", ring.queue}}, ring.full);
  text.counter("coreloop_thread_seconds_total", "Where each thread's time went.");
  for (const ThreadFacts& thread : timing.threads) {
    for (std::size_t i = 0; i < engine::regime_count; ++i) {
      text.seconds({{"thread", thread.name}, {"regime", engine::regime_names[i]}},
                   static_cast<stages::Int128>(thread.regime_ns[i]));
    }
  }
  text.gauge("coreloop_thread_cycle_max_seconds", "Longest single turn of each thread's loop.");
  for (const ThreadFacts& thread : timing.threads)
    text.seconds({{"thread", thread.name}}, static_cast<stages::Int128>(thread.cycle_ns_max));
  text.counter("coreloop_thread_sleeps_total", "Times each thread went to sleep.");
  for (const ThreadFacts& thread : timing.threads)
    text.sample({{"thread", thread.name}}, thread.sleeps);
  text.counter("coreloop_views_filled_total", "Copies of state that stages made for readers.")
      .sample({}, timing.views_filled);
  text.counter("coreloop_views_late_total",
               "Times a reader was given an older copy; a stage never waits for one.")
      .sample({}, timing.views_late);
}

void write_outcomes(const OutcomesView& outcomes, MetricsText& text) {
  const stages::Statistics& s = outcomes.statistics;
  text.counter("coreloop_inputs_total", "Inputs that have passed every stage, by kind.")
      .sample({{"kind", "signal"}}, s.signals)
      .sample({{"kind", "tick"}}, s.ticks)
      .sample({{"kind", "timer"}}, s.timers)
      .sample({{"kind", "command"}}, s.commands);
  text.gauge("coreloop_sequence", "Sequence of the last input that has passed every stage.")
      .sample({}, outcomes.sequence);
  text.counter("coreloop_rejections_total", "Signals rejected, by reason; held ones too.");
  for (std::size_t i = 1; i < stages::reason_count; ++i) {
    const auto reason = static_cast<stages::Reason>(i);
    text.sample({{"reason", name_of(reason)}},
                reason == stages::Reason::hold_signal ? s.held : s.rejected_by_reason[i]);
  }
  text.counter("coreloop_dead_letters_total", "Entries that could not be read, by code.");
  for (std::size_t i = 0; i < stages::dead_letter_code_count; ++i) {
    const std::string_view code = stages::dead_letter_code_names[i];
    text.sample({{"kind", "signal"}, {"reason", code}}, s.signals_dead_by_code[i]);
    text.sample({{"kind", "tick"}, {"reason", code}}, s.ticks_dead_by_code[i]);
  }
}

// Both ends' value of one counter.
void write_ends(const RedisFacts& redis, std::string_view name, std::string_view help,
                std::uint64_t RedisEndFacts::*member, MetricsText& text) {
  text.counter(name, help)
      .sample({{"connection", "reader"}}, redis.reader.*member)
      .sample({{"connection", "writer"}}, redis.writer.*member);
}

void write_inputs(const RedisFacts& redis, std::string_view name, std::string_view help,
                  std::uint64_t InputFacts::*member, bool is_counter, MetricsText& text) {
  if (is_counter)
    text.counter(name, help);
  else
    text.gauge(name, help);
  for (const InputFacts& input : redis.inputs)
    text.sample({{"stream", input.stream}}, input.*member);
}

}  // namespace

void write_engine_metrics(LifeState state, const ViewCopies& views, const TimingFacts& timing,
                          const BuildFacts& build, MetricsText& text) {
  text.gauge("coreloop_build_info", "What this build is.")
      .sample(
          {{"version", build.version}, {"revision", build.revision}, {"compiler", build.compiler}},
          1);
  text.gauge("coreloop_state", "1 at the state the engine is in.");
  for (std::size_t i = 0; i < life_state_names.size(); ++i)
    text.sample({{"state", life_state_names[i]}}, static_cast<std::size_t>(state) == i ? 1U : 0U);
  text.gauge("coreloop_halted", "1 while entries are halted.")
      .sample({}, views.risk != nullptr && views.risk->is_halted ? 1U : 0U);
  const OutcomesView no_outcomes;
  write_outcomes(views.outcomes != nullptr ? *views.outcomes : no_outcomes, text);
  write_timing(timing, text);
}

void write_redis_metrics(const RedisFacts& redis, MetricsText& text) {
  text.gauge("coreloop_redis_connected", "1 while a connection is open and past its checks.")
      .sample({{"connection", "reader"}}, redis.reader.is_open ? 1U : 0U)
      .sample({{"connection", "writer"}}, redis.writer.is_open ? 1U : 0U);
  write_ends(redis, "coreloop_redis_reconnects_total", "Connections made again.",
             &RedisEndFacts::reconnects, text);
  write_ends(redis, "coreloop_redis_connect_failures_total", "Attempts to connect that failed.",
             &RedisEndFacts::connect_failures, text);
  write_ends(redis, "coreloop_redis_timeouts_total", "Connections given up for want of an answer.",
             &RedisEndFacts::timeouts, text);
  write_ends(redis, "coreloop_redis_protocol_errors_total", "Answers that made no sense.",
             &RedisEndFacts::protocol_errors, text);
  text.counter("coreloop_redis_errors_total", "Error replies of Redis, by their first word.");
  for (const auto& [code, count] : redis.reader.errors)
    text.sample({{"connection", "reader"}, {"code", code}}, count);
  for (const auto& [code, count] : redis.writer.errors)
    text.sample({{"connection", "writer"}, {"code", code}}, count);
  write_inputs(redis, "coreloop_input_entries_total", "Entries read.", &InputFacts::entries, true,
               text);
  write_inputs(redis, "coreloop_input_trimmed_total", "Entries gone before we read them.",
               &InputFacts::trimmed, true, text);
  write_inputs(redis, "coreloop_input_malformed_total", "Entries of no known form.",
               &InputFacts::malformed, true, text);
  write_inputs(redis, "coreloop_input_rewinds_total",
               "Times a stream went back and was read again.", &InputFacts::rewinds, true, text);
  write_inputs(redis, "coreloop_input_ids_reused_total",
               "Entries with the id of another one that was read before.", &InputFacts::ids_reused,
               true, text);
  write_inputs(redis, "coreloop_input_lag", "Entries behind the stream's end, a second ago.",
               &InputFacts::lag, false, text);
  text.counter("coreloop_published_total", "Output entries confirmed by Redis.")
      .sample({}, redis.published);
  text.counter("coreloop_transactions_total", "Transactions confirmed by Redis.")
      .sample({}, redis.transactions);
  text.gauge("coreloop_outbox_pending", "Output entries that Redis has not confirmed yet.")
      .sample({}, redis.pending);
  text.counter("coreloop_duplicates_refused_total", "Output entries Redis had already.")
      .sample({}, redis.duplicates_refused);
  text.counter("coreloop_tail_lost_total", "Confirmed entries Redis lost and got again.")
      .sample({}, redis.tail_lost);
  text.counter("coreloop_hole_total", "Confirmed entries Redis lost that we have no more.")
      .sample({}, redis.hole);
}

void write_journal_metrics(const JournalFacts& journal, MetricsText& text) {
  text.gauge("coreloop_journal_enabled", "1 where inputs are recorded before they are decided.")
      .sample({}, journal.is_on ? 1U : 0U);
  text.gauge("coreloop_journal_segment", "Number of the segment that is written.")
      .sample({}, journal.segment);
  text.gauge("coreloop_journal_full",
             "1 while the next segment cannot be made: reading stops when the present one is full.")
      .sample({}, journal.waits_for_room ? 1U : 0U);
  text.gauge("coreloop_journal_snapshot_sequence",
             "Sequence of the input behind which the newest snapshot stands.")
      .sample({}, journal.snapshot_sequence);
  text.gauge("coreloop_journal_snapshot_failing", "1 after a snapshot could not be written.")
      .sample({}, journal.snapshot_fails ? 1U : 0U);
  text.counter("coreloop_journal_segments_removed_total",
               "Segments removed because snapshots have replaced them.")
      .sample({}, journal.removed_segments);
}

void write_process_metrics(const ProcessFacts& process, std::int64_t start_unix_ns,
                           MetricsText& text) {
  text.counter("process_cpu_seconds_total", "CPU time used, user and system.")
      .seconds({}, process.cpu_ns);
  text.gauge("process_open_fds", "Open file descriptors.").sample({}, process.open_fds);
  text.gauge("process_max_fds", "Most file descriptors.").sample({}, process.max_fds);
  text.gauge("process_virtual_memory_bytes", "Virtual memory.")
      .sample({}, process.virtual_memory_bytes);
  text.gauge("process_virtual_memory_max_bytes", "Most virtual memory.")
      .sample({}, process.virtual_memory_max_bytes);
  text.gauge("process_resident_memory_bytes", "Resident memory.")
      .sample({}, process.resident_memory_bytes);
  text.gauge("process_start_time_seconds", "When the process began, since the Unix epoch.")
      .seconds({}, start_unix_ns);
  text.gauge("process_threads", "Threads.").sample({}, process.threads);
}

}  // namespace coreloop::io
