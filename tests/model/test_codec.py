"""Dead letters: the code and the offset of every kind of bad input."""

import base64
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import capture  # noqa: E402
import codec  # noqa: E402

SUITE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared/vectors/json_test_suite.json")
BASE = ('{"symbol":"BTCUSDT","action":"BUY","confidence":0.8,"timestamp":"2026-01-12T10:00:00Z","source":"meta_v5",'
        '"position_size_pct":0.05,"ttl_ms":5000}')


def outcome(payload, judge=codec.judge_signal):
    """(code, offset) of a payload given as text or bytes; ("OK", 0) where it is well-formed."""
    if isinstance(payload, bytes):
        payload = payload.decode("utf-8", "surrogateescape")
    try:
        codec.decode([("data", payload)], judge)
    except codec.DeadLetter as letter:
        return letter.code, letter.offset
    return "OK", 0


def put(key, text):
    """The base signal with a key's value replaced (or the key added), and the value's offset."""
    pairs = [part.partition(":") for part in BASE[1:-1].split(",")]
    parts = [f"{name}:{text if name == json.dumps(key) else value}" for name, _, value in pairs]
    if not any(name == json.dumps(key) for name, _, _ in pairs):
        parts.append(f"{json.dumps(key)}:{text}")
    whole = "{" + ",".join(parts) + "}"
    return whole, whole.index(json.dumps(key) + ":") + len(json.dumps(key)) + 1


