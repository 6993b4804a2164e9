// What stands in the streams, as a replay is held to it.
#include "io/redis/published_contents.hpp"

#include <gtest/gtest.h>

namespace coreloop::io {
namespace {

std::uint32_t checksum_of(std::initializer_list<std::string_view> words) {
  FieldsChecksum checksum;
  for (const std::string_view word : words)
    checksum.add(word);
  return checksum.value();
}

TEST(FieldsChecksumTest, TellsListsThatReadTheSame) {
  EXPECT_EQ(checksum_of({"data", "x"}), checksum_of({"data", "x"}));
  EXPECT_NE(checksum_of({"data", "x"}), checksum_of({"datax", ""}));
  EXPECT_NE(checksum_of({"data", "x"}), checksum_of({"data", "x", ""}));
  EXPECT_NE(checksum_of({"data", "x"}), checksum_of({"x", "data"}));
}

TEST(PublishedContentsTest, TellsWhatItKnows) {
  PublishedContents contents;
  contents.note(0, {10, 1}, 111);
  contents.note(0, {10, 3}, 333);
  contents.note(4, {10, 2}, 222);
  EXPECT_EQ(contents.size(), 3U);
  EXPECT_EQ(contents.oldest(0), (EntryId{10, 1}));
  EXPECT_EQ(contents.oldest(1), EntryId{}) << "none";
  EXPECT_EQ(contents.checksum_of(0, {10, 1}), 111U);
  EXPECT_EQ(contents.checksum_of(0, {10, 2}), std::nullopt) << "not known";
  EXPECT_EQ(contents.checksum_of(0, {10, 3}), 333U);
  EXPECT_EQ(contents.checksum_of(0, {10, 4}), std::nullopt) << "not there yet";
  EXPECT_EQ(contents.checksum_of(4, {10, 2}), 222U) << "each stream by itself";
  EXPECT_EQ(contents.checksum_of(4, {11, 2}), std::nullopt) << "another id";
  contents.clear();
  EXPECT_EQ(contents.size(), 0U);
  EXPECT_EQ(contents.checksum_of(0, {10, 3}), std::nullopt);
}

TEST(PublishedContentsTest, ForgetsTheOldestOfTooMany) {
  PublishedContents contents;
  for (std::uint64_t number = 1; number <= PublishedContents::entries_max + 1; ++number)
    contents.note(2, {10, number}, 7);
  EXPECT_EQ(contents.size(), PublishedContents::entries_max / 2 + 1);
  EXPECT_EQ(contents.checksum_of(2, {10, 1}), std::nullopt);
  EXPECT_EQ(contents.checksum_of(2, {10, PublishedContents::entries_max}), 7U);
  EXPECT_EQ(contents.checksum_of(2, {10, PublishedContents::entries_max + 1}), 7U);
}

}  // namespace
}  // namespace coreloop::io
