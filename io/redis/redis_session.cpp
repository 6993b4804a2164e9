// Logging in, staying in, coming back.
#include "io/redis/redis_session.hpp"

#include <algorithm>
#include <chrono>

namespace coreloop::io {
namespace {

constexpr std::uint64_t tag_auth = RedisSession::own_tags;
constexpr std::uint64_t tag_select = RedisSession::own_tags + 1;
constexpr std::uint64_t tag_role = RedisSession::own_tags + 2;

std::int64_t monotonic_ns() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds{1};
}

}  // namespace

RedisSession::RedisSession(EventLoop& loop, RedisSessionOwner& owner, RedisSessionOptions options)
    : owner_(owner),
      options_(std::move(options)),
      client_(loop, *this, options_.client),
      pause_(loop, [this] { connect(); }),
      random_(std::random_device{}()),
      pause_ns_(options_.pause_ns_min) {
  health_.closed_since_ns.store(monotonic_ns(), std::memory_order_relaxed);
}

void RedisSession::open() {
  connect();
}

void RedisSession::connect() {
  client_.connect(options_.address);
}

void RedisSession::close() noexcept {
  pause_.stop();
  client_.drop();
  is_open_ = false;
  health_.is_open.store(false, std::memory_order_relaxed);
}

bool RedisSession::send(std::uint64_t tag, std::string_view command) noexcept {
  return is_open_ && client_.send(tag, command);
}

void RedisSession::on_connected() {
  login();
}

// All at once; a failed step ends the connection, whatever the later ones answer.
void RedisSession::login() {
  const RedisAddress& address = options_.address;
  std::string command;
  if (!address.password.empty()) {
    if (address.user.empty())
      append_command(command, {"AUTH", address.password});
    else
      append_command(command, {"AUTH", address.user, address.password});
    client_.send(tag_auth, command);
  }
  if (address.database != 0) {
    command.clear();
    append_command(command, {"SELECT", std::to_string(address.database)});
    client_.send(tag_select, command);
  }
  command.clear();
  append_command(command, {"ROLE"});
  client_.send(tag_role, command);
  client_.flush();
}

void RedisSession::on_reply(std::uint64_t tag, RedisReply reply) {
  if (tag < own_tags) return owner_.on_reply(tag, reply);
  if (!reply.is_error()) {
    if (tag == tag_role) check_role(reply);
    return;
  }
  const std::string text{reply.text()};
  switch (note_error(reply)) {
    case RedisErrorKind::authentication:
      return refuse_login(text);
    case RedisErrorKind::permission:
      raise(RedisFault::permission, "not allowed to ask ROLE: " + text);
      return retry(text);
    default:
      return retry(text);
  }
}

void RedisSession::refuse_login(const std::string& why) {
  const std::int64_t now = monotonic_ns();
  if (login_refused_ns_ == 0) login_refused_ns_ = now;
  if (!was_open_ || now - login_refused_ns_ >= options_.login_patience_ns) {
    raise(RedisFault::authentication, options_.address.text() + " refuses the login: " + why);
  }
  retry(why);
}

void RedisSession::check_role(RedisReply reply) {
  if (reply.size() == 0 || reply[0].text() != "master") {
    return retry("it is no master: ROLE says " +
                 (reply.size() == 0 ? "nothing" : std::string{reply[0].text()}));
  }
  if (was_open_) health_.reconnects.add(1);
  notice(false, options_.address.text() + ": " + (was_open_ ? "connected again" : "connected"));
  is_open_ = was_open_ = true;
  told_.clear();
  login_refused_ns_ = 0;
  health_.is_open.store(true, std::memory_order_relaxed);
  owner_.on_open();
}

void RedisSession::on_lost(RedisLoss loss, const std::string& why) {
  switch (loss) {
    case RedisLoss::refused:
      health_.connect_failures.add(1);
      break;
    case RedisLoss::timeout:
      health_.timeouts.add(1);
      break;
    case RedisLoss::protocol:
      health_.protocol_errors.add(1);
      break;
    case RedisLoss::closed:
      break;
  }
  // Where a server has something against us before it is asked, hiredis gives its words as the
  // reason.
  if (loss == RedisLoss::closed) {
    const RedisError error = classify_redis_error(why);
    if (error.code + 1 != redis_error_codes.size()) health_.errors[error.code].add(1);
  }
  set_closed(loss);
  try_again(why);
}

void RedisSession::retry(const std::string& why) {
  client_.drop();
  set_closed(RedisLoss::closed);
  try_again(why);
}

// The next address at once, after the last one a pause.
void RedisSession::try_again(const std::string& why) {
  const std::vector<std::string>& hosts = options_.address.numeric_hosts;
  if (was_open_ || hosts.size() < 2) {
    tell_trouble(why);
    return pause_.start(next_pause_ns());
  }
  round_ += (round_.empty() ? "" : "; ") + options_.address.host + ": " + why;
  const bool is_last = host_index_ + 1 == hosts.size();
  if (is_last) {
    tell_trouble(round_);
    round_.clear();
  }
  host_index_ = is_last ? 0 : host_index_ + 1;
  options_.address.host = hosts[host_index_];
  pause_.start(is_last ? next_pause_ns() : 0);
}

void RedisSession::set_closed(RedisLoss loss) {
  if (!is_open_) return;
  is_open_ = false;
  health_.closed_since_ns.store(monotonic_ns(), std::memory_order_relaxed);
  health_.is_open.store(false, std::memory_order_relaxed);
  owner_.on_closed(loss);
}

// Each kind of trouble once, not each try.
void RedisSession::tell_trouble(const std::string& why) {
  if (why == told_) return;
  notice(true, options_.address.text() + ": " + why + "; trying again");
  told_ = why;
}

std::int64_t RedisSession::next_pause_ns() noexcept {
  const std::int64_t pause = pause_ns_;
  pause_ns_ = std::min(pause_ns_ * 2, options_.pause_ns_max);
  const std::int64_t quarter = pause / 4;
  return pause - quarter + static_cast<std::int64_t>(random_()) % (2 * quarter + 1);
}

RedisErrorKind RedisSession::note_error(RedisReply reply) {
  const RedisError error = classify_redis_error(reply.text());
  health_.errors[error.code].add(1);
  return error.kind;
}

void RedisSession::notice(bool is_alarm, const std::string& text) const {
  if (options_.notice) options_.notice(is_alarm, options_.name + ": " + text);
}

void RedisSession::raise(RedisFault fault, const std::string& text) {
  health_.raise(fault, text);
}

}  // namespace coreloop::io
