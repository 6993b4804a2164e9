// A place in the past that an engine can begin at again: what a sink must know to choose one and to
// go on from there.
#pragma once

#include <array>

#include "io/edge/entry_id.hpp"
#include "io/edge/sink.hpp"

namespace coreloop::io {

struct Restart {
  /// Last id made for each output stream up to here, or above which ours began.
  std::array<EntryId, output_stream_count> output_ids{};
  bool has_inputs = false;  ///< some follow, whose outputs will be made once more
};

}  // namespace coreloop::io
