#!/usr/bin/env python3
"""The schemas of tools/python/schema against what the engine publishes, and against what it takes and refuses.

    tests/python/schema_test.py --bin build/release [unittest options]
"""

import collections
import json
import os
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
import script_case
from script_case import ROOT, SAMPLE, SCRIPTS, ScriptCase, case, replay

jsonschema = script_case.import_or_skip("jsonschema", "python3-jsonschema")
Validator = jsonschema.Draft202012Validator

from support.oracle import DEAD, EXECUTION, OUTPUTS, POSITION, REJECTED, SAFE, SIGNAL, TICK

SCHEMAS = {path.stem: json.loads(path.read_text()) for path in (SCRIPTS / "schema").glob("*.json")}
DATA = {stream: Validator(schema) for stream, schema in SCHEMAS.items()}
ENTRY = {stream: Validator(SCHEMAS[stream]["$defs"]["entry"]) for stream in OUTPUTS}
MUTATED_MAX = 25  # messages of a stream that are mutated
GOOD_SIGNAL = {"symbol": "BTCUSDT", "action": "BUY", "confidence": 0.85, "timestamp": "2026-01-12T10:00:00Z",
               "source": "ensemble_v5"}
FULL_SIGNAL = {**GOOD_SIGNAL, "meta_override": False, "ensemble_votes": {"xgb": "BUY"}, "governer_approved": True,
               "position_size_pct": 0.05, "meta_confidence": 0.9, "consensus": ["a"], "account": "desk-1",
               "signal_id": "s-1", "stop_loss_pct": 0.02, "max_slippage_pct": 0.0, "ttl_ms": 5000}
QUOTE = {"symbol": "BTCUSDT", "bid": 94999.5, "ask": 95000.5, "bid_size": 1.5, "ask_size": 0,
         "timestamp": "2026-01-12T10:00:00.123456789+00:00"}
LAST = {"symbol": "BTCUSDT", "price": 95000}


class NotJson(ValueError):
    """What the engine refuses before it looks at a key."""


class Object(dict):
    """A JSON object that knows whether a key stood twice."""

    def __init__(self, pairs):
        super().__init__(pairs)
        self.is_ambiguous = len(self) != len(pairs)


def refuse(constant):
    raise NotJson(constant)


def strict_json(text):
    """The object of a payload, as the engine reads it; NotJson where no schema is asked."""
    try:
        if len(text.encode()) > 16 * 1024:
            raise NotJson("too long")
        value = json.loads(text, parse_constant=refuse, object_pairs_hook=Object)
        json.dumps(value, ensure_ascii=False).encode()  # refuses a lone surrogate
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None
    if not isinstance(value, Object) or value.is_ambiguous:
        raise NotJson("no object, or a key twice")
    return value


def captured(path):
    """(stream, id, fields) of each line."""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            yield entry["stream"], entry["id"], entry["fields"]


class PublishedTest(unittest.TestCase):
    """What was published is accepted; the same with one thing wrong is not."""

    def check(self, entries):
        """Every entry is accepted, its keys in the order of the schema; how many a stream."""
        counts = collections.Counter()
        for stream, fields in entries:
            data = json.loads(fields["data"])
            for validator, value in ((DATA[stream], data), (ENTRY[stream], fields)):
                error = jsonschema.exceptions.best_match(validator.iter_errors(value))
                self.assertIsNone(error, (stream, value))
            self.assertEqual(list(data), SCHEMAS[stream]["required"])
            counts[stream] += 1
        return counts


