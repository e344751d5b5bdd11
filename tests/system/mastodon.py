#!/usr/bin/env python3
"""Gaps of a Mastodon stream are filled from the timeline: whatever goes wrong meanwhile, at the end
the counters are the oracle's over what the instance has, or the ledger says that they are not.

    mastodon.py        (BUILD names the folder of the build; SEED which posts)
"""
# tests/run: beside others
import json
import os
import pathlib
import random
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "tests/lab"), str(ROOT / "tests/oracle"), str(ROOT / "tests/system")]

import processes  # noqa: E402
from fold_matches_oracle import UP_TO_A_DAY_OLD, differences, expected_keys  # noqa: E402
from live import CLIENT, FOLDER, Daemon  # noqa: E402
from mastodon_lab import Instance  # noqa: E402
from oracle import Oracle  # noqa: E402
from redis_content import boards_and_hashes  # noqa: E402
from source_drive import PROGRAM  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import AFTER, PATIENCE, wait  # noqa: E402

SEED = int(os.environ.get("SEED", "20261125"))
HOST = "https://harbour.example"
# What does not hang on the millisecond at which a post comes.
CASCADE_FIELDS = ("author", "handle", "text", "lang", "network", "size", "retweets", "quotes",
                  "replies", "amplifiers", "reach", "state")
NO_BOOSTS = "contain no boosts"


