#!/usr/bin/env python3
"""Workers and their spares: whoever counts, Redis has what one process would have written.

    spare.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
import redis  # noqa: E402
from redis_cluster import Cluster  # noqa: E402
from redis_server import RedisServer, free_port  # noqa: E402
from scale import PREFIX, SENT, Daemon, Pair, answers, check, end_mark, parts  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

CASCADECTL = os.path.join(os.environ["BUILD"], "cascadectl")
BEAT, SNAP = PREFIX + "beat", PREFIX + "snap"


class Group(Pair):
    """An ingest process and workers, each with a folder of its own. The first worker counts, the
    others are spares when the constructor returns."""

    def __init__(self, url, client, spares=1, takeover="1s"):
        self.url, self.takeover, self.folders = url, takeover, []
        super().__init__(url, client)
        self.worker.end()
        self.workers = [self.add()]
        self.workers[0].await_counting()
        self.worker = self.workers[0]
        for _ in range(spares):
            self.workers.append(self.add())
            self.await_spare(self.workers[-1])

    def add(self):
        folder = processes.folder()
        self.folders.append(folder)
        config = (f'scale {{ role = "work" takeover = {self.takeover} }}\n'
                  f'state {{ dir = "{folder}/state" every = 1s }}\n'
                  f'control {{ socket = "{folder}/control.sock" }}\n')
        return Waiting(folder, self.url, config)

    @staticmethod
    def await_spare(worker, times=1):
        wait(lambda: "it is a spare: " + worker.text(),
             lambda: count(worker, "waiting as its spare") == times)

    @staticmethod
    def await_takeover(worker):
        wait(lambda: "it has taken over: " + worker.text(),
             lambda: worker.said("this process counts in its place") and worker.said("started: "))

    def await_copy(self):
        """A snapshot that contains what is counted now is in Redis."""
        before = copies(self.client())
        wait("a snapshot is copied", lambda: copies(self.client()) >= before + 2)

    def stop(self):
        self.ingest.end()
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.end()


class Waiting(Daemon):
    """A worker, which may become a spare."""

    def await_start(self):
        pass

    def await_counting(self):
        wait(lambda: "it counts: " + self.text(), lambda: self.said("started: "))

    @property
    def port(self):
        """The newest: it listens again when its role changes."""
        return int(re.findall(r"port (\d+)", self.text())[-1])


def count(worker, text):
    return worker.text().count(text)


def copies(client):
    """Grows with each snapshot in Redis."""
    return int(client.hget(SNAP, "first") or 0) + int(client.hget(SNAP, "chunks") or 0)


def is_counting(worker):
    """Whether it is the one that counts, by what it has reported."""
    text = worker.text()
    return worker.process.poll() is None and text.rfind("started: ") > text.rfind("waiting as its spare")


def beats(client):
    """Whether a worker beats: waits for the next one."""
    before = client.get(BEAT)
    wait("a beat", lambda: client.get(BEAT) not in (before, None))
    return True


def on_one_server(*options, **more):
    server = RedisServer(*options)
    return server, Group(server.url, lambda: server.client, **more)


# ── damage ──

def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def chunk(client):
    return f"{SNAP}:{int(client.hget(SNAP, 'first'))}"


def flip_byte(client):
    key = chunk(client)
    middle = client.strlen(key) // 2
    byte = client.getrange(key, middle, middle)
    client.setrange(key, middle, bytes([byte[0] ^ 1]))


def remove_chunk(client):
    client.delete(chunk(client))


def spoil_manifest(client):
    client.hset(SNAP, "bytes", "many")


def snapshot(client):
    first, chunks = int(client.hget(SNAP, "first")), int(client.hget(SNAP, "chunks"))
    return b"".join(client.get(f"{SNAP}:{number}") for number in range(first, first + chunks))


# ── who writes what ──

READS = {"GET", "HGETALL", "XREAD", "WATCH", "UNWATCH", "INFO", "PING", "MULTI", "EXEC", "EVAL", "HELLO",
         "SELECT", "ROLE", "WAIT",
         "XTRIM"}  # removes what two snapshots in Redis contain, whoever removes it


def ports_of(pid):
    """The ports of the process' TCP connections on loopback."""
    inodes = set()
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.add(os.readlink(link))
    rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return {str(int(row[1].split(":")[1], 16)) for row in rows if f"socket:[{row[9]}]" in inodes}


@contextlib.contextmanager
def watched(server):
    """All commands while the context runs, as pairs of the client's port and the words."""
    found = []
    with server.connect().monitor() as monitor:
        def listen():
            with contextlib.suppress(redis.RedisError, OSError, ValueError):
                port = ""
                for line in monitor.listen():
                    # What a script calls follows its EVAL.
                    port = line["client_port"] if line["client_type"] != "lua" else port
                    found.append((port, line["command"]))
                    if line["command"].startswith("PING enough"):
                        return
        thread = threading.Thread(target=listen)
        thread.start()
        yield found
        server.client.execute_command("PING", "enough")
        thread.join()


