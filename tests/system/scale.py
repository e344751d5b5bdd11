#!/usr/bin/env python3
"""Reading and counting in two processes: Redis has what one process would have written.

    scale.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
import redis  # noqa: E402
from kafka_lab import Cluster as Kafka  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_cluster import Cluster  # noqa: E402
from redis_server import RedisServer, free_port  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
CASCADECTL = os.path.join(os.environ["BUILD"], "cascadectl")
PREFIX = "{cascaded}:"
PEOPLE, POSTS, PAGE = 400, 30000, 50
RULES = """windows = {24h}
alert "many" { min_size = 5 levels = {1, 2, 4} quiet = 1d }
campaign "tea" { words = {"tea"} }
"""
# What also depends on the time at which a post arrives, or on the process.
MARK = re.compile(r":@?end\d*$")  # of the posts that come last
PER_PROCESS = ("meta", "epoch", "owner", "calibration", "beat", "snap", "in")
BY_CLOCK = {b"velocity_5m", b"velocity_1h", b"peak_velocity", b"infectiousness", b"supercritical",
            b"forecast", b"forecast_low", b"forecast_high", b"p_double", b"overperformance", b"stage"}


def made_posts(seed, count=POSTS):
    """Posts, retweets, quotes, replies and deletions, as JSON, all of the last minutes."""
    chance = random.Random(seed)
    begin = round(time.time() * 1000) - 60000
    known, found = [], []
    for number in range(count):
        person = chance.randrange(PEOPLE)
        post = {"id": f"app:{number}", "time": begin + number,
                "author": {"id": f"app:u{person}", "handle": f"p{person}", "followers": person * 7}}
        kind = chance.random()
        root = known[-1 - int(chance.expovariate(0.02)) % len(known)] if known else None
        if kind < 0.04 and root:
            post |= {"deleted": True, "id": root["id"]}
        elif kind < 0.5 and root:
            post["retweet_of"] = root
        else:
            post["text"] = f"{chance.choice(['tea', 'hello', 'no'])} @p{chance.randrange(PEOPLE)} #t{person % 9}"
            if root and kind < 0.65:
                post["quote_of"] = root
            elif root and kind < 0.8:
                post["reply_to"] = root
            known.append({"id": post["id"], "author": post["author"]})
        found.append(post)
    return found


def end_mark(number):
    """A post that comes last: when it is counted, all are."""
    return {"id": f"app:end{number}", "time": round(time.time() * 1000) - 60000,
            "author": {"id": f"app:end{number}"}, "text": "@end"}


class Feed:
    """A topic; what was sent remains there for a source that resumes."""

    def __init__(self):
        self.kafka, self.marks = Kafka(), 0
        self.kafka.topic("posts", 1)

    def section(self):
        return self.kafka.source("k", "posts")

    def send(self, posts):
        for first in range(0, len(posts), PAGE):
            self.kafka.send("posts", 0, json.dumps(posts[first:first + PAGE], separators=(",", ":")))

    def end(self):
        self.marks += 1
        self.send([end_mark(self.marks)])


class Daemon(LiveDaemon):
    def __init__(self, folder, url, config, http='http { listen = "127.0.0.1:0" }\n'):
        folder.mkdir(exist_ok=True)
        redis_section = (f'redis {{ url = "{url}" prefix = "{PREFIX}" users_from = 1 cascades_from = 1 '
                         'flush = 20ms }\n')
        super().__init__(CASCADED, folder, redis_section + RULES + http + config)
        self.await_start()

    def again(self):
        """Killed, and started with the same configuration."""
        self.kill()
        self.start()
        self.await_start()


class Pair:
    """An ingest process and a worker, with a feed for the first one."""

    def __init__(self, url, client, worker="", backlog=100000):
        self.folder, self.client, self.feed = processes.folder(), client, Feed()
        state = f'state {{ dir = "{self.folder}/state" every = 1s }}\n'
        self.ingest = Daemon(self.folder / "ingest", url,
                             f'scale {{ role = "ingest" backlog = {backlog} }}\n' + self.feed.section())
        self.await_place()
        self.worker = Daemon(self.folder / "worker", url, 'scale { role = "work" }\n' + state + worker)

    def place(self):
        return self.client().hget(PREFIX + "in:cursor:k", "offsets")

    def await_place(self):
        wait("a place in the topic", self.place)

    def await_end(self):
        self.feed.end()
        wait("all is counted", lambda: self.client().exists(f"{PREFIX}user:app:end{self.feed.marks}"))
        wait("all is written", lambda: self.client().hget(
            f"{PREFIX}user:app:end{self.feed.marks}", "posts:24h"))

    def stop(self):
        self.ingest.end()
        self.worker.end()


def rounded(text):
    """Sums that fade with time, as far as they agree."""
    try:
        return round(float(text), 1) if b"." in text else text
    except ValueError:
        return text


def value(client, key):
    kind = client.type(key)
    if kind == b"stream":  # alerts, in any order
        alerts = [json.loads(fields[b"json"]) for _, fields in client.xrange(key)]
        return sorted(alert["id"] for alert in alerts if alert["cascade"]["id"] not in DELETED)
    if kind == b"string":  # of an alert, a random name
        return None
    if kind == b"hash":
        return {name: rounded(text) for name, text in client.hgetall(key).items() if name not in BY_CLOCK}
    return sorted((member, round(score, 1)) for member, score in client.zrange(key, 0, -1, withscores=True))


def content(client):
    found = {}
    for key in client.scan_iter(match=PREFIX + "*", count=1000):
        name = key.decode().removeprefix(PREFIX)
        if (name not in PER_PROCESS and not name.startswith(("cursor:", "gaps:", "in:", "snap:"))
                and not MARK.search(name)):
            found[name] = value(client, key)
    return found


def without_marks(found):
    """The last posts of a run are not those of another one."""
    for name, items in found.items():
        if isinstance(items, list) and items and isinstance(items[0], tuple):
            found[name] = [row for row in items if not MARK.search(":" + row[0].decode())]
    return found


def of_one_process(posts):
    """What a process without a role writes."""
    server, feed = RedisServer(), Feed()
    daemon = Daemon(processes.folder(), server.url, feed.section())
    wait("a place in the topic", lambda: server.client.hget(PREFIX + "cursor:k", "offsets"))
    feed.send(posts)
    feed.end()
    wait("all is counted", lambda: server.client.exists(f"{PREFIX}user:app:end1"))
    daemon.end()
    return without_marks(content(server.client))


SENT = made_posts(16)
# Whether an alert about one of these comes before the post is deleted depends on the flush.
DELETED = {post["id"] for post in SENT if post.get("deleted")}
EXPECTED = of_one_process(SENT)


def differing(name, one, other):
    """Of two hashes, only the fields that differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        fields = [field for field in one.keys() | other.keys() if one.get(field) != other.get(field)]
        return name, [(field, one.get(field), other.get(field)) for field in fields]
    if isinstance(one, list) and isinstance(other, list):
        return name, [row for row in one if row not in other], [row for row in other if row not in one]
    return name, one, other


