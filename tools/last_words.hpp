// What a process says that cannot go on, wherever in it that is found out, and the exit code it
// ends with:
//
//   74  a page of a mapped file is not there any more: the file was cut, or the disk fails (SIGBUS)
//   71  no memory, or no thread, is to be had
//   70  any other exception that nobody catches
#pragma once

namespace coreloop::tools {

/// From now on, of the whole process and all its threads.
void install_last_words() noexcept;

}  // namespace coreloop::tools