def writes(commands, ports):
    return [command[:200] for port, command in commands
            if port in ports and command.split(" ")[0].upper() not in READS]


def await_some(group):
    wait("some is counted", lambda: group.client().exists(PREFIX + "alerts"))


@case
def a_spare_takes_over_from_a_killed_worker():
    _, group = on_one_server()
    third = len(SENT) // 3
    group.feed.send(SENT[:third])
    await_some(group)
    group.await_copy()
    group.feed.send(SENT[third:2 * third])
    group.workers[0].kill()
    group.feed.send(SENT[2 * third:])
    group.await_takeover(group.workers[1])
    assert group.workers[1].said("the snapshot in Redis is copied to"), group.workers[1].text()
    group.await_end()
    assert group.workers[1].metric("cascaded_takeovers_total") == 1
    group.stop()
    check(group.client())


@case
def a_worker_that_wakes_up_writes_nothing_and_becomes_a_spare():
    port = free_port()
    server = RedisServer("--port", str(port))
    group = Group(f"redis://127.0.0.1:{port}", lambda: server.client)
    half = len(SENT) // 2
    group.feed.send(SENT[:half])
    await_some(group)
    group.await_copy()
    first, second = group.workers
    ports = ports_of(first.process.pid)
    first.process.send_signal(signal.SIGSTOP)
    group.feed.send(SENT[half:])
    group.await_takeover(second)
    with watched(server) as commands:
        first.process.send_signal(signal.SIGCONT)
        group.await_spare(first)
        group.await_end()
    assert ports & {client for client, _ in commands}, "it did not wake"
    assert not writes(commands, ports), writes(commands, ports)[:5]
    assert count(first, "another worker has taken over, since this one was silent") == 1
    # It is as good a spare as any.
    second.kill()
    group.await_takeover(first)
    group.await_end()
    group.stop()
    check(group.client())


@case
def a_worker_that_stops_in_order_hands_over_at_once():
    _, group = on_one_server(takeover="1h")
    half = len(SENT) // 2
    group.feed.send(SENT[:half])
    await_some(group)
    group.workers[0].end()
    group.await_takeover(group.workers[1])
    group.feed.send(SENT[half:])
    group.await_end()
    group.stop()
    check(group.client())


@case
def of_two_spares_one_takes_over():
    _, group = on_one_server(spares=2)
    for part in parts(3):
        group.feed.send(part)
        await_some(group)
        group.await_copy()
        working = [worker for worker in group.workers if is_counting(worker)]
        assert len(working) == 1, [worker.text() for worker in group.workers]
        working[0].kill()
        wait("one has taken over", lambda: sum(map(is_counting, group.workers)) == 1)
        group.workers.remove(working[0])
        group.workers.append(group.add())
        group.await_spare(group.workers[-1])
    group.await_end()
    assert sum(map(is_counting, group.workers)) == 1
    group.stop()
    check(group.client())


@case
def no_spare_takes_over_while_redis_is_silent():
    server, group = on_one_server("--appendonly", "yes", "--appendfsync", "always")
    epoch = int(group.client().get(PREFIX + "epoch"))
    server.stop_process()
    wait("the spare notices it", lambda: group.workers[1].said("redis_lost") or
         group.workers[1].said("no answer"))
    server.continue_process()
    wait("both are back", lambda: group.workers[1].said("Redis is reachable again") and
         beats(group.client()))
    for part in parts(3):
        group.feed.send(part)
        await_some(group)
        server.kill()
        server.start()
        wait("the worker is back", lambda: answers(group) and beats(group.client()))
    group.await_end()
    assert not group.workers[1].said("counts in its place"), group.workers[1].text()
    assert int(group.client().get(PREFIX + "epoch")) > epoch
    group.stop()
    check(group.client())


@case
def a_killed_master_of_a_cluster_costs_nothing():
    cluster = Cluster()
    group = Group(cluster.url(), lambda: cluster.owner(PREFIX).client, takeover="3s")
    third = len(SENT) // 3
    group.feed.send(SENT[:third])
    await_some(group)
    group.await_copy()
    group.feed.send(SENT[third:2 * third])
    cluster.kill(cluster.port_of(cluster.slot(PREFIX)))
    wait("a replica has taken over", lambda: answers(group))
    group.await_end()
    counting = next(worker for worker in group.workers if is_counting(worker))
    counting.kill()
    group.workers.remove(counting)
    group.feed.send(SENT[2 * third:])
    group.await_takeover(group.workers[0])
    group.await_end()
    group.stop()
    check(group.client())


