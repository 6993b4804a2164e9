// Ids into commands.
#include "tools/adopt_commands.hpp"

#include "io/edge/input_streams.hpp"

namespace coreloop::tools {

AdoptCommands::AdoptCommands(const StreamIds& bases, const StreamIds& found, std::int64_t unix_ns) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] <= bases[i]) continue;
    ids_[count_] = found[i].text();
    fields_[count_] = {
        {{"command", "adopt"}, {"output", io::output_stream_words[i]}, {"id", ids_[count_]}}};
    io::RawEntry& entry = entries_[count_];
    entry.stream = io::command_stream;
    entry.receive_unix_ns = unix_ns;
    entry.fields = fields_[count_];
    ++count_;
  }
}

}  // namespace coreloop::tools
