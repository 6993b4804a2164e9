#!/usr/bin/env python3
"""The bad inputs of tests/data through Redis: one dead letter each, with its code, and the good signal
behind it comes through.

    tests/redis/bad_input_test.py --bin build/release [unittest options]
"""

import json
import subprocess
import sys

sys.dont_write_bytecode = True
from support import case
from support.case import ONE_THREAD, ROOT, RedisCase, THREE_THREADS
from support.oracle import DEAD, OUTPUTS, REJECTED, SAFE

DATA = ROOT / "tests/data"


def raw(text):
    """The bytes a capture's text stands for: surrogates are bytes that are no UTF-8."""
    return text.encode("utf-8", "surrogateescape")


class BadInputTest(RedisCase):
    def feed_capture(self, capture):
        """Feeds it in its order; answers cause in the capture -> cause in Redis."""
        causes, commands = {}, []
        for line in capture.read_text(encoding="ascii").splitlines():
            # Pairs, since a field may stand twice.
            entry = dict(json.loads(line, object_pairs_hook=list))
            words = [raw(part) for pair in entry["fields"] for part in pair]
            if not words:
                words = [b"none", b""]  # Redis takes no entry without a field
            commands.append((entry, ("XADD", entry["stream"], "*", *words)))
        for begin in range(0, len(commands), 100):
            part = commands[begin:begin + 100]
            for (entry, _), reply in zip(part, self.server.ask.pipeline([c for _, c in part])):
                causes.setdefault(f"{entry['stream']}/{entry['id']}", []).append(
                    f"{entry['stream']}/{reply.decode()}")
        return causes

    def check(self, layout, *options):
        capture = self.folder / "bad.ndjson"
        told = subprocess.run([sys.executable, DATA / "bad_inputs_capture.py", *options, capture],
                              stdout=subprocess.PIPE, text=True, check=True).stdout
        sets = [line.removeprefix("set ") for line in told.splitlines() if line.startswith("set ")]
        self.start_engine(self.server.unix_url, layout=layout,
                          arguments=[word for text in sets for word in ("--set", text)])
        causes = self.feed_capture(capture)
        last = next(reversed(causes.values()))[-1]
        self.wait_until(lambda: any(fields["cause"] == last for stream in (SAFE, REJECTED)
                                    for _, fields in self.newest(stream)))
        self.assertTrue(self.engine.is_alive())
        self.stop_engine()
        self.compare(capture, causes)

    def newest(self, stream):
        return [(i, dict(zip([f.decode() for f in fields[::2]], [f.decode() for f in fields[1::2]])))
                for i, fields in self.server.ask("XREVRANGE", stream, "+", "-", "COUNT", 3)]

    def compare(self, capture, causes):
        """check_outputs.py on what stands in Redis, by the ids of the capture."""
        back = {new: old for old, news in causes.items() for new in news}
        out = self.folder / "out.ndjson"
        with out.open("w", encoding="utf-8") as file:
            for stream in OUTPUTS:
                for entry_id, fields in self.server.ask.entries(stream):
                    cause = fields["cause"]
                    fields["cause"] = back.get(cause, cause)
                    if stream == DEAD:
                        letter = json.loads(fields["data"])
                        old = fields["cause"]
                        letter["id"] = old[old.index("/") + 1:]
                        fields["data"] = json.dumps(letter)
                    file.write(json.dumps({"stream": stream, "id": entry_id, "fields": fields}) + "\n")
        expect = capture.with_suffix(".expect.json")
        stale = {back[fields["cause"]] for _, fields in self.server.ask.entries(REJECTED)
                 if '"reason": "STALE_SIGNAL"' in fields["data"]}
        expected = [self.as_live(wanted, stale) for wanted in json.loads(expect.read_text(encoding="utf-8"))]
        expect.write_text(json.dumps(expected), encoding="utf-8")
        done = subprocess.run([sys.executable, DATA / "check_outputs.py", expect, out],
                              stdout=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        print(done.stdout.strip().splitlines()[0])
        self.assertGreater(self.server.ask("XLEN", DEAD), 0)

    @staticmethod
    def as_live(wanted, stale):
        """A signal of 2026-01-12 that says how long it lives is rejected as too old before anything
        else is found."""
        is_stale = f"{wanted['stream']}/{wanted['id']}" in stale
        return {**wanted, "reason": "STALE_SIGNAL"} if is_stale and wanted["outcome"] == "rejected" else wanted

    def test_all_on_one_thread(self):
        self.check(ONE_THREAD, "--huge")

    def test_those_that_need_other_limits(self):
        self.check(ONE_THREAD, "--with-set")

    def test_all_on_three_threads(self):
        self.check(THREE_THREADS)


if __name__ == "__main__":
    case.main()
