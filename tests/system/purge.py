#!/usr/bin/env python3
"""cascadectl purge: a person is removed from memory, Redis and every file, and from nothing else."""
# tests/run: beside others
import itertools
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from hook_lab import Hook  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
CASCADECTL = os.path.join(os.environ["BUILD"], "cascadectl")
WHO, HANDLE, NAME, TEXT = "app:zaphod-42", "beeblebrox", "Zaphod B", "hoopy froods of the cup"
TRACES = [word.encode() for word in (WHO, HANDLE, NAME, TEXT)]
# Fields that depend on the moment of writing.
PASSING = {"infectiousness", "forecast", "forecast_low", "forecast_high", "p_double", "supercritical",
           "overperformance", "stage", "last_seen", "edepth", "peak_velocity", "velocity_5m",
           "velocity_1h", "last_ms", "first_ms", "level", "why", "rate", "next", "people", "acts",
           "carried_acts", "done_ms", "state", "observed_share"}
# Of a daemon, not of what it counts; and what has its own checks below.
OTHER = ("alert", "outbox:", "meta", "epoch", "owner", "cursor:", "calibration", "gaps:")


class Lab:
    """A daemon with snapshots, a campaign, and a webhook that acknowledges nothing."""

    def __init__(self, more=""):
        self.folder = processes.folder()
        self.redis = RedisServer()
        self.hook = Hook(503)
        (self.folder / "secret").write_text("whsec_" + "A" * 40 + "\n", encoding="utf-8")
        (self.folder / "secret").chmod(0o600)
        self.daemon = LiveDaemon(
            CASCADED, self.folder,
            f'redis {{ url = "{self.redis.url}" flush = 20ms users_from = 1 cascades_from = 1 }}\n'
            f'control {{ socket = "{self.folder}/control.sock" }}\n'
            f'state {{ dir = "{self.folder}/state" every = 1h }}\n'
            'campaign "cup" { words = {"cup"} }\nalert "viral" { min_size = 3 }\n'
            f'webhook "ops" {{ url = "{self.hook.url}" allow_private = true '
            f'secret_file = "{self.folder}/secret" }}\n' + more + http_section(self.folder))
        self.daemon.await_start()

    def push(self, posts):
        answer = self.daemon.push("\n".join(map(json.dumps, posts)))
        assert answer.status == 202, answer.text
        counted = len(posts)
        wait("all are written", lambda: int(self.redis.client.hget("cascaded:meta", "posts") or 0)
             >= sum("deleted" not in post for post in posts) and counted)

    def ctl(self, *words, code=0):
        ended = subprocess.run([CASCADECTL, "-r", self.redis.url, *words], capture_output=True,
                               text=True, check=False, timeout=PATIENCE, stdin=subprocess.DEVNULL)
        assert ended.returncode == code, (words, ended)
        return ended.stdout if code == 0 else ended.stderr

    def purge(self, *more):
        return json.loads(self.ctl("purge", "--user", WHO, "--yes", "--json", *more))

    def counts(self):
        """What is counted of others: key -> value."""
        client, found = self.redis.connect(decode_responses=True), {}
        for key in client.scan_iter(match="cascaded:*", count=1000):
            short = key.removeprefix("cascaded:")
            if short.startswith(OTHER) or short.endswith(":done") or names(short):
                continue
            kind = client.type(key)
            if kind == "zset":
                found[short] = {member: score for member, score in client.zrange(key, 0, -1,
                                withscores=True) if not names(member)}
            elif kind == "hash":
                found[short] = {name: value for name, value in client.hgetall(key).items()
                                if name not in PASSING}
        return {key: value for key, value in found.items() if value}

    def redis_bytes(self):
        client = self.redis.client
        content = []
        for key in client.scan_iter(count=1000):
            kind = client.type(key)
            content.append(key)
            content.append(repr({b"hash": client.hgetall, b"string": client.get,
                                 b"zset": lambda key: client.zrange(key, 0, -1),
                                 b"stream": client.xrange}[kind](key)).encode())
        return b"\n".join(content)

    def files(self):
        return {path.name: path.read_bytes() for path in (self.folder / "state").iterdir()}


def names(text):
    return WHO in text or HANDLE in text or text.startswith("cascade:app:t")


def person(number):
    if number == "who":
        return {"id": WHO, "handle": HANDLE, "name": NAME, "followers": 77}
    return {"id": f"app:u{number}", "handle": f"user{number}", "followers": 10 + number}


def post(ident, author, text="plain", **more):
    return {"id": f"app:{ident}", "time": int(time.time() * 1000) - 30000 + len(ident),
            "text": text, "author": person(author), **more}


