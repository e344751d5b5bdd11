#!/usr/bin/env python3
"""Campaigns as a user writes them: what -t finds wrong, alerts that carry their names, other words
by SIGHUP, and a restart.

    campaigns.py         (BUILD names the folder of the build)
"""
# tests/run: beside others
import json
import os
import pathlib
import shutil
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
CASCADECTL = os.path.join(os.environ["BUILD"], "cascadectl")
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect()


def checked(text, *options):
    """What -t says: its exit code, and lines without the file's name."""
    path = f"{FOLDER}/checked.conf"
    pathlib.Path(path).write_text(text, encoding="utf-8")
    done = subprocess.run([CASCADED, "-t", "-c", path, *options], capture_output=True,
                          check=False, timeout=PATIENCE)
    return done.returncode, done.stderr.decode().replace(path + ":", "").splitlines()


def listed(words):
    return "{" + ", ".join(f'"{word}"' for word in words) + "}"


def words_from(first, count):
    return listed(f"word{number}" for number in range(first, first + count))


@case
def an_error_in_a_campaign_is_reported_with_its_line():
    cases = [
        ('campaign "c" { wordz = {a} }\n', '1: unknown option "wordz" in campaign'),
        ('campaign "c" {\n}\n', '2: campaign "c": no post can belong to it'),
        ('campaign "c d" { words = {tea} }\n', '1: campaign "c d": the name of a campaign is letters'),
        ('campaign "c" { words = {tea} }\ncampaign "c" { words = {milk} }\n',
         "2: found duplicate title 'c'"),
        ('campaign "c" {\n words = {"tea", ""}\n}\n', '2: campaign "c": words: one of the texts is empty'),
        ('campaign "c" {\n words = {"tea, milk"}\n}\n', '2: campaign "c": words: "tea, milk" contains a comma'),
        ('campaign "c" {\n words = {"tea", "TEA"}\n}\n', '3: campaign "c": words: "TEA" is given twice'),
        *((f'campaign "c" {{ words = {{"{word}"}} }}\n',
           f'1: campaign "c": words: "{word}" would be found in almost every post')
          for word in ("...", "\u2014", "\u3001", "\u00ab\u00bb", "\u061f", "\u2026\u2026", "$+")),
        *((f'campaign "c" {{ words = {{"{word}"}} }}\n',
           f'1: campaign "c": words: "{word}" is one letter, which is found in posts about anything')
          for word in ("a", "X", "7", "\u00e9", "e\u0301", "\u0436", "\u0639", "\u05e9\u05c1", "\uff41", "\u0663")),
        ('campaign "c" { words = {"#"} }\n', '1: campaign "c": words: "#" can never be found'),
        ('campaign "c" { words = {"#2026"} }\n', '1: campaign "c": words: "#2026" can never be found'),
        ('campaign "c" { words = {"@"} }\n', '1: campaign "c": words: "@" can never be found'),
        ('campaign "c" { words = {"\u0301a"} }\n',
         '1: campaign "c": words: "\u0301a" begins with a mark'),
        (f'campaign "c" {{ words = {{"{"x" * 1025}"}} }}\n',
         f'1: campaign "c": words: "{"x" * 100}" is longer than the 1024 bytes'),
        ('campaign "c" { links = {"com"} }\n', '1: campaign "c": links: "com" would be found'),
        ('campaign "c" { links = {"*.acme.example"} }\n',
         '1: campaign "c": links: "*.acme.example" can never be found'),
        ('campaign "c" { words = {tea}\n languages = {"Eng lish"} }\n',
         '2: campaign "c": languages: "Eng lish" is no language'),
        ('campaign "c" { accounts = {"acme"} }\n', '1: campaign "c": accounts: "acme" is neither'),
        ('campaign "c" { words = {tea} }\nalert "r" { campaigns = {"c", "d"} }\n',
         '2: alert "r": campaigns: there is no campaign "d"'),
        ('alert "r" { kind = newcomer\n campaigns = {"d"} min_followers = 5 }\n',
         '2: alert "r": campaigns: there is no campaign "d"'),
        ('campaign "c" { words = {tea} }\nalert "r" { kind = newcomer campaigns = {"c"} min_size = 5 }\n',
         '2: alert "r": min_size: a rule of the kind newcomer has only campaigns'),
        ('source "b" { url = "wss://jetstream2.us-east.bsky.network/subscribe" }\n'
         'campaign "c" { words = {tea} }\nnames { lookup = false }\n'
         'alert "r" { kind = newcomer campaigns = {"c"} min_followers = 5 }\n',
         '4: alert "r": min_followers: Bluesky\'s stream does not contain numbers of followers'),
    ]
    for text, says in cases:
        code, lines = checked(text)
        assert code == 78 and len(lines) == 1 and lines[0].startswith(says), (text, lines)


