// Reads what stands in a stream, page by page, over a connection of its own to a Redis on a unix
// socket. While a page is looked at Redis already writes the next one.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/crash/stream_entry.hpp"

namespace coreloop::crash {

class StreamPages {
 public:
  /// Errors: std::runtime_error, here and below: nobody listens, an error reply, the end.
  explicit StreamPages(const std::string& socket_path);
  ~StreamPages();
  StreamPages(const StreamPages&) = delete;
  StreamPages& operator=(const StreamPages&) = delete;

  /// Every entry behind `last`, in order. The entry is gone with the call.
  void read(std::string_view stream, EntryId last, const std::function<void(const Entry&)>& take);

 private:
  struct Span {
    std::size_t begin = 0;
    std::size_t size = 0;
  };

  void ask(std::string_view stream, const std::string& last_id);
  void receive();
  void give(const std::function<void(const Entry&)>& take);
  std::int64_t receive_head(char kind);
  Span receive_text();
  void receive_until(std::size_t end);
  [[nodiscard]] std::string_view text_of(Span span) const {
    return {bytes_.data() + span.begin, span.size};
  }

  int socket_ = -1;
  std::vector<char> bytes_;  // of one reply
  std::size_t received_ = 0;
  std::size_t at_ = 0;
  std::vector<Span> texts_;                // ids, names and values in their order
  std::vector<std::size_t> texts_counts_;  // of each entry, its id aside
  Entry entry_;
};

}  // namespace coreloop::crash
