// Host and port of the conf, and which hosts are this machine alone.
#include "io/http/listen_address.hpp"

#include <gtest/gtest.h>

namespace coreloop::io {
namespace {

TEST(ListenAddressTest, ReadsHostAndPort) {
  ListenAddress address;
  ASSERT_TRUE(parse_listen_address("127.0.0.1:8080", address));
  EXPECT_EQ(address.host, "127.0.0.1");
  EXPECT_EQ(address.port, 8080);
  EXPECT_EQ(address.text(), "127.0.0.1:8080");
  ASSERT_TRUE(parse_listen_address("[::1]:0", address));
  EXPECT_EQ(address.host, "::1");
  EXPECT_EQ(address.port, 0);
  EXPECT_EQ(address.text(), "[::1]:0");
}

TEST(ListenAddressTest, RefusesWhatIsNeither) {
  ListenAddress address;
  for (const char* text : {"", ":", ":80", "host", "host:", "host:-1", "host:65536", "host:80x",
                           "::1:80", "[::1]", "[]:80", "[x]:80", "a b:80", "a/b:80", "host: 80"})
    EXPECT_FALSE(parse_listen_address(text, address)) << text;
}

TEST(ListenAddressTest, KnowsThisMachine) {
  for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "::1"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host : {"0.0.0.0", "10.0.0.1", "::", "127.0.0.1.evil.example", "127.evil",
                           "localhost.evil.example", "evil.example", ""})
    EXPECT_FALSE(is_loopback(host)) << host;
}

TEST(ListenAddressTest, KnowsAddressesFromNames) {
  for (const char* host : {"10.0.0.1", "255.255.255.255", "::1", "2001:db8::1", "::ffff:10.0.0.1"})
    EXPECT_TRUE(is_ip_address(host)) << host;
  for (const char* host : {"", "localhost", "10.0.0.1.evil.example", "1.2.3", "10.0.0.x", "10"})
    EXPECT_FALSE(is_ip_address(host)) << host;
}

}  // namespace
}  // namespace coreloop::io
