"""What must hold after any fault: each output stream is what a replay of the tape gives, entry for
entry, its numbers have no gap, and every signal has one outcome."""

import collections
import json
import subprocess

SIGNAL, TICK = "trade.signal.v5", "market.tick"
SAFE, REJECTED, DEAD = "trade.signal.safe", "trade.signal.rejected", "trade.signal.dlq"
EXECUTION, POSITION = "trade.execution.res", "trade.position.update"
OUTPUTS = (SAFE, REJECTED, EXECUTION, POSITION, DEAD)


def replayed(replay, tape, folder):
    """What `replay run` makes of the tape: {stream: [(id, fields), …]}."""
    out = folder / "replayed.ndjson"
    done = subprocess.run([replay, "run", "--capture", tape, "--out", out], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"replay run: exit code {done.returncode}\n{done.stderr}")
    found = collections.defaultdict(list)
    with open(out, encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            found[entry["stream"]].append((entry["id"], entry["fields"]))
    return found


def number_of(entry_id):
    return int(entry_id.split("-")[1])


def stream_differences(stream, found, wanted, has_gaps=False):
    """`found` in Redis, `wanted` by replay: [(id, fields), …] each. `has_gaps`: numbers may be missing."""
    numbers = [number_of(i) for i, _ in found]
    if not has_gaps and numbers and numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        yield f"{stream}: the numbers have a gap or a repeat: {numbers[:10]} …"
    if len(found) != len(wanted):
        yield f"{stream}: {len(found)} entries, replay gives {len(wanted)}"
    for at, (one, other) in enumerate(zip(found, wanted)):
        if one != other:
            yield f"{stream}: entry {at} is {one}, replay gives {other}"
            break


def outcome_differences(signals, outputs):
    """`signals`: [(id, fields), …] of the signal stream."""
    outcomes = collections.Counter(fields["cause"] for stream in (SAFE, REJECTED, DEAD)
                                   for _, fields in outputs[stream])
    executions = collections.Counter(fields["cause"] for _, fields in outputs[EXECUTION])
    for entry_id, fields in signals:
        cause = f"{SIGNAL}/{entry_id}"
        try:
            is_hold = json.loads(fields.get("data", "")).get("action") == "HOLD"
        except (ValueError, AttributeError):
            is_hold = False
        if outcomes[cause] > 1 or (outcomes[cause] == 0 and not is_hold):
            yield f"{cause} has {outcomes[cause]} outcomes"
        if executions[cause] > 1:
            yield f"{cause} has {executions[cause]} executions"


def differences(replay, tape, folder, signals, entries_of, has_gaps=False):
    """Everything that is wrong; `entries_of(stream)` as Client.entries."""
    outputs = {stream: entries_of(stream) for stream in OUTPUTS}
    wanted = replayed(replay, tape, folder)
    told = [text for stream in OUTPUTS
            for text in stream_differences(stream, outputs[stream], wanted[stream], has_gaps)]
    told += list(outcome_differences(signals, outputs))[:10]
    return told
