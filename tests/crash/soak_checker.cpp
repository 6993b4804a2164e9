// The independent checker of soak.py: judges what came into the output streams since it last did.
//
//   soak_checker POOL_FILE SOCKET     commands on stdin, an answer of one JSON line to each
//   soak_checker --lines              digests of what `replay run --out -` writes, from stdin
//
// check SENT_FILE    {"signals": …, "entries": …, "lost": …, "twice": …, "divergent": …,
//                    "problems": ["…"], "last_ids": {"stream": "id"}} (rules: soak_judge.hpp)
// digests            {"stream": "SHA-256 of all that was checked", …}; the last command
//
// Exit code 64 for another command, 70 where a file, Redis or a line is not what it must be.
#include <cstdio>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "tests/crash/output_chains.hpp"
#include "tests/crash/soak_judge.hpp"
#include "tests/crash/stream_pages.hpp"

namespace coreloop::crash {
namespace {

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') out += '\\';
    out += static_cast<unsigned char>(letter) < ' ' ? ' ' : letter;
  }
  return out + "\"";
}

std::string json_of(const Verdict& verdict, const SoakJudge& judge) {
  std::string text = "{\"signals\": " + std::to_string(verdict.signals) +
                     ", \"entries\": " + std::to_string(verdict.entries) +
                     ", \"lost\": " + std::to_string(verdict.lost) +
                     ", \"twice\": " + std::to_string(verdict.twice) +
                     ", \"divergent\": " + std::to_string(verdict.divergent) + ", \"problems\": [";
  for (const std::string& problem : verdict.problems)
    text += (&problem == verdict.problems.data() ? "" : ", ") + json_string(problem);
  text += "], \"last_ids\": {";
  for (std::size_t stream = 0; stream < stream_count; ++stream)
    text += (stream == 0 ? "" : ", ") + json_string(stream_names[stream]) + ": " +
            json_string(to_text(judge.last_id(static_cast<Stream>(stream))));
  return text + "}}";
}

int answer_commands(const std::string& pool_path, const std::string& socket_path) {
  SoakJudge judge(pool_path);
  OutputChains chains;
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "digests") {
      std::cout << chains.end() << std::endl;
      return 0;
    }
    if (!line.starts_with("check ")) return 64;
    judge.begin(line.substr(6));
    StreamPages pages(socket_path);
    for (std::size_t index = 0; index < stream_count; ++index) {
      const auto stream = static_cast<Stream>(index);
      pages.read(stream_names[index], judge.last_id(stream), [&](const Entry& entry) {
        chains.add(stream, entry);
        judge.take(stream, entry);
      });
    }
    std::cout << json_of(judge.end(), judge) << std::endl;
  }
  return 0;
}

void add_line(simdjson::ondemand::parser& parser, std::string& line, Entry& entry,
              OutputChains& chains) {
  const std::size_t size = line.size();
  line.append(simdjson::SIMDJSON_PADDING, ' ');
  simdjson::ondemand::document document = parser.iterate(line.data(), size, line.size());
  const std::string_view name = document.find_field("stream").get_string();
  entry.id = document.find_field("id").get_string();
  entry.fields.clear();
  simdjson::ondemand::object fields = document.find_field("fields").get_object();
  for (auto field : fields) {
    const std::string_view key = field.unescaped_key();
    entry.fields.emplace_back(key, std::string_view{field.value().get_string()});
  }
  for (std::size_t stream = 0; stream < stream_count; ++stream)
    if (stream_names[stream] == name) return chains.add(static_cast<Stream>(stream), entry);
  throw std::runtime_error("an output of another stream: " + std::string{name});
}

int digest_lines() {
  simdjson::ondemand::parser parser;
  OutputChains chains;
  Entry entry;
  for (std::string line; std::getline(std::cin, line);)
    add_line(parser, line, entry, chains);
  std::cout << chains.end() << std::endl;
  return 0;
}

}  // namespace
}  // namespace coreloop::crash

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  try {
    if (argc == 2 && std::string_view{argv[1]} == "--lines") return coreloop::crash::digest_lines();
    if (argc == 3) return coreloop::crash::answer_commands(argv[1], argv[2]);
    std::fputs("usage: soak_checker POOL_FILE SOCKET | soak_checker --lines\n", stderr);
    return 64;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "soak_checker: %s\n", error.what());
    return 70;
  }
}
