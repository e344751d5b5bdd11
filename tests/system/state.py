#!/usr/bin/env python3
"""Snapshots: what a restart remembers, with processes that are killed, a real Redis, real files.

    state.py        (RELEASE names the folder of the build)
"""
# tests/run: beside others
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_content import everything  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from sample import write_sample  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402
from world import utc  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASCADED = os.path.join(os.environ["RELEASE"], "cascaded")
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect()
# What differs from run to run.
OWN = (b"cascaded:meta", b"cascaded:epoch", b"cascaded:owner", b"cascaded:cursor:replay")
SEED = 20261123


def fresh_folder():
    CLIENT.flushall()
    return tempfile.mkdtemp(dir=FOLDER)


def command(folder, *arguments):
    state = ["-o", f"state.dir={folder}", "-o", "state.every=1s"] if folder else []
    return [CASCADED, "-o", f"redis.url={SERVER.url}", *state, *arguments]


def replay(folder, *arguments):
    return subprocess.run(command(folder, *arguments), capture_output=True, timeout=100,
                          check=False, text=True)


def posts_of(done):
    assert done.returncode == 0, done
    return int(re.search(r"posts=(\d+)", done.stdout)[1])


def content():
    return everything(CLIENT, but=OWN)


def replayed(*files):
    """What an undisturbed replay leaves."""
    CLIENT.flushall()
    posts_of(replay(None, *files))
    return content()


@case
def a_replay_killed_at_random_points_ends_as_an_undisturbed_one():
    wanted = replayed(MIXED)
    folder = fresh_folder()
    dice = random.Random(SEED)
    kills = 0
    while kills < 12:
        process = processes.start(command(folder, "-q", "--speed", "600", MIXED),
                                   stdout=subprocess.DEVNULL)
        try:
            process.wait(0.2 + 2.5 * dice.random())
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    assert kills >= 5, f"only {kills} kills"
    assert replay(folder, MIXED).returncode == 0
    assert content() == wanted


def posts_deleted_after_their_alerts(path, count):
    """Each root is reshared twice, which raises an alert, then reshared again or deleted at once."""
    with open(path, "w", encoding="utf-8") as out:
        def post(number, **members):
            print(json.dumps({"id": f"n:{number}", "time": 1772442000000 + number * 100,
                              "author": {"id": f"n:u{number}"}, **members}), file=out)

        for root in range(0, 10 * count, 10):
            reference = {"id": f"n:{root}", "author": {"id": f"n:u{root}"}}
            post(root, text="tea")
            for number in range(root + 1, root + 4):
                post(number, retweet_of=reference)
            post(root + 4, retweet_of=reference) if root % 3 == 0 else post(root, deleted=True)


@case
def a_killed_replay_sends_the_alerts_of_an_undisturbed_one():
    path = f"{FOLDER}/deleted.ndjson"
    posts_deleted_after_their_alerts(path, 6000)
    rule = ("-o", "alert.two.min_size=2", "-o", "alerts.keep=1000000")

    def alerts():
        return [entry[b"json"] for _, entry in CLIENT.xrange("cascaded:alerts")]

    CLIENT.flushall()
    posts_of(replay(None, *rule, path))
    wanted = alerts()
    assert len(wanted) == 6000 and len(set(wanted)) == 6000, len(wanted)
    folder = fresh_folder()
    snapshot = pathlib.Path(folder, "snapshot")
    made, clients = 0, len(CLIENT.client_list())
    for kill in range(3):
        process = processes.start(command(folder, "-q", "--speed", "1000", *rule, path),
                                  stdout=subprocess.DEVNULL)
        wait("new alerts", lambda: len(alerts()) > made)
        SERVER.stop_process()  # so that alerts wait when the next snapshot is made
        before = snapshot.stat().st_ino if kill else 0
        wait("a snapshot", lambda: snapshot.exists() and snapshot.stat().st_ino != before)
        before = snapshot.stat().st_ino
        wait("another one", lambda: snapshot.stat().st_ino != before)
        process.send_signal(signal.SIGKILL)
        process.wait()
        SERVER.continue_process()
        wait("what it had sent is read", lambda: len(CLIENT.client_list()) == clients)
        made = len(alerts())
        assert 0 < made < len(wanted), made
    assert replay(folder, *rule, path).returncode == 0
    assert alerts() == wanted