@case
def a_campaign_that_posts_can_belong_to_is_fine():
    for text in ('campaign "c" { words = {"c++", "[a-z]+ (x)", "\u8336", "\u0e0a", "#Tea", "@ann", "\u05e9\u05dc\u05d5\u05dd"} }\n',
                 'campaign "c" { accounts = {"@acme", "x:783214", "bsky:@acme.example"} }\n',
                 'campaign "c" { links = {"acme.example", "https://www.globex.example/"}\n'
                 ' languages = {en, pt-BR} }\nalert "r" { campaigns = {"c"} }\n',
                 "".join(f'campaign "c{n}" {{ words = {{tea}} }}\n' for n in range(64)),
                 f'campaign "a" {{ words = {words_from(0, 4095)} }}\ncampaign "b" {{ words = {{tea}} }}\n'):
        assert checked(text) == (0, []), (text[:200], checked(text))
    assert checked("", "-o", "campaign.c.words=tea,milk tea") == (0, [])


@case
def the_numbers_of_campaigns_and_words_are_limited():
    many = "".join(f'campaign "c{n}" {{ words = {{tea}} }}\n' for n in range(65))
    code, lines = checked(many)
    assert code == 78 and "at most 64 such sections" in lines[0] and len(lines) == 1, lines
    many = f'campaign "a" {{ words = {words_from(0, 4096)} }}\ncampaign "b" {{ words = {{tea}} }}\n'
    code, lines = checked(many)
    assert code == 78 and len(lines) == 1, lines
    assert lines[0].startswith('2: campaign "b": words: the campaigns up to this one have 4097'), lines
    # Letters that are longer in the form that is compared: as many bytes as words may have, and more.
    def lists(last):
        long = [f"{i:04d}" + "\ufb2c" * 165 for i in range(128)]
        more = [f"{i:02d}" + "y" * (last - 2) for i in range(32)]
        return "".join(f'campaign "{name}" {{ words = {listed(words)} }}\n'
                       for name, words in [*((f"c{n}", long) for n in range(8)), ("z", more)])
    room = ((1 << 19) - 8 * 128 * (4 + 3 * 165)) // 32
    assert checked(lists(room)) == (0, []), (room, checked(lists(room)))
    code, lines = checked(lists(room + 1))
    assert code == 78 and len(lines) == 1, lines
    assert lines[0].startswith('9: campaign "z": words: the words of the campaigns up to this one have '
                               '524320 bytes; all together may have 524288'), lines
    # One list: its words, with a byte behind each but the last, have 65,535 bytes at most.
    long = [f"{n:03d}" + "y" * 509 for n in range(127)]
    assert checked(f'campaign "a" {{ words = {listed([*long, "z" * 384])} }}\n') == (0, [])
    code, lines = checked(f'campaign "a" {{ words = {listed([*long, "z" * 385])} }}\n')
    assert code == 78 and len(lines) == 1, lines
    assert lines[0].startswith('1: campaign "a": words: the list is longer than 65535 bytes'), lines
    # Of a list that is too long the first word beyond the limit is reported, once.
    code, lines = checked(f'campaign "a" {{ words = {listed(f"{n:0100d}" for n in range(700))} }}\n')
    assert code == 78 and "the list is longer than" in lines[0] and len(lines) == 1, lines


def write_people(text):
    path = pathlib.Path(FOLDER, "customers.txt")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@case
