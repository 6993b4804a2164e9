// Showing state to readers that can never stop the writer: a seqlock of relaxed atomic words.
//
// The version is odd while a copy is being written. A reader copies between two looks at it and
// tries again if it moved; after a bounded number of tries it keeps its last copy. The payload
// words are atomics, so that a torn copy is a value to throw away, never a data race; no plain
// fence is used, ThreadSanitizer would not see it. Source: Boehm, "Can seqlocks get along with
// programming language memory models?" (2012). (boost::lockfree::spsc_value, Boost 1.88, could take
// this place where there is one reader.)
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "engine/cache_line.hpp"

namespace coreloop::engine {

template <class T>
class alignas(cache_line_bytes) Published {
  static_assert(std::is_trivially_copyable_v<T>, "copied as words");

 public:
  /// Shows `value` to readers. Never waits. Thread: the one writer.
  void publish(const T& value) noexcept {
    std::array<std::uint64_t, word_count> words{};
    std::memcpy(words.data(), &value, sizeof(T));
    const std::uint64_t version = version_.load(std::memory_order_relaxed);
    version_.store(version + 1, std::memory_order_relaxed);
    // Release on each word keeps it behind the odd version: a reader that sees the word sees that
    // version or a later one.
    for (std::size_t i = 0; i < word_count; ++i)
      words_[i].store(words[i], std::memory_order_release);
    version_.store(version + 2, std::memory_order_release);
  }

  /// Copies the last published value into `value` and answers true; false, `value` untouched, if
  /// the writer kept getting in between or nothing was ever published. Any thread.
  [[nodiscard]] bool read(T& value) const noexcept {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
      const std::uint64_t before = version_.load(std::memory_order_acquire);
      if (before == 0) return false;
      if ((before & 1) != 0) continue;
      std::array<std::uint64_t, word_count> words;
      // Acquire on each word keeps the second look at the version behind it.
      for (std::size_t i = 0; i < word_count; ++i)
        words[i] = words_[i].load(std::memory_order_acquire);
      if (version_.load(std::memory_order_relaxed) != before) continue;
      std::memcpy(static_cast<void*>(&value), words.data(), sizeof(T));
      return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t word_count = (sizeof(T) + 7) / 8;
  static constexpr int attempts_max = 64;

  std::atomic<std::uint64_t> version_{0};
  std::array<std::atomic<std::uint64_t>, word_count> words_{};
};

}  // namespace coreloop::engine
