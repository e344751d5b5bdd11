#!/usr/bin/env python3
"""Bad input costs exactly itself: every case stands between good posts, and Redis must hold the
good ones afterwards, no more and no less.

    bad_input.py        (BUILD and RELEASE name the folders of the builds)
"""
# tests/run: beside others
import json
import math
import os
import pathlib
import random
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "tests/lab"), str(ROOT / "tests/oracle")]
from fold_matches_oracle import differences, expected_keys  # noqa: E402
from oracle import Oracle  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
FAST = os.path.join(os.environ["RELEASE"], "cascaded")  # for what is long
SUITE = ROOT.parent / "shared" / "corpus" / "json-bad"
SEED = 20261125
GOOD = 2  # posts around each case
BASE = {"id": "n:bad", "time": "2026-03-02T09:00:01Z", "author": {"id": "n:eve"}}


def good(number):
    return json.dumps({"id": f"n:good{number}", "time": f"2026-03-02T09:00:0{number}Z",
                       "author": {"id": "n:ann"}, "mentions": [{"id": "n:bob"}]}).encode()


SERVER = RedisServer()
CLIENT = SERVER.connect(decode_responses=True)


def run(data, *options, program=CASCADED):
    """Exit code, figures of the closing line, messages."""
    CLIENT.flushall()
    done = subprocess.run([program, "-o", f"redis.url={SERVER.url}", *options, "-"],
                          input=data, capture_output=True, timeout=300, check=False)
    figures = dict(re.findall(rb"(\w+)=(\d+)", done.stdout))
    return done.returncode, {k.decode(): int(v) for k, v in figures.items()}, done.stderr


def board(name):
    return dict(CLIENT.zrange(f"cascaded:top:{name}:24h", 0, -1, withscores=True))


def check(line, posts=0, rejected=0, end=b"\n"):
    """One line between two good ones: what it may add to the figures."""
    code, figures, _ = run(good(1) + b"\n" + line + b"\n" + good(2) + end)
    assert code == 0, (line[:80], code)
    assert figures["posts"] == GOOD + posts, (line[:80], figures)
    assert figures["rejected"] == rejected, (line[:80], figures)
    assert board("mentions").get("n:bob") == GOOD, (line[:80], board("mentions"))
    assert board("posts").get("n:ann") == GOOD, line[:80]


def native(**fields):
    return json.dumps({**BASE, **fields}).encode()


@case
def broken_json_costs_its_line():
    for line in (b"{", b"nonsense", b"{\"id\":", native()[:-5], b"[1,2", b"{\"a\":1}}", b"\"text\"",
                 native() + b" x", b"{\"id\":\"n:bad\",\"id\":\"n:worse\"}"):
        check(line, rejected=1)


@case
def a_wrong_type_in_a_vital_field_costs_its_line():
    fields = {"id": 1.5, "time": "soon", "author": "ann", "retweet_of": "n:1",
              "quote_of": 5, "reply_to": True, "deleted": "yes"}
    for name, value in fields.items():
        check(native(**{name: value}), rejected=1)
    check(native(author={"id": 1.5}), rejected=1)


@case
def a_wrong_type_anywhere_else_costs_only_that_detail():
    for name, value in {"text": 7, "lang": [], "mentions": {}, "hashtags": "tea",
                        "via": {}}.items():
        check(native(**{name: value}), posts=1)
    for author in ({"id": "n:e", "followers": "many"}, {"id": "n:e", "handle": 3}):
        check(native(author=author), posts=1)
    check(native(mentions=[{"id": "n:bob"}, 7, {"id": {}}][1:]), posts=1)


@case
def an_impossible_number_of_followers_is_unknown():
    for followers in (b"1e400", b"-1", b"1099511627776"):
        check(native().replace(b"\"id\": \"n:eve\"",
                               b"\"id\":\"n:eve\",\"followers\":" + followers), posts=1)
        assert not CLIENT.hexists("cascaded:user:n:eve", "followers")


@case
def deep_nesting_costs_its_line():
    check(native()[:-1] + b",\"x\":" + b"[" * 10000 + b"]" * 10000 + b"}", rejected=1)


@case
def a_line_of_100_megabytes_costs_its_line():
    check(b"{\"id\":\"" + b"x" * 100_000_000 + b"\"}", rejected=1)


