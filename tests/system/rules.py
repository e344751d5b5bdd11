#!/usr/bin/env python3
"""Alert rules as a user writes them: what -t finds wrong, a backtest beside a computation of its
own, new rules by SIGHUP, and a restart that raises nothing twice.

    rules.py         (BUILD names the folder of the build)
"""
# tests/run: beside others
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect()
SEED = 20261125


# ── the configuration ────────────────────────────────────────────────────

def checked(text, *options):
    """What -t says: its exit code, and lines without the file's name."""
    path = f"{FOLDER}/checked.conf"
    pathlib.Path(path).write_text(text, encoding="utf-8")
    done = subprocess.run([CASCADED, "-t", "-c", path, *options], capture_output=True,
                          check=False)
    return done.returncode, done.stderr.decode().replace(path + ":", "").splitlines()


JETSTREAM = 'source "sky" { url = "wss://jet.example/subscribe" }\n'
PUBLIC = 'source "masto" { url = "https://m.example/api/v1/streaming/public" }\n'
NAMELESS = "names { lookup = false }\n" + JETSTREAM
HOME = 'source "home" { url = "https://m.example/api/v1/streaming/user" }\n'


@case
def an_error_in_a_rule_is_reported_with_its_line():
    cases = [
        ('alert "a" { min_sise = 3 }\n', '1: unknown option "min_sise" in alert: did you mean'),
        ('alert "a" {\n  min_size = many }\n', '2: alert "a": min_size: "many" is not a number'),
        ('alert "a" {\n  levels = {3, 1}\n min_size = 1 }\n', '2: alert "a": levels: write each number once'),
        ('alert "a" {\n  max_age = 8d\n min_size = 1 }\n', '2: alert "a": max_age: "8d" is not from 0s to 7d'),
        ('alert "a" {\n  min_p_double = 2 }\n', '2: alert "a": min_p_double: "2" is not from 0 to 1'),
        ('alert "a" {\n}\n', '2: alert "a": the rule has no condition'),
        ('alert "a" {\n burst = often\n}\n', '3: alert "a": burst: "often" is neither'),
        ('alert "a" {\n min_size = 9\n max_age = 1m\n hysteresis = 2m\n}\n',
         '5: alert "a": max_age is over before'),
        ('alert "a b" { min_size = 1 }\n', '1: alert "a b": the name of a rule is letters'),
        (PUBLIC + 'alert "a" { min_size = 3 }\n', '2: alert "a": its sources are public'),
        (HOME + 'alert "a" { min_depth = 3 }\n', '2: alert "a": min_depth: none of its sources'),
        (JETSTREAM + HOME + 'alert "a" { min_virality = 3\n match_networks = {masto} }\n',
         '4: alert "a": min_virality: none of its sources'),
        (JETSTREAM + 'alert "a" { min_size = 3\n match_networks = {x} }\n',
         '3: alert "a": match_networks: no source is of "x"'),
        (NAMELESS + 'alert "a" { min_reach = 3 }\n',
         "3: alert \"a\": min_reach: Bluesky's stream does not contain numbers of followers"),
        (NAMELESS + 'alert "a" { min_size = 3\n stage = innovators }\n',
         "4: alert \"a\": stage: Bluesky's stream does not contain"),
        (NAMELESS + 'alert "a" { match_authors = {"@ann", bob}\n }\n',
         '4: alert "a": match_authors: no source has posts by "@ann"'),
        (JETSTREAM + 'alert "a" { match_authors = {"x:1"}\n }\n',
         '3: alert "a": match_authors: no source has posts by "x:1"'),
        ('cascades { text = 2 }\nalert "a" { match_text = {tea}\n }\n',
         '3: alert "a": match_text: it is longer than what is kept of a text'),
        ('cascades { text = 0 }\nalert "a" { match_hashtags = {tea}\n }\n',
         '3: alert "a": match_hashtags: it is longer'),
        ('alert "a" { match_hashtags = {tea, "#"}\n }\n',
         '2: alert "a": match_hashtags: "#" is not a hashtag'),
        ('alert "a" {\n match_text = {"milk", "tea, biscuits"}\n }\n',
         '2: alert "a": match_text: "tea, biscuits" contains a comma'),
        ('alert "a" { min_size = 1 }\nalert "a" { min_size = 2 }\n', "2: found duplicate title 'a'"),
        ('cascades { engine = false }\nalert "a" { min_forecast = 3 }\n',
         '2: alert "a": forecast is not known while cascades.engine is off'),
        ('cascades { engine = false }\nalert "a" { carriers_in = 3 }\n',
         '2: alert "a": carrier_rank is not known while cascades.engine is off'),
        ('carriers { capacity = 0 }\nalert "a" { min_size = 9\n carriers_in = 3 }\n',
         '3: alert "a": carriers_in: there is no board carriers while carriers.capacity is 0'),
        (HOME + 'alert "a" { carriers_in = 3 }\n', '2: alert "a": carriers_in: none of its sources'),
        ('alert "a" { carriers_in = 10001 }\n', '1: alert "a": carriers_in: "10001" is not from 0 to 10000'),
        ('alert "a" { carriers_in = 9\n levels = {1, 2} }\n',
         '2: alert "a": levels multiply min_size, min_forecast, min_reach, min_amplifiers, but'),
    ]
    for text, says in cases:
        code, lines = checked(text)
        assert code == 78 and len(lines) == 1 and lines[0].startswith(says), (text, lines)
    assert len(checked('alert "a" {\n}\nalert "b" {\n}\n')[1]) == 2


