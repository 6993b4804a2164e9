// Sockets, commands, and a few of Redis's answers.
#include "tests/fuzz/scripted_server.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/check.hpp"

namespace coreloop::tests {
namespace {

constexpr int turns_max = 40;
constexpr int rounds_max = 12;
constexpr std::string_view nothing_new = "*-1\r\n";

std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string{text} + "\r\n";
}

std::string array_of(std::size_t count) {
  return "*" + std::to_string(count) + "\r\n";
}

std::string text_of(const ScriptedServer::Entry& entry) {
  std::string text = array_of(2) + bulk(entry.id.text()) + array_of(entry.fields.size());
  for (const std::string& word : entry.fields)
    text += bulk(word);
  return text;
}

// The number in the line that begins at `at`; moves `at` behind it. -1: the line is not all there.
std::int64_t take_number(std::string_view text, std::size_t& at, char mark) {
  const std::size_t end = text.find("\r\n", at);
  if (end == text.npos) return -1;
  CHECK(text[at] == mark, "a command in the form of the protocol");
  std::uint32_t number = 0;
  const auto read = std::from_chars(text.data() + at + 1, text.data() + end, number);
  CHECK(read.ec == std::errc{} && read.ptr == text.data() + end, "a count");
  at = end + 2;
  return number;
}

}  // namespace

ScriptedServer::ScriptedServer() {
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder_.path("redis.sock");
  CHECK(path.size() < sizeof address.sun_path, "a short path");
  std::memcpy(address.sun_path, path.data(), path.size());
  CHECK(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
            ::listen(listener_, 64) == 0,
        "a socket to listen on");
  port_holder_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in held{};
  held.sin_family = AF_INET;
  held.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof held;
  CHECK(::bind(port_holder_, reinterpret_cast<const sockaddr*>(&held), size) == 0 &&
            ::getsockname(port_holder_, reinterpret_cast<sockaddr*>(&held), &size) == 0,
        "a port of our own");
  port_ = ntohs(held.sin_port);
}

ScriptedServer::~ScriptedServer() {
  hang_up();
  ::close(listener_);
  ::close(port_holder_);
}

io::RedisAddress ScriptedServer::address(std::uint8_t choices) const {
  io::RedisAddress address;
  address.unix_path = folder_.path("redis.sock");
  if ((choices & 1) != 0) address.password = "secret";
  if ((choices & 2) != 0) address.user = "engine";
  if ((choices & 4) != 0) address.database = 3;
  return address;
}

io::RedisAddress ScriptedServer::nobody(bool is_path) const {
  io::RedisAddress address;
  if (is_path) {
    address.unix_path = folder_.path("nobody.sock");
  } else {
    address.host = "127.0.0.1";
    address.port = port_;
  }
  return address;
}

void ScriptedServer::reset() {
  accept_all();
  hang_up();
  streams.clear();
  asked.clear();
  answered_ = 0;
}

void ScriptedServer::hang_up() {
  if (client_ >= 0) ::close(client_);
  client_ = -1;
  received_.clear();
  answered_ = asked.size();
  is_in_transaction_ = false;
  queued_.clear();
}

void ScriptedServer::accept_all() {
  for (;;) {
    const int accepted = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) return;
    hang_up();
    client_ = accepted;
  }
}

void ScriptedServer::settle(io::EventLoop& loop) {
  for (int turn = 0; turn < turns_max; ++turn) {
    const bool has_run = loop.poll();
    receive();
    // A client leaves its old connection before it makes a new one.
    if (client_ < 0) {
      accept_all();
      receive();
    }
    if (!has_run) return;
  }
}

void ScriptedServer::receive() {
  std::array<char, 16'384> piece;
  while (client_ >= 0) {
    const ssize_t size = ::recv(client_, piece.data(), piece.size(), 0);
    if (size > 0) received_.append(piece.data(), static_cast<std::size_t>(size));
    while (take_command()) {
    }
    if (size == 0) hang_up();
    if (size < static_cast<ssize_t>(piece.size())) return;
  }
}

bool ScriptedServer::take_command() {
  std::size_t at = 0;
  if (received_.empty()) return false;
  const std::int64_t count = take_number(received_, at, '*');
  if (count < 0) return false;
  CHECK(count > 0, "a command has words");
  Command command;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t size = at < received_.size() ? take_number(received_, at, '$') : -1;
    const auto end = at + static_cast<std::size_t>(size);
    if (size < 0 || end + 2 > received_.size()) return false;
    command.push_back(received_.substr(at, static_cast<std::size_t>(size)));
    CHECK(received_.compare(end, 2, "\r\n") == 0, "a word ends with its line");
    at = end + 2;
  }
  received_.erase(0, at);
  asked.push_back(std::move(command));
  return true;
}

