"""The 13 checks. Each answers what it found, or raises a Failure."""

import statistics

from validation.failure import Failure
from validation.loop import APPROVALS, EXECUTIONS, NUMBER, POSITIONS, SIGNALS

CONFIDENCE_MIN = 0.65
FILL_RATE_MIN = 0.9
TIME_TO_EXECUTION_MAX_MS = 1000
ACTION_KINDS_MIN = 2
HEALTH_KEYS = {service: dict.fromkeys(names.split(), NUMBER) for service, names in {
    "risk": "signals_received signals_approved signals_rejected approval_rate",
    "execution": "orders_received orders_filled orders_rejected fill_rate",
    "position": "open_positions total_exposure_usd unrealized_pnl"}.items()}


def check_listening(loop, service):
    loop.connect(service).close()
    return f"127.0.0.1:{loop.ports[service]}"


def check_topics(loop):
    streams = (SIGNALS, APPROVALS, EXECUTIONS, POSITIONS)
    lengths = loop.redis(*(["XLEN", stream] for stream in streams))
    empty = [stream for stream, length in zip(streams, lengths) if length == 0]
    if empty:
        raise Failure(f"nothing in {', '.join(empty)}")
    return ", ".join(f"{stream} {length:,}" for stream, length in zip(streams, lengths))


def check_approval_rate(loop):
    health = loop.get("risk", "/health", HEALTH_KEYS["risk"])
    counts = f"{health['signals_approved']:,} of {health['signals_received']:,} signals approved"
    if not 0 < health["approval_rate"] <= 1:
        raise Failure(counts)
    return f"{health['approval_rate']:.1%}: {counts}"


def check_confidence(loop):
    values = [entry.data.get("confidence") for entry in loop.newest(APPROVALS)]
    if not all(isinstance(value, (int, float)) for value in values):
        raise Failure(f"an entry of {APPROVALS} has no confidence")
    mean = statistics.fmean(values)
    told = f"mean confidence {mean:.4f} of the newest {len(values)} approvals"
    if mean < CONFIDENCE_MIN:
        raise Failure(f"{told}, below {CONFIDENCE_MIN}")
    return told


def check_variety(loop):
    kinds = sorted({str(entry.data.get("action")) for entry in loop.newest(SIGNALS)})
    if len(kinds) < ACTION_KINDS_MIN:
        raise Failure(f"only {kinds[0]} among the newest signals")
    return ", ".join(kinds)


def check_end_to_end(loop):
    """The way of the newest approved signal, through every stream."""
    approval = loop.newest(APPROVALS, 1)[0]
    signal = approval.fields.get("cause", "no cause")
    executions = loop.with_sequence_of(approval, EXECUTIONS)
    if not executions:
        raise Failure(f"signal {signal} was approved and has no execution")
    execution = executions[0].data
    told = f"{signal}: approved, {execution.get('order_id')} {execution.get('status')}"
    if execution.get("status") == "rejected":
        return told  # nothing to book
    updates = loop.with_sequence_of(approval, POSITIONS)
    if not updates:
        raise Failure(f"{told}, and there is no position update")
    return f"{told}, {execution.get('symbol')} now {updates[-1].data.get('side')}"


def check_time_to_execution(loop):
    times_ms = [execution.ms - execution.cause_ms for execution in loop.newest(EXECUTIONS)
                if execution.cause_ms is not None]
    if not times_ms:
        raise Failure(f"no execution of a signal in {EXECUTIONS}")
    median = statistics.median(times_ms)
    told = f"median {median:g} ms, at most {max(times_ms)} ms, of {len(times_ms)}"
    if median > TIME_TO_EXECUTION_MAX_MS:
        raise Failure(f"{told}; more than {TIME_TO_EXECUTION_MAX_MS} ms")
    return told


def check_fill_rate(loop):
    health = loop.get("execution", "/health", HEALTH_KEYS["execution"])
    counts = f"{health['orders_filled']:,} of {health['orders_received']:,} orders filled"
    if health["fill_rate"] < FILL_RATE_MIN:
        raise Failure(counts)
    return f"{health['fill_rate']:.1%}: {counts}"


def check_health(loop, service):
    keys = {"status": str, "uptime_seconds": NUMBER, **HEALTH_KEYS[service]}
    health = loop.get(service, "/health", keys)
    if health["status"] != "healthy":
        raise Failure(f"{loop.SERVICES[service]} says it is {health['status']}")
    return f"up for {health['uptime_seconds']:,.0f} s"


def groups_of(loop):
    """(heading, [(what, check)])"""
    services = loop.SERVICES.items()
    return [
        ("services", [(f"{name} is up and listens", lambda key=key: check_listening(loop, key))
                      for key, name in services]),
        ("streams", [("every stream has messages", lambda: check_topics(loop))]),
        ("signals", [("approval rate", lambda: check_approval_rate(loop)),
                     (f"mean confidence of at least {CONFIDENCE_MIN}",
                      lambda: check_confidence(loop)),
                     ("more than one kind of action", lambda: check_variety(loop))]),
        ("end to end", [("from signal to position", lambda: check_end_to_end(loop)),
                        ("time to execution", lambda: check_time_to_execution(loop)),
                        ("fill rate", lambda: check_fill_rate(loop))]),
        ("health", [(f"{name} is healthy", lambda key=key: check_health(loop, key))
                    for key, name in services])]
