#!/usr/bin/env python3
"""Follows the engine's output streams: one line an entry, in the order of their times.

    follow.py                               what comes from now on
    follow.py --from 0 --until-idle 1       what is there, then end
    follow.py --state last.json             go on where the last run ended
    follow.py --json >> out.ndjson          capture lines: for equity_curve.py, replay diff, pandas

Needs nothing but Python. A lost connection is made again; entries that were trimmed before they were
read are told on stderr. The state is saved behind what was printed: after a kill an entry may come twice, none is lost.
Exit codes: 64 wrong usage, 65 a damaged state, 69 no Redis at the start, 73 no place for the state, 77 no permission, 78 no stream.
"""

import argparse
import json
import os
import re
import signal
import sys
import time

import command_line
import resp

OUTPUTS = ("trade.signal.safe", "trade.signal.rejected", "trade.execution.res", "trade.position.update",
           "trade.signal.dlq")
ENTRY_ID = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?")
READ_COUNT = 100  # entries of a stream in one reply
TRANSIENT = ("LOADING", "BUSY", "MASTERDOWN")  # error replies that pass by themselves
PAUSE_MIN_S, PAUSE_MAX_S = 0.1, 5.0  # between attempts to reach Redis again


def entry_id(text):
    """A converter for argparse."""
    if text != "$" and not ENTRY_ID.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no entry id: $, 0, 1723161255088 or 1723161255088-7")
    return text


def id_key(text):
    """Entry ids in their order."""
    ms, _, counter = text.partition("-")
    return int(ms), int(counter or 0)


class State:
    """Last id of each stream, in a file that is replaced whole; without a path it is only remembered."""

    def __init__(self, path):
        self._path = path
        self.last_ids = self._read() if path and os.path.exists(path) else {}

    def _read(self):
        try:
            with open(self._path, encoding="utf-8") as file:
                found = json.load(file)
            if not isinstance(found, dict) or not all(ENTRY_ID.fullmatch(last) for last in found.values()):
                raise ValueError("not a table of stream and entry id")
            return found
        except (OSError, ValueError, TypeError) as error:
            raise command_line.Failure(command_line.DATA, f"{self._path}: {error}") from None

    def save(self):
        if not self._path:
            return
        try:
            with open(f"{self._path}.new", "w", encoding="utf-8") as file:
                json.dump(self.last_ids, file)
            os.replace(f"{self._path}.new", self._path)
        except OSError as error:
            raise command_line.Failure(command_line.CANNOT_CREATE, f"{self._path}: {error.strerror}") from None


class Stop:
    """Whether SIGTERM or Ctrl-C has come: what is in hand is printed and saved first."""

    def __init__(self):
        self.is_wanted = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, *_):
        self.is_wanted = True

    def pause(self, seconds):
        """Sleeps so long, or until a stop is wanted."""
        end = time.monotonic() + seconds
        while not self.is_wanted and time.monotonic() < end:
            time.sleep(0.02)


