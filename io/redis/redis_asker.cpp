// Questions and answers.
#include "io/redis/redis_asker.hpp"

namespace coreloop::io {
namespace {

constexpr std::int64_t turn_ns = 10'000'000;

RedisAnswer copy_of(RedisReply reply) {
  RedisAnswer answer;
  answer.kind = reply.kind();
  answer.text = reply.text();
  answer.integer = reply.kind() == RedisReply::Kind::integer ? reply.integer() : 0;
  for (std::size_t i = 0; reply.is_array() && i < reply.size(); ++i)
    answer.elements.push_back(copy_of(reply[i]));
  return answer;
}

}  // namespace

const RedisAnswer* RedisAnswer::member(std::string_view name) const noexcept {
  for (std::size_t i = 0; i + 1 < elements.size(); i += 2) {
    if (elements[i].text == name) return &elements[i + 1];
  }
  return nullptr;
}

RedisAsker::RedisAsker() : client_(loop_, *this, {}) {}

std::string RedisAsker::connect(const RedisAddress& address) {
  std::vector<std::string> hosts = address.numeric_hosts;
  if (hosts.empty()) hosts.push_back(address.host);
  std::string problem;
  for (const std::string& host : hosts) {
    address_ = address;
    address_.host = host;
    client_.drop();
    is_connected_ = false;
    lost_.clear();
    client_.connect(address_);
    while (!is_connected_ && lost_.empty())
      loop_.wait(turn_ns);
    if (lost_.empty()) return {};
    problem += (problem.empty() ? "" : "; ") + address_.text() + ": " + lost_;
  }
  return problem;
}

RedisAnswer RedisAsker::ask(const std::vector<std::string>& words) {
  std::string command;
  begin_command(command, words.size());
  for (const std::string& word : words)
    append_word(command, word);
  answer_.reset();
  if (lost_.empty() && !client_.send(0, command)) lost_ = "not connected";
  client_.flush();
  while (!answer_ && lost_.empty())
    loop_.wait(turn_ns);
  if (answer_) return *answer_;
  RedisAnswer lost;
  lost.kind = RedisReply::Kind::error;
  lost.text = "LOST " + lost_;
  return lost;
}

void RedisAsker::on_reply(std::uint64_t, RedisReply reply) {
  answer_ = copy_of(reply);
}

void RedisAsker::on_lost(RedisLoss, const std::string& why) {
  lost_ = why.empty() ? "closed" : why;
}

}  // namespace coreloop::io