def reshare(ident, author, root, of, via=None):
    return post(ident, author, retweet_of={"id": f"app:{root}", "author": person(of)},
                **({"via": f"app:{via}"} if via else {}))


def stream():
    """Posts by and about the person and others."""
    return [
        post("t1", "who", TEXT), post("p2", 1, "of others about the cup"),
        *(reshare(f"r{i}", i, "t1", "who") for i in range(2, 8)),
        reshare("t2", "who", "p2", 1), *(reshare(f"s{i}", i, "p2", 1, via="t2") for i in range(2, 7)),
        *(post(f"m{i}", i, "a mention", mentions=[{"id": WHO, "handle": HANDLE}]) for i in range(2, 6)),
        post("q1", 9, "a quote", quote_of={"id": "app:t1", "author": person("who")}),
        *(reshare(f"v{i}", i, "q1", 9) for i in range(2, 6)),
        post("t3", "who", "an answer about the cup", reply_to={"id": "app:p2", "author": person(1)}),
        post("t4", "who", "a quote by the person", quote_of={"id": "app:p2", "author": person(1)}),
    ]


def deletions(posts):
    return [{**one, "deleted": True} for one in posts if one["author"]["id"] == WHO]


def loaded(more=""):
    lab, posts = Lab(more), stream()
    lab.push(posts)
    lab.redis.client.hset("cascaded:campaign:cup:done", WHO, "1")
    wait("alerts are raised", lambda: lab.redis.client.xlen("cascaded:alerts") >= 3)
    wait("one waits", lambda: lab.redis.client.hlen("cascaded:outbox:ops") >= 3)
    return lab, posts


@case
def a_purged_person_is_in_no_key_and_no_file():
    lab, _ = loaded()
    before = lab.redis_bytes()
    assert all(trace in before for trace in TRACES)
    client = lab.redis.client
    assert client.exists(f"cascaded:user:{WHO}", f"cascaded:handle:app:{HANDLE}", "cascaded:cascade:app:t1") == 3
    report = lab.purge()
    assert report["known"] and report["posts"] == 4 and report["cascades"] == 1, report
    assert report["alerts"] >= 1 and report["waiting_alerts"] >= 1 and report["marks"] == 1, report
    assert report["snapshots"] == 2, report
    # The claim of an alert about a post by another stays, that of the person's own goes.
    assert client.exists("cascaded:alert:viral:app:p2:1") and client.ttl("cascaded:alert:viral:app:p2:1") > 0
    assert not client.exists("cascaded:alert:viral:app:t1:1")
    left = lab.redis_bytes()
    assert not [trace for trace in TRACES if trace in left], left
    files = lab.files()
    assert {"snapshot", "snapshot.previous"} <= set(files), files.keys()
    assert not [(name, trace) for name, data in files.items() for trace in TRACES if trace in data]
    assert lab.daemon.ask("GET", f"/api/v1/users/{WHO}").status == 404
    for path in ("alerts", "top/mentions/1h", "cascades/app:p2", "cascades/app:p2/tree", "cascades/app:q1"):
        text = lab.daemon.ask("GET", f"/api/v1/{path}").text
        assert not [trace for trace in TRACES if trace.decode() in text], (path, text)
    assert lab.daemon.said("event=purged") or lab.daemon.said("a person was removed: 4 posts")
    assert not [trace for trace in TRACES if trace in lab.daemon.text().encode()]
    lab.daemon.end()


@case
def what_others_did_stays_as_after_a_deletion_of_each_post():
    lab, posts = loaded()
    lab.purge()
    twin = Lab()
    twin.push(posts)
    twin.push(deletions(posts))
    wait(lambda: f"equal counts: {differences(lab, twin)}", lambda: not differences(lab, twin))
    assert lab.counts()["cascade:app:p2"]["size"] == "5", lab.counts()["cascade:app:p2"]


def differences(lab, twin):
    one, other = lab.counts(), twin.counts()
    # A post that is deleted keeps its id in the posts that quote it; one of a removed person does not.
    assert other.get("cascade:app:q1", {}).pop("parent", "app:t1") == "app:t1"
    return {key: (one.get(key), other.get(key)) for key in one.keys() | other.keys()
            if one.get(key) != other.get(key)}


@case
def a_purged_person_stays_away_after_a_restart_and_may_come_again():
    lab, posts = loaded()
    lab.purge()
    counts = lab.counts()
    lab.daemon.end()
    lab.daemon.start()
    lab.daemon.await_start()
    flushes = lab.daemon.metric("cascaded_redis_flushes_total")
    lab.push(posts)  # a source that was read again: all are duplicates
    wait("all are duplicates", lambda: lab.daemon.metric("cascaded_duplicates_total") >= len(posts))
    wait("a flush", lambda: lab.daemon.metric("cascaded_redis_flushes_total") > flushes)
    assert lab.counts() == counts
    assert not lab.redis.client.exists(f"cascaded:user:{WHO}")
    lab.push([post("t9", "who", "back again")])
    wait("the person is there again", lambda: lab.redis.client.hget(f"cascaded:user:{WHO}", "posts:1h") == b"1")
    assert lab.redis.client.zscore("cascaded:top:mentions:1h", WHO) is None
    assert lab.purge()["posts"] == 1


