// From an entry's fields to a conf.
#include "tools/recorded_conf.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "io/conf/conf_keys.hpp"
#include "tools/conf_file.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"

namespace coreloop::tools {
namespace {

bool is_decision_override(const io::ConfOverride& override_text) {
  const std::string name = override_text.text.substr(0, override_text.text.find('='));
  const auto keys = io::conf_keys();
  return std::any_of(keys.begin(), keys.end(), [&](const io::ConfKey& key) {
    return key.is_decision && key.full_name() == name;
  });
}

}  // namespace

const io::ConfOverride any_source{"input.source=\"capture:-\""};

int read_recorded_conf(const io::RawEntry& entry, io::EngineConf& conf) {
  std::vector<io::ConfOverride> overrides;
  for (const io::RawField& field : entry.fields)
    overrides.push_back({std::string{field.name} + "=" + std::string{field.value}});
  overrides.push_back(any_source);
  return load_conf({}, overrides, conf) == exit_ok ? exit_ok : exit_data;
}

int take_recorded_conf(std::string_view what, const io::RawEntry& entry,
                       const std::vector<io::ConfOverride>& overrides, io::EngineConf& conf) {
  for (const io::ConfOverride& override_text : overrides) {
    if (is_decision_override(override_text)) {
      return complain("conf",
                      "--set " + override_text.text + ": " + std::string{what} +
                          " brings its own decision keys",
                      exit_usage);
    }
  }
  io::EngineConf recorded;
  const int exit_code = read_recorded_conf(entry, recorded);
  if (exit_code != exit_ok) return exit_code;
  recorded.threads = conf.threads;
  recorded.sink = conf.sink;
  recorded.tape = conf.tape;
  recorded.latency = conf.latency;
  conf = std::move(recorded);
  return exit_ok;
}

}  // namespace coreloop::tools