@case
def nothing_in_redis_goes_back_while_a_killed_replay_catches_up():
    wanted = replayed(MIXED)
    folder = fresh_folder()
    dice = random.Random(SEED)
    newest = kills = aheads = 0

    def look():
        nonlocal newest
        posts = int(CLIENT.hget("cascaded:meta", "posts") or 0)
        assert posts >= newest, f"{posts} posts after {newest}"
        newest = posts

    while True:
        process = processes.start(command(folder, "-q", "--speed", "600", MIXED),
                                   stdout=subprocess.DEVNULL)
        end = time.monotonic() + 1.2 + 2 * dice.random()
        while process.poll() is None and (time.monotonic() < end or
                                          not os.path.exists(f"{folder}/snapshot")):
            look()
            time.sleep(0.001)
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
        look()
        with open(f"{folder}/snapshot", "rb") as file:
            noted = int(re.search(rb"replay 2\n\w+ \w+ (\w+) ", file.read(200))[1], 16)
        aheads += int(CLIENT.hget("cascaded:cursor:replay", "offset")) > noted
    assert kills >= 3 and aheads >= 2, (kills, aheads)
    assert content() == wanted


@case
def a_replay_stopped_while_it_catches_up_leaves_redis_as_it_is():
    replayed(MIXED)
    before = content()
    folder = fresh_folder()
    process = processes.start(command(folder, "-q", "--speed", "600", MIXED),
                               stdout=subprocess.DEVNULL)
    wait("a snapshot", lambda: os.path.exists(f"{folder}/snapshot"))
    process.send_signal(signal.SIGKILL)
    process.wait()
    posts_of(replay(None, MIXED))
    mark = CLIENT.hget("cascaded:cursor:replay", "mark").split()
    mark[2] = b"%x" % (1 << 40)
    CLIENT.hset("cascaded:cursor:replay", mapping={"offset": 1 << 40, "mark": b" ".join(mark)})
    process = processes.start(command(folder, "--speed", "60", MIXED), stdout=subprocess.DEVNULL)
    wait("it writes", lambda: int(CLIENT.get("cascaded:epoch")) == 3)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert content() == before


@case
def a_file_that_has_grown_is_read_from_where_it_ended():
    with open(MIXED, "rb") as file:
        lines = file.read().splitlines(keepends=True)
    wanted = replayed(MIXED)
    folder = fresh_folder()
    grown = f"{FOLDER}/grown.ndjson"
    with open(grown, "wb") as file:
        file.writelines(lines[:2000])
    first = posts_of(replay(folder, grown))
    assert first > 1000
    assert posts_of(replay(folder, grown)) == 0
    with open(grown, "ab") as file:
        file.writelines(lines[2000:])
    done = replay(folder, grown)
    assert posts_of(done) > 500 and "resuming from the snapshot" in done.stderr, done
    assert content() == wanted


@case
def a_restart_leaves_no_moment_without_the_boards():
    folder = fresh_folder()
    posts_of(replay(folder, MIXED))
    keys = [key for key in content() if key.startswith((b"cascaded:top:", b"cascaded:user:"))]
    assert len(keys) > 500
    again = processes.start(command(folder, "--stay", MIXED), stdout=subprocess.PIPE, text=True)
    looks = 0
    while not looks or CLIENT.hget("cascaded:meta", "as_of_ms") is None or looks < 20:
        assert CLIENT.exists(*keys) == len(keys)
        looks += 1
    assert again.stdout.readline().startswith("replayed posts=0 ")
    assert CLIENT.exists(*keys) == len(keys)
    again.terminate()
    assert again.wait(PATIENCE) == 0


@case
def a_damaged_snapshot_is_named_and_the_one_before_is_used():
    wanted = replayed(MIXED)
    folder = fresh_folder()
    with open(MIXED, "rb") as file:
        lines = file.read().splitlines(keepends=True)
    part = f"{FOLDER}/part.ndjson"
    for count in (1000, 2000):
        with open(part, "wb") as file:
            file.writelines(lines[:count])
        posts_of(replay(folder, part))
    with open(f"{folder}/snapshot", "r+b") as file:
        file.seek(50000)
        file.write(b"damage")
    with open(part, "wb") as file:
        file.writelines(lines)
    done = replay(folder, part)
    assert posts_of(done) > 1000
    assert done.stderr.count("is not used: it is damaged; it is set aside") == 1, done
    assert os.path.exists(f"{folder}/snapshot.damaged")
    assert content() == wanted


def look_of(folder):
    """What is in the folder, byte for byte."""
    return {path.name: (path.stat().st_ino, path.read_bytes())
            for path in pathlib.Path(folder).iterdir() if path.is_file()}


def two_snapshots():
    folder = fresh_folder()
    whole = posts_of(replay(folder, MIXED))
    assert posts_of(replay(folder, MIXED)) == 0
    assert {"snapshot", "snapshot.previous"} <= set(os.listdir(folder))
    return folder, whole


def refused(folder, exit_code, reason, *arguments, **how):
    before = look_of(folder)
    done = subprocess.run(command(folder, *arguments, MIXED), capture_output=True, timeout=100,
                          check=False, text=True, **how)
    assert done.returncode == exit_code and reason in done.stderr, done
    assert done.stdout == "" and done.stderr.count("\n") == 1, done
    assert look_of(folder) == before, os.listdir(folder)
    return done.stderr


