// The rules by which fault_shim.cpp fails or kills: which call, on what, at which of its
// occurrences, and what becomes of it.
//
//   CALL@WHERE[~TEXT]#NTH=ACTION[;…]
//
//   CALL    write read pwrite open rename unlink mkdir fsync fdatasync mmap munmap msync memcpy
//   WHERE   how the path ends that the call is about, or `socket`; nothing: anything. Of rename the
//           old path; of munmap, msync and memcpy that of the file that is mapped for writing there
//   TEXT    what the bytes of a write, or those that a read has given, contain
//   NTH     2: the second time; 2+: from then on
//   ACTION  kill_before kill_in kill_after (kill_in: with half of it done), short (half of it is
//           done, and said so), sleep_MS, count (see SHIM_HITS), or EIO ENOSPC EINTR EACCES EMFILE
//
// Reads know their text behind the call only, and can be killed and counted there only.
#pragma once

#include <atomic>
#include <cstddef>
#include <string_view>

namespace coreloop::shim {

enum class Action : unsigned char {
  kill_before,
  kill_in,
  kill_after,
  cut_short,
  sleep,
  count,
  fail
};

struct Rule {
  std::string_view call;
  std::string_view where;
  std::string_view text;
  long nth = 1;
  bool repeats = false;
  Action action = Action::count;
  int value = 0;  ///< errno, or ms
  std::atomic<long> hits{0};
};

/// A call that is about to be made, or has been.
struct Call {
  std::string_view name;
  std::string_view path;  ///< or `socket`
  std::string_view bytes;
};

/// Whether any rule is about `call`.
[[nodiscard]] bool has_rule(std::string_view call) noexcept;

/// The rule that `call` meets now, its occurrence counted; nullptr: none.
[[nodiscard]] const Rule* meet(const Call& call) noexcept;

/// What becomes of a path of a descriptor: `socket`, or the name of the file. Into `buffer`.
[[nodiscard]] std::string_view path_of(int descriptor, char* buffer, std::size_t size) noexcept;

[[noreturn]] void die() noexcept;
void sleep_ms(int ms) noexcept;

}  // namespace coreloop::shim
