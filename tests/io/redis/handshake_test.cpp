// Every row of the handshake table, and the edges between rows.
#include "io/redis/handshake.hpp"

#include <gtest/gtest.h>

namespace coreloop::io {
namespace {

constexpr EntryId none{};

EntryId n(std::uint64_t number) {
  return {1'000 + number, number};
}

struct Row {
  const char* what;
  HandshakeFacts facts;
  HandshakeVerdict verdict;
};

// L, A, C, O as in the design page.
TEST(HandshakeTest, JudgesEveryRowOfTheTable) {
  using enum HandshakeVerdict;
  const Row rows[] = {
      {"nothing was ever published, no key", {false, none, false, none, none, none}, up_to_date},
      {"first outputs wait, no key yet", {false, none, false, none, n(3), n(1)}, publish_rest},
      {"L = C", {true, n(9), true, n(9), n(9), n(4)}, up_to_date},
      {"L = C although the last reply was lost", {true, n(9), true, n(6), n(9), n(4)}, up_to_date},
      {"A = L < C", {true, n(6), true, n(6), n(9), n(4)}, publish_rest},
      {"A < L < C, ours", {true, n(7), true, n(6), n(9), n(4)}, publish_rest},
      {"A < L < C, not ours", {true, {1'007, 3}, false, n(6), n(9), n(4)}, foreign_writer},
      {"O <= L < A", {true, n(5), true, n(6), n(9), n(4)}, tail_lost},
      {"O = L < A", {true, n(4), true, n(6), n(9), n(4)}, tail_lost},
      {"O <= L < A, not ours", {true, {1'005, 77}, false, n(6), n(9), n(4)}, foreign_writer},
      {"L < O", {true, n(2), false, n(6), n(9), n(4)}, hole},
      {"the key is gone", {false, none, false, n(6), n(9), n(4)}, hole},
      {"the key is gone, all of it in the outbox", {false, none, false, n(6), n(9), n(1)}, hole},
      {"L > C", {true, n(10), false, n(6), n(9), n(4)}, foreign_writer},
      {"L > C, the outbox empty", {true, n(10), false, n(6), n(6), none}, foreign_writer},
      {"adopted, nothing of ours yet", {true, n(6), true, n(6), n(6), none}, up_to_date},
      {"adopted, first outputs wait", {true, n(6), true, n(6), n(9), n(7)}, publish_rest},
      {"confirmed ones have left the outbox", {true, n(3), true, n(3), n(9), n(4)}, publish_rest},
      {"an empty stream that exists", {true, none, true, none, n(3), n(1)}, publish_rest},
      {"lost everything and the outbox is empty", {true, n(2), false, n(6), n(6), none}, hole},
  };
  for (const Row& row : rows)
    EXPECT_EQ(judge_handshake(row.facts), row.verdict) << row.what;
}

}  // namespace
}  // namespace coreloop::io
