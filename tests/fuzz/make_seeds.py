#!/usr/bin/env python3
"""Inputs to begin fuzzing with, from what the tests hold as tables: make_seeds.py FOLDER writes
FOLDER/<target>/<name>, one file a seed."""

import gzip
import pathlib
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/data"))
sys.path.append(str(ROOT / "tests/redis"))
import entries  # noqa: E402
import http_seeds  # noqa: E402
import journal_seeds  # noqa: E402
import json  # noqa: E402

SEED_BYTES_MAX = 4096
SIGNAL = (b'{"symbol":"BTCUSDT","action":"BUY","confidence":0.8,"timestamp":"2026-01-12T10:00:00Z",'
          b'"source":"meta_v5"}')
FULL_SIGNAL = (b'{"meta_override":false,"ensemble_votes":[1,{"a":null}],"governer_approved":false,'
               b'"position_size_pct":0.05,"meta_confidence":0.1,"consensus":{},"account":"second",'
               b'"signal_id":"id-1","stop_loss_pct":0.02,"max_slippage_pct":1e-3,"ttl_ms":5000,'
               b'"unknown":"\\u00e9\\ud83d\\ude00\\n","symbol":"ETH/USDT","action":"CLOSE",'
               b'"confidence":1,"timestamp":"2026-01-12T10:00:00.123456789+00:00","source":"x"}')
QUOTE = b'{"symbol":"BTCUSDT","bid":94999.5,"ask":95000.5,"bid_size":1,"ask_size":0.5}'
PRICE = b'{"symbol":"ETHUSDT","price":3400.25,"timestamp":"2026-01-12T10:00:00"}'
ACTIONS = [SIGNAL.replace(b"BUY", word) for word in (b"SELL", b"HOLD", b"CLOSE", b"NONE")]
MANY_KEYS = b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(40)) + b"}"


def bad_inputs():
    """(name, stream, fields) of the numbered bad inputs that are short enough."""
    for line in (ROOT / "tests/data/bad_inputs.ndjson").read_text().splitlines():
        row = json.loads(line)
        if not isinstance(row.get("fields"), list):
            continue
        fields = []
        for field in row["fields"]:
            if not isinstance(field, list):
                break
            name, value = (entries.read(part) for part in field)
            if any(entries.expanded_size(part) > SEED_BYTES_MAX for part in (name, value)):
                break
            fields.append((entries.expanded(name), entries.expanded(value)))
        else:
            yield row["id"], row["stream"], fields


def log_input(segments):
    return b"".join(struct.pack("<H", len(part)) + part for part in segments)


def capture_line(fields, extra=""):
    listed = ",".join(f"{json.dumps(a)}:{json.dumps(b)}" for a, b in fields)
    return (f'{{"stream":"signals","id":"5-1","ns":1768212000000000000,"fields":{{{listed}}}{extra}}}'
            "\n").encode()


def captures():
    line = capture_line([("data", SIGNAL.decode())])
    yield "line", line
    yield "two", line + b"\n" + capture_line([("a", "\udc80\u00e9\U0001F600\"\\\n"), ("a", "")])
    yield "extra", capture_line([], ',"note":[1,{"a":"b"}]')
    yield "conf", line.replace(b"signals", b"@conf") + line
    yield "no_newline", line[:-1]
    yield "no_ns", line.replace(b'"ns":1768212000000000000,', b"")
    yield "late", b'{"stream":"s","id":"9999999999999999-1","fields":{}}'
    yield "escapes", rb'{"stream":"\u0073\/\b\f\r\t","id":"1-1","ns":1,"fields":{"\udcff":"\ud83d\ude00"}}'
    for name, bad in (("escape", rb'"\x"'), ("surrogate", rb'"\ud800"'), ("number", b"1"),
                      ("pair", rb'"\ud83d\u0041"'), ("hex", rb'"\u12G4"')):
        yield f"bad_{name}", b'{"stream":"s","id":"1-1","ns":1,"fields":{"a":%s}}\n' % bad
    for name, bad in (("array", b"[]"), ("cut", b'{"stream":"s"'), ("id", line.replace(b"5-1", b"5")),
                      ("ns", line.replace(b"1768212000000000000", b"-1")), ("behind", line[:-1] + b" x"),
                      ("twice", b'{"stream":"a","stream":"b"}'), ("missing", b'{"stream":"s"}'),
                      ("value", capture_line([], ',"x":[1,,2]')), ("key", rb'{"\x":1}')):
        yield f"broken_{name}", bad
    packed = gzip.compress(line * 3, mtime=0)
    yield "gzip", packed
    yield "gzip_members", packed + gzip.compress(line, mtime=0)
    yield "gzip_cut", packed[:-9]
    yield "gzip_damaged", packed[:30] + b"\xff\xff" + packed[32:]
    yield "gzip_garbage", packed + b"behind"
    yield "gzip_short", packed[:5]


