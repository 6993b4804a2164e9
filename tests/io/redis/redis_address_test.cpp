// URLs of Redis: what is accepted, what is refused and why; entry ids; error replies.
#include "io/redis/redis_address.hpp"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/edge/entry_id.hpp"
#include "io/redis/redis_error.hpp"

namespace coreloop::io {
namespace {

RedisAddress address_of(std::string_view url) {
  RedisAddress address;
  std::string problem;
  EXPECT_TRUE(parse_redis_url(url, address, problem)) << url << ": " << problem;
  return address;
}

TEST(RedisAddressTest, ReadsHostPortAndDatabase) {
  EXPECT_EQ(address_of("redis://localhost").host, "localhost");
  EXPECT_EQ(address_of("redis://localhost").port, 6'379);
  EXPECT_EQ(address_of("redis://10.0.0.1:7000/3").port, 7'000);
  EXPECT_EQ(address_of("redis://10.0.0.1:7000/3").database, 3U);
  EXPECT_EQ(address_of("redis://[::1]:7000").host, "::1");
  EXPECT_EQ(address_of("redis://[::1]:7000").port, 7'000);
}

TEST(RedisAddressTest, ReadsUserAndPasswordWithPercentEncoding) {
  const RedisAddress address = address_of("redis://me:p%40ss%3A@h:1");
  EXPECT_EQ(address.user, "me");
  EXPECT_EQ(address.password, "p@ss:");
  EXPECT_EQ(address_of("redis://:secret@h").password, "secret");
  EXPECT_EQ(address_of("redis://:secret@h").user, "");
}

TEST(RedisAddressTest, NeverShowsThePassword) {
  EXPECT_EQ(address_of("redis://me:secret@h:1/2").text(), "redis://me@h:1/2");
}

TEST(RedisAddressTest, ReadsAUnixSocket) {
  EXPECT_EQ(address_of("unix:///run/redis.sock").unix_path, "/run/redis.sock");
  EXPECT_EQ(address_of("unix:///run/redis.sock?db=4").database, 4U);
}

TEST(RedisAddressTest, RefusesWhatItCannotServe) {
  for (const std::string& url :
       {std::string{"rediss://h"}, std::string{"http://h"}, std::string{"redis://"},
        std::string{"redis://h:0"}, std::string{"redis://h:65536"}, std::string{"redis://h:1/x"},
        std::string{"redis://[::1"}, std::string{"redis://[::1]x"}, std::string{"unix://relative"},
        std::string{"unix://"}, std::string{"unix:///x?y"}, std::string{"redis://a:%@h"},
        std::string{"redis://a:%00@h"}, "unix:///" + std::string(200, 'x'), std::string{}}) {
    RedisAddress address;
    std::string problem;
    EXPECT_FALSE(parse_redis_url(url, address, problem)) << url;
    EXPECT_FALSE(problem.empty()) << url;
  }
}

TEST(EntryIdTest, OrdersAsRedisDoes) {
  EXPECT_LT((EntryId{1, 9}), (EntryId{2, 0}));
  EXPECT_LT((EntryId{2, 0}), (EntryId{2, 1}));
  EntryId id;
  EXPECT_TRUE(parse_entry_id("18446744073709551615-1", id));
  EXPECT_EQ(id.ms, UINT64_MAX);
  EXPECT_TRUE(parse_entry_id("5", id, true));
  for (const char* const text :
       {"", "-", "5", "5-", "5-x", "x-5", "5-6-7", "18446744073709551616-0"})
    EXPECT_FALSE(parse_entry_id(text, id)) << text;
}

TEST(RedisAddressTest, ResolvesANameToAllItsAddresses) {
  RedisAddress address;
  std::string problem;
  address.host = "localhost";
  ASSERT_TRUE(resolve_host(address, problem)) << problem;
  ASSERT_FALSE(address.numeric_hosts.empty());
  EXPECT_EQ(address.host, address.numeric_hosts.front());
  EXPECT_EQ(std::set(address.numeric_hosts.begin(), address.numeric_hosts.end()).size(),
            address.numeric_hosts.size());
  for (const std::string& host : address.numeric_hosts)
    EXPECT_TRUE(host == "::1" || host.starts_with("127.")) << host;

  address.host = "192.0.2.7";
  ASSERT_TRUE(resolve_host(address, problem)) << problem;
  EXPECT_EQ(address.numeric_hosts, std::vector<std::string>{"192.0.2.7"});

  address.host = "no-such-host.invalid";
  EXPECT_FALSE(resolve_host(address, problem));
  EXPECT_NE(problem.find("no-such-host.invalid"), std::string::npos) << problem;
}

TEST(RedisErrorTest, TellsKindsApart) {
  using enum RedisErrorKind;
  const std::pair<const char*, RedisErrorKind> rows[] = {
      {"LOADING Redis is loading the dataset in memory", transient},
      {"OOM command not allowed when used memory > 'maxmemory'.", transient},
      {"MISCONF Redis is configured to save RDB snapshots, but …", transient},
      {"BUSY Redis is busy running a script.", transient},
      {"NOREPLICAS Not enough good replicas to write.", transient},
      {"MASTERDOWN Link with MASTER is down", transient},
      {"CLUSTERDOWN Hash slot not served", transient},
      {"MOVED 3999 127.0.0.1:6381", transient},
      {"ASK 3999 127.0.0.1:6381", transient},
      {"TRYAGAIN Multiple keys request during rehashing of slot", transient},
      {"ERR max number of clients reached", transient},
      {"READONLY You can't write against a read only replica.", demoted},
      {"UNBLOCKED force unblock from blocking operation", demoted},
      {"EXECABORT Transaction discarded because of previous errors.", aborted},
      {"EXECABORT Transaction discarded because of: NOPERM this user has no permissions",
       permission},
      {"EXECABORT Transaction discarded because of: OOM command not allowed", transient},
      {"NOAUTH Authentication required.", authentication},
      {"WRONGPASS invalid username-password pair or user is disabled.", authentication},
      {"ERR AUTH <password> called without any password configured", authentication},
      {"NOPERM this user has no permissions to run the 'xadd' command", permission},
      {"WRONGTYPE Operation against a key holding the wrong kind of value", wrong_type},
      {"ERR The ID specified in XADD is equal or smaller than the target stream top item",
       stale_id},
      {"ERR no such key", no_such_key},
      {"ERR unknown command", other},
      {"", other},
  };
  for (const auto& [text, kind] : rows)
    EXPECT_EQ(classify_redis_error(text).kind, kind) << text;
}

}  // namespace
}  // namespace coreloop::io