def printable(text):
    """The text on one line, without what a terminal would obey."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def plain(number):
    """A number as people read it."""
    return f"{number:,.8f}".rstrip("0").rstrip(".") if isinstance(number, (int, float)) else str(number)


def told(data, fields):
    """What an entry says, by the keys that only its kind has."""
    if "order_id" in data:
        return (f"{data['status']:9} {data['symbol']} {data['action']} {fields.get('qty', '?')} at "
                f"{plain(data['entry_price'])} = {plain(data['position_size_usd'])} USD, "
                f"fee {plain(data['fee_usd'])}, {data['order_id']}")
    if "approved_by" in data:
        return (f"approved  {data['symbol']} {data['action']} {plain(data['position_size_usd'])} USD, "
                f"confidence {plain(data['confidence'])}, {data['source']}")
    if "reason" in data:
        return (f"rejected  {data['symbol']} {data['action']} {data['reason']}: "
                f"{plain(data['value'])}, limit {plain(data['limit'])}, {data['source']}")
    if "side" in data:
        return (f"position  {data['symbol']} {data['side']} {plain(data['size_usd'])} USD at {plain(data['entry_price'])}, "
                f"now {plain(data['current_price'])}, unrealized {plain(data['unrealized_pnl'])}, "
                f"realized {plain(data['realized_pnl'])}")
    if "code" in data:
        return f"dead      {data['stream']} {data['id']} {data['code']} at byte {data['offset']}: {data['payload'][:60]!r}"
    return json.dumps(data)


def readable_line(stream, last_id, fields, _receive_ns):
    """One line; what is not an entry of the engine is shown as it is."""
    try:
        data = json.loads(fields["data"])
        text = told(data, fields)
        time_of_day = data["timestamp"][11:23]
    except (KeyError, ValueError, TypeError, AttributeError):
        return f"{last_id} {stream} {json.dumps(fields)}"
    return printable(f"{time_of_day}  {fields.get('acct', '-'):6} {text}")


def capture_line(stream, last_id, fields, receive_ns):
    received = {"ns": receive_ns} if receive_ns is not None else {}
    return json.dumps({"stream": stream, "id": last_id, **received, "fields": fields}, separators=(",", ":"))


class Follower:
    """Reads the streams behind their last ids, over one connection after the other."""

    def __init__(self, options, state, stop):
        self._options = options
        self._stop = stop
        self._last_ids = state.last_ids
        self._connection = None
        self._pause_s = PAUSE_MIN_S
        # When the last reply came; None while catching up, where an entry came before we looked.
        self.receive_ns = None
        self._is_live = options.start == "$" and not self._last_ids
        # Streams whose last id is that of an entry we know to be the engine's.
        self._numbered = {stream for stream in options.streams if stream in self._last_ids}

    def start(self):
        """Connects, and settles where each stream begins."""
        self._connection = resp.connect(self._options)
        for stream in self._options.streams:
            if self._options.start == "$":
                self._last_ids.setdefault(stream, self._newest_id(stream))
            else:
                self._last_ids.setdefault(stream, self._options.start)

    def _newest_id(self, stream):
        try:
            info = self._connection.ask("XINFO", "STREAM", stream)
        except resp.ReplyError as error:
            if "no such key" in str(error):
                return "0"
            raise
        return dict(zip(info[::2], info[1::2]))[b"last-generated-id"].decode()

    def read(self):
        """The next entries of all streams, [(stream, id, {field: text}), …], perhaps none.

        Errors: resp.ReplyError. A lost connection is told, and made again after a pause.
        """
        try:
            if self._connection is None:
                self._connection = resp.connect(self._options)
                print("follow.py: connected again", file=sys.stderr)
            found = self._ask()
            self._pause_s = PAUSE_MIN_S
            self.receive_ns = time.time_ns() if self._is_live else None
            self._is_live = self._is_live or not found
            return self._in_order(found or [])
        except OSError as error:
            trouble = error
        except resp.ReplyError as error:
            if error.kind not in TRANSIENT:
                raise
            trouble = error
        print(f"follow.py: {resp.address_text(self._options)}: {trouble}; again in {self._pause_s:.1f} s", file=sys.stderr)
        self._is_live = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._stop.pause(self._pause_s)
        self._pause_s = min(2 * self._pause_s, PAUSE_MAX_S)
        return []

    def _ask(self):
        block_ms = max(1, min(200, int(self._options.timeout * 500)))
        streams = self._options.streams
        return self._connection.ask("XREAD", "COUNT", READ_COUNT, "BLOCK", block_ms, "STREAMS", *streams,
                                    *(self._last_ids[stream] for stream in streams))

    def _in_order(self, found):
        """The entries of a reply by time, input and stream; those behind the end of a part are left to be read again."""
        keyed = []
        bound = None
        for stream, rows in found:
            stream = stream.decode()
            place = self._options.streams.index(stream)
            moment = (0, 0)
            for row_id, words in rows:
                text = [word.decode("utf-8", "surrogateescape") for word in words]
                fields = dict(zip(text[::2], text[1::2]))
                ms, counter = id_key(row_id.decode())
                sequence = int(fields["seq"]) if fields.get("seq", "").isdecimal() else 0
                moment = max(moment, (ms, sequence))  # a foreign entry must not overtake its own stream
                key = (*moment, place, counter)
                keyed.append((key, (stream, row_id.decode(), fields)))
            if len(rows) == READ_COUNT:
                bound = key if bound is None else min(bound, key)
        return [entry for key, entry in sorted(keyed, key=lambda pair: pair[0]) if bound is None or key <= bound]

    def accept(self, stream, last_id, fields):
        """Counts an entry as seen; says so where entries before it are missing (their numbers have no gap)."""
        if "seq" in fields:
            before, number = id_key(self._last_ids[stream])[1], id_key(last_id)[1]
            if stream in self._numbered and number > before + 1:
                print(f"follow.py: {stream}: {number - before - 1} entries before {last_id} were trimmed unread", file=sys.stderr)
            self._numbered.add(stream)
        self._last_ids[stream] = last_id


def parse():
    parser = command_line.Parser(__doc__)
    parser.add_argument("streams", nargs="*", metavar="STREAM", help="default: the engine's five output streams")
    parser.add_argument("--from", dest="start", type=entry_id, default="$", metavar="ID",
                        help="what follows this id; $ from now on (default), 0 all")
    parser.add_argument("--state", metavar="FILE", help="keeps the last ids; what it says of a stream goes before --from")
    parser.add_argument("--json", action="store_true", help="capture lines instead of readable ones")
    parser.add_argument("--count", type=int, metavar="N", help="end after so many entries")
    parser.add_argument("--until-idle", type=float, metavar="S", help="end when nothing came for so long")
    resp.add_address_options(parser)
    options = parser.parse_args()
    options.streams = list(dict.fromkeys(options.streams)) or list(OUTPUTS)
    return options


def follow(options, state, stop):
    line_of = capture_line if options.json else readable_line
    follower = Follower(options, state, stop)
    try:
        follower.start()
    except OSError as error:
        raise command_line.Failure(command_line.UNAVAILABLE,
                                   f"no Redis at {resp.address_text(options)}: {error}") from None
    state.save()
    print(f"follow.py: following {' '.join(options.streams)}", file=sys.stderr, flush=True)
    left, quiet_since = options.count, time.monotonic()
    while not stop.is_wanted and (left is None or left > 0):
        entries = follower.read()[:left]
        for entry in entries:
            follower.accept(*entry)
            print(line_of(*entry, follower.receive_ns))
        if entries:
            sys.stdout.flush()
            state.save()
            left = left - len(entries) if left is not None else None
            quiet_since = time.monotonic()
        elif options.until_idle is not None and time.monotonic() - quiet_since > options.until_idle:
            break
    return command_line.OK


def main():
    options = parse()
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return follow(options, State(options.state), Stop())
    except resp.ReplyError as error:
        raise command_line.Failure(command_line.refusal_code(error.kind),
                                   f"Redis at {resp.address_text(options)} refuses: {error}") from None


if __name__ == "__main__":
    command_line.run(main)
