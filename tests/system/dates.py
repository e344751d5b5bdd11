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
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "tests/lab"), str(ROOT / "tests/oracle")]
import processes  # noqa: E402
from dates import Dates  # noqa: E402
from fold_matches_oracle import differences, expected_keys  # noqa: E402
from oracle import Oracle, time_of  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect(decode_responses=True)
MARCH, SECOND, HOUR, DAY = 1772442000000, 1000, 3_600_000, 86_400_000
POSTS, PEOPLE = 200, 23


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


def run(posts, *options, name="-", code=0):
    """Boards, the closing line and what was said."""
    data = "\n".join(json.dumps(post) for post in posts).encode()
    path = name
    if name != "-":
        path = pathlib.Path(FOLDER, name)
        path.write_bytes(data)
    CLIENT.flushall()
    done = subprocess.run([CASCADED, "-o", f"redis.url={SERVER.url}", *options, str(path)],
                          input=data if name == "-" else b"", capture_output=True, check=False,
                          timeout=PATIENCE)
    assert done.returncode == code, done.stderr
    boards = {key: dict(CLIENT.zrange(key, 0, -1, withscores=True))
              for key in CLIENT.scan_iter("cascaded:top:*")}
    return boards, done.stdout.decode(), done.stderr.decode()


def moved(count, posts=POSTS):
    return (f"cascaded: {count} of {posts} posts are dated later than the posts around them and "
            "are counted at the time of those posts\n")


def check_boards(boards, oracle, what):
    """Whether they are those of the oracle."""
    found = {key.removeprefix("cascaded:"): {member: str(int(score)) for member, score in
                                             row.items()} for key, row in boards.items()}
    wanted = {key: row for key, row in expected_keys(oracle.content()).items()
              if key.startswith("top:")}
    wrong = list(differences(found, wanted))
    assert not wrong, (what, wrong[:5])


