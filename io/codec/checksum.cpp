// The two libraries' calls.
#include "io/codec/checksum.hpp"

#include <array>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <zlib.h>

#include "engine/check.hpp"

namespace coreloop::io {

std::uint32_t crc32_of(std::string_view bytes) noexcept {
  const auto* data = reinterpret_cast<const Bytef*>(bytes.data());
  return static_cast<std::uint32_t>(crc32_z(0, data, bytes.size()));
}

std::string zlib_packed(std::string_view bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::string packed(size, '\0');
  const int result =
      compress(reinterpret_cast<Bytef*>(packed.data()), &size,
               reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()));
  CHECK(result == Z_OK, "zlib packs what it has room for");
  packed.resize(size);
  return packed;
}

std::string base64_of(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a NUL
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

bool are_equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct Sha256::Context {
  EVP_MD_CTX* handle = EVP_MD_CTX_new();
  Context() = default;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() { EVP_MD_CTX_free(handle); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  CHECK(EVP_DigestInit_ex(context_->handle, EVP_sha256(), nullptr) == 1, "SHA-256 is available");
}

Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) noexcept {
  CHECK(EVP_DigestUpdate(context_->handle, bytes.data(), bytes.size()) == 1, "SHA-256 goes on");
}

Sha256::Digest Sha256::digest() const {
  Context copy;
  Digest bytes{};
  unsigned int size = 0;
  CHECK(EVP_MD_CTX_copy_ex(copy.handle, context_->handle) == 1 &&
            EVP_DigestFinal_ex(copy.handle, bytes.data(), &size) == 1 && size == bytes.size(),
        "SHA-256 ends");
  return bytes;
}

std::string Sha256::hex() const {
  std::string text;
  constexpr std::string_view digits = "0123456789abcdef";
  for (const unsigned char byte : digest()) {
    text += digits[byte >> 4];
    text += digits[byte & 0xF];
  }
  return text;
}

std::string Sha256::bytes() const {
  const Digest bytes = digest();
  return {bytes.begin(), bytes.end()};
}

}  // namespace coreloop::io