def a_people_file_is_checked_and_found_beside_the_configuration():
    text = 'campaign "c" {\n words = {tea}\n people_file = "customers.txt"\n}\n'
    path = write_people("app:a1\n@ann\n")
    assert checked(text) == (0, []), checked(text)
    assert checked(text.replace("customers.txt", str(path))) == (0, [])
    path.unlink()
    code, lines = checked(text)
    assert code == 78 and len(lines) == 1, lines
    assert lines[0] == (f'4: campaign "c": people_file: cannot read {path}: '
                        "No such file or directory"), lines
    code, lines = checked(text.replace("customers.txt", "."))
    assert code == 78 and len(lines) == 1 and lines[0].endswith("is not a regular file"), lines
    code, lines = checked(text.replace("customers.txt", "x" * 500))
    assert code == 78 and len(lines) == 1 and "has more than 511 bytes" in lines[0], lines


@case
def each_bad_people_file_has_one_line():
    text = 'campaign "c" { words = {tea} people_file = "customers.txt" }\n'
    cases = [
        (b"\xef\xbb\xbfuser,name\r\n\"app:a1\",\"Ann, A.\"\r\n@ann\r\n@ann\r\n", 0, None),
        (b"# none\n\n", 0, None),
        (b"app:a1\nAnn Miller\n\x00\xff\x01\n@ann\n", 0,
         "2 people; 2 of 4 lines not understood, the first is line 2: neither an id"),
        (b"u1\nu2\n@ann\n", 0, "3 people; 1 without a network or @, taken as ids of native posts"),
        (b"PK\3\4" + bytes(range(256)) * 4, 78, "campaign \"c\": people_file: cannot read "),
        (b"".join(b"x:%d\n" % number for number in range(1_000_000)), 0, None),
    ]
    for content, expected, says in cases:
        write_people(content)
        code, lines = checked(text)
        assert code == expected and len(lines) == (says is not None), (content[:20], code, lines)
        assert says is None or says in lines[0], (content[:20], lines)


# ── replay ─────────────────────────────────────────────────────────────────

def post(number, text, **more):
    return {"id": f"app:p{number}", "time": 1764000000000 + number,
            "author": {"id": f"app:a{number}"}, "text": text, **more}


def retweet(number, root, who=None, ms=None):
    return {"id": f"app:r{number}", "time": ms or 1764000001000 + number,
            "author": {"id": f"app:u{who or number}"}, "retweet_of": {"id": f"app:p{root}"}}


def alerts():
    return [json.loads(entry[b"json"]) for _, entry in CLIENT.xrange("cascaded:alerts")]


def keys_of(campaign):
    return CLIENT.keys(f"cascaded:campaign:{campaign}*")


def raised():
    return [(alert["rule"], alert["cascade"]["id"], alert.get("campaigns")) for alert in alerts()]


CUP = 'campaign "cup" { words = {"acme cup", "#acmecup"}\n links = {"acme.example"} }\n'
TEA = 'campaign "tea" { words = {tea}\n languages = {en} }\n'


@case
def alerts_of_a_replay_carry_campaigns_and_rules_choose_them():
    CLIENT.flushall()
    path, config = pathlib.Path(FOLDER, "posts.ndjson"), pathlib.Path(FOLDER, "replay.conf")
    posts = [post(1, "the ACME\u00a0cup!"), post(2, "acme cups"), post(3, "Tea at the acme cup", lang="en"),
             post(4, "Tea", lang="fr"), post(5, "see https://shop.acme.example/x"),
             post(6, "I agree", quote_of={"id": "app:p1"}), post(7, "so do I", reply_to={"id": "app:p6"})]
    posts += [retweet(number, number) for number in range(1, 8)]
    path.write_text("".join(json.dumps(one) + "\n" for one in posts), encoding="utf-8")
    config.write_text(f'redis {{ url = "{SERVER.url}" }}\n' + CUP + TEA +
                      'alert "any" { min_size = 1 }\n'
                      'alert "ours" { min_size = 1\n campaigns = {tea, cup} }\n', encoding="utf-8")
    subprocess.run([CASCADED, "-c", config, path], stdout=subprocess.DEVNULL, check=True,
                   timeout=PATIENCE)
    want = {"app:p1": ["cup"], "app:p3": ["cup", "tea"], "app:p5": ["cup"], "app:p6": ["cup"],
            "app:p7": ["cup"]}
    found = raised()
    assert {root: names for rule, root, names in found if rule == "ours"} == want, found
    everything = {f"app:p{number}": want.get(f"app:p{number}") for number in range(1, 8)}
    assert {root: names for rule, root, names in found if rule == "any"} == everything, found
    ours = [alert for alert in alerts() if alert["rule"] == "ours" and alert["cascade"]["id"] == "app:p3"]
    assert "campaign tea" in ours[0]["why"], ours
    done = subprocess.run([CASCADED, "--backtest", "-c", config, path], capture_output=True, text=True,
                          check=True, timeout=PATIENCE)
    assert "rule=ours alerts=5 " in done.stdout and "rule=any alerts=7 " in done.stdout, done.stdout