def agrees(posts, what):
    """Whether boards and report are those of the oracle; gives its judgement of the dates."""
    wall = int(time.time() * 1000)
    dates = Dates([(time_of(post["time"]), post["author"]["id"]) for post in posts], wall * 1000)
    oracle = Oracle(["5m", "1h", "24h"], 1000, 1_000_000, wall)
    for post, counted in zip(posts, dates.times):
        oracle.feed(json.dumps({**post, "time": counted // 1000}))
    boards, _, said = run(posts)
    check_boards(boards, oracle, (what, said))
    assert int(CLIENT.hget("cascaded:meta", "clock_ms")) == dates.clock // 1000, what
    assert (moved(dates.moved, len(posts)) in said) == bool(dates.moved), (what, said)
    assert (f"{dates.old} of {len(posts)} posts are dated far earlier" in said) == bool(
        dates.old), (what, said)
    return dates


@case
def wrong_dates_of_many_kinds_are_refused():
    end = POSTS - 1
    cases = {"the last by two days": {end: 2 * DAY}, "the last by a month": {end: 30 * DAY},
             "every second": {number: 30 * DAY for number in range(1, POSTS, 2)},
             "every second from the first": {number: 30 * DAY for number in range(0, POSTS, 2)},
             "a bot": {number: 2 * DAY for number in range(POSTS) if number % PEOPLE in (3, 9)},
             "all ways ahead": {number: number * HOUR for number in range(5, POSTS, 4)}}
    for count in (2, 3, 5):
        for first in (0, 1, 7, 15, 16, 90, POSTS - count - 1, POSTS - count):
            cases[f"{count} from {first}"] = {first + i: 2 * DAY for i in range(count)}
    for case, ahead in cases.items():
        posts = recording()
        for number, span in ahead.items():
            posts[number]["time"] += span
        dates = agrees(posts, case)
        assert (dates.moved, dates.old) == (len(ahead), 0), (case, dates.moved, dates.old)
        assert CLIENT.hget("cascaded:meta", "complete") == "0", case
        assert CLIENT.zcard("cascaded:top:posts:5m") > 5, case


@case
def a_first_date_that_is_wrong_fills_no_window():
    right, _, _ = run(recording())
    faults = {"a month old": (MARCH - 30 * DAY, "1 of 200 posts are dated far earlier than all"),
              "of 1970": (0, "1 of 200 posts are dated before 2006"),
              "in the future": (int(time.time() * 1000) + 365 * DAY,
                                "1 of 200 posts are dated in the future"),
              "two days ahead": (MARCH + 2 * DAY, "1 of 200 posts are dated later than")}
    for fault, (date, word) in faults.items():
        posts = recording()
        posts[0]["time"] = date
        agrees(posts, fault)
        boards, _, said = run(posts)
        assert boards == right and said.startswith("cascaded: " + word), (fault, said)
        assert said.count("\n") == 1, said
        assert CLIENT.hget("cascaded:meta", "complete") == "0", fault


@case
def sparse_archives_are_counted_as_they_are_dated():
    for count in (1, 2, 3, 5, 16, 40):
        for step in (HOUR, DAY, 7 * DAY, 40 * DAY):
            posts = recording()[:count]
            for number, post in enumerate(posts):
                post["time"] = MARCH - 9 * 365 * DAY + number * step
            dates = agrees(posts, (count, step))
            assert not dates.moved + dates.old, (count, step)
    posts = recording()  # and a day later one that ends it
    posts[-1]["time"] = MARCH + 25 * HOUR
    assert not agrees(posts, "25 hours").moved


@case
def random_dates_count_as_in_the_oracle():
    for seed in range(40):
        dice = random.Random(seed)
        posts, now = recording(), MARCH - 8 * 365 * DAY
        pause = dice.choice((SECOND, 30 * SECOND, 10 * 60 * SECOND, 5 * HOUR, 9 * DAY))
        chance = dice.choice((0, 0.01, 0.05, 0.3))
        for post in posts:
            now += dice.randrange(pause)
            post["time"] = now
            kind = dice.random()
            if kind < chance:
                post["time"] += dice.choice((1, -1)) * dice.randrange(dice.choice(
                    (10 * 60 * SECOND, HOUR, 3 * DAY, 300 * DAY)))
            elif kind < 1.1 * chance:
                post["time"] = dice.choice((0, now // 1000, now * 1000, now * 3))
        kind = dice.random()
        if kind < 0.1:
            posts.reverse()
        elif kind < 0.2:
            dice.shuffle(posts)
        first = dice.choice((0, dice.randrange(POSTS)))
        for post in posts[first:first + dice.choice((0, 1, 5, 30))]:
            post["time"] += dice.choice((HOUR, 2 * DAY))
        agrees(posts, seed)


@case
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


@case
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
        check_boards(boards, oracle, (pause, said))
        assert not said, (pause, said)


def jetstream(factor):
    """The posts of the recording, their times multiplied, as Jetstream has them."""
    return [{"did": f"did:plc:u{number % PEOPLE}", "kind": "commit",
             "time_us": int(post["time"] * 1000 * factor),
             "commit": {"operation": "create", "collection": "app.bsky.feed.post",
                        "rkey": f"3k{number}",
                        "record": {"$type": "app.bsky.feed.post", "text": "tea"}}}
            for number, post in enumerate(recording())]


def statuses(factor):
    """The same as X v1.1 has them."""
    return [{"id_str": str(2000 + number), "text": "tea",
             "timestamp_ms": str(int(post["time"] * factor)),
             "user": {"id_str": str(number % PEOPLE + 1), "screen_name": f"u{number % PEOPLE}"}}
            for number, post in enumerate(recording())]


@case
def times_in_another_unit_are_named_once():
    def native(factor):
        return [{**post, "time": int(post["time"] * factor)} for post in recording()]
    cases = {"seconds": [native(1 / 1000), statuses(1 / 1000), jetstream(1 / 1000_000)],
             "milliseconds": [jetstream(1 / 1000)],
             "microseconds": [native(1000), statuses(1000)],
             "nanoseconds": [jetstream(1000)]}
    for unit, streams in cases.items():
        for posts in streams:
            for number, post in enumerate(posts):  # most are no whole ones of a coarser unit
                post["time_us"] = post.get("time_us", 0) + (number if unit != "seconds" else 0)
            _, _, said = run(posts)
            assert said.startswith(f"cascaded: 200 of 200 posts have a time that looks like {unit} "
                                   "and are counted in every window, because no post has a date; "), said
            assert said.count("\n") == 1, said
    for posts in (native(1000_000), statuses(1000_000)):
        _, line, said = run(posts, code=65)
        assert "rejected=200" in line and "a time that cannot be read" in said, said
        assert said.count("\n") == 1, said


def iso(date):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(date // 1000)) + f".{date % 1000:03}Z"


def root_in_each_format(root_ms, ms):
    """A reshare and its root with these times: the key of the root's cascade and the message."""
    user = {"id_str": "5", "screen_name": "ann"}
    account = {"id": "1", "username": "ann", "acct": "ann", "url": "https://a.example/@ann",
               "uri": "https://a.example/users/ann"}
    status = {"id": "1", "uri": "https://a.example/1", "content": "tea", "spoiler_text": "",
              "account": account, "reblog": None, "created_at": iso(root_ms)}
    other = {**account, "id": "2", "username": "bob", "acct": "bob",
             "url": "https://a.example/@bob", "uri": "https://a.example/users/bob"}
    tweets = [{"id": "10", "text": "tea", "author_id": "5", "created_at": iso(root_ms)},
              {"id": "11", "text": "RT @ann: tea", "author_id": "6", "created_at": iso(ms),
               "referenced_tweets": [{"type": "retweeted", "id": "10"}]}]
    yield "n:1", {"id": "n:2", "time": ms, "author": {"id": "n:bob"}, "retweet_of": {
        "id": "n:1", "time": root_ms, "author": {"id": "n:ann"}}}
    yield "n:1", {"id": "n:2", "time": ms, "author": {"id": "n:bob"}, "text": "", "quote_of": {
        "id": "n:1", "time": root_ms, "author": {"id": "n:ann"}}}
    yield "x:10", {"id_str": "11", "text": "RT", "timestamp_ms": str(ms), "user": {
        "id_str": "6", "screen_name": "bob"}, "retweeted_status": {
            "id_str": "10", "text": "tea", "user": user, "created_at": time.strftime(
                "%a %b %d %H:%M:%S +0000 %Y", time.gmtime(root_ms // 1000))}}
    yield "x:10", {"data": tweets[1], "includes": {"tweets": [tweets[0]]}}
    yield "masto:https://a.example/1", {
        **status, "id": "2", "uri": "https://a.example/2", "account": other,
        "created_at": iso(ms), "reblog": status}


@case
def a_root_is_no_later_than_its_reshare():
    for root_ms, wanted in ((MARCH - HOUR, MARCH - HOUR), (MARCH + 2 * DAY, MARCH),
                            (MARCH // 1000 * 1000 // 1000, None)):
        for key, message in root_in_each_format(root_ms, MARCH):
            run([message])
            found = CLIENT.hgetall("cascaded:cascade:" + key)
            assert found["size"] == "1", (key, found)
            assert found.get("created_ms") == (str(wanted) if wanted else None), (key, root_ms,
                                                                                  found)
            if "time" in message:
                oracle = Oracle()
                oracle.feed(json.dumps(message))
                root = oracle.content()["cascades"][key]
                assert root.get("created_ms") == found.get("created_ms"), (key, root)


@case
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


def tweets():
    """Roots, a quote of each and two retweets of that; through the quote its root gains influence.
    Two and two have the same time."""
    for number in range(POSTS):
        at = number % 4
        kind, of = [(None, 0), ("quoted", number - 1)][at] if at < 2 else ("retweeted",
                                                                          number - at + 1)
        refs = {"referenced_tweets": [{"type": kind, "id": str(10 + of)}]} if kind else {}
        yield {"id": str(10 + number), "author_id": str(1000 + number % PEOPLE), "text": "tea #tea",
               "created_at": iso(MARCH + number // 2 * SECOND), **refs}


def search_page(some):
    """What a search of X answers: the newest first, with the posts that they point at."""
    named = {ref["id"] for tweet in some for ref in tweet.get("referenced_tweets", [])}
    included = [{key: tweet[key] for key in ("id", "author_id", "text", "created_at")}
                for tweet in tweets() if tweet["id"] in named]
    return {"data": some[::-1], "includes": {"tweets": included}}


@case
def pages_with_the_newest_first_count_as_if_sorted():
    some = list(tweets())
    right, _, said = run([search_page([tweet]) for tweet in some])
    assert not said and len(right["cascaded:top:influence:1h"]) > 5, (said, right)
    boards, _, said = run([search_page(some)])
    assert boards == right and not said, said
    pages = [search_page(some[at:at + 38]) for at in range(0, POSTS, 38)]
    boards, _, said = run(pages)
    assert boards == right and not said, said
    # The pages come newest first as well: that is said, and what is to be done helps.
    boards, _, said = run(pages[::-1])
    assert said.startswith("cascaded: time runs backwards in 5 of 5 steps from message to"), said
    assert said.count("\n") == 1 and boards != right, said
    assert "tac FILE > SORTED" in said and "jq -c '.[]' FILE | tac > SORTED" in said, said
    lines = "".join(json.dumps(page) + "\n" for page in pages[::-1]).encode()
    turned = subprocess.run(["tac"], input=lines, check=True, stdout=subprocess.PIPE).stdout
    boards, _, said = run([json.loads(line) for line in turned.splitlines()])
    assert boards == right and not said, said


@case
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


@case
def a_paced_replay_does_not_wait_for_a_wrong_date():
    posts = recording()
    posts[100]["time"] = int(time.time() * 1000) - DAY
    _, line, said = run(posts, "--speed", "100000", name="paced")
    assert said == moved(1) and line.split()[1:5] == run(recording())[1].split()[1:5], (line, said)


@case
def a_replay_ended_while_a_date_waits_resumes_with_it():
    posts = recording()
    posts[100]["time"] = int(time.time() * 1000)
    right, _, _ = run(posts, name="whole")
    path = pathlib.Path(FOLDER, "grows")
    lines = [json.dumps(post).encode() + b"\n" for post in posts]
    path.write_bytes(b"".join(lines))
    CLIENT.flushall()
    command = [CASCADED, "-o", f"redis.url={SERVER.url}", "-o",
               f"state.dir={FOLDER}/grows.state", "--speed", "1", str(path)]
    # Paced as recorded, so that it is ended long before the end.
    with processes.start(command, stdout=subprocess.DEVNULL) as process:
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


def clocks_of_a_slow_pipe(times):
    """The daemon's clock after each of these times, each awaited."""
    CLIENT.flushall()
    with processes.start([CASCADED, "-o", f"redis.url={SERVER.url}", "-"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for number, (post, date) in enumerate(zip(recording(), times)):
            post["time"] = date
            process.stdin.write(json.dumps(post).encode() + b"\n")
            process.stdin.flush()
            deadline = time.monotonic() + PATIENCE
            while (CLIENT.hget("cascaded:meta", "posts") or "0") != str(number + 1):
                assert time.monotonic() < deadline, number
                time.sleep(0.05)
            yield int(CLIENT.hget("cascaded:meta", "clock_ms"))
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


@case
def a_pipe_that_pauses_is_counted_up_to_its_last_post():
    times = [MARCH + number * HOUR for number in range(3)]
    assert list(clocks_of_a_slow_pipe(times)) == times


@case
def a_pause_of_a_slow_pipe_is_accepted_with_its_eighth_post():
    before = [MARCH + number * SECOND for number in range(16)]
    after = [MARCH + 3 * DAY + number * SECOND for number in range(9)]
    found = list(clocks_of_a_slow_pipe(before + after))
    assert found == before + [before[-1]] * 7 + after[7:], found


if __name__ == "__main__":
    run_cases()
