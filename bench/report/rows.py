"""The rows of the table: what each is called, what is wanted of it, and which figures make it."""

import dataclasses
import re
import statistics
import typing

from report.figures import Figure

WALK, ONE = "per_walk", "/symbols:1/accounts:1"
WIRE = "BM_wire_to_wire/close"


@dataclasses.dataclass(frozen=True)
class Row:
    number: str
    what: str
    wanted: typing.Optional[tuple]  # (sign, bound); None: shown beside the others, nothing is asked of it
    programs: tuple  # that it needs
    figure: typing.Callable  # Results -> Figure, or None
    unit: str = ""

    @property
    def sources(self):
        """The names under which it can be said why there is no figure."""
        return (getattr(self.figure, "name", None), *self.programs)

    def is_met(self, value):
        sign, bound = self.wanted
        return {"<=": value <= bound, "<": value < bound, ">=": value >= bound}[sign]


def samples(name, counter):
    return lambda results: Figure.of(results.get(name, counter))


@dataclasses.dataclass(frozen=True)
class Printed:
    """A figure that a program prints by this name."""
    name: str

    def __call__(self, results):
        return results.lines.get(self.name)


def divided(above, below):
    """Samples over samples, repetition by repetition: (name, counter) each."""
    return lambda results: Figure.of(a / b for a, b in zip(results.get(*above), results.get(*below)))


def per_holder(results):
    none, many = (results.get(f"BM_core_tick_held/holders:{count}", WALK) for count in (0, 256))
    return Figure.of((b - a) / 256 for a, b in zip(none, many))


def flatness(benchmark):
    """The dearest of the larger sizes / the smallest."""
    def figure(results):
        base = benchmark + ONE
        sizes = [results.get(name, WALK) for name in results.samples
                 if name.startswith(benchmark + "/symbols:") and name != base]
        dearest = max(sizes, key=statistics.median, default=[])
        return Figure.of(a / b for a, b in zip(dearest, results.get(base, WALK)))
    return figure


def layout(kind, threads):
    name = f"BM_layout/{kind}/threads:{threads}/real_time"
    return divided((name, "inputs_per_s"), (f"BM_layout/{kind}/threads:1/real_time", "inputs_per_s"))


RING, STAGE, CODEC, WIRED, LAYOUTS = ("ring",), ("stage",), ("codec",), ("wire",), ("layouts",)
REDIS, JOURNAL = ("redis",), ("journal",)

