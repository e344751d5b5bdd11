#!/usr/bin/env python3
"""cascadectl campaign and cascadectl outreach on a real Redis with keys written by hand: what they
show, what they never show, and the marks they write."""
# tests/run: beside others
import contextlib
import csv
import io
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from terminal import HOSTILE, hostile  # noqa: E402

CASCADECTL = os.path.join(os.environ["BUILD"], "cascadectl")
READS = {"hmget", "hgetall", "zrevrange", "exists", "scan", "select"}
CLOCK = 1772452800000
FIGURES = {"posts": 1204, "people": 900, "new_people": 80, "known_people": 12, "retweets": 33,
           "quotes": 4, "replies": 5, "reach": 123456, "carried": 21, "translated": 3,
           "cascades": 6, "rival_posts": 796, "share": "0.6020"}
BOARDS = "posts retweets quotes replies reach influence carried translated".split()
INVISIBLE = {"U+200B", "U+FEFF", "U+E0041", "U+E0042"}  # harmless, and data for programs
WHY = "21 people came through 3 of 4 reshares; no customer; 120 followers"


@contextlib.contextmanager
def private_redis():
    server = RedisServer()
    yield server.client, server.url


def fill(client, name="cup", prefix="cascaded:", people=20):
    """A campaign of which the people have the HOSTILE names."""
    pipe = client.pipeline()
    head = f"{prefix}campaign:{name}"
    pipe.hset(prefix + "meta", mapping={"clock_ms": CLOCK, "posts": 5, "complete": 1})
    for window in ("1h", "24h", "5m"):
        pipe.hset(head, mapping={f"{field}:{window}": value for field, value in FIGURES.items()})
    for i in range(people):
        called = HOSTILE[i] if i < len(HOSTILE) else f"user{i}"
        for board in BOARDS:
            pipe.zadd(f"{head}:top:{board}:1h", {f"app:u{i}": 100 - i})
        pipe.zadd(f"{head}:top:hashtags:1h", {f"tag{i}{called}": 100 - i})
        pipe.zadd(f"{head}:top:cascades:1h", {f"app:p{i}": 100 - i})
        pipe.zadd(f"{head}:outreach", {f"app:u{i}": 100.5 - i})
        pipe.hset(f"{head}:outreach:app:u{i}", mapping={
            "people": 100.5 - i, "acts": 4, "rate": 5.25, "next": 25.5, "known": i % 2,
            "followers": 120, "last_ms": CLOCK, "why": f"{WHY} {called}"})
        pipe.hset(f"{prefix}user:app:u{i}", mapping={"handle": called, "name": called})
        pipe.hset(f"{prefix}cascade:app:p{i}", mapping={"handle": called, "text": called + " text"})
    pipe.execute()


def run(url, *words):
    return subprocess.run([CASCADECTL, "-r", url, *words], capture_output=True, check=False)


def shown(url, *words):
    ended = run(url, *words)
    assert ended.returncode == 0 and not ended.stderr, ended
    return ended.stdout.decode()


def refused(url, *words):
    ended = run(url, *words)
    assert ended.returncode == 66 and ended.stderr.count(b"\n") == 1, ended
    return ended.stderr.decode()


def entries(url, *words):
    return json.loads(shown(url, "outreach", "cup", "--json", *words))["entries"]


# ── campaign ─────────────────────────────────────────────────────────────────

@case
def one_screen_has_figures_share_boards_and_people():
    with private_redis() as (client, url):
        fill(client)
        text = shown(url, "campaign", "cup")
        lines = text.splitlines()
        assert lines[0].startswith("campaign cup ") and lines[0].endswith("12:00:00.000Z"), lines
        table = {line.split()[0]: line.split()[1:] for line in lines[2:16]}
        assert lines[2].split() == ["5m", "1h", "24h"], lines
        assert table["new_people"] == ["80"] * 3 and table["reach"] == ["123,456"] * 3, table
        assert lines[15].split() == ["share", "of", "voice"] + ["60.2", "%"] * 3, lines
        assert "\nLast 1h\n" in text
        for title in ("Carried", "Influence", "Reach", "Hashtags", "Cascades", "Translated"):
            assert title in text, title
        assert "  1 @plain" in text and "  4 @c1" not in text
        assert text.count(WHY[:20]) == 3
        assert "  4 @" in shown(url, "campaign", "cup", "--rows", "4")
        assert "@plain" not in shown(url, "campaign", "cup", "-w", "5m").split("Whom to talk")[0]


