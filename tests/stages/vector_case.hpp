// Vectors of numbers that lie beside the checkout and are not part of it: read through
// tests/data/vectors_to_text.py, one case a map from path to text. A case remembers what was asked
// of it, so that a test can tell what it has left unread.
#pragma once

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>
#include <stdio.h>

#include "stages/decimal.hpp"

namespace coreloop::stages {

class VectorCase {
 public:
  std::string id;

  void add(const std::string& path, const std::string& text) { texts_[path] = text; }

  [[nodiscard]] bool has(const std::string& path) const { return texts_.count(path) != 0; }

  /// The value's text, "" where there is none.
  [[nodiscard]] std::string text(const std::string& path) {
    read_.insert(path);
    const auto found = texts_.find(path);
    return found == texts_.end() ? "" : found->second;
  }

  /// The number at `path`, half-even at 1e-8. Requires: has(path).
  [[nodiscard]] std::int64_t amount(const std::string& path) {
    return read_decimal(text(path)).rounded();
  }

  /// Paths that nobody has asked for.
  [[nodiscard]] std::vector<std::string> unread() const {
    std::vector<std::string> paths;
    for (const auto& [path, text] : texts_) {
      if (read_.count(path) == 0) paths.push_back(path);
    }
    return paths;
  }

 private:
  std::map<std::string, std::string> texts_;
  std::set<std::string> read_;
};

/// All cases of the file; none where it, or Python, is missing.
inline std::vector<VectorCase> read_vector_cases(const std::string& file_name) {
  const std::string path = CORELOOP_SHARED_DIR "/vectors/" + file_name;
  std::vector<VectorCase> cases;
  if (!std::ifstream{path}) return cases;
  const std::string command =
      "python3 '" CORELOOP_SOURCE_DIR "/tests/data/vectors_to_text.py' '" + path + "'";
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return cases;
  std::string line;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) {
    if (c != '\n') {
      line += static_cast<char>(c);
      continue;
    }
    const std::size_t blank = line.find(' ');
    const std::string name = line.substr(0, blank);
    const std::string text = blank == line.npos ? "" : line.substr(blank + 1);
    if (name == "id")
      cases.emplace_back().id = text;
    else if (!cases.empty())
      cases.back().add(name, text);
    line.clear();
  }
  return pclose(pipe) == 0 ? cases : std::vector<VectorCase>{};
}

}  // namespace coreloop::stages
