#!/usr/bin/env python3
"""The style and architecture rules of this repository, as a test.

    tools/tidy.py               check the tree; prints `file:line: rule: message`, exit 1 if any
    tools/tidy.py --self-test   feed each rule a sample that breaks it and see that it is reported

Looks at tracked files and at untracked ones that git does not ignore; exits 77 (skipped) where
there is no git checkout. The tables below are meant to be edited: a new library, room or folder is
one row here, so that the change shows in review.
"""

import argparse
import dataclasses
import fnmatch
import functools
import pathlib
import posixpath
import re
import subprocess
import sys
import tempfile

# Folder -> folders it may include. The arrow points down: engine <- stages <- io <- tools.
LAYERS = {
    "engine": ("engine",),
    "stages": ("engine", "stages"),
    "io": ("engine", "stages", "io"),
    "tools": ("engine", "stages", "io", "tools"),
    "tests": ("engine", "stages", "io", "tools", "bench", "tests"),
    "bench": ("engine", "stages", "io", "tools", "tests", "bench"),
}

# Room of io/ -> other rooms it may include.
IO_ROOMS = {
    "codec": (),  # bytes <-> events; knows no source and no sink
    "edge": ("codec",),  # INGRESS and EGRESS, over a source, a sink and an input log
    "journal": ("edge", "codec"),  # an input log and a source: the durable one
    "capture": ("edge", "codec"),  # a source and a sink over files
    "redis": ("edge", "codec", "journal"),  # the same over Redis; reads the outbox
    "latency": ("codec",),  # latency histograms as HdrHistogram's files
    "http": ("edge", "codec"),  # reads published views, sends commands to the edge
    # Fills each owner's options struct, so it sees all; the owners are given values, not the file.
    "conf": ("codec", "journal", "edge", "capture", "redis", "http"),
}

# Third-party header prefix -> the only files that may include it. Swapping a library = these files.
THIRD_PARTY = {
    # bench/: both libraries bare, as yardsticks of what we build on them.
    "boost/": ("engine/ring.hpp", "bench/ring_bench.cpp"),
    "simdjson": ("io/codec/json_document.cpp", "io/capture/capture_line.cpp",
                 "bench/bare_walk.cpp", "tests/crash/told_object.hpp", "tests/crash/soak_checker.cpp"),
    "hiredis/": ("io/redis/redis_client.*", "tests/crash/stream_pages.*"),
    "ev.h": ("io/redis/event_loop.*",),
    "httplib.h": ("io/http/stats_server.cpp", "io/http/health_probe.cpp"),
    "toml++/": ("io/conf/toml_text.cpp",),
    "CLI/": ("tools/engine.cpp", "tools/replay.cpp", "tools/replay_*.cpp"),
    "zlib.h": ("io/capture/gzip_file.*", "io/codec/checksum.*"),
    "openssl/": ("io/codec/checksum.*", "tests/crash/output_chains.hpp"),
    "gtest/": ("tests/*",),
    "gmock/": ("tests/*",),
    "benchmark/": ("bench/*",),
}

# Headers of the operating system and the compiler, by folder; C++ standard headers are always fine.
INTRINSICS = ("*intrin.h", "cpuid.h")
THREADS = ("pthread.h", "sched.h", "unistd.h", "linux/futex.h", "sys/syscall.h", "sys/resource.h",
           "sys/prctl.h", "sys/mman.h")
POSIX = INTRINSICS + THREADS + (
    "sys/*", "linux/*", "netinet/*", "arpa/*", "dirent.h", "dlfcn.h", "execinfo.h", "fcntl.h",
    "getopt.h", "ifaddrs.h", "netdb.h", "poll.h", "pwd.h", "signal.h", "spawn.h", "stdio.h",
    "stdlib.h", "syslog.h", "termios.h", "time.h", "ucontext.h")
SYSTEM_HEADERS = {"engine": INTRINSICS + THREADS, "stages": ()}  # every other folder: POSIX

# Word -> (pattern, what to do instead), in the headers of HOT_FOLDERS, comments and strings aside.
HOT_FOLDERS = ("engine", "stages")
HOT_WORDS = {
    "std::function": (r"\bstd::function\b", "take the callable as a template parameter"),
    "std::string": (r"\bstd::string\b", "use std::string_view or a fixed array"),
    "new": (r"\bnew\b", "allocate at start, in a .cpp"),
    "malloc": (r"\b(malloc|calloc|realloc)\b", "allocate at start, in a .cpp"),
    "std::mutex": (r"\bstd::(\w*mutex|lock_guard|unique_lock|scoped_lock)\b",
                   "give the word one writer and publish it"),
    "throw": (r"\bthrow\b", "return an error value, or CHECK"),
    "virtual": (r"\bvirtual\b", "make the type a template parameter"),
    "std::cout": (r"\bstd::(cout|cerr|clog)\b", "count it, and print outside engine/ and stages/"),
    "printf": (r"\b\w*printf\b", "count it, and print outside engine/ and stages/"),
    "double": (r"\bdouble\b", "use the integers of stages/fixed_point.hpp"),
    "float": (r"\bfloat\b", "use the integers of stages/fixed_point.hpp"),
}
ESCAPE = re.compile(r"// tidy: allow (\S+) because \S")

