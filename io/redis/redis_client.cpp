// hiredis 0.14 (and later) behind the client's names.
#include "io/redis/redis_client.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <hiredis/async.h>

#include "engine/check.hpp"

namespace coreloop::io {
namespace {

constexpr std::int64_t watch_interval_ns = 100'000'000;

#if HIREDIS_MAJOR >= 1
using ElementCount = std::size_t;
#else
using ElementCount = int;
#endif

const redisReply& object_of(const void* object) noexcept {
  return *static_cast<const redisReply*>(object);
}

}  // namespace

RedisReply::Kind RedisReply::kind() const noexcept {
  switch (object_of(object_).type) {
    case REDIS_REPLY_STRING:
      return Kind::string;
    case REDIS_REPLY_ARRAY:
      return Kind::array;
    case REDIS_REPLY_INTEGER:
      return Kind::integer;
    case REDIS_REPLY_STATUS:
      return Kind::status;
    case REDIS_REPLY_ERROR:
      return Kind::error;
    default:
      return Kind::nil;
  }
}

std::string_view RedisReply::text() const noexcept {
  return {object_of(object_).str, object_of(object_).len};
}

std::int64_t RedisReply::integer() const noexcept {
  return object_of(object_).integer;
}

std::size_t RedisReply::size() const noexcept {
  return object_of(object_).elements;
}

RedisReply RedisReply::operator[](std::size_t i) const noexcept {
  HOT_CHECK(i < size(), "an element of the reply");
  return RedisReply{object_of(object_).element[i]};
}

/// One hiredis context from its making to its end.
class RedisClient::Connection {
 public:
  explicit Connection(RedisClient& client)
      : client_(client),
        watchdog_(client.loop_, [this] { watch(); }),
        settle_(client.loop_, [this] { settle(); }) {}

  ~Connection() { close(); }

  void open(const RedisAddress& address) {
    context_ = address.unix_path.empty() ? redisAsyncConnect(address.host.c_str(), address.port)
                                         : redisAsyncConnectUnix(address.unix_path.c_str());
    if (context_ == nullptr) return fail(RedisLoss::refused, "out of memory");
    if (context_->err != 0) {
      const std::string why = context_->errstr;
      redisAsyncFree(context_);
      context_ = nullptr;
      return fail(RedisLoss::refused, why);
    }
    context_->data = this;
    tune_socket(context_->c.fd, address.unix_path.empty());
    tune_reader();
    attach();
    redisAsyncSetConnectCallback(context_, [](const redisAsyncContext* context, int status) {
      static_cast<Connection*>(context->data)->on_connect(*context, status);
    });
    redisAsyncSetDisconnectCallback(context_, [](const redisAsyncContext* context, int) {
      static_cast<Connection*>(context->data)->on_disconnect(*context);
    });
    watchdog_.start(watch_interval_ns);
  }

  bool send(std::uint64_t tag, std::string_view command) noexcept {
    if (context_ == nullptr || !is_connected_) return false;
    if (awaited_ == 0) ++progress_;
    const auto on_reply = [](redisAsyncContext* context, void* reply, void* private_data) {
      if (reply == nullptr) return;  // the context is being torn down; on_disconnect tells
      static_cast<Connection*>(context->data)
          ->on_reply(reinterpret_cast<std::uintptr_t>(private_data), reply);
    };
    if (redisAsyncFormattedCommand(context_, on_reply, reinterpret_cast<void*>(tag), command.data(),
                                   command.size()) != REDIS_OK) {
      return false;
    }
    ++awaited_;
    return true;
  }

  // A failed write frees the context, also from under hiredis while it calls back: then the write
  // waits until it has returned.
  void flush() noexcept {
    wants_flush_ = is_reading_;
    if (!is_reading_ && context_ != nullptr && is_connected_) redisAsyncHandleWrite(context_);
  }

  // Nothing reaches the listener any more. hiredis frees the context now, or once its callback has
  // returned.
  void close() noexcept {
    watchdog_.stop();
    settle_.stop();
    is_connected_ = false;
    is_silent_ = true;
    if (context_ == nullptr) return;
    redisAsyncContext* const context = context_;
    context_ = nullptr;
    redisAsyncFree(context);
  }

  [[nodiscard]] bool is_connected() const noexcept { return is_connected_; }
  [[nodiscard]] std::uint64_t awaited_count() const noexcept { return awaited_; }

 private:
  static void tune_socket(int descriptor, bool is_tcp) noexcept {
    if (!is_tcp) return;
    // A dead peer is found by our own timers; these are for what they do not see. Seconds, probes.
    const int on = 1;
    const int idle_s = 5;
    const int interval_s = 1;
    const int probes = 3;
    const unsigned unacknowledged_ms = 3'000;
    ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms,
                 sizeof unacknowledged_ms);
  }

