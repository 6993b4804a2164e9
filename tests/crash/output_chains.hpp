// A SHA-256 for each output stream over every byte of its entries, in order: what Redis showed and
// what a replay writes are compared by it, however much it is.
#pragma once

#include <array>
#include <string>

#include <openssl/evp.h>

#include "tests/crash/stream_entry.hpp"

namespace coreloop::crash {

class OutputChains {
 public:
  OutputChains() {
    for (EVP_MD_CTX*& chain : chains_) {
      chain = EVP_MD_CTX_new();
      EVP_DigestInit_ex(chain, EVP_sha256(), nullptr);
    }
  }
  ~OutputChains() {
    for (EVP_MD_CTX* const chain : chains_)
      EVP_MD_CTX_free(chain);
  }
  OutputChains(const OutputChains&) = delete;
  OutputChains& operator=(const OutputChains&) = delete;

  void add(Stream stream, const Entry& entry) {
    bytes_.clear();
    put(entry.id);
    bytes_ += std::to_string(entry.fields.size()) + " ";
    for (const auto& [name, value] : entry.fields) {
      put(name);
      put(value);
    }
    EVP_DigestUpdate(chains_[static_cast<std::size_t>(stream)], bytes_.data(), bytes_.size());
  }

  /// {"stream": "hex", …} of what was added; ends the chains.
  std::string end() {
    std::string text = "{";
    for (std::size_t stream = 0; stream < stream_count; ++stream) {
      std::array<unsigned char, 32> digest{};
      EVP_DigestFinal_ex(chains_[stream], digest.data(), nullptr);
      text += (stream == 0 ? "\"" : ", \"") + std::string{stream_names[stream]} + "\": \"";
      for (const unsigned char byte : digest)
        text += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
      text += "\"";
    }
    return text + "}";
  }

 private:
  // Its length first: no two entries are the same bytes.
  void put(std::string_view text) {
    bytes_ += std::to_string(text.size());
    bytes_ += ':';
    bytes_ += text;
  }

  std::array<EVP_MD_CTX*, stream_count> chains_{};
  std::string bytes_;
};

}  // namespace coreloop::crash