class SampleTest(PublishedTest, ScriptCase):
    starts_server = False

    def outputs(self, *words):
        out = self.folder / "out.ndjson"
        replay("run", "--conf", ROOT / "conf/quickstart.toml", "--capture", SAMPLE, "--out", out, *words)
        return [(stream, fields) for stream, _, fields in captured(out)]

    def test_every_message_of_the_sample_is_accepted(self):
        counts = self.check(self.outputs())
        self.assertEqual(counts, {SAFE: 84, REJECTED: 1706, EXECUTION: 84, POSITION: 350, DEAD: 46})

    def test_every_message_under_other_settings_is_accepted(self):
        for settings in (("fill.model=none", "risk.on_opposite=reverse"), ("fill.model=fixed_bps", "risk.sizing=tracked_kelly"),
                         ("risk.emergency_stop=true",), ("fill.lot_step={ SYM0USDT = 1000.0 }", "risk.max_daily_trades=5")):
            sets = [word for setting in settings for word in ("--set", setting)]
            counts = self.check(self.outputs(*sets))
            self.assertGreater(counts[REJECTED], 0)

    def test_an_order_below_the_lot_step_is_accepted_as_rejected(self):
        outputs = self.outputs("--set", "fill.lot_step={ SYM0USDT = 1000.0, SYM1USDT = 1000.0 }")
        statuses = {json.loads(fields["data"])["status"] for stream, fields in outputs if stream == EXECUTION}
        self.assertEqual(statuses, {"filled", "rejected"})

    def test_mutated_messages_are_refused(self):
        taken = collections.Counter()
        for stream, fields in self.outputs():
            taken[stream] += 1
            if taken[stream] <= MUTATED_MAX:
                for name, mutant in mutants(json.loads(fields["data"])):
                    self.assertFalse(DATA[stream].is_valid(mutant), (stream, name, mutant))
                for name, mutant in mutants(fields):
                    self.assertFalse(ENTRY[stream].is_valid(mutant), (stream, name, mutant))
        self.assertEqual(set(taken), set(OUTPUTS))

    def test_values_out_of_their_sets_are_refused(self):
        wrong = {SAFE: {"action": "HOLD", "confidence": 1.5, "approved_by": "me", "timestamp": "2026-01-12T10:00:00Z"},
                 REJECTED: {"action": "HOLD", "reason": "HOLD_SIGNAL"},
                 EXECUTION: {"action": "CLOSE", "order_id": "PAPER-0005deece66e", "status": "open", "leverage": 2.0,
                             "entry_price": 0, "fee_usd": -1},
                 POSITION: {"side": "FLAT", "size_usd": -1, "symbol": "btc"},
                 DEAD: {"code": "BAD", "id": "7", "offset": -1, "payload": "x" * 513, "payload_crc32": 2**32}}
        seen = {}
        for stream, fields in self.outputs():
            seen.setdefault(stream, json.loads(fields["data"]))
        for stream, values in wrong.items():
            for key, value in values.items():
                self.assertFalse(DATA[stream].is_valid({**seen[stream], key: value}), (stream, key, value))
        self.assertFalse(DATA[POSITION].is_valid({**seen[POSITION], "side": "CLOSED", "size_usd": 1.0}))
        self.assertFalse(DATA[EXECUTION].is_valid({**seen[EXECUTION], "status": "rejected", "fee_usd": 1.0}))


def mutants(message):
    """(what was done, the message with one thing wrong)."""
    for key, value in message.items():
        yield f"without {key}", {k: v for k, v in message.items() if k != key}
        wrong = 7 if isinstance(value, str) else str(value)
        for other in (wrong, None, [value], {key: value}, True):
            yield f"{key} of another type", {**message, key: other}
    yield "one key more", {**message, "more": 1}
    yield "one key more", {**message, "_more": ""}