  // Replies are made in the client's arena, and only those that somebody asked for.
  void tune_reader() noexcept {
    static redisReplyObjectFunctions functions = [] {
      redisReplyObjectFunctions made{};
      made.createString = [](const redisReadTask* task, char* text, std::size_t size) -> void* {
        redisReply* const reply = make(task);
        if (reply == nullptr) return nullptr;
        char* const copy = static_cast<char*>(self(task).client_.arena_.take(size + 1));
        if (copy == nullptr) return nullptr;
        std::memcpy(copy, text, size);
        copy[size] = '\0';
        reply->str = copy;
        reply->len = size;
        return reply;
      };
      made.createArray = [](const redisReadTask* task, ElementCount count) -> void* {
        redisReply* const reply = make(task);
        if (reply == nullptr) return nullptr;
        const auto elements = static_cast<std::size_t>(count);
        if (elements > self(task).client_.options_.reply_bytes_max / sizeof(redisReply*))
          return nullptr;
        const std::size_t bytes = elements * sizeof(redisReply*);
        reply->element = static_cast<redisReply**>(self(task).client_.arena_.take(bytes));
        if (reply->element == nullptr) return nullptr;
        std::memset(static_cast<void*>(reply->element), 0, bytes);
        reply->elements = elements;
        return reply;
      };
      made.createInteger = [](const redisReadTask* task, long long value) -> void* {
        redisReply* const reply = make(task);
        if (reply != nullptr) reply->integer = value;
        return reply;
      };
      made.createNil = [](const redisReadTask* task) -> void* {
        redisReply* const reply = make(task);
        // The task is of the array or string that is not there.
        if (reply != nullptr) reply->type = REDIS_REPLY_NIL;
        return reply;
      };
      made.freeObject = [](void*) {};  // on_reply and close() give the whole arena back
      return made;
    }();
    client_.arena_.reset();
    context_->c.reader->fn = &functions;
    context_->c.reader->privdata = this;
    context_->c.reader->maxbuf = 0;  // keep the buffer between replies
  }

  static Connection& self(const redisReadTask* task) noexcept {
    return *static_cast<Connection*>(task->privdata);
  }

  // A reply object in the layout that hiredis itself looks at, hung into its array.
  static redisReply* make(const redisReadTask* task) noexcept {
    Connection& connection = self(task);
    // hiredis asserts when a reply comes that nobody awaits; an error it takes as the reason of the
    // end.
    if (task->parent == nullptr && connection.awaited_ == 0 && task->type != REDIS_REPLY_ERROR)
      return nullptr;
    auto* const reply =
        static_cast<redisReply*>(connection.client_.arena_.take(sizeof(redisReply)));
    if (reply == nullptr) return nullptr;
    std::memset(static_cast<void*>(reply), 0, sizeof *reply);
    reply->type = task->type;
    if (task->parent != nullptr)
      static_cast<redisReply*>(task->parent->obj)->element[task->idx] = reply;
    return reply;
  }

  void attach() {
    const int descriptor = context_->c.fd;
    using For = EventLoop::FdWatch::For;
    reading_.emplace(client_.loop_, descriptor, For::reading, [this] { readable(); });
    writing_.emplace(client_.loop_, descriptor, For::writing, [this] { writable(); });
    context_->ev.data = this;
    context_->ev.addRead = [](void* self) { static_cast<Connection*>(self)->reading_->start(); };
    context_->ev.delRead = [](void* self) { static_cast<Connection*>(self)->reading_->stop(); };
    context_->ev.addWrite = [](void* self) { static_cast<Connection*>(self)->writing_->start(); };
    context_->ev.delWrite = [](void* self) { static_cast<Connection*>(self)->writing_->stop(); };
    context_->ev.cleanup = [](void* self) {
      static_cast<Connection*>(self)->reading_->stop();
      static_cast<Connection*>(self)->writing_->stop();
    };
    writing_->start();  // a finished connect shows as writable
  }

  // hiredis reads 16 KiB at a time: a longer reply is read on at once, as far as it is there.
  void readable() noexcept {
    is_reading_ = true;
    read_all();
    is_reading_ = false;
    if (wants_flush_) flush();
  }

  void read_all() noexcept {
    constexpr int reads_max = 256;
    for (int reads = 0; reads < reads_max && context_ != nullptr; ++reads) {
      const std::size_t length_before = context_->c.reader->len;
      redisAsyncHandleRead(context_);
      if (context_ == nullptr) return;
      const redisReader& reader = *context_->c.reader;
      ++progress_;
      if (reader.len > client_.options_.reply_bytes_max) {
        return fail(
            RedisLoss::protocol,
            "a reply of more than " + std::to_string(client_.options_.reply_bytes_max) + " bytes");
      }
      if (awaited_ == 0 && reader.len != reader.pos)
        return fail(RedisLoss::protocol, "the beginning of a reply that nobody asked for");
      if (reader.len == reader.pos || reader.len == length_before) return;
    }
  }

