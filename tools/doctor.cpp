// The round.
#include "tools/doctor.hpp"

#include <cstdio>

#include "io/redis/redis_asker.hpp"
#include "tools/doctor_files.hpp"
#include "tools/doctor_findings.hpp"
#include "tools/doctor_machine.hpp"
#include "tools/doctor_server.hpp"
#include "tools/doctor_streams.hpp"
#include "tools/exit_codes.hpp"

namespace coreloop::tools {

int examine(const io::EngineConf& conf) {
  DoctorFindings findings;
  const bool reads_redis = conf.source == "redis";
  if (reads_redis != (conf.sink == "redis")) {
    findings.fail(exit_conf, "conf", "one end is redis, the other is not",
                  "input.source and output.sink must both be \"redis\", or neither.");
  }
  if (reads_redis) {
    io::RedisAsker asker;
    double journal_bytes_per_s = 0;
    if (enter_redis(conf, asker, findings)) {
      examine_server(conf, asker, findings);
      journal_bytes_per_s = examine_streams(conf, asker, findings);
      examine_rights(conf, asker, findings);
    }
    examine_journal(conf, journal_bytes_per_s, findings);
    examine_http(conf, findings);
  }
  examine_other_files(conf, findings);
  examine_machine(conf, findings);
  std::fputs(findings.text().c_str(), stdout);
  return findings.exit_code();
}

}  // namespace coreloop::tools
