// Fills into books, books into JSON.
#include "tools/fill_folder.hpp"

#include "tools/json_builder.hpp"

namespace coreloop::tools {
namespace {

constexpr std::uint32_t names_max = 65'536;
constexpr std::uint32_t pairs_max = 262'144;

std::string_view side_text(const stages::Position& position) {
  if (!position.is_open()) return "FLAT";
  return position.quantity > 0 ? "LONG" : "SHORT";
}

}  // namespace

FillFolder::FillFolder()
    : names_(names_max, names_max),
      book_({.accounts_max = names_max, .positions_max = pairs_max}) {}

bool FillFolder::add(const NamedFill& named) {
  stages::BookFill fill = named.fill;
  fill.account = names_.accounts.find_or_add(named.account);
  fill.symbol = names_.symbols.find_or_add(named.symbol);
  if (fill.account == stages::no_id || fill.symbol == stages::no_id || !book_.would_fit(fill))
    return false;
  const stages::BookChange change = book_.apply(fill);
  PairTotals& totals = totals_[{fill.account, fill.symbol}];
  totals.realized += change.position.realized;
  totals.fees += fill.fee;
  totals.closed_cycles += change.position.ended_cycle ? 1 : 0;
  ++totals.fills;
  return true;
}

std::string FillFolder::json(const std::map<std::string, stages::Price, std::less<>>& marks) const {
  JsonBuilder json;
  json.open();
  for (stages::AccountId account = 0; account < names_.accounts.size(); ++account) {
    json.open(names_.accounts.name(account));
    for (auto it = totals_.lower_bound({account, 0});
         it != totals_.end() && it->first.first == account; ++it) {
      const auto& [pair, totals] = *it;
      const std::string_view symbol = names_.symbols.name(pair.second);
      json.open(symbol);
      const std::uint32_t index = book_.find(account, pair.second);
      const stages::Position position =
          index == stages::no_id ? stages::Position{} : book_.position(index);
      json.add("side", side_text(position)).add_amount("qty", position.size());
      json.add_amount("average_entry", position.is_open() ? position.average_entry() : 0);
      json.add_amount("realized_cycle", position.realized_in_cycle)
          .add_amount("realized_total", totals.realized);
      json.add_amount("fees", totals.fees);
      const auto mark = marks.find(symbol);
      if (mark != marks.end()) {
        json.add_amount("mark", mark->second)
            .add_amount("unrealized", position.unrealized_at(mark->second));
      }
      json.add("closed_cycles", totals.closed_cycles).add("fills", totals.fills).close();
    }
    json.close();
  }
  return json.close().text();
}

}  // namespace coreloop::tools
