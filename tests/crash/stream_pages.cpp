// XRANGE by hiredis, one page ahead.
#include "tests/crash/stream_pages.hpp"

#include <array>
#include <stdexcept>

namespace coreloop::crash {
namespace {

constexpr std::size_t page_entries = 5'000;

std::string_view text_of(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_STRING) throw std::runtime_error("an entry is made of texts");
  return {reply.str, reply.len};
}

const redisReply& element(const redisReply& reply, std::size_t index) {
  if (reply.type != REDIS_REPLY_ARRAY || index >= reply.elements)
    throw std::runtime_error("an entry is an id and its fields");
  return *reply.element[index];
}

}  // namespace

StreamPages::StreamPages(const std::string& socket_path)
    : context_(redisConnectUnix(socket_path.c_str())) {
  if (context_ == nullptr || context_->err != 0)
    throw std::runtime_error(socket_path + ": " + (context_ ? context_->errstr : "no memory"));
}

void StreamPages::read(std::string_view stream, EntryId last,
                       const std::function<void(const Entry&)>& take) {
  ask(stream, to_text(last));
  for (bool is_last = false; !is_last;) {
    const Reply page = receive();
    is_last = page->elements < page_entries;
    if (!is_last) ask(stream, text_of(element(element(*page, page_entries - 1), 0)));
    for (std::size_t index = 0; index < page->elements; ++index) {
      read_entry(element(*page, index));
      take(entry_);
    }
  }
}

void StreamPages::ask(std::string_view stream, std::string_view last_id) {
  const std::string behind = "(" + std::string{last_id};
  const std::string count = std::to_string(page_entries);
  const std::array<std::string_view, 6> words = {"XRANGE", stream, behind, "+", "COUNT", count};
  std::array<const char*, words.size()> texts{};
  std::array<std::size_t, words.size()> sizes{};
  for (std::size_t index = 0; index < words.size(); ++index) {
    texts[index] = words[index].data();
    sizes[index] = words[index].size();
  }
  redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(),
                         sizes.data());
  for (int is_written = 0; is_written == 0;)
    if (redisBufferWrite(context_.get(), &is_written) != REDIS_OK)
      throw std::runtime_error(std::string{"Redis takes no command: "} + context_->errstr);
}

StreamPages::Reply StreamPages::receive() {
  void* answer = nullptr;
  if (redisGetReply(context_.get(), &answer) != REDIS_OK)
    throw std::runtime_error(std::string{"Redis: "} + context_->errstr);
  Reply reply(static_cast<redisReply*>(answer));
  if (reply->type == REDIS_REPLY_ERROR)
    throw std::runtime_error("Redis says " + std::string{reply->str});
  if (reply->type != REDIS_REPLY_ARRAY) throw std::runtime_error("a page is an array of entries");
  return reply;
}

void StreamPages::read_entry(const redisReply& reply) {
  entry_.id = text_of(element(reply, 0));
  entry_.fields.clear();
  const redisReply& texts = element(reply, 1);
  for (std::size_t index = 0; index + 1 < texts.elements; index += 2)
    entry_.fields.emplace_back(text_of(element(texts, index)), text_of(element(texts, index + 1)));
}

}  // namespace coreloop::crash