ARRIVALS = 'alert "new" { kind = newcomer  campaigns = {cup}  min_followers = 1000 }\n'


@case
def newcomers_with_many_followers_are_reported_once():
    CLIENT.flushall()
    path, config = pathlib.Path(FOLDER, "posts.ndjson"), pathlib.Path(FOLDER, "replay.conf")
    ann = {"id": "app:ann", "handle": "ann", "followers": 5000}
    posts = [post(1, "the acme cup", author=ann), post(2, "acme cup", author={"id": "app:bob", "followers": 999}),
             post(3, "tea", author={"id": "app:cat", "followers": 9000}),
             {"id": "app:p1", "time": 1764000000500, "author": ann, "deleted": True},
             post(4, "acme cup again", author=ann)]
    path.write_text("".join(json.dumps(one) + "\n" for one in posts), encoding="utf-8")
    config.write_text(f'redis {{ url = "{SERVER.url}" }}\n' + CUP + ARRIVALS, encoding="utf-8")
    for _ in range(2):  # Redis remembers that it has the alert
        subprocess.run([CASCADED, "-q", "-c", config, path], stdout=subprocess.DEVNULL, check=True,
                       timeout=PATIENCE)
    assert alerts() == [{
        "id": "new:cup:app:ann", "rule": "new", "level": 1, "type": "campaign.newcomer",
        "time": "2025-11-24T16:00:00.001Z", "author": ann, "why": ["campaign cup", "followers 5000 >= 1000"],
        "campaigns": ["cup"]}], alerts()
    done = subprocess.run([CASCADED, "--backtest", "-c", config, path], capture_output=True, text=True,
                          check=True, timeout=PATIENCE)
    assert done.stdout.splitlines()[1].startswith("rule=new alerts=1 alerts_per_day="), done.stdout
    shown = ctl("alerts")
    assert "new @ann: campaign cup, followers 5000 >= 1000  [new:cup:app:ann]" in shown, shown
    shown = ctl("explain", "new:cup:app:ann")
    assert "campaign.newcomer" in shown and "person" in shown and "cascade" not in shown, shown


def ctl(*words):
    return subprocess.run([CASCADECTL, "-r", SERVER.url, *words], capture_output=True, text=True,
                          check=True, timeout=PATIENCE).stdout


def posts_of(campaigns, texts):
    """How many of these posts belong to each of the campaigns, by name, after a replay."""
    CLIENT.flushall()
    path, config = pathlib.Path(FOLDER, "posts.ndjson"), pathlib.Path(FOLDER, "replay.conf")
    path.write_text("".join(json.dumps(post(number, text)) + "\n" for number, text in enumerate(texts)),
                    encoding="utf-8")
    config.write_text(f'redis {{ url = "{SERVER.url}" }}\n' + "".join(
        f'campaign "{name}" {{ words = {listed(words)} }}\n' for name, words in campaigns.items()),
        encoding="utf-8")
    subprocess.run([CASCADED, "-q", "-c", config, path], stdout=subprocess.DEVNULL, check=True,
                   timeout=PATIENCE)
    return {name: int(CLIENT.hget(f"cascaded:campaign:{name}", "posts:24h") or 0) for name in campaigns}