@case
def a_rule_that_can_fire_is_fine():
    token = pathlib.Path(FOLDER, "token")
    token.write_text("secret-of-the-test\n", encoding="utf-8")
    token.chmod(0o600)
    for text in (JETSTREAM + PUBLIC + 'alert "a" { min_size = 3\n min_depth = 2 }\n',
                 JETSTREAM + 'alert "a" { min_reach = 3\n match_authors = {"@ann"} }\n',
                 NAMELESS + 'alert "a" { min_size = 3\n min_p_double = 0.5\n burst = on\n'
                 ' min_overperformance = 2\n match_authors = {"bsky:did:plc:a", "x:1"} }\n',
                 NAMELESS + HOME + 'alert "a" { min_reach = 3\n match_authors = {"x:1", ann} }\n',
                 'cascades { text = 3 }\nalert "a" { match_text = {biscuits, tea} }\n',
                 HOME + 'alert "a" { min_size = 3\n levels = {1, 3, 10}\n match_text = {"a b", c} }\n',
                 PUBLIC + f'http {{ token_file = "{token}" }}\nalert "a" {{ min_size = 3 }}\n'):
        assert checked(text) == (0, []), (text, checked(text))


@case
def the_command_line_adds_to_rules_and_makes_them():
    text = 'alert "viral" { min_size = 100 }\n'
    assert checked(text, "-o", "alert.viral.min_size=50", "-o", "alert.b.levels=1",
                   "-o", "alert.b.min_reach=7") == (0, [])
    code, lines = checked(text, "-o", "alert.viral.min_size=x")
    assert code == 78 and "is not a number" in lines[0], lines
    code, lines = checked(text, "-o", "alert.viral.bogus=1")
    assert code == 78 and "unknown option" in lines[0], lines


# ── backtest ─────────────────────────────────────────────────────────────

def stamp(seconds):
    return 1772442000000 + round(seconds * 1000)


def retweet(number, who, root, ms, handle="ann"):
    return {"id": f"app:r{number}", "time": ms, "author": {"id": f"app:u{who}", "followers": 7},
            "retweet_of": {"id": f"app:p{root}", "author": {"id": f"app:a{root}", "handle": handle}}}


def recording(path):
    """Three days of cascades of all sizes, each person once in each. Returns their times in ms,
    by root and in order."""
    chance = random.Random(SEED)
    events = []
    for root in range(300):
        begun = chance.uniform(0, 2.5 * 86400)
        size = int(1 + chance.paretovariate(0.8)) % 400
        pace = chance.uniform(5, 600)
        at = begun
        for who in range(size):
            at += chance.expovariate(1 / pace)
            events.append((stamp(at), root, who))
    events.sort()
    with open(path, "w", encoding="utf-8") as out:
        for number, (ms, root, who) in enumerate(events):
            out.write(json.dumps(retweet(number, who, root, ms)) + "\n")
    times = {}
    for ms, root, _ in events:
        times.setdefault(root, []).append(ms)
    return times, (events[-1][0] - events[0][0]) / 86400e3


