// A ring of samples, and its JSON.
#include "io/http/history.hpp"

#include <utility>

#include "io/http/json_writer.hpp"
#include "io/http/service_json.hpp"

namespace coreloop::io {
namespace {

std::uint64_t ms_of(std::int64_t unix_ns) {
  return static_cast<std::uint64_t>(unix_ns / stages::ns_per_ms);
}

}  // namespace

HistorySample sample_of(const ViewCopies& views, const RedisFacts& redis, std::int64_t unix_ns) {
  HistorySample sample;
  sample.unix_ns = unix_ns;
  sample.inputs = views.outcomes->sequence;
  sample.signals = signals_received(*views.outcomes);
  sample.executions = orders_filled(*views.outcomes);
  for (const InputFacts& input : redis.inputs)
    sample.lag += input.lag;
  sample.pending = redis.pending;
  sample.equities.reserve(views.risk->accounts.size());
  for (const RiskView::Account& account : views.risk->accounts)
    sample.equities.push_back(account.equity);
  return sample;
}

void History::record(HistorySample sample) {
  const std::lock_guard lock(mutex_);
  ring_[recorded_++ % samples_max] = std::move(sample);
}

std::vector<HistorySample> History::copy() const {
  const std::lock_guard lock(mutex_);
  std::vector<HistorySample> samples;
  const std::size_t first = recorded_ > samples_max ? recorded_ - samples_max : 0;
  samples.reserve(recorded_ - first);
  for (std::size_t i = first; i < recorded_; ++i)
    samples.push_back(ring_[i % samples_max]);
  return samples;
}

std::string history_json(const HistoryFacts& history, const ViewCopies& views,
                         std::optional<stages::AccountId> account) {
  JsonWriter json;
  json.open_object()
      .add("interval_ms", std::uint64_t{std::chrono::milliseconds{History::interval}.count()})
      .add("now_ms", ms_of(history.now_unix_ns))
      .open_array("samples");
  for (const HistorySample& sample : history.samples) {
    const bool has_row = account && *account < sample.equities.size();
    json.open_object()
        .add("time_ms", ms_of(sample.unix_ns))
        .add("inputs", sample.inputs)
        .add("signals", sample.signals)
        .add("executions", sample.executions)
        .add("lag", sample.lag)
        .add("outbox_pending", sample.pending)
        .add_amount("equity", has_row ? sample.equities[*account] : views.books->initial_balance)
        .close();
  }
  json.close().close();
  return json.take();
}

}  // namespace coreloop::io