class LiveTest(PublishedTest, ScriptCase):
    def test_what_stands_in_redis_is_accepted(self):
        self.start_engine(more="\n[mark]\ninterval_s = 1\n")
        self.feed(60)
        self.server.ask.pipeline([("XADD", SIGNAL, "*", "data", data) for data in
                                  ("{", "", '{"symbol": "\u20ac"}', json.dumps({**GOOD_SIGNAL, "confidence": 2}))])
        self.server.ask("XADD", TICK, "*", "data", '{"symbol": "BTCUSDT", "price": 0}')
        self.signals_fed += 5
        self.wait_for_outcomes()
        # A mark timer's update has another kind of cause.
        self.server.ask.pipeline([("XADD", SIGNAL, "*", "data", case.signal_json(action)) for action in ("CLOSE", "BUY")])
        self.wait_until(lambda: any(fields["cause"].startswith("@timer/") for _, fields in
                                    self.server.ask.entries(POSITION)))
        self.stop_engine()
        counts = self.check((stream, fields) for stream in OUTPUTS for _, fields in self.server.ask.entries(stream))
        self.assertEqual(counts[DEAD], 5)
        self.assertEqual(set(counts), set(OUTPUTS))


class InputTest(ScriptCase):
    """What a schema accepts and refuses is what the engine takes and dead-letters."""

    starts_server = False
    # What a schema cannot say (its $comment does), by the rows of tests/data/bad_inputs.ndjson.
    beyond_schemas = {
        "44c", "44e",  # nesting
        "53a", "53b",  # the field data twice
        "79b", "96c", "129l",  # the digits behind those of a double
        "116",  # 30 February
        "129g", "129h",  # bid above ask
    }

    def codes_of(self, capture):
        """Stream and id of an input -> code of its dead letter."""
        out = self.folder / "out.ndjson"
        replay("run", "--capture", capture, "--out", out)
        letters = [json.loads(fields["data"]) for stream, _, fields in captured(out) if stream == DEAD]
        return {(letter["stream"], letter["id"]): letter["code"] for letter in letters}

    def disagreements(self, capture):
        """Inputs that reach a schema and that it judges otherwise than the engine: (stream, id, code, data)."""
        codes = self.codes_of(capture)
        judged = collections.Counter()
        found = []
        for stream, entry_id, fields in captured(capture):
            if stream not in (SIGNAL, TICK):
                continue
            try:
                value = strict_json(fields["data"])
            except (NotJson, KeyError):
                self.assertIn((stream, entry_id), codes, fields)
                continue
            code = codes.get((stream, entry_id))
            is_valid = DATA[stream].is_valid(value)
            judged[stream, is_valid] += 1
            if is_valid != (code is None):
                found.append((stream, entry_id, code, fields["data"]))
        return found, judged

    def test_generated_inputs(self):
        capture = self.folder / "in.ndjson"
        replay("generate", "--signals", 3000, "--bad", 0.3, "--seed", 11, "--out", capture)
        found, judged = self.disagreements(capture)
        self.assertEqual(found, [])
        self.assertGreater(min(judged[stream, valid] for stream in (SIGNAL, TICK) for valid in (True, False)), 20, judged)

    def test_the_list_of_bad_inputs(self):
        capture = self.folder / "bad.ndjson"
        subprocess.run([sys.executable, ROOT / "tests/data/bad_inputs_capture.py", capture], check=True,
                       stdout=subprocess.DEVNULL)
        found, judged = self.disagreements(capture)
        self.assertGreater(judged[SIGNAL, False], 50, judged)
        expected = json.loads((self.folder / "bad.expect.json").read_text())
        rows = {(wanted["stream"], wanted["id"]): wanted["row"] for wanted in expected}
        self.assertEqual({rows[stream, entry_id] for stream, entry_id, _, _ in found}, self.beyond_schemas)
        # All of these the schema takes and the engine refuses; never the other way round.
        self.assertTrue(all(code for _, _, code, _ in found))

    def test_good_inputs_are_accepted_as_they_are_and_with_any_unknown_key(self):
        for stream, message in ((SIGNAL, GOOD_SIGNAL), (SIGNAL, FULL_SIGNAL), (TICK, QUOTE), (TICK, LAST)):
            self.assertTrue(DATA[stream].is_valid(message), message)
            self.assertTrue(DATA[stream].is_valid({**message, "unknown": [1, {}]}), message)

    def test_inputs_with_one_thing_wrong_are_refused_and_dead_lettered(self):
        entries = [(stream, f"1768212000000-{n}", {"data": json.dumps(message)})
                   for n, (stream, message) in enumerate(bad_inputs())]
        capture = self.folder / "in.ndjson"
        capture.write_text("".join(json.dumps({"stream": stream, "id": entry_id, "fields": fields}) + "\n"
                                   for stream, entry_id, fields in entries))
        found, judged = self.disagreements(capture)
        self.assertEqual(found, [])
        self.assertEqual(judged, {(stream, False): sum(entry[0] == stream for entry in entries) for stream in (SIGNAL, TICK)})


