// What a journal's last segments hold of each input stream, for a source that has to tell what it
// has read before.
#pragma once

#include <string>
#include <vector>

#include "io/edge/input_history.hpp"
#include "io/edge/input_streams.hpp"
#include "io/journal/journal_contents.hpp"

namespace coreloop::io {

/// By stream, in their order: the entries of the segment where the journal in `directory` ends and
/// of the one before it. `contents`: of the whole journal. What cannot be read is not known: the
/// histories then begin behind it.
[[nodiscard]] std::vector<InputHistory> read_input_histories(const std::string& directory,
                                                             const JournalContents& contents,
                                                             const InputStreams& streams);

}  // namespace coreloop::io
