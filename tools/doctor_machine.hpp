// What `engine --doctor` finds out about this machine: cores, clock, ports, descriptors, files of
// secrets.
#pragma once

#include "io/conf/engine_conf.hpp"
#include "tools/doctor_findings.hpp"

namespace coreloop::tools {

/// Layout, cores, clock of the processor, descriptors.
void examine_machine(const io::EngineConf& conf, DoctorFindings& findings);

/// The addresses of section http, each taken for a moment, and the token's file.
void examine_http(const io::EngineConf& conf, DoctorFindings& findings);

}  // namespace coreloop::tools