ROWS = (
    Row("1", "round trip, two rings, 64 bytes / line", ("<=", 1.6), RING,
        samples("BM_round_trip_ring/64", "per_line")),
    Row("1", "the same / Disruptor's round trip", ("<", 1), ("ring", "disruptor"),
        divided(("BM_round_trip_ring/64", "p50_ns"), ("disruptor/round_trip/64", "p50_ns"))),
    Row("1", "two bare Boost queues, 64 bytes / line", None, RING,
        samples("BM_round_trip_boost/64", "per_line")),
    Row("1", "two slot rings, 64 bytes a slot / line", None, RING,
        samples("BM_round_trip_slot/64", "per_line")),
    Row("1", "two rings, 256 bytes / line", None, RING, samples("BM_round_trip_ring/256", "per_line")),
    Row("1", "two slot rings, 256 bytes a slot / line", None, RING,
        samples("BM_round_trip_slot/256", "per_line")),
    Row("2", "messages/s, ring, 128 bytes, one by one / Boost one by one", (">=", 3), RING,
        samples("BM_throughput_ring/single/128", "per_boost")),
    Row("2", "messages/s, ring, 128 bytes, by 32 / Boost one by one", (">=", 3), RING,
        samples("BM_throughput_ring/batch/128", "per_boost")),
    Row("2", "messages/s, Boost, 128 bytes, by 32 / Boost one by one", None, RING,
        samples("BM_throughput_boost/batch/128", "per_boost")),
    Row("2", "messages/s, slot ring, 128 bytes a slot / Boost one by one", None, RING,
        samples("BM_throughput_slot/single/128", "per_boost")),
    Row("2", "messages/s, ring, 256 bytes, one by one / Boost one by one", None, RING,
        samples("BM_throughput_ring/single/256", "per_boost")),
    Row("2", "messages/s, ring, 256 bytes, by 32 / Boost one by one", None, RING,
        samples("BM_throughput_ring/batch/256", "per_boost")),
    Row("2", "messages/s, slot ring, 256 bytes a slot / Boost one by one", None, RING,
        samples("BM_throughput_slot/single/256", "per_boost")),

    Row("3", "core, approved signal (reversing) / walk", ("<=", 1), STAGE,
        samples("BM_core_signal" + ONE, WALK)),
    Row("3", "core, approved signal (opening, closing in turn) / walk", None, STAGE,
        samples("BM_core_signal_closing" + ONE, WALK)),
    Row("3", "core, tick that nobody holds / walk", ("<=", 0.3), STAGE, samples("BM_core_tick" + ONE, WALK)),
    Row("3", "core, tick, each holder of its symbol more / walk", ("<=", 0.05), STAGE, per_holder),
    Row("3", "core, signal: dearest up to 4,096 symbols, 1,024 accounts / 1 and 1", ("<=", 1.5), STAGE,
        flatness("BM_core_signal")),
    Row("3", "core, tick: dearest up to 4,096 symbols, 1,024 accounts / 1 and 1", ("<=", 1.5), STAGE,
        flatness("BM_core_tick")),
    Row("3", "core, signals going round 4,096 symbols / walk", None, STAGE,
        samples("BM_core_signal_around_symbols/symbols:4096", WALK)),
    Row("3", "core, signals going round 1,024 accounts / walk", None, STAGE,
        samples("BM_core_signal_around_accounts/accounts:1024", WALK)),

    Row("4", "strict decode of a signal / walk", ("<=", 1.3), CODEC, samples("BM_signal_decode", WALK)),
    Row("4", "encoding its three outputs / walk", ("<=", 2.5), CODEC, samples("BM_encode_three_outputs", WALK)),
    Row("4", "strict decode of a tick / walk", None, CODEC, samples("BM_tick_decode", WALK)),
    Row("4", "reading its capture line / walk", None, CODEC, samples("BM_capture_line_read", WALK)),
    Row("5", "wire to wire, one thread, three outputs / walk", ("<=", 5), WIRED, samples(WIRE, WALK)),
    Row("5", "wire to wire, one thread, four outputs (reversing) / walk", None, WIRED,
        samples("BM_wire_to_wire/reverse", WALK)),

    Row("6", "relay's write side / redis-benchmark, same XADD", (">=", 0.8), REDIS, Printed("relay_write")),
    Row("6", "Redis to Redis, one at a time, p50 / relay", ("<=", 1.05), REDIS, Printed("redis_ping_p50")),
    Row("6", "Redis to Redis, one at a time, p99 / relay", ("<=", 1.10), REDIS, Printed("redis_ping_p99")),
    Row("7", "Redis to Redis, flood, signals/s / relay", (">=", 1.25), REDIS, Printed("redis_flood")),
    Row("7", "redis-server in the engine's flood, of one core", None, REDIS, Printed("redis_flood_redis_share")),
    Row("7", "redis-server in the relay's flood, of one core", None, REDIS, Printed("redis_flood_relay_redis_share")),
    Row("8", "open loop at half the flood, p99 / relay", ("<=", 1.10), REDIS, Printed("redis_open_loop_p99")),
    Row("8", "the same, scraped 10/s / not scraped", None, REDIS, Printed("redis_scraped_p99")),
    Row("9", "flood, signals/s, journal on / off", (">=", 0.95), REDIS, Printed("journal_flood")),
    Row("9", "one at a time, p50, journal on / off", ("<=", 1.05), REDIS, Printed("journal_ping_p50")),
    Row("9", "one at a time, p99, journal on / off", None, REDIS, Printed("journal_ping_p99")),

    Row("10", "throughput on one thread, measuring on / compiled out", (">=", 0.95), ("timing",),
        divided(("off/" + WIRE, "cpu_time"), ("on/" + WIRE, "cpu_time"))),
    Row("11", "replay of a gzip capture / inflating and walking it", ("<=", 1.5), JOURNAL, Printed("replay_gzip")),
    Row("11", "replay of a journal, inputs/s / flood", (">=", 20), JOURNAL, Printed("journal_replay")),
    Row("12", "recovery of 1,000,000 inputs, inputs/s / flood", (">=", 10), JOURNAL, Printed("recovery")),
    Row("12", "recovery of 1,000,000 inputs", None, JOURNAL, Printed("recovery_ns"), "ns/input"),

    Row("13", "resident memory after 10,000,000 events", ("<=", 64), REDIS, Printed("memory_mib"), "MiB"),
    Row("13", "the same / after the first tenth of them", ("<=", 1.05), REDIS, Printed("memory_growth")),
    Row("13", "allocations per event, decode to encode", ("<=", 0), ("allocation",), Printed("allocations_per_event")),
    Row("14", "idle, default conf, share of one core", ("<", 2), REDIS, Printed("idle_percent"), "%"),
    Row("15", "five pinned threads, 100,000/s open loop, p50 / line", ("<=", 8), ("open_loop",),
        Printed("open_loop_p50")),
    Row("15", "five pinned threads, 100,000/s open loop, p99.9 / line", ("<=", 40), ("open_loop",),
        Printed("open_loop_p99_9")),
    *(Row("15", f"inputs/s, {kind}, {threads} threads / 1 thread", None, LAYOUTS, layout(kind, threads))
      for kind in ("signals", "recorded") for threads in (2, 3, 5)),
)
NUMBERS = tuple(str(n) for n in range(1, 16)) + ("scale",)


def chosen(text):
    """The row numbers of `1,3,6-8` or `scale`; ValueError for anything else."""
    numbers = set()
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+))?", part.strip())
        if part.strip() in NUMBERS:
            numbers.add(part.strip())
        elif match and 1 <= int(match[1]) <= int(match[2] or match[1]) <= 15:
            numbers.update(str(n) for n in range(int(match[1]), int(match[2] or match[1]) + 1))
        else:
            raise ValueError(f"'{part.strip()}' is no row: 1 to 15, a range as 6-8, or scale")
    return numbers
