#!/usr/bin/env python3
"""R24, R25: a server that is scripted to lie, or to talk nonsense.

    tests/redis/hostile_test.py --bin build/release [unittest options]
"""

import sys
import time

sys.dont_write_bytecode = True
from support import case
from support.case import THREE_THREADS, signal_json
from support.fake_case import FakeCase
from support.fake_server import array, bulk
from support.oracle import DEAD, SIGNAL

HOSTILE = {
    "wrong types": b"*3\r\n:1\r\n$-1\r\n*-1\r\n",
    "a status": b"+OK\r\n",
    "an integer": b":18446744073709551615\r\n",
    "nested 9 deep": b"*1\r\n" * 9 + b":1\r\n",
    "an array of 2147483647": b"*2147483647\r\n",
    "an array of 99999999999999999999": b"*99999999999999999999\r\n",
    "a bulk of -5": b"$-5\r\n",
    "an array of -5": b"*-5\r\n",
    "a bulk of 600 MB": b"$629145600\r\nabc",
    "a bulk of 9e18": b"$9000000000000000000\r\nabc",
    "two replies": b"*-1\r\n*-1\r\n*-1\r\n*-1\r\n*-1\r\n+OK\r\n",
    "NULs": b"\0" * 64 + b"\r\n",
    "inline garbage": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "an empty array": b"*0\r\n",
    "an array that ends": b"*2\r\n$1\r\na\r\n",
    "an error without words": b"-\r\n",
    "a RESP3 map": b"%1\r\n+a\r\n:1\r\n",
}


def sample():
    """Those for commands that are sent once a second or less."""
    names = list(HOSTILE) if case.options.thorough else list(HOSTILE)[3:14:4] + list(HOSTILE)[8:11:2]
    return {name: HOSTILE[name] for name in names}


def entry(entry_id, fields):
    return array([bulk(entry_id), fields])


def xread(stream, *entries):
    return array([array([bulk(stream.encode()), array(list(entries))])])


class HostileTest(FakeCase):
    """R24."""

    def survive(self, name, replies=HOSTILE):
        self.start_engine(self.fake.url, layout=THREE_THREADS)
        self.feed_fake()
        self.wait_for_fake()
        for what, reply in replies.items():
            done = self.misbehave_once(name, reply)
            self.feed_fake(3)
            with self.subTest(command=name, reply=what):
                self.wait_until(lambda d=done: d, 10)
                self.wait_for_fake()
        self.wait_until_confirmed()
        self.assert_memory_below(700)
        self.finish_fake()

    def test_nonsense_instead_of_entries(self):
        self.survive(b"XREAD")

    def test_nonsense_instead_of_a_stream_s_state(self):
        self.survive(b"XINFO", sample())

    def test_nonsense_instead_of_a_transaction_s_end(self):
        self.survive(b"EXEC")

    def test_as_many_answers_as_entries_but_none_is_an_id(self):
        self.start_engine(self.fake.url)
        self.feed_fake()
        self.wait_for_fake()
        for answer in (b":1\r\n", b"$-1\r\n", b"*-1\r\n", b"+OK\r\n", bulk(b"1-1"), bulk(b""), b"*0\r\n"):
            queued, done = [0], []

            def script(_, words, answer=answer, queued=queued, done=done):
                name = words[0].upper()
                queued[0] = 0 if name == b"MULTI" else queued[0] + (name == b"XADD")
                if name != b"EXEC" or done:
                    return None
                done.append(queued[0])
                return array([answer] * queued[0])

            self.fake.script = script
            self.feed_fake(3)
            with self.subTest(answer=answer):
                self.wait_until(lambda done=done: done, 10)
                self.wait_for_fake()
                self.assertGreater(done[0], 0)
        self.finish_fake()

    def test_nonsense_instead_of_a_length(self):
        self.survive(b"XLEN", sample())

    def test_nonsense_instead_of_a_role(self):
        self.start_engine(self.fake.url)
        for what, reply in sample().items():
            done = self.misbehave_once(b"ROLE", reply)
            for connection in list(self.fake.connections):
                connection.shutdown(2)
            self.feed_fake(3)
            with self.subTest(reply=what):
                self.wait_until(lambda d=done: d, 10)
                self.wait_for_fake()
        self.finish_fake()

    def test_nonsense_nobody_asked_for(self):
        self.start_engine(self.fake.url)
        for what, reply in HOSTILE.items():
            for connection in list(self.fake.connections):
                try:
                    connection.sendall(reply)
                except OSError:
                    pass
            self.feed_fake(3)
            with self.subTest(reply=what):
                self.wait_for_fake()
        self.wait_until_confirmed()
        self.assert_memory_below(700)
        self.finish_fake()

    def test_a_reply_without_end_is_cut_off(self):
        self.start_engine(self.fake.url, layout=THREE_THREADS)
        sent = [0]

        def flood(server, words):
            if words[0].upper() != b"XREAD":
                return None
            server.script = lambda *_: None
            sent[0] = 500 << 20
            return b"$%d\r\n" % sent[0] + bytes(sent[0])

        self.fake.script = flood
        self.wait_until(lambda: sent[0], 10)
        self.feed_fake()
        self.wait_for_fake(150)  # a sanitizer copies what grows again and again
        self.wait_until_confirmed()
        self.assert_memory_below(700)
        self.finish_fake()