@case
def a_snapshot_of_other_options_is_refused_with_what_would_be_lost():
    folder, whole = two_snapshots()
    for option, name in (("windows=1h", "windows (5m 1h 1d, now 1h)"),
                         ("users.capacity=5000", "users.capacity (2000000, now 5000)"),
                         ("redis.top=7", "redis.top (1000, now 7)")):
        line = refused(folder, 78, name, "-o", option)
        assert f"holds {whole} posts and " in line and " people up to 20" in line, line
        assert "--discard-state" in line, line
    assert posts_of(replay(folder, MIXED)) == 0


@case
def a_discarded_snapshot_is_kept_beside():
    folder, whole = two_snapshots()
    kept = look_of(folder)["snapshot"]
    done = replay(folder, "-o", "windows=1h", "--discard-state", MIXED)
    assert posts_of(done) == whole
    assert done.stderr.count("is set aside as snapshot.discarded-2") == 2, done
    assert CLIENT.exists("cascaded:top:posts:5m") == 0
    assert kept in look_of(folder).values()
    assert posts_of(replay(folder, "-o", "windows=1h", "--discard-state", MIXED)) == 0
    refused(folder, 78, "windows (1h, now 5m 1h 1d)")


@case
def a_start_that_fails_for_want_of_something_leaves_the_snapshots():
    folder, _ = two_snapshots()

    def limit(what, value):
        return lambda: resource.setrlimit(what, (value, value))

    for few in (4, 5, 6, 8, 10, 11, 12, 15):
        refused(folder, 71, "Too many open files", preexec_fn=limit(resource.RLIMIT_NOFILE, few))
    refused(folder, 71, "memory", preexec_fn=limit(resource.RLIMIT_AS, 300 << 20))
    if os.getuid() == 0:
        nobody = {"executable": shutil.copy(CASCADED, FOLDER),
                  "user": 65534, "group": 65534, "extra_groups": []}
        for path in (folder, FOLDER):
            os.chmod(path, 0o755)
        refused(folder, 77, "Permission denied", **nobody)
        os.chmod(folder, 0o777)
        os.chmod(f"{folder}/lock", 0o666)
        refused(folder, 77, "Permission denied", **nobody)
    assert posts_of(replay(folder, MIXED)) == 0


@case
def a_state_that_cannot_be_saved_ends_a_replay_with_74():
    folder = fresh_folder()
    os.mkdir(f"{folder}/snapshot.part")
    done = replay(folder, MIXED)
    assert done.returncode == 74 and done.stdout.startswith("replayed posts="), done
    assert done.stderr.count("the state is not saved") == 1, done
    os.rmdir(f"{folder}/snapshot.part")
    done = subprocess.run(command(folder, MIXED), capture_output=True, timeout=100, check=False,
                          text=True, preexec_fn=lambda: resource.setrlimit(
                              resource.RLIMIT_FSIZE, (100000, 100000)))
    assert done.returncode == 74 and "File too large" in done.stderr, done
    assert os.listdir(folder) == ["lock"]


class Daemon(LiveDaemon):
    """Its only source is at a port where nobody listens."""

    def __init__(self, folder):
        own = pathlib.Path(folder + ".files")
        own.mkdir()
        super().__init__(CASCADED, own,
                         f'redis {{ url = "{SERVER.url}" flush = 20ms }}\n{http_section(own)}'
                         f'state {{ dir = "{folder}" every = 1s }}\n'
                         'source "x" { url = "http://127.0.0.1:9/" }\n')
        self.await_start()

    def value(self, name):
        return self.metric("cascaded_snapshot" + name)


def versions(dice, count, is_v2):
    """Posts of X in up to three versions, in any order, deleted later; lines of one of the wires."""
    timed, posts = [], []
    begin = int(time.time() * 1000) - 60_000
    for n in range(count):
        at = begin + 100 * n
        ids = [str((at + i - 1288834974657) << 22) for i in range(dice.randrange(1, 4))]
        author, quoted = str(100 + dice.randrange(6)), dice.choice([None, *posts])
        named, tag = str(100 + dice.randrange(6)), dice.choice(["tea", "cup"])
        for i, name in enumerate(ids):
            if is_v2:
                line = {"data": {"id": name, "text": "x", "author_id": author,
                                 "created_at": utc(at * 1000), "edit_history_tweet_ids": ids[:i + 1],
                                 "entities": {"mentions": [{"username": "u" + named, "id": named}],
                                              "hashtags": [{"tag": tag}] * (i != 1)}}}
                if quoted:
                    line["data"]["referenced_tweets"] = [{"type": "quoted", "id": quoted}]
            else:
                line = {"id_str": name, "timestamp_ms": str(at), "text": "x",
                        "user": {"id_str": author, "screen_name": "u" + author},
                        "edit_history": {"edit_tweet_ids": ids[:i + 1]},
                        "entities": {"user_mentions": [{"id_str": named, "screen_name": "u" + named}],
                                     "hashtags": [{"text": tag}] * (i != 1)}}
                if quoted:
                    line["quoted_status_id_str"] = quoted
            timed.append((n + 10 * dice.random(), line))
        posts.append(ids[0])
        if dice.random() < 0.3:
            gone = {"id": dice.choice(ids), "author_id": author}
            gone = {"data": {"delete": {"tweet": gone}}} if is_v2 else \
                {"delete": {"status": {"id_str": gone["id"], "user_id_str": author}}}
            timed.append((n + 10 + 10 * dice.random(), gone))
    return [json.dumps(line) for _, line in sorted(timed, key=lambda each: each[0])]


