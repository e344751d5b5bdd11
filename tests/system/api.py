#!/usr/bin/env python3
"""The HTTP interface for reading: what it answers about a replay equals the keys in Redis.

    api.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from sample import write_sample  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
CASCADECTL = os.path.join(os.environ["BUILD"], "cascadectl")
FOLDER = pathlib.Path(processes.folder())
SERVER = RedisServer()
CLIENT = SERVER.connect(decode_responses=True)
SAMPLE = write_sample(FOLDER / "sample.ndjson", "--format", "mixed", "--posts", "1500",
                      "--minutes", "90", "--users", "150")
METRICS = ["posts", "mentions", "retweets", "quotes", "replies", "reach", "influence", "carried",
           "translated"]
LASTING = ["carriers", "early", "carriers_estimated"]
WINDOWS = ["5m", "1h", "24h"]
TEXTS = {"handle", "name", "network", "author", "text", "lang", "parent", "state", "stage", "why",
         "best_post"}


class Replay:
    """A replay that has been written to Redis and stays. `lines`: standard output."""

    def __init__(self, *files, options=()):
        CLIENT.flushall()
        log = FOLDER / "log"
        with open(log, "wb") as errors:
            self.process = processes.start(
                [CASCADED, "-o", f"redis.url={SERVER.url}", "-o", "http.listen=127.0.0.1:0",
                 *[word for option in options for word in ("-o", option)], "--stay", *files],
                stdout=subprocess.PIPE, stderr=errors)
        wait("it listens", lambda: "port" in log.read_text(encoding="utf-8"))
        self.port = int(re.search(r"port (\d+)", log.read_text(encoding="utf-8"))[1])

    def finish(self):
        """Until all of it is in Redis."""
        assert self.process.stdout.readline().startswith(b"replayed ")
        return self

    def ask(self, path, method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, path, headers={name.replace("_", "-"): value
                                                  for name, value in headers.items()})
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer

    def get(self, path, **more):
        answer = self.ask("/api/v1/" + path, **more)
        assert answer.status == 200, (path, answer.status, answer.text)
        assert answer.headers["Content-Type"] == "application/json"
        return json.loads(answer.text)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.terminate()
        code = self.process.wait(PATIENCE)
        assert kind is not None or code == 0, code


def quote(name):
    return urllib.parse.quote(name, safe="")


def keys_of(kind):
    return {key.split(":", 2)[2]: CLIENT.hgetall(key)
            for key in CLIENT.scan_iter(f"cascaded:{kind}:*", count=1000)}


def as_members(fields):
    """A hash as the interface shows it: numbers as numbers."""
    return {name: value if name in TEXTS else json.loads(value) for name, value in fields.items()}


@case
def numbers_of_people_and_cascades_equal_their_keys():
    with Replay(SAMPLE, options=["alert.viral.min_size=5"]) as replay:
        replay.finish()
        users, cascades, carriers = keys_of("user"), keys_of("cascade"), keys_of("carrier")
        assert len(users) > 50 and len(cascades) > 50 and len(carriers) > 5
        for name, fields in users.items():
            shown = replay.get("users/" + quote(name))
            assert shown.pop("id") == name
            own = shown.pop("cascades")
            sizes = [cascade["size"] for cascade in own]
            assert sizes == sorted(sizes, reverse=True) and len(own) <= 10
            assert all(cascade["author"] == name for cascade in own), own
            carrier = shown.pop("carrier", None)
            if name in carriers:
                assert carrier == as_members(carriers[name]), name
            assert shown == as_members(fields), name
        for name, fields in cascades.items():
            shown = replay.get("cascades/" + quote(name))
            assert shown.pop("id") == name
            growth, people = shown.pop("growth"), shown.pop("top_amplifiers")
            assert len(people) == min(10, shown["amplifiers"])
            assert len(shown.pop("top_carriers")) <= 5
            assert growth[0] == [0, 0] and growth[-1][1] == shown["size"], (name, growth)
            assert growth == sorted(growth) and len(growth) <= 300
            assert [size for _, size in growth] == sorted(size for _, size in growth)
            assert shown == as_members(fields), name
        written = [json.loads(entry["json"]) for _, entry in CLIENT.xrevrange("cascaded:alerts")]
        assert written and replay.get("alerts?limit=1000") == written
        assert replay.get("alerts") == written[:20]


@case
def boards_equal_their_keys():
    with Replay(SAMPLE) as replay:
        replay.finish()
        status = replay.get("status")
        assert status["windows"] == WINDOWS
        assert status["boards"] == METRICS + ["cascades", "hashtags"] + LASTING
        length = {"5m": 300_000, "1h": 3_600_000, "24h": 86_400_000}
        for row in status["coverage"]:
            assert row["length_ms"] == length.pop(row["window"]), row
            assert row["complete"] == (row["seen_ms"] == row["length_ms"]), row
            assert row["complete"] or 3_600_000 < row["seen_ms"] <= 6_000_000, row
        assert not length and [row["complete"] for row in status["coverage"]] == [True, True, False]
        boards = [(metric, window) for metric in METRICS + ["cascades", "hashtags"]
                  for window in WINDOWS] + [(metric, "all") for metric in LASTING]
        for metric, window in boards:
            key = f"cascaded:top:{metric}" + (f":{window}" if window != "all" else "")
            wanted = sorted(CLIENT.zrange(key, 0, -1, withscores=True),
                            key=lambda entry: (-entry[1], entry[0].encode()))
            shown = replay.get(f"top/{metric}/{window}?limit=1000")
            assert (shown["board"], shown["window"]) == (metric, window)
            entries = shown["entries"]
            assert [entry["rank"] for entry in entries] == list(range(1, len(wanted) + 1))
            assert [(entry["id"], entry["value"]) for entry in entries] == wanted, key
            assert replay.get(f"top/{metric}/{window}")["entries"] == entries[:20]
            for entry in entries[:5]:
                if metric == "cascades":
                    fields = CLIENT.hgetall("cascaded:cascade:" + entry["id"])
                    assert str(entry["size"]) == fields["size"]
                    assert entry["speed"] == float(fields["velocity_5m"])
                    assert entry.get("text") == fields.get("text")
                elif metric != "hashtags":
                    fields = CLIENT.hgetall("cascaded:user:" + entry["id"])
                    assert entry.get("handle") == fields.get("handle")
                    assert entry.get("name") == fields.get("name")
                    assert ("why" in entry) == (window == "all")
        meta = CLIENT.hgetall("cascaded:meta")
        assert status["version"] == meta["version"]
        assert (status["clock_ms"], status["posts"]) == (int(meta["clock_ms"]), int(meta["posts"]))
        assert status["complete"] is (meta["complete"] == "1") and status["sources"] == []
        assert status["posts_per_s"] >= 0 and status["as_of_ms"] > status["clock_ms"]


CAMPAIGNS = ["campaign.ferry.words=night ferry,#nightferry", "campaign.ferry.rivals=harbour",
             "campaign.ferry.outreach=30", "campaign.none.words=wordthatnobodywrites"]
CAMPAIGN_METRICS = [metric for metric in METRICS if metric != "mentions"] + ["cascades", "hashtags"]


def entries_of(answer):
    return {entry["id"]: entry["value"] for entry in answer["entries"]}


@case
def campaigns_equal_their_keys():
    with Replay(SAMPLE, options=CAMPAIGNS) as replay:
        replay.finish()
        fields = as_members(CLIENT.hgetall("cascaded:campaign:ferry"))
        assert fields["posts:24h"] > 20 and 0 < fields["share:24h"] < 1, fields
        shown = replay.get("campaigns/ferry")
        assert shown.pop("boards") == CAMPAIGN_METRICS
        before = shown.pop("before")
        assert {name.split(":")[1] for name in before} == {"5m", "1h"}, before  # 24h were not seen
        assert before["posts:1h"] > 0 and before["share:1h"] <= 1, before
        joined = {window: shown.pop(f"joined:{window}") for window in WINDOWS}
        assert joined["24h"] == shown["new_people:24h"] == shown["people:24h"], joined
        assert shown.pop("has_rivals") is True
        assert replay.get("campaigns/none")["has_rivals"] is False
        assert shown.pop("name") == "ferry" and shown.pop("as_of_ms") and shown.pop("complete") is False
        assert shown == fields
        listed = replay.get("campaigns")["campaigns"]
        assert [each.pop("name") for each in listed] == ["ferry", "none"]
        assert listed[0] == fields and set(listed[1].values()) == {0}, listed
        assert "share:24h" not in listed[1] and not CLIENT.exists("cascaded:campaign:none")
        assert replay.get("status")["campaigns"] == ["ferry", "none"]
        for metric in CAMPAIGN_METRICS:
            for window in WINDOWS:
                answer = replay.get(f"campaigns/ferry/top/{metric}/{window}?limit=1000")
                members = dict(CLIENT.zrange(f"cascaded:campaign:ferry:top:{metric}:{window}", 0, -1,
                                             withscores=True))
                assert entries_of(answer) == members, (metric, window)
                assert (answer["campaign"], answer["board"], answer["window"]) == ("ferry", metric, window)
                ranks = [entry["rank"] for entry in answer["entries"]]
                assert ranks == list(range(1, len(members) + 1))
        course = replay.get("campaigns/ferry/course")
        assert sum(course["posts"]) == fields["posts:24h"], course
        assert sum(course["joined"]) == fields["people:24h"] == sum(
            each["people"] for each in course["classes"])
        assert len(course["posts"]) == len(course["acts"]) == len(course["joined"]) <= 256
        assert [each["name"] for each in course["classes"]][0::4] == ["innovators", "laggards"]
        empty = replay.get("campaigns/none/course")
        assert (empty["posts"], "start_ms" in empty) == ([], False), empty
        news = [entry["id"] for entry in replay.get("campaigns/ferry/top/posts/1h?limit=1000")["entries"]
                if "new" in entry]
        assert 0 < len(news) <= fields["new_people:1h"], news
        of_one = replay.get("campaigns/ferry/top/posts/24h?network=masto&limit=5")["entries"]
        assert of_one and all(entry["id"].startswith("masto:") for entry in of_one), of_one


@case
def the_ranks_of_a_minute_before_are_known_within_a_campaign():
    with Replay("--speed", "1200", SAMPLE, options=CAMPAIGNS) as replay:
        def ranks():
            entries = replay.get("campaigns/ferry/top/posts/24h?limit=1000")["entries"]
            return {entry["id"]: (entry["rank"], entry["previous_rank"]) for entry in entries}
        wait("somebody rose or fell", lambda: any(
            before not in (None, rank) for rank, before in ranks().values()))
        before = [each for _, each in ranks().values() if each]
        assert sorted(before) == sorted(set(before)) and max(before) <= 50, before


def outreach(replay):
    return replay.get("campaigns/ferry/outreach?limit=1000")["entries"]


@case
def the_outreach_list_equals_its_keys_and_has_the_marks_of_cascadectl():
    with Replay(SAMPLE, options=CAMPAIGNS) as replay:
        replay.finish()
        shown = outreach(replay)
        members = CLIENT.zrevrange("cascaded:campaign:ferry:outreach", 0, -1, withscores=True)
        assert len(shown) == 30 and {entry["id"]: entry["value"] for entry in shown} == dict(members)
        assert [entry["rank"] for entry in shown] == list(range(1, 31))
        for entry in shown:
            fields = as_members(CLIENT.hgetall(f"cascaded:campaign:ferry:outreach:{entry['id']}"))
            assert {name: entry[name] for name in fields} == fields, entry
            assert set(entry) - set(fields) <= {"rank", "id", "value", "handle", "name"}, entry
        assert len(replay.get("campaigns/ferry/outreach")["entries"]) == 20
        assert replay.get("campaigns/none/outreach")["entries"] == []
        first, second = shown[0]["id"], shown[1]["id"]
        CLIENT.hset("cascaded:campaign:ferry:done", mapping={
            first: 1790000000123, second: "not a number", "x:nobody": 5, "y" * 2000: 6})
        wait("the mark is shown", lambda: outreach(replay)[0].get("done_ms") == 1790000000123)
        assert [entry["id"] for entry in outreach(replay) if "done_ms" in entry] == [first]
        CLIENT.hset("cascaded:campaign:ferry:done", second, 7)
        CLIENT.hdel("cascaded:campaign:ferry:done", first)
        wait("it is another one", lambda: [entry["id"] for entry in outreach(replay)
                                           if "done_ms" in entry] == [second])
        CLIENT.delete("cascaded:campaign:ferry:done")
        wait("there is none", lambda: not any("done_ms" in entry for entry in outreach(replay)))


def campaign_by_cascadectl(address, *options):
    done = subprocess.run([f"{CASCADED[:-len('cascaded')]}cascadectl", "-r", SERVER.url, "--http", address,
                           "campaign", "ferry", *options], capture_output=True, check=True, encoding="utf-8",
                          timeout=PATIENCE)
    return done.stdout


@case
def cascadectl_shows_what_the_daemon_knows_beside_the_figures_of_redis():
    with Replay(SAMPLE, options=CAMPAIGNS) as replay:
        replay.finish()
        address = f"http://127.0.0.1:{replay.port}"
        shown = json.loads(campaign_by_cascadectl(address, "--json"))
        wanted = replay.get("campaigns/ferry")
        assert shown["before"] == wanted["before"] and shown["posts:1h"] == wanted["posts:1h"]
        assert shown["course"]["posts"] == replay.get("campaigns/ferry/course")["posts"]
        first = replay.get("campaigns/ferry/top/carried/1h")["entries"]
        assert shown["new_carriers"] == [entry for entry in first if "new" in entry]
        screen = campaign_by_cascadectl(address)
        row = next(line.split() for line in screen.splitlines() if line.startswith("posts "))
        assert row == ["posts", str(wanted["posts:5m"]), str(wanted["before"].get("posts:5m")),
                       str(wanted["posts:1h"]), str(wanted["before"]["posts:1h"]),
                       str(wanted["posts:24h"]), "-"], row
        assert "How it went" in screen and "innovators" in screen and "joined" in screen, screen
    screen = campaign_by_cascadectl("http://127.0.0.1:1")
    assert "How it went" not in screen and "before " not in screen, screen
    why = [line for line in screen.splitlines() if line.startswith("without the window before")]
    assert len(why) == 1 and "Connection refused" in why[0], screen
    shown = json.loads(campaign_by_cascadectl("http://127.0.0.1:1", "--json"))
    assert "Connection refused" in shown["course_error"] and "before" not in shown, shown
    assert shown["posts:1h"] == wanted["posts:1h"]


@case
def a_campaign_that_is_not_there_has_the_nearest_name_in_its_refusal():
    with Replay(SAMPLE, options=CAMPAIGNS) as replay:
        for path in ("fery", "fery/outreach", "fery/top/posts/1h"):
            answer = replay.ask(f"/api/v1/campaigns/{path}")
            assert answer.status == 404
            assert json.loads(answer.text) == {
                "error": "not_found", "message": 'there is no such campaign: did you mean "ferry"?'}
        far = json.loads(replay.ask("/api/v1/campaigns/%22%00%ff").text)
        assert far["message"] == "there is no such campaign: /api/v1/campaigns has the names", far
        for path in ("ferry/top/mentions/1h", "ferry/top/posts/2h", "ferry/top/carriers/all"):
            assert replay.ask(f"/api/v1/campaigns/{path}").status == 404, path
        for path in ("ferry/outreach?limit=0", "ferry/outreach?limit=1001", "ferry/top/posts/1h?limit=x"):
            assert json.loads(replay.ask(f"/api/v1/campaigns/{path}").text)["error"] == "bad_limit", path


@case
def people_without_a_key_are_found_by_id_and_handle():
    path = FOLDER / "few.ndjson"
    posts = [{"id": "app:1", "author": {"id": "app:u1", "handle": "Ann"}},
             {"id": "x:2", "author": {"id": "x:7", "handle": "Bob"}},
             {"id": "app:3", "author": {"id": "app:ü/?%"}, "text": "hello @Carl"}]
    path.write_text("".join(json.dumps({"time": 1700000000000, **post}) + "\n" for post in posts),
                    encoding="utf-8")
    with Replay(str(path), options=["redis.top=1"]) as replay:
        replay.finish()
        assert not CLIENT.exists("cascaded:user:x:7")
        for name, wanted in (("app:u1", "app:u1"), ("@app:ann", "app:u1"), ("app:@ANN", "app:u1"),
                             ("@bob", "x:7"), ("@x:Bob", "x:7"), ("x:@bob", "x:7"), ("x:7", "x:7"),
                             ("@ann", "app:u1"), ("app:ü/?%", "app:ü/?%"), ("app:@carl", "app:@carl"),
                             ("app:@CARL", "app:@carl")):
            shown = replay.get("users/" + quote(name))
            assert shown["id"] == wanted, (name, shown)
        assert replay.get("users/x:7")["posts:5m"] == 1
        for name in ("@nobody", "x:@ann", "@", "x:", ":", "app:u", "app:u1\0", "x" * 3000, "@a:b:c",
                     "@" + "x" * 3000):
            answer = replay.ask("/api/v1/users/" + quote(name))
            assert answer.status == 404, (name, answer.text)
            assert json.loads(answer.text)["error"] == "not_found"


@case
def a_handle_is_found_in_the_network_that_cascadectl_shows_first():
    path = FOLDER / "networks.ndjson"
    with open(path, "w", encoding="utf-8") as file:
        for number, (network, handle) in enumerate((
                ("zed", "Ann"), ("app", "ann"), ("mid", "ANN"), ("zed", "bob"), ("masto", "bob"), ("x", "Bob"),
                ("app", "bob"), ("zed", "carl"), ("app", "Ünal"), ("app", "annie"))):
            author = {"id": f"{network}:u{number}", "handle": handle}
            file.write(json.dumps({"id": f"{network}:{number}", "time": 1700000000000, "author": author}) + "\n")
    with Replay(str(path)) as replay:
        replay.finish()
        for name, wanted in (("@ann", "app:u1"), ("@bob", "x:u5"), ("@CARL", "zed:u7"), ("@ünal", "app:u8"),
                             ("@zed:ANN", "zed:u0"), ("@zed:@ann", "zed:u0")):
            shown = subprocess.run([CASCADECTL, "-r", SERVER.url, "user", name, "--json"], capture_output=True,
                                   check=True).stdout.decode()
            assert json.JSONDecoder().raw_decode(shown)[0]["id"] == wanted, (name, shown)
            assert replay.get("users/" + quote(name))["id"] == wanted, name


def grown():
    """Lines of a cascade, and for each of its nodes but the root: time, parent and observed, by the
    person. Every third retweet has no parent, which makes the root its assumed one."""
    begin = 1700000000000
    root = {"id": "app:root", "author": {"id": "app:ann"}}
    lines, wanted = [{"time": begin, "text": "hello", **root}], {}
    for number in range(1, 120):
        kind, via = number % 3, number // 2 if number % 6 != 1 else 0
        name, time = f"app:n{number}", begin + 1000 * number
        line = {"id": name, "time": time, "author": {"id": f"app:u{number}"}}
        if number % 10 == 0:
            line["quote_of"] = root
            wanted[f"app:u{number}"] = (time, "app:ann", 1)
        elif kind == 0 or (via and via % 10 == 0):
            line["retweet_of"] = root
            wanted[f"app:u{number}"] = (time, "app:ann", 0)
        else:
            line.update(retweet_of=root, via=f"app:n{via}" if via else "app:root")
            wanted[f"app:u{number}"] = (time, f"app:u{via}" if via else "app:ann", 1)
        lines.append(line)
    for number in range(120, 130):
        lines.append({"id": f"app:n{number}", "time": begin + 1000 * number,
                      "author": {"id": f"app:u{number}"},
                      "retweet_of": {"id": "app:n50", "author": {"id": "app:u50"}}})
        wanted[f"app:u{number}"] = (begin + 1000 * number, "app:u50", 1)
    return lines, wanted


@case
def the_tree_of_a_cascade_shows_who_came_through_whom():
    lines, wanted = grown()
    path = FOLDER / "grown.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with Replay(str(path)) as replay:
        replay.finish()
        tree = replay.get("cascades/app:root/tree")
        assert tree["nodes"] == tree["shown"] == len(wanted) + 1, tree
        assert (tree["parent"][0], tree["id"][0], tree["person"][0]) == (-1, "app:root", "app:ann")
        assert tree["time"] == sorted(tree["time"])
        shown = {tree["person"][row]: (tree["time"][row], tree["person"][tree["parent"][row]],
                                       tree["observed"][row])
                 for row in range(1, tree["shown"])}
        assert shown == wanted, {name: (shown.get(name), wanted[name]) for name in wanted
                                 if shown.get(name) != wanted[name]}
        assert tree["id"][tree["person"].index("app:u50")] == "app:n50"
        assert replay.ask("/api/v1/cascades/app:none/tree").status == 404


@case
def what_is_asked_wrongly_gets_one_error_in_json():
    rows = [("top/posts/1h?limit=" + limit, 400, "bad_limit") for limit in (
        "-1", "0", "1001", "1e9", "1000000000", "99999999999999999999999", "", "%2020", "+5", "5.0",
        "0x5", "5%00", "%", "five", "1" * 100)]
    rows += [("top/posts/" + window, 404, "not_found") for window in ("all", "2h", "1H", "%31h%00")]
    rows += [("top/carriers/1h", 404, "not_found"), ("top/velocity/1h", 404, "not_found"),
             ("top/posts", 404, "not_found"), ("top/posts/1h/x", 404, "not_found"),
             ("users/", 404, "not_found"), ("cascades/app:nothing", 404, "not_found"),
             ("users/%zz", 400, "bad_path"), ("nothing", 404, "not_found"),
             ("alerts?limit=0", 400, "bad_limit"), ("../v1/status", 404, "not_found"),
             ("status/", 404, "not_found"), ("users/%2e%2e%2fstatus", 404, "not_found")]
    with Replay(SAMPLE) as replay:
        for path, code, name in rows:
            answer = replay.ask("/api/v1/" + path)
            assert answer.status == code, (path, answer.status, answer.text)
            assert answer.headers["Content-Type"] == "application/json"
            refusal = json.loads(answer.text)
            assert set(refusal) == {"error", "message"} and refusal["error"] == name, refusal
            assert answer.headers["ETag"] is None
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            answer = replay.ask("/api/v1/status", method)
            assert answer.status == 405 and answer.headers["Allow"] == "GET, HEAD", method
        assert replay.ask("/api/v1/posts", "POST").status == 403


@case
def an_answer_is_sent_once_until_the_next_flush():
    with Replay(SAMPLE) as replay:
        replay.finish()
        for path in ("status", "top/posts/24h", "alerts", "users/" + quote(
                replay.get("top/posts/24h")["entries"][0]["id"])):
            def is_known(path=path):
                first = replay.ask("/api/v1/" + path)
                tag = first.headers["ETag"]
                assert re.fullmatch(r'"\d+"', tag) and first.headers["Cache-Control"] == "no-cache"
                again = replay.ask("/api/v1/" + path, If_None_Match=f'"1", W/{tag}')
                if again.headers["ETag"] != tag:
                    return False  # the next flush came between the two
                assert (again.status, again.text) == (304, ""), again.status
                return True

            wait("the same number twice", is_known)
            other = replay.ask("/api/v1/" + path, If_None_Match='"1"')
            assert other.status == 200 and other.text
            head = replay.ask("/api/v1/" + path, "HEAD")
            assert (head.status, head.text) == (200, "") and int(head.headers["Content-Length"]) > 1
        number = int(replay.ask("/api/v1/status").headers["ETag"].strip('"'))
        wait("it advances", lambda: int(
            replay.ask("/api/v1/status").headers["ETag"].strip('"')) > number)


@case
def a_replay_serves_from_its_start_and_goes_on_where_the_port_is_taken():
    with open(SAMPLE, "rb") as sample:
        lines = sample.readlines()
    first, last = b"".join(lines[:750]), b"".join(lines[750:])
    fifo = FOLDER / "fifo"
    os.mkfifo(fifo)
    with Replay(str(fifo)) as replay, open(fifo, "wb") as out:
        out.write(first)
        out.flush()
        wait("half of it", lambda: replay.get("status")["posts"] > 300)
        wait("a board", lambda: replay.get("top/posts/24h")["entries"])
        assert replay.ask("/healthz").text == "ok\n" and replay.ask("/readyz").status == 200
        other = subprocess.run(
            [CASCADED, "-o", f"redis.url={SERVER.url}", "-o", "redis.prefix=other:",
             "-o", f"http.listen=127.0.0.1:{replay.port}", SAMPLE],
            capture_output=True, timeout=PATIENCE, check=False)
        assert other.returncode == 0 and b"listen" not in other.stderr, other
        out.write(last)
        out.close()
        replay.finish()
        assert replay.get("status")["posts"] == int(CLIENT.hget("cascaded:meta", "posts"))


run_cases()