def expected(times, days, least, max_age, per_day):
    """One rule's line: min_size = least, and if max_age is given no later than so many ms after
    the first event (the roots' own dates are not in the recording)."""
    alerts, reached, starts, bests = 0, [0, 0, 0], [], []
    for moments in times.values():
        young = [ms for ms in moments if max_age is None or ms - moments[0] <= max_age]
        bests.append(len(young))
        if len(young) < least:
            continue
        alerts += 1
        for k, factor in enumerate((2, 5, 10)):
            reached[k] += len(moments) >= factor * least
        half = moments[(len(moments) + 1) // 2 - 1]
        starts.append((half - moments[least - 1]) / 60000)
    bests.sort(reverse=True)
    place = min(len(bests), max(1, int(per_day * days + 0.5)))
    return {"alerts": str(alerts), "alerts_per_day": f"{alerts / days:.2f}",
            "reached_2x": str(reached[0]), "reached_5x": str(reached[1]),
            "reached_10x": str(reached[2]),
            "median_head_start_min": statistics.median(starts) if starts else "-",
            f"min_size_for_{per_day}_per_day": str(bests[place - 1])}


@case
def a_backtest_agrees_with_a_plain_computation():
    path = f"{FOLDER}/recording.ndjson"
    times, days = recording(path)
    rules = {"five": (5, None), "fast": (10, 600000), "big": (390, None), "never": (5000, None)}
    options = []
    for name, (least, max_age) in rules.items():
        options += ["-o", f"alert.{name}.min_size={least}"]
        if max_age is not None:
            options += ["-o", f"alert.{name}.max_age={max_age}ms"]
    done = subprocess.run([CASCADED, "--backtest", "--per-day", "4", *options, path],
                          capture_output=True, text=True, check=True, timeout=PATIENCE)
    head, *lines = done.stdout.splitlines()
    count = sum(len(moments) for moments in times.values())
    assert head == f"backtest posts={count} days={days:.4f}", head
    for line, (name, (least, max_age)) in zip(lines, rules.items(), strict=True):
        said = dict(word.split("=") for word in line.split())
        assert said.pop("rule") == name, line
        wanted = expected(times, days, least, max_age, 4)
        start = wanted.pop("median_head_start_min")
        told = said.pop("median_head_start_min")
        assert told == start or abs(float(told) - start) <= 0.051, (line, start)
        assert said == wanted, (line, wanted)
    assert sum(line.startswith("rule=") for line in lines) == 4
    # With the threshold that is named there are as many alerts a day as were asked for.
    said = dict(word.split("=") for word in lines[0].split())
    done = subprocess.run([CASCADED, "--backtest", "-o",
                           f"alert.five.min_size={said['min_size_for_4_per_day']}", path],
                          capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert f" alerts={int(4 * days + 0.5)} " in done.stdout, (said, done.stdout)
    assert "alerts=0 " not in lines[0] and "alerts=0 " in lines[3], lines


def passed_on(path):
    """300 cascades, one behind the other, of 60 people who pass posts on to each other. Returns for
    each event its root, the size before it, and the person's rank among the carriers by then."""
    chance = random.Random(SEED)
    people, seen, now = {}, [], 0
    with open(path, "w", encoding="utf-8") as out:
        for root in range(300):
            acts = []
            for who in chance.sample(range(60), chance.randrange(3, 16)):
                now += chance.uniform(1, 600)
                ranks = sorted(people, key=lambda each: (-people[each], f"app:u{each}"))
                seen.append((root, len(acts), ranks.index(who) + 1 if who in people else None))
                post = retweet(f"{root}-{who}", who, root, stamp(now))
                if acts and chance.random() < 0.4 + 0.5 * (acts[-1] < 6):
                    parent = min(chance.choice(acts), chance.choice(acts))
                    post["via"] = f"app:r{root}-{parent}"
                    # Newer people count more: half of it after 100 days.
                    people[parent] = people.get(parent, 0) + 2 ** ((stamp(now) - stamp(0)) / 864e7)
                acts.append(who)
                out.write(json.dumps(post) + "\n")
    return seen


@case
def a_rule_on_carriers_agrees_with_a_plain_computation():
    path = f"{FOLDER}/passed-on.ndjson"
    seen = passed_on(path)
    rules = {f"c{least}-{first}": (least, first) for least in (0, 1, 3, 8) for first in (1, 5, 20)}
    options = []
    for name, (least, first) in rules.items():
        options += ["-o", f"alert.{name}.carriers_in={first}"]
        options += ["-o", f"alert.{name}.min_size={least}"] if least else []
    CLIENT.flushall()
    subprocess.run([CASCADED, "-o", f"redis.url={SERVER.url}", "-o", "alerts.keep=100000", *options,
                    path], stdout=subprocess.DEVNULL, check=True, timeout=PATIENCE)
    wanted = set()
    for name, (least, first) in rules.items():
        known = {root for root, size, rank in seen
                 if rank is not None and rank <= first and (size < least or not least)}
        wanted |= {f"{name}:app:p{root}:1" for root, size, _ in seen
                   if root in known and size + 1 >= least}
    assert set(ids()) == wanted, set(ids()) ^ wanted
    done = subprocess.run([CASCADED, "--backtest", *options, path], capture_output=True, text=True,
                          check=True, timeout=PATIENCE)
    for line in done.stdout.splitlines()[1:]:
        said = dict(word.split("=") for word in line.split())
        count = sum(each.startswith(said["rule"] + ":") for each in wanted)
        assert said["alerts"] == str(count), (line, count)
    assert 0 < sum(each.startswith("c3-1:") for each in wanted) < 300
    CLIENT.flushall()


# A condition, and the field of the cascade that must bear its reason out.
CONDITIONS = {
    "min_size=50": "size", "min_velocity=5": "velocity_5m", "min_forecast=300": "forecast",
    "min_p_double=0.3": "p_double", "min_reach=30000": "reach", "min_amplifiers=40": "amplifiers",
    "min_depth=5": "depth", "min_virality=4": "virality",
    "min_overperformance=3": "overperformance", "max_age=10m": None, "max_author_followers=300": None,
    "infectious=supercritical": "infectiousness", "burst=on": None, "burst=off": None,
    "stage=early_adopters": "stage", "stage=laggards": "stage"}


def lively(path):
    """Two days of cascades that run through people, quick and slow, of authors who post often."""
    chance = random.Random(SEED)
    events = []
    for root in range(500):
        begun, pace = chance.uniform(0, 2 * 86400), chance.choice((0.5, 5, 60))
        head = {"id": f"app:p{root}", "author": {"id": f"app:a{root % 8}",
                                                 "followers": 100 * (root % 8 + 1)}}
        events.append((stamp(begun), head))
        at = begun
        for number in range(int(6 * chance.paretovariate(0.9)) % 600):
            at, pace = (at + 7200, 0.5) if root % 9 == 0 and number == 10 else (at, pace)
            at += chance.expovariate(1 / pace)
            through = {"via": f"app:r{root}-{chance.randrange(max(0, number - 9), number)}"} \
                if number and chance.random() < 0.8 else {}
            events.append((stamp(at), {
                "id": f"app:r{root}-{number}", **through, "retweet_of": head, "author": {
                    "id": f"app:u{chance.randrange(10**6)}", "followers": chance.randrange(2000)}}))
    events.sort(key=lambda event: event[0])
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(json.dumps({**post, "time": ms}) + "\n" for ms, post in events)


def bears_out(reason, field, cascade):
    """Whether the alert's own cascade says what its reason says."""
    name, *words = reason.split()
    if name == "burst":
        return words[0] in ("on", "off")  # not in the hash
    if name == "infectiousness":
        return cascade[name] >= 0.01 and cascade["supercritical"] == 1
    if name == "stage":
        return cascade[name] == words[0]
    value, limit = float(words[0]), float(words[2])
    holds = value >= limit if words[1] == ">=" else value <= limit
    return holds and (name != field or abs(value / cascade[name] - 1) < 1e-3)


@case
def every_condition_fires_only_for_a_cascade_that_meets_it():
    path = f"{FOLDER}/lively.ndjson"
    lively(path)
    options = []
    for number, condition in enumerate(CONDITIONS):
        options += ["-o", f"alert.c{number}.{condition}"]
        if not condition.startswith("min_size"):
            options += ["-o", f"alert.c{number}.min_size=10"]
    CLIENT.flushall()
    subprocess.run([CASCADED, "-o", f"redis.url={SERVER.url}", *options, path],
                   stdout=subprocess.DEVNULL, check=True, timeout=120)
    found = {}
    for alert in alerts():
        found.setdefault(alert["rule"], []).append(alert)
    for number, (condition, field) in enumerate(CONDITIONS.items()):
        raised = found.get(f"c{number}", [])
        assert 1 <= len(raised) < 400, (condition, len(raised))
        assert len({alert["id"] for alert in raised}) == len(raised), condition
        for alert in raised:
            assert len(alert["why"]) == (1 if condition.startswith("min_size") else 2), alert
            for reason in alert["why"]:
                assert bears_out(reason, field, alert["cascade"]), (condition, reason, alert)
    CLIENT.flushall()


@case
def a_backtest_without_rules_or_files_is_refused():
    path = f"{FOLDER}/one.ndjson"
    pathlib.Path(path).write_text(json.dumps(retweet(1, 1, 1, stamp(0))) + "\n", encoding="utf-8")
    rule = ("-o", "alert.a.min_size=1")
    for arguments, code in (([path], 78), ([*rule], 64), ([*rule, "/dev/null"], 64),
                            ([*rule, path + "x"], 66), ([*rule, "--per-day", "0", path], 64),
                            ([*rule, path], 0)):
        done = subprocess.run([CASCADED, "--backtest", *arguments], capture_output=True,
                              check=False, timeout=PATIENCE)
        assert done.returncode == code, (arguments, done)


# ── live ─────────────────────────────────────────────────────────────────

def alerts():
    return [json.loads(entry[b"json"]) for _, entry in CLIENT.xrange("cascaded:alerts")]


def ids():
    return [alert["id"] for alert in alerts()]


class Daemon(LiveDaemon):
    """Its only source is at a port where nobody listens; posts are pushed."""

    def __init__(self, rules):
        super().__init__(CASCADED, FOLDER, rules)
        self.await_start()

    def write(self, rules):
        super().write(f'redis {{ url = "{SERVER.url}" }}\nnames {{ lookup = false }}\n'
                      f'state {{ dir = "{FOLDER}/state" }}\n' + http_section(FOLDER) +
                      f'source "none" {{ url = "http://127.0.0.1:1/" }}\n{rules}')

    def take(self, posts):
        body = "".join(json.dumps(post) + "\n" for post in posts)

        def accepted():
            answer = self.push(body)
            assert answer.status in (202, 429, 503), (answer.status, answer.text)
            return answer.status == 202 and json.loads(answer.text)["rejected"] == 0
        wait("the posts are accepted", accepted)


@case
def new_rules_come_by_sighup_and_nothing_is_raised_twice():
    now = round(time.time() * 1000)
    with Daemon('alert "a" { min_size = 2\n levels = {1, 2} }\n') as daemon:
        daemon.take([retweet(1, 1, 1, now), retweet(2, 2, 1, now)])
        wait("the first alert", lambda: ids() == ["a:app:p1:1"])
        first = alerts()[0]
        assert first["why"] == ["size 2 >= 2"] and first["cascade"]["level"] == 1, first
        assert CLIENT.hget("cascaded:cascade:app:p1", "level") == b"1"

        daemon.write('alert "a" { min_size = 1\n levels = {1, 2, 4} }\nalert "b" { min_size = 3 }\n')
        daemon.hang_up()
        wait("the rules read again", lambda: daemon.said("2 alert rules"))
        daemon.take([retweet(3, 3, 1, now)])
        wait("the new rule and a level", lambda: len(ids()) == 3)
        assert ids()[1:] == ["a:app:p1:2", "b:app:p1:1"], ids()

        daemon.write('alert "a" { min_sise = 1 }\n')
        daemon.hang_up()
        wait("the mistake told", lambda: daemon.said("min_sise"))

        daemon.write('alert "a" { min_size = 1\n levels = {1, 2, 4} }\nalert "b" { min_size = 3 }\n')
        daemon.end()
        daemon.start()
        daemon.await_start()
        daemon.take([retweet(4, 4, 1, now), retweet(5, 5, 2, now)])
        wait("what is new after a restart", lambda: len(ids()) == 5)
        assert ids()[3:] == ["a:app:p1:4", "a:app:p2:1"], ids()


if __name__ == "__main__":
    print(f"# seed {SEED}")
    run_cases()
