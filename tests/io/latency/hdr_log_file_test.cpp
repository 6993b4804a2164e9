// The log's file: gone on with, replaced, refused, cut back.
#include "io/latency/hdr_log_file.hpp"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <sys/resource.h>

#include <gtest/gtest.h>

#include "io/latency/hdr_log.hpp"
#include "tests/support/temp_dir.hpp"

namespace coreloop::io {
namespace {

using tests::TempDir;

const std::string whole = std::string{hdr_log_first_line} + "\nTag=a,0,1,1,x\n";

TEST(HdrLogFileTest, IsCreatedAndGoneOnWith) {
  const TempDir dir;
  const std::string path = dir.path("a.hlog");
  for (const char* line : {"first\n", "second\n"}) {
    HdrLogFile file;
    ASSERT_EQ(file.open(path, true), "");
    EXPECT_EQ(file.append(std::string{hdr_log_first_line} + "\n" + line), 0);
  }
  const std::string head = std::string{hdr_log_first_line} + "\n";
  EXPECT_EQ(TempDir::read(path), head + "first\n" + head + "second\n");
}

TEST(HdrLogFileTest, IsReplacedWhereItDoesNotGoOn) {
  const TempDir dir;
  const std::string path = dir.write("a.hlog", "anything");
  HdrLogFile file;
  ASSERT_EQ(file.open(path, false), "");
  EXPECT_EQ(file.append("new\n"), 0);
  EXPECT_EQ(TempDir::read(path), "new\n");
}

TEST(HdrLogFileTest, GoesOnBehindTheLastWholeLine) {
  const TempDir dir;
  const std::string path = dir.write("a.hlog", whole + "Tag=b,1.0,1.0,0.1,HISTFAAA");
  HdrLogFile file;
  ASSERT_EQ(file.open(path, true), "");
  EXPECT_EQ(file.append("next\n"), 0);
  EXPECT_EQ(TempDir::read(path), whole + "next\n");
}

TEST(HdrLogFileTest, LeavesAloneWhatIsNoLog) {
  const TempDir dir;
  for (const char* text :
       {"x", "[input]\nsource = \"redis\"\nhalf a line, longer than the first"}) {
    const std::string path = dir.write("a.toml", text);
    HdrLogFile file;
    EXPECT_EQ(file.open(path, true), "is there and is no histogram log");
    EXPECT_EQ(TempDir::read(path), text);
  }
}

TEST(HdrLogFileTest, SaysWhyItCannotBeCreated) {
  const TempDir dir;
  HdrLogFile file;
  EXPECT_EQ(file.open(dir.path("none/a.hlog"), true), "No such file or directory");
  HdrLogFile folder;
  EXPECT_EQ(folder.open(dir.path(""), true), "Is a directory");
}

TEST(HdrLogFileTest, TellsAFullDisk) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  HdrLogFile file;
  ASSERT_EQ(file.open("/dev/full", true), "");
  EXPECT_EQ(file.append("x\n"), ENOSPC);
}

// A file that may not grow takes a part of a block, as a disk does that becomes full in it.
TEST(HdrLogFileTest, IsCutBackToWholeBlocks) {
  const TempDir dir;
  const std::string path = dir.path("a.hlog");
  HdrLogFile file;
  ASSERT_EQ(file.open(path, true), "");
  ASSERT_EQ(file.append(whole), 0);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_action = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{whole.size() + 10, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const int error = file.append(std::string(100, 'y') + "\n");
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_action);
  EXPECT_EQ(error, ENOSPC);
  EXPECT_EQ(TempDir::read(path), whole);
  EXPECT_EQ(file.append("later\n"), 0);
  EXPECT_EQ(TempDir::read(path), whole + "later\n");
}

}  // namespace
}  // namespace coreloop::io