@case
def bytes_that_are_no_text_cost_their_line():
    check(native().replace(b"n:eve", b"n:\xff\xfe"), rejected=1)
    check(native(text="x").replace(b"\"x\"", b"\"\\ud800\""), posts=1)
    check(native(id="x").replace(b"\"x\"", b"\"\\ud800\""), rejected=1)
    check(native().replace(b"n:eve", b"n:e\0e"), rejected=1)


@case
def a_nul_escape_in_a_text_is_text():
    check(native(text="a\0b"), posts=1)


@case
def a_last_line_without_its_end_counts_if_it_is_whole():
    check(b"", end=b"")
    code, figures, _ = run(good(1) + b"\n" + good(2) + b"\n" + native()[:-9])
    assert (code, figures["posts"], figures["rejected"]) == (0, GOOD, 1), figures


@case
def ids_beyond_their_limit_cost_their_line():
    check(native(id="n:" + "x" * 10000), rejected=1)
    check(native(author={"id": "n:" + "x" * 10000}), rejected=1)


@case
def of_a_list_beyond_its_limit_the_first_elements_count():
    check(native(mentions=[{"id": f"n:{i}"} for i in range(50000)]), posts=1)
    found = [number for number in range(50000)
             if CLIENT.zscore("cascaded:top:mentions:24h", f"n:{number}")]
    assert found and found[-1] < 10000, (len(found), found[-1:])


def x2_post(number, **more):
    return {"id": str(1534359106945003520 + number), "author_id": "11", "text": "tea @ann",
            "created_at": "2026-03-02T09:00:01.000Z", **more}


@case
def one_bad_post_costs_no_other_post_of_its_message():
    deep = json.loads("[" * 90 + "]" * 90)
    bad = {"too_deep": {"x": deep}, "value": {"referenced_tweets": "none"}, "time": {}}
    for reason, more in bad.items():
        posts = [x2_post(number) for number in range(9)]
        posts[4].update(more or {"id": "7", "created_at": "whenever"})
        page = {"data": posts, "includes": {"users": [{"id": "11", "username": "eve"}]}}
        for line in (json.dumps(page), json.dumps([{"data": post} for post in posts])):
            check(line.encode(), posts=8, rejected=1)
            assert board("posts")["x:11"] == 8
        _, _, said = run(json.dumps(page).encode() + b"\n" + good(1) + b"\n")
        assert said.count(f":1: refused: {reason} (the first of its kind)".encode()) == 1, said


@case
def a_page_of_500_long_posts_is_one_message():
    users, posts = [], []
    for number in range(1, 501):
        users.append({"id": str(number), "username": f"u{number}", "description": "d" * 2000})
        posts.append(x2_post(number, author_id=str(number), text="long " * 300 + "@ann"))
    page = json.dumps({"data": posts, "includes": {"users": users}}).encode()
    assert len(page) > 1_500_000, len(page)
    check(page, posts=500)
    assert board("mentions")["x:@ann"] == 500


@case
def a_bad_include_costs_no_post_of_its_page():
    deep = json.loads("[" * 90 + "]" * 90)
    users = [{"id": "11", "username": "eve"}, {"id": "12", "username": "fay", "x": deep}]
    page = {"data": [x2_post(1), x2_post(2, author_id="12")],
            "includes": {"users": users, "places": [deep]}, "errors": [deep], "meta": {"x": deep}}
    check(json.dumps(page).encode(), posts=2)
    assert board("posts")["x:11"] == board("posts")["x:12"] == 1
    assert CLIENT.hget("cascaded:user:x:11", "handle") == "eve"


@case
def a_key_twice_costs_only_its_value():
    check(native(lang="en", text="x")[:-1] + b",\"lang\":\"de\",\"text\":\"@bob\"}", posts=1)
    assert board("mentions")["n:@bob"] == 1
    for key in (b"id", b"time", b"author"):
        check(native()[:-1] + b",\"" + key + b"\":\"n:bad\"}", rejected=1)


@case
def unbelievable_dates_count_at_the_current_clock():
    for date in ("1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z"):
        check(native(time=date), posts=1)
        assert board("posts")["n:eve"] == 1
        assert CLIENT.hget("cascaded:meta", "clock_ms") == "1772442002000"


@case
def naming_oneself_is_not_counted():
    check(native(mentions=[{"id": "n:eve"}]), posts=1)
    assert "n:eve" not in board("mentions")
    check(native(retweet_of={"id": "n:own", "author": {"id": "n:eve"}}), posts=1)
    assert not board("retweets") and not board("influence") and not board("cascades")
    check(native(retweet_of={"id": "n:bad", "author": {"id": "n:ann"}}), rejected=1)


