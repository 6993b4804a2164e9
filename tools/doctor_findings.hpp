// What `engine --doctor` has found, in the order in which it looked, and how that is printed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace coreloop::tools {

enum class FindingLevel : std::uint8_t {
  ok,
  note,     ///< worth knowing, neither good nor bad; or it could not be found out
  warning,  ///< a run starts, and something about it is not as it should be
  failure,  ///< a run would not start, or not go on
};

struct Finding {
  FindingLevel level = FindingLevel::ok;
  std::string what;    ///< what was looked at: "journal", "trade.signal.v5"
  std::string found;   ///< one line
  std::string means;   ///< what follows from it; empty: nothing to say
  std::string remedy;  ///< what to do, a command where there is one; empty: nothing
  int exit_code = 0;   ///< of a failure: what a run would end with
};

class DoctorFindings {
 public:
  void ok(std::string what, std::string found);
  void note(std::string what, std::string found, std::string means = {}, std::string remedy = {});
  void warn(std::string what, std::string found, std::string means, std::string remedy = {});
  void fail(int exit_code, std::string what, std::string found, std::string means,
            std::string remedy = {});

  /// 0, or the exit code of the first failure.
  [[nodiscard]] int exit_code() const noexcept;

  /// The table, a line a finding and below it what it means and what to do, and a last line that
  /// counts. Control characters are escaped: parts of it come from a server.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<Finding> findings_;
};

}  // namespace coreloop::tools
