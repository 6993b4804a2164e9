// Somebody who reads the engine's HTTP endpoint at a fixed rate, from a thread of the benchmark.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace coreloop::bench {

/// GETs `path` from 127.0.0.1:`port`; the whole response, or empty if there was none.
[[nodiscard]] std::string http_get(std::uint16_t port, const std::string& path);

/// A free TCP port of 127.0.0.1, as of now.
[[nodiscard]] std::uint16_t free_port();

class Scraper {
 public:
  /// GETs /metrics `per_second` times a second until it is destroyed.
  Scraper(std::uint16_t port, double per_second);
  ~Scraper();
  Scraper(const Scraper&) = delete;
  Scraper& operator=(const Scraper&) = delete;

  [[nodiscard]] std::uint64_t good_count() const { return good_.load(); }
  [[nodiscard]] std::uint64_t failed_count() const { return failed_.load(); }

 private:
  void run();

  std::uint16_t port_;
  double per_second_;
  std::atomic<bool> stops_{false};
  std::atomic<std::uint64_t> good_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::thread thread_;
};

}  // namespace coreloop::bench