def confs():
    for path in sorted((ROOT / "conf").glob("*.toml")):
        lines = (line.split("#")[0].rstrip() for line in path.read_text().splitlines())
        yield path.stem, "\n".join(line for line in lines if line).encode()
    source = b'[input]\nsource = "redis"\n'
    yield "sets", source + b"\0risk.sizing=fixed_fraction\0input.start=0\0engine.seed=1_0"
    yield "bad_sets", source + b"\0risk\0=1\0risk.sizing=[\0redis.url=redis://u:p@h/0\0x.y=1"
    yield "tables", source + (b'streams = { a = "ticks", "b.c" = "signals" }\n[output]\n'
                              b'bases = { "trade.signal.safe" = "5-1" }\n'
                              b'[market]\nsource = "simulated"\nprices = { A = 1.5, B = 2 }\n'
                              b'[fill]\nlot_step = { A = 0.001, C = 1 }\nmodel = "fixed_bps"\n')
    yield "threads", source + (b'[threads]\nlayout = [["ingress"], ["risk", "fill"]]\ncores = [0, 1]\n'
                               b'spin_us = 5\nwait = "spin"\noversubscribe = true\n[rings]\ncapacity = 64\n'
                               b'[accounts]\nnames = ["main", "b"]\n')
    yield "words", source + b'start = "5-1"\n[threads]\ncores = "none"\nlayout = "auto"\nspin_us = 0\n'
    yield "texts", b"[input]\nsource = '''\ncapture:a''' # x\n[journal]\ndir = \"\"\"a\\\n  b\"\"\"\n"
    yield "urls", source + b'[redis]\nurl = "redis://user:p%40ss@[::1]:6380/2"\n[http]\nlisten = "[::1]:0"\n'
    for number, url in enumerate((b"redis://[::1]", b"redis://[::1", b"redis://[::1]x", b"redis://u@h:0", b"redis://:%zz@h",
                                  b"redis://h/x", b"redis://", b"rediss://h", b"http://h", b"unix://run", b"unix:///a?b",
                                  b"unix:///a%20b%2", b"unix:///" + b"a" * 200, b"redis://u%00@h", b"redis://:p%40@h:1/9")):
        yield f"url{number}", source + b'[redis]\nurl = "' + url + b'"\n'
        yield f"set_url{number}", source + b"\0redis.url=" + url
    for number, listen in enumerate((b"[::1]:80", b"[g]:80", b"[::1:80", b"a_b:1", b":1", b"h:x", b"h:70000", b"10.0.0.1:1",
                                     b"127.0.0.1:0", b"localhost:")):
        yield f"listen{number}", source + b'[http]\nlisten = "' + listen + b'"\nhosts = ["a.b"]\ntoken_file = "t"\n'
        yield f"listen_alone{number}", source + b'[http]\nlisten = "' + listen + b'"\n'
    yield "unix", source + b'[redis]\nurl = "unix:///run/redis.sock?db=3"\npassword_file = "f"\n'
    yield "dotted", b'input.source = "redis"\nrisk.max_drawdown_pct = 0.1\n[input.streams]\na = "signals"\n'
    yield "wrong_types", source + (b"streams = 1\n[output]\nbases = 1\nsink = 1\n[threads]\nlayout = []\n"
                                   b"cores = [4096]\nspin_us = -1\nwait = 1\noversubscribe = 1\n[rings]\n"
                                   b"capacity = 3\n[accounts]\nnames = [1]\ninitial_balance = \"x\"\n"
                                   b"[fill]\nlot_step = 1\n[market]\nprices = { a = 1 }\n[mark]\n"
                                   b"interval_s = 99999999\n[risk]\nsizing = \"none\"\n")
    yield "together", source + (b'[output]\napprovals = "trade.signal.v5"\nrejections = "x"\nexecutions = "x"\n'
                                b'[accounts]\nnames = ["a", "b"]\naccounts_max = 1\nsymbols_max = 1\n'
                                b'[market]\nsource = "simulated"\n')
    yield "no_streams", source + b'streams = { a = "ticks" }\n[market]\nsource = "simulated"\n'
    yield "bases", source + b'[output]\nbases = { x = "1-1" }\n'
    yield "layouts", source + b"[threads]\nlayout = [[1]]\ncores = 1\n"
    yield "layout_names", source + b"[threads]\nlayout = [[]]\n"
    yield "dates", source + b"start = 2026-01-12\n[risk]\nmax_drawdown_pct = inf\n"
    yield "sections", source + b"[rsik]\nx = 1\n[risk]\nmax_drawdown = 1\nwait = 1\n[qqqqqqqqqqqq]\n"
    yield "bom", b"\xef\xbb\xbf" + source
    yield "deep", b"a" + b".a" * 70 + b" = 1"
    yield "syntax", b'[input]\nsource = "redis\n'
    yield "quotes", source + b"x.\"a.b\\\"c\".'d' = 1 # c.c\n"


