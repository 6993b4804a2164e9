// Defaults, the file, the command line: merged, read through the key table, and checked against
// each other.
#include "io/conf/engine_conf.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "io/conf/conf_keys.hpp"
#include "io/conf/toml_text.hpp"

namespace coreloop::io {
namespace {

// A URL as it may be shown: without the password.
std::string without_password(const std::string& url) {
  const std::size_t at = url.rfind('@');
  const std::size_t user = url.find("://");
  if (at == url.npos || user == url.npos) return url;
  const std::size_t colon = url.find(':', user + 3);
  return colon < at ? url.substr(0, colon + 1) + "***" + url.substr(at) : url;
}

/// A value and where it came from, for messages.
struct PlacedValue {
  TomlValue value;
  std::string place;              ///< "file:line:column", or the --set itself
  std::optional<TomlValue> word;  ///< of a --set: what was typed, as a string
};

using PlacedValues = std::map<std::string, PlacedValue, std::less<>>;

std::string place_of(std::string_view file, std::uint32_t line, std::uint32_t column) {
  return std::string{file} + ":" + std::to_string(line) + ":" + std::to_string(column);
}

// Edit distance of two words (Levenshtein), for "did you mean"; `limit` where it is no less.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) >= limit) return limit;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    std::size_t smallest = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min(std::min(row[j], row[j - 1]) + 1, substituted);
      smallest = std::min(smallest, row[j]);
    }
    if (smallest >= limit) return limit;
  }
  return row[b.size()];
}

std::string did_you_mean(std::string_view name) {
  std::string best;
  std::size_t best_distance = name.size() / 3 + 1;
  const bool is_section_name = name.find('.') == std::string_view::npos;
  for (const ConfKey& key : conf_keys()) {
    if (is_section_name) {
      const std::size_t distance = edit_distance(name, key.section, best_distance);
      if (distance < best_distance) best = "[" + std::string{key.section} + "]";
      best_distance = std::min(best_distance, distance);
    }
    const std::string candidate = key.full_name();
    std::size_t distance = edit_distance(name, candidate, best_distance);
    // The right key in the wrong section is a common slip.
    if (name.substr(name.rfind('.') + 1) == key.name) distance = 0;
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best.empty() ? std::string{} : "; did you mean " + best + "?";
}

const ConfKey* find_key(std::string_view full_name) {
  const auto keys = conf_keys();
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const ConfKey& key) {
    const std::size_t dot = key.section.size();
    return full_name.size() == dot + 1 + key.name.size() && full_name[dot] == '.' &&
           full_name.starts_with(key.section) && full_name.ends_with(key.name);
  });
  return found == keys.end() ? nullptr : &*found;
}

bool is_section(std::string_view name) {
  const auto keys = conf_keys();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const ConfKey& key) { return key.section == name; });
}

// `text` as one TOML value; none, and the problem, if it is not one.
std::optional<TomlValue> one_value(const std::string& text, TomlProblem& problem) {
  TomlValue root;
  if (!parse_toml("value = " + text + "\n", root, problem)) return {};
  if (root.members.size() == 1) return std::move(root.members.front().value);
  problem.message = "must be one value";
  return {};
}

// The defaults of the key table as values, in its order; none where a key must be given.
const std::vector<std::optional<TomlValue>>& default_values() {
  static const std::vector<std::optional<TomlValue>> values = [] {
    std::vector<std::optional<TomlValue>> all;
    TomlProblem problem;
    for (const ConfKey& key : conf_keys())
      all.push_back(one_value(std::string{key.default_text}, problem));
    return all;
  }();
  return values;
}

class Reader {
 public:
  Reader(EngineConf& conf, ConfProblems& problems) : conf_(conf), problems_(problems) {}

  void add_file(std::string_view file, std::string_view text) {
    TomlValue root;
    TomlProblem problem;
    if (!parse_toml(text, root, problem)) {
      problems_.lines.push_back(place_of(file, problem.line, problem.column) + ": " +
                                problem.message);
      has_syntax_problem_ = true;
      return;
    }
    for (const TomlMember& member : root.members) {
      const std::string place = place_of(file, member.value.line, member.value.column);
      if (member.value.kind != TomlKind::table || !is_section(member.key)) {
        problems_.lines.push_back(place + ": " + member.key + ": no such section" +
                                  did_you_mean(member.key));
        continue;
      }
      for (const TomlMember& entry : member.value.members) {
        add(member.key + "." + entry.key, entry.value,
            place_of(file, entry.value.line, entry.value.column));
      }
    }
  }

