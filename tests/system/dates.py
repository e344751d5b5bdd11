#!/usr/bin/env python3
"""Recordings with dates that are wrong: the boards are those of the right dates, and it is said.

    dates.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import redis

from terminal import run_tests

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests" / "oracle"))
from fold_matches_oracle import differences, expected_keys  # noqa: E402
from oracle import Oracle  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
FOLDER = tempfile.TemporaryDirectory()
SOCKET = FOLDER.name + "/redis.sock"
SERVER = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", SOCKET, "--save", "",
                           "--dir", FOLDER.name], stdout=subprocess.DEVNULL)
CLIENT = redis.Redis(unix_socket_path=SOCKET, decode_responses=True)
MARCH, SECOND, HOUR, DAY = 1772442000000, 1000, 3_600_000, 86_400_000
POSTS, PEOPLE = 200, 23
PATIENCE = 120


def recording():
    """Posts every 17 s; every third is a retweet of an earlier one."""
    dice, posts = random.Random(1), []
    for number in range(POSTS):
        post = {"id": f"n:{number}", "time": MARCH + number * 17 * SECOND,
                "author": {"id": f"n:u{number % PEOPLE}", "followers": number % 7}}
        if number % 3 == 2:
            root = dice.randrange(0, number, 3)
            post["retweet_of"] = {"id": f"n:{root}", "author": {"id": f"n:u{root % PEOPLE}"}}
        else:
            post.update(text="tea for @bob #tea")
        posts.append(post)
    return posts


def run(posts, *options, name="-"):
    """Boards, the closing line and what was said."""
    data = "\n".join(json.dumps(post) for post in posts).encode()
    path = name
    if name != "-":
        path = pathlib.Path(FOLDER.name, name)
        path.write_bytes(data)
    CLIENT.flushall()
    done = subprocess.run([CASCADED, "-o", f"redis.url=unix:{SOCKET}", *options, str(path)],
                          input=data if name == "-" else b"", capture_output=True, check=True,
                          timeout=PATIENCE)
    boards = {key: dict(CLIENT.zrange(key, 0, -1, withscores=True))
              for key in CLIENT.scan_iter("cascaded:top:*")}
    return boards, done.stdout.decode(), done.stderr.decode()


def moved(count, posts=POSTS):
    return (f"cascaded: {count} of {posts} posts are dated later than the posts around them and "
            "are counted at the time of those\n")


def a_wrong_date_costs_nothing_but_a_line():
    right, line, said = run(recording(), name="right")
    assert not said and "rejected=0" in line, said
    today = int(time.time() * 1000)
    cases = {"in the middle": {100: today}, "at the start": {0: today}, "at the end": {199: today},
             "an hour": {100: MARCH + 101 * 17 * SECOND + HOUR},
             "five minutes": {120: MARCH + 121 * 17 * SECOND + 300 * SECOND},
             "two together": {100: today, 101: today - DAY},
             "many": {number: today - number * HOUR for number in range(5, POSTS, 13)}}
    for name in ("file", "-"):
        for case, times in cases.items():
            posts = recording()
            for number, wrong in times.items():
                posts[number]["time"] = wrong
            boards, _, said = run(posts, name=name)
            assert said == moved(len(times)), (case, said)
            differ = {key for key in right | boards if right.get(key) != boards.get(key)}
            # One post counts a step earlier or later than it should.
            assert all(key.endswith(":5m") for key in differ), (case, name, [
                (key, right.get(key), boards.get(key)) for key in differ])
            few = boards["cascaded:top:posts:5m"].keys() ^ right["cascaded:top:posts:5m"].keys()
            assert len(few) <= (case == "at the end"), (case, name, few)


def pauses_are_no_wrong_dates():
    dice = random.Random(2)
    for pause in (30 * SECOND, 10 * 60 * SECOND, 5 * HOUR, 9 * DAY):
        posts, now = recording(), MARCH - 8 * 365 * DAY
        for post in posts:
            now += dice.randrange(pause)
            post["time"] = now
        oracle = Oracle(["5m", "1h", "24h"], 1000, 1_000_000, int(time.time() * 1000))
        for post in posts:
            oracle.feed(json.dumps(post))
        boards, _, said = run(posts)
        found = {key.removeprefix("cascaded:"): {member: str(int(score)) for member, score in
                                                 row.items()} for key, row in boards.items()}
        wanted = {key: row for key, row in expected_keys(oracle.content()).items()
                  if key.startswith("top:")}
        wrong = list(differences(found, wanted))
        assert not wrong and not said, (pause, wrong[:5], said)


def times_in_seconds_are_named_once():
    posts = recording()
    for post in posts:
        post["time"] //= 1000
    _, _, said = run(posts)
    assert said.startswith("cascaded: 200 of 200 posts have a time that looks like seconds"), said
    assert said.count("\n") == 1, said


def a_recording_with_the_newest_first_is_named_once():
    posts = recording()
    for post in posts:
        post["time"] = MARCH + (post["time"] - MARCH) * 3
    right, _, said = run(posts)
    assert not said, said
    posts.reverse()
    boards, _, said = run(posts)
    assert said.startswith("cascaded: time runs backwards in 199 of 199 steps"), said
    assert said.count("\n") == 1 and "tac FILE" in said, said
    assert boards["cascaded:top:posts:24h"] == right["cascaded:top:posts:24h"]
    for number, post in enumerate(posts):
        post["time"] = MARCH + DAY * (len(posts) - number)
    _, _, said = run(posts)
    assert said.startswith("cascaded: time runs backwards in 199 of 199 steps"), said
    assert said.count("\n") == 1 and "and 199 posts are in no window" in said, said


def a_backtest_judges_dates_as_a_replay_does():
    posts = recording()
    options = ("--backtest", "-o", "alert.few.min_size=2")
    _, right, said = run(posts, *options, name="right")
    assert not said, said
    posts[100]["time"] = int(time.time() * 1000)
    _, line, said = run(posts, *options, name="wrong")
    assert said == moved(1) and line.split()[:3] == right.split()[:3], (line, said)
    assert "alerts=0" not in line, line
    posts.reverse()
    _, _, said = run(posts, *options, name="newest")
    assert "time runs backwards" in said, said


def a_paced_replay_does_not_wait_for_a_wrong_date():
    posts = recording()
    posts[100]["time"] = int(time.time() * 1000) - DAY
    _, line, said = run(posts, "--speed", "100000", name="paced")
    assert said == moved(1) and line.split()[1:5] == run(recording())[1].split()[1:5], (line, said)


def a_replay_ended_while_a_date_waits_goes_on_with_it():
    posts = recording()
    posts[100]["time"] = int(time.time() * 1000)
    right, _, _ = run(posts, name="whole")
    path = pathlib.Path(FOLDER.name, "grows")
    lines = [json.dumps(post).encode() + b"\n" for post in posts]
    path.write_bytes(b"".join(lines))
    CLIENT.flushall()
    command = [CASCADED, "-o", f"redis.url=unix:{SOCKET}", "-o",
               f"state.dir={FOLDER.name}/grows.state", "--speed", "1", str(path)]
    # Paced as recorded, so that it is ended long before the end.
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + PATIENCE
        while not CLIENT.exists("cascaded:meta"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.terminate()
        assert process.wait(PATIENCE) == 0
    command[command.index("--speed") + 1] = "max"
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE)
    boards = {key: dict(CLIENT.zrange(key, 0, -1, withscores=True))
              for key in CLIENT.scan_iter("cascaded:top:*")}
    assert boards == right


def a_pipe_that_pauses_is_counted_up_to_its_last_post():
    CLIENT.flushall()
    with subprocess.Popen([CASCADED, "-o", f"redis.url=unix:{SOCKET}", "-"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for number, post in enumerate(recording()[:3]):
            post["time"] = MARCH + number * HOUR
            process.stdin.write(json.dumps(post).encode() + b"\n")
            process.stdin.flush()
            deadline = time.monotonic() + PATIENCE
            while (CLIENT.hget("cascaded:meta", "posts") or "0") != str(number + 1):
                assert time.monotonic() < deadline, number
                time.sleep(0.05)
            assert CLIENT.hget("cascaded:meta", "clock_ms") == str(post["time"])
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


if __name__ == "__main__":
    while not os.path.exists(SOCKET):
        time.sleep(0.02)
    try:
        sys.exit(run_tests([a_wrong_date_costs_nothing_but_a_line,
                            pauses_are_no_wrong_dates,
                            times_in_seconds_are_named_once,
                            a_recording_with_the_newest_first_is_named_once,
                            a_backtest_judges_dates_as_a_replay_does,
                            a_paced_replay_does_not_wait_for_a_wrong_date,
                            a_replay_ended_while_a_date_waits_goes_on_with_it,
                            a_pipe_that_pauses_is_counted_up_to_its_last_post]))
    finally:
        SERVER.terminate()
