// What streams must show after any number of crashes: the rules of stream_checker.py, at the speed
// of the soak, by integers only and without any code of the engine. Fed with what the producer has
// sent and, stream by stream, with what stands in Redis; all of what was sent must be decided then.
//
// Goes on from one check to the next: numbers of the streams, inputs, and positions.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/crash/second_books.hpp"
#include "tests/crash/stream_entry.hpp"
#include "tests/crash/told_object.hpp"

namespace coreloop::crash {

struct Verdict {
  std::uint64_t signals = 0;
  std::uint64_t entries = 0;
  std::uint64_t lost = 0;
  std::uint64_t twice = 0;
  std::uint64_t divergent = 0;
  std::vector<std::string> problems;  ///< the first 20
};

class SoakJudge {
 public:
  /// `pool_path`: the distinct signals, one a line, `-` for one that is none.
  /// Errors: std::runtime_error, here and in begin(): the file is not there, or not of this shape.
  explicit SoakJudge(const std::string& pool_path);

  /// `sent_path`: `ID INDEX` of each signal sent, by its line in the pool, ids ascending.
  void begin(const std::string& sent_path);
  /// Every entry behind last_id(), streams in their order.
  void take(Stream stream, const Entry& entry);
  Verdict end();

  [[nodiscard]] EntryId last_id(Stream stream) const {
    return last_ids_[static_cast<std::size_t>(stream)];
  }

 private:
  struct PoolSignal {
    bool is_signal = false;
    std::string symbol;
    std::string action;
    std::int64_t confidence = 0;
  };
  struct Sent {
    EntryId id;
    std::int64_t sequence = 0;  // of its outcome; 0: has none
    std::uint32_t pool_index = 0;
    std::uint32_t outcomes = 0;
  };
  using Key = std::pair<std::uint16_t, std::uint16_t>;  // account, symbol
  struct Approval {
    EntryId cause;
    Key key;
    std::uint16_t action = 0;
  };
  struct Update {  // that has to come
    EntryId cause;
    EntryId execution;
    Wide size = 0;
    Key key;
    Side side = Side::none;
  };
  using OrderId = std::array<char, 24>;

  void check_number(Stream stream, EntryId id);
  void take_outcome(Stream stream, const Entry& entry);
  void check_signal(Stream stream, const Entry& entry, const Sent& sent);
  void take_execution(const Entry& entry);
  void take_fill(const Entry& entry, EntryId cause, Key key);
  void take_update(const Entry& entry);
  void check_sent();
  void check_orders();
  Sent* find(Stream stream, EntryId cause);
  bool read_told(std::string_view stream, const Entry& entry);
  std::uint16_t name(std::string_view text);
  void say(std::uint64_t Verdict::*kind, std::string text);

  std::vector<PoolSignal> pool_;
  ToldReader reader_;
  Told told_;

  // From check to check.
  std::array<EntryId, stream_count> last_ids_{};
  std::array<std::int64_t, stream_count> last_sequences_{};
  std::int64_t last_sent_sequence_ = 0;
  std::map<Key, SecondPosition> positions_;
  std::vector<std::string> names_;

  // Of one check.
  Verdict verdict_;
  std::vector<Sent> sent_;
  std::array<std::size_t, stream_count> cursors_{};
  std::vector<Approval> approvals_;
  std::size_t executions_ = 0;
  std::vector<OrderId> orders_;
  std::vector<Update> updates_;
  std::size_t next_update_ = 0;
  bool pairs_differ_ = false;
  bool books_differ_ = false;
};

}  // namespace coreloop::crash