@case
def a_purge_that_cannot_be_done_is_refused_and_changes_nothing():
    lab, _ = loaded()
    alerts = lab.redis.client.xlen("cascaded:alerts")
    assert "no person with the id" in lab.ctl("purge", "--user", "app:nobody", "--yes", code=66)
    assert "give --user" in lab.ctl("purge", code=64)
    assert "a network and a name" in lab.ctl("purge", "--user", "viral", "--yes", code=64)
    assert f"give the id: --user {WHO}" in lab.ctl("purge", "--user", f"app:@{HANDLE}", "--yes", code=64)
    # The id of a post, and a handle, in alerts.
    assert "no person with the id" in lab.ctl("purge", "--user", "app:p2", "--yes", code=66)
    assert lab.redis.client.xlen("cascaded:alerts") == alerts, (alerts, lab.redis.client.xlen("cascaded:alerts"))
    assert not lab.daemon.said("a person was removed"), lab.daemon.text()
    assert "give --yes" in lab.ctl("purge", "--user", WHO, code=64)
    assert lab.redis.client.exists(f"cascaded:user:{WHO}")
    lab.daemon.end()
    assert "systemctl start cascaded" in lab.ctl("purge", "--user", WHO, "--yes", code=69)
    assert lab.redis.client.exists(f"cascaded:user:{WHO}")


@case
def a_person_who_was_evicted_is_in_no_snapshot_after_a_purge():
    lab, other = Lab("windows = {1s}\nusers { capacity = 1000 }\n"), "app:ford-7"
    lab.push([post("f1", 1, mentions=[{"id": other}])])
    newest = lab.folder / "state/snapshot"
    in_file = lambda: newest.exists() and other.encode() in newest.read_bytes()
    wait("a snapshot contains the person", in_file)
    numbers = itertools.count(100)
    def is_evicted():
        lab.daemon.push("\n".join(json.dumps(post(f"n{number}", number))
                                  for number in itertools.islice(numbers, 100)))
        return lab.daemon.ask("GET", f"/api/v1/users/{other}").status == 404
    wait("the person is evicted", is_evicted)
    assert in_file()
    assert "the snapshots were replaced" in lab.ctl("purge", "--user", other, "--yes", code=66)
    assert not [name for name, data in lab.files().items() if other.encode() in data]


@case
def a_purge_does_not_collect_keys_that_it_does_not_need():
    lab, _ = loaded()
    pipe = lab.redis.client.pipeline()
    for number in range(12000):  # more than 1 MiB of names
        pipe.hset(f"cascaded:campaign:cup:outreach:{number:0100}", "a", "1")
    pipe.execute()
    assert lab.purge()["marks"] == 1


@case
def a_purge_waits_for_redis_and_then_ends():
    lab, _ = loaded()
    lab.redis.client.client_pause(1000 * PATIENCE, all=False)  # writing waits
    asked = processes.start([CASCADECTL, "-r", lab.redis.url, "purge", "--user", WHO, "--yes", "--json"],
                            stdout=subprocess.PIPE)
    wait("the person is removed from memory",
         lambda: lab.daemon.ask("GET", f"/api/v1/users/{WHO}").status == 404)
    assert asked.poll() is None and not lab.daemon.said("a person was removed")
    lab.redis.client.client_unpause()
    report, _ = asked.communicate(timeout=PATIENCE)
    assert json.loads(report)["snapshots"] == 2, report
    left = lab.redis_bytes()
    assert not [trace for trace in TRACES if trace in left], left


@case
def a_purge_that_redis_delays_for_long_reports_what_is_done_and_what_to_do():
    lab, _ = loaded()
    lab.redis.client.client_pause(1000 * PATIENCE, all=False)  # writing waits
    asked = lab.ctl("purge", "--user", WHO, "--yes", code=75)
    assert "removed from memory, and Redis has not taken the changes yet" in asked, asked
    assert "then repeat this" in asked, asked
    lab.redis.client.client_unpause()
    wait("the daemon ends it", lambda: lab.daemon.said("a person was removed"))
    lab.ctl("purge", "--user", WHO, "--yes")
    left = lab.redis_bytes()
    assert not [trace for trace in TRACES if trace in left], left


if __name__ == "__main__":
    run_cases()