@case
def a_campaign_as_json_has_numbers_as_numbers():
    with private_redis() as (client, url):
        fill(client)
        found = json.loads(shown(url, "campaign", "cup", "--json", "--rows", "2"))
        assert found["campaign"] == "cup" and found["clock_ms"] == CLOCK and found["complete"] == 1
        assert found["posts:24h"] == 1204 and found["share:5m"] == 0.602, found
        assert found["window"] == "1h" and "mentions" not in found["boards"], found
        assert found["boards"]["carried"] == [
            {"rank": 1, "id": "app:u0", "value": 100, "handle": "plain"},
            {"rank": 2, "id": "app:u1", "value": 99, "handle": HOSTILE[1]}], found["boards"]
        assert found["boards"]["cascades"][0]["text"] == "plain text"
        assert [person["id"] for person in found["outreach"]] == ["app:u0", "app:u1"]


@case
def campaigns_are_listed_by_name():
    with private_redis() as (client, url):
        assert shown(url, "campaign") == "no campaign has keys in Redis\n"
        assert json.loads(shown(url, "campaign", "--json")) == {"campaigns": []}
        for name in ("tea", "cup", "a-b_c"):
            fill(client, name, people=2)
        client.hset("cascaded:campaign:quiet:done", "app:u1", CLOCK)
        client.set("other:campaign:no:more", 1)
        client.set("cascaded:campaignings", 1)
        assert shown(url, "campaign").splitlines() == [
            f"{name}: 1,204 posts, 900 people, 80 new_people, last 24h"
            for name in ("a-b_c", "cup")] + ["quiet: nothing is counted in any window"] + [
            "tea: 1,204 posts, 900 people, 80 new_people, last 24h"]
        listed = json.loads(shown(url, "campaign", "--json"))["campaigns"]
        assert [campaign["campaign"] for campaign in listed] == ["a-b_c", "cup", "quiet", "tea"]
        assert listed[1]["people:1h"] == 900
        # Characters that have a meaning in patterns have none in the prefix.
        fill(client, "cup", "we?rd[*]:", people=1)
        fill(client, "hat", "weXrd[*]:", people=1)
        assert shown(url, "-p", "we?rd[*]:", "campaign").startswith("cup: 1,204 posts")


@case
def an_empty_campaign_is_shown_and_an_unknown_one_is_named():
    with private_redis() as (client, url):
        assert 'no campaign "cup" in Redis: it is not in the configuration' in refused(
            url, "campaign", "cup")
        client.hset("cascaded:campaign:cup:done", "app:u1", CLOCK)
        assert "nothing is counted in any window" in shown(url, "campaign", "cup")
        assert json.loads(shown(url, "campaign", "cup", "--json"))["outreach"] == []
        assert shown(url, "outreach", "cup") == 'the outreach list of campaign "cup" is empty\n'
        assert entries(url) == []
        assert len(shown(url, "outreach", "cup", "--csv").splitlines()) == 1
        for command in ("campaign", "outreach"):
            assert 'no campaign "cpu" in Redis; did you mean "cup"?' in refused(url, command, "cpu")
            for name in ("teapot", "", "cup:done", "*", "e\x1b[31m" * 9):
                said = refused(url, command, name)
                assert "no campaign" in said and not hostile(said), said
        assert "did you mean" in refused(url, "outreach", "cap", "done", "app:u1")


# ── outreach ─────────────────────────────────────────────────────────────────