void ScriptedServer::answer(io::EventLoop& loop) {
  for (int round = 0; round < rounds_max; ++round) {
    const std::string bytes = answers_due();
    if (bytes.empty()) return;
    if (client_ >= 0) static_cast<void>(::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    settle(loop);
    if (bytes == nothing_new) return;  // it would be asked for again for ever
  }
}

void ScriptedServer::answer_nobody() {
  static_cast<void>(answers_due());
  hang_up();
}

void ScriptedServer::send(std::string_view bytes) {
  static_cast<void>(answers_due());
  if (client_ >= 0) static_cast<void>(::send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

std::string ScriptedServer::answers_due() {
  std::string bytes;
  while (answered_ < asked.size())
    bytes += answer_to(asked[answered_++]);
  return bytes;
}

std::string ScriptedServer::answer_to(const Command& command) {
  const std::string& word = command.front();
  if (word == "ROLE") return array_of(3) + bulk("master") + ":0\r\n*0\r\n";
  if (word == "MULTI") {
    is_in_transaction_ = true;
    queued_.clear();
    return "+OK\r\n";
  }
  if (word == "DISCARD") {
    is_in_transaction_ = false;
    return "+OK\r\n";
  }
  if (word == "EXEC") {
    if (!is_in_transaction_) return "-ERR EXEC without MULTI\r\n";
    is_in_transaction_ = false;
    std::string bytes = array_of(queued_.size());
    for (const Command& queued : queued_)
      bytes += add(queued);
    return bytes;
  }
  if (word == "XADD") {
    if (!is_in_transaction_) return "-ERR none of the engine's entries comes alone\r\n";
    queued_.push_back(command);
    return "+QUEUED\r\n";
  }
  is_in_transaction_ = false;  // its MULTI was answered with a lie
  if (word == "XINFO") return info(command.at(2));
  if (word == "XLEN") return ":" + std::to_string(streams[command.at(1)].entries.size()) + "\r\n";
  if (word == "INFO") return "$0\r\n\r\n";
  if (word == "AUTH" || word == "SELECT") return "+OK\r\n";
  if (word == "XRANGE" || word == "XREVRANGE") return range(command, word == "XREVRANGE");
  CHECK(word == "XREAD", "no other command");
  return read(command);
}

std::size_t ScriptedServer::id_place(const Command& command) {
  const std::size_t place = command.at(2) == "MAXLEN" ? 5 : 2;
  CHECK(command.size() > place + 2, "an XADD with a field");
  return place;
}

std::string ScriptedServer::add(const Command& command) {
  io::EntryId id;
  const auto at = command.begin() + static_cast<std::ptrdiff_t>(id_place(command));
  CHECK(io::parse_entry_id(*at, id), "an entry with an id of ours");
  Stream& stream = streams[command[1]];
  if (id <= stream.last) {
    return "-ERR The ID specified in XADD is equal or smaller than the target stream top item\r\n";
  }
  stream.last = id;
  stream.entries.push_back({id, {at + 1, command.end()}});
  return bulk(*at);
}

std::string ScriptedServer::info(std::string_view name) const {
  const auto found = streams.find(name);
  if (found == streams.end()) return "-ERR no such key\r\n";
  const Stream& stream = found->second;
  const std::string count = ":" + std::to_string(stream.entries.size()) + "\r\n";
  const io::EntryId first = stream.entries.empty() ? io::EntryId{} : stream.entries.front().id;
  return array_of(8) + bulk("length") + count + bulk("last-generated-id") +
         bulk(stream.last.text()) + bulk("entries-added") + count +
         bulk("recorded-first-entry-id") + bulk(first.text());
}

// XREAD COUNT n BLOCK ms STREAMS name … id …
std::string ScriptedServer::read(const Command& command) const {
  const std::size_t stream_count = (command.size() - 6) / 2;
  const auto count_max = static_cast<std::size_t>(std::atoll(command.at(2).c_str()));
  std::string bytes;
  std::size_t found_count = 0;
  for (std::size_t i = 0; i < stream_count; ++i) {
    const std::string& name = command[6 + i];
    io::EntryId cursor;
    CHECK(io::parse_entry_id(command[6 + stream_count + i], cursor), "a cursor is an id");
    const auto stream = streams.find(name);
    if (stream == streams.end()) continue;
    std::string entries;
    std::size_t count = 0;
    for (const Entry& entry : stream->second.entries) {
      if (entry.id <= cursor || count == count_max) continue;
      ++count;
      entries += text_of(entry);
    }
    if (count == 0) continue;
    ++found_count;
    bytes += array_of(2) + bulk(name) + array_of(count) + entries;
  }
  return found_count == 0 ? std::string{nothing_new} : array_of(found_count) + bytes;
}

// XRANGE name from to COUNT n, XREVRANGE name to from COUNT n; `-` and `+` are the ends.
std::string ScriptedServer::range(const Command& command, bool is_reversed) const {
  const auto id_of = [](const std::string& text) {
    io::EntryId id;
    if (text == "+") return io::EntryId{UINT64_MAX, UINT64_MAX};
    CHECK(text == "-" || io::parse_entry_id(text, id), "an end is an id");
    return id;
  };
  const io::EntryId begin = id_of(command.at(is_reversed ? 3 : 2));
  const io::EntryId end = id_of(command.at(is_reversed ? 2 : 3));
  const auto count_max = static_cast<std::size_t>(std::atoll(command.at(5).c_str()));
  std::vector<Entry> found;
  if (const auto stream = streams.find(command.at(1)); stream != streams.end()) {
    for (const Entry& entry : stream->second.entries)
      if (entry.id >= begin && entry.id <= end) found.push_back(entry);
  }
  if (is_reversed) std::reverse(found.begin(), found.end());
  if (found.size() > count_max) found.resize(count_max);
  std::string bytes = array_of(found.size());
  for (const Entry& entry : found)
    bytes += text_of(entry);
  return bytes;
}

}  // namespace coreloop::tests