class ReplyTest(FakeCase):
    """R25."""

    def setUp(self):
        super().setUp()
        self.start_engine(self.fake.url)
        self.feed_fake()
        self.wait_for_fake()
        self.ms = int(time.time() * 1000)

    def answer(self, reply):
        done = self.misbehave_once(b"XREAD", reply)
        self.wait_until(lambda: done, 10)

    def test_no_streams_nil_and_an_unknown_stream(self):
        for reply in (b"*0\r\n", b"*-1\r\n", b"$-1\r\n", xread("other", entry(b"1-1", array([]))),
                      xread(SIGNAL), array([array([bulk(None), array([])])])):
            self.answer(reply)
            self.feed_fake(2)
            self.wait_for_fake()
        self.finish_fake()

    def test_ids_that_go_back_or_are_none(self):
        good = array([bulk(b"data"), bulk(signal_json().encode())])
        for text in (b"0-1", b"x", b"", b"1-", b"-", b"99999999999999999999999-1"):
            self.answer(xread(SIGNAL, entry(text, good)))
            self.feed_fake(2)
            self.wait_for_fake()
        self.finish_fake()

    def test_entries_of_odd_forms_become_dead_letters(self):
        letters_before = len(self.fake.entries(DEAD))
        data = [bulk(b"data"), bulk(signal_json().encode())]
        forms = {"nil": b"*-1\r\n", "nil bulk": b"$-1\r\n", "none": b"*0\r\n", "an integer": b":5\r\n",
                 "odd": array([bulk(b"data")]),
                 "not strings": array([bulk(b"data"), array([bulk(b"x")])]),
                 "nil value": array([bulk(b"data"), bulk(None)]),
                 "twice": array(data + data)}
        entries = [entry(b"%d-%d" % (self.ms + 1000, i), fields) for i, fields in enumerate(forms.values())]
        self.answer(xread(SIGNAL, *entries))
        self.wait_until(lambda: len(self.fake.entries(DEAD)) == letters_before + len(forms), 10,
                        lambda: str(self.fake.entries(DEAD)))
        self.assertTrue(self.engine.is_alive())

    def test_10000_fields_and_a_value_of_64_mb(self):
        many = [bulk(b"f%d" % i) for i in range(20_000)]
        good = [bulk(b"data"), bulk(signal_json().encode())]
        huge = array([bulk(b"data"), bulk(bytes(64 << 20))])
        self.answer(xread(SIGNAL, entry(b"%d-1" % (self.ms + 1000), array(many + good)),
                          entry(b"%d-2" % (self.ms + 1000), huge)))
        # One more signal and one dead letter.
        self.signals_fed += 2
        self.wait_for_fake()
        self.assertEqual(len(self.fake.entries(DEAD)), 1)
        self.assertIn('"code": "SIZE"', self.fake.entries(DEAD)[0][1]["data"])
        self.assert_memory_below(500)


if __name__ == "__main__":
    case.main()
