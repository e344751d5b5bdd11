"""Snapshots of a daemon that holds a million people: how long the loop stands still for one, how
long it takes to load.
"""
import http.client
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from common import CROWD, OUT, PRODUCT, REDIS, daemon, private_redis, replay
from feed import ChunkedHttp, Input, feeding

DAY_MS = 24 * 3600 * 1000
PATIENCE = 120
RATE = 1500  # posts a second beside
STARTS = 5
OFTEN, NEVER = "1s", "1h"


def loading(process):
    """The port of its HTTP server, and the seconds until it held the snapshot and served."""
    begun, port, is_loaded = time.perf_counter(), None, False
    while port is None or not is_loaded:
        line = process.stderr.readline()
        if not line:
            sys.exit("the live daemon ends")
        found = re.search(r", port (\d+)", line)
        port = int(found[1]) if found else port
        is_loaded = is_loaded or "resuming from the snapshot" in line
    return port, time.perf_counter() - begun


def get(connection, path):
    connection.request("GET", path)
    return connection.getresponse().read().decode()


def wait_for_redis(connection):
    """Until all that was loaded stands in Redis anew: that is more than a daemon does later."""
    while not re.search(r"^cascaded_redis_flushes_total [1-9]", get(connection, "/metrics"), re.MULTILINE):
        time.sleep(0.2)


def longest_answers(connection, piece, count):
    """The seconds the slowest answer took, of one after another, in each of so many pieces; piece()
    names the one we are in."""
    longest = {}
    while len(longest) <= count:
        name, start = piece(), time.perf_counter()
        get(connection, "/healthz")
        longest[name] = max(longest.get(name, 0), time.perf_counter() - start)
    return sorted(list(longest.values())[:count])


def fill(socket, options, interactions):
    start = int(time.time() * 1000) - DAY_MS + 10 * 60 * 1000
    crowd = subprocess.Popen([CROWD, str(interactions), str(start)], stdout=subprocess.PIPE)
    result = replay(socket, "-", "-v", (*options, "-o", "redis.flush=60s"), stdin=crowd.stdout)
    crowd.stdout.close()
    if crowd.wait() != 0:
        sys.exit("crowd failed")
    return result


def measure_loading(socket, options):
    seconds = []
    for _ in range(STARTS):
        with daemon(socket, "http://127.0.0.1:1/", *options, "-o", f"state.every={NEVER}") as process:
            seconds.append(loading(process)[1])
    return sorted(seconds)


def measure_stalls(source, socket, filled, every, pieces, processors=PRODUCT):
    """Of so many snapshots; of seconds, if there is none. On a copy: posts that an earlier daemon has
    counted would cost nothing."""
    with tempfile.TemporaryDirectory(dir=OUT) as folder, feeding(source, RATE) as feeder:
        snapshot = pathlib.Path(shutil.copy(filled, folder))
        options = ("-o", f"state.dir={folder}", "-o", f"state.every={every}")
        with daemon(socket, feeder.url, *options, processors=processors) as process:
            port, _ = loading(process)
            feeder.started()
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            wait_for_redis(connection)
            return longest_answers(connection, lambda: snapshot.stat().st_mtime_ns if every == OFTEN
                                   else int(time.time()), pieces)


def measure_snapshot(interactions, pieces):
    os.sched_setaffinity(0, {int(REDIS)})
    with tempfile.TemporaryDirectory(dir=OUT) as folder, private_redis() as socket:
        options = ("-o", f"state.dir={folder}")
        people = fill(socket, options, interactions)["people"]
        filled = pathlib.Path(folder, "snapshot")
        print(f"{people:,} people, a snapshot of {filled.stat().st_size / 1e6:.0f} MB")
        loads = measure_loading(socket, options)
        source = Input(ChunkedHttp, RATE * (60 + 2 * pieces))  # a snapshot takes a second or two
        quiet = measure_stalls(source, socket, filled, NEVER, pieces)
        busy = [measure_stalls(source, socket, filled, OFTEN, pieces, processors)
                for processors in (f"{PRODUCT},{REDIS}", PRODUCT)]
    print(f"from the start of the process until it is loaded: median {loads[STARTS // 2]:.2f} s, "
          f"longest {loads[-1]:.2f} s of {STARTS} (goal: < 3 s)")
    print(f"slowest answer over HTTP, {RATE:,} posts a second beside:")
    for title, took in (("each second without a snapshot", quiet), ("during each snapshot", busy[0]),
                        ("during each, all on one processor", busy[1])):
        print(f"{title:34} median {took[pieces // 2] * 1000:.1f} ms, longest {took[-1] * 1000:.1f} ms "
              f"of {pieces}")
    print("(goal: < 50 ms)")