LINES_MAX = 400
BANNED_NAMES = ("util", "utils", "common", "helper", "helpers", "manager", "managers")
MARKERS = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK")) + r")\b")
TEXT_SUFFIXES = (".hpp", ".cpp", ".py", ".sh", ".cmake", ".txt", ".md", ".toml", ".yml", ".yaml")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
CPP_TOKEN = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)'
    r'|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'", re.S)


@dataclasses.dataclass(frozen=True, order=True)
class Violation:
    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


class File:
    """One file of the tree: its path from the root and its text ('' if it is not UTF-8)."""

    def __init__(self, root, path):
        self.path = path
        self.suffix = pathlib.PurePosixPath(path).suffix
        self.folder = path.split("/")[0] if "/" in path else ""
        try:
            self.text = (root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            self.text = ""
        self.lines = self.text.splitlines()

    @property
    def is_cpp(self):
        return self.suffix in (".hpp", ".cpp")

    @property
    def is_cmake(self):
        return self.suffix == ".cmake" or posixpath.basename(self.path) == "CMakeLists.txt"

    @property
    def is_script(self):
        return self.suffix in (".py", ".sh") or self.text.startswith("#!")

    @functools.cached_property
    def includes(self):
        """(line, opening mark, target) of each #include that is not in a comment."""
        found = ((n, INCLUDE.match(line)) for n, line in enumerate(blank(self.text, False), 1))
        return [(n, match[1], match[2]) for n, match in found if match]

    def says(self, line, rule, message):
        return Violation(self.path, line, rule, message)


def blank(text, strings_too):
    """The lines of C++ `text` without comments (and, if asked, strings), numbered as before."""
    def replace(match):
        if match["comment"] is None and not strings_too:
            return match[0]
        return " " + "\n" * match[0].count("\n")
    return CPP_TOKEN.sub(replace, text).splitlines()


def is_listed(path, patterns):
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def io_room(path):
    """The room of a path under io/, or None for a file that lies in io/ itself."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else None


def check_layer(file):
    """Project includes are rooted and point down the arrow; io/ rooms follow IO_ROOMS."""
    if file.folder == "io" and io_room(file.path) not in IO_ROOMS:
        yield file.says(1, "io-room", "not in a known room: move it, or give its room a row in "
                        "IO_ROOMS of tools/tidy.py")
    for line, mark, target in file.includes:
        folder = target.split("/")[0]
        if folder not in LAYERS or "/" not in target:
            if mark == '"' and not any(target.startswith(p) for p in THIRD_PARTY):
                yield file.says(line, "include-root", f'write "{target}" from the repository root, '
                                'as in "engine/ring.hpp"; a library goes in <>')
            continue
        if mark == "<":
            yield file.says(line, "include-root", f'write "{target}" in quotes, libraries in <>')
        if file.folder in LAYERS and folder not in LAYERS[file.folder]:
            yield file.says(line, "layer", f"{file.folder}/ may not include {folder}/: move the "
                            "code down, or pass it in; allowed: "
                            f"{', '.join(LAYERS[file.folder])}")
        if file.folder == folder == "io":
            source, room = io_room(file.path), io_room(target)
            if source in IO_ROOMS and room != source and room not in IO_ROOMS[source]:
                yield file.says(line, "io-room", f"io/{source}/ may not include io/{room}/: pass "
                                f"it in; allowed: {', '.join(IO_ROOMS[source]) or 'no room'}")


def check_third_party(file):
    """Each library is included by the files THIRD_PARTY names and no other."""
    for line, mark, target in file.includes:
        row = next((prefix for prefix in THIRD_PARTY if target.startswith(prefix)), None)
        if row is not None:
            if not is_listed(file.path, THIRD_PARTY[row]):
                yield file.says(line, "third-party", f"<{target}> is only for "
                                f"{', '.join(THIRD_PARTY[row])}: call what that file offers, or "
                                "edit THIRD_PARTY in tools/tidy.py")
        elif mark == "<" and target.split("/")[0] not in LAYERS:
            is_standard = re.fullmatch(r"[a-z0-9_]+", target)
            if not is_standard and not is_listed(target, SYSTEM_HEADERS.get(file.folder, POSIX)):
                yield file.says(line, "third-party", f"<{target}> has no row for {file.folder}/: "
                                "use the C++ header, contain it behind one file, or add a row to "
                                "tools/tidy.py")


def check_shape(file):
    """Length, opening comment, include guard, name, and no note left for later."""
    if (file.is_cpp or file.is_script) and len(file.lines) > LINES_MAX:
        yield file.says(LINES_MAX + 1, "length", f"{len(file.lines)} lines, {LINES_MAX} at most: "
                        "split it where its responsibility has an 'and'")
    if file.is_cpp and not file.text.startswith("//"):
        yield file.says(1, "opening-comment", "begin with a // comment that says what this file is")
    if file.suffix == ".hpp" and "#pragma once" not in file.lines:
        yield file.says(1, "pragma-once", "add a line '#pragma once' below the opening comment")
    for part in file.path.split("/"):
        banned = set(re.split(r"[._-]", part.lower())) & set(BANNED_NAMES)
        if banned:
            yield file.says(1, "name", f"'{banned.pop()}' in '{part}' says nothing: name the noun "
                            "it is responsible for")
    if file.suffix in TEXT_SUFFIXES or file.is_script:
        for line, text in enumerate(file.lines, 1):
            if MARKERS.search(text):
                yield file.says(line, "marker", "do it now, or open an issue and delete the note")


def check_hot_words(file):
    """No forbidden word in a hot header, unless an escape with a reason stands there."""
    if file.suffix != ".hpp" or file.folder not in HOT_FOLDERS:
        return
    escapes = {}  # (code line, word) -> line of the escape; alone on a line, it is for the next
    for line, text in enumerate(file.lines, 1):
        match = ESCAPE.search(text)
        if match:
            is_alone = text.strip().startswith("//")
            escapes[line + is_alone, match[1]] = line
    used = set()
    for line, code in enumerate(blank(file.text, True), 1):
        if code.lstrip().startswith("#include"):
            continue
        for word, (pattern, instead) in HOT_WORDS.items():
            if re.search(pattern, code):
                used.add((line, word))
                if (line, word) not in escapes:
                    yield file.says(line, "hot-word", f"'{word}' on the hot path: {instead}, or "
                                    f"add '// tidy: allow {word} because ...'")
    for (code_line, word), line in escapes.items():
        if (code_line, word) not in used:
            yield file.says(line, "stale-escape", f"this line has no '{word}': delete the escape")


def check_cmake(files):
    """Sources are listed by name: no globbing, and no .cpp that nobody builds."""
    listed = set()
    for file in filter(lambda file: file.is_cmake, files):
        for line, text in enumerate(file.lines, 1):
            code = text.split("#")[0]
            if re.search(r"\bfile\s*\(\s*GLOB|\baux_source_directory\s*\(", code, re.I):
                yield file.says(line, "cmake-glob", "list the files by name, one a line")
            for token in re.findall(r"[^\s()\"';]+", code):
                token = re.sub(r"\$\{[^}]*\}/", "", token.removesuffix(".cpp"))
                for base in (posixpath.dirname(file.path), "", "tests", "bench"):
                    listed.add(posixpath.normpath(posixpath.join(base, token)))
    for file in files:
        if file.suffix == ".cpp" and file.folder in LAYERS:
            if file.path.removesuffix(".cpp") not in listed:
                yield file.says(1, "cmake-list", "not built: list it by name in a CMakeLists.txt")


def tree(root):
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listing = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        print(f"tidy: cannot ask git for the files: {error}", file=sys.stderr)
        sys.exit(77)
    paths = sorted({path for path in listing.stdout.split("\0") if path})
    return [File(root, path) for path in paths if (root / path).is_file()]


def violations(root):
    files = tree(root)
    found = list(check_cmake(files))
    for file in files:
        found += check_shape(file)
        if file.is_cpp:
            found += [*check_layer(file), *check_third_party(file), *check_hot_words(file)]
    return sorted(found)


# A tree without a violation, and then one file each that breaks one rule: (rule, path, line, text).
GOOD_TREE = {
    ".gitignore": "/build/\n",
    "CMakeLists.txt": "add_library(core engine/a.cpp io/redis/redis_client.cpp tests/a_test.cpp\n"
                      "  bench/a_bench.cpp)\n# file(GLOB is only a comment here\n",
    "engine/a.hpp": "// A thing; no double, no throw.\n#pragma once\n#include <new>\n"
                    "#include <sched.h>\n"
                    'constexpr auto text = "printf"; constexpr long big = 1\'000;\n'
                    "double ratio;  // tidy: allow double because it is only shown\n"
                    "// tidy: allow throw because the next line is cold\n"
                    "throw double{};  // tidy: allow double because it is cold\n"
                    "// tidy: allow new because the buffer is ours\nauto* made = new (at) int;\n"
                    "std::string_view name;\n",
    "engine/a.cpp": '// A.\n#include "engine/a.hpp"\n#include <string>\nstd::string made_early;\n',
    "engine/ring.hpp": "// Ring.\n#pragma once\n#include <boost/lockfree/spsc_queue.hpp>\n",
    "io/redis/redis_client.cpp": '// C.\n#include <hiredis/async.h>\n#include <poll.h>\n\n'
                                 '#include "io/codec/text.hpp"\n#include "stages/a.hpp"\n',
    "tests/a_test.cpp": '// T.\n#include <gtest/gtest.h>\n#include "io/codec/text.hpp"\n',
    "bench/a_bench.cpp": '// B.\n#include <benchmark/benchmark.h>\n#include "tests/x/a.hpp"\n',
    "build/generated.hpp": "not looked at: ignored by git\n",
}
HEADER = "// S.\n#pragma once\n"
SAMPLES = [
    ("layer", "engine/s.hpp", 3, HEADER + '#include "stages/event.hpp"\n'),
    ("layer", "stages/s.hpp", 3, HEADER + '#include "io/codec/text.hpp"\n'),
    ("layer", "io/codec/s.hpp", 3, HEADER + '#include "tools/x.hpp"\n'),
    ("layer", "io/codec/s.hpp", 3, HEADER + '#include "tests/support/x.hpp"\n'),
    ("layer", "tools/s.hpp", 3, HEADER + '#include "bench/x.hpp"\n'),
    ("io-room", "io/codec/s.hpp", 3, HEADER + '#include "io/redis/redis_client.hpp"\n'),
    ("io-room", "io/attic/s.hpp", 1, HEADER),
    ("io-room", "io/s.hpp", 1, HEADER),
    ("include-root", "engine/s.hpp", 3, HEADER + '#include "ring.hpp"\n'),
    ("include-root", "engine/s.hpp", 3, HEADER + '#include "../engine/ring.hpp"\n'),
    ("include-root", "engine/s.hpp", 3, HEADER + "#include <engine/ring.hpp>\n"),
    ("third-party", "stages/s.hpp", 3, HEADER + "#include <pthread.h>\n"),
    ("third-party", "io/codec/s.hpp", 3, HEADER + "#include <fmt/format.h>\n"),
    ("third-party", "tools/s.hpp", 3, HEADER + "#include <gmock/gmock.h>\n"),
    *[("third-party", "engine/s.hpp", 3, HEADER + f"#include <{prefix}>\n")
      for prefix in THIRD_PARTY],
    ("length", "engine/s.hpp", 401, HEADER + "int x;\n" * 399),
    ("length", "tools/script", 401, "#!/bin/sh\n" + ":\n" * 400),
    ("opening-comment", "io/codec/s.hpp", 1, "#pragma once\n"),
    ("pragma-once", "io/codec/s.hpp", 1, "// S.\n// #pragma once\n"),
    ("name", "io/codec/string_utils.hpp", 1, HEADER),
    ("name", "stages/common/s.hpp", 1, HEADER),
    ("marker", "io/codec/s.hpp", 3, HEADER + "// FIX" "ME: later\n"),
    ("marker", "notes.md", 1, "TO" "DO\n"),
    *[("hot-word", "stages/s.hpp", 4, HEADER + f"int y;\nx = {word} (z);  // why\n")
      for word in HOT_WORDS],
    ("hot-word", "engine/s.hpp", 3, HEADER + "double x;  // tidy: allow double because\n"),
    ("hot-word", "engine/s.hpp", 3, HEADER + "snprintf();  /* std::mutex */\n"),
    ("stale-escape", "engine/s.hpp", 3, HEADER + "int x;  // tidy: allow new because it was so\n"),
    ("cmake-glob", "io/codec/CMakeLists.txt", 2, "\nfile(GLOB sources *.cpp)\n"),
    ("cmake-list", "io/codec/s.cpp", 1, "// S.\n"),
    ("cmake-list", "tests/s_test.cpp", 1, "// S.\n"),
]


def self_test():
    """The good tree gives no violation; with one sample added, exactly that sample's."""
    failures = []
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        subprocess.run(["git", "-C", name, "init", "--quiet"], check=True)
        for path, text in GOOD_TREE.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        failures += [f"good tree: {violation}" for violation in violations(root)]
        for rule, path, line, text in SAMPLES:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
            found = [(v.path, v.line, v.rule) for v in violations(root)]
            if found != [(path, line, rule)]:
                failures.append(f"sample of {rule} at {path}:{line}: got {found}:\n{text[:200]}")
            (root / path).unlink()
    failures.append(f"tidy self-test: {len(SAMPLES)} samples, {len(failures)} failures")
    print("\n".join(failures))
    return 1 if len(failures) > 1 else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--self-test", action="store_true", help="check the rules themselves")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    found = violations(pathlib.Path(__file__).resolve().parent.parent)
    print("\n".join([*map(str, found), f"tidy: {len(found)} violations"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
