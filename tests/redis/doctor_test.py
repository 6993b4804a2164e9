#!/usr/bin/env python3
"""`engine --doctor` names each thing that is wrong, with what to do, and changes nothing.

    tests/redis/doctor_test.py --bin build/release [unittest options]
"""

import os
import shutil
import socket
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
from support import case
from support.case import ROOT, RedisCase
from support.doctor import Doctor
from support.oracle import EXECUTION, OUTPUTS, SAFE, SIGNAL, TICK
from support.server import free_port


class DoctorCase(RedisCase):
    def doctor(self, *arguments, url=None, **conf):
        text = self.conf(url or self.server.url, **{"start": "$", **conf})
        return Doctor(self.folder, text, *arguments)

    def journal(self, path):
        return f'[journal]\ndir = "{path}"\nsegment_mb = 1\n'

    def assert_fails(self, doctor, code, what):
        """The only failure, and what is said of it."""
        self.assertEqual(doctor.code, code, doctor.text + doctor.log)
        row = doctor.row("FAIL", what)
        self.assertEqual(doctor.rows_of("FAIL"), [row], doctor.text)
        self.assertTrue(row.below.strip(), "what it means")
        return row


class ServerTest(DoctorCase):
    def test_no_redis_is_69(self):
        row = self.assert_fails(self.doctor(url=f"redis://127.0.0.1:{free_port()}"), 69, "redis")
        self.assertIn("Connection refused", row.found)
        row = self.assert_fails(self.doctor(url="redis://no-such-host.invalid"), 69, "redis")
        self.assertIn("no-such-host.invalid", row.found)

    def test_a_wrong_password_is_77_and_not_shown(self):
        self.server.ask("ACL", "SETUSER", "trader", "on", ">right", "+@all", "~*")
        doctor = self.doctor(url=f"redis://trader:wrong-secret@127.0.0.1:{self.server.port}")
        self.assertIn("WRONGPASS", self.assert_fails(doctor, 77, "redis.login").found)
        self.assertNotIn("wrong-secret", doctor.text + doctor.log)

    def test_a_password_file_that_is_missing_is_77_and_one_that_others_read_is_told(self):
        file = self.folder / "password"
        doctor = self.doctor(redis=f'password_file = "{file}"')
        self.assertIn("cannot be read", self.assert_fails(doctor, 77, "redis").found)
        self.server.ask("ACL", "SETUSER", "trader", "on", ">right-secret", "+@all", "~*")
        file.write_text("right-secret\n")
        file.chmod(0o644)
        doctor = self.doctor(url=f"redis://trader@127.0.0.1:{self.server.port}", redis=f'password_file = "{file}"')
        self.assertEqual(doctor.code, 0, doctor.text)
        self.assertIn("chmod 600", doctor.row("warn", "redis.password_file").found)
        self.assertNotIn("right-secret", doctor.text)

    def test_a_replica_is_69(self):
        self.server.ask("REPLICAOF", "127.0.0.1", "1")
        row = self.assert_fails_first(self.doctor(), 69, "redis.role")
        self.assertEqual(row.found, "replica of 127.0.0.1:1")

    def assert_fails_first(self, doctor, code, what):
        self.assertEqual(doctor.code, code, doctor.text)
        self.assertEqual(doctor.rows_of("FAIL")[0].what, what, doctor.text)
        return doctor.row("FAIL", what)

    def test_eviction_is_told_and_78_where_the_conf_is_strict(self):
        self.server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        doctor = self.doctor()
        self.assertEqual(doctor.code, 0, doctor.text)
        row = doctor.row("warn", "redis.memory")
        self.assertIn("allkeys-lru", row.found)
        self.assertIn("CONFIG SET maxmemory-policy noeviction", row.below)
        self.assert_fails(self.doctor(redis="strict = true"), 78, "redis.memory")

    def test_memory_that_is_used_up_refuses_writes_and_is_69(self):
        self.server.ask("CONFIG", "SET", "maxmemory", "1")
        doctor = self.doctor()
        self.assertIn("OOM", self.assert_fails(doctor, 69, "redis.writing").found)
        doctor.row("warn", "redis.memory")

    def test_what_survives_a_kill_of_redis_is_told(self):
        self.assertEqual(self.doctor().row("warn", "redis.persistence").found, "none")
        self.server.ask("CONFIG", "SET", "save", "3600 1")
        self.assertIn("snapshots only", self.doctor().row("warn", "redis.persistence").found)
        self.server.ask("CONFIG", "SET", "save", "", "appendonly", "yes", "appendfsync", "always")
        self.wait_until(lambda: b"aof_rewrite_in_progress:0" in self.server.ask("INFO", "persistence"))
        self.assertIn("appendfsync always", self.doctor().row("ok", "redis.persistence").found)

    def test_other_clients_are_told_by_user_and_command(self):
        other = self.server.client()
        self.addCleanup(other.close)
        other("XLEN", SAFE)
        self.assertIn("1 x default xlen", self.doctor().row("note", "redis.clients").found)

    def test_words_of_the_server_cannot_forge_a_line(self):
        self.server.ask("REPLICAOF", "there\nFAIL  forged  line\x1b[2J", "1")
        row = self.assert_fails_first(self.doctor(), 69, "redis.role")
        self.assertEqual(row.found, "replica of there\\x0aFAIL  forged  line\\x1b[2J:1")


