// What `engine --doctor` finds out about the streams of a conf: what the keys hold, who else reads
// and writes them, and what this user may do with them. Changes nothing: what is tried of writing
// is queued and discarded.
#pragma once

#include "io/conf/engine_conf.hpp"
#include "io/redis/redis_asker.hpp"
#include "tools/doctor_findings.hpp"

namespace coreloop::tools {

/// Looks at every stream twice, some 100 ms apart. Answers the bytes a second that inputs would
/// add to a journal at the rate seen in between; 0: none came, or it cannot be told.
[[nodiscard]] double examine_streams(const io::EngineConf& conf, io::RedisAsker& asker,
                                     DoctorFindings& findings);

/// Whether the user may send every command that the engine sends, on every key. Comes last: it may
/// leave the connection in the middle of a transaction.
void examine_rights(const io::EngineConf& conf, io::RedisAsker& asker, DoctorFindings& findings);

}  // namespace coreloop::tools
