// What to do about one output stream after a (re)connect: a pure function of what is found there
// and what we know. Source: the design page, section 7, the table of the handshake.
#pragma once

#include <cstdint>

#include "io/edge/entry_id.hpp"

namespace coreloop::io {

/// Ids of one output stream. {0, 0} where there is nothing yet.
struct HandshakeFacts {
  bool key_exists = false;
  EntryId last_in_redis;      ///< L: last-generated-id
  bool last_is_ours = false;  ///< L stands in the outbox, or is the base we adopted
  EntryId acknowledged;       ///< A: the last one Redis has confirmed to us
  EntryId newest;             ///< C: the last one in the outbox
  EntryId oldest;             ///< O: the first one still in the outbox; {0, 0} if it is empty
};

enum class HandshakeVerdict : std::uint8_t {
  up_to_date,      ///< L = C: go on
  publish_rest,    ///< A <= L < C: publish (L, C]
  tail_lost,       ///< O <= L < A: Redis lost what it had confirmed; publish (L, C], count, alarm
  hole,            ///< L < O, or the key is gone: publish [O, C], count the hole, alarm
  foreign_writer,  ///< L > C, or L is none of ours: stop publishing
};

[[nodiscard]] constexpr HandshakeVerdict judge_handshake(const HandshakeFacts& facts) noexcept {
  using enum HandshakeVerdict;
  constexpr EntryId none{};
  if (!facts.key_exists) {
    // A key that never held anything of ours need not exist.
    if (facts.acknowledged == none) return facts.newest == none ? up_to_date : publish_rest;
    return hole;
  }
  if (facts.last_in_redis > facts.newest) return foreign_writer;
  if (facts.last_in_redis == facts.newest) return up_to_date;
  if (facts.oldest == none || facts.last_in_redis < facts.oldest) {
    // Everything up to L was confirmed and has left the outbox: nothing is missing between.
    if (facts.last_in_redis == facts.acknowledged) return publish_rest;
    return hole;
  }
  if (!facts.last_is_ours) return foreign_writer;
  return facts.last_in_redis < facts.acknowledged ? tail_lost : publish_rest;
}

}  // namespace coreloop::io