def bulk(*values):
    return b"".join(b"$%d\r\n%s\r\n" % (len(value), value) for value in values)


def entry_reply(entry_id, *fields):
    return b"*2\r\n" + bulk(entry_id) + b"*%d\r\n" % len(fields) + bulk(*fields)


def stream_reply(name, *replies):
    return b"*2\r\n" + bulk(name) + b"*%d\r\n" % len(replies) + b"".join(replies)


def info_reply(last, added=None, length=0, first=b"0-0"):
    words = bulk(b"length") + b":%d\r\n" % length + bulk(b"last-generated-id", last)
    count = 4
    if added is not None:
        words += bulk(b"entries-added") + b":%d\r\n" % added + bulk(b"recorded-first-entry-id", first)
        count = 8
    return b"*%d\r\n" % count + words


ROLE = b"*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"
ERRORS = (b"LOADING x", b"NOPERM x", b"WRONGTYPE x", b"READONLY x", b"NOAUTH x", b"ERR no such key",
          b"ERR max number of clients reached", b"ERR invalid password", b"ERR other", b"EXECABORT x",
          b"ERR The ID specified in XADD is equal or smaller than the target stream top item")
ANSWER, HANG_UP, WORK, OTHER, LAST, RECOVERED, SINK_WAIT = (bytes([0xFE - n]) for n in range(7))
SOURCE_WAIT = RECOVERED
FORGET = b"\xf8"  # of the source's server: stream, how many
NOBODY = (8, 16)  # of the choices: no such path, no such port


def steps(choices, *parts):
    return bytes([choices]) + b"\xff".join(parts)


