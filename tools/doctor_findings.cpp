// The table.
#include "tools/doctor_findings.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

namespace coreloop::tools {
namespace {

constexpr std::string_view indent = "        ";
constexpr std::size_t line_chars_max = 110;

std::string_view name_of(FindingLevel level) {
  constexpr std::array<std::string_view, 4> names{"ok", "note", "warn", "FAIL"};
  return names[static_cast<std::size_t>(level)];
}

std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) {
      shown.push_back(c);
      continue;
    }
    std::array<char, 8> escaped{};
    std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned>(c) & 0xFFU);
    shown += escaped.data();
  }
  return shown;
}

// Broken between words.
void add_paragraph(std::string& out, std::string_view text) {
  std::string line;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(space == text.npos ? text.size() : space + 1);
    if (!line.empty() && indent.size() + line.size() + 1 + word.size() > line_chars_max) {
      out.append(indent).append(line).push_back('\n');
      line.clear();
    }
    line.append(line.empty() ? "" : " ").append(word);
  }
  if (!line.empty()) out.append(indent).append(line).push_back('\n');
}

}  // namespace

void DoctorFindings::ok(std::string what, std::string found) {
  findings_.push_back({FindingLevel::ok, std::move(what), std::move(found), {}, {}, 0});
}

void DoctorFindings::note(std::string what, std::string found, std::string means,
                          std::string remedy) {
  findings_.push_back({FindingLevel::note, std::move(what), std::move(found), std::move(means),
                       std::move(remedy), 0});
}

void DoctorFindings::warn(std::string what, std::string found, std::string means,
                          std::string remedy) {
  findings_.push_back({FindingLevel::warning, std::move(what), std::move(found), std::move(means),
                       std::move(remedy), 0});
}

void DoctorFindings::fail(int exit_code, std::string what, std::string found, std::string means,
                          std::string remedy) {
  findings_.push_back({FindingLevel::failure, std::move(what), std::move(found), std::move(means),
                       std::move(remedy), exit_code});
}

int DoctorFindings::exit_code() const noexcept {
  const auto first = std::find_if(findings_.begin(), findings_.end(), [](const Finding& finding) {
    return finding.level == FindingLevel::failure;
  });
  return first == findings_.end() ? 0 : first->exit_code;
}

std::string DoctorFindings::text() const {
  std::size_t what_chars = 0;
  for (const Finding& finding : findings_)
    what_chars = std::max(what_chars, finding.what.size());
  std::string out;
  std::array<std::size_t, 4> counts{};
  for (const Finding& finding : findings_) {
    ++counts[static_cast<std::size_t>(finding.level)];
    const std::string_view level = name_of(finding.level);
    out.append(level).append(6 - level.size(), ' ');
    const std::string what = printable(finding.what);
    out.append(what).append(what_chars + 2 - std::min(what_chars, what.size()), ' ');
    out.append(printable(finding.found)).push_back('\n');
    add_paragraph(out, printable(finding.means));
    if (!finding.remedy.empty())
      out.append(indent).append("-> ").append(printable(finding.remedy)).push_back('\n');
  }
  const auto count = [&counts](FindingLevel level) {
    return std::to_string(counts[static_cast<std::size_t>(level)]) + " " +
           std::string{name_of(level)};
  };
  return out + count(FindingLevel::ok) + ", " + count(FindingLevel::note) + ", " +
         count(FindingLevel::warning) + ", " + count(FindingLevel::failure) + "\n";
}

}  // namespace coreloop::tools
