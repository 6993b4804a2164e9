// Entries into lines.
#include "tools/output_csv.hpp"

#include <array>

#include "io/edge/entry_id.hpp"

namespace coreloop::tools {
namespace {

constexpr std::size_t flush_bytes = std::size_t{64} * 1'024;

constexpr std::array<std::string_view, 16> execution_columns{
    "id",           "seq",       "cause",       "acct",
    "symbol",       "action",    "entry_price", "position_size_usd",
    "leverage",     "timestamp", "order_id",    "status",
    "slippage_pct", "fee_usd",   "qty",         "model"};

constexpr std::array<std::string_view, 12> position_columns{
    "id",          "seq",           "cause",    "acct",           "symbol",       "side",
    "entry_price", "current_price", "size_usd", "unrealized_pnl", "realized_pnl", "timestamp"};

}  // namespace

std::span<const std::string_view> csv_columns(io::OutputStream stream) {
  switch (stream) {
    case io::OutputStream::executions:
      return execution_columns;
    case io::OutputStream::positions:
      return position_columns;
    case io::OutputStream::approvals:
    case io::OutputStream::rejections:
    case io::OutputStream::dead_letters:
      break;
  }
  return {};
}

std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string{text};
  std::string cell = "\"";
  for (const char c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + "\"";
}

OutputCsv::OutputCsv(io::OutputStream stream, std::unique_ptr<io::File> file)
    : stream_(stream), columns_(csv_columns(stream)), file_(std::move(file)) {
  for (const std::string_view column : columns_)
    text_ += csv_cell(column) + (column == columns_.back() ? "" : ",");
  text_ += "\r\n";
}

void OutputCsv::take(const io::OutputEntry& entry) noexcept {
  if (entry.stream != stream_) return;
  stages::DeadLetterCode code{};
  static_cast<void>(document_.parse(entry.fields.front().value, code));
  id_ = io::EntryId{entry.id_ms, entry.id_number}.text();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (i != 0) text_ += ',';
    text_ += csv_cell(cell_of(columns_[i], entry));
  }
  text_ += "\r\n";
  ++line_count_;
  if (text_.size() >= flush_bytes) flush();
}

std::string_view OutputCsv::cell_of(std::string_view column, const io::OutputEntry& entry) const {
  if (column == "id") return id_;
  for (const io::OutputField& field : entry.fields.subspan(1)) {
    if (field.name == column) return field.value;
  }
  for (const io::JsonField& field : document_.fields()) {
    if (field.key == column) return field.text;
  }
  return {};
}

void OutputCsv::flush() noexcept {
  if (error() == 0) error_.store(file_->append(text_), std::memory_order_relaxed);
  text_.clear();
}

int OutputCsv::finish() {
  flush();
  const int result = file_->finish();
  if (error() == 0) error_.store(result, std::memory_order_relaxed);
  return error();
}

}  // namespace coreloop::tools
