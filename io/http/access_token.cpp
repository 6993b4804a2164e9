// Digests are compared, not tokens: both have one length, and where they differ tells nothing.
#include "io/http/access_token.hpp"

#include <algorithm>

#include "io/codec/checksum.hpp"

namespace coreloop::io {
namespace {

constexpr std::string_view scheme = "bearer ";

std::string digest_of(std::string_view text) {
  Sha256 digest;
  digest.add(text);
  return digest.hex();
}

bool has_scheme(std::string_view authorization) noexcept {
  return authorization.size() > scheme.size() &&
         std::equal(scheme.begin(), scheme.end(), authorization.begin(), [](char want, char c) {
           return want == (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
         });
}

}  // namespace

AccessToken::AccessToken(std::string_view token) : digest_(digest_of(token)) {}

bool AccessToken::is_token(std::string_view text) noexcept {
  return text.size() >= bytes_min && text.size() <= bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

bool AccessToken::is_brought_by(std::string_view authorization) const {
  if (!has_scheme(authorization)) return false;
  return are_equal_in_constant_time(digest_of(authorization.substr(scheme.size())), digest_);
}

}  // namespace coreloop::io
