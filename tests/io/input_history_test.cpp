// What an InputHistory knows, and from where on.
#include "io/edge/input_history.hpp"

#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace coreloop::io {
namespace {

using Match = InputHistory::Match;

TEST(InputHistoryTest, AnEntryIsItsIdAndItsContent) {
  InputHistory history({5, 0});
  history.add({6, 0}, 60);
  history.add({7, 0}, 70);
  history.put_in_order();
  EXPECT_EQ(history.match({6, 0}, 60), Match::same);
  EXPECT_EQ(history.match({6, 0}, 61), Match::other);
  EXPECT_EQ(history.match({6, 1}, 60), Match::none);
  EXPECT_EQ(history.highest(), (EntryId{7, 0}));
  EXPECT_EQ(history.boundary(), (EntryId{5, 0}));
}

TEST(InputHistoryTest, AnIdThatWasUsedTwiceHasTwoContents) {
  InputHistory history;
  history.add({6, 0}, 60);
  history.add({6, 0}, 61);
  history.put_in_order();
  EXPECT_EQ(history.match({6, 0}, 60), Match::same);
  EXPECT_EQ(history.match({6, 0}, 61), Match::same);
  EXPECT_EQ(history.match({6, 0}, 62), Match::other);
}

TEST(InputHistoryTest, AContentThatIsNotKnownAnyMoreIsEvery) {
  InputHistory history;
  history.add({6, 0}, ContentChecksum::any);
  history.put_in_order();
  EXPECT_EQ(history.match({6, 0}, 77), Match::same);
}

TEST(InputHistoryTest, TheBoundaryFollowsWhatIsForgotten) {
  InputHistory history({1, 0}, 3);
  for (std::uint64_t ms = 2; ms <= 4; ++ms)
    history.add({ms, 0}, 9);
  EXPECT_EQ(history.boundary(), (EntryId{1, 0}));
  history.add({5, 0}, 9);
  history.add({2, 5}, 9);  // the stream went back
  EXPECT_EQ(history.boundary(), (EntryId{3, 0}));
  history.put_in_order();
  EXPECT_EQ(history.match({3, 0}, 9), Match::none);
  EXPECT_EQ(history.match({4, 0}, 9), Match::same);
  EXPECT_EQ(history.match({2, 5}, 9), Match::same);
  EXPECT_EQ(history.highest(), (EntryId{5, 0}));
}

TEST(ContentChecksumTest, IsOfWhatTheJournalKeepsOfALongEntry) {
  using Fields = std::vector<std::pair<std::string_view, std::string_view>>;
  const auto of = [](const Fields& fields) {
    ContentChecksum checksum;
    for (const auto& [name, value] : fields)
      checksum.add_field(name, value);
    return checksum.value();
  };
  EXPECT_EQ(of({{"data", "{}"}}), of({{"data", "{}"}}));
  EXPECT_NE(of({{"data", "{}"}}), of({{"data", "{ }"}}));
  EXPECT_EQ(of({{"other", "x"}, {"data", "{}"}}), of({{"data", "{}"}}));
  EXPECT_NE(of({{"data", "a"}, {"data", "b"}}), of({{"data", "a"}}));
  EXPECT_EQ(of({{"data", "a"}, {"data", "b"}, {"data", "c"}}), of({{"data", "a"}, {"data", ""}}));
  EXPECT_NE(of({}), of({{"data", ""}}));
  EXPECT_NE(of({}), ContentChecksum::any);
}

}  // namespace
}  // namespace coreloop::io
