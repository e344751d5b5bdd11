#!/usr/bin/env python3
"""24 hours in virtual time with a fault every 30 seconds: what is counted is the oracle's count of what
the server really delivered, and what it did not deliver lies within a gap that was reported.

    source_in_virtual_time.py        (BUILD names the folder of the build; SEED chooses the faults)

tests/oracle/virtual_source_drive.c runs a source against a server in virtual time; what the source hands on
goes through the pipeline (tests/oracle/fold.c).
"""
# tests/run: beside others
import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "tests/lab"), str(ROOT / "tests/oracle"), str(ROOT / "tests/system")]

from fold_matches_oracle import Redis, differences, expected_keys, unescape  # noqa: E402
from oracle import Oracle  # noqa: E402
from world import World, jetstream_of  # noqa: E402

PROGRAMS = pathlib.Path(os.environ["BUILD"]) / "tests"
SEED = int(os.environ.get("SEED", "20261125"))
STEP = 10 * 10**6  # µs between two events
START = 1772409600 * 10**6
DAY = 24 * 3600 * 10**6
WINDOWS = ("5m", "1h", "24h")
PEOPLE = 60


class Day:
    """One run of virtual_source_drive: what the server sent, what the source said."""

    def __init__(self, wire, texts, times, seed):
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as events:
            events.writelines(f"{time}\t{text}\n" for time, text in zip(times, texts))
            events.flush()
            done = subprocess.run([PROGRAMS / "virtual_source_drive", wire, events.name, str(seed)],
                                  capture_output=True, encoding="utf-8", check=False, timeout=300)
        assert done.returncode == 0, (done.returncode, done.stderr[-3000:])
        rows = collections.defaultdict(list)
        for line in done.stdout.splitlines():
            word, rest = line.split(" ", 1)
            rows[word].append(rest)
        self.sent = list(map(int, rows["sent"]))
        self.messages = rows["message"]
        self.gaps = [(int(row[0]) * 1000, int(row[1]) * 1000 + 999, row[3] == "1")
                     for row in map(str.split, rows["gap"])]
        self.faults = {name: int(count) for name, count in map(str.split, rows["fault"])}
        self.connections, self.state = int(rows["end"][0].split()[0]), rows["end"][0].split()[1]
        assert not rows["failed"], rows["failed"]


def counted(messages):
    """What the pipeline makes of these messages."""
    keys = Redis()
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".ndjson") as stream:
        stream.writelines(message + "\n" for message in messages)
        stream.flush()
        done = subprocess.run([PROGRAMS / "fold", "-w", ",".join(WINDOWS), stream.name],
                              capture_output=True, encoding="utf-8", check=True, timeout=300)
    for row in done.stdout.split("\n")[:-1]:
        verb, *args = [unescape(part) for part in row.split("\t")]
        if verb != "FLUSH":
            keys.apply(verb, *args)
    return keys.keys


def compare(messages, lines):
    """The boards, users and cascades of the messages are the oracle's of the lines."""
    oracle = Oracle(WINDOWS)
    for line in lines:
        oracle.feed(line)
    wanted = expected_keys(oracle.content())
    found = list(differences(counted(messages), wanted))
    assert not found, "\n".join(found[:30])
    return len(wanted)


def check_day(day, world):
    total = sum(day.faults.values())
    assert total >= 23 * 120, total  # but for the calm at the end
    assert all(count >= 100 for count in day.faults.values()), day.faults
    assert day.state in ("live", "idle-ok"), day.state
    assert total // 2 < day.connections < 3 * total, "too few or a busy loop"
    print(f"# {len(world.rows)} events, {total} faults, {day.connections} connections, "
          f"{len(day.gaps)} gaps, {len(day.messages)} messages", flush=True)


def a_day_over_http_counts_what_was_delivered_and_reports_the_rest(world):
    texts = [native for _, _, native in world.rows]
    times = [time for time, _, _ in world.rows]
    day = Day("http", texts, times, SEED)
    check_day(day, world)
    delivered = [texts[index] for index in day.sent]
    assert day.messages == delivered, "lost, doubled, made up or out of order"
    share = len(set(delivered)) / len(texts)
    assert share > 0.3, share
    print(f"# {share:.0%} of the events were delivered; {compare(day.messages, delivered)} keys "
          "compared")
    gaps = [(since, until) for since, until, is_recovered in day.gaps if not is_recovered]
    missing = sorted(set(range(len(texts))) - set(day.sent))
    untold = [times[index] for index in missing
              if not any(since <= times[index] <= until for since, until in gaps)]
    assert not untold, (len(untold), len(missing), untold[:5])


def a_day_of_jetstream_misses_nothing(world):
    texts = [json.dumps(jetstream_of(time, *commit)) for time, commit, _ in world.rows]
    times = [time for time, _, _ in world.rows]
    day = Day("ws", texts, times, SEED)
    check_day(day, world)
    assert set(day.messages) == set(texts), len(set(texts) - set(day.messages))
    assert all(is_recovered for _, _, is_recovered in day.gaps), day.gaps
    lines = [native for _, _, native in world.rows]
    print(f"# {len(day.messages) - len(texts)} came again; "
          f"{compare(day.messages, lines)} keys compared")


def main():
    world = World(random.Random(SEED), START, DAY // STEP, PEOPLE, STEP)
    tests = (a_day_over_http_counts_what_was_delivered_and_reports_the_rest,
             a_day_of_jetstream_misses_nothing)
    faults = 0
    for number, test in enumerate(tests, 1):
        try:
            test(world)
            print(f"ok {number} - {test.__name__}", flush=True)
        except AssertionError as error:
            faults += 1
            print(f"not ok {number} - {test.__name__}\n# seed {SEED}\n# " +
                  str(error)[:3000].replace("\n", "\n# "), flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
