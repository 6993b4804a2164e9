// Where an input stream is to be read on after a (re)connect, or once it looks as if it were not
// the stream that was read: a pure function of what it holds and what we remember. Source: the
// design page, section 7, "Inputs resume at the journaled id".
//
//   what was read:     … forgotten … | boundary |  remembered by id and content  | cursor |
//
// What the stream holds above the boundary and is not remembered is new, whatever its id. What it
// holds below is old, if the stream is still the one that was read; that cannot always be told.
#pragma once

#include <cstdint>

#include "io/edge/entry_id.hpp"
#include "io/redis/stream_info.hpp"

namespace coreloop::io {

enum class HeldEntry : std::uint8_t { none, known, unknown };

struct InputFindings {
  bool key_exists = false;  ///< and could be looked at
  bool key_is_gone = false;
  StreamInfo info;
  EntryId cursor;              ///< last id read
  EntryId boundary;            ///< everything read above it is remembered
  bool lacks_entries = false;  ///< fewer were ever added than by the time of the cursor
  bool was_confirmed = false;  ///< on this connection it did not: it has been made again since
  HeldEntry newest = HeldEntry::none;  ///< the last one it holds above the boundary, to the cursor
  bool boundary_is_held = false;       ///< of the first ones above the boundary, some are known
};

enum class InputVerdict : std::uint8_t {
  go_on,       ///< behind the cursor
  read_end,    ///< behind its last id: all it holds was read, but its ids went back
  read_known,  ///< behind the boundary, without what is remembered
  read_all,    ///< from its beginning, without what is remembered
  unclear,  ///< it holds entries below the boundary of which nobody can say whether they were read
};

[[nodiscard]] constexpr InputVerdict judge_input(const InputFindings& facts) noexcept {
  using enum InputVerdict;
  // What will come into a key that is gone is all new.
  if (!facts.key_exists) return go_on;
  const bool went_back = facts.info.last_generated_id < facts.cursor;
  if (!went_back && !facts.lacks_entries && facts.newest != HeldEntry::unknown) return go_on;
  if (facts.info.length == 0) return went_back ? read_end : go_on;
  const bool is_remade = facts.lacks_entries && facts.was_confirmed;
  if (is_remade || facts.info.first_id > facts.boundary) return read_all;
  // An older copy, with what was added to it since; or made again while nobody looked.
  if (facts.newest == HeldEntry::known) return went_back ? read_end : go_on;
  return facts.boundary_is_held ? read_known : unclear;
}

}  // namespace coreloop::io
