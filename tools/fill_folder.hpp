// Folding fills into books with MARK's own code, outside an engine: what `replay books` prints.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "stages/account_book.hpp"
#include "stages/names.hpp"

namespace coreloop::tools {

/// A fill by names.
struct NamedFill {
  std::string account = "main";
  std::string symbol;
  stages::BookFill fill;  ///< ids are given here
};

class FillFolder {
 public:
  FillFolder();

  /// Books one fill; false if an amount would not fit 64 bits or a table is full.
  [[nodiscard]] bool add(const NamedFill& fill);

  /// Books as JSON: per account and symbol, unrealized where `marks` has the symbol.
  [[nodiscard]] std::string json(
      const std::map<std::string, stages::Price, std::less<>>& marks) const;

 private:
  struct PairTotals {
    stages::Int128 realized = 0;  ///< all cycles, before fees
    stages::Int128 fees = 0;
    std::uint64_t closed_cycles = 0;
    std::uint64_t fills = 0;
  };

  stages::Names names_;
  stages::AccountBook book_;
  std::map<std::pair<stages::AccountId, stages::SymbolId>, PairTotals> totals_;
};

}  // namespace coreloop::tools
