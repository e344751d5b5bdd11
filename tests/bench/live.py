"""Live streams on loopback, beside a replay of the same messages from a file: speed, and the time
from a byte received to its value in Redis.
"""
import contextlib
import os
import re
import socket as sockets
import statistics
import sys
import threading
import time

import redis

from common import CASCADED, REDIS, ask, daemon, private_redis, replay
from feed import ChunkedHttp, Input, Jetstream, Newcomers, feeding

PATIENCE = 300
KEY_MAX = 200  # bytes of a key with its prefix
FLUSH_MS = 100
FLUSH = ("-o", f"redis.flush={FLUSH_MS}ms")


@contextlib.contextmanager
def watching(socket, prefix):
    """The times at which users of a prefix were written to Redis, by id, as measured by Redis."""
    seen, key = {}, re.compile(rb"cascaded:user:(%s\w+)\r\n" % prefix.encode())
    peer = sockets.socket(sockets.AF_UNIX)
    peer.connect(socket)
    peer.sendall(b"HELLO 3\r\nCLIENT TRACKING ON BCAST PREFIX cascaded:user:%s\r\n" % prefix.encode())

    def watch():
        rest = b""
        while data := peer.recv(1 << 16):
            now, rest = time.monotonic(), rest + data
            for user in key.findall(rest):
                seen.setdefault(user.decode(), now)
            rest = rest[-KEY_MAX:]

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        peer.shutdown(sockets.SHUT_RDWR)
        thread.join()
        peer.close()


def wait_for(process, claim):
    deadline = time.monotonic() + PATIENCE
    while not claim():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            sys.exit(f"the live daemon does not get there: {process.stderr.read()}")
        time.sleep(0.01)


def cpu_of(process):
    """Seconds of processor so far."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_rate(source, socket, posts, program=CASCADED):
    """Seconds of processor and of wall clock until so many posts are counted."""
    store = redis.Redis(unix_socket_path=socket)
    ask(socket, "flushall")
    with feeding(source) as feeder, daemon(socket, feeder.url, *FLUSH, program=program) as process:
        start = feeder.started()
        wait_for(process, lambda: int(store.hget("cascaded:meta", "posts") or 0) >= posts)
        return {"wall_s": time.monotonic() - start, "cpu_s": cpu_of(process)}


def measure_delays(source, socket, rate):
    """Seconds from when the last post of each probe was due to be sent until whom it mentions is in Redis: the
    median, the 99th percentile and the longest."""
    with watching(socket, source.network.probes) as seen:
        with feeding(source, rate) as feeder, daemon(socket, feeder.url, *FLUSH) as process:
            start = feeder.started()
            wait_for(process, lambda: len(seen) >= len(source.probes))
    delays = sorted(seen[user] - start - place / rate for user, place in source.probes.items())
    return {"rate": rate, "p50": delays[len(delays) // 2], "p99": delays[len(delays) * 99 // 100],
            "max": delays[-1]}


def measure(network, posts, rounds, before):
    source = Input(network, posts)
    results = {"file": [], "live": [], "before": [], "wanted": [], "reached": []}
    with private_redis() as socket:
        for number in range(rounds):
            print(f"{network.title}: round {number + 1} of {rounds}", file=sys.stderr)
            ask(socket, "flushall")
            results["file"].append(replay(socket, source.path))
            count = results["file"][0]["posts"]
            results["live"].append(measure_rate(source, socket, count))
            if before:
                results["before"].append(measure_rate(source, socket, count, before))
            file, live = (source.messages / results[name][-1]["wall_s"] for name in ("file", "live"))
            for name, load in (("wanted", network.wanted(file)), ("reached", live)):
                ask(socket, "flushall")
                results[name].append(measure_delays(source, socket, load / 2))
    return source, results


def print_live(source, results):
    def median(name, unit):
        return statistics.median(row[unit] for row in results[name])

    cpu, wall = ({name: source.messages / median(name, unit) for name in ("file", "live")}
                 for unit in ("cpu_s", "wall_s"))
    print(f"{source.network.title}: {source.messages} messages, "
          f"{source.path.stat().st_size / 1e6:.0f} MB; medians of {len(results['live'])} rounds")
    print(f"{'':14}{'messages per CPU s':>20}{'per wall s':>12}")
    for name, title in (("file", "file replay"), ("live", "live")):
        print(f"{title:14}{cpu[name]:20,.0f}{wall[name]:12,.0f}")
    print(f"{'live / file':14}{cpu['live'] / cpu['file']:20.2f}{wall['live'] / wall['file']:12.2f}")
    if results["before"]:
        ratios = (statistics.median(old[unit] / new[unit] for old, new in
                                    zip(results["before"], results["live"])) for unit in ("cpu_s", "wall_s"))
        print(f"{'live / before':14}" + "{:20.2f}{:12.2f}".format(*ratios))
    print(f"byte received to value in Redis, flush {FLUSH_MS} ms, {len(source.probes)} probes a round "
          f"(goal: p99 <= {FLUSH_MS + 50} ms at half the load wanted):")
    for name in ("wanted", "reached"):
        figures = ", ".join(f"{unit} {median(name, unit) * 1000:.0f} ms" for unit in ("p50", "p99", "max"))
        print(f"half the load {name}, {median(name, 'rate'):,.0f} a second: {figures}")
    print()


def measure_live(posts, rounds, before):
    """before: another build of the daemon to compare with, or None."""
    os.sched_setaffinity(0, {int(REDIS)})
    for network in (Jetstream, ChunkedHttp, Newcomers):
        print_live(*measure(network, posts, rounds, before))