class Signals(unittest.TestCase):
    def check(self, key, text, code):
        payload, offset = put(key, text)
        self.assertEqual(outcome(payload), (code, 0 if code in ("OK", "JSON") else offset), (key, text))

    def test_base(self):
        self.assertEqual(outcome(BASE), ("OK", 0))
        self.assertEqual(outcome("{" + ",".join(reversed(BASE[1:-1].split(","))) + "}"), ("OK", 0))

    def test_bytes(self):
        self.assertEqual(outcome(b""), ("EMPTY", 0))
        self.assertEqual(outcome(b" \t\r\n"), ("EMPTY", 0))
        self.assertEqual(outcome(b"\0"), ("JSON", 0))
        for bad in (b"\x80", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf0\x9f\x98"):
            self.assertEqual(outcome(BASE.encode() + bad), ("UTF8", 0))
        self.assertEqual(outcome(b"\xef\xbb\xbf" + BASE.encode()), ("JSON", 0))
        self.assertEqual(outcome(BASE + " " * (16384 - len(BASE))), ("OK", 0))
        self.assertEqual(outcome(BASE + " " * (16385 - len(BASE))), ("SIZE", 0))

    def test_fields(self):
        for fields, code, payload in (([("x", BASE)], "EMPTY", b""), ([("data", "1"), ("data", "2")], "EMPTY", b"1"),
                                      ([("data", "1" * 16385), ("data", "2")], "SIZE", b"1" * 16385)):
            with self.assertRaises(codec.DeadLetter) as caught:
                codec.decode(fields, codec.judge_signal)
            self.assertEqual((caught.exception.code, caught.exception.payload), (code, payload))
        self.assertIsInstance(codec.decode([("x", "\udcff"), ("data", BASE)], codec.judge_signal), codec.Signal)

    def test_structure(self):
        for bad in ("{", '{"symbol"}', BASE[:-1] + ",}", "{,}", BASE + "}", BASE + BASE, BASE + " x", "[" + BASE + "]",
                    '"BTCUSDT"', "123", "null", "{'symbol':1}", '{"a":True}', '{"a":"\n"}', '{"a":"\\x41"}',
                    '{"a":"\\u12G4"}', '{"a":"\\ud800"}', '{"\\udc00":1}', '{"a":"\\ud800\\u0041"}', '{"a":[1,,2]}'):
            self.assertEqual(outcome(bad), ("JSON", 0), bad)
        for bad in ("NaN", "Infinity", "-Infinity", "01", "+1", ".5", "5.", "1e", "0x10", "1_000", "1,5"):
            self.check("confidence", bad, "JSON")
        self.check("x", "[" * 64 + "]" * 64, "OK")
        self.check("x", "[" * 65 + "]" * 65, "JSON")
        self.check("x", "[" * 8000 + "]" * 8000, "JSON")
        self.check("x", "[" + "{}," * 300 + "0]", "OK")
        self.check("x", '"\\ud83d\\ude00\\\\ud800"', "OK")

    def test_keys(self):
        twice = BASE[:-1] + ',"x":1,"x": 2}'
        self.assertEqual(outcome(twice), ("DUPLICATE_KEY", twice.index(" 2") + 1))
        self.assertEqual(outcome(BASE[:-1] + ',"\\u0061ction":"SELL"}')[0], "DUPLICATE_KEY")
        self.assertEqual(outcome(BASE.replace('"symbol"', '"\\u0073ymbol"')), ("OK", 0))
        for key in ("symbol", "action", "confidence", "timestamp", "source"):
            self.assertEqual(outcome(BASE.replace(f'"{key}"', f'"{key} "')), ("MISSING_KEY", 0))
        # Text order decides between faults of keys; the faults of content come after.
        text = '{"symbol":"bad","source":"é","confidence":2,"action":1}'
        self.assertEqual(outcome(text), ("RANGE", len('{"symbol":"bad","source":"é","confidence":'.encode())))

    def test_types(self):
        for key, values in (("confidence", ('"0.8"', "true", "[0.8]", "{}", "null")),
                            ("symbol", ("1", "null", '["BTCUSDT"]')), ("action", ("1",)), ("ttl_ms", ('"5"', "true")),
                            ("timestamp", ("1736676000",)), ("meta_override", ("1",)), ("account", ("1",)),
                            ("governer_approved", ('"false"',)), ("signal_id", ("7",))):
            for value in values:
                self.check(key, value, "TYPE")
        for key in ("ttl_ms", "account", "signal_id", "governer_approved", "position_size_pct", "ensemble_votes"):
            self.check(key, "null", "OK")

    def test_numbers(self):
        for text, code in (("1e400", "RANGE"), ("-1e400", "RANGE"), ("1e-400", "OK"), ("-1e-400", "RANGE"),
                           ("-0.0", "OK"), ("1.0000001", "RANGE"), ("1." + "0" * 300 + "1", "RANGE"), ("1.000", "OK"),
                           ("9" * 400, "RANGE"), ("100e-2", "OK"), ("1e99999999999999999999", "RANGE")):
            self.check("confidence", text, code)
        for text, code in (("0", "RANGE"), ("-1", "RANGE"), ("1e18", "RANGE"), ("5.5", "RANGE"), ("2.5e0", "RANGE"),
                           ("1E+2", "OK"), ("5.0", "OK"), ("86400000", "OK"), ("86400001", "RANGE")):
            self.check("ttl_ms", text, code)
        for text, code in (("0", "RANGE"), ("0.0e5", "RANGE"), ("1e-12", "OK"), ("1", "OK"), ("1e18", "RANGE")):
            self.check("position_size_pct", text, code)
        for text, code in (("0", "OK"), ("0.999999999999", "OK"), ("1", "RANGE")):
            self.check("stop_loss_pct", text, code)

    def test_content(self):
        for text in ('""', '"btcusdt"', '"BTCUSDT "', '"' + "A" * 33 + '"', '"ВTCUSDT"', '"../../etc"'):
            self.check("symbol", text, "SYMBOL")
        for text in ('"BTC/USDT"', '"../../ETC"', '"ZZZZUSDT"', '"' + "A" * 32 + '"'):
            self.check("symbol", text, "OK")
        for text in ('"buy"', '"BUY\\n"', '""'):
            self.check("action", text, "ACTION")
        for text in ('"yesterday"', '"2026-02-30T00:00:00Z"', '"2026-01-12T10:00:60Z"', '"9999-01-01T00:00:00Z"'):
            self.check("timestamp", text, "TIMESTAMP")
        self.check("timestamp", '"2026-01-12T10:00:00"', "OK")
        self.check("account", '"a b"', "ACCOUNT")
        self.check("source", '""', "RANGE")
        self.check("source", '"' + "é" * 33 + '"', "RANGE")
        self.check("source", '"' + "é" * 32 + '"', "OK")
        self.check("signal_id", '""', "OK")
        self.check("signal_id", '"' + "a" * 65 + '"', "RANGE")


class Ticks(unittest.TestCase):
    def check(self, text, code, at=None):
        wanted = (code, 0 if at is None else text.index(at))
        self.assertEqual(outcome(text, codec.judge_tick), wanted, text)

    def test_forms(self):
        self.check('{"symbol":"X","price":1e-8}', "OK")
        self.check('{"symbol":"X","bid":1,"ask":1,"bid_size":0,"price":null}', "OK")
        self.check('{"symbol":"X","bid":1}', "MISSING_KEY")
        self.check('{"symbol":null,"price":1}', "MISSING_KEY")
        self.check('{"symbol":"x","bid":7,"price":1}', "RANGE", "1}")
        self.check('{"symbol":"x","price":1,"ask":7}', "RANGE", "7}")
        self.check('{"symbol":"x","ask":1.5,"bid":2}', "RANGE", "2}")
        self.check('{"bid":1.000000001,"ask":1,"symbol":"X"}', "OK")
        self.check('{"symbol":"x","price":1,"timestamp":"no"}', "SYMBOL", '"x"')
        self.check('{"symbol":"X","price":1,"timestamp":"no"}', "TIMESTAMP", '"no"')

    def test_numbers(self):
        for text in ("0", "-1", "1e-9", "5e-9", "1e308", "92233720368.54775808"):
            self.check(f'{{"symbol":"X","price":{text}}}', "RANGE", text)
        self.check('{"symbol":"X","price":92233720368.54775807}', "OK")
        self.check('{"symbol":"X","price":5.1e-9}', "OK")
        self.check('{"symbol":"X","price":"1"}', "TYPE", '"1"')
        self.check('{"symbol":"X","price":1,"bid_size":-1e-30}', "RANGE", "-1e-30")
        self.check('{"symbol":"X","price":1,"bid_size":1e11}', "RANGE", "1e11")


class Lines(unittest.TestCase):
    def test_bad_bytes(self):
        line = b'{"stream":"s","id":"18446744073709551615-1","ns":1,"fields":{"data":"\\udc80\\ud83d\\ude00"}}'
        self.assertEqual(codec.raw_payload(capture.parse_line(line).fields), b"\x80\xf0\x9f\x98\x80")

    def test_broken(self):
        for line in (b"{", b"[]", b'{"stream":"s","id":"1-1"}', b'{"stream":"s","id":"1","fields":{}}',
                     b'{"stream":"s","id":"1-1","fields":{"data":1}}',
                     b'{"stream":"s","id":"1-1","ns":1.0,"fields":{}}',
                     b'{"stream":"s","id":"1-1","fields":{"data":"\\ud800"}}',
                     b'{"stream":"\xff","id":"1-1","fields":{}}'):
            self.assertIsNone(capture.parse_line(line), line)
        self.assertEqual(capture.parse_line(b'{"stream":"s","id":"5-1","fields":{}}').ns, 5_000_000)


@unittest.skipUnless(os.path.exists(SUITE), "no JSONTestSuite here")
class Suite(unittest.TestCase):
    def test_every_file(self):
        with open(SUITE, encoding="utf-8") as file:
            cases = json.load(file)["cases"]
        for name, text in cases.items():
            data = base64.b64decode(text)
            found = outcome(BASE[:-1].encode() + b',"x":' + data + b"}")[0]
            if name[0] == "y":
                self.assertEqual(found, "OK", name)
            elif name[0] == "n" and len(data) < 16_000:
                self.assertIn(found, ("JSON", "UTF8"), name)
            self.assertNotEqual(outcome(data)[0], "OK", name)


if __name__ == "__main__":
    unittest.main()
