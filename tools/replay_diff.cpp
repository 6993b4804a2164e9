// `replay diff`: the first difference of two captures, entry by entry.
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>

#include "io/capture/gzip_file.hpp"
#include "tools/exit_codes.hpp"
#include "tools/log_line.hpp"
#include "tools/progress_line.hpp"
#include "tools/replay_commands.hpp"

namespace coreloop::tools {
namespace {

constexpr std::size_t context_lines = 2;
constexpr int exit_different = 1;

class LineFile {
 public:
  explicit LineFile(std::unique_ptr<io::GzipReader> reader) : reader_(std::move(reader)) {}

  bool next(std::string& line) {
    line.clear();
    for (;;) {
      if (at_ == size_) {
        at_ = 0;
        size_ = reader_->read(buffer_);
        if (size_ == 0) return !line.empty();
      }
      const char* const begin = buffer_.data() + at_;
      const void* const newline = std::memchr(begin, '\n', size_ - at_);
      const std::size_t length =
          newline == nullptr ? size_ - at_
                             : static_cast<std::size_t>(static_cast<const char*>(newline) - begin);
      line.append(begin, length);
      at_ += length;
      if (newline == nullptr) continue;
      ++at_;
      return true;
    }
  }
  [[nodiscard]] const io::GzipReader& reader() const { return *reader_; }

 private:
  std::unique_ptr<io::GzipReader> reader_;
  std::vector<char> buffer_ = std::vector<char>(std::size_t{256} * 1024);
  std::size_t at_ = 0;
  std::size_t size_ = 0;
};

std::unique_ptr<LineFile> open(const std::string& path) {
  int error = 0;
  auto reader = io::GzipReader::open(path, error);
  if (reader == nullptr) {
    log_line(LogLevel::error, "replay", path + ": " + std::strerror(error));
    return nullptr;
  }
  return std::make_unique<LineFile>(std::move(reader));
}

// Whether the file is whole as far as it has been read.
bool tell_damage(const std::string& path, const LineFile& file) {
  const std::string& damage = file.reader().damage();
  if (!damage.empty()) log_line(LogLevel::error, "replay", path + ": " + damage);
  return damage.empty();
}

void show_difference(std::uint64_t number, const std::deque<std::string>& context,
                     const std::string* a, const std::string* b) {
  std::printf("first difference at entry %llu\n", static_cast<unsigned long long>(number));
  for (const std::string& line : context)
    std::printf("    %s\n", line.c_str());
  std::printf("A > %s\n", a == nullptr ? "(ended)" : a->c_str());
  std::printf("B > %s\n", b == nullptr ? "(ended)" : b->c_str());
  if (a == nullptr || b == nullptr) return;
  std::size_t at = 0;
  while (at < a->size() && at < b->size() && (*a)[at] == (*b)[at])
    ++at;
  std::printf("    %s^ byte %zu\n", std::string(at, ' ').c_str(), at + 1);
}

int diff(const std::string& path_a, const std::string& path_b) {
  const auto file_a = open(path_a);
  const auto file_b = open(path_b);
  if (file_a == nullptr || file_b == nullptr) return exit_no_input;
  std::deque<std::string> context;
  std::string a;
  std::string b;
  ProgressLine progress;
  constexpr std::uint64_t entries_a_look = 1'024;
  for (std::uint64_t number = 1;; ++number) {
    if (number % entries_a_look == 0) progress.show(file_a->reader().progress_per_mille(), number);
    const bool has_a = file_a->next(a);
    const bool has_b = file_b->next(b);
    if (has_a && has_b && a == b) {
      context.push_back(a);
      if (context.size() > context_lines) context.pop_front();
      continue;
    }
    progress.clear();
    const bool is_whole_a = tell_damage(path_a, *file_a);
    const bool is_whole_b = tell_damage(path_b, *file_b);
    if (!has_a && !has_b) {
      if (!is_whole_a || !is_whole_b) return exit_data;
      std::printf("the same %llu entries\n", static_cast<unsigned long long>(number - 1));
      return exit_ok;
    }
    show_difference(number, context, has_a ? &a : nullptr, has_b ? &b : nullptr);
    return exit_different;
  }
}

}  // namespace

void add_diff_command(CLI::App& app, int& exit_code) {
  struct Arguments {
    std::string a;
    std::string b;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "diff", "show the first difference of two outputs; exit 1 when they differ");
  command->add_option("A", arguments->a, "one file")->required();
  command->add_option("B", arguments->b, "the other file")->required();
  command->callback([arguments, &exit_code] { exit_code = diff(arguments->a, arguments->b); });
}

}  // namespace coreloop::tools
