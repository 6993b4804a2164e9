// The walk itself: once through the fields in whatever order they stand, as any reader must who
// does not know the producer's.
#include "bench/bare_walk.hpp"

#include <array>
#include <utility>

#include <simdjson.h>

namespace coreloop::bench {

namespace ondemand = simdjson::ondemand;

static_assert(PaddedText::padding_bytes >= simdjson::SIMDJSON_PADDING);

// Several parsers, used in turn: where a parser's buffers happen to lie can cost a walk 20 %.
struct BareWalk::Simdjson {
  std::array<ondemand::parser, 8> parsers;
  std::size_t next = 0;

  ondemand::parser& next_parser() noexcept { return parsers[next++ % parsers.size()]; }
};

namespace {

// What a walk of `sample` answers, by its bytes alone.
std::uint64_t expected_sum(const SampleSignal& sample) {
  const std::string_view text = sample.text.view();
  const std::size_t begin = text.find("\"source\": \"") + 11;
  const std::size_t source_bytes = text.find('"', begin) - begin;
  const std::size_t action_bytes = sample.is_buy ? 3 : 4;
  constexpr std::size_t timestamp_bytes = 27;
  return sample_symbol.size() + action_bytes + timestamp_bytes + source_bytes +
         static_cast<std::uint64_t>(sample.confidence / 10'000) + 1;
}

// Adds what `field` says if it is one of the six; false if it says it wrongly.
bool visit(ondemand::field& field, std::uint64_t& sum) noexcept {
  const ondemand::raw_json_string key = field.key();
  if (key == "symbol" || key == "action" || key == "timestamp" || key == "source") {
    std::string_view words;
    if (field.value().get(words) != simdjson::SUCCESS) return false;
    sum += words.size();
  } else if (key == "confidence") {
    double confidence = 0;
    if (field.value().get(confidence) != simdjson::SUCCESS) return false;
    sum += static_cast<std::uint64_t>(confidence * 10'000 + 0.25);  // whole but for its last bit
  } else if (key == "meta_override") {
    bool is_override = true;
    if (field.value().get(is_override) != simdjson::SUCCESS) return false;
    sum += is_override ? 0 : 1;
  }
  return true;
}

}  // namespace

BareWalk::BareWalk() : simdjson_(std::make_unique<Simdjson>()) {
  for (const SampleSignal& sample : sample_signals()) {
    is_right_ = is_right_ && walk(sample.text) == expected_sum(sample);
    samples_sum_ += expected_sum(sample);
  }
}

BareWalk::~BareWalk() = default;

std::uint64_t BareWalk::walk(const PaddedText& text) noexcept {
  ondemand::document document;
  ondemand::object object;
  const std::string_view bytes = text.view();
  if (simdjson_->next_parser()
              .iterate(bytes.data(), bytes.size(), bytes.size() + PaddedText::padding_bytes)
              .get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return 0;
  }
  std::uint64_t sum = 0;
  for (auto member : object) {
    ondemand::field field;
    if (std::move(member).get(field) != simdjson::SUCCESS || !visit(field, sum)) return 0;
  }
  return sum;
}

struct LineWalk::Simdjson {
  ondemand::parser line;
  ondemand::parser data;

  // Members of `text`, at whose end there are readable bytes; anything but an object counts as one,
  // since a capture holds bad messages too.
  std::uint64_t walk_data(std::string_view text) noexcept {
    ondemand::document document;
    ondemand::object object;
    std::uint64_t sum = 1;
    if (data.iterate(text.data(), text.size(), text.size() + PaddedText::padding_bytes)
                .get(document) != simdjson::SUCCESS ||
        document.get_object().get(object) != simdjson::SUCCESS) {
      return sum;
    }
    for (auto member : object) {
      ondemand::field field;
      if (std::move(member).get(field) != simdjson::SUCCESS || !visit(field, sum)) return sum;
    }
    return sum;
  }
};

LineWalk::LineWalk() : simdjson_(std::make_unique<Simdjson>()) {}

LineWalk::~LineWalk() = default;

std::uint64_t LineWalk::walk(std::string_view line) noexcept {
  ondemand::document document;
  ondemand::object object;
  ondemand::object fields;
  std::string_view stream;
  std::string_view id;
  std::int64_t unix_ns = 0;
  if (simdjson_->line.iterate(line.data(), line.size(), line.size() + PaddedText::padding_bytes)
              .get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS ||
      object["stream"].get(stream) != simdjson::SUCCESS ||
      object["id"].get(id) != simdjson::SUCCESS || object["ns"].get(unix_ns) != simdjson::SUCCESS ||
      object["fields"].get_object().get(fields) != simdjson::SUCCESS) {
    return 0;
  }
  std::uint64_t sum = stream.size() + id.size() + (unix_ns != 0 ? 1 : 0);
  for (auto member : fields) {
    std::string_view value;
    // Bad messages of a capture have surrogates that simdjson refuses.
    if (std::move(member).value().get(value) == simdjson::SUCCESS)
      sum += simdjson_->walk_data(value);
  }
  return sum;
}

void BareWalk::walk_samples() noexcept {
  std::uint64_t sum = 0;
  for (const SampleSignal& sample : sample_signals())
    sum += walk(sample.text);
  is_right_ = is_right_ && sum == samples_sum_;
}

}  // namespace coreloop::bench