@case
def words_of_any_kind_are_plain_text_and_found_whole():
    cases = {  # word: texts that have it, and texts that do not
        "an": (("such an act", "An!"), ("banana", "an2")),
        "c++": (("c++!", "use C++"), ("c+", "ccc")),
        "[a-z]+ (x)": (("say [A-Z]+ (x).",), ("abc (x)", "abc x")),
        "e\u0301te\u0301": (("l'\u00e9t\u00e9", "E\u0301T\u00c9"), ("ete", "\u00e9t\u00e9s", "\u00e9te\u0301\u0323")),
        "\u05e9\u05dc\u05d5\u05dd": (("\u05e9\u05dc\u05d5\u05dd, \u05d0\u05d1", "\u200f\u05e9\u05dc\u05d5\u05dd\u200f"),
                                ("\u05e9\u05dc\u05d5\u05dd\u05d9",)),
        "\u0643\u0623\u0633": (("\u202b(\u0643\u0623\u0633)\u202c",), ("\u0643\u0623\u0633\u0627",)),
        "#cup": (("go (#cup)!", "#cup, #x", "\u201c#CUP\u201d"), ("#cups", "cup", "#cup2")),
    }
    names = dict(zip(cases, "bcdefgh"))
    found = posts_of({name: [word] for word, name in names.items()},
                     [text for fits, others in cases.values() for text in (*fits, *others)])
    wanted = {names[word]: len(fits) for word, (fits, _) in cases.items()}
    assert found == wanted | {"b": found["b"]}, (found, wanted)
    fits, others = cases["an"]
    assert posts_of({"b": ["an"]}, [*fits, *others]) == {"b": len(fits)}


@case
def four_thousand_words_of_which_half_begin_like_others_are_found_whole():
    words = [f"w{number:04d}{end}" for number in range(2048) for end in ("", "x")]
    texts = ["w0007", "w0007x", "W2047, w2047x", "w0007xy", "w00071", "xw0007", "w2048"]
    assert posts_of({"many": words}, texts) == {"many": 3}


@case
def a_campaign_of_ids_alone_has_the_posts_of_these_accounts():
    CLIENT.flushall()
    path, config = pathlib.Path(FOLDER, "posts.ndjson"), pathlib.Path(FOLDER, "replay.conf")
    posts = [post(1, "good morning"), post(2, "of somebody else"),
             post(3, "hello @you", mentions=[{"id": "app:a1", "handle": "you"}])]
    posts += [retweet(number, number) for number in range(1, 4)]
    path.write_text("".join(json.dumps(one) + "\n" for one in posts), encoding="utf-8")
    config.write_text(f'redis {{ url = "{SERVER.url}" }}\n'
                      'campaign "us" { accounts = {"app:a1"} }\n'
                      'alert "any" { min_size = 1 }\n', encoding="utf-8")
    subprocess.run([CASCADED, "-c", config, path], stdout=subprocess.DEVNULL, check=True,
                   timeout=PATIENCE)
    found = {root: names for _, root, names in raised()}
    assert found == {"app:p1": ["us"], "app:p2": None, "app:p3": ["us"]}, found


@case
def the_outreach_list_names_first_through_whom_people_came():
    CLIENT.flushall()
    CLIENT.hset("cascaded:campaign:tea:done", "app:u1", 1764000009000)
    write_people("app:u1\n")
    path, config = pathlib.Path(FOLDER, "posts.ndjson"), pathlib.Path(FOLDER, "replay.conf")
    posts = [post(1, "tea"), post(2, "tea too", author={"id": "app:a2", "followers": 100_000}),
             retweet(1, 1), {**retweet(2, 1), "via": "app:r1"}, {**retweet(3, 1), "via": "app:r1"},
             {**retweet(4, 1), "via": "app:r3"}, {**retweet(5, 1), "via": "app:r3"},
             post(9, "milk", author={"id": "app:a9", "followers": 5_000_000}),
             {"id": "app:r5", "time": 1764000002000, "author": {"id": "app:u5"}, "deleted": True}]
    path.write_text("".join(json.dumps(one) + "\n" for one in posts), encoding="utf-8")
    config.write_text(f'redis {{ url = "{SERVER.url}" }}\n'
                      'campaign "tea" { words = {tea} people_file = "customers.txt" outreach = 3 }\n',
                      encoding="utf-8")
    subprocess.run([CASCADED, "-q", "-c", config, path], stdout=subprocess.DEVNULL, check=True,
                   timeout=PATIENCE)
    people = CLIENT.zrevrange("cascaded:campaign:tea:outreach", 0, -1, withscores=True)
    assert [(who, round(score, 5)) for who, score in people] == [
        (b"app:u1", 2), (b"app:u3", 1), (b"app:a2", 0)], people
    keys = {key.decode().rpartition(":")[2] for key in CLIENT.keys("cascaded:campaign:tea:outreach:*")}
    assert keys == {"u1", "u3", "a2"}, keys
    row = {name.decode(): value.decode()
           for name, value in CLIENT.hgetall("cascaded:campaign:tea:outreach:app:u1").items()}
    next_time = float(row["next"])
    assert row.pop("why") == (
        "observed: 2 people came through 1 of 1 reshares in the campaign (older ones count less); "
        "1 post or retweet, last on 2025-11-24; is in the people file; "
        f"estimated: 0.92 people per reshare, next {next_time:.1f}"), row
    # A few milliseconds of age are in the sums.
    assert {name: round(float(value), 5) for name, value in row.items()} == {
        "people": 2, "acts": 1, "rate": 0.92, "known": 1, "next": round(next_time, 5),
        "last_ms": 1764000001001, "done_ms": 1764000009000}, row
    assert CLIENT.hget("cascaded:campaign:tea:outreach:app:a2", "followers") == b"100000"
    assert b"; 100,000 followers; " in CLIENT.hget("cascaded:campaign:tea:outreach:app:a2", "why")
    assert CLIENT.hget("cascaded:campaign:tea:outreach:app:a2", "known") == b"0"
    assert CLIENT.exists("cascaded:user:app:u1") and CLIENT.exists("cascaded:user:app:a2")


