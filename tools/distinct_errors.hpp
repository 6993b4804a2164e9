// The distinct warnings and errors of a process: how often each was told, when first and when last,
// and how it read. Bounded: what finds no room any more is only counted. Cold code. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "io/http/engine_desk.hpp"

namespace coreloop::tools {

class DistinctErrors {
 public:
  static constexpr std::size_t distinct_max = 64;
  static constexpr std::size_t sample_bytes_max = 400;

  /// `text`: ASCII. Two texts that differ in their decimal numbers alone are one error.
  void add(std::string_view level, std::string_view component, std::string_view text,
           std::int64_t now_unix_ns);
  [[nodiscard]] io::ToldErrors copy() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, io::ErrorFacts> rows_;  ///< by level, component and text without numbers
  std::uint64_t others_ = 0;
};

}  // namespace coreloop::tools
