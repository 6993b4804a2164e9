// A StreamPlace as text, and back.
#include "io/edge/stream_place.hpp"

#include <gtest/gtest.h>

namespace coreloop::io {
namespace {

TEST(StreamPlaceTest, IsItsTextWithAndWithoutAnIndex) {
  for (const StreamPlace& place :
       {StreamPlace{}, StreamPlace{{5, 1}, 0}, StreamPlace{{5, UINT64_MAX}, UINT64_MAX}}) {
    StreamPlace read{{9, 9}, 9};
    EXPECT_TRUE(parse_stream_place(place.text(), read)) << place.text();
    EXPECT_EQ(read, place);
  }
  EXPECT_EQ((StreamPlace{{5, 1}, 0}).text(), "5-1");
  EXPECT_EQ((StreamPlace{{5, 1}, 17}).text(), "5-1 17");
}

TEST(StreamPlaceTest, NothingElseIsRead) {
  for (const char* text : {"", " ", "5", "5-1 ", "5-1 0", "5-1 x", "5-1 -1", "5-1 17 ", "5-1  17",
                           " 5-1 17", "soon 17", "5-1 18446744073709551616"}) {
    StreamPlace read;
    EXPECT_FALSE(parse_stream_place(text, read)) << text;
  }
}

}  // namespace
}  // namespace coreloop::io