def check(client):
    found = without_marks(content(client))
    unequal = [name for name in found.keys() | EXPECTED.keys()
               if found.get(name) != EXPECTED.get(name)]
    assert not unequal, (len(unequal), [differing(name, found.get(name), EXPECTED.get(name))
                                        for name in sorted(unequal)[:6]])
    assert len(found) > 5000 and len(found["alerts"]) > 100, (len(found), len(found.get("alerts", ())))
    assert len(set(found["alerts"])) == len(found["alerts"]), "an alert came twice"


def parts(count):
    size = -(-len(SENT) // count)
    return [SENT[first:first + size] for first in range(0, len(SENT), size)]


def on_one_server(**more):
    server = RedisServer()
    return Pair(server.url, lambda: server.client, **more)


@case
def two_processes_write_what_one_writes():
    pair = on_one_server()
    pair.feed.send(SENT)
    pair.await_end()
    pair.stop()
    check(pair.client())


@case
def a_killed_worker_counts_on_from_its_snapshot():
    pair = on_one_server()
    for part in parts(4):
        pair.feed.send(part)
        wait("some is counted", lambda: pair.client().exists(PREFIX + "alerts"))
        pair.worker.again()
    pair.await_end()
    pair.stop()
    check(pair.client())


@case
def a_worker_that_is_stopped_for_a_while_catches_up():
    pair = on_one_server()
    half = len(SENT) // 2
    pair.feed.send(SENT[:half])
    pair.worker.process.send_signal(signal.SIGSTOP)
    pair.feed.send(SENT[half:])
    wait("it has posts to catch up", lambda: pair.ingest.metric("cascaded_entries_in_stream") > 10)
    pair.worker.process.send_signal(signal.SIGCONT)
    pair.await_end()
    pair.stop()
    check(pair.client())


@case
def a_killed_ingest_process_resumes_behind_the_last_entry():
    pair = on_one_server()
    for part in parts(4):
        place = pair.place()
        pair.feed.send(part)
        wait("some is read", lambda before=place: pair.place() != before)
        pair.ingest.again()
    pair.await_end()
    pair.stop()
    check(pair.client())


@case
def counting_stops_and_reading_continues():
    pair = on_one_server()
    pair.worker.end()
    pair.feed.send(SENT)
    wait("all is read", lambda: pair.ingest.metric(
        'cascaded_source_messages_read_total{source="k"}') == len(SENT) // PAGE)
    pair.worker.start()
    pair.worker.await_start()
    pair.await_end()
    pair.stop()
    check(pair.client())


@case
def without_a_worker_the_sources_wait_and_nothing_is_lost():
    pair = on_one_server(backlog=10)
    pair.worker.kill()
    pair.feed.send(SENT)
    wait("there is no room", lambda: pair.ingest.metric("cascaded_entries_in_stream") >= 10 and
         pair.ingest.metric('cascaded_source_pauses_total{source="k"}') > 0)
    entries = json.loads(pair.ingest.ask("GET", "/api/v1/status").text)["entries"]
    assert entries["in_stream"] >= 10 and entries["waiting"] >= 0, entries
    shown = subprocess.run([CASCADECTL, "--http",
                            f"http://127.0.0.1:{pair.ingest.port}", "status"],
                           capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
    assert re.search(r"^Role +ingest: \d+ entries wait for Redis, \d+ for a worker$", shown, re.MULTILINE), shown
    # What a flush in progress still appends, but no more.
    assert pair.client().xlen(PREFIX + "in") < 300
    assert pair.ingest.metric('cascaded_source_messages_read_total{source="k"}') < len(SENT) // PAGE
    pair.worker.start()
    pair.worker.await_start()
    pair.await_end()
    wait("old entries are removed", lambda: pair.client().xlen(PREFIX + "in") < 100)
    pair.stop()
    check(pair.client())


@case
def a_restarted_redis_has_every_entry_once():
    server = RedisServer("--appendonly", "yes", "--appendfsync", "always")
    pair = Pair(server.url, lambda: server.client)
    for part in parts(3):
        place = pair.place()
        pair.feed.send(part)
        wait("some is read", lambda before=place: pair.place() != before)
        server.kill()
        server.start()
    pair.await_end()
    pair.stop()
    check(pair.client())


def with_a_replica():
    """A server, its replica, and a pair whose entries the replica has confirmed."""
    server = RedisServer()
    port = free_port()
    server.client.config_set("port", port)
    server.client.config_set("repl-diskless-sync-delay", 0)
    replica = RedisServer("--replicaof", "127.0.0.1", str(port), name="replica")
    wait("the replica is connected", lambda: replica.client.role()[3] == b"connected")
    pair = Pair(server.url, lambda: server.client)
    wait("a replica has confirmed entries",
         lambda: pair.ingest.metric("cascaded_entries_sent_total") > 0 and waiting(pair) == 0)
    return server, replica, pair


def waiting(pair):
    return pair.ingest.metric("cascaded_entries_waiting")


@case
def a_replica_that_is_not_connected_still_has_to_confirm_every_entry():
    server, replica, pair = with_a_replica()
    replica.kill()
    wait("it is not connected", lambda: server.client.role()[2] == [])
    pair.feed.send(SENT[:3000])
    pair.await_end()
    assert waiting(pair) >= 30, waiting(pair)
    sent = pair.ingest.metric("cascaded_entries_sent_total")
    wait("more is written", lambda: pair.ingest.metric("cascaded_entries_sent_total") > sent + 2)
    assert waiting(pair) >= 30, waiting(pair)
    replica.start()
    wait("it has confirmed", lambda: waiting(pair) == 0)
    pair.stop()


@case
def without_a_replica_reading_continues_when_there_is_no_room_for_more_entries():
    server, replica, pair = with_a_replica()
    replica.kill()
    wait("it is not connected", lambda: server.client.role()[2] == [])
    for part in range(20):  # 72 MB; 64 MiB are kept
        pair.feed.send([{"id": f"app:long{part}-{number}", "time": SENT[0]["time"],
                         "author": {"id": "app:long"}, "text": "long " * 1200} for number in range(600)])
        pair.await_end()
    uncopied = pair.ingest.metric("cascaded_entries_uncopied_total")
    assert uncopied > 500, uncopied
    said = pair.ingest.text()
    assert said.count("redis_advice") == said.count("has no replica: entries are removed") == 1, said
    replica.start()
    wait("it has confirmed the rest", lambda: waiting(pair) == 0)
    assert pair.ingest.metric("cascaded_entries_uncopied_total") == uncopied
    pair.stop()


@case
def an_error_in_place_of_a_confirmation_keeps_entries_and_bounds():
    server, _, pair = with_a_replica()
    refused = "cascaded_entries_unconfirmed_total"
    server.client.acl_setuser("default", enabled=True, commands=["-wait", "-xlen"])
    pair.feed.send(SENT[:3000])
    pair.await_end()
    seen = pair.ingest.metric(refused)
    wait("errors are counted", lambda: pair.ingest.metric(refused) > seen + 4)
    assert waiting(pair) >= 30, waiting(pair)
    assert pair.ingest.metric("cascaded_entries_in_stream") > 0
    assert pair.ingest.text().count("redis_advice") == 1, pair.ingest.text()
    assert "+xlen" in pair.ingest.text() or "+wait" in pair.ingest.text(), pair.ingest.text()
    server.client.acl_setuser("default", enabled=True, commands=["+wait", "+xlen"])
    wait("it has confirmed", lambda: waiting(pair) == 0)
    pair.stop()


def on_a_cluster():
    cluster = Cluster()
    return cluster, Pair(cluster.url(), lambda: cluster.owner(PREFIX).client)


@case
def a_killed_master_loses_nothing():
    cluster, pair = on_a_cluster()
    third = len(SENT) // 3
    pair.feed.send(SENT[:third])
    wait("some is counted", lambda: pair.client().exists(PREFIX + "alerts"))
    pair.feed.send(SENT[third:2 * third])
    cluster.kill(cluster.port_of(cluster.slot(PREFIX)))
    pair.feed.send(SENT[2 * third:])
    wait("a replica has taken over", lambda: answers(pair))
    pair.await_end()
    pair.stop()
    check(pair.client())


@case
def a_replica_that_takes_over_without_the_last_entries_gets_them_again():
    cluster, pair = on_a_cluster()
    third = len(SENT) // 3
    pair.feed.send(SENT[:third])
    wait("some is counted", lambda: pair.client().exists(PREFIX + "alerts"))
    wait("the replica has it", lambda: waiting(pair) == 0)
    master = cluster.port_of(cluster.slot(PREFIX))
    replica = cluster.nodes[cluster.replica_of(master)]
    pair.worker.process.send_signal(signal.SIGSTOP)  # it must not have counted what is lost
    replica.stop_process()
    cluster.nodes[master].client.client_kill_filter(_type="slave")
    sent = pair.ingest.metric("cascaded_entries_sent_total")
    pair.feed.send(SENT[third:2 * third])
    wait("only the master has the next posts",
         lambda: pair.ingest.metric("cascaded_entries_sent_total") >= sent + third // 100)
    cluster.kill(master)
    replica.continue_process()
    wait("the replica has taken over", lambda: answers(pair))
    pair.worker.process.send_signal(signal.SIGCONT)
    pair.feed.send(SENT[2 * third:])
    pair.await_end()
    assert pair.ingest.metric("cascaded_entries_resent_total") >= third // 100
    pair.stop()
    check(pair.client())


@case
def an_ingest_process_that_dies_with_the_master_loses_nothing():
    cluster, pair = on_a_cluster()
    half = len(SENT) // 2
    pair.feed.send(SENT[:half])
    wait("some is counted", lambda: pair.client().exists(PREFIX + "alerts"))
    pair.feed.send(SENT[half:])
    cluster.kill(cluster.port_of(cluster.slot(PREFIX)))
    pair.ingest.kill()
    wait("a replica has taken over", lambda: answers(pair))
    pair.ingest.start()
    pair.ingest.await_start()
    pair.await_end()
    pair.stop()
    check(pair.client())


@case
def a_slot_that_moves_gets_every_entry_once():
    cluster, pair = on_a_cluster()
    slot = cluster.slot(PREFIX)
    for part in parts(4):
        half = len(part) // 2
        pair.feed.send(part[:half])
        cluster.move(slot, lambda rest=part[half:]: pair.feed.send(rest))
    pair.await_end()
    pair.stop()
    check(pair.client())


def answers(pair):
    try:
        return pair.client() is not None and pair.client().ping()
    except (redis.RedisError, KeyError, AttributeError):
        return False


@case
def posts_that_are_pushed_go_to_the_worker():
    server = RedisServer()
    folder = processes.folder()
    ingest = Daemon(folder / "ingest", server.url, 'scale { role = "ingest" }\n',
                    http=http_section(folder))
    worker = Daemon(folder / "worker", server.url, 'scale { role = "work" }\n')
    answer = ingest.push("\n".join(json.dumps(end_mark(number)) for number in range(250)) + "\n")
    assert answer.status // 100 == 2, answer.text
    wait("all is counted", lambda: server.client.hget(PREFIX + "user:app:@end", "mentions:24h") == b"250")
    worker.end()
    ingest.end()
    assert server.client.hget(PREFIX + "meta", "posts") == b"250"


@case
def other_campaigns_are_reported_once_and_not_used():
    pair = on_one_server(worker='campaign "other" { words = {"coffee"} }\n')
    pair.feed.send(SENT[:3000])
    pair.await_end()
    assert pair.worker.text().count("campaigns_differ") == 1, pair.worker.text()
    assert not pair.client().exists(PREFIX + "campaign:tea")
    pair.stop()


def add_entries(pair, *entries):
    """Behind the last one, as an ingest process that has ended might have."""
    last = pair.client().xinfo_stream(PREFIX + "in")["last-generated-id"].decode()
    run, number = map(int, last.split("-"))
    for more, entry in enumerate(entries, 1):
        pair.client().xadd(PREFIX + "in", {"e": entry}, id=f"{run}-{number + more}")
    return f"{run}-{number + 1}"


@case
def a_damaged_entry_costs_that_entry_and_is_a_gap():
    pair = on_one_server()
    pair.ingest.end()
    add_entries(pair, b"", b"\x01" + bytes(25) + b"\xff" * 40)
    pair.ingest.start()
    pair.ingest.await_start()
    pair.await_end()
    assert pair.worker.text().count("entry_refused") == 1, pair.worker.text()
    assert pair.worker.metric('cascaded_input_total{outcome="rejected",source="in"}') == 2
    wait("the gap is written", lambda: b"damaged" in b"".join(pair.client().hvals(PREFIX + "gaps:in")))
    wait("the counts are incomplete", lambda: pair.client().hget(PREFIX + "meta", "complete") == b"0")
    pair.stop()


@case
def an_entry_of_another_version_waits_for_a_worker_of_that_version():
    pair = on_one_server()
    pair.ingest.end()
    foreign = add_entries(pair, b"\x02" + bytes(10))
    pair.ingest.start()
    pair.ingest.await_start()
    pair.feed.end()
    wait("it is reported", lambda: "entry_refused" in pair.worker.text())
    length = pair.client().xlen(PREFIX + "in")
    wait("more entries come", lambda: pair.client().xlen(PREFIX + "in") > length + 20)
    assert not pair.client().exists(PREFIX + "user:app:end1")
    assert pair.client().xrange(PREFIX + "in", foreign, foreign), "it was removed"
    assert pair.worker.text().count("entry_refused") == 1, pair.worker.text()
    assert "another version" in pair.worker.text()
    pair.worker.end()
    pair.client().xdel(PREFIX + "in", foreign)
    pair.worker.start()
    pair.worker.await_start()
    pair.await_end()
    pair.stop()


def drop_connections(client, *before):
    """All at once, with what is done to the stream before."""
    with client.pipeline(transaction=True) as steps:
        for words in before:
            steps.execute_command(*words)
        steps.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        steps.execute()


@case
def an_id_that_is_not_of_cascaded_stops_both_with_the_way_out():
    pair = on_one_server()
    last = pair.client().xinfo_stream(PREFIX + "in")["last-generated-id"].decode()
    drop_connections(pair.client(), ("XADD", PREFIX + "in", "1733000000000-0", "e", "x"))
    assert pair.ingest.process.wait(PATIENCE) == 78
    assert "1733000000000-0, which is not of cascaded" in pair.ingest.text(), pair.ingest.text()
    wait("the worker stops reading", lambda: pair.worker.metric(
        'cascaded_source_state{state="failed",source="in"}') == 1)
    assert pair.worker.text().count("an id that is not of cascaded") == 1, pair.worker.text()
    pair.client().xdel(PREFIX + "in", "1733000000000-0")
    newest = pair.client().xrevrange(PREFIX + "in", count=1)
    last = newest[0][0].decode() if newest else last
    pair.client().execute_command("XSETID", PREFIX + "in", last)
    pair.ingest.start()
    pair.ingest.await_start()
    pair.worker.again()
    pair.feed.send(SENT)
    pair.await_end()
    pair.stop()
    check(pair.client())


@case
def a_run_that_was_not_ours_is_no_gap():
    pair = on_one_server()
    pair.feed.send(SENT[:9000])
    pair.await_end()
    fields = pair.client().xrevrange(PREFIX + "in", count=1)[0][1]
    run = int(pair.client().xinfo_stream(PREFIX + "in")["last-generated-id"].split(b"-")[0]) + 100
    drop_connections(pair.client(), ("XADD", PREFIX + "in", f"{run}-1", "e", fields[b"e"]))
    pair.await_end()
    last = pair.client().xinfo_stream(PREFIX + "in")["last-generated-id"].decode()
    assert int(last.split("-")[0]) == run + 1, last
    assert b"removed" not in b"".join(pair.client().hvals(PREFIX + "gaps:in"))
    pair.stop()


@case
def lost_entries_are_at_most_those_that_were_in_the_stream():
    pair = on_one_server()
    pair.feed.send(SENT)
    pair.await_end()
    sent, lost = "cascaded_entries_sent_total", "cascaded_entries_lost_total"
    wait("old entries are removed", lambda: pair.ingest.metric(
        "cascaded_entries_in_stream") < pair.ingest.metric(sent) / 2)
    drop_connections(pair.client(), ("DEL", PREFIX + "in"))
    wait("it is noticed", lambda: pair.ingest.metric(lost) > 0)
    assert pair.ingest.metric(lost) < pair.ingest.metric(sent) / 2, pair.ingest.metric(lost)
    pair.stop()


@case
def a_refused_removal_of_entries_is_reported_and_tried_again():
    pair = on_one_server()
    pair.client().acl_setuser("default", enabled=True, commands=["-xtrim"])
    pair.feed.send(SENT[:9000])
    pair.await_end()
    wait("it is reported", lambda: "trim_refused" in pair.worker.text())
    length = pair.client().xlen(PREFIX + "in")
    assert length >= 9000 // 100, length
    pair.client().acl_setuser("default", enabled=True, commands=["+xtrim"])
    wait("old entries are removed", lambda: pair.client().xlen(PREFIX + "in") < 9000 // 100)
    assert pair.worker.text().count("trim_refused") == 1, pair.worker.text()
    pair.stop()


@case
def what_cannot_be_is_reported_in_one_line():
    for config, text in (
            ('scale { role = "both" }', 'scale.role: "both" is none of: ingest work'),
            ('scale { role = "work" } source "k" { url = "https://example.org/" }',
             'a worker has no sources of its own: move source "k"'),
            ('scale { role = "work" } ' + http_section(processes.folder()), "a worker accepts no posts"),
            (f'scale {{ role = "ingest" }} redis {{ prefix = "{"p" * 126}" }}', "at most 125 bytes")):
        path = processes.folder() / "conf"
        path.write_text(config, encoding="utf-8")
        done = subprocess.run([CASCADED, "-t", "-c", path], capture_output=True, text=True, check=False,
                              timeout=PATIENCE)
        assert done.returncode == 78 and text in done.stderr, (config, done)
        assert done.stderr.count("\n") == 1, done


if __name__ == "__main__":
    run_cases()