@case
def people_are_listed_with_their_reasons():
    with private_redis() as (client, url):
        fill(client)
        lines = shown(url, "outreach", "cup").splitlines()
        assert lines[0].split() == ["people", "known", "done", "who", "why"], lines
        assert lines[1].split()[:5] == ["1", "100.5", "@plain", "21", "people"], lines
        assert lines[2].split()[:3] == ["2", "99.5", "yes"], lines
        assert len(lines) == 22 and "observed" in lines[-1], lines
        assert len(shown(url, "outreach", "cup", "-n", "5").splitlines()) == 7
        first = entries(url)[0]
        assert first == {
            "rank": 1, "id": "app:u0", "value": 100.5, "handle": "plain", "name": "plain",
            "people": 100.5, "acts": 4, "rate": 5.25, "next": 25.5, "known": 0, "followers": 120,
            "last_ms": CLOCK, "why": f"{WHY} plain"}, first
        assert [entry["rank"] for entry in entries(url, "-n", "3")] == [1, 2, 3]


@case
def among_equals_the_greatest_next_comes_first():
    with private_redis() as (client, url):
        fill(client)
        for number, likely in ((2, 11.25), (3, 7.5), (4, 9.75)):
            client.zadd("cascaded:campaign:cup:outreach", {f"app:u{number}": 300})
            client.hset(f"cascaded:campaign:cup:outreach:app:u{number}", "next", likely)
        assert [entry["id"] for entry in entries(url, "-n", "2")] == ["app:u2", "app:u4"]
        assert [entry["id"] for entry in entries(url)][:4] == ["app:u2", "app:u4", "app:u3", "app:u0"]


@case
def no_hostile_character_is_ever_written():
    with private_redis() as (client, url):
        fill(client)
        client.hset("cascaded:campaign:cup:outreach:app:u3", "why", b"\xff\xfe\x1b[31m\n")
        for words in (["campaign", "cup"], ["campaign"], ["outreach", "cup"],
                      ["outreach", "cup", "--csv"], ["outreach", "cup", "--json"],
                      ["campaign", "cup", "--json", "-n", "20"], ["outreach", "cup", "done", "app:u1"],
                      ["outreach", "cup", "undo", "app:u1"]):
            found = set(hostile(shown(url, *words)))
            assert found <= (INVISIBLE if "--json" in words else set()), (words, found)


@case
def no_cell_of_the_csv_is_a_formula():
    with private_redis() as (client, url):
        fill(client, people=0)
        names = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", 'a"b,c', "line\nbreak", "-7"]
        for i, name in enumerate(names):
            client.zadd("cascaded:campaign:cup:outreach", {f"={i}": 100 - i})
            client.hset(f"cascaded:campaign:cup:outreach:={i}", mapping={"why": name, "acts": 2})
            client.hset(f"cascaded:user:={i}", mapping={"handle": name, "name": name})
        rows = list(csv.DictReader(io.StringIO(shown(url, "outreach", "cup", "--csv"))))
        assert [row["id"] for row in rows] == [f"'={i}" for i in range(len(names))], rows
        for row in rows:
            for value in row.values():
                assert not value or value[0] not in "=+-@\t\r" or value == "-7", row
        assert rows[0]["why"] == "'=1+1" and rows[6]["handle"] == 'a"b,c' and rows[0]["acts"] == "2"
        assert rows[7]["name"] == "line break", rows[7]


@case
def marks_are_kept_when_the_list_is_written_again():
    with private_redis() as (client, url):
        fill(client)
        client.hset("cascaded:user:app:u5", mapping={"handle": "Ärger"})
        before = int(time.time() * 1000)
        assert shown(url, "outreach", "cup", "done", "@ÄRGER") == "marked as done: @Ärger (app:u5)\n"
        mark = int(client.hget("cascaded:campaign:cup:done", "app:u5"))
        assert before <= mark <= time.time() * 1000
        assert int(client.hget("cascaded:campaign:cup:outreach:app:u5", "done_ms")) == mark
        assert [entry.get("done_ms") for entry in entries(url)[4:7]] == [None, mark, None]
        today = time.strftime("%Y-%m-%d", time.gmtime(mark / 1000))
        assert shown(url, "outreach", "cup").splitlines()[6].split()[2:4] == ["yes", today]
        # The daemon writes the list again, and without the person.
        client.delete("cascaded:campaign:cup:outreach:app:u5")
        client.zrem("cascaded:campaign:cup:outreach", "app:u5")
        assert len(entries(url)) == 19
        assert "app:u5 is not on the list" in refused(url, "outreach", "cup", "done", "app:u5")
        fill(client)
        assert entries(url)[5]["done_ms"] == mark
        assert shown(url, "outreach", "cup", "undo", "@app:user5".replace("user5", HOSTILE[5])) == (
            "no longer marked as done: @" "zerowidth (app:u5)\n")
        assert not client.exists("cascaded:campaign:cup:done")
        assert not client.hexists("cascaded:campaign:cup:outreach:app:u5", "done_ms")
        assert "app:u5 is not marked" in refused(url, "outreach", "cup", "undo", "app:u5")


