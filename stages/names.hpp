// The two name tables of an engine. INGRESS adds, EGRESS and readers look names up.
#pragma once

#include <cstdint>

#include "stages/name_table.hpp"

namespace coreloop::stages {

struct Names {
  /// Allocates; call before the threads start.
  Names(std::uint32_t symbols_max, std::uint32_t accounts_max)
      : symbols(symbols_max), accounts(accounts_max) {}

  /// As stages/saved_state.hpp says.
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    symbols.visit_state(visitor);
    accounts.visit_state(visitor);
  }

  NameTable symbols;
  NameTable accounts;
};

}  // namespace coreloop::stages
