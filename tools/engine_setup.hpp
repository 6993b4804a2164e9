// What every way of running the engine does before it starts: threads planned, names given, outputs
// opened. Each answers an exit code, 0 or one that has been explained on stderr.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/layout.hpp"
#include "io/capture/tape.hpp"
#include "io/conf/engine_conf.hpp"
#include "io/edge/file.hpp"
#include "io/edge/pipeline_engine.hpp"
#include "stages/names.hpp"

namespace coreloop::tools {

/// Logs an error and answers `exit_code`.
int complain(std::string_view component, const std::string& message, int exit_code);

/// Layout of the conf on this machine, or why there is none.
[[nodiscard]] engine::Layout planned_layout(const io::ThreadsConf& threads);

/// Layout of the conf, checked against this machine; 0 or 78.
int plan_threads(const io::ThreadsConf& threads, io::PipelineOptions& options);

/// Ids for the names that stand in the conf.
void name_conf_ids(const io::EngineConf& conf, stages::Names& names);

/// The conf's decision keys as the tape's first line.
void give_tape_conf(const io::EngineConf& conf, io::Tape& tape);

/// Creates a file for output; 0 or 73.
int open_output(const std::string& path, std::unique_ptr<io::File>& file);

/// The tape of the conf, or none; 0 or 73.
int open_tape(const io::EngineConf& conf, std::unique_ptr<io::Tape>& tape);

}  // namespace coreloop::tools
