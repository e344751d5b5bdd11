#!/usr/bin/env python3
"""The daemon on a live Jetstream, killed at random points; now and then Redis, too. At the end every
board and every user and cascade is the oracle's, entry by entry.

    jetstream_kills.py        (RELEASE names the folder of the build; KILLS says how many, SEED which)

Two servers of tests/lab have the same stream: posts, replies, quotes, reposts by way of others,
deletions of all of these, and accounts that are gone. They send some of it twice or once more, and
hang up. Each half of the kills is on one wire.
"""
# tests/run: beside others
import functools
import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "tests/lab"), str(ROOT / "tests/oracle"), str(ROOT / "tests/system")]

import processes  # noqa: E402
import ws_lab  # noqa: E402
from fold_matches_oracle import UP_TO_A_DAY_OLD, differences, expected_keys  # noqa: E402
from oracle import METRICS, Oracle  # noqa: E402
from redis_content import boards_and_hashes  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402
from world import World, jetstream_of, utc  # noqa: E402

CASCADED = os.path.join(os.environ["RELEASE"], "cascaded")
KILLS = int(os.environ.get("KILLS", "16"))
SEED = int(os.environ.get("SEED", "20261123"))
RATE = 250       # events a second
EACH = 1.0       # seconds that a daemon lives, on average
WINDOWS = ("5m", "1h", "24h")
PEOPLE = 60
# The wall clock stands further on when events come again, so a peak may be another.
UNSTABLE = ("peak_velocity",)
WIRES = ("/subscribe", "/xrpc/network.bsky.jetstream.subscribeEvents")


def stream_of(world, path):
    rows = []
    for seq, (time_us, (did, commit), _) in enumerate(world.rows, 31500000000):
        said = jetstream_of(time_us, did, commit)
        if path != "/subscribe":
            said = {"$type": "message", "payload": {
                "$type": f"network.bsky.jetstream.subscribeEvents#{said['kind']}", "did": did,
                **commit, "seq": seq, "time": utc(time_us)}}
        rows.append((seq, time_us, json.dumps(said)))
    return ws_lab.Stream(rows)


class Store(RedisServer):
    """A redis-server that forgets nothing when it is killed."""

    def __init__(self):
        super().__init__("--appendonly", "yes")

    @functools.cached_property
    def client(self):
        return self.connect(decode_responses=True)

    def restart(self):
        self.kill()
        self.start()


def spawn(store, folder, labs, path):
    """The daemon; what it says goes to folder/log."""
    conf = folder / "cascaded.conf"
    conf.write_text(f"""
        windows = {{ {", ".join(WINDOWS)} }}
        redis {{ url = "{store.url}"  flush = 100ms  top = 10000 }}
        state {{ dir = "{folder}/state"  every = 1s }}
        http {{ listen = "" }}
        source "bluesky" {{ url = "ws://127.0.0.1:{labs[0].port}{path}"
                           hosts = "127.0.0.1:{labs[1].port}" }}
        """)
    with open(folder / "log", "ab") as log:
        return processes.start([CASCADED, "-c", str(conf)], stdout=log, stderr=log)


def without(keys, fields):
    return {key: {name: value for name, value in entry.items() if name not in fields}
            for key, entry in keys.items() if key.startswith(("top:", "user:", "cascade:"))}


def expected(world, clock_ms):
    oracle = Oracle(WINDOWS, top=10000)
    for _, _, line in world.rows:
        oracle.feed(line)
    oracle.clock = clock_ms * 1000
    return oracle.content()


