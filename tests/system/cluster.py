#!/usr/bin/env python3
"""A Redis Cluster: whoever owns the slot of the prefix has what a single server would have.

    cluster.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from redis_cluster import SLOTS, Cluster  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from sink_drive import crossings  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import AFTER, PATIENCE, wait  # noqa: E402

BUILD = os.environ["BUILD"]
CASCADED, CASCADECTL = f"{BUILD}/cascaded", f"{BUILD}/cascadectl"
FOLDER = processes.folder()
PREFIX = "{cascaded}:"
CONFIG = FOLDER / "conf"
CONFIG.write_text('alert "many" { min_size = 2 }\n', encoding="utf-8")
LINES = pathlib.Path(crossings(FOLDER / "posts")).read_bytes().splitlines(keepends=True)
# What another process, or another moment, may say otherwise.
OTHER = ("meta", "epoch", "owner")


class Replay:
    """cascaded replays what is sent to it."""

    def __init__(self, url, prefix, *options):
        self.log = FOLDER / f"log{time.monotonic_ns()}"
        self.process = processes.start(
            [CASCADED, "-c", CONFIG, "-o", f"redis.url={url}", "-o", f"redis.prefix={prefix}",
             "-o", "redis.flush=20ms", *options, "-"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log.open("wb"))

    def send(self, lines):
        self.process.stdin.write(b"".join(lines))
        self.process.stdin.flush()

    def end(self):
        """Its messages; it must have succeeded."""
        out, _ = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, (self.process.returncode, self.text())
        assert f"posts={len(LINES)} ".encode() in out, out
        return self.text()

    def text(self):
        return self.log.read_text(encoding="utf-8")


def value(client, key):
    kind = client.type(key)
    if kind == b"stream":
        return [fields for _, fields in client.xrange(key)]
    return (client.hgetall(key) if kind == b"hash" else
            client.zrange(key, 0, -1, withscores=True) if kind == b"zset" else client.get(key))


def content(client, prefix):
    found = {key.decode().removeprefix(prefix): key for key in client.scan_iter(match=prefix + "*")}
    return {name: value(client, key) for name, key in found.items() if name not in OTHER}


def of_a_single_server():
    server = RedisServer()
    replay = Replay(server.url, "cascaded:")
    replay.send(LINES)
    replay.end()
    return content(server.client, "cascaded:")


EXPECTED = of_a_single_server()


def check(cluster):
    found = content(cluster.owner(PREFIX).client, PREFIX)
    differ = [name for name in found.keys() | EXPECTED.keys() if found.get(name) != EXPECTED.get(name)]
    assert not differ, (len(differ), [(name, found.get(name), EXPECTED.get(name))
                                      for name in sorted(differ)[:3]])
    assert len(found) > 1000 and len(found["alerts"]) > 500, (len(found), len(found["alerts"]))


def posts_in(cluster):
    return int(cluster.owner(PREFIX).client.hget(PREFIX + "meta", "posts") or 0)


def await_posts(cluster, count):
    wait("the posts are written", lambda: posts_in(cluster) == count)


@case
def each_node_leads_to_the_owner_of_the_slot():
    cluster = Cluster()
    for port in cluster.nodes:  # replicas, too
        replay = Replay(cluster.url(port), PREFIX)
        replay.send(LINES)
        assert replay.end() == ""
        check(cluster)
        shown = subprocess.run([CASCADECTL, "--redis", cluster.url(port), "-p", PREFIX, "--json",
                                "board", "retweets", "1h"], capture_output=True, check=False,
                               timeout=PATIENCE)
        assert shown.returncode == 0 and shown.stdout.count(b"app:a") >= 10, shown
        cluster.owner(PREFIX).client.flushall()


@case
def a_slot_that_moves_ten_times_gets_every_change_once():
    cluster = Cluster()
    slot = cluster.slot(PREFIX)
    replay = Replay(cluster.url(), PREFIX)
    for number in range(10):
        replay.send(LINES[number * 100:number * 100 + 50])
        await_posts(cluster, number * 100 + 50)
        # The other posts come while the slot is at both nodes.
        cluster.move(slot, lambda first=number * 100 + 50: replay.send(LINES[first:first + 50]))
        await_posts(cluster, number * 100 + 100)
    replay.send(LINES[1000:])
    said = replay.end()
    check(cluster)
    assert "Redis at cluster://" in said, said


@case
def the_replica_of_a_killed_master_gets_everything():
    cluster = Cluster()
    replay = Replay(cluster.url(), PREFIX)
    replay.send(LINES[:700])
    await_posts(cluster, 700)
    slot = cluster.slot(PREFIX)
    cluster.kill(cluster.port_of(slot))
    replay.send(LINES[700:])
    said = replay.end()
    check(cluster)
    assert "lost Redis at cluster://" in said, said


@case
def success_is_reported_when_a_replica_has_everything():
    cluster = Cluster()
    replay = Replay(cluster.url(), PREFIX)
    replay.send(LINES[:700])
    await_posts(cluster, 700)
    replica = cluster.replica_of(cluster.port_of(cluster.slot(PREFIX)))
    cluster.nodes[replica].stop_process()
    replay.send(LINES[700:])
    replay.process.stdin.close()
    replay.process.stdin = None
    await_posts(cluster, len(LINES))
    time.sleep(AFTER)
    assert replay.process.poll() is None, "it has ended before the replica had everything"
    cluster.nodes[replica].continue_process()
    said = replay.end()
    assert "all is written, but not to a replica" in said, said
    check(cluster)


@case
def while_slots_are_not_served_it_waits():
    cluster = Cluster()
    owner = cluster.port_of(cluster.slot(PREFIX))
    master = next(port for port in map(cluster.port_of, range(0, SLOTS, 100)) if port != owner)
    replica = cluster.replica_of(master)
    replay = Replay(cluster.url(owner), PREFIX)
    replay.send(LINES[:700])
    await_posts(cluster, 700)
    gone = {port: cluster.nodes[port] for port in (replica, master)}
    for port in gone:
        cluster.kill(port)
    wait("the cluster is down", lambda: "cluster_state:fail" in cluster.say(
        cluster.nodes[owner], "CLUSTER", "INFO"))
    replay.send(LINES[700:])
    wait("it has noticed", lambda: "CLUSTERDOWN" in replay.text())
    for port, node in gone.items():
        node.start()
        cluster.nodes[port] = node
    said = replay.end()
    check(cluster)
    assert said.count("CLUSTERDOWN") == 1, said


@case
def what_a_cluster_cannot_have_is_reported_in_one_line():
    cluster = Cluster()
    port = next(iter(cluster.nodes))
    for url, prefix, options, text in (
            (cluster.url(port), "cascaded:", (), "redis.prefix needs a hash tag"),
            (cluster.url(port), "{}x:", (), "redis.prefix needs a hash tag"),
            (cluster.url(port), PREFIX, ("-o", "redis.db=1"), "a Redis Cluster has no databases"),
            (cluster.url(port) + "/1", PREFIX, (), "a cluster has no databases"),
            ("cluster://ann:secret@localhost", PREFIX, (), "belong in redis.user and"),
            (f"redis://127.0.0.1:{port}", "cascaded:", (), "it is a Redis Cluster: set redis.url = ")):
        done = subprocess.run([CASCADED, "-o", f"redis.url={url}", "-o", f"redis.prefix={prefix}",
                               *options, FOLDER / "posts"], capture_output=True, text=True,
                              check=False, timeout=PATIENCE)
        assert done.returncode == 78 and text in done.stderr, (url, prefix, done)
        assert done.stderr.count("\n") == 1 and "secret" not in done.stderr, done


if __name__ == "__main__":
    run_cases()