# ── live ─────────────────────────────────────────────────────────────────

class Daemon(LiveDaemon):
    """Its only source is at a port where nobody listens; posts are pushed."""

    def __init__(self, rest):
        super().__init__(CASCADED, FOLDER, rest)
        self.await_start()

    def write(self, rest):
        super().write(f'redis {{ url = "{SERVER.url}" }}\nnames {{ lookup = false }}\n'
                      f'state {{ dir = "{FOLDER}/state" }}\n' + http_section(FOLDER) +
                      'source "none" { url = "http://127.0.0.1:1/" }\n'
                      'alert "any" { min_size = 1 }\n' + rest)

    def take(self, *posts):
        now = round(time.time() * 1000)
        body = "".join(json.dumps({**one, "time": now}) + "\n" for one in posts)

        def accepted():
            answer = self.push(body)
            assert answer.status in (202, 429, 503), (answer.status, answer.text)
            return answer.status == 202 and json.loads(answer.text)["rejected"] == 0
        wait("the posts are accepted", accepted)

    def read_again(self, rest, says):
        self.write(rest)
        self.hang_up()
        wait("the campaigns read again", lambda: self.said(says))


def shown_by(daemon):
    """The campaigns of the HTTP interface, with their posts of an hour and the members of a board."""
    listed = json.loads(daemon.ask("GET", "/api/v1/campaigns").text)["campaigns"]
    boards = {each["name"]: json.loads(daemon.ask(
        "GET", f"/api/v1/campaigns/{each['name']}/top/retweets/1h").text) for each in listed}
    assert all(answer["campaign"] == name for name, answer in boards.items()), boards
    return [(each["name"], each["posts:1h"], len(boards[each["name"]]["entries"])) for each in listed]


