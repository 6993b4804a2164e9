// Every way to damage a journal of 64 KiB that is a single bit, a cut or a page: each must be
// found, or lead to a beginning of the journal that is right, with nothing valid behind it.
//
//   journal_corruption [--every N]      only each N-th bit and cut
//
// Prints how many of each kind were tried and what came of them. Exit code 1 if a damaged journal
// was taken for another one: a record that was never written, or a beginning where more that is
// valid follows.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>
#include <fcntl.h>
#include <unistd.h>

#include "io/journal/journal.hpp"
#include "io/journal/journal_contents.hpp"
#include "tests/support/temp_dir.hpp"

namespace coreloop {
namespace {

constexpr std::uint64_t segment_bytes = 65'536;
constexpr std::size_t page_bytes = 4'096;

/// A record as it was written: where it ends in the file, and what it says.
struct Written {
  std::uint64_t end_offset = 0;
  std::string bytes;
};

struct Tally {
  std::uint64_t tried = 0;
  std::uint64_t found = 0;      ///< refused, with the reason
  std::uint64_t beginning = 0;  ///< the last record or more was dropped as never completed
  std::uint64_t harmless = 0;   ///< every record is there: what was changed is no part of one
  std::uint64_t silent = 0;     ///< wrong, and nobody said so
};

class Journal {
 public:
  Journal() : path_(dir_.path("") + "/" + io::segment_name(1)) {
    write();
    std::ifstream file(path_, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    records_ = read_all(problem_);
    descriptor_ = ::open(path_.c_str(), O_RDWR);
  }
  ~Journal() { ::close(descriptor_); }
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  [[nodiscard]] bool is_usable() const {
    return problem_.empty() && records_.size() > 100 && bytes_.size() == segment_bytes;
  }
  [[nodiscard]] std::size_t record_count() const { return records_.size(); }
  [[nodiscard]] std::uint64_t end_offset() const { return records_.back().end_offset; }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

  /// Reads the journal with `damaged` in its place; puts it right again.
  void try_with(std::string_view damaged, Tally& tally) {
    put(damaged);
    judge(tally);
    put(bytes_);
  }
  /// The same with one byte changed, in place.
  void try_bit(std::size_t bit, Tally& tally) {
    const char byte = static_cast<char>(bytes_[bit / 8] ^ (1 << bit % 8));
    put_byte(bit / 8, byte);
    judge(tally);
    put_byte(bit / 8, bytes_[bit / 8]);
  }

 private:
  void write() {
    io::RecordWriter writer({dir_.path(""), "corruption", segment_bytes, false});
    if (writer.open({}) != 0) std::abort();
    io::Journal journal(writer);
    const io::RawField keys[] = {{"engine.seed", "1"}, {"risk.sizing", "\"kelly\""}};
    const io::RawField starts[] = {{"trade.signal.v5", "0-0"}};
    if (!journal.record_conf(1, keys) || !journal.record_start(1, starts)) std::abort();
    // All but the last sixth of the segment.
    for (std::uint64_t n = 1; n <= 400; ++n) {
      const std::string data(60 + n * 7 % 90, static_cast<char>('a' + n % 26));
      const io::RawField fields[] = {{"data", data}};
      const auto at = static_cast<std::int64_t>(n);
      if (n % 10 == 0)
        journal.on_timer(n, at, {0, stages::TimerKind::mark});
      else
        journal.on_entry(n, at, {.stream = "trade.signal.v5", .id_ms = n, .fields = fields});
      if (writer.segment_id() != 1) std::abort();
      if (!has_room(writer)) break;
    }
    if (writer.close() != 0) std::abort();
  }
  static bool has_room(const io::RecordWriter& writer) { return writer.safe_number() < 330; }

  std::vector<Written> read_all(std::string& problem) {
    std::vector<Written> records;
    io::RecordReader reader(dir_.path(""));
    if (!reader.open()) {
      problem = reader.problem();
      return records;
    }
    for (;;) {
      io::Record record;
      switch (reader.next(record)) {
        case io::RecordStatus::record:
          records.push_back({reader.end().offset, std::to_string(record.number) + " " +
                                                      std::to_string(record.type) + " " +
                                                      std::to_string(record.log_unix_ns) + " " +
                                                      std::string{record.bytes}});
          continue;
        case io::RecordStatus::corrupt:
          problem = reader.problem();
          return records;
        case io::RecordStatus::end:
          return records;
      }
    }
  }

  void judge(Tally& tally) {
    ++tally.tried;
    io::JournalContents contents;
    const bool is_refused = !io::read_journal_contents(dir_.path(""), contents).empty();
    std::string problem;
    const std::vector<Written> found = read_all(problem);
    const bool is_beginning =
        found.size() <= records_.size() &&
        std::equal(found.begin(), found.end(), records_.begin(),
                   [](const Written& a, const Written& b) { return a.bytes == b.bytes; });
    if (!is_beginning) {
      ++tally.silent;
    } else if (is_refused) {
      ++tally.found;
    } else if (found.size() == records_.size()) {
      ++tally.harmless;
    } else {
      ++tally.beginning;
      dropped_max_ = std::max(dropped_max_, records_.size() - found.size());
    }
  }

  void put(std::string_view bytes) const {
    if (::ftruncate(descriptor_, static_cast<off_t>(bytes.size())) != 0 ||
        ::pwrite(descriptor_, bytes.data(), bytes.size(), 0) !=
            static_cast<ssize_t>(bytes.size())) {
      std::abort();
    }
  }
  void put_byte(std::size_t at, char byte) const {
    if (::pwrite(descriptor_, &byte, 1, static_cast<off_t>(at)) != 1) std::abort();
  }

  tests::TempDir dir_;
  std::string path_;
  std::string bytes_;
  std::string problem_;
  std::vector<Written> records_;
  int descriptor_ = -1;

 public:
  std::size_t dropped_max_ = 0;  ///< most records that one damage cost
};

Tally flip_bits(Journal& journal, std::size_t every) {
  Tally tally;
  for (std::size_t bit = 0; bit < 8 * segment_bytes; bit += every)
    journal.try_bit(bit, tally);
  return tally;
}

Tally cut(Journal& journal, std::size_t every) {
  Tally tally;
  for (std::size_t size = 0; size < segment_bytes; size += every)
    journal.try_with(std::string_view{journal.bytes()}.substr(0, size), tally);
  return tally;
}

// As a file system may leave it: zeros from any byte on.
Tally lose_the_end(Journal& journal, std::size_t every) {
  Tally tally;
  for (std::size_t size = 0; size < segment_bytes; size += every) {
    std::string damaged = journal.bytes();
    std::fill(damaged.begin() + static_cast<std::ptrdiff_t>(size), damaged.end(), '\0');
    journal.try_with(damaged, tally);
  }
  return tally;
}

Tally zero_pages(Journal& journal) {
  Tally tally;
  for (std::size_t page = 0; page < segment_bytes / page_bytes; ++page) {
    std::string damaged = journal.bytes();
    damaged.replace(page * page_bytes, page_bytes, page_bytes, '\0');
    journal.try_with(damaged, tally);
  }
  return tally;
}

Tally swap_pages(Journal& journal) {
  Tally tally;
  for (std::size_t a = 0; a < segment_bytes / page_bytes; ++a) {
    for (std::size_t b = a + 1; b < segment_bytes / page_bytes; ++b) {
      std::string damaged = journal.bytes();
      std::swap_ranges(damaged.begin() + static_cast<std::ptrdiff_t>(a * page_bytes),
                       damaged.begin() + static_cast<std::ptrdiff_t>((a + 1) * page_bytes),
                       damaged.begin() + static_cast<std::ptrdiff_t>(b * page_bytes));
      journal.try_with(damaged, tally);
    }
  }
  return tally;
}

bool report(const char* what, const Tally& tally) {
  std::printf("%-28s %9llu %9llu %11llu %9llu %7llu\n", what,
              static_cast<unsigned long long>(tally.tried),
              static_cast<unsigned long long>(tally.found),
              static_cast<unsigned long long>(tally.beginning),
              static_cast<unsigned long long>(tally.harmless),
              static_cast<unsigned long long>(tally.silent));
  std::fflush(stdout);
  return tally.silent == 0;
}

int run(std::size_t every) {
  Journal journal;
  if (!journal.is_usable()) {
    std::fputs("journal_corruption: the journal to be damaged is not right itself\n", stderr);
    return 70;
  }
  std::printf("a journal of %zu records, %llu of %llu bytes\n\n", journal.record_count(),
              static_cast<unsigned long long>(journal.end_offset()),
              static_cast<unsigned long long>(segment_bytes));
  std::printf("%-28s %9s %9s %11s %9s %7s\n", "damage", "tried", "found", "beginning", "harmless",
              "silent");
  bool is_good = report("a bit flipped", flip_bits(journal, every));
  // More than the last record: something valid followed, and was dropped.
  is_good = is_good && journal.dropped_max_ <= 1;
  std::printf("%-28s %zu record at most\n", "  dropped by one bit", journal.dropped_max_);
  is_good = report("cut off behind a byte", cut(journal, every)) && is_good;
  is_good = report("zeros from a byte on", lose_the_end(journal, every)) && is_good;
  is_good = report("a page of zeros", zero_pages(journal)) && is_good;
  is_good = report("two pages exchanged", swap_pages(journal)) && is_good;
  std::puts(is_good ? "OK" : "FAILED");
  return is_good ? 0 : 1;
}

}  // namespace
}  // namespace coreloop

int main(int argc, char** argv) {
  const bool has_every = argc == 3 && std::strcmp(argv[1], "--every") == 0;
  if (argc != 1 && !has_every) {
    std::fputs("usage: journal_corruption [--every N]\n", stderr);
    return 64;
  }
  const long every = has_every ? std::atol(argv[2]) : 1;
  return coreloop::run(static_cast<std::size_t>(std::max(1L, every)));
}
