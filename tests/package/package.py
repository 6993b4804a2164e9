#!/usr/bin/env python3
"""The Debian package, from nothing: made by cpack, installed by dpkg in a bare Debian 12, run there by
hand and as a service under a real systemd, removed, purged.

    tests/package/package.py --build build/release [--record tests/results/package.txt]

Needs root, the network, debootstrap, and systemd-nspawn (package systemd-container) for the part with systemd; exits 77, with the
reason, where something of it is missing. Takes minutes. The root lies in a private folder that is
removed at the end; --keep leaves it.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.append(str(ROOT / "tests/support"))
from record import Record

MIRROR = "http://deb.debian.org/debian"
BOOT_S = 120
# What changes with every use of dpkg and apt, and is not the package's.
NOT_OURS = ("/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log", "/tmp", "/run", "/proc", "/dev", "/sys",
            "/var/lib/systemd", "/etc/ld.so.cache", "/root", "/var/tmp")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


class Root:
    """A bare Debian in a folder."""

    def __init__(self, folder):
        self.path = folder / "debian"
        done = subprocess.run(["debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus,man-db",
                               "bookworm", self.path, MIRROR], capture_output=True, text=True)
        if done.returncode != 0:
            skip(f"debootstrap failed: {done.stdout.strip().splitlines()[-1]}")

    def run(self, *words, code=0, **options):
        """A command in it, in namespaces of its own; answers stdout."""
        done = subprocess.run(["unshare", "--mount", "--pid", "--fork", f"--mount-proc={self.path}/proc",
                               "chroot", self.path, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
                               "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *words],
                              capture_output=True, text=True, **options)
        if done.returncode != code:
            raise AssertionError(f"{' '.join(map(str, words))}: {done.returncode}, not {code}\n"
                                 f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def files(self):
        """Everything that is there but NOT_OURS, with what it is."""
        found = set()
        for folder, folders, names in os.walk(self.path):
            here = "/" + os.path.relpath(folder, self.path).lstrip(".")
            folders[:] = [name for name in folders if os.path.join(here, name) not in NOT_OURS]
            found |= {os.path.join(here, name) for name in [*folders, *names]
                      if os.path.join(here, name) not in NOT_OURS}
        return found

    def text(self, path):
        return (self.path / path.lstrip("/")).read_text(encoding="utf-8")


@contextlib.contextmanager
def booted(root):
    """Its systemd, running; yields a function that runs a command in it and answers stdout."""
    nspawn = subprocess.Popen(["systemd-nspawn", "--quiet", "--directory", root.path, "--boot", "--register=no",
                               "--keep-unit", "--private-network", "--kill-signal=SIGRTMIN+4"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def inside(*words, checks=True):
        leader = pathlib.Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children").read_text().split()
        for child in leader:
            comm = pathlib.Path(f"/proc/{child}/comm").read_text().strip()
            if comm == "systemd":
                done = subprocess.run(["nsenter", f"--target={child}", "--all", "--root", "--wd=/", "--", *words],
                                      capture_output=True, text=True)
                if checks and done.returncode != 0:
                    raise AssertionError(f"{' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
                return done.stdout.strip()
        return ""

    try:
        wait_until(lambda: inside("systemctl", "is-system-running", checks=False) in ("running", "degraded"),
                   "systemd to be up")
        yield inside
    finally:
        nspawn.terminate()
        try:
            nspawn.wait(BOOT_S)
        except subprocess.TimeoutExpired:
            nspawn.kill()
            nspawn.wait()


def wait_until(condition, what):
    end = time.monotonic() + BOOT_S
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.2)
    return value


class Campaign:
    def __init__(self, record, root, deb):
        self.record, self.root, self.deb = record, root, deb
        self.failed = 0

    def check(self, what, condition, told=""):
        self.failed += not condition
        self.record.say(f"{'ok  ' if condition else 'FAIL'}  {what:58}  {told}".rstrip())

    def install(self):
        root = self.root
        depends = subprocess.run(["dpkg-deb", "--field", self.deb, "Depends"], check=True, capture_output=True,
                                 text=True).stdout
        names = re.findall(r"([a-z0-9.+-]+)(?: \([^)]*\))?(?:,|$)", depends.strip())
        root.run("apt-get", "update", "-q")
        root.run("apt-get", "install", "-qy", "--no-install-recommends", *names, "python3", "redis-server",
                 "redis-tools")
        self.before = root.files()
        shutil.copy(self.deb, root.path / "tmp")
        root.run("dpkg", "--install", f"/tmp/{self.deb.name}")
        self.check("dpkg installs it over its dependencies alone", True, f"{len(names)} packages, {self.deb.name}")
        self.conffiles = set(root.run("dpkg-query", "-W", "-f=${Conffiles}", "coreloop").split()[::2])
        self.check("conffiles", self.conffiles == {"/etc/coreloop/engine.toml", "/etc/coreloop/drop_in.toml"},
                   " ".join(sorted(self.conffiles)))
        self.check("dpkg --verify finds nothing", root.run("dpkg", "--verify", "coreloop") == "")

    def run_by_hand(self):
        root = self.root
        version = root.run("engine", "--version").splitlines()
        self.check("engine --version", version[0].startswith("coreloop "), "; ".join(version[:2]))
        for conf in sorted(self.conffiles):
            self.check(f"engine --check-config {conf}", "OK" in root.run("engine", "--check-config", conf))
        for page in ("engine.1", "replay.1", "engine.toml.5"):
            name, _, section = page.rpartition(".")
            told = root.run("man", section, name)
            self.check(f"man {section} {name}", len(told.splitlines()) > 30, f"{len(told.splitlines())} lines")
        golden = (ROOT / "tests/data/sample.sha256").read_text().split()[0]
        shutil.copy(ROOT / "tests/data/sample.ndjson.gz", root.path / "tmp")
        shutil.copy(ROOT / "conf/quickstart.toml", root.path / "tmp")
        root.run("replay", "run", "--capture", "/tmp/sample.ndjson.gz",
                 "--summary", "/tmp/summary.json", "--out", "/tmp/out.ndjson")
        digest = json.loads(root.text("/tmp/summary.json"))["output"]["sha256"]
        self.check("replay run of the sample capture gives its checksum", digest == golden, digest[:16])
        told = root.run("engine", "--set", "input.source=capture:/tmp/sample.ndjson.gz", "/tmp/quickstart.toml")
        self.check("engine on the sample capture", "signals" in told and "SHA-256" in told)
        for script in ("validate", "adopt", "python/send_signal.py", "python/follow.py"):
            self.check(f"{script} --help", "usage" in root.run(f"/usr/share/coreloop/{script}", "--help"))

    def run_as_a_service(self):
        if shutil.which("systemd-nspawn") is None:
            self.record.say("skip  under a real systemd: no systemd-nspawn here (package systemd-container)")
            return
        self.root.run("systemctl", "enable", "redis-server")
        with booted(self.root) as inside:
            def show(name):
                return inside("systemctl", "show", "--value", f"--property={name}", "coreloop")
            self.check("installing has started and enabled nothing", show("ActiveState") == "inactive" and
                       inside("systemctl", "is-enabled", "coreloop", checks=False) == "disabled",
                       f"systemd {inside('systemctl', '--version').split()[1]}")
            inside("systemctl", "start", "coreloop")
            self.check("systemctl start comes back when it is ready", show("ActiveState") == "active",
                       show("StatusText"))
            told = inside("engine", "--health", "http://127.0.0.1:8080/ready")
            self.check("engine --health", json.loads(told)["ready"] is True)
            inside("/usr/share/coreloop/python/send_signal.py", "signal", "BTCUSDT", "BUY", "0.5")
            wait_until(lambda: inside("redis-cli", "XLEN", "trade.signal.rejected") == "1", "an outcome")
            self.check("a signal has its outcome", True)
            first = show("WatchdogTimestampMonotonic")
            wait_until(lambda: show("WatchdogTimestampMonotonic") != first, "the watchdog")
            self.check("systemd gets its watchdog's sign of life", True, f"WatchdogSec {show('WatchdogUSec')}")
            owner = inside("stat", "-c", "%u", f"/proc/{show('MainPID')}")
            self.check("it does not run as root", owner not in ("0", ""), f"user {owner}")
            files = inside("ls", "/var/lib/private/coreloop/journal").split()
            self.check("its journal lies in its state folder", len(files) > 0, " ".join(files))
            self.crash(inside, show)
            self.priorities(inside)
            begin = time.monotonic()
            inside("systemctl", "stop", "coreloop")
            self.check("systemctl stop", show("Result") == "success" and show("ExecMainStatus") == "0",
                       f"{time.monotonic() - begin:.1f} s")
            self.wrong_conf(inside, show)
            self.adopt(inside, show)

    def crash(self, inside, show):
        pid = show("MainPID")
        inside("sh", "-c", f"kill -KILL {pid}")
        wait_until(lambda: show("MainPID") not in (pid, "0") and show("ActiveState") == "active", "the restart")
        told = inside("journalctl", "-u", "coreloop", "-o", "cat")
        self.check("killed, it is started again and takes up its journal", "replayed " in told,
                   re.search(r"replayed .*", told + "\nreplayed nothing")[0])

    def priorities(self, inside):
        lines = [json.loads(line) for line in
                 inside("journalctl", "-u", "coreloop", "-o", "json", "_COMM=engine").splitlines()]
        infos = [line for line in lines if " INFO " in line["MESSAGE"]]
        self.check("log lines have their priority in systemd's journal",
                   infos and all(line["PRIORITY"] == "6" and line["MESSAGE"][0] != "<" for line in infos),
                   f"{len(infos)} lines")

    def wrong_conf(self, inside, show):
        inside("sh", "-c", "cp /etc/coreloop/engine.toml /tmp/good && echo 'what = 1' >> /etc/coreloop/engine.toml")
        inside("systemctl", "start", "coreloop", checks=False)
        told = inside("journalctl", "-u", "coreloop", "-o", "cat")
        self.check("a wrong conf is told and not tried again", show("ActiveState") == "failed" and
                   show("ExecMainStatus") == "78" and "what" in told,
                   f"{show('ActiveState')}, exit code {show('ExecMainStatus')}, {show('NRestarts')} restarts")
        inside("sh", "-c", "cp /tmp/good /etc/coreloop/engine.toml && systemctl reset-failed coreloop")

    def adopt(self, inside, show):
        inside("rm", "-rf", "/var/lib/private/coreloop/journal")
        told = inside("/usr/share/coreloop/adopt", "--inject", "--set", "risk.cooldown_after_loss_minutes=0")
        self.check("adopt --inject", "CORE LOOP OK" in told and show("ActiveState") == "active", told.splitlines()[-2])
        told = inside("/usr/share/coreloop/adopt", "--back")
        written = inside("redis-cli", "XADD", "trade.signal.safe", "*", "data", "{}")
        self.check("adopt --back, and XADD * goes on", show("ActiveState") == "inactive" and "-" in written, written)

    def remove(self):
        root = self.root
        conf = root.path / "etc/coreloop/engine.toml"
        conf.write_text(conf.read_text() + "# mine\n")
        root.run("dpkg", "--install", "--force-confold", f"/tmp/{self.deb.name}")
        self.check("installed again, an edited conf is kept", root.text("/etc/coreloop/engine.toml").endswith("# mine\n"))
        mine = {path for path in root.files() - self.before if "coreloop" in path}
        root.run("dpkg", "--remove", "coreloop")
        left = root.files() - self.before
        expected = self.conffiles | {"/etc/coreloop"}
        state = {path for path in left if path.startswith(("/var/lib/private", "/var/lib/coreloop"))}
        others = {path for path in left - expected - state if "coreloop" in path or path in mine}
        self.check("removed: conffiles and its journal are left, nothing else", not others and expected <= left,
                   " ".join(sorted(others)) or f"{len(state)} files and folders of state")
        root.run("dpkg", "--purge", "coreloop")
        left = {path for path in root.files() - self.before if "coreloop" in path or path in mine}
        self.check("purged: nothing is left", not left, " ".join(sorted(left)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=pathlib.Path, help="folder of a build")
    parser.add_argument("--record", help="keep what is printed in this file")
    parser.add_argument("--keep", action="store_true", help="leave the root where it is")
    given = parser.parse_args()
    if os.geteuid() != 0:
        skip("needs root for debootstrap and chroot")
    for program in ("debootstrap", "cpack", "dpkg-shlibdeps", "unshare"):
        if shutil.which(program) is None:
            skip(f"no {program} here")
    record = Record("The Debian package, installed, run, removed", given.record)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="coreloop-package-"))
    try:
        subprocess.run(["cpack", "-G", "DEB", "--config", given.build.resolve() / "CPackConfig.cmake", "-B", folder],
                       check=True, stdout=subprocess.DEVNULL)
        (deb,) = folder.glob("*.deb")
        campaign = Campaign(record, Root(folder), deb)
        for step in (campaign.install, campaign.run_by_hand, campaign.run_as_a_service, campaign.remove):
            try:
                step()
            except AssertionError as error:
                campaign.failed += 1
                record.say(f"FAIL  {error}")
                break
        record.say(f"{campaign.failed} failed" if campaign.failed else "all is well")
        record.write()
    finally:
        if given.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if campaign.failed else 0


if __name__ == "__main__":
    sys.exit(main())
