// From the engine to what HTTP is answered from.
#include "tools/live_http.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <new>
#include <pthread.h>

#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/log_line.hpp"
#include "tools/token_file.hpp"
#include "tools/version.hpp"

namespace coreloop::tools {
namespace {

constexpr std::chrono::milliseconds command_patience{500};

io::BuildFacts build_facts() {
  const BuildWords words = build_words();
  return {words.version, words.revision, words.compiler};
}

}  // namespace

LiveHttp::LiveHttp(const io::EngineConf& conf, const io::Clock& clock,
                   std::function<io::RedisFacts()> redis, std::function<io::JournalFacts()> journal)
    : conf_(conf),
      clock_(clock),
      redis_(std::move(redis)),
      journal_(std::move(journal)),
      build_(build_facts()),
      start_unix_ns_(clock.unix_ns()),
      start_monotonic_ns_(clock.monotonic_ns()),
      gate_{.rate = io::CommandRate{conf.http.command_rate_max}} {
  const bool is_wanted = std::any_of(conf.http_listen.begin(), conf.http_listen.end(),
                                     [](const std::string& listen) { return !listen.empty(); });
  if (!is_wanted) return;
  views_ = std::make_unique<io::EngineViews>(conf.decision);
  risk_view_ = std::make_unique<SharedView<io::RiskView>>(views_->risk);
  books_view_ = std::make_unique<SharedView<io::BooksView>>(views_->books);
  outcomes_view_ = std::make_unique<SharedView<io::OutcomesView>>(views_->outcomes);
}

LiveHttp::Port::Port(std::size_t listener_index, const io::ListenAddress& listen_address,
                     io::HttpAccess access, LiveHttp& http)
    : listener(listener_index),
      address(listen_address),
      router(io::listeners()[listener_index], http, http.counters_, http.gate_, std::move(access)),
      server(
          io::listeners()[listener_index].thread_count,
          [this](const io::HttpRequest& request) { return router.answer(request); },
          http.counters_.heads_cut) {}

LiveHttp::~LiveHttp() {
  stop();
}

int LiveHttp::start() {
  for (std::size_t i = 0; i < io::listener_count; ++i) {
    if (conf_.http_listen[i].empty()) continue;
    const int exit_code = add_port(i);
    if (exit_code != exit_ok) return exit_code;
  }
  for (const auto& port : ports_) {
    port->server.start();
    const std::string_view service = io::listeners()[port->listener].name;
    const std::string what =
        service.empty() ? "listening" : "listening in the place of " + std::string{service};
    log_line(LogLevel::info, "http", what + " on http://" + port->address.text());
  }
  return exit_ok;
}

int LiveHttp::add_port(std::size_t listener) {
  io::ListenAddress address;
  if (!io::parse_listen_address(conf_.http_listen[listener], address)) {
    const std::string key{io::listener_keys[listener]};
    return complain("conf", "http." + key + ": must be host:port", exit_conf);
  }
  io::HttpAccess access;
  const bool may_ask_for_token = listener == 0;
  if (may_ask_for_token) {
    access.hosts = conf_.http.hosts;
    access.hosts.push_back(address.host);
    access.answers_to_addresses = !io::is_loopback(address.host);
    if (!conf_.http.token_file.empty()) {
      const int exit_code = read_token_file(conf_.http.token_file, access.token);
      if (exit_code != exit_ok) return exit_code;
    }
  }
  ports_.push_back(std::make_unique<Port>(listener, address, std::move(access), *this));
  return bind(*ports_.back());
}

int LiveHttp::bind(Port& port) {
  const int error = port.server.bind(port.address);
  if (error != 0) {
    return complain("http", "cannot listen on " + port.address.text() + ": " + std::strerror(error),
                    exit_system);
  }
  port.address.port = port.server.port();
  return exit_ok;
}

// For the listener that has the live page.
void LiveHttp::start_recorder() {
  if (conf_.http_listen.front().empty()) return;
  recorder_ = std::jthread([this](const std::stop_token& stop) { record_history(stop); });
}

void LiveHttp::record_history(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "history");
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  const auto never = [] { return false; };
  while (!stop.stop_requested() && state() == io::LifeState::running) {
    try {
      const io::ViewCopies copies = views();
      if (copies.is_complete()) history_.record(io::sample_of(copies, redis_(), clock_.unix_ns()));
    } catch (const std::bad_alloc&) {  // a gap in a chart
    }
    stopped.wait_for(lock, stop, io::History::interval, never);
  }
}

void LiveHttp::begin_drain() {
  if (has_engine()) state_.store(io::LifeState::draining, std::memory_order_release);
  commands_.close();
}

void LiveHttp::stop() {
  begin_drain();
  if (recorder_.joinable()) {
    recorder_.request_stop();
    recorder_.join();
  }
  for (const auto& port : ports_)
    port->server.stop();
}

io::LifeState LiveHttp::state() const {
  return state_.load(std::memory_order_acquire);
}

std::int64_t LiveHttp::uptime_ns() const {
  return clock_.monotonic_ns() - start_monotonic_ns_;
}

io::ViewCopies LiveHttp::views() {
  if (!has_engine()) return {};
  const std::uint64_t sequence = applied_sequence_.load(std::memory_order_relaxed);
  const auto wake = [this](std::uint32_t stage) {
    return [this, stage] { handle_->wake_stage(stage); };
  };
  io::ViewCopies copies;
  copies.risk = risk_view_->get(sequence, wake(io::risk_stage));
  copies.books = books_view_->get(sequence, wake(io::mark_stage));
  copies.outcomes = outcomes_view_->get(sequence, wake(io::egress_stage));
  copies.names = names_;
  return copies;
}

io::TimingFacts LiveHttp::timing() {
  if (!has_engine()) return {};
  io::TimingFacts facts = handle_->timing();
  facts.views_filled =
      views_->risk.fill_count() + views_->books.fill_count() + views_->outcomes.fill_count();
  facts.views_late =
      risk_view_->late_count() + books_view_->late_count() + outcomes_view_->late_count();
  return facts;
}

std::uint64_t LiveHttp::submit(const io::CommandRequest& request) {
  const std::uint64_t ticket = commands_.submit(request);
  if (ticket != 0) handle_->wake_stage(io::ingress_stage);
  return ticket;
}

io::CommandResult LiveHttp::wait(std::uint64_t ticket) {
  const io::CommandResult result = commands_.wait(ticket, command_patience);
  if (result.state == io::CommandState::applied) {
    std::uint64_t before = applied_sequence_.load(std::memory_order_relaxed);
    while (before < result.sequence && !applied_sequence_.compare_exchange_weak(
                                           before, result.sequence, std::memory_order_relaxed)) {
    }
  }
  return result;
}

}  // namespace coreloop::tools
