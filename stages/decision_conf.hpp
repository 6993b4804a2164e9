// The decision keys: everything of the conf that decides outputs, as RISK, FILL and MARK are made
// with it. The conf reader fills it in and validates it once; it is the first record of the input
// log.
#pragma once

#include <cstdint>
#include <vector>

#include "stages/account_book.hpp"
#include "stages/fill_model.hpp"
#include "stages/market.hpp"
#include "stages/risk_limits.hpp"

namespace coreloop::stages {

struct DecisionConf {
  BookLimits book;
  std::uint32_t symbols_max = 4'096;      ///< conf: accounts.symbols_max
  std::uint32_t named_account_count = 0;  ///< account ids [0, n) stand in the conf
  RiskLimits risk;
  FillCosts fill;
  PriceWalk walk;                   ///< symbol_count 0 unless prices are simulated
  std::vector<Price> walk_prices;   ///< start prices of symbol ids [0, walk.symbol_count)
  std::vector<Quantity> lot_steps;  ///< by symbol id, for the first ids; the others have 1
};

}  // namespace coreloop::stages
