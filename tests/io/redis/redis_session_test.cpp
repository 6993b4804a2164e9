// A host with several addresses: each is tried until one lets us in, and then only that one.
#include "io/redis/redis_session.hpp"

#include <array>
#include <chrono>
#include <string>
#include <vector>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace coreloop::io {
namespace {

/// Listens on one address of this machine and answers everything with ROLE's answer.
class MasterOn {
 public:
  explicit MasterOn(std::uint32_t address, std::uint16_t port = 0) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(address);
    name.sin_port = htons(port);
    socklen_t size = sizeof name;
    is_up_ = ::bind(listener_, reinterpret_cast<const sockaddr*>(&name), size) == 0 &&
             ::listen(listener_, 8) == 0 &&
             ::getsockname(listener_, reinterpret_cast<sockaddr*>(&name), &size) == 0;
    port_ = ntohs(name.sin_port);
  }
  ~MasterOn() {
    hang_up();
    ::close(listener_);
  }
  MasterOn(const MasterOn&) = delete;
  MasterOn& operator=(const MasterOn&) = delete;

  [[nodiscard]] bool is_up() const { return is_up_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int accepted_count() const { return accepted_count_; }

  void answer() {
    const int accepted = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted >= 0) {
      hang_up();
      client_ = accepted;
      ++accepted_count_;
    }
    std::array<char, 1'024> bytes;
    if (client_ < 0 || ::recv(client_, bytes.data(), bytes.size(), 0) <= 0) return;
    constexpr std::string_view master = "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n";
    ASSERT_EQ(::send(client_, master.data(), master.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(master.size()));
  }
  void hang_up() {
    if (client_ >= 0) ::close(client_);
    client_ = -1;
  }

 private:
  int listener_ = -1;
  int client_ = -1;
  int accepted_count_ = 0;
  std::uint16_t port_ = 0;
  bool is_up_ = false;
};

constexpr std::uint32_t first_loopback = INADDR_LOOPBACK;       // 127.0.0.1
constexpr std::uint32_t second_loopback = INADDR_LOOPBACK + 1;  // 127.0.0.2, where nobody listens

class RedisSessionTest : public testing::Test, public RedisSessionOwner {
 protected:
  EventLoop loop_;
  std::vector<std::string> notices_;
  int open_count_ = 0;

  void on_open() override { ++open_count_; }
  void on_reply(std::uint64_t, RedisReply) override {}
  void on_closed(RedisLoss) override {}

  RedisSessionOptions options(std::uint16_t port, std::vector<std::string> hosts) {
    RedisSessionOptions options;
    options.name = "reader";
    options.address.port = port;
    options.address.host = hosts.front();
    options.address.numeric_hosts = std::move(hosts);
    options.notice = [this](bool, const std::string& text) { notices_.push_back(text); };
    return options;
  }

  template <class Condition>
  bool turn_until(MasterOn& master, const Condition& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < end) {
      loop_.wait(1'000'000);
      master.answer();
    }
    return condition();
  }
};

TEST_F(RedisSessionTest, TriesTheNextAddressWhereOneRefuses) {
  MasterOn master(first_loopback);
  ASSERT_TRUE(master.is_up());
  RedisSession session(loop_, *this, options(master.port(), {"127.0.0.2", "127.0.0.1"}));
  session.open();
  ASSERT_TRUE(turn_until(master, [this] { return open_count_ == 1; }));
  ASSERT_EQ(notices_.size(), 1U);
  EXPECT_NE(notices_[0].find("redis://127.0.0.1:"), std::string::npos) << notices_[0];
  EXPECT_EQ(session.health().connect_failures.get(), 1U);
}

TEST_F(RedisSessionTest, TellsWhatEachAddressSaidAndBeginsAnew) {
  std::uint16_t port = 0;
  {
    const MasterOn gone(first_loopback);
    port = gone.port();
  }
  RedisSession session(loop_, *this, options(port, {"127.0.0.2", "127.0.0.1"}));
  session.open();
  MasterOn elsewhere(first_loopback);
  ASSERT_TRUE(turn_until(elsewhere, [this] { return !notices_.empty(); }));
  EXPECT_NE(notices_[0].find("127.0.0.2: Connection refused; 127.0.0.1: Connection refused"),
            std::string::npos)
      << notices_[0];
  MasterOn late(first_loopback, port);
  ASSERT_TRUE(late.is_up());
  EXPECT_TRUE(turn_until(late, [this] { return open_count_ == 1; }));
  EXPECT_EQ(notices_.size(), 2U) << "one line a trouble, not one a try";
}

TEST_F(RedisSessionTest, StaysWithTheAddressThatLetItIn) {
  auto master = std::make_unique<MasterOn>(first_loopback);
  ASSERT_TRUE(master->is_up());
  const std::uint16_t port = master->port();
  MasterOn other(second_loopback, port);
  ASSERT_TRUE(other.is_up());
  RedisSession session(loop_, *this, options(port, {"127.0.0.1", "127.0.0.2"}));
  session.open();
  ASSERT_TRUE(turn_until(*master, [this] { return open_count_ == 1; }));
  master.reset();
  // Refused where it was, it does not move to the server on the other address.
  ASSERT_TRUE(
      turn_until(other, [&session] { return session.health().connect_failures.get() >= 3; }));
  EXPECT_EQ(other.accepted_count(), 0);
  MasterOn again(first_loopback, port);
  ASSERT_TRUE(again.is_up());
  EXPECT_TRUE(turn_until(again, [this] { return open_count_ == 2; }));
}

}  // namespace
}  // namespace coreloop::io
