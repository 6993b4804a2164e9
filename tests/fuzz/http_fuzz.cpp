// What io/http makes of a connection's bytes, from the reader of heads to the router's answer. One
// connection is one request at most, the same in whatever pieces it comes; what is taken means the
// same to the most careless reader; every answer is what its type says, of bounded size; only a
// POST without a body, of this machine's own pages and with the token that is asked for, commands
// anything, once; and the engine takes every command that is queued.
//
// An input is a byte of the engine's state and the listener, a byte of who may ask and how, and the
// bytes of a connection.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/check.hpp"
#include "io/codec/json_scan.hpp"
#include "io/edge/input_decoder.hpp"
#include "io/http/head_reader.hpp"
#include "io/http/listeners.hpp"
#include "io/http/request_guards.hpp"
#include "io/http/request_head.hpp"
#include "io/http/router.hpp"
#include "tests/fuzz/head_connection.hpp"
#include "tests/fuzz/input_bytes.hpp"
#include "tests/fuzz/lax_request.hpp"
#include "tests/http/scripted_desk.hpp"

namespace coreloop::tests {
namespace {

using io::HttpAnswer;
using io::HttpRequest;

constexpr std::string_view token_text = "0123456789abcdef";
constexpr std::size_t answer_bytes_max = std::size_t{1} << 16;

/// Who may ask and how, of the input's second byte.
struct Choices {
  bool asks_for_token;
  bool knows_a_name;
  bool answers_to_addresses;
  bool is_limited;        ///< one command in a second
  bool comes_in_between;  ///< the same request, while a command waits
  bool is_repeated;       ///< the same request, afterwards
  std::size_t piece_bytes;

  explicit Choices(std::uint8_t byte)
      : asks_for_token((byte & 1) != 0),
        knows_a_name((byte & 2) != 0),
        answers_to_addresses((byte & 4) != 0),
        is_limited((byte & 8) != 0),
        comes_in_between((byte & 16) != 0),
        is_repeated((byte & 32) != 0),
        piece_bytes((byte & 64) != 0 ? 61 : 1'500) {}

  [[nodiscard]] io::HttpAccess access() const {
    static const io::AccessToken token{token_text};
    return {.token = asks_for_token ? token : io::AccessToken{},
            .hosts = knows_a_name ? std::vector<std::string>{"engine.example"}
                                  : std::vector<std::string>{},
            .answers_to_addresses = answers_to_addresses};
  }
};

void check_json(std::string_view body) {
  static io::JsonScan scan(0);
  CHECK(io::is_utf8(body), "JSON is UTF-8");
  CHECK(scan.skip_value(body) && body.empty(), "one value of strict JSON");
}

void check_metrics(std::string_view body) {
  body.remove_suffix(1);
  for (const std::string_view line : pieces_of(body, '\n')) {
    const bool is_comment = line.starts_with("# HELP ") || line.starts_with("# TYPE ");
    CHECK(is_comment || line.rfind(' ') != line.npos, "a comment, or a name and a number");
  }
}

void check_answer(const HttpAnswer& answer) {
  CHECK(answer.status != 500 && io::title_of(answer.status) != "Error", "a status we know");
  CHECK(answer.body.size() <= answer_bytes_max, "of bounded size");
  CHECK(answer.body.ends_with('\n'), "a body ends its last line");
  const bool is_problem = answer.content_type == io::problem_type;
  if (is_problem || answer.content_type == io::json_type) check_json(answer.body);
  if (answer.content_type == io::metrics_type) check_metrics(answer.body);
  // /ready says in its own words that it is not.
  const bool is_unready = answer.status == 503 && answer.content_type == io::json_type;
  CHECK(is_problem == (answer.status >= 400) || is_unready, "a refusal is a problem in JSON");
  for (const auto& [name, value] : answer.headers) {
    CHECK(value.find_first_of("\r\n") == value.npos, "one line");
    CHECK(name == "Allow" || name == "Retry-After" || name == "WWW-Authenticate" ||
              name == "Idempotent-Replayed" || name == "Referrer-Policy" ||
              name.starts_with("Content-"),
          "a header we know");
  }
}

// A desk whose commands go to the box and the decoder of an engine; while one waits, the same
// request may come on another thread.
class QueueingDesk final : public io::EngineDesk {
 public:
  explicit QueueingDesk(ScriptedDesk& desk) : desk_(desk) {}
  [[nodiscard]] io::LifeState state() const override { return desk_.state(); }
  [[nodiscard]] std::int64_t uptime_ns() const override { return desk_.uptime_ns(); }
  [[nodiscard]] std::int64_t start_unix_ns() const override { return desk_.start_unix_ns(); }
  [[nodiscard]] io::ViewCopies views() override { return desk_.views(); }
  [[nodiscard]] io::TimingFacts timing() override { return desk_.timing(); }
  [[nodiscard]] io::RedisFacts redis() override { return desk_.redis(); }
  [[nodiscard]] io::JournalFacts journal() override { return desk_.journal(); }
  [[nodiscard]] io::ToldErrors errors() override { return desk_.errors(); }
  [[nodiscard]] io::HistoryFacts history() override { return desk_.history(); }
  [[nodiscard]] const io::BuildFacts& build() const override { return desk_.build(); }
  [[nodiscard]] std::uint64_t order_seed() const override { return desk_.order_seed(); }