def sources():
    some = b"*1\r\n" + stream_reply(b"ticks", entry_reply(b"5-1", b"data", b"{}"))
    add = [WORK + bytes([stream, ms]) + b"{}" for stream, ms in ((0, 1), (1, 0), (2, 3), (1, 1))]
    for choices in range(8):
        yield f"truth{choices}", steps(choices, ANSWER, *add, ANSWER, HANG_UP, *add, ANSWER, LAST)
    for choices in NOBODY:
        yield f"nobody{choices}", steps(choices, ANSWER)
    for tenths in (5, 12, 39):
        yield f"wait{tenths}", steps(1, ANSWER, *add, SOURCE_WAIT + bytes([tenths]), ANSWER, SOURCE_WAIT + b"\4", ANSWER)
        yield f"wait_early{tenths}", steps(1, SOURCE_WAIT + bytes([tenths]), ANSWER, HANG_UP, SOURCE_WAIT + b"\4")
    for choices in (32, 96, 225):
        yield f"login{choices}", steps(choices, ANSWER, *add, ANSWER)
    for count in (1, 2, 7):
        forget = [FORGET + bytes([stream, count]) for stream in (0, 1)]
        for choices in (0, 1, 2, 6, 34):
            yield f"forgets{count}_{choices}", steps(choices, ANSWER, *add, ANSWER, *forget, ANSWER)
            yield f"forgets_and_goes_on{count}_{choices}", steps(choices, ANSWER, *add, *add, ANSWER, *forget, *add, ANSWER, *forget, *add,
                                                                 SOURCE_WAIT + b"\x0b", ANSWER)
    held = b"*1\r\n" + entry_reply(b"4-1", b"data", b"{}")
    for number, answer in enumerate((held, b"*0\r\n", b"-NOPERM x\r\n", b":1\r\n", b"*1\r\n:1\r\n", held.replace(b"4-1", b"now"))):
        yield f"examined{number}", steps(1, ANSWER, *add, ANSWER, HANG_UP, ROLE, (info_reply(b"4-1", 9, 3, b"2-1") + answer * 2) * 3, ANSWER)
    yield "again", steps(1, ANSWER, *add, ANSWER, OTHER, ANSWER, *add, LAST, ANSWER)
    infos = info_reply(b"4-1", 9, 3, b"2-1") * 3
    yield "entries", steps(1, ROLE, infos + some)
    yield "rewound", steps(2, ROLE, info_reply(b"9-1", 9) * 3, b"*-1\r\n", some.replace(b"5-1", b"9-2"),
                           infos + b"*-1\r\n")
    yield "resolved", steps(2, ROLE, infos, some)
    yield "no_count", steps(2, ROLE, info_reply(b"4-1") * 3, some)
    yield "trimmed", steps(0, ROLE, info_reply(b"9-1", 9, 2, b"8-1") * 3 + b"*-1\r\n")
    yield "two_streams", steps(1, ROLE, infos, b"*2\r\n" + stream_reply(
        b"ticks", entry_reply(b"5-1", b"data", b"{}"), entry_reply(b"6-1", b"a", b"b", b"c", b"d")) +
        stream_reply(b"signals", entry_reply(b"5-0", b"data", b"{}")))
    yield "no_role", steps(0, b"*0\r\n", ROLE.replace(b"master", b"slave!"), ANSWER)
    yield "nothing", steps(0, b"+OK\r\n", ANSWER)
    yield "garbage", steps(0, b"HTTP/1.1 400\r\n", ROLE + b"+more\r\n", ROLE + b"*", ANSWER)
    yield "huge", steps(0, ROLE, b"*99999999\r\n", ROLE, b"$20000\r\n" + b"x" * 1500)
    yield "too_long", steps(0, ROLE, b"$20000\r\n" + b"x" * 16500)
    yield "bulk_nil", steps(1, ROLE, infos + b"$-1\r\n", some, b"*-1\r\n", ANSWER)
    yield "forms", steps(1, ROLE, infos + b":5\r\n", ROLE, infos + b"*1\r\n:5\r\n", ROLE,
                         infos + b"*1\r\n" + stream_reply(b"other", b""))
    yield "fields", steps(1, ROLE, infos + b"*1\r\n" + stream_reply(
        b"ticks", b"*2\r\n" + bulk(b"5-1") + b"*-1\r\n", entry_reply(b"6-1", b"odd")))
    yield "info_forms", steps(0, ROLE, b":1\r\n" * 3, ROLE, b"*2\r\n" + bulk(b"length") + b":1\r\n")
    for number, error in enumerate(ERRORS):
        reply = b"-" + error + b"\r\n"
        yield f"role_error{number}", steps(0, reply, ANSWER)
        yield f"login_error{number}", steps(32, reply * 2, ANSWER)
        yield f"info_error{number}", steps(2, ROLE, reply * 3, ANSWER)
        yield f"info_error_start{number}", steps(0, ROLE, reply * 3 + b"*-1\r\n", ANSWER)
        yield f"read_error{number}", steps(0, ROLE, infos + reply, ANSWER, ANSWER)


