// The server's end of a connection to Redis: a listening unix socket, what clients have asked, and
// whatever bytes a fuzz input has for them. It also knows as much of Redis as the engine uses, with
// streams of its own, so that an input can be honest in one answer and lie in the next. Checks that
// everything a client sends is a command. One thread, the client's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "io/edge/entry_id.hpp"
#include "io/redis/event_loop.hpp"
#include "io/redis/redis_address.hpp"
#include "tests/fuzz/scratch_folder.hpp"

namespace coreloop::tests {

class ScriptedServer {
 public:
  using Command = std::vector<std::string>;
  struct Entry {
    io::EntryId id;
    Command fields;
  };
  struct Stream {
    std::vector<Entry> entries;
    io::EntryId last;
  };
  /// Where its id stands in `XADD name [MAXLEN ~ n] id field value …`.
  [[nodiscard]] static std::size_t id_place(const Command& command);

  ScriptedServer();
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  /// Where it can be reached. `choices`: a bit each for a password, a user and a database.
  [[nodiscard]] io::RedisAddress address(std::uint8_t choices = 0) const;
  /// Where nobody listens: a path that is none, or a port.
  [[nodiscard]] io::RedisAddress nobody(bool is_path) const;

  /// Forgets streams and connections.
  void reset();

  /// Runs `loop` until nothing more happens by itself, and takes what the client asks meanwhile.
  void settle(io::EventLoop& loop);

  /// Answers everything asked, and what is asked then, as a Redis would, until it has nothing new.
  void answer(io::EventLoop& loop);
  /// The same, but the connection ends before any answer is out.
  void answer_nobody();
  /// Sends `bytes` in the place of all answers that are due.
  void send(std::string_view bytes);
  /// Ends the connection.
  void hang_up();

  std::map<std::string, Stream, std::less<>> streams;
  std::vector<Command> asked;  ///< since the last reset, on all connections

 private:
  void accept_all();
  void receive();
  [[nodiscard]] bool take_command();
  [[nodiscard]] std::string answers_due();
  [[nodiscard]] std::string answer_to(const Command& command);
  [[nodiscard]] std::string add(const Command& command);
  [[nodiscard]] std::string info(std::string_view name) const;
  [[nodiscard]] std::string read(const Command& command) const;
  [[nodiscard]] std::string range(const Command& command, bool is_reversed) const;

  ScratchFolder folder_;
  int listener_ = -1;
  int port_holder_ = -1;  ///< keeps a port that nobody listens at
  std::uint16_t port_ = 0;
  int client_ = -1;
  std::string received_;
  std::size_t answered_ = 0;  ///< of `asked`
  bool is_in_transaction_ = false;
  std::vector<Command> queued_;
};

}  // namespace coreloop::tests
