// Names to dense ids: order of first appearance, a full table, names that differ in little.
#include "stages/name_table.hpp"

#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "stages/names.hpp"

namespace coreloop::stages {
namespace {

TEST(NameTableTest, GivesDenseIdsInOrderOfFirstAppearance) {
  NameTable table(4);
  EXPECT_EQ(table.find_or_add("BTCUSDT"), 0U);
  EXPECT_EQ(table.find_or_add("ETHUSDT"), 1U);
  EXPECT_EQ(table.find_or_add("BTCUSDT"), 0U);
  EXPECT_EQ(table.find_or_add("SOLUSDT"), 2U);
  EXPECT_EQ(table.size(), 3U);
  EXPECT_EQ(table.name(1), "ETHUSDT");
}

TEST(NameTableTest, FindsWithoutAdding) {
  NameTable table(4);
  EXPECT_EQ(table.find("BTCUSDT"), no_id);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.find_or_add("BTCUSDT"), 0U);
  EXPECT_EQ(table.find("BTCUSDT"), 0U);
}

TEST(NameTableTest, AFullTableRefusesNewNamesAndKeepsItsOwn) {
  NameTable table(2);
  EXPECT_EQ(table.find_or_add("A"), 0U);
  EXPECT_EQ(table.find_or_add("B"), 1U);
  EXPECT_EQ(table.find_or_add("C"), no_id);
  EXPECT_EQ(table.find("C"), no_id);
  EXPECT_EQ(table.find_or_add("A"), 0U);
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(table.capacity(), 2U);
}

TEST(NameTableTest, ATableOfNoneRefusesAll) {
  NameTable table(0);
  EXPECT_EQ(table.find_or_add("A"), no_id);
  EXPECT_EQ(table.find("A"), no_id);
}

TEST(NameTableTest, NamesAreTheirBytesAndTheirLength) {
  NameTable table(8);
  const std::string_view with_zero_byte{"A\0", 2};
  const std::string longest(NameTable::name_bytes_max, 'x');
  std::string other_end = longest;
  other_end.back() = 'y';
  EXPECT_EQ(table.find_or_add("A"), 0U);
  EXPECT_EQ(table.find_or_add(with_zero_byte), 1U);
  EXPECT_EQ(table.find_or_add(""), 2U);
  EXPECT_EQ(table.find_or_add("a"), 3U);
  EXPECT_EQ(table.find_or_add(longest), 4U);
  EXPECT_EQ(table.find_or_add(other_end), 5U);
  EXPECT_EQ(table.name(1), with_zero_byte);
  EXPECT_EQ(table.name(2), "");
  EXPECT_EQ(table.name(4), longest);
  EXPECT_EQ(table.find(longest), 4U);
}

TEST(NameTableTest, AgreesWithAMapOverManyNames) {
  constexpr std::uint32_t capacity = 1'000;
  NameTable table(capacity);
  std::map<std::string, std::uint32_t> expected;
  std::mt19937_64 random{5};
  for (int i = 0; i < 20'000; ++i) {
    const std::string name = "S" + std::to_string(random() % 2'000);
    const auto found = expected.find(name);
    if ((random() & 1) != 0) {
      ASSERT_EQ(table.find(name), found == expected.end() ? no_id : found->second);
      continue;
    }
    std::uint32_t id = no_id;
    if (found != expected.end()) id = found->second;
    if (found == expected.end() && expected.size() < capacity) {
      id = static_cast<std::uint32_t>(expected.size());
      expected[name] = id;
    }
    ASSERT_EQ(table.find_or_add(name), id);
  }
  for (const auto& [name, id] : expected)
    ASSERT_EQ(table.name(id), name);
}

TEST(NameTableTest, SymbolsAndAccountsAreNumberedApart) {
  Names names(2, 1);
  EXPECT_EQ(names.symbols.find_or_add("BTCUSDT"), 0U);
  EXPECT_EQ(names.accounts.find_or_add("main"), 0U);
  EXPECT_EQ(names.symbols.capacity(), 2U);
  EXPECT_EQ(names.accounts.capacity(), 1U);
}

}  // namespace
}  // namespace coreloop::stages
