// Confs: one that is accepted prints to a conf that is accepted, means the same and prints the
// same; one that is refused says where and why, in lines of text.
//
// An input is the file's text, then, each behind a NUL, what --set would be given.
#include <string>
#include <vector>

#include "engine/check.hpp"
#include "io/conf/engine_conf.hpp"
#include "tests/fuzz/input_bytes.hpp"

namespace coreloop::tests {
namespace {

using io::EngineConf;

bool is_same(const EngineConf& a, const EngineConf& b) {
  const auto streams = [](const EngineConf& conf) {
    std::vector<std::pair<std::string, io::StreamKind>> all;
    for (const io::InputStream& stream : conf.streams)
      all.emplace_back(stream.name, stream.kind);
    return all;
  };
  // A password is not printed, so the URL may differ.
  return a.price_source == b.price_source && a.prices == b.prices && a.lot_steps == b.lot_steps &&
         a.account_names == b.account_names && a.symbol_names == b.symbol_names &&
         a.source == b.source && streams(a) == streams(b) && a.start == b.start &&
         a.sink == b.sink && a.tape == b.tape && a.maxlen == b.maxlen &&
         a.output_names == b.output_names && a.numbers_before == b.numbers_before &&
         a.redis.password_file == b.redis.password_file &&
         a.redis.read_count == b.redis.read_count && a.journal.dir == b.journal.dir &&
         a.journal.segment_mb == b.journal.segment_mb && a.http_listen == b.http_listen &&
         a.threads.layout == b.threads.layout && a.threads.cores == b.threads.cores &&
         a.threads.pins_cores == b.threads.pins_cores && a.threads.wait == b.threads.wait &&
         a.threads.spin_us == b.threads.spin_us &&
         a.threads.ring_capacity == b.threads.ring_capacity &&
         a.timers.mark_ns == b.timers.mark_ns && a.timers.walk_ns == b.timers.walk_ns &&
         a.decision.walk_prices == b.decision.walk_prices &&
         a.decision.lot_steps == b.decision.lot_steps &&
         a.decision.fill.seed == b.decision.fill.seed &&
         a.decision.fill.slippage == b.decision.fill.slippage &&
         a.decision.risk.max_drawdown_pct == b.decision.risk.max_drawdown_pct &&
         a.decision.risk.sizing.payoff_ratio == b.decision.risk.sizing.payoff_ratio &&
         a.decision.book.initial_balance == b.decision.book.initial_balance;
}

void check_input(std::string_view input) {
  const std::vector<std::string_view> pieces = pieces_of(input, '\0');
  std::vector<io::ConfOverride> overrides;
  for (std::size_t i = 1; i < pieces.size(); ++i)
    overrides.push_back({std::string{pieces[i]}});
  EngineConf conf;
  const io::ConfProblems problems = io::read_conf("conf", pieces.front(), overrides, conf);
  for (const std::string& line : problems.lines)
    CHECK(!line.empty() && line.find(": ") != line.npos, "a problem has its place");
  if (problems.any()) return;
  const std::string printed = io::print_conf(conf, false);
  EngineConf again;
  CHECK(!io::read_conf("conf", printed, {}, again).any(), "what is printed is accepted");
  CHECK(is_same(conf, again), "and means the same");
  CHECK(io::print_conf(again, false) == printed, "and prints the same");
}

}  // namespace
}  // namespace coreloop::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  coreloop::tests::check_input(coreloop::tests::text_of(data, size));
  return 0;
}
