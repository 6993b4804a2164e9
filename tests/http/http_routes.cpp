// Prints every route that the routers know, one a line: conf key of its listener, method, path.
#include <cstdio>

#include "io/http/listeners.hpp"

int main() {
  using namespace coreloop::io;
  for (std::size_t i = 0; i < listener_count; ++i) {
    for (const Route& route : listeners()[i].routes) {
      std::printf("%.*s %s %.*s\n", static_cast<int>(listener_keys[i].size()),
                  listener_keys[i].data(), route.is_get() ? "get" : "post",
                  static_cast<int>(route.path.size()), route.path.data());
    }
  }
  return 0;
}
