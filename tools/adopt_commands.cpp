// Ids into commands.
#include "tools/adopt_commands.hpp"

#include <algorithm>

#include "io/edge/input_streams.hpp"
#include "stages/event.hpp"

namespace coreloop::tools {

AdoptCommands::AdoptCommands(const StreamIds& bases, const StreamIds& found, std::int64_t unix_ns) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] <= bases[i]) continue;
    ids_[count_] = found[i].text();
    fields_[count_] = {
        {{"command", "adopt"}, {"output", io::output_stream_words[i]}, {"id", ids_[count_]}}};
    io::RawEntry& entry = entries_[count_];
    entry.stream = io::command_stream;
    // Ids to come may not be smaller.
    entry.receive_unix_ns =
        std::max(unix_ns, static_cast<std::int64_t>(found[i].ms) * stages::ns_per_ms);
    entry.fields = fields_[count_];
    ++count_;
  }
}

}  // namespace coreloop::tools
