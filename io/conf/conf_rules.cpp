// Rules of single keys.
#include "io/conf/conf_rules.hpp"

#include <algorithm>

#include "io/edge/entry_id.hpp"
#include "io/http/listen_address.hpp"
#include "io/redis/redis_address.hpp"

namespace coreloop::io {
namespace {

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// A Redis key we are willing to print into causes and captures: visible, and not one of the tape's
// own streams.
bool is_stream_name(std::string_view text) {
  return !text.empty() && text.size() <= 128 && text.front() != '@' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

bool is_capture(std::string_view text) {
  return starts_with(text, "capture:") && text.size() > std::string_view{"capture:"}.size();
}

ConfRule output_name_rule(OutputStream stream) {
  return string_rule("a stream name of 1 to 128 visible characters", is_stream_name,
                     [stream](EngineConf& conf, const std::string& name) {
                       conf.output_names[static_cast<std::size_t>(stream)] = name;
                     });
}

bool is_redis_url(std::string_view text) {
  RedisAddress address;
  std::string problem;
  return parse_redis_url(text, address, problem);
}

// Clients of the three services know no token, so nobody else's machine may reach their listeners.
ConfRule http_listen_rule(std::size_t listener) {
  const bool may_ask_for_token = listener == 0;
  return string_rule(
      may_ask_for_token
          ? "host:port, or \"\""
          : "host:port of this machine alone (localhost, 127.x.x.x or [::1]), or \"\"",
      [may_ask_for_token](std::string_view text) {
        ListenAddress address;
        return text.empty() || (parse_listen_address(text, address) &&
                                (may_ask_for_token || is_loopback(address.host)));
      },
      [listener](EngineConf& conf, const std::string& text) { conf.http_listen[listener] = text; });
}

ConfRule http_hosts_rule() {
  return strings_rule("a list of different host names without port", is_host_name, 64,
                      [](EngineConf& conf, const auto& names) { conf.http.hosts = names; });
}

// Output stream -> id of its last entry before ours.
ConfRule bases_rule() {
  return {"a table of output stream -> entry id \"<ms>-<n>\"",
          [](const TomlValue& value, EngineConf& conf) {
            if (value.kind != TomlKind::table) return false;
            conf.numbers_before = {};
            for (const auto& [name, id] : value.members) {
              EntryId parsed;
              const auto found =
                  std::find(conf.output_names.begin(), conf.output_names.end(), name);
              if (found == conf.output_names.end() || id.kind != TomlKind::string ||
                  !parse_entry_id(id.string, parsed)) {
                return false;
              }
              const auto stream = static_cast<std::size_t>(found - conf.output_names.begin());
              conf.numbers_before[stream] = parsed.counter;
            }
            return true;
          }};
}

ConfRule streams_rule() {
  return {
      "a table of stream name -> \"signals\" or \"ticks\", 1 to 16 of them",
      [](const TomlValue& value, EngineConf& conf) {
        if (value.kind != TomlKind::table || value.members.empty() || value.members.size() > 16) {
          return false;
        }
        conf.streams.clear();
        for (const auto& [name, kind] : value.members) {
          const bool is_signals = kind.string == "signals";
          if (kind.kind != TomlKind::string || !is_stream_name(name) ||
              (!is_signals && kind.string != "ticks")) {
            return false;
          }
          conf.streams.push_back({name, is_signals ? StreamKind::signals : StreamKind::ticks});
        }
        return true;
      }};
}

ConfRule layout_rule() {
  return {"\"auto\", or one list of stage names per thread",
          [](const TomlValue& value, EngineConf& conf) {
            conf.threads.layout.clear();
            if (value.kind == TomlKind::string) return value.string == "auto";
            if (value.kind != TomlKind::array || value.elements.empty()) return false;
            for (const TomlValue& thread : value.elements) {
              if (thread.kind != TomlKind::array || thread.elements.empty()) return false;
              auto& stages = conf.threads.layout.emplace_back();
              for (const TomlValue& stage : thread.elements) {
                if (stage.kind != TomlKind::string) return false;
                stages.push_back(stage.string);
              }
            }
            return true;
          }};
}

ConfRule cores_rule() {
  return {"\"auto\", \"none\", or a list with one core number per thread",
          [](const TomlValue& value, EngineConf& conf) {
            conf.threads.cores.clear();
            conf.threads.pins_cores = true;
            if (value.kind == TomlKind::string) {
              conf.threads.pins_cores = value.string != "none";
              return value.string == "none" || value.string == "auto";
            }
            if (value.kind != TomlKind::array || value.elements.empty()) return false;
            for (const TomlValue& core : value.elements) {
              std::int64_t number = 0;
              if (!read_conf_integer(core, number) || number < 0 || number > 4095) return false;
              conf.threads.cores.push_back(number);
            }
            return true;
          }};
}

ConfRule ring_capacity_rule() {
  return {"a power of two from 2 to 65536", [](const TomlValue& value, EngineConf& conf) {
            std::int64_t number = 0;
            if (!read_conf_integer(value, number) || number < 2 || number > 65'536 ||
                (number & (number - 1)) != 0) {
              return false;
            }
            conf.threads.ring_capacity = number;
            return true;
          }};
}

}  // namespace coreloop::io
