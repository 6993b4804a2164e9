// CSV of outputs: cells as RFC 4180 wants them, values as they stand in the entry.
#include "tools/output_csv.hpp"

#include <array>
#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/memory_file.hpp"

namespace coreloop::tools {
namespace {

TEST(OutputCsvTest, QuotesJustWhatRfc4180Wants) {
  EXPECT_EQ(csv_cell(""), "");
  EXPECT_EQ(csv_cell("-0.00000001"), "-0.00000001");
  EXPECT_EQ(csv_cell("a b'c;d"), "a b'c;d");
  EXPECT_EQ(csv_cell("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_cell("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(csv_cell("a\nb"), "\"a\nb\"");
  EXPECT_EQ(csv_cell("a\rb"), "\"a\rb\"");
}

TEST(OutputCsvTest, WritesTheKeysOfDataAndTheFieldsBesideIt) {
  tests::MemoryFilePair file;
  OutputCsv csv(io::OutputStream::executions, std::move(file.file));
  const std::array<io::OutputField, 6> fields{
      {{"data",
        R"({"symbol": "BTCUSDT", "action": "BUY", "entry_price": 95218.98463794, )"
        R"("position_size_usd": 1000.0, "leverage": 1.0, "timestamp": "2026-01-12T10:00:00.123456Z", )"
        R"("order_id": "PAPER-0123456789AB", "status": "filled", "slippage_pct": 0.00012345, )"
        R"("fee_usd": 0.4})"},
       {"seq", "7"},
       {"cause", "my,stream/1-0"},
       {"acct", "main"},
       {"qty", "0.01050211"},
       {"model", "uniform"}}};
  io::OutputEntry entry{.stream = io::OutputStream::executions,
                        .id_ms = 12,
                        .id_number = 3,
                        .sequence = 7,
                        .log_unix_ns = 0,
                        .fields = fields};
  csv.take(entry);
  entry.stream = io::OutputStream::approvals;
  csv.take(entry);
  EXPECT_EQ(csv.finish(), 0);
  EXPECT_EQ(csv.line_count(), 1U);
  EXPECT_EQ(file.content->bytes,
            "id,seq,cause,acct,symbol,action,entry_price,position_size_usd,leverage,timestamp,"
            "order_id,status,slippage_pct,fee_usd,qty,model\r\n"
            "12-3,7,\"my,stream/1-0\",main,BTCUSDT,BUY,95218.98463794,1000.0,1.0,"
            "2026-01-12T10:00:00.123456Z,PAPER-0123456789AB,filled,0.00012345,0.4,0.01050211,"
            "uniform\r\n");
}

TEST(OutputCsvTest, KnowsTwoStreams) {
  EXPECT_EQ(csv_columns(io::OutputStream::executions).size(), 16U);
  EXPECT_EQ(csv_columns(io::OutputStream::positions).size(), 12U);
  for (const auto stream :
       {io::OutputStream::approvals, io::OutputStream::rejections, io::OutputStream::dead_letters})
    EXPECT_TRUE(csv_columns(stream).empty());
}

TEST(OutputCsvTest, TellsTheErrorOfItsFile) {
  tests::MemoryFilePair file;
  file.content->finish_error = ENOSPC;
  OutputCsv csv(io::OutputStream::positions, std::move(file.file));
  EXPECT_EQ(csv.finish(), ENOSPC);
  EXPECT_EQ(csv.error(), ENOSPC);
}

}  // namespace
}  // namespace coreloop::tools