@case
def quotes_in_a_circle_end():
    circle = [native(id=f"n:c{i}", author={"id": f"n:a{i}"},
                     quote_of={"id": f"n:c{(i + 1) % 3}", "author": {"id": f"n:a{(i + 1) % 3}"}})
              for i in range(3)]
    check(b"\n".join(circle), posts=3)
    assert CLIENT.hget("cascaded:cascade:n:c1", "size") is not None


def junk():
    """Six posts of one author, carried in ways that nobody carries posts, in disorder."""
    dice = random.Random(SEED)
    start = 1772442000000
    carried = {root: [] for root in "abcdef"}

    def carry(root, actor, time_ms, followers, **more):
        kind = more.pop("kind", "retweet_of")
        lines = carried[root]
        lines.append({"id": f"n:{root}{len(lines)}", "time": time_ms, **more, "author": {
            "id": f"n:{actor}", "followers": followers}, kind: {
                "id": f"n:{root}", "author": {"id": "n:ann", "followers": 0}}})

    for number in range(300):
        carry("a", "bot", start + number, number)  # one person, again and again
        carry("b", "bot", start + number, 0, kind="quote_of")
        carry("c", f"zero{number}", start + number * 50, 0)
        # A few people, ages that move backwards and followers that jump.
        carry("d", f"few{number % 5}", start + 3600000 - number * 14000, dice.choice(
            (0, 1, 4294967295)), kind=dice.choice(("retweet_of", "quote_of")))
        carry("e", f"loop{number % 90}", start + dice.randrange(-2, 3) * 3600000, 5,
              via=f"n:e{dice.choice((number, number - 1, dice.randrange(300)))}")
        if number % 2:
            carried["f"].append({"id": f"n:f{number - 1}", "time": start + number,
                                 "deleted": True, "author": {"id": "n:onoff"}})
        else:
            carry("f", "onoff", start + number, 9)
    lines = [json.dumps({"id": f"n:{root}", "time": start, "author": {
        "id": "n:ann", "followers": 0}}) for root in carried]
    while any(carried.values()):
        lines.append(json.dumps(carried[dice.choice(
            [root for root, left in carried.items() if left])].pop(0)))
    return lines


@case
def coordinated_junk_is_counted_as_what_it_is():
    lines = junk()
    windows = ["5m", "1h", "24h"]
    oracle = Oracle(windows, 1000, 1_000_000, 1772442000000 + 30 * 86400000)
    for line in lines:
        oracle.feed(line)
    code, figures, _ = run("\n".join(lines).encode(), "-o", "windows=" + ",".join(windows), "-o",
                           "alert.crowd.min_amplifiers=50", "-o", "alert.mass.min_size=250")
    posts = map(json.loads, lines)
    through_itself = sum(post["id"] == post.get("via") for post in posts)
    assert code == 0 and figures["rejected"] == through_itself, (code, figures)
    found = {}
    for root in "abcdef":
        found[f"cascade:n:{root}"] = CLIENT.hgetall(f"cascaded:cascade:n:{root}")
        found[f"cascade:n:{root}"].pop("level", None)
    wanted = {key: fields for key, fields in expected_keys(oracle.content()).items()
              if key in found}
    wrong = list(differences({key: row for key, row in found.items() if row}, wanted))
    assert not wrong, wrong
    amplifiers = {key[-1]: fields.get("amplifiers") for key, fields in found.items()}
    assert [*amplifiers.values()] == ["1", "1", "300", "5", "88", None], amplifiers
    assert found["cascade:n:c"]["reach"] == "0" and "forecast" not in found["cascade:n:c"], found
    alerts = sorted(json.loads(fields["json"])["id"]
                    for _, fields in CLIENT.xrange("cascaded:alerts"))
    assert alerts == ["crowd:n:c:1", "crowd:n:e:1", "mass:n:b:1", "mass:n:c:1"], alerts


@case
def keep_alives_cost_nothing():
    check(b"\r\n\r\n:thump\n\n\r")


@case
def every_file_of_the_public_suite_ends_as_it_should():
    if not SUITE.exists():
        return
    for path in sorted(SUITE.glob("*.json")):
        line = path.read_bytes()
        if b"\n" in line or b"\r" in line or not line.strip():
            continue
        code, figures, _ = run(good(1) + b"\n" + line + b"\n" + good(2) + b"\n")
        assert code == 0 and figures["posts"] == GOOD, (path.name, code, figures)
        if path.name.startswith("n_"):  # of an array each element
            assert figures["rejected"] >= 1, (path.name, figures)


