// What `engine --doctor` finds out about the Redis server itself: whether it lets us in, what it
// is, and how it keeps what it is given. Asks only; changes nothing there.
#pragma once

#include <string>
#include <string_view>

#include "io/conf/engine_conf.hpp"
#include "io/redis/redis_asker.hpp"
#include "tools/doctor_findings.hpp"

namespace coreloop::tools {

/// Connects and logs in where the conf says; false after a failure, which is among the findings.
[[nodiscard]] bool enter_redis(const io::EngineConf& conf, io::RedisAsker& asker,
                               DoctorFindings& findings);

/// Version, memory, persistence, clock, round trip, other clients. Requires: entered.
void examine_server(const io::EngineConf& conf, io::RedisAsker& asker, DoctorFindings& findings);

/// Of what INFO answers, the value of `key`; empty: it is not there.
[[nodiscard]] std::string info_value(std::string_view info, std::string_view key);

/// Whether an error reply says that we may not ask.
[[nodiscard]] bool is_denied(const io::RedisAnswer& answer);

}  // namespace coreloop::tools