def iso(milliseconds):
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(milliseconds // 1000))
    return f"{stamp}.{milliseconds % 1000:03}Z"


class World:
    """People who post, answer, boost and quote. rows: (id, native line), as they were made."""

    def __init__(self, seed=SEED):
        self.dice, self.made, self.rows, self.posts = random.Random(seed), 0, [], []

    def account(self, number):
        return {"id": str(1000 + number), "acct": f"u{number}",
                "url": f"{HOST}/@u{number}", "uri": f"{HOST}/users/u{number}",
                "followers_count": 10 * number}

    def native_user(self, account):
        return {"id": "masto:" + account["url"], "handle": account["acct"] + "@harbour.example",
                "followers": account["followers_count"]}

    def native_ref(self, status):
        return {"id": "masto:" + status["uri"], "author": self.native_user(status["account"]),
                "text": status["content"], "lang": status["language"]}

    def status(self):
        """The next one, and in rows what it means. Some come from elsewhere, a little late."""
        self.made += 1
        now = time.time_ns() // 10**6
        written = now - (self.dice.randrange(20000) if self.dice.random() < 0.2 else 0)
        an_id = str((written << 16) + self.made)
        account = self.account(self.dice.randrange(12))
        status = {"id": an_id, "created_at": iso(written), "uri": f"{HOST}/statuses/{an_id}",
                  "account": account, "content": f"words {self.made}", "language": "en",
                  "in_reply_to_id": None, "in_reply_to_account_id": None, "reblog": None,
                  "spoiler_text": "", "quote": None, "mentions": [], "tags": []}
        native = {"id": "masto:" + status["uri"], "time": now,
                  "author": self.native_user(account), "text": status["content"], "lang": "en",
                  "mentions": [], "hashtags": []}
        self.point(status, native, may_reply=written == now)
        self.rows.append((an_id, json.dumps(native)))
        if not status["reblog"]:
            self.posts.append(status)
        return status

    def point(self, status, native, may_reply):
        """may_reply: no answer is written before what it answers."""
        roll = self.dice.random()
        target = self.dice.choice(self.posts[-8:]) if self.posts else None
        if target and roll < 0.4:
            status |= {"reblog": target, "content": ""}
            native |= {"retweet_of": self.native_ref(target), "text": target["content"]}
        elif target and roll < 0.5:
            status["quote"] = {"state": "accepted", "quoted_status": target}
            native["quote_of"] = self.native_ref(target)
        elif target and roll < 0.7 and may_reply:
            status |= {"in_reply_to_id": target["id"], "mentions": [target["account"]],
                       "in_reply_to_account_id": target["account"]["id"]}
            native |= {"reply_to": self.native_ref(target),
                       "mentions": [self.native_user(target["account"])]}
        else:
            tag = f"tag{self.dice.randrange(5)}"
            status["tags"] = [{"name": tag}]
            native["hashtags"] = [tag]

    def statuses(self, count):
        return [self.status() for _ in range(count)]

    def unseen(self):
        """One that nobody gets to see, points at or counts."""
        status = self.status()
        if not status["reblog"]:
            self.posts.remove(status)
        self.rows.pop()
        return status

    def deleted(self, an_id):
        self.rows.append((an_id, json.dumps({
            "id": f"masto:{HOST}/statuses/{an_id}", "time": time.time_ns() // 10**6,
            "author": {"id": "masto:x"}, "deleted": True})))


def comparable(keys):
    found = {}
    for key, entry in keys.items():
        if key.startswith("cascade:"):
            entry = {name: entry[name] for name in CASCADE_FIELDS if name in entry}
        elif key.startswith("user:"):
            entry = {name: value for name, value in entry.items() if name != "last_seen"}
        elif not key.startswith("top:"):
            continue
        found[key] = entry
    return found


def content():
    return comparable(boards_and_hashes(CLIENT))


def check_counters(world):
    """That they become the oracle's, and stay there."""
    oracle = Oracle(("5m", "1h", "24h"))
    for _, line in world.rows:
        oracle.feed(line)
    wanted = comparable(expected_keys(oracle.content()))

    def wrong():
        return list(differences(content(), wanted, lambda key: UP_TO_A_DAY_OLD))

    wait(lambda: "no differences: " + "\n".join(wrong()[:20]), lambda: not wrong())
    assert sum(key.startswith("cascade:") for key in wanted) > 5, "that proves nothing"


def gaps():
    rows = CLIENT.hgetall("cascaded:gaps:masto")
    return [json.loads(rows[number]) for number in sorted(rows, key=int)]


def config(instance, path="user", more="", api=""):
    token = pathlib.Path(FOLDER, "token")
    token.write_text("secret\n", encoding="utf-8")
    token.chmod(0o600)
    url = f"http://127.0.0.1:{instance.port}/api/v1/streaming/{path}"
    return f'{more} source "masto" {{ url = "{url}"\n token_file = "{token}" {api} }}\n'


def running(instance, text, **options):
    daemon = Daemon(text, **options)
    wait("connected", lambda: instance.streams)
    return daemon


def seen(count):
    return lambda: int(CLIENT.hget("cascaded:meta", "posts") or 0) >= count


def begun(world, instance, count=20, **options):
    """A daemon that has counted some posts."""
    daemon = running(instance, config(instance, **options))
    instance.publish(*world.statuses(count))
    wait("counted", seen(count - 8))
    wait("cursor", lambda: CLIENT.hget("cascaded:cursor:masto", "value"))
    check_counters(world)
    return daemon


def lose(world, instance, count):
    """A gap with that many posts in it; the stream is back afterwards."""
    instance.cut(is_down=True)
    wait("gone", lambda: not instance.streams)
    instance.publish(*world.statuses(count))
    instance.open()


def wait_filled():
    wait("filled", lambda: gaps() and all(gap["to"] for gap in gaps()))


@case
def what_was_missed_comes_page_by_page():
    world, instance = World(), Instance(token="secret")
    daemon = begun(world, instance)
    last = int(CLIENT.hget("cascaded:cursor:masto", "value"))
    lose(world, instance, 130)
    wait("back", lambda: instance.streams)
    instance.publish(*world.statuses(9))  # while the fill is under way
    instance.edit(world.posts[0])
    wait("complete while it is not", lambda: CLIENT.hget("cascaded:meta", "complete") == "0")
    wait_filled()
    instance.publish(*world.statuses(3))
    check_counters(world)
    gap, = gaps()
    assert gap["recovered"] and gap["reason"] == "closed" and gap["from"] <= gap["to"], gap
    assert len(instance.asked) >= 4, instance.asked
    for asked in instance.asked:
        assert asked.startswith("/api/v1/timelines/home?min_id="), asked
        assert asked.endswith("&limit=40"), asked
    assert int(instance.asked[0].split("=")[1].split("&")[0]) < last
    wait("cursor", lambda: int(CLIENT.hget("cascaded:cursor:masto", "value")) ==
         max(int(an_id) for an_id, _ in world.rows))
    assert not daemon.said(NO_BOOSTS)
    daemon.end()


@case
def a_timeline_that_fails_is_requested_again_at_the_time_it_gives():
    world, instance = World(), Instance()
    daemon = begun(world, instance)
    reset = time.time() + 12
    instance.faults = [
        [{"status": 500}],
        [{"status": 200}, {"send": "<html>busy</html>"}], None,
        [{"status": 200, "chunked": True}, {"bomb": 30}],
        [{"status": 429, "headers": {"X-RateLimit-Reset": iso(int(reset * 1000))}}]]
    lose(world, instance, 90)
    wait("told to wait", lambda: not instance.faults)
    early = len(instance.asked)
    world.posts = world.posts[:3]  # known already, so that the order does not matter
    before = int(CLIENT.hget("cascaded:meta", "posts"))
    instance.publish(*world.statuses(3))
    wait("the stream to flow", seen(before + 1))
    while True:
        asked = len(instance.asked)
        if time.time() >= reset - 0.1:
            break
        assert asked == early, "it asked too early"
        time.sleep(0.05)
    wait_filled()
    check_counters(world)
    assert gaps()[0]["recovered"], gaps()
    daemon.end()


@case
def a_timeline_that_refuses_leaves_the_gap_and_the_reason():
    other = Instance()
    for fault, reason in (
            ([{"status": 403}], "closed_fill_http_403"),
            ([{"status": 302, "headers": {"Location": f"http://127.0.0.1:{other.port}/"}}],
             "closed_fill_http_302")):
        world, instance = World(), Instance()
        daemon = begun(world, instance)
        instance.faults = [fault]
        lose(world, instance, 10)
        lost = {an_id for an_id, _ in world.rows[-10:]}
        wait_filled()
        gap, = gaps()
        assert not gap["recovered"] and gap["reason"] == reason, gap
        assert daemon.said(reason)
        world.rows = [row for row in world.rows if row[0] not in lost]
        world.posts = world.posts[:3]
        instance.publish(*world.statuses(5))  # the stream goes on all the same
        check_counters(world)
        assert CLIENT.hget("cascaded:meta", "complete") == "0"
        daemon.end()
    assert not other.requests


@case
def ids_that_are_no_numbers_leave_the_gap_with_the_reason():
    world, instance = World(), Instance()
    folder = pathlib.Path(FOLDER, "masto_ids")
    text = config(instance, more=f'state {{ dir = "{folder}" every = 1s }}')
    daemon = running(instance, text)

    def publish(count):
        for status in world.statuses(count):
            replied = status["in_reply_to_id"]
            instance.publish(status | {"id": "01HQ" + status["id"],
                                       "in_reply_to_id": replied and "01HQ" + replied})

    publish(20)
    check_counters(world)
    instance.cut()
    wait("back", lambda: len(instance.requests) == 2 and instance.streams)
    publish(1)
    wait_filled()
    gap, = gaps()
    assert not gap["recovered"] and gap["reason"] == "closed_fill_ids", gap
    assert daemon.said("closed_fill_ids") and not instance.asked
    check_counters(world)
    daemon.end()
    daemon = running(instance, text, keeps=True)
    wait("told", lambda: len(gaps()) == 2 and gaps()[1]["to"])
    gap = gaps()[1]
    assert not gap["recovered"] and gap["reason"] == "restart_fill_ids", gap
    assert not instance.asked
    publish(3)
    check_counters(world)
    daemon.end()


@case
def a_timeline_on_another_server_is_asked_there():
    world, instance, other = World(), Instance(token="secret"), Instance(token="secret")
    other.statuses = instance.statuses
    daemon = begun(world, instance, api=f'api_url = "http://127.0.0.1:{other.port}"')
    lose(world, instance, 10)
    wait_filled()
    check_counters(world)
    assert gaps()[0]["recovered"] and other.asked and not instance.asked
    daemon.end()


@case
def a_stream_cut_again_and_again_during_the_fill_loses_nothing():
    world, instance = World(), Instance()
    daemon = begun(world, instance)
    for _ in range(3):
        instance.faults = [None, [{"sleep": 100}]]
        lose(world, instance, 50)
        wait("the second page", lambda: not instance.faults)
    lose(world, instance, 5)
    wait_filled()
    check_counters(world)
    assert len(gaps()) == 1 and gaps()[0]["recovered"], gaps()
    daemon.end()


@case
def a_deletion_takes_its_post_along_wherever_that_came_from():
    world, instance = World(), Instance()
    daemon = begun(world, instance)
    instance.cut(is_down=True)
    wait("gone", lambda: not instance.streams)
    never, late = world.unseen(), world.unseen()
    instance.publish(*world.statuses(6), never, late)
    instance.delete(never["id"])
    instance.open()
    wait("back", lambda: instance.streams)
    instance.delete(late["id"])  # while the fill is under way
    wait_filled()
    boosted = next(status for status in world.posts if any(
        "retweet_of" in line and status["uri"] in line for _, line in world.rows))
    instance.delete(boosted["id"])
    world.deleted(boosted["id"])
    check_counters(world)
    daemon.end()


@case
def a_killed_daemon_fills_what_it_missed():
    world, instance = World(), Instance()
    folder = pathlib.Path(FOLDER, "masto_state")
    text = config(instance, more=f'state {{ dir = "{folder}" every = 1s }}')
    daemon = running(instance, text)
    instance.publish(*world.statuses(30))
    check_counters(world)
    # The snapshot of the start is empty; a cursor waits for one that contains it.
    wait("saved", lambda: CLIENT.hget("cascaded:cursor:masto", "value"))
    for pause in (0, 0.5, 1.5):  # before its snapshot, about then, and in the midst of the fill
        instance.publish(*world.statuses(10))
        time.sleep(pause)
        daemon.kill()
        wait("gone", lambda: not instance.streams)
        instance.publish(*world.statuses(50))
        daemon = running(instance, text, keeps=True)
    wait_filled()
    instance.publish(*world.statuses(5))
    check_counters(world)
    assert gaps() and all(gap["recovered"] for gap in gaps()), gaps()
    assert {gap["reason"] for gap in gaps()} == {"restart"}, gaps()
    daemon.end()


@case
def a_daemon_killed_before_its_first_post_fills_what_it_missed():
    world, instance = World(), Instance()
    folder = pathlib.Path(FOLDER, "masto_first")
    text = config(instance, more=f'state {{ dir = "{folder}" every = 1h }}')
    daemon = running(instance, text)
    wait("the empty snapshot", lambda: (folder / "snapshot").exists())
    daemon.kill()
    wait("gone", lambda: not instance.streams)
    instance.publish(*world.statuses(100))
    daemon = running(instance, text, keeps=True)
    wait_filled()
    instance.publish(*world.statuses(5))
    check_counters(world)
    assert gaps() and all(gap["recovered"] for gap in gaps()), gaps()
    daemon.end()


@case
def a_deleted_last_post_does_not_delay_the_resume():
    world, instance = World(), Instance()
    folder = pathlib.Path(FOLDER, "masto_gone")
    text = config(instance, more=f'state {{ dir = "{folder}" every = 1h }}')
    begun(world, instance, more=f'state {{ dir = "{folder}" every = 1h }}').end()
    daemon = running(instance, text, keeps=True)
    wait_filled()
    gone = world.unseen()
    before = int(CLIENT.hget("cascaded:meta", "posts"))
    instance.publish(gone)
    wait("counted", seen(before + 1))
    wait("cursor", lambda: CLIENT.hget("cascaded:cursor:masto", "value") == gone["id"])
    daemon.process.kill()
    daemon.process.wait()
    instance.delete(gone["id"])
    daemon = running(instance, text, keeps=True)
    wait("Redis is written again", lambda: daemon.said("writing to Redis is resumed"))
    check_counters(world)
    daemon.end()


@case
def streams_without_boosts_are_named_once():
    for path in ("public", "hashtag?tag=tea"):
        instance = Instance()
        daemon = running(instance, config(instance, path))
        daemon.hang_up()
        instance.cut()
        wait("back", lambda: len(instance.requests) > 1)  # pylint: disable=cell-var-from-loop
        assert daemon.log.read_text(encoding="utf-8").count(NO_BOOSTS) == 1
        daemon.end()


@case
def a_full_receiver_gets_everything_once_and_in_order():
    world, instance = World(), Instance()
    shown = []
    drive = processes.start(
        [PROGRAM, f"url=http://127.0.0.1:{instance.port}/api/v1/streaming/user", f"run={PATIENCE}s",
         "refuse_after=30", "refuse_for=1s"], stdout=subprocess.PIPE, encoding="latin-1")
    reading = threading.Thread(target=lambda: shown.extend(drive.stdout))
    reading.start()
    wait("connected", lambda: instance.streams)
    instance.publish(*world.statuses(1))
    wait("taken", lambda: any(line.startswith("message") for line in shown))
    lose(world, instance, 60)
    wait("back", lambda: instance.streams)
    instance.publish(*world.statuses(20))

    def ids_shown():
        return [line.split('"id": "')[1].split('"')[0] for line in shown if "message update" in line]

    everything = {an_id for an_id, _ in world.rows}
    wait("everything has come", lambda: everything <= set(ids_shown()))
    time.sleep(AFTER)
    drive.terminate()
    assert drive.wait(PATIENCE) == 0
    reading.join()
    ids = ids_shown()
    assert sum(line == "refused\n" for line in shown) == 1
    live_ids = [an_id for an_id, _ in world.rows[61:]]
    tail = [an_id for an_id in ids if an_id in live_ids]
    assert ids[-20:] == live_ids and set(tail) == set(live_ids), ids[-25:]


if __name__ == "__main__":
    run_cases()