  void writable() noexcept {
    if (context_ != nullptr) redisAsyncHandleWrite(context_);
  }

  void on_connect(const redisAsyncContext& context, int status) noexcept {
    if (status == REDIS_OK) {
      is_connected_ = true;
      ++progress_;
      settle_.start(0);  // commands from within this callback are not safe before hiredis 1.1
      return;
    }
    context_ = nullptr;  // hiredis frees it
    fail(RedisLoss::refused, context.errstr);
  }

  void on_disconnect(const redisAsyncContext& context) noexcept {
    context_ = nullptr;
    if (is_silent_) return;
    const bool is_nonsense = context.err == REDIS_ERR_PROTOCOL || context.err == REDIS_ERR_OOM;
    fail(is_nonsense ? RedisLoss::protocol : RedisLoss::closed, context.errstr);
  }

  void on_reply(std::uint64_t tag, void* reply) noexcept {
    --awaited_;
    ++progress_;
    if (!is_silent_) client_.listener_.on_reply(tag, RedisReply{reply});
    client_.arena_.reset();
  }

  // Counts its own ticks, so that a process that was stopped does not blame the server.
  void watch() noexcept {
    const std::int64_t limit_ns =
        is_connected_ ? client_.options_.reply_timeout_ns : client_.options_.connect_timeout_ns;
    const bool is_waiting = !is_connected_ || awaited_ != 0;
    silent_ns_ = is_waiting && progress_ == progress_seen_ ? silent_ns_ + watch_interval_ns : 0;
    progress_seen_ = progress_;
    if (silent_ns_ >= limit_ns) {
      return fail(RedisLoss::timeout, is_connected_ ? "no answer" : "no connection in time");
    }
    watchdog_.start(watch_interval_ns);
  }

  // The listener hears of an end from the loop, never from within hiredis.
  void fail(RedisLoss loss, std::string why) noexcept {
    is_connected_ = false;
    watchdog_.stop();
    if (context_ != nullptr) {
      redisAsyncContext* const context = context_;
      context_ = nullptr;
      is_silent_ = true;
      redisAsyncFree(context);
    }
    loss_.emplace(Loss{loss, std::move(why)});
    settle_.start(0);
  }

  void settle() noexcept {
    if (!loss_) return client_.listener_.on_connected();
    const Loss loss = std::move(*loss_);
    loss_.reset();
    client_.listener_.on_lost(loss.kind, loss.why);
  }

  struct Loss {
    RedisLoss kind;
    std::string why;
  };

  RedisClient& client_;
  redisAsyncContext* context_ = nullptr;
  std::optional<EventLoop::FdWatch> reading_;
  std::optional<EventLoop::FdWatch> writing_;
  EventLoop::Timer watchdog_;
  EventLoop::Timer settle_;
  std::optional<Loss> loss_;
  std::uint64_t awaited_ = 0;
  std::uint64_t progress_ = 0;  ///< grows with every sign of life
  std::uint64_t progress_seen_ = 0;
  std::int64_t silent_ns_ = 0;
  bool is_connected_ = false;
  bool is_reading_ = false;  ///< hiredis may be calling back
  bool wants_flush_ = false;
  bool is_silent_ = false;  ///< the listener hears nothing of hiredis any more
};

RedisClient::RedisClient(EventLoop& loop, RedisListener& listener, RedisClientOptions options)
    : listener_(listener), options_(options), loop_(loop), arena_(options.reply_bytes_max) {}

RedisClient::~RedisClient() = default;

void RedisClient::connect(const RedisAddress& address) {
  drop();
  connection_ = std::make_unique<Connection>(*this);
  connection_->open(address);
}

bool RedisClient::send(std::uint64_t tag, std::string_view command) noexcept {
  return connection_ != nullptr && connection_->send(tag, command);
}

void RedisClient::flush() noexcept {
  if (connection_ != nullptr) connection_->flush();
}

void RedisClient::drop() noexcept {
  if (connection_ == nullptr) return;
  connection_->close();
  ended_ = std::move(connection_);
}

void RedisClient::keep_reply(ReplyArena& arena) noexcept {
  std::swap(arena_, arena);
}

bool RedisClient::is_connected() const noexcept {
  return connection_ != nullptr && connection_->is_connected();
}

std::uint64_t RedisClient::awaited_count() const noexcept {
  return connection_ == nullptr ? 0 : connection_->awaited_count();
}

std::size_t RedisClient::reply_bytes_max() const noexcept {
  return options_.reply_bytes_max;
}

}  // namespace coreloop::io