class StreamTest(DoctorCase):
    def test_each_key_of_another_type_is_78_and_named(self):
        for stream in (SIGNAL, TICK, *OUTPUTS):
            self.server.ask("SET", stream, "no stream")
            row = self.assert_fails(self.doctor(), 78, stream)
            self.assertEqual(row.found, "holds a string and no stream")
            self.server.ask("DEL", stream)

    def test_a_second_writer_is_75(self):
        done = threading.Event()
        client = self.server.client()
        self.addCleanup(client.close)

        def write():
            while not done.wait(0.01):
                client("XADD", EXECUTION, "*", "data", "{}")

        writer = threading.Thread(target=write)
        writer.start()
        try:
            self.wait_until(lambda: self.server.ask("EXISTS", EXECUTION))
            row = self.assert_fails(self.doctor(), 75, EXECUTION)
        finally:
            done.set()
            writer.join()
        self.assertIn("Somebody writes to it", row.below)
        # It has ended; what it wrote is still none of ours.
        doctor = self.doctor()
        self.assertEqual(doctor.code, 0, doctor.text)
        self.assertIn("none of an engine's", " ".join(doctor.row("warn", EXECUTION).below.split()))

    def test_outputs_of_an_engine_are_its_own(self):
        self.start_engine()
        self.feed(50)
        self.finish()
        doctor = self.doctor()
        self.assertEqual(doctor.code, 0, doctor.text)
        for stream in OUTPUTS[:3]:
            self.assertIn("last ", doctor.row("ok", stream).found)

    def test_a_stream_that_ends_in_years_to_come_is_75(self):
        self.server.ask("XADD", SAFE, "32503680000000-1", "data", "{}")
        self.assert_fails(self.doctor(), 75, SAFE)

    def test_consumer_groups_on_inputs_are_told(self):
        self.server.ask("XGROUP", "CREATE", SIGNAL, "risk", "$", "MKSTREAM")
        row = self.doctor().row("note", SIGNAL)
        self.assertIn("1 consumer group", row.found)
        self.assertIn(f"XINFO GROUPS {SIGNAL}", row.below)

    def test_it_changes_nothing(self):
        journal = self.folder / "journal"
        self.start_engine(more=self.journal(journal))
        self.feed(50)
        self.finish()
        self.tape.unlink()

        def state():
            keys = sorted(self.server.ask("KEYS", "*"))
            files = {path: path.read_bytes() for path in self.folder.rglob("*")
                     if path.is_file() and path.suffix != ".toml"}
            return [(key, self.server.ask("DUMP", key)) for key in keys], files, self.server.ask("ACL", "LIST")

        before = state()
        doctor = self.doctor(start="0", more=self.journal(journal))
        self.assertEqual(doctor.code, 0, doctor.text)
        self.assertIn("whole", doctor.row("ok", "journal").found)
        self.assertEqual(state(), before)
        doctor = self.doctor(more=self.journal(self.folder / "another"))
        self.assertIn("not there yet", doctor.row("ok", "journal").found)
        self.assertEqual(state(), before)
        self.assertFalse((self.folder / "another").exists())


