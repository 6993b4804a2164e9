// The directory of a log belongs to one process at a time.
#include <unistd.h>

#include <gtest/gtest.h>

#include "io/journal/segment_file.hpp"
#include "tests/support/temp_dir.hpp"

namespace coreloop::io {
namespace {

TEST(LogDirectoryTest, LetsOneProcessIn) {
  const tests::TempDir dir;
  LogDirectory first;
  LogDirectory second;
  EXPECT_EQ(first.open(dir.path("log")), LogDirectory::Result::ok);
  EXPECT_EQ(second.open(dir.path("log")), LogDirectory::Result::busy);
  EXPECT_NE(second.problem().find("another process"), std::string::npos);
  EXPECT_EQ(LogDirectory{}.open(dir.path("no/such")), LogDirectory::Result::failed);
}

TEST(LogDirectoryTest, TellsWhetherItIsTakenAndMakesNothing) {
  const tests::TempDir dir;
  EXPECT_FALSE(LogDirectory::is_taken(dir.path("log")));
  EXPECT_NE(::access(dir.path("log").c_str(), F_OK), 0);
  {
    LogDirectory first;
    ASSERT_EQ(first.open(dir.path("log")), LogDirectory::Result::ok);
    EXPECT_TRUE(LogDirectory::is_taken(dir.path("log")));
  }
  EXPECT_FALSE(LogDirectory::is_taken(dir.path("log")));
}

}  // namespace
}  // namespace coreloop::io