  [[nodiscard]] std::uint64_t submit(const io::CommandRequest& request) override {
    ++command_count;
    io::CommandBox box;
    box.open();
    CHECK(box.submit(request) != 0, "it fits the mailbox");
    io::RawEntry entry;
    CHECK(box.peek(entry) && box.claim(), "and comes out of it");
    static stages::Names names{8, 8};
    static stages::TextRing text{12};
    static io::InputDecoder decoder{names, text};
    names = stages::Names{8, 8};
    stages::Event event{};
    CHECK(decoder.decode_command(entry, event), "as a command");
    return desk_.ticket;
  }

  [[nodiscard]] io::CommandResult wait(std::uint64_t ticket) override {
    if (asked_meanwhile != nullptr) {
      const HttpRequest& request = *std::exchange(asked_meanwhile, nullptr);
      answer_meanwhile = router->answer(request);
    }
    return desk_.wait(ticket);
  }

  int command_count = 0;
  io::Router* router = nullptr;
  const HttpRequest* asked_meanwhile = nullptr;
  std::optional<HttpAnswer> answer_meanwhile;

 private:
  ScriptedDesk& desk_;
};

// States that change what is answered, of the input's first byte.
void choose_state(std::uint8_t choice, ScriptedDesk& desk) {
  constexpr io::CommandState states[] = {io::CommandState::applied, io::CommandState::queued,
                                         io::CommandState::refused, io::CommandState::cancelled};
  desk.result.state = states[choice & 3];
  desk.result.sequence = (choice & 4) != 0 ? 42 : 0;
  desk.result.entry_value = 200 * stages::scale;
  desk.result.realized_pnl = -3;
  desk.result.price = 1;
  desk.ticket = (choice & 24) == 24 ? 0 : 1;
  desk.life = (choice & 24) == 8 ? io::LifeState::draining : io::LifeState::running;
  static const io::ViewCopies copies = desk.copies;
  desk.copies = (choice & 24) == 16 ? io::ViewCopies{} : copies;
  if (desk.told.distinct.empty())
    desk.told.distinct.push_back({"warning", "redis", "a \"sample\"\\", 2, 1, 2});
}

// The same, whatever stands behind the head and in whatever pieces it comes.
std::optional<std::string> head_of(std::string_view bytes, std::size_t piece_bytes) {
  std::size_t size = 0;
  const io::HeadState state = io::head_state(bytes, 0, size);
  for (std::size_t seen = 0; seen < bytes.size();) {
    const std::size_t now = std::min(seen + piece_bytes, bytes.size());
    std::size_t size_now = 0;
    const io::HeadState state_now = io::head_state(bytes.substr(0, now), seen, size_now);
    seen = now;
    if (state_now == io::HeadState::unfinished) continue;
    CHECK(state_now == state && size_now == size, "pieces make no other head");
    break;
  }
  const HeadOutcome outcome = send_to_reader(bytes, piece_bytes);
  CHECK(outcome.head.has_value() == (state == io::HeadState::whole), "whole heads go on");
  CHECK(outcome.refusal.starts_with("HTTP/1.1 431 ") == (state == io::HeadState::too_large),
        "what is too long is refused");
  if (!outcome.head) return std::nullopt;
  CHECK(outcome.refusal.empty(), "and nothing is answered yet");
  CHECK(*outcome.head == bytes.substr(0, size), "a head, and nothing that stands behind it");
  CHECK(size <= 8'192 && outcome.head->find("\r\n\r\n") == size - 4, "of bounded size, one head");
  return outcome.head;
}

// What the strict reader takes reads the same to the careless one, and to itself once more.
void check_reading(const HttpRequest& request, std::string_view head) {
  const LaxRequest lax = read_laxly(head);
  CHECK(lax.words.size() == 3 && lax.words[0] == request.method, "three words");
  CHECK(lax.words[1].starts_with('/') && request.path.starts_with('/'), "a path of this server");
  CHECK(lax.headers.size() == request.headers.size(), "no header more or less");
  for (std::size_t i = 0; i < lax.headers.size(); ++i) {
    const auto& [name, value] = request.headers[i];
    CHECK(lax.headers[i].first == in_lower_case(name) && lax.headers[i].second == value,
          "nor another one");
  }
  HttpRequest again;
  CHECK(io::read_request_head(written(request), again), "what was read can be written");
  CHECK(again.method == request.method && again.path == request.path &&
            again.query == request.query && again.headers == request.headers,
        "and means the same");
}

// Nothing that another server could take for a second request, or for a stranger's.
void check_command(const LaxRequest& lax, const HttpRequest& request, const Choices& choices) {
  CHECK(request.method == "POST", "a POST commands");
  for (const char* const name : {"transfer-encoding", "content-encoding", "expect"})
    CHECK(lax.count(name) == 0, "without a body in any guise");
  CHECK(lax.count("content-length") <= 1 && lax.count("host") <= 1, "no two lengths, no two hosts");
  std::string host;
  for (const auto& [name, value] : lax.headers) {
    if (name == "content-length")
      CHECK(!value.empty() && value.find_first_not_of('0') == value.npos, "of length 0");
    if (name == "host") host = value;
  }
  const bool is_ours =
      host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]");
  const bool is_named = choices.knows_a_name && in_lower_case(host).starts_with("engine.example");
  const bool is_address = choices.answers_to_addresses &&
                          host.find_first_not_of("0123456789abcdefABCDEF.:[]") == host.npos;
  CHECK(lax.count("host") == 0 || is_ours || is_named || is_address, "for this machine");
  for (const auto& [name, value] : lax.headers) {
    if (name == "origin")
      CHECK(
          !host.empty() && (value == "http://" + host || (is_named && value == "https://" + host)),
          "of a page of its own");
    if (name == "sec-fetch-site") CHECK(value == "same-origin" || value == "none", "or of nobody");
    if (name == "authorization" && choices.asks_for_token)
      CHECK(in_lower_case(value.substr(0, 7)) == "bearer " && value.substr(7) == token_text,
            "with the token");
  }
  if (choices.asks_for_token) CHECK(lax.count("authorization") == 1, "brought once");
}

bool was_taken(const HttpAnswer& answer) {
  return answer.status == 200 || answer.status == 202 || answer.status == 409;
}

void ask(const HttpRequest& request, const LaxRequest& lax, std::uint8_t state,
         const Choices& choices) {
  static ScriptedDesk scripted;
  choose_state(state, scripted);
  QueueingDesk desk(scripted);
  io::HttpCounters counters;
  io::CommandGate gate{.rate = io::CommandRate{choices.is_limited ? 1 : 0}};
  io::Router router(io::listeners()[state >> 6], desk, counters, gate, choices.access());
  desk.router = &router;
  if (choices.comes_in_between) desk.asked_meanwhile = &request;
  const HttpAnswer first = router.answer(request);
  check_answer(first);
  if (io::refusal_of(request, choices.access()))
    CHECK(desk.command_count == 0 && first.status >= 400, "a refused request does nothing");
  const bool has_key = lax.count("idempotency-key") != 0;
  if (desk.answer_meanwhile) {
    check_answer(*desk.answer_meanwhile);
    const bool may_follow = !has_key && !choices.is_limited;
    CHECK(desk.command_count == 1 || may_follow, "a key is one command, the rate is kept");
  }
  if (desk.command_count == 0) return;
  check_command(lax, request, choices);
  const int before = desk.command_count;
  if (!choices.is_repeated) return;
  const HttpAnswer again = router.answer(request);
  check_answer(again);
  if (has_key && was_taken(first))
    CHECK(desk.command_count == before && again.status == first.status && again.body == first.body,
          "the same answer, and no other command");
  if (choices.is_limited && !has_key)
    CHECK(desk.command_count == before && again.status == 429, "one in a second");
}

void check_input(std::string_view input) {
  const std::uint8_t state = take_byte(input);
  const Choices choices(take_byte(input));
  const std::optional<std::string> head = head_of(input, choices.piece_bytes);
  if (!head) return;
  HttpRequest request;
  if (!io::read_request_head(*head, request)) return;
  check_reading(request, *head);
  ask(request, read_laxly(*head), state, choices);
}

}  // namespace
}  // namespace coreloop::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  coreloop::tests::check_input(coreloop::tests::text_of(data, size));
  return 0;
}
