// GET, again and again.
#include "bench/redis/scraper.hpp"

#include <array>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/redis/resp_socket.hpp"

namespace coreloop::bench {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

}  // namespace

std::string http_get(std::uint16_t port, const std::string& path) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  std::string response;
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = "GET " + path +
                                " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                                "\r\nConnection: close\r\n\r\n";
    std::array<char, 65'536> buffer;
    ssize_t got = ::send(descriptor, request.data(), request.size(), MSG_NOSIGNAL);
    while (got > 0 && (got = ::recv(descriptor, buffer.data(), buffer.size(), 0)) > 0)
      response.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(descriptor);
  return response;
}

std::uint16_t free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    give_up("no free port");
  }
  ::close(descriptor);
  return ntohs(address.sin_port);
}

Scraper::Scraper(std::uint16_t port, double per_second)
    : port_(port), per_second_(per_second), thread_([this] { run(); }) {}

Scraper::~Scraper() {
  stops_.store(true);
  thread_.join();
}

void Scraper::run() {
  const std::int64_t start_ns = now_ns();
  for (std::uint64_t i = 0; !stops_.load(); ++i) {
    const std::int64_t due_ns =
        start_ns + static_cast<std::int64_t>(static_cast<double>(i) * 1e9 / per_second_);
    while (!stops_.load() && now_ns() < due_ns)
      ::usleep(500);
    const bool is_good = http_get(port_, "/metrics").rfind("HTTP/1.1 200", 0) == 0;
    (is_good ? good_ : failed_).fetch_add(1);
  }
}

}  // namespace coreloop::bench