class RightsTest(DoctorCase):
    """Once where the user may ask ACL DRYRUN, once where it is tried."""

    def doctor_as(self, *rules):
        self.server.ask("ACL", "SETUSER", "trader", "reset", "on", ">secret", "+@all", *rules)
        return self.doctor(url=f"redis://trader:secret@127.0.0.1:{self.server.port}")

    def test_each_command_that_is_not_allowed_is_77_with_the_rule_that_allows_it(self):
        for further in ((), ("-acl",)):
            for command in ("multi", "exec", "discard", "xadd", "xread"):
                doctor = self.doctor_as("~*", *further, f"-{command}")
                self.assertEqual(doctor.code, 77, doctor.text)
                for row in doctor.rows_of("FAIL"):
                    self.assertEqual(row.what, "redis.rights", doctor.text)
                    self.assertIn(command.upper(), row.found)
                    self.assertIn(f"redis-cli ACL SETUSER trader +{command}\n", row.below)

    def test_each_key_that_is_not_allowed_is_77_with_the_rule_that_allows_it(self):
        streams = (SIGNAL, TICK, *OUTPUTS)
        for further in ((), ("-acl",)):
            for stream in streams:
                doctor = self.doctor_as(*further, *(f"~{name}" for name in streams if name != stream))
                self.assertEqual(doctor.code, 77, doctor.text)
                rule = f"'%R~{stream}'" if stream in (SIGNAL, TICK) else f"'~{stream}'"
                for row in doctor.rows_of("FAIL"):
                    self.assertIn(stream, row.found)
                    self.assertIn(f"ACL SETUSER trader {rule}\n", row.below)

    def test_how_it_was_found_out_is_told_and_nothing_is_written(self):
        self.assertIn("says ACL DRYRUN", self.doctor_as("~*").row("ok", "redis.rights").found)
        doctor = self.doctor_as("~*", "-acl")
        self.assertIn("tried without writing", doctor.row("ok", "redis.rights").found)
        self.assertEqual(self.server.ask("DBSIZE"), 0)

    def test_a_command_the_engine_can_do_without_is_no_failure(self):
        for further in ((), ("-acl",)):
            doctor = self.doctor_as("~*", *further, "-info", "-time")
            self.assertEqual(doctor.code, 0, doctor.text)
            self.assertIn("INFO", doctor.row("warn", "redis.rights").found)
            doctor.row("note", "redis.info")


class JournalTest(DoctorCase):
    def test_a_directory_that_cannot_be_written_is_73(self):
        journal = self.folder / "journal"
        journal.mkdir(mode=0o755)
        journal.chmod(0o555)
        try:
            doctor = Doctor(self.folder, self.conf(self.server.url, more=self.journal(journal)), as_nobody=True)
        except PermissionError:
            self.skipTest("the program is in a folder that only root may look into")
        self.assertEqual(doctor.code, 73, doctor.text)
        row = doctor.row("FAIL", "journal")
        self.assertIn("Permission denied", row.found)
        self.assertIn(f"chown -R USER {journal}", row.below)

    def test_a_directory_that_cannot_be_made_is_73(self):
        row = self.assert_fails(self.doctor(more=self.journal(self.folder / "no" / "journal")), 73, "journal")
        self.assertIn("install -d", row.below)

    def test_a_file_in_its_place_is_73(self):
        (self.folder / "journal").write_text("")
        self.assert_fails(self.doctor(more=self.journal(self.folder / "journal")), 73, "journal")

    def test_one_that_belongs_to_a_running_engine_is_75(self):
        journal = self.folder / "journal"
        self.start_engine(more=self.journal(journal))
        self.assert_fails(self.doctor(more=self.journal(journal)), 75, "journal")
        self.stop_engine()
        self.assertEqual(self.doctor(start="0", more=self.journal(journal)).code, 0)

    def test_one_of_another_conf_is_78_and_a_damaged_one_65(self):
        journal = self.folder / "journal"
        self.start_engine(more=self.journal(journal))
        self.feed(50)
        self.finish()
        doctor = self.doctor("--set", "fill.taker_fee_pct=0.01", more=self.journal(journal))
        self.assertIn("fill.taker_fee_pct is 0.01", self.assert_fails(doctor, 78, "journal").found)
        for snapshot in journal.glob("*.snap"):  # behind which nothing would be read
            snapshot.unlink()
        segment = journal / "0000000001.log"
        data = bytearray(segment.read_bytes())
        data[4000] ^= 1
        segment.write_bytes(data)
        self.assert_fails(self.doctor(more=self.journal(journal)), 65, "journal")

    def on_a_disk_of(self, size):
        """What the doctor says of a journal in a small file system of its own."""
        journal = self.folder / "journal"
        journal.mkdir()
        words = ["unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)), "sh", "-c",
                 f'mount -t tmpfs -o size={size} tmpfs "$0" && exec "$@"', str(journal)]
        if shutil.which("unshare") is None or subprocess.run([*words, "true"], capture_output=True).returncode != 0:
            self.skipTest("no file system may be mounted here")
        return Doctor(self.folder, self.conf(self.server.url, more=self.journal(journal)), prefix=words)

    def test_a_disk_without_room_for_a_segment_is_74(self):
        self.assert_fails(self.on_a_disk_of("512k"), 74, "journal.space")

    def test_a_disk_that_is_nearly_full_and_memory_is_told(self):
        doctor = self.on_a_disk_of("3m")
        self.assertEqual(doctor.code, 0, doctor.text)
        self.assertEqual(doctor.row("warn", "journal.disk").found, "tmpfs")
        self.assertIn("3 MiB free on tmpfs", doctor.row("warn", "journal.space").found)