def run(path, kills, seed):
    """None, or what is wrong."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "state").mkdir(mode=0o700)
        count = int((1.25 * kills * EACH + 3) * RATE)
        world = World(dice, time.time_ns() // 1000 - 10**6, count, PEOPLE, 10**6 // RATE)
        tail = {"tail": {"seed": seed, "twice": 3, "back": 2, "drop": 1}}
        labs = [ws_lab.Lab([[{"upgrade": True}, tail]], stream=stream_of(world, path))
                for _ in range(2)]
        store = Store()
        try:
            done = 0
            while done < kills:
                said = lives(folder)
                daemon = spawn(store, folder, labs, path)
                # On a busy machine a daemon is killed before it connects; every second one is not,
                # and the first one not before there is a cursor, which a snapshot must precede.
                if done == 0:
                    wait_for(lambda: store.client.exists("cascaded:cursor:bluesky"), daemon, folder)
                elif done % 2 == 0:
                    # pylint: disable-next=cell-var-from-loop
                    wait_for(lambda: lives(folder) > said, daemon, folder)
                if done != 0:
                    time.sleep(2 * EACH * dice.random())
                if done % 6 == 5:
                    store.restart()
                    time.sleep(EACH * dice.random())
                assert daemon.poll() is None, (folder / "log").read_text()[-2000:]
                daemon.kill()
                daemon.wait()
                done += 1
            # The last one says where it is itself.
            store.client.delete("cascaded:cursor:bluesky")
            daemon = spawn(store, folder, labs, path)
            wait_for_end(store, world, daemon, folder)
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(PATIENCE) == 0, (folder / "log").read_text()[-2000:]
            clock_ms = int(store.client.hget("cascaded:meta", "clock_ms"))
            content = expected(world, clock_ms)
            found = list(differences(without(boards_and_hashes(store.client), UNSTABLE),
                                     without(expected_keys(content), UNSTABLE),
                                     lambda key: UP_TO_A_DAY_OLD))
            # Bluesky tells no followers, so there is no reach, and this stream has no mentions.
            for board in set(METRICS) - {"reach", "mentions"}:
                assert f"{board}:1h" in content["boards"], board
            requests = labs[0].requests + labs[1].requests
            resumed = sum("cursor=" in request for request in requests)
            assert resumed >= len(requests) // 2, "it began anew, that proves nothing"
            print(f"# {path}: {done} kills, {count} events, {len(requests)} connections, {resumed} "
                  f"from a cursor, {len(content['users'])} users, {len(content['cascades'])} cascades",
                  flush=True)
            return "\n".join(found[:30]) or None
        finally:
            daemon.kill()
            store.kill()


def lives(folder):
    """How many daemons have got a message."""
    log = folder / "log"
    return log.read_text().count('"bluesky": live') if log.exists() else 0


def wait_for(claim, daemon, folder):
    def log():
        return (folder / "log").read_text()[-2000:]

    def holds():
        assert daemon.poll() is None, log()
        return claim()

    wait(log, holds)


def wait_for_end(store, world, daemon, folder):
    """Until the daemon has taken the last event, which a rewind may show again."""
    last = world.rows[-1][0]
    deadline = time.monotonic() + max(0, last / 10**6 - time.time()) + 60
    while True:
        stamp = store.client.hget("cascaded:cursor:bluesky", "time") or ""
        wanted = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(last // 10**6))
        if stamp.startswith(f"{wanted}.{last % 10**6 // 1000:03}"):
            return
        assert daemon.poll() is None, (folder / "log").read_text()[-2000:]
        assert time.monotonic() < deadline, (stamp, wanted, (folder / "log").read_text()[-2000:])
        time.sleep(0.05)


def main():
    faults = 0
    print(f"1..{len(WIRES)}")
    for number, path in enumerate(WIRES, 1):
        why = run(path, max(1, KILLS // 2), SEED + number)
        faults += why is not None
        wire = path.rsplit("/", 1)[1].rsplit(".", 1)[-1]
        print(f"{'ok' if why is None else 'not ok'} {number} - killed at random points on {wire} "
              "the boards are the oracle's", flush=True)
        if why is not None:
            print(f"# seed {SEED}:\n# " + why.replace("\n", "\n# "))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
