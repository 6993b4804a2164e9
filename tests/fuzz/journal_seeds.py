"""What the targets of the journal's files begin with: record logs and snapshots, written from their formats
(io/journal/record_format.hpp, input_record.hpp, snapshot_file.hpp)."""

import struct

from support.crc32c import crc32c


def text(value):
    return struct.pack("<I", len(value)) + value


def pairs(*fields):
    return struct.pack("<I", len(fields)) + b"".join(text(a) + text(b) for a, b in fields)


def segment(segment_id, first_number, records, size=1024, ends=False):
    """A segment's file: (type, payload) records behind a header."""
    header = b"corelog\n" + struct.pack("<IIQQQ", 2, 8, segment_id, first_number, size)
    header += b"seed".ljust(80, b"\0") + bytes(4)
    out = header + struct.pack("<I", crc32c(header))
    number = first_number
    for kind, payload in records + ([(0xFFFFFFFF, b"")] if ends else []):
        head = struct.pack("<IIQqI", 32 + len(payload), kind, number, 1_768_212_000_000_000_000, 0)
        crc = crc32c(struct.pack("<Q", segment_id) + head + payload)
        out += (head + struct.pack("<I", crc) + payload).ljust((32 + len(payload) + 7) // 8 * 8, b"\0")
        number += 1
    return out.ljust(size, b"\0")


def logs():
    conf = (1, pairs((b"engine.seed", b"1")))
    start = (2, pairs((b"signals", b"5-0 16"), (b"ticks", b"0-0")))

    def entry(sequence, stream=b"signals"):
        return struct.pack("<Q", sequence) + text(stream) + struct.pack("<QQQ", 6, sequence, 16 + sequence) + \
            pairs((b"data", b"{}"))

    timer = (4, struct.pack("<QB", 2, 1))
    cut = (5, struct.pack("<I", 42) + entry(3))
    journal = [conf, start, (3, entry(1)), timer, cut]
    whole = segment(1, 1, journal)
    yield "journal", [whole]
    yield "two", [segment(1, 1, journal[:3], 512, ends=True), segment(2, 5, journal[3:], 512)]
    yield "ready", [segment(1, 1, journal[:2], 512), segment(2, 0, [], 256)]
    yield "only_end", [segment(1, 1, [], 192, ends=True)]
    yield "torn", [whole[:300] + b"\x40" + whole[301:]]
    yield "tail", [whole.rstrip(b"\0")]
    yield "missing_start", [segment(1, 1, [conf, (3, entry(1))], 512)]
    yield "gap", [segment(1, 1, [conf, start, (3, entry(2))], 512)]
    yield "bad_start", [segment(1, 1, [conf, (2, pairs((b"signals", b"x")))], 512)]
    yield "twice", [segment(1, 1, [conf, conf], 512)]
    skip = (6, struct.pack("<Q", 1) + pairs((b"reason", b"why")))
    unskip = (6, struct.pack("<Q", 1) + pairs())
    yield "skip", [segment(1, 1, [*journal, skip], 1024)]
    yield "unskip", [segment(1, 1, [*journal, skip, unskip, (3, entry(4))], 1024)]
    yield "skip_early", [segment(1, 1, [conf, start, skip], 512)]
    yield "skip_words", [segment(1, 1, [*journal, (6, struct.pack("<Q", 1) + pairs((b"a", b"b"), (b"c", b"d")))], 1024)]
    yield "unknown", [segment(1, 1, [conf, (9, b"")], 512)]
    yield "short", [whole[:64]]
    yield "empty", []
    yield "breaks_off", [segment(1, 1, journal, 512), segment(2, 6, [(3, entry(4))], 512)]
    yield "version", [whole[:8] + b"\x01" + whole[9:]]
    for at, name in ((8, "version"), (12, "scale"), (16, "other"), (132, "end"), (136, "number")):
        yield f"field_{name}", [whole[:at] + bytes([whole[at] ^ 2]) + whole[at + 1:]]


def snapshot(sections, sequence=7, version=3, magic=b"coresnap", build=b"seed", segment_id=1):
    """A snapshot's file."""
    header = magic + struct.pack("<IIQqQQQ", version, 8, sequence, 1_768_212_000_000_000_000, segment_id, 4096, 9)
    header += struct.pack("<10Q", *(5, 1) * 5) + struct.pack("<5Q", *map(len, sections))
    header += build.ljust(80, b"\0") + bytes(4)
    body = b"".join(sections)
    return header + struct.pack("<I", crc32c(header + body)) + body


def snapshots():
    conf = text(b"engine.seed") + text(b"1")
    starts = text(b"signals") + text(b"5-0") + text(b"outputs") + text(b"0-0")
    cursors = text(b"signals") + text(b"9-2 17") + text(b"outputs") + text(b"0-0")
    skipped = text(b"3") + text(b"a reason") + text(b"5") + text(b"")
    member = struct.pack("<IIQ", 8, 1, 2)
    state = member + struct.pack("<IIII", 4, 2, 1, 2) + struct.pack("<IIHHH", 2, 3, 1, 2, 3)
    whole = snapshot((conf, starts, cursors, skipped, state))
    yield "whole", whole
    yield "empty", b""
    yield "no_state", snapshot((conf, starts, cursors, skipped, b""))
    yield "nothing", snapshot((b"",) * 5)
    yield "header_only", whole[:256]
    yield "cut", whole[:-1]
    yield "longer", whole + b"\0"
    yield "version", snapshot((conf, starts, cursors, skipped, state), version=1)
    yield "magic", snapshot((conf, starts, cursors, skipped, state), magic=b"coresnip")
    yield "other_sequence", snapshot((conf, starts, cursors, skipped, state), sequence=8)
    yield "long_build", snapshot((conf, starts, cursors, skipped, state), build=b"x" * 80)
    yield "conf_breaks_off", snapshot((conf[:-1], starts, cursors, skipped, state))
    yield "size_breaks_off", snapshot((conf + b"\1", starts, cursors, skipped, state))
    for number, place in enumerate((b"x", b"5", b"5-1 0", b"5-1 x", b"05-1", b"5-1 18446744073709551615")):
        yield f"place{number}", snapshot((conf, starts, text(b"signals") + text(place), skipped, state))
        yield f"start{number}", snapshot((conf, text(b"signals") + text(place), cursors, skipped, state))
    for segment_id in (0, 2, 4, 9):
        yield f"segment{segment_id}", snapshot((conf, starts, cursors, skipped, b""), segment_id=segment_id)
    yield "twice", snapshot((conf * 2, starts * 2, cursors * 2, skipped * 2, state))
    for number, word in enumerate((b"", b"x", b"3x", b"-3", b"18446744073709551616")):
        yield f"skipped{number}", snapshot((conf, starts, cursors, text(word) + text(b"why"), state))
    yield "many_rows", snapshot((conf, starts, cursors, skipped, struct.pack("<IIQ", 8, 1, 5)))
    yield "short_state", snapshot((conf, starts, cursors, skipped, state[:-1]))
