// What the templates need besides.
#include "tools/recorded_run.hpp"

namespace coreloop::tools {

std::string fault_text(io::IngressFault fault) {
  switch (fault) {
    case io::IngressFault::none:
      break;
    case io::IngressFault::time_jump:
      return "time jumps by more than 31 days between two inputs; split the capture there";
    case io::IngressFault::timer_outside_tape:
      return "an @timer entry in a capture that does not begin with @conf; replay the whole tape";
    case io::IngressFault::second_conf:
      return "a second @conf entry; this build replays one conf a tape";
    case io::IngressFault::broken_timer:
      return "an @timer entry without kind and due time";
    case io::IngressFault::log_diverges:
      return "timers that are not those of these inputs: damaged, or another version of the engine "
             "wrote them";
  }
  return {};
}

}  // namespace coreloop::tools