def sinks():
    write = [WORK + bytes([count, *streams]) + b"{}" for count, streams in (
        (0, (0,)), (2, (0, 2, 3)), (1, (1, 4)), (2, (3, 3, 3)))]
    for choices in range(8):
        yield f"truth{choices}", steps(choices, ANSWER, *write, ANSWER, HANG_UP, *write, ANSWER, LAST + b"\3")
        yield f"lost{choices}", steps(choices, ANSWER, *write, OTHER, *write, HANG_UP, ANSWER, OTHER)
        yield f"early{choices}", steps(choices, *write, ANSWER, RECOVERED, *write, ANSWER)
    yield "loses", steps(0, ANSWER, *write, ANSWER, LAST + b"\3", ANSWER, LAST + b"\0", ANSWER)
    missing = b"-ERR no such key\r\n" * 5
    probes = b"+OK\r\n"
    queued = b"+QUEUED\r\n"
    no_memory = b"$0\r\n\r\n"
    begun = [ROLE, missing, no_memory + probes, queued * 5 + probes]
    yield "begun", steps(0, *begun, write[0], probes + queued + b"*1\r\n" + bulk(b"2-1"))
    yield "few", steps(0, *begun, write[0], probes + queued + b"*0\r\n")
    yield "nil", steps(0, *begun, write[0], probes + queued + b"*-1\r\n")
    yield "inner", steps(0, *begun, write[0], probes + queued + b"*1\r\n-" + ERRORS[-1] + b"\r\n", ANSWER)
    yield "inner_other", steps(0, *begun, write[0], probes + queued + b"*1\r\n-OOM x\r\n", ANSWER)
    yield "foreign", steps(1, ROLE, info_reply(b"99-99", 1) * 5, ANSWER)
    yield "foreign_later", steps(0, *begun, write[0], HANG_UP, ROLE, info_reply(b"2-7", 1) * 5)
    yield "hole", steps(0, *begun, *write[:2], ANSWER, HANG_UP, ROLE, missing, ANSWER)
    rest = missing[:-len(missing) // 5]
    for name, last in (("met", b"3-2"), ("passed", b"2-9"), ("behind", b"9-9"), ("stranger", b"9-1")):
        yield f"ahead_{name}", steps(3, ROLE, info_reply(last, 1) + rest, no_memory + probes, queued * 5 + probes, *write,
                                     RECOVERED, ANSWER)
        yield f"ahead_{name}_later", steps(3, ROLE, info_reply(last, 1) + rest, *write, no_memory + probes,
                                           queued * 5 + probes, RECOVERED, ANSWER)
    yield "info_forms", steps(0, ROLE, b":1\r\n" * 5, ANSWER)
    for policy in (b"allkeys-lru", b"noeviction"):
        reply = b"maxmemory_policy:" + policy + b"\r\n"
        yield policy.decode(), steps(0, ROLE, missing, b"$%d\r\n%s\r\n" % (len(reply), reply) + probes, ANSWER)
    for choices in NOBODY:
        yield f"nobody{choices}", steps(choices, ANSWER)
    for tenths in (5, 12, 39):
        yield f"wait{tenths}", steps(0, ANSWER, *write, ANSWER, SINK_WAIT + bytes([tenths]), ANSWER, *write, ANSWER)
        yield f"wait_early{tenths}", steps(0, *write, SINK_WAIT + bytes([tenths]), ANSWER, HANG_UP, SINK_WAIT + b"\4")
    yield "lengths", steps(0, ANSWER, SINK_WAIT + b"\14", b":3\r\n+x\r\n:1\r\n-ERR x\r\n:0\r\n", SINK_WAIT + b"\14", ANSWER)
    for choices in (32, 96, 224):
        yield f"login{choices}", steps(choices, ANSWER, *write, ANSWER)
    for number, error in enumerate(ERRORS):
        reply = b"-" + error + b"\r\n"
        yield f"info_error{number}", steps(0, ROLE, reply * 5, ANSWER)
        yield f"multi_error{number}", steps(0, ROLE, missing, no_memory + reply, ANSWER)
        yield f"memory_error{number}", steps(0, ROLE, missing, reply + probes, ANSWER)
        yield f"probe_error{number}", steps(0, ROLE, missing, no_memory + probes, reply * 5 + probes, ANSWER)
        yield f"login_error{number}", steps(32, reply * 2, ANSWER)
        yield f"queued_error{number}", steps(0, *begun, write[0], probes + reply + b"-EXECABORT x\r\n", ANSWER)
        yield f"exec_error{number}", steps(0, *begun, write[0], probes + queued + reply, ANSWER)


def decoder_inputs():
    def fields(kind, *listed):
        return bytes([kind]) + b"".join(name + b"\xff" + value + b"\xff" for name, value in listed)

    for name, stream, listed in bad_inputs():
        if sum(map(len, sum(listed, ()))) < 1024:
            yield f"bad{name}", fields(0 if stream == entries.SIGNAL else 1, *listed)
    for name, payload in (("signal", SIGNAL), ("full", FULL_SIGNAL)):
        yield name, fields(0, (b"data", payload))
        yield name + "_cut", fields(4, (b"data", payload))
        yield name + "_full", fields(8, (b"data", payload))
    for name, payload in (("quote", QUOTE), ("price", PRICE)):
        yield name, fields(1, (b"data", payload))
        yield name + "_full", fields(9, (b"data", payload))
    for word in (b"halt", b"resume", b"reset", b"x"):
        yield f"command_{word.decode()}", fields(2, (b"command", word))
    yield "price_command", fields(2, (b"command", b"price"), (b"symbol", b"A"), (b"price", b"1.5e1"))
    yield "zero_price", fields(2, (b"command", b"price"), (b"symbol", b"A"), (b"price", b"0"))
    yield "bad_price", fields(2, (b"command", b"price"), (b"symbol", b"A"), (b"price", b"x"))
    yield "close", fields(2, (b"command", b"close"), (b"symbol", b"A"), (b"account", b"b"))
    yield "close_main", fields(2, (b"command", b"close"), (b"symbol", b"A"))
    yield "close_bad", fields(2, (b"command", b"close"), (b"symbol", b"A"), (b"account", b"/"))
    yield "service", fields(2, (b"command", b"reset"), (b"service", b"position"))
    yield "bad_service", fields(2, (b"command", b"reset"), (b"service", b"x"))
    yield "twice", fields(2, (b"command", b"halt"), (b"command", b"halt"))
    yield "walk", fields(3, (b"kind", b"walk"), (b"due", b"1768212000000000000"))
    yield "mark", fields(3, (b"kind", b"mark"), (b"due", b"0"))
    yield "bad_timer", fields(3, (b"kind", b"x"), (b"due", b"-1"))


def messages(stream, *plain):
    for number, payload in enumerate(plain):
        yield f"plain{number}", payload
    yield "many_keys", MANY_KEYS
    yield "empty_object", b" {} "
    for number, value in enumerate((b"[]", b"[1,\"a\",{\"b\":[true]}]", b"{}", b"[1 2]", b"[\"\\\"\"]", b"[" * 70 + b"]" * 70)):
        yield f"nested{number}", b'{"x":' + value + b"}"
    yield "too_long", b" " * (16 * 1024 + 1)
    for name, at, listed in bad_inputs():
        data = [value for field, value in listed if field == b"data"]
        if at == stream and len(data) == 1:
            yield f"bad{name}", data[0]


TARGETS = {
    "signal_codec": lambda: messages(entries.SIGNAL, SIGNAL, FULL_SIGNAL, *ACTIONS),
    "tick_codec": lambda: messages(entries.TICK, QUOTE, PRICE),
    "input_decoder": decoder_inputs,
    "capture": captures,
    "record_log": lambda: ((name, log_input(parts)) for name, parts in journal_seeds.logs()),
    "snapshot": journal_seeds.snapshots,
    "conf": confs,
    "http": http_seeds.requests,
    "redis_source": sources,
    "redis_sink": sinks,
}


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_seeds.py FOLDER")
    for target, seeds in TARGETS.items():
        folder = pathlib.Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
