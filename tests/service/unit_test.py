#!/usr/bin/env python3
"""The units as `cmake --install` makes them: systemd finds nothing to complain of, alone and with
each drop-in; the sandbox is as tight as it claims; a conf file that is there is kept.

    tests/service/unit_test.py --bin build/release [unittest options]
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
UNIT = "coreloop.service"
EXPOSURE_MAX = 2.0  # of `systemd-analyze security`, 0 to 10
BIN = pathlib.Path()


class UnitTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.prefix = pathlib.Path(folder.name) / "usr-like"
        (self.prefix / "bin").mkdir(parents=True)
        (self.prefix / "bin/engine").symlink_to(BIN / "engine")
        self.units = self.prefix / "lib/systemd/system"
        self.conf = self.prefix / "etc/coreloop"
        self.install()

    def install(self):
        done = subprocess.run(
            ["cmake", f"-DCMAKE_INSTALL_PREFIX={self.prefix}", f"-DCORELOOP_CONF_SOURCE={ROOT / 'conf'}",
             f"-DCORELOOP_BIN={self.prefix}/bin", f"-DCORELOOP_SHARE={self.prefix}/share/coreloop",
             f"-DCORELOOP_SCRATCH={self.prefix}/scratch", "-P", ROOT / "conf/install_paths.cmake"],
            capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def add_drop_in(self, text):
        folder = self.units / f"{UNIT}.d"
        folder.mkdir(exist_ok=True)
        (folder / "test.conf").write_text(text)

    def complaints(self):
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", self.units / UNIT],
                              capture_output=True, text=True)
        return "" if (done.returncode, done.stderr) == (0, "") else done.stderr or str(done.returncode)

    def test_systemd_has_nothing_to_complain_of(self):
        self.assertEqual(self.complaints(), "")

    def test_neither_with_each_drop_in(self):
        drop_ins = [ROOT / "conf/systemd/low_latency.conf", ROOT / "conf/systemd/password.conf",
                    self.prefix / "share/coreloop/systemd/drop_in.conf"]
        for drop_in in drop_ins:
            with self.subTest(drop_in.name):
                self.add_drop_in(drop_in.read_text())
                self.assertEqual(self.complaints(), "")

    def test_a_wrong_drop_in_is_complained_of(self):
        self.add_drop_in("[Service]\nNoNewPrivilege=yes\n")
        self.assertIn("NoNewPrivilege", self.complaints())

    def test_the_sandbox_is_tight(self):
        done = subprocess.run(["systemd-analyze", "security", "--offline=yes", self.units / UNIT],
                              capture_output=True, text=True)
        if done.returncode != 0 and "offline" in done.stderr:
            self.skipTest("systemd-analyze is older than --offline")
        found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
        self.assertLessEqual(float(found[1]), EXPOSURE_MAX)

    def test_paths_are_those_of_the_prefix(self):
        text = (self.units / UNIT).read_text()
        self.assertNotIn("@", text.replace("@system-service", ""))
        self.assertIn(f"ExecStart={self.prefix}/bin/engine {self.conf}/engine.toml\n", text)

    def test_what_the_units_start_is_a_good_conf(self):
        for text in ((self.units / UNIT).read_text(),
                     (self.prefix / "share/coreloop/systemd/drop_in.conf").read_text()):
            (command,) = re.findall(r"^ExecStart=(/.*)$", text, re.MULTILINE)
            done = subprocess.run([*command.split(), "--check-config"], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), command)

    def test_a_conf_that_is_there_is_kept(self):
        (self.conf / "engine.toml").write_text("# mine\n")
        (self.conf / "drop_in.toml").unlink()
        self.assertIn("Kept: ", self.install())
        self.assertEqual((self.conf / "engine.toml").read_text(), "# mine\n")
        self.assertEqual((self.conf / "drop_in.toml").read_text(), (ROOT / "conf/drop_in.toml").read_text())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=lambda text: pathlib.Path(text).resolve())
    known, rest = parser.parse_known_args()
    BIN = known.bin
    if shutil.which("systemd-analyze") is None:
        print("skipped: no systemd-analyze here")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *rest])
