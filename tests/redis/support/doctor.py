"""`engine --doctor` as a child: its exit code, and its table taken apart."""

import os
import re
import subprocess
from dataclasses import dataclass

from support import case
from support.engine import SLACK


@dataclass
class Row:
    level: str
    what: str
    found: str
    below: str  # what it means and what to do, each line's words


class Doctor:
    """`text` is the conf; `prefix` are words before the program; `as_nobody`: not as root."""

    def __init__(self, folder, text, *arguments, prefix=(), as_nobody=False, cwd=None):
        conf = folder / "doctor.toml"
        conf.write_text(text)
        identity = {}
        if as_nobody and os.geteuid() == 0:
            folder.chmod(0o755)
            identity = {"user": 65534, "group": 65534, "extra_groups": []}
        done = subprocess.run([*prefix, case.options.bin.resolve() / "engine", "--doctor", conf, *arguments],
                              capture_output=True, text=True, timeout=60 * SLACK, cwd=cwd, **identity)
        self.code, self.text, self.log = done.returncode, done.stdout, done.stderr
        self.rows = []
        for line in self.text.splitlines()[:-1]:
            match = re.fullmatch(r"(ok|note|warn|FAIL) +(\S+) +(.*)", line)
            if match:
                self.rows.append(Row(*match.groups(), ""))
            else:
                assert line.startswith(" " * 8), self.text
                self.rows[-1].below += line[8:] + "\n"

    def rows_of(self, *levels):
        return [row for row in self.rows if row.level in levels]

    def row(self, level, what):
        """The one row of this level about `what`."""
        found = [row for row in self.rows if (row.level, row.what) == (level, what)]
        assert len(found) == 1, (level, what, self.text)
        return found[0]
