// Versions, from the build.
#include "tools/version.hpp"

#include "tools/build_info.hpp"

namespace coreloop::tools {

BuildWords build_words() {
  return {build_version, build_revision, build_compiler};
}

std::string version_text() {
  return std::string{"coreloop "} + build_version + "\nrevision " + build_revision + "\ncompiler " +
         build_compiler + "\nbuild " + build_type + "\nlibraries " + build_libraries;
}

}  // namespace coreloop::tools
