// The token, and the header that brings it.
#include "io/http/access_token.hpp"

#include <gtest/gtest.h>

namespace coreloop::io {
namespace {

constexpr std::string_view good = "0123456789abcdef-XYZ";

TEST(AccessTokenTest, NoneIsAskedForUnlessGiven) {
  EXPECT_FALSE(AccessToken{}.is_asked_for());
  EXPECT_TRUE(AccessToken{good}.is_asked_for());
}

TEST(AccessTokenTest, IsBroughtAsABearerToken) {
  const AccessToken token{good};
  EXPECT_TRUE(token.is_brought_by("Bearer 0123456789abcdef-XYZ"));
  EXPECT_TRUE(token.is_brought_by("bearer 0123456789abcdef-XYZ"));
}

TEST(AccessTokenTest, IsNotBroughtByAnythingElse) {
  const AccessToken token{good};
  for (const char* const header :
       {"", "Bearer", "Bearer ", "0123456789abcdef-XYZ", "Basic 0123456789abcdef-XYZ",
        "Bearer 0123456789abcdef-XY", "Bearer 0123456789abcdef-XYZZ", "Bearer 1123456789abcdef-XYZ",
        "Bearer 0123456789abcdef-xyz", "Bearer  0123456789abcdef-XYZ",
        "Bearer 0123456789abcdef-XYZ ", "Bearer0123456789abcdef-XYZ"})
    EXPECT_FALSE(token.is_brought_by(header)) << header;
}

TEST(AccessTokenTest, IsLongEnoughNotToBeGuessedAndFitsAHeader) {
  EXPECT_TRUE(AccessToken::is_token(std::string(16, 'x')));
  EXPECT_TRUE(AccessToken::is_token(std::string(256, 'x')));
  for (const std::string& text :
       {std::string{}, std::string(15, 'x'), std::string(257, 'x'), std::string(16, ' '),
        std::string("0123456789abcde\n"), std::string(16, '\0'), std::string(16, '\xC3')})
    EXPECT_FALSE(AccessToken::is_token(text)) << text;
}

}  // namespace
}  // namespace coreloop::io