class MachineTest(DoctorCase):
    def test_a_port_in_use_is_71(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            row = self.assert_fails(self.doctor("--set", f"http.listen=127.0.0.1:{port}"), 71, "http.listen")
            self.assertIn("in use", row.found)
            self.assertIn(f"sport = :{port}", row.below)
        doctor = self.doctor("--set", f"http.listen=127.0.0.1:{port}")
        self.assertIn("is free", doctor.row("ok", "http.listen").found)

    def test_a_token_that_others_may_read_is_77(self):
        token = self.folder / "token"
        token.write_text("0123456789abcdef-secret\n")
        token.chmod(0o644)
        doctor = self.doctor("--set", f"http.token_file={token}")
        self.assert_fails(doctor, 77, "http.token_file")
        self.assertNotIn("secret", doctor.text + doctor.log)
        token.chmod(0o600)
        self.doctor("--set", f"http.token_file={token}").row("ok", "http.token_file")

    def test_threads_that_spin_on_too_few_cores_are_told(self):
        core = min(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {core})
        try:
            doctor = self.doctor("--set", "threads.wait=spin")
        finally:
            os.sched_setaffinity(0, range(os.cpu_count()))
        self.assertIn("spinning on 1 cores", doctor.row("warn", "threads").found)
        self.assertIn(f"{core} allowed", " ".join(row.found for row in doctor.rows if row.what == "cores"))

    def test_a_layout_that_does_not_fit_is_78(self):
        doctor = self.doctor("--set", 'threads.cores=[4095]')
        self.assert_fails(doctor, 78, "threads")


class CaptureTest(RedisCase):
    starts_server = False

    def test_a_conf_without_redis_is_looked_at_too(self):
        text = (ROOT / "conf/quickstart.toml").read_text()
        doctor = Doctor(self.folder, text, cwd=ROOT)
        self.assertEqual(doctor.code, 0, doctor.text)
        doctor.row("ok", "input.source")
        doctor = Doctor(self.folder, text, "--set", "input.source=capture:no-such-file", cwd=ROOT)
        self.assertEqual(doctor.code, 66, doctor.text)
        doctor = Doctor(self.folder, text, "--set", "output.sink=redis", cwd=ROOT)
        self.assertEqual(doctor.code, 78, doctor.text)

    def test_a_conf_that_cannot_be_read_is_78(self):
        doctor = Doctor(self.folder, "[input]\nsource = 7\n")
        self.assertEqual(doctor.code, 78)
        self.assertIn("input.source", doctor.log)


if __name__ == "__main__":
    case.main()