def bad_inputs():
    """(stream, message) with a key missing, of a wrong type, or out of its range."""
    for key in GOOD_SIGNAL:
        yield SIGNAL, {k: v for k, v in FULL_SIGNAL.items() if k != key}
        yield SIGNAL, {**FULL_SIGNAL, key: None}
    anything = ("ensemble_votes", "meta_confidence", "consensus")
    for key, value in FULL_SIGNAL.items():
        if key not in anything:
            yield SIGNAL, {**FULL_SIGNAL, key: 7 if isinstance(value, str) else str(value)}
            yield SIGNAL, {**FULL_SIGNAL, key: [value]}
    for key, values in {"symbol": ("", "btc", "A" * 33, "BTC\n"), "action": ("", "buy"), "confidence": (-0.1, 1.1),
                        "source": ("", "x" * 65), "position_size_pct": (0, 1.5), "stop_loss_pct": (1, -0.1),
                        "max_slippage_pct": (1.0, -1), "ttl_ms": (0, 86_400_001, 1.5), "account": ("", "a b", "main\n"),
                        "signal_id": ("x" * 65,), "timestamp": ("", "2026-01-12 10:00:00", "1969-12-31T23:59:59Z",
                                                                "2262-01-01T00:00:00Z", "2026-01-12T10:00:60Z",
                                                                "2026-01-12T10:00:00+01:00", "2026-01-12T10:00:00Z\n")}.items():
        for value in values:
            yield SIGNAL, {**FULL_SIGNAL, key: value}
    for key in ("symbol", "bid", "ask"):
        yield TICK, {k: v for k, v in QUOTE.items() if k != key}
        yield TICK, {**QUOTE, key: None}
    for key, value in QUOTE.items():
        yield TICK, {**QUOTE, key: 7 if isinstance(value, str) else str(value)}
    yield TICK, {**QUOTE, "price": 95000}
    yield TICK, {**LAST, "bid": 1}
    yield TICK, {"symbol": "BTCUSDT"}
    for price in (0, -1, 0.000000005, 1e11):
        yield TICK, {**LAST, "price": price}
    yield TICK, {**QUOTE, "bid_size": -1}


class SchemaTest(unittest.TestCase):
    def test_the_example_of_the_readme(self):
        program, output = script_case.readme_example("Draft202012Validator")
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                              check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
        self.assertEqual(done.stdout, output)

    def test_each_stream_has_one_and_it_is_a_schema(self):
        self.assertEqual(set(SCHEMAS), {SIGNAL, TICK, *OUTPUTS})
        for name, schema in SCHEMAS.items():
            Validator.check_schema(schema)
            self.assertEqual(schema["$id"], f"{name}.json")

    def test_the_words_are_those_of_the_engine(self):
        text = (ROOT / "stages/reason.hpp").read_text()
        reasons = re.findall(r'\{"([A-Z_]+)", ReasonUnit', text)
        self.assertEqual(SCHEMAS[REJECTED]["properties"]["reason"]["enum"],
                         [reason for reason in reasons if reason != "HOLD_SIGNAL"])
        codes = re.search(r"dead_letter_code_names\{(.*?)\}", text, re.S)[1]
        self.assertEqual(SCHEMAS[DEAD]["properties"]["code"]["enum"], re.findall(r'"([A-Z0-9_]+)"', codes))


if __name__ == "__main__":
    case.main()
