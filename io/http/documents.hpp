// The texts of io/http/documents/, put into the program when it is built.
#pragma once

#include <string_view>

namespace coreloop::io {

// OpenAPI 3.1, one of each listener.
extern const std::string_view engine_openapi;
extern const std::string_view risk_openapi;
extern const std::string_view execution_openapi;
extern const std::string_view position_openapi;

/// HTML that shows /openapi.json of the listener it comes from.
extern const std::string_view docs_page;

/// HTML that shows the engine as it runs, from the JSON routes of the main listener.
extern const std::string_view live_page;

}  // namespace coreloop::io