@case
def other_words_by_sighup_apply_to_posts_from_then_on():
    CLIENT.flushall()
    with Daemon(CUP) as daemon:
        daemon.take(post(1, "acme cup"), post(2, "tea", lang="en"), retweet(1, 1))
        wait("the first alert", lambda: raised() == [("any", "app:p1", ["cup"])])
        daemon.read_again(TEA + CUP.replace("acme cup", "globex"), "the campaigns have changed: 2, before 1")
        assert daemon.said("they apply to posts from now on"), daemon.text()
        wait("the key of the campaign", lambda: keys_of("cup"))
        assert not keys_of("tea")
        wait("both are shown", lambda: shown_by(daemon) == [("tea", 0, 0), ("cup", 1, 1)])
        daemon.take(post(3, "tea", lang="en"), post(4, "acme cup"), post(5, "globex"),
                    post(6, "acme cup too"), retweet(2, 2), retweet(3, 3), retweet(4, 4), retweet(5, 5))
        wait("the alerts", lambda: len(alerts()) == 5)
        assert raised()[1:] == [("any", "app:p2", None), ("any", "app:p3", ["tea"]),
                                ("any", "app:p4", None), ("any", "app:p5", ["cup"])], raised()
        daemon.read_again('campaign "c" { words = {"#"} }\n', "can never be found")
        daemon.take(post(7, "globex"), retweet(7, 7))
        wait("the previous campaigns in use", lambda: raised()[-1] == ("any", "app:p7", ["cup"]))

        wait("the keys of both", lambda: keys_of("cup") and keys_of("tea"))
        daemon.write(CUP)
        daemon.end()
        daemon.start()
        daemon.await_start()
        daemon.take(retweet(8, 6), post(9, "globex"), retweet(9, 9))
        wait("the alerts after a restart", lambda: len(alerts()) == 8)
        wait("the keys of the other campaign deleted", lambda: not keys_of("tea"))
        assert raised()[6:] == [("any", "app:p6", None), ("any", "app:p9", None)], raised()
        daemon.read_again("", "the campaigns have changed: 0, before 1")
        wait("the keys deleted", lambda: not keys_of("cup"))
        wait("none is shown", lambda: shown_by(daemon) == [])
        assert daemon.ask("GET", "/api/v1/campaigns/cup").status == 404
        assert json.loads(daemon.ask("GET", "/api/v1/status").text)["campaigns"] == []
        daemon.take(post(10, "acme cup"), retweet(10, 10))
        wait("no campaigns", lambda: raised()[-1] == ("any", "app:p10", None))
        # What was seen before there are campaigns belongs to none, also if it is shown again.
        daemon.read_again(CUP, "the campaigns have changed: 1, before 0")
        old = {**post(10, "acme cup"), "author": {"id": "app:a10"}}
        daemon.take({**retweet(11, 10), "retweet_of": old}, post(11, "acme cup"))
        wait("the new post", lambda: figures("cup").get("posts:1h") == 1)
        assert figures("cup")["retweets:1h"] == 0, figures("cup")
        daemon.read_again(CUP.replace('"cup"', '"mug"'), "the campaigns have changed: 1, before 1")
        wait("the keys of the former name deleted", lambda: not keys_of("cup"))
        daemon.take(post(12, "acme cup"))
        wait("the new name", lambda: figures("mug").get("posts:1h") == 1)


def figures(campaign):
    return {name.decode(): float(value)
            for name, value in CLIENT.hgetall(f"cascaded:campaign:{campaign}").items()}


def await_known(count, people=3):
    wait(f"{count} of {people} people known", lambda: (
        figures("tea").get("known_people:1h"), figures("tea").get("people:1h")) == (count, people))


@case
def people_of_the_file_are_known_and_it_is_read_again_at_sighup():
    CLIENT.flushall()
    shutil.rmtree(pathlib.Path(FOLDER, "state"), ignore_errors=True)
    path = write_people("app:a1\n@you\n")
    text = 'campaign "tea" { words = {tea} people_file = "customers.txt" }\n'
    with Daemon(text) as daemon:
        assert daemon.said(f'campaign "tea": {path}: 2 people'), daemon.text()
        daemon.take(post(1, "tea"), post(2, "tea"), post(3, "more tea"))
        await_known(1)
        # The handle becomes known later, outside of the campaign.
        daemon.take(post(4, "milk", author={"id": "app:a3", "handle": "You"}))
        await_known(2)
        write_people("".join(f"x:{number}\n" for number in range(1_000_000)) + "app:a2\n")
        daemon.read_again(text, "1000001 people")
        await_known(1)
        path.unlink()
        daemon.read_again(text, "the previous one stays in use")  # the last of the two lines
        assert daemon.said("cannot read"), daemon.text()
        await_known(1)
        write_people(b"PK\3\4" + bytes(range(256)) * 4)
        daemon.read_again(text, "the people read before stay in use")
        daemon.take(post(5, "tea", author={"id": "app:a2"}))
        wait("the next post", lambda: figures("tea").get("posts:1h") == 4)
        await_known(1)
        daemon.end()
        write_people("@you\n")
        daemon.start()
        daemon.await_start()
        await_known(1)
        assert figures("tea")["posts:1h"] == 4
        # Who is removed from the file leaves nothing but what they did.
        daemon.read_again('campaign "tea" { words = {tea} }\n', "the configuration was reloaded")
        await_known(0)


if __name__ == "__main__":
    run_cases()