@case
def edits_that_are_sent_again_after_each_kill_count_as_in_an_undisturbed_run():
    for seed, is_v2 in ((SEED, True), (SEED + 1, False)):
        dice = random.Random(seed)
        lines = versions(dice, 60, is_v2)
        found = []
        for kills in (0, 4):
            daemon = Daemon(fresh_folder())
            for kill in range(kills + 1):
                # All from the beginning; of the first ones only a part arrives before a kill.
                part = len(lines) if kill == kills else dice.randrange(20, len(lines))
                answer = daemon.push("\n".join(lines[:part]))
                assert answer.status == 202, answer.text
                if kill < kills:
                    written = daemon.value("s_written_total")
                    if kill % 2:
                        wait("a snapshot", lambda: daemon.value("s_written_total") > written)
                    daemon.kill()
                    daemon.start()
                    daemon.await_start()
            daemon.end()
            found.append({key: value for key, value in content().items()
                          if key.startswith(b"cascaded:top:") and key.endswith((b":1h", b":24h"))})
        assert found[0] == found[1] and len(found[0]) > 3, (seed, found)


@case
def snapshots_that_fail_are_counted_and_logged_once():
    folder = fresh_folder()
    daemon = Daemon(folder)
    wait("a snapshot", lambda: daemon.value("s_written_total") > 0)
    assert abs(daemon.value("_written_timestamp_seconds") - time.time()) < 60
    assert daemon.value("s_failed_total") == daemon.value("_failing") == 0
    while True:
        try:
            os.mkdir(f"{folder}/snapshot.part")
            break
        except FileExistsError:
            time.sleep(0.01)
    wait("three failures", lambda: daemon.value("s_failed_total") > 2)
    assert daemon.value("_failing") == 1
    assert daemon.text().count("the state is not saved") == 1, daemon.text()
    written = daemon.value("s_written_total")
    os.rmdir(f"{folder}/snapshot.part")
    wait("another snapshot", lambda: daemon.value("s_written_total") > written)
    assert daemon.value("_failing") == 0
    assert daemon.text().count("snapshots are written again") == 1, daemon.text()
    daemon.end()


@case
def a_stop_that_cannot_save_the_state_ends_with_74():
    folder = fresh_folder()
    daemon = Daemon(folder)
    shutil.rmtree(folder)
    daemon.end(74)
    staying = processes.start(command(folder, "--stay", MIXED), stdout=subprocess.PIPE, text=True)
    assert staying.stdout.readline().startswith("replayed ")
    wait("a snapshot", lambda: os.path.exists(f"{folder}/snapshot"))
    shutil.rmtree(folder)
    staying.terminate()
    assert staying.wait(PATIENCE) == 74


@case
def a_second_daemon_on_the_same_directory_ends_with_75():
    folder = fresh_folder()
    first = processes.start(command(folder, "--stay", MIXED), stdout=subprocess.PIPE, text=True)
    assert first.stdout.readline().startswith("replayed ")
    done = replay(folder, MIXED)
    assert done.returncode == 75 and done.stdout == "", done
    assert done.stderr.count("\n") == 1 and folder in done.stderr, done
    first.terminate()
    assert first.wait(PATIENCE) == 0


@case
def a_directory_that_cannot_be_made_ends_with_73():
    done = replay("/dev/null/state", MIXED)
    assert done.returncode == 73 and "/dev/null/state" in done.stderr, done
    assert done.stderr.count("\n") == 1, done


@case
def without_a_directory_nothing_is_kept():
    CLIENT.flushall()
    whole = posts_of(replay(None, MIXED))
    assert posts_of(replay(None, MIXED)) == whole


if __name__ == "__main__":
    MIXED = write_sample(FOLDER / "mixed.ndjson", "--format", "mixed", "--posts", "4000",
                         "--seed", "7", "--minutes", "120")
    run_cases()