  void add_override(const std::string& text) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const std::string place = "--set " + (name == "redis.url" ? without_password(text) : text);
    if (equals == std::string::npos || name.find('.') == std::string::npos) {
      problems_.lines.push_back(place + ": must be section.key=value");
      return;
    }
    const std::string value = text.substr(equals + 1);
    TomlProblem problem;
    const std::optional<TomlValue> typed = one_value(value, problem);
    // A bare word is a string, --set risk.sizing=kelly; so is one that TOML takes for something
    // else where the key wants a string, --set input.start=0.
    const std::optional<TomlValue> word = one_value("\"" + value + "\"", problem);
    if (typed || word)
      add(name, typed ? *typed : *word, place, word);
    else
      problems_.lines.push_back(place + ": " + problem.message);
  }

  void read_all() {
    auto default_value = default_values().begin();
    for (const ConfKey& key : conf_keys()) {
      const std::optional<TomlValue>& by_default = *default_value++;
      const std::string name = key.full_name();
      auto found = values_.find(name);
      if (found == values_.end()) {
        if (key.default_text.empty()) {
          if (has_syntax_problem_) continue;  // it may stand there, behind what cannot be read
          problems_.lines.push_back(file_ + ": " + name + ": must be given: " + key.allowed);
          continue;
        }
        found = values_.emplace(name, PlacedValue{*by_default, "default", {}}).first;
      }
      const auto& [value, place, word] = found->second;
      std::string text = name == "redis.url" ? without_password(value.text) : value.text;
      if (!key.read(value, conf_)) {
        if (word && key.read(*word, conf_)) {
          text = word->text;
        } else {
          problems_.lines.push_back(place + ": " + name + ": must be " + key.allowed + ", not " +
                                    (text.empty() ? "that" : text));
        }
      }
      conf_.entries.push_back(
          {std::string{key.section}, std::string{key.name}, text, key.is_decision});
    }
  }

  void set_file(std::string_view file) { file_ = file; }

  // Problems between keys.
  void complain(std::string_view name, const std::string& message) {
    const auto found = values_.find(name);
    const std::string place = found == values_.end() ? file_ : found->second.place;
    problems_.lines.push_back(place + ": " + std::string{name} + ": " + message);
  }

 private:
  void add(const std::string& name, const TomlValue& value, const std::string& place,
           const std::optional<TomlValue>& word = {}) {
    if (find_key(name) == nullptr) {
      problems_.lines.push_back(place + ": " + name + ": no such key" + did_you_mean(name));
      return;
    }
    values_.insert_or_assign(name, PlacedValue{value, place, word});
  }

  EngineConf& conf_;
  ConfProblems& problems_;
  PlacedValues values_;
  std::string file_;
  bool has_syntax_problem_ = false;
};

// Ids of the names that stand in the conf, and everything else that follows from several keys.
void derive(EngineConf& conf) {
  stages::DecisionConf& decision = conf.decision;
  decision.named_account_count = static_cast<std::uint32_t>(conf.account_names.size());
  const bool is_simulated = conf.price_source == PriceSource::simulated;
  if (is_simulated) {
    for (const auto& [symbol, price] : conf.prices) {
      conf.symbol_names.push_back(symbol);
      decision.walk_prices.push_back(price);
    }
    std::erase_if(conf.streams, [](const InputStream& s) { return s.kind == StreamKind::ticks; });
  } else {
    conf.timers.walk_ns = 0;
  }
  decision.walk.symbol_count = static_cast<std::uint32_t>(decision.walk_prices.size());
  for (const auto& [symbol, step] : conf.lot_steps) {
    const auto found = std::find(conf.symbol_names.begin(), conf.symbol_names.end(), symbol);
    const auto id = static_cast<std::size_t>(found - conf.symbol_names.begin());
    if (found == conf.symbol_names.end()) conf.symbol_names.push_back(symbol);
    if (decision.lot_steps.size() <= id) decision.lot_steps.resize(id + 1, 1);
    decision.lot_steps[id] = step;
  }
}

void check_together(const EngineConf& conf, Reader& reader) {
  if (conf.account_names.size() > conf.decision.book.accounts_max) {
    reader.complain("accounts.names", "lists more accounts than accounts.accounts_max allows");
  }
  if (conf.symbol_names.size() > conf.decision.symbols_max) {
    reader.complain("accounts.symbols_max", "the conf itself names more symbols than that");
  }
  const auto output_key = [](std::size_t i) {
    return "output." + std::string{output_stream_words[i]};
  };
  for (std::size_t i = 0; i < output_stream_count; ++i) {
    const std::string& name = conf.output_names[i];
    if (name.empty()) continue;  // it has its own message
    for (const InputStream& input : conf.streams) {
      if (input.name == name) {
        reader.complain(output_key(i),
                        "is an input stream too: the engine would read what it writes");
      }
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (conf.output_names[j] == name) {
        reader.complain(output_key(i), "is the same stream as " + output_key(j));
      }
    }
  }
  ListenAddress address;
  if (conf.http.token_file.empty() && parse_listen_address(conf.http_listen[0], address) &&
      !is_loopback(address.host)) {
    reader.complain("http.listen",
                    "other machines could command the engine: name the file of a token in "
                    "http.token_file, or listen on this machine alone");
  }
  const bool is_simulated = conf.price_source == PriceSource::simulated;
  if (conf.streams.empty() && is_simulated) {
    reader.complain("input.streams",
                    "names no stream that is read: simulated prices leave ticks out");
  }
}

}  // namespace

ConfProblems read_conf(std::string_view file, std::string_view text,
                       std::span<const ConfOverride> overrides, EngineConf& conf) {
  ConfProblems problems;
  Reader reader(conf, problems);
  reader.set_file(file);
  reader.add_file(file, text);
  for (const ConfOverride& override_text : overrides)
    reader.add_override(override_text.text);
  reader.read_all();
  derive(conf);
  check_together(conf, reader);
  return problems;
}

std::string print_conf(const EngineConf& conf, bool decision_only) {
  std::string text;
  std::string section;
  for (const ConfEntry& entry : conf.entries) {
    if (decision_only && !entry.is_decision) continue;
    if (entry.section != section) {
      text += (section.empty() ? "[" : "\n[") + entry.section + "]\n";
      section = entry.section;
    }
    text += entry.name + " = " + entry.text + "\n";
  }
  return text;
}

}  // namespace coreloop::io
