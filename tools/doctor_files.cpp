// Looks at directories and at the disk.
#include "tools/doctor_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "io/journal/journal_contents.hpp"
#include "io/journal/segment_file.hpp"
#include "io/journal/snapshot_file.hpp"
#include "tools/exit_codes.hpp"
#include "tools/live_journal.hpp"

namespace coreloop::tools {
namespace {

/// File systems by the number statfs(2) tells. Source: its manual page.
constexpr std::array<std::pair<std::uint32_t, std::string_view>, 12> file_systems{{
    {0xEF53, "ext4"},
    {0x58465342, "xfs"},
    {0x9123683E, "btrfs"},
    {0xF2F52010, "f2fs"},
    {0x2FC12FC1, "zfs"},
    {0x01021994, "tmpfs"},
    {0x858458F6, "ramfs"},
    {0x794C7630, "overlay"},
    {0x6969, "nfs"},
    {0xFF534D42, "cifs"},
    {0xFE534D42, "smb2"},
    {0x65735546, "fuse"},
}};

struct Disk {
  std::string type;
  std::uint64_t free_bytes = 0;
};

bool look_at_disk(const std::string& path, Disk& disk) {
  struct statfs status {};
  if (::statfs(path.c_str(), &status) != 0) return false;
  disk.free_bytes =
      static_cast<std::uint64_t>(status.f_bavail) * static_cast<std::uint64_t>(status.f_bsize);
  const auto number = static_cast<std::uint32_t>(status.f_type);
  disk.type = "a file system unknown here";
  for (const auto& [known, name] : file_systems) {
    if (known == number) disk.type = name;
  }
  return true;
}

std::string size_text(std::uint64_t bytes) {
  const std::uint64_t mb = bytes >> 20;
  return mb < 10'240 ? std::to_string(mb) + " MiB" : std::to_string(mb >> 10) + " GiB";
}

std::string parent_of(const std::string& path) {
  std::filesystem::path parent = std::filesystem::path(path);
  if (parent.filename().empty()) parent = parent.parent_path();
  parent = parent.parent_path();
  return parent.empty() ? "." : parent.string();
}

void examine_space(const io::EngineConf& conf, const std::string& path, double bytes_per_s,
                   DoctorFindings& findings) {
  Disk disk;
  if (!look_at_disk(path, disk)) return;
  const auto segment_bytes = static_cast<std::uint64_t>(conf.journal.segment_mb) << 20;
  std::string found = size_text(disk.free_bytes) + " free on " + disk.type + ", segments of " +
                      size_text(segment_bytes);
  double hours = -1;
  if (bytes_per_s > 0) {
    hours = static_cast<double>(disk.free_bytes) / bytes_per_s / 3'600;
    found += "; full in " + std::to_string(static_cast<std::uint64_t>(hours)) +
             " hours at the present rate";
  }
  if (disk.type == "tmpfs" || disk.type == "ramfs") {
    findings.warn("journal.disk", disk.type,
                  "It is memory: a machine that is started again has lost the journal.",
                  "journal.dir on a disk");
  } else if (disk.type == "nfs" || disk.type == "cifs" || disk.type == "smb2") {
    findings.warn("journal.disk", disk.type,
                  "A network file system: its locks may not keep a second engine out, and a sync "
                  "waits for the network.",
                  "journal.dir on a disk of this machine");
  } else if (disk.type == "overlay") {
    findings.warn("journal.disk", disk.type,
                  "A container's own layer: the journal is gone with the container.",
                  "a volume for journal.dir");
  }
  if (disk.free_bytes < segment_bytes) {
    return findings.fail(exit_io, "journal.space", found,
                         "There is no room for one segment; the engine would end with 74.",
                         "free space, or a smaller journal.segment_mb");
  }
  constexpr double hours_min = 72;
  if (disk.free_bytes < 4 * segment_bytes || (hours >= 0 && hours < hours_min)) {
    return findings.warn("journal.space", found,
                         "The journal keeps every input. Once the disk has no room for the next "
                         "segment, reading stops until there is.",
                         "free space; an old journal may be moved away while the engine is "
                         "stopped and without positions");
  }
  findings.ok("journal.space", found);
}

// What stays when the probe fails on its way is nothing: the file is removed in any case.
std::string try_to_write(const std::string& directory) {
  const std::string path = directory + "/.doctor-" + std::to_string(::getpid());
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return std::strerror(errno);
  const std::array<char, 4'096> bytes{};
  errno = ENOSPC;
  const bool is_written =
      ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  std::string problem = is_written ? "" : std::strerror(errno);
  ::close(file);
  if (::unlink(path.c_str()) != 0 && problem.empty()) problem = std::strerror(errno);
  return problem;
}

// Files that another user's engine has left there.
std::string foreign_file(const std::string& directory) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string path = entry.path().string();
    if (::access(path.c_str(), R_OK | W_OK) != 0) return path;
  }
  return {};
}