@case
def a_slot_that_moves_keeps_its_worker_and_its_copies():
    cluster = Cluster()
    group = Group(cluster.url(), lambda: cluster.owner(PREFIX).client, takeover="30s")
    slot = cluster.slot(PREFIX)
    for part in parts(2):
        half = len(part) // 2
        group.feed.send(part[:half])
        cluster.move(slot, lambda rest=part[half:]: group.feed.send(rest))
        wait("it beats at the new owner", lambda: answers(group) and beats(group.client()))
        group.await_copy()
    group.await_end()
    assert is_counting(group.workers[0]) and not is_counting(group.workers[1])
    group.workers[0].end()
    group.await_takeover(group.workers[1])
    group.stop()
    check(group.client())


@case
def a_damaged_snapshot_of_its_own_is_replaced_by_that_in_redis():
    _, group = on_one_server(spares=0)
    group.feed.send(SENT[:len(SENT) // 2])
    await_some(group)
    group.await_copy()
    group.workers[0].kill()
    for name in ("snapshot", "snapshot.previous"):
        damage(group.folders[0] / "state" / name)
    group.feed.send(SENT[len(SENT) // 2:])
    group.workers[0].start()
    group.workers[0].await_counting()
    assert group.workers[0].said("the snapshot in Redis is copied to"), group.workers[0].text()
    group.await_end()
    group.stop()
    check(group.client())


@case
def a_copy_in_redis_that_is_not_whole_is_refused_in_one_line():
    for spoil, why in ((flip_byte, "it is damaged"), (remove_chunk, "a part of it is missing"),
                       (spoil_manifest, "its manifest is damaged")):
        _, group = on_one_server()
        group.feed.send(SENT[:1000])
        group.await_end()
        group.await_copy()
        group.workers[0].kill()
        spoil(group.client())
        group.await_takeover(group.workers[1])
        text = group.workers[1].text()
        assert text.count("the snapshot in Redis is not used") == 1 and why in text, text
        # Then what it counts is not complete, and it shows that.
        wait("it shows it", lambda: group.client().hget(PREFIX + "meta", "complete") == b"0")
        group.stop()


@case
def a_snapshot_that_redis_refuses_is_counted_and_the_one_before_remains():
    server, group = on_one_server(spares=0)
    group.feed.send(SENT[:5000])
    group.await_end()
    group.await_copy()
    server.client.config_set("maxmemory", "1")
    wait("it is refused", lambda: group.workers[0].metric("cascaded_snapshots_not_copied_total") > 1)
    manifest = group.client().hgetall(SNAP)
    first, chunks = int(manifest[b"first"]), int(manifest[b"chunks"])
    found = sum(group.client().strlen(f"{SNAP}:{number}") for number in range(first, first + chunks))
    assert found == int(manifest[b"bytes"]), (found, manifest)
    assert group.workers[0].text().count("the snapshot is not copied to Redis") == 1
    server.client.config_set("maxmemory", "0")
    group.await_copy()
    wait("it is reported", lambda: group.workers[0].said("snapshots are copied to Redis again"))
    group.stop()


@case
def old_parts_of_snapshots_are_removed():
    _, group = on_one_server(spares=0)
    group.client().hset(SNAP, mapping={"from": 0, "until": 3})  # of a copy that was not completed
    for number in range(3):
        group.client().set(f"{SNAP}:{number}", b"old")
    group.feed.send(SENT[:1000])
    group.await_end()
    group.await_copy()

    def is_tidy():
        manifest = group.client().hgetall(SNAP)
        first = int(manifest[b"first"])
        wanted = {f"{SNAP}:{number}" for number in range(first, first + int(manifest[b"chunks"]))}
        return {key.decode() for key in group.client().scan_iter(SNAP + ":*")} == wanted
    group.workers[0].kill()
    group.workers[0].start()
    group.workers[0].await_counting()
    wait("there are no others", is_tidy)
    group.stop()


@case
def a_purged_person_is_gone_from_the_snapshot_in_redis():
    _, group = on_one_server(spares=0)
    group.feed.send([end_mark(7) | {"author": {"id": "app:secretperson"}}])
    group.await_end()
    group.await_copy()
    assert b"secretperson" in snapshot(group.client())
    done = subprocess.run([CASCADECTL, "-r", group.url, "-p", PREFIX, "purge", "--user", "app:secretperson",
                           "--yes"], capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done
    assert b"secretperson" not in snapshot(group.client())
    group.stop()


@case
def a_spare_shows_that_it_is_one_and_ends_in_order():
    _, group = on_one_server()
    spare = group.workers[1]
    wait("it listens", lambda: spare.said(", port "))
    answer = spare.ask("GET", "/readyz")
    assert answer.status == 503 and "spare" in answer.text, answer.text
    assert spare.ask("GET", "/healthz").status == 200
    answer = spare.ask("GET", "/api/v1/status")
    assert answer.status == 503 and json.loads(answer.text)["error"] == "spare", answer.text
    assert spare.metric("cascaded_spare") == 1
    assert group.workers[0].metric("cascaded_spare") == 0
    spare.hang_up()
    wait("it keeps its configuration", lambda: spare.said("ignoring SIGHUP"))
    spare.end()
    group.stop()


if __name__ == "__main__":
    run_cases()
