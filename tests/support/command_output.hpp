// What a command prints, for tests that compare with another program.
#pragma once

#include <array>
#include <cstdio>
#include <string>

#include <gtest/gtest.h>

namespace coreloop::tests {

/// The standard output of `command`, run by the shell; a failed command fails the test.
[[nodiscard]] inline std::string output_of(const std::string& command) {
  std::string output;
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) {
    ADD_FAILURE() << "cannot be run: " << command;
    return output;
  }
  std::array<char, 65'536> piece;
  while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), pipe))
    output.append(piece.data(), got);
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return output;
}

}  // namespace coreloop::tests
