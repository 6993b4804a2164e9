// Reads what stands in a stream, page by page, over a connection of its own to a Redis on a unix
// socket. While a page is looked at Redis already writes the next one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <hiredis/hiredis.h>

#include "tests/crash/stream_entry.hpp"

namespace coreloop::crash {

class StreamPages {
 public:
  /// Errors: std::runtime_error, here and below: nobody listens, an error reply, the end.
  explicit StreamPages(const std::string& socket_path);

  /// Every entry behind `last`, in order. The entry is gone with the call.
  void read(std::string_view stream, EntryId last, const std::function<void(const Entry&)>& take);

 private:
  struct Closer {
    void operator()(redisContext* context) const { redisFree(context); }
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
  };
  using Reply = std::unique_ptr<redisReply, Closer>;

  void ask(std::string_view stream, std::string_view last_id);
  Reply receive();
  void read_entry(const redisReply& reply);

  std::unique_ptr<redisContext, Closer> context_;
  Entry entry_;
};

}  // namespace coreloop::crash