@case
def a_mark_of_a_person_who_left_the_list_can_be_taken_back():
    with private_redis() as (client, url):
        fill(client)
        client.hset("cascaded:campaign:cup:done", "app:gone", CLOCK)
        shown(url, "outreach", "cup", "undo", "app:gone")
        assert not client.exists("cascaded:campaign:cup:outreach:app:gone")
        assert not client.exists("cascaded:campaign:cup:done")


@case
def a_person_is_named_by_id_or_handle_and_never_guessed():
    with private_redis() as (client, url):
        fill(client, people=3)
        for name, handle in (("x:1", "ann"), ("bsky:did:plc:a", "ann"), ("x:@joe", None)):
            client.zadd("cascaded:campaign:cup:outreach", {name: 1})
            if handle:
                client.hset(f"cascaded:user:{name}", "handle", handle)
        said = refused(url, "outreach", "cup", "done", "@ann")
        assert "more than one person" in said and "x:1" in said and "bsky:did:plc:a" in said, said
        for who, name in (("@x:ann", "x:1"), ("@bsky:Ann", "bsky:did:plc:a"), ("@joe", "x:@joe"),
                          ("x:@joe", "x:@joe")):
            assert f"({name})" in shown(url, "outreach", "cup", "done", who), who
            assert client.hexists("cascaded:campaign:cup:done", name)
        assert "did you mean @plain?" in refused(url, "outreach", "cup", "done", "@plian")
        assert 'no person of the list is "x:999"' in refused(url, "outreach", "cup", "done", "x:999")
        assert client.hlen("cascaded:campaign:cup:done") == 3


# ── how they end ─────────────────────────────────────────────────────────────

@case
def only_marks_are_written():
    with private_redis() as (client, url):
        fill(client)
        client.config_resetstat()
        for words in (["campaign"], ["campaign", "cup"], ["campaign", "cup", "--json"],
                      ["outreach", "cup"], ["outreach", "cup", "--csv"]):
            shown(url, *words)
        sent = {name.removeprefix("cmdstat_") for name in client.info("commandstats")}
        assert sent - {"info", "config|resetstat"} <= READS, sent
        keys = set(client.keys())
        shown(url, "outreach", "cup", "done", "app:u1")
        assert set(client.keys()) - keys == {b"cascaded:campaign:cup:done"}


@case
def every_failure_has_its_exit_code_and_one_clear_line():
    with private_redis() as (client, url):
        fill(client)
        client.set("cascaded:campaign:bad", "of another type")
        for code, words, said in (
                (64, ["outreach"], b"give one campaign"),
                (64, ["outreach", "cup", "done"], b"give one campaign, and done or undo"),
                (64, ["outreach", "cup", "did", "@ann"], b"done or undo"),
                (64, ["outreach", "cup", "done", "@ann", "@bob"], b"done or undo"),
                (64, ["campaign", "cup", "tea"], b"at most one campaign"),
                (64, ["campaign", "cup", "--csv"], b"--csv is for outreach"),
                (64, ["outreach", "cup", "--csv", "--json"], b"--csv or --json"),
                (69, ["campaign", "bad"], b"WRONGTYPE"), (69, ["campaign"], b"WRONGTYPE")):
            ended = run(url, *words)
            assert ended.returncode == code and said in ended.stderr, (words, ended)
            assert ended.stderr.count(b"\n") <= 2, ended


run_cases()