@case
def a_failed_start_prints_what_to_do_in_one_line():
    cases = [(["/nonexistent/posts"], 66, b"/nonexistent/posts"), ([str(ROOT)], 66, b"directory"),
             (["--bogus"], 64, b"--help"), (["--chek"], 64, b"did you mean --check?"),
             (["-qx"], 64, b"-x: there is no such option"), (["--quiet=a-secret"], 64, b"--quiet: the option has no"),
             (["-c"], 64, b"-c: the option lacks its argument"), (["-o", "redis.flush=soon", "-"], 78, b"redis.flush"),
             (["-o", "bogus=1", "-"], 78, b"--describe options"), ([], 64, b"FILE"),
             (["-o", "redis.url=unix:/nonexistent.sock", "-"], 69, b"redis.url")]
    for options, code, words in cases:
        done = subprocess.run([CASCADED, *options], input=b"", capture_output=True, timeout=60,
                              check=False)
        lines = done.stderr.splitlines()
        assert done.returncode == code, (options, done.returncode, done.stderr)
        assert len(lines) == 1 and words in lines[0], (options, done.stderr)


@case
def a_file_without_one_usable_line_is_bad_data():
    code, figures, _ = run(b"nonsense\n" * 3)
    assert (code, figures["rejected"]) == (65, 3), (code, figures)


CHAIN, ACTS, YEAR_MS = 50_000, 20_000, 366 * 86_400_000


def odd_carriers():
    """A chain of reshares, two that name each other, a person who reshares all day with followers that
    jump, and times that go backwards."""
    begin = 1_767_225_600_000
    root = {"id": "n:root", "author": {"id": "n:ann"}}
    for number in range(CHAIN):
        yield {"id": f"n:c{number}", "time": begin + number, "author": {"id": f"n:u{number}"},
               "retweet_of": root, "via": f"n:c{number - 1}" if number else "n:root"}
    other = {"id": "n:other", "author": {"id": "n:ann"}}
    for name, via in (("left", "right"), ("right", "left")):
        yield {"id": f"n:{name}", "time": begin + CHAIN, "author": {"id": f"n:u-{name}"},
               "retweet_of": other, "via": f"n:{via}"}
    for number in range(ACTS):
        yield {"id": f"n:a{number}", "time": begin + CHAIN + (number ^ 1),
               "author": {"id": "n:busy", "followers": 10 ** 9 * (number % 2)},
               "retweet_of": {"id": f"n:r{number}", "author": {"id": "n:ann"}}}


def a_year_later():
    for number in range(40):
        yield {"id": f"n:late{number}", "time": 1_767_225_600_000 + YEAR_MS + number,
               "author": {"id": f"n:later{number % 2}"}}


def check_numbers():
    for kind in ("carrier", "cascade"):
        for key in CLIENT.scan_iter(f"cascaded:{kind}:*", count=1000):
            for name, value in CLIENT.hgetall(key).items():
                assert value not in ("nan", "-nan", "inf", "-inf"), (key, name, value)
    for name in ("carriers", "early", "carriers_estimated"):
        for member, score in CLIENT.zrange(f"cascaded:top:{name}", 0, -1, withscores=True):
            assert math.isfinite(score) and score >= 0, (name, member, score)


@case
def odd_carriers_give_finite_numbers_whatever_the_half_life_and_the_clock():
    whole = [*odd_carriers()]
    for half_life, later in (("1s", []), ("36500d", []), ("14d", [*a_year_later()])):
        posts = whole + later
        data = b"".join(json.dumps(post).encode() + b"\n" for post in posts)
        code, figures, message = run(data, "-o", f"carriers.half_life={half_life}", program=FAST)
        assert code == 0 and figures["posts"] == len(posts), (message, figures)
        check_numbers()
        if not later:
            assert board("retweets")["n:ann"] == len(posts)
            assert "n:busy" not in board("carried")
            assert CLIENT.hget("cascaded:cascade:n:root", "size") == str(CHAIN)
        if half_life == "36500d":
            assert CLIENT.zcard("cascaded:top:carriers") > 0


if __name__ == "__main__":
    print(f"# seed {SEED}")
    run_cases()
