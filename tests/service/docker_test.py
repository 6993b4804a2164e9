#!/usr/bin/env python3
"""The Dockerfile and compose.yml, as far as they can be judged without a Docker daemon: what they name
is there, what they start is taken by the engine, nothing listens beyond this machine; and the
producer of the demonstration, against a real Redis and engine. Where the compose plugin is
installed, it is asked, too.

    tests/service/docker_test.py --bin build/release [unittest options]
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "http"))
import endpoint
from endpoint import EndpointCase, run_tests, wait_until

try:
    import yaml
except ImportError:
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        import yaml
    except ImportError:
        print("skipped: no python3-yaml here; tools/setup installs it")
        sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DOCKER = ROOT / "conf/docker"
PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*")


class DockerfileTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        text = re.sub(r"\\\n", " ", (DOCKER / "Dockerfile").read_text())
        cls.stages, name = {}, None
        for line in text.splitlines():
            found = re.fullmatch(r"FROM (\S+) AS (\w+)", line)
            if found:
                name = found[2]
                cls.stages[name] = [("FROM", found[1])]
            elif line and not line.startswith("#"):
                word, _, rest = line.partition(" ")
                cls.stages[name].append((word, rest))

    def words(self, stage, instruction):
        return [rest for word, rest in self.stages[stage] if word == instruction]

    def test_every_stage_is_debian_12_and_what_runs_is_slim_and_not_root(self):
        for stage in self.stages:
            expected = "debian:bookworm" if stage == "build" else "debian:bookworm-slim"
            self.assertEqual(self.words(stage, "FROM"), [expected])
            if stage != "build":
                (user,) = self.words(stage, "USER")
                self.assertNotIn(user, ("root", "0"))

    def test_it_builds_with_what_setup_installs(self):
        setup = (ROOT / "tools/setup").read_text()
        needed = set(re.search(r"build_packages=\((.*?)\)", setup, re.S)[1].split()) - {"redis-server"}
        run = " ".join(self.words("build", "RUN"))
        self.assertEqual(needed - set(run.split()), set())

    def test_the_engine_stops_by_sigterm_and_is_asked_by_its_own_probe(self):
        self.assertEqual(self.words("engine", "STOPSIGNAL"), ["SIGTERM"])
        (check,) = self.words("engine", "HEALTHCHECK")
        self.assertEqual(json.loads(check.partition("CMD ")[2]), ["engine", "--health"])
        help_text = subprocess.run([endpoint.BIN / "engine", "--help"], capture_output=True, text=True).stdout
        self.assertIn("--health", help_text)

    def test_what_is_copied_is_there(self):
        for stage in self.stages:
            for words in self.words(stage, "COPY"):
                if "--from=" not in words:
                    for source in words.split()[:-1]:
                        self.assertTrue((ROOT / source).exists(), source)


class ComposeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.compose = yaml.safe_load((DOCKER / "compose.yml").read_text())
        cls.services = cls.compose["services"]

    def test_every_port_is_for_this_machine_alone(self):
        ports = [port for service in self.services.values() for port in service.get("ports", [])]
        self.assertEqual(sorted(port.split(":")[1] for port in ports), ["3000", "6379", "8080", "9090"])
        for port in ports:
            self.assertTrue(port.startswith("127.0.0.1:"), port)

    def test_every_image_is_pinned_and_every_build_has_its_stage(self):
        stages = re.findall(r"^FROM \S+ AS (\w+)", (DOCKER / "Dockerfile").read_text(), re.MULTILINE)
        for name, service in self.services.items():
            self.assertRegex(service["image"], PINNED, name)
            if "build" in service:
                self.assertIn(service["build"]["target"], stages)
                self.assertEqual((DOCKER / service["build"]["context"]).resolve(), ROOT)
                self.assertTrue((ROOT / service["build"]["dockerfile"]).exists())

    def test_what_is_mounted_is_there(self):
        for service in self.services.values():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                if source.startswith("."):
                    self.assertTrue((DOCKER / source).is_dir(), source)
                else:
                    self.assertIn(source, self.compose["volumes"])

    def test_what_is_depended_on_is_there_and_healthy_where_that_is_asked(self):
        for service in self.services.values():
            wanted = service.get("depends_on", [])
            for name in wanted:
                self.assertIn(name, self.services)
                if isinstance(wanted, dict) and wanted[name]["condition"] == "service_healthy":
                    self.assertIn("healthcheck", self.services[name])
            mode = service.get("network_mode", "service:forward")
            self.assertIn(mode.removeprefix("service:"), self.services)

    def test_the_engine_takes_its_command_and_its_conf(self):
        command = list(self.services["engine"]["command"])
        self.assertEqual(command.pop(), "/etc/coreloop/engine.toml")
        done = subprocess.run([endpoint.BIN / "engine", "--check-config", *command, ROOT / "conf/service.toml"],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_version_is_the_projects(self):
        version = re.search(r"project\(coreloop VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
        for service in self.services.values():
            if service["image"].startswith("coreloop"):
                self.assertTrue(service["image"].endswith(f":{version}"), service["image"])

    def test_docker_compose_takes_it(self):
        docker = shutil.which("docker")
        if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True).returncode != 0:
            self.skipTest("no docker compose here")
        done = subprocess.run([docker, "compose", "-f", DOCKER / "compose.yml", "config", "--quiet"],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class ProducerTest(EndpointCase):
    def test_it_sends_prices_and_signals_that_are_decided(self):
        tools = self.folder / "tools"
        tools.mkdir()
        (tools / "python").symlink_to(ROOT / "tools/python")
        # As in the image, but for where the scripts and the Redis are, and a shorter breath.
        text = (DOCKER / "produce.sh").read_text()
        for old, new in (("/tools/python", str(tools / "python")), ("--host", "--unix-socket"), ("sleep 1", "sleep 0.05")):
            self.assertIn(old, text)
            text = text.replace(old, new)
        script = tools / "produce.sh"
        script.write_text(text)
        producer = subprocess.Popen(["sh", script, self.redis.socket])
        self.addCleanup(producer.wait)
        self.addCleanup(producer.terminate)

        def is_decided():
            return all(int(self.redis.cli("XLEN", stream)) >= 1 for stream in
                       ("market.tick", "trade.signal.safe", "trade.signal.rejected", "trade.execution.res"))
        self.assertTrue(wait_until(is_decided, 60))
        self.assertEqual(self.redis.cli("XLEN", "trade.signal.dlq"), "0")


if __name__ == "__main__":
    run_tests(__doc__)
