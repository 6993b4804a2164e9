// Keyed randomness: the published splitmix64 numbers, the mix of a cause, numbers below a bound.
#include "stages/random_mix.hpp"

#include <gtest/gtest.h>

#include "tests/stages/amount_literal.hpp"

namespace coreloop::stages {
namespace {

constexpr std::uint64_t golden_gamma = 0x9E3779B97F4A7C15U;

TEST(RandomMixTest, SplitmixGivesThePublishedNumbers) {
  EXPECT_EQ(splitmix64(0), 0xE220A8397B1DCDAFU);
  // The generator seeded with 1234567 adds the gamma before each output.
  EXPECT_EQ(splitmix64(1234567), 6457827717110365317U);
  EXPECT_EQ(splitmix64(1234567 + golden_gamma), 3203168211198807973U);
  EXPECT_EQ(splitmix64(1234567 + 2 * golden_gamma), 9817491932198370423U);
  EXPECT_EQ(splitmix64(1234567 + 3 * golden_gamma), 4593380528125082431U);
}

TEST(RandomMixTest, MixIsSplitmixOfSplitmixOfSeedAndCause) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    for (std::uint64_t b = 0; b < 5; ++b) {
      const std::uint64_t a = 1'700'000'000'000;
      EXPECT_EQ(random_mix(seed, a, b), splitmix64(splitmix64(seed ^ a) ^ b));
    }
  }
  EXPECT_EQ(random_mix(1, 1'700'000'000'000, 0), 0x58618657DC957C0BU);
}

TEST(RandomMixTest, TheUpperHalfScalesToTheBoundAndIsCut) {
  EXPECT_EQ(random_below(0, 0.001_e8), 0);
  EXPECT_EQ(random_below(0xFFFF'FFFFU, 0.001_e8), 0);  // the lower half does not count
  // (2^32 - 1) x 100,000 / 2^32 = 99,999.99997...
  EXPECT_EQ(random_below(~std::uint64_t{0}, 0.001_e8), 99'999);
  EXPECT_EQ(random_below(std::uint64_t{1} << 63, 0.001_e8), 50'000);
  EXPECT_EQ(random_below(~std::uint64_t{0}, 0), 0);
  // (2^32 - 1) x 2^62 / 2^32 = 2^62 - 2^30
  EXPECT_EQ(random_below(~std::uint64_t{0}, std::int64_t{1} << 62),
            (std::int64_t{1} << 62) - (std::int64_t{1} << 30));
}

}  // namespace
}  // namespace coreloop::stages
