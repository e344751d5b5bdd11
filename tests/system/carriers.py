#!/usr/bin/env python3
"""The ledger of carriers in a real Redis after 1 000 random undos and a process that is killed again
and again, beside the brute-force oracle.

    carriers.py     (RELEASE names the folder of the build)
"""
# tests/run: beside others
import json
import math
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lab"))
sys.path.insert(0, str(ROOT / "tests" / "oracle"))
import processes  # noqa: E402
from carrying_people import CarryingPeople  # noqa: E402
from oracle import LASTING, Oracle  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE  # noqa: E402

CASCADED = os.path.join(os.environ["RELEASE"], "cascaded")
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect()
SEED, UNDOS, KILLS = 20261130, 1000, 4
START_MS = 1_700_000_000_000
# Sums of a person, which all fade by the same factor between the last write and now.
SUMS = ("acts", "people", "carried_acts", "tries", "early", "estimated")
A_DAY_OLDER = 2 ** (1 / 100)  # boards without a window are computed again once a day


def stream():
    """Lines of four streams of people who carry each other, and 1 000 undos between them."""
    rng = random.Random(SEED)
    lines = []
    for part in range(4):
        lines += [json.loads(line.replace('"bsky:p', f'"bsky:p{part}-').replace(
            '"masto:p', f'"masto:p{part}-')) for line in CarryingPeople(rng, START_MS).lines]
    lines.sort(key=lambda line: line["time"])
    for act in rng.sample([line for line in lines if not line.get("deleted")], UNDOS):
        lines.append({"id": act["id"], "author": act["author"], "deleted": True,
                      "time": act["time"] + rng.randrange(86_400_000)})
    lines.sort(key=lambda line: line["time"])
    # A killed replay reads its file from the beginning: an undo before its act would find it then.
    acts = set()
    return [json.dumps(line) for line in lines
            if (line["id"] in acts if line.get("deleted") else acts.add(line["id"]) or True)]


def command(path, *arguments):
    return [CASCADED, "-q", "-o", f"redis.url={SERVER.url}", "-o", f"state.dir={FOLDER}/state",
            "-o", "state.every=1s", *arguments, str(path)]


def replay_with_kills(path):
    """How often it was killed."""
    dice, kills = random.Random(SEED), 0
    end = time.monotonic() + PATIENCE
    while kills < KILLS and time.monotonic() < end:
        process = processes.start(command(path, "--speed", "60000"), stdout=subprocess.DEVNULL)
        try:
            process.wait(1.5 + 2 * dice.random())
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    subprocess.run(command(path), stdout=subprocess.DEVNULL, check=True, timeout=PATIENCE)
    return kills


def scores(name):
    return {member.decode(): score
            for member, score in CLIENT.zrange(f"cascaded:top:{name}", 0, -1, withscores=True)}


def assert_scaled(got, wanted, what):
    """All are the oracle's values times one factor, that of up to a day."""
    assert got.keys() == wanted.keys(), (what, got.keys() ^ wanted.keys())
    greatest = max(wanted, key=wanted.get)
    factor = got[greatest] / wanted[greatest]
    assert 1 - 1e-9 <= factor <= A_DAY_OLDER + 1e-9, (what, factor)
    for name, value in wanted.items():
        assert math.isclose(got[name], factor * value, rel_tol=2e-9, abs_tol=3e-9), (
            what, name, got[name], factor * value)


@case
def carriers_after_undos_and_kills_are_those_of_the_oracle():
    path = pathlib.Path(FOLDER, "carrying.ndjson")
    lines = stream()
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    assert replay_with_kills(path) >= 2
    oracle = Oracle()
    for line in lines:
        oracle.feed(line)
    people = oracle.ledger.people()
    boards = oracle.ledger.boards(people, 1000)
    assert len(boards["carriers"]) > 20 and len(boards["early"]) > 20
    for name in ("carriers", "carriers_estimated"):
        assert_scaled(scores(name), dict(boards[name]), name)
    keys = {key.decode().removeprefix("cascaded:carrier:")
            for key in CLIENT.scan_iter("cascaded:carrier:*", count=1000)}
    assert keys == {member for name in LASTING for member in scores(name)}, keys
    for person in keys:
        found = {name.decode(): text for name, text in
                 CLIENT.hgetall(f"cascaded:carrier:{person}").items()}
        wanted = {name: people[person][name] for name in SUMS if people[person][name]}
        got = {name: float(found.get(name, 0)) for name in wanted}
        assert_scaled(got, wanted, person)
        for name in SUMS:
            assert name in wanted or float(found.get(name, 0)) == 0, (person, name, found)
        rate = (float(found["people"]) + 0.3) / (float(found["acts"]) + 1.5)
        assert math.isclose(float(found["rate"]), rate, rel_tol=1e-9), (person, found)


if __name__ == "__main__":
    run_cases()