void examine_contents(const io::EngineConf& conf, DoctorFindings& findings) {
  const std::string& path = conf.journal.dir;
  std::vector<std::string> problems;
  const std::vector<io::Snapshot> snapshots = io::read_snapshots(path, problems);
  io::JournalContents contents;
  if (!snapshots.empty()) contents = snapshots.front().journal;
  std::string problem = io::read_journal_contents(path, contents);
  if (snapshots.empty() && !problems.empty()) problem = problems.front();
  if (!problem.empty()) {
    return findings.fail(exit_data, "journal", path + ": " + problem,
                         "The engine does not start on a damaged journal.",
                         "restore the directory from a copy, or move it away to begin anew with "
                         "empty books");
  }
  if (contents.conf.empty()) return findings.ok("journal", path + ": not begun yet");
  const std::string differences = conf_differences(conf, contents);
  if (!differences.empty()) {
    return findings.fail(exit_conf, "journal",
                         path + " was begun with another conf: " + differences,
                         "Replayed with other keys its inputs would lead to other outputs than "
                         "those that were published.",
                         "change them back, or another journal.dir");
  }
  findings.ok("journal", path + ": whole, " + std::to_string(contents.last_sequence) +
                             " inputs up to segment " + std::to_string(contents.end.segment_id) +
                             ", written by " + contents.build);
  for (const std::string& each : problems)
    findings.warn("journal", each, "An older snapshot stands in: the start takes longer.",
                  "look after the disk");
}

void examine_missing_directory(const std::string& path, DoctorFindings& findings) {
  const std::string parent = parent_of(path);
  if (::access(parent.c_str(), W_OK | X_OK) == 0)
    return findings.ok("journal", path + ": not there yet; the first start makes it");
  findings.fail(exit_cannot_create, "journal",
                path + ": not there, and cannot be made in " + parent + ": " + std::strerror(errno),
                "The engine makes the directory, not those above it.",
                "install -d -m 700 -o USER " + path);
}

bool examine_directory(const std::string& path, const struct stat& status,
                       DoctorFindings& findings) {
  if (!S_ISDIR(status.st_mode)) {
    findings.fail(exit_cannot_create, "journal", path + " is no directory", "It has to be one.",
                  "another journal.dir");
    return false;
  }
  const std::string problem = try_to_write(path);
  if (!problem.empty()) {
    findings.fail(problem == std::strerror(ENOSPC) ? exit_io : exit_cannot_create, "journal",
                  path + ": cannot be written: " + problem,
                  "It belongs to user " + std::to_string(status.st_uid) + "; we are user " +
                      std::to_string(::geteuid()) + ".",
                  "chown -R USER " + path);
    return false;
  }
  const std::string foreign = foreign_file(path);
  if (!foreign.empty()) {
    findings.fail(exit_cannot_create, "journal", foreign + ": cannot be read and written",
                  "An engine of another user has left it.", "chown -R USER " + path);
    return false;
  }
  if ((status.st_mode & 022) != 0) {
    findings.warn("journal", path + ": others may write there",
                  "Who changes the journal changes the books.", "chmod 700 " + path);
  }
  return true;
}

// What is written in place of what was there: the directory, and what would be lost.
void examine_output(const std::string& what, const std::string& path, bool goes_on,
                    DoctorFindings& findings) {
  if (path.empty() || path == "-") return;
  const bool is_there = ::access(path.c_str(), F_OK) == 0;
  const std::string& checked = is_there ? path : parent_of(path);
  if (::access(checked.c_str(), W_OK) != 0) {
    return findings.fail(exit_cannot_create, what, path + ": " + std::strerror(errno),
                         "It cannot be created.", "another file name, or chown of its folder");
  }
  if (is_there && !goes_on) {
    return findings.note(what, path + " is there", "The next run begins it anew.",
                         "mv " + path + " " + path + ".old, if it is still wanted");
  }
  findings.ok(what, path);
}

std::string capture_file(const std::string& end) {
  constexpr std::string_view kind = "capture:";
  return end.rfind(kind, 0) == 0 ? end.substr(kind.size()) : "";
}

}  // namespace

void examine_journal(const io::EngineConf& conf, double journal_bytes_per_s,
                     DoctorFindings& findings) {
  const std::string& path = conf.journal.dir;
  if (path.empty()) {
    return findings.note("journal", "none",
                         "A restart begins with empty books, behind the streams' last entries.",
                         "journal.dir = \"journal\"");
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    examine_missing_directory(path, findings);
    return examine_space(conf, parent_of(path), journal_bytes_per_s, findings);
  }
  if (!examine_directory(path, status, findings)) return;
  if (io::LogDirectory::is_taken(path)) {
    findings.fail(exit_foreign_writer, "journal", path + " belongs to an engine that is running",
                  "A second one ends with 75.", "fuser -v " + path + "/lock");
  } else {
    examine_contents(conf, findings);
  }
  examine_space(conf, path, journal_bytes_per_s, findings);
}

void examine_other_files(const io::EngineConf& conf, DoctorFindings& findings) {
  const std::string source = capture_file(conf.source);
  if (!source.empty() && source != "-") {
    if (::access(source.c_str(), R_OK) == 0) {
      findings.ok("input.source", source);
    } else {
      findings.fail(exit_no_input, "input.source", source + ": " + std::strerror(errno),
                    "File names are relative to the folder the program is started in.");
    }
  }
  examine_output("output.sink", capture_file(conf.sink), false, findings);
  examine_output("output.tape", conf.tape, false, findings);
  examine_output("latency.hlog", conf.latency.hlog, true, findings);
}

}  // namespace coreloop::tools
