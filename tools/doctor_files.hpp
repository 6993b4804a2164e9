// What `engine --doctor` finds out about the files of a conf: the journal's directory and the disk
// it is on, and what else is read or written. Leaves nothing behind: a probe file is made and
// removed in a directory that is there, and a directory that is missing is not made.
#pragma once

#include "io/conf/engine_conf.hpp"
#include "tools/doctor_findings.hpp"

namespace coreloop::tools {

/// `journal_bytes_per_s`: at which inputs come in now; 0: unknown.
void examine_journal(const io::EngineConf& conf, double journal_bytes_per_s,
                     DoctorFindings& findings);

/// Tape, latency log, captures that are read or written.
void examine_other_files(const io::EngineConf& conf, DoctorFindings& findings);

}  // namespace coreloop::tools
