#!/usr/bin/env python3
"""The live feed of a daemon, and the first board in its page.

    events.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import http.client
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer, free_port  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect(decode_responses=True)


class Daemon(LiveDaemon):
    """A daemon into which posts are pushed."""

    def __init__(self, more="", server=SERVER):
        CLIENT.flushall()
        super().__init__(CASCADED, FOLDER, f'redis {{ url = "{server.url}" }}\n' +
                         http_section(FOLDER) + more)
        self.await_start()


class Feed:
    """A client of the live feed."""

    def __init__(self, daemon, query="", **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=PATIENCE)
        self.connection.request("GET", "/api/v1/events" + query, headers={
            name.replace("_", "-"): value for name, value in headers.items()})
        self.answer = self.connection.getresponse()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.connection.close()
        self.answer.close()

    def next(self, *names):
        """The next event, or the next one with one of these names."""
        event = {}
        while True:
            line = self.answer.readline().decode()
            assert line, f"the feed ended: {self.answer.status}"
            line = line.rstrip("\n")
            if line:
                name, _, value = line.partition(": ")
                event[name] = value
            elif "data" in event and (not names or event["event"] in names):
                event["data"] = json.loads(event["data"])
                return event
            else:
                event = {}


def post(number, **more):
    return json.dumps({"id": f"app:{number}", "time": int(time.time() * 1000),
                       "author": {"id": "app:ann", "handle": "ann"}, **more}).encode() + b"\n"


def reshare(number, root, who):
    return post(number, author={"id": f"app:{who}", "handle": who},
                retweet_of={"id": f"app:{root}", "author": {"id": "app:ann", "handle": "ann"}})


@case
def a_board_that_changed_is_sent_as_its_answer():
    with Daemon() as daemon, Feed(daemon, "?boards=posts:1h") as feed:
        assert feed.answer.headers["Content-Type"] == "text/event-stream"
        first = feed.next()
        assert first["event"] == "snapshot" and first["data"]["flush"] == int(first["id"]), first
        assert daemon.push(post(1)).status == 202
        top = feed.next("top")
        while not top["data"]["entries"]:
            top = feed.next("top")
        answer = json.loads(daemon.ask("GET", "/api/v1/top/posts/1h?limit=20").text)
        assert top["data"]["entries"] == answer["entries"], (top, answer)
        assert [top["data"][name] for name in ("board", "window")] == ["posts", "1h"]
        assert int(top["id"]) >= int(first["id"])
        status = feed.next("status")
        assert set(status["data"]) == set(json.loads(daemon.ask("GET", "/api/v1/status").text))


@case
def a_client_resumes_and_gets_the_alert_it_missed():
    with Daemon('alert "young" { min_size = 2 }\n') as daemon:
        with Feed(daemon, "?boards=") as feed:
            last = feed.next("status")["id"]
        assert daemon.push(post(1) + reshare(2, 1, "bob") + reshare(3, 1, "cat")).status == 202
        wait("an alert", lambda: json.loads(daemon.ask("GET", "/api/v1/alerts").text))
        with Feed(daemon, "?boards=", Last_Event_ID=last) as feed:
            event = feed.next("alert", "snapshot")
            assert event["event"] == "alert" and event["data"]["rule"] == "young", event
            last = event["id"]
        with Feed(daemon, f"?boards=&last_event_id={last}") as feed:
            assert feed.next("alert", "snapshot", "status")["event"] == "status"


@case
def alerts_of_an_earlier_process_are_known():
    alerts = 'alert "young" { min_size = 2 }\n'
    with Daemon(alerts) as daemon:
        for root in ("a", "b"):
            assert daemon.push(post(root + "1") + reshare(root + "2", root + "1", "bob") +
                               reshare(root + "3", root + "1", "cat")).status == 202
            wait("an alert", lambda root=root: root in daemon.ask("GET", "/api/v1/alerts").text)
        wait("two alerts", lambda: len(json.loads(daemon.ask("GET", "/api/v1/alerts").text)) == 2)
        before = json.loads(daemon.ask("GET", "/api/v1/alerts").text)
        daemon.process.terminate()
        assert daemon.process.wait(PATIENCE) == 0
        for other in ("a test", '{"id":"an entry of another program, without a point"}'):
            CLIENT.xadd("cascaded:alerts", {"json": other})
        daemon.start()
        daemon.await_start()
        after = json.loads(daemon.ask("GET", "/api/v1/alerts").text)
        assert after == [{"id": "an entry of another program, without a point"}] + before, after


@case
def a_start_needs_no_right_to_read_alerts():
    port = free_port()
    server = RedisServer("--port", str(port))
    server.client.execute_command("ACL", "SETUSER", "limited", "on", ">secret", "~*", "&*", "+@all", "-eval",
                                  "-xrevrange")
    server.url = f"redis://limited:secret@127.0.0.1:{port}"
    with Daemon(server=server) as daemon:
        assert json.loads(daemon.ask("GET", "/api/v1/alerts").text) == []


@case
def a_redis_that_hangs_or_is_gone_is_reported_and_so_is_its_return():
    server = RedisServer()
    with Daemon(server=server) as daemon, Feed(daemon, "?boards=posts:1h") as feed:
        def until(state):
            status = feed.next("status")["data"]
            while status["redis"]["state"] != state:
                status = feed.next("status")["data"]
            answer = json.loads(daemon.ask("GET", "/api/v1/status").text)
            assert answer["redis"]["state"] == state, answer  # not an answer of before
            return status

        before = until("up")
        assert abs(before["redis"]["written_ms"] - before["as_of_ms"]) < PATIENCE * 1000
        for end, again in ((server.stop_process, server.continue_process), (server.kill, server.start)):
            end()
            gone = until("down")
            later = feed.next("status")["data"]
            board = json.loads(daemon.ask("GET", "/api/v1/top/posts/1h").text)
            for answer in (later, board):  # nothing was brought up to date since
                assert answer["as_of_ms"] == gone["as_of_ms"], (gone, answer)
            assert later["redis"]["written_ms"] == gone["redis"]["written_ms"] >= before["redis"]["written_ms"]
            again()
            back = until("up")
            assert back["as_of_ms"] > gone["as_of_ms"], (gone, back)


@case
def names_of_boards_are_checked():
    with Daemon() as daemon:
        for query, code in (("?boards=nothing", 404), ("?boards=posts", 404), ("?boards=%zz", 400),
                            ("?boards=" + "posts:1h," * 600, 400)):
            answer = daemon.ask("GET", "/api/v1/events" + query)
            assert answer.status == code and json.loads(answer.text)["error"], (query, answer.text)
        for query in ("?boards=carriers,posts:1h", "?boards=carriers:all", "?boards="):
            with Feed(daemon, query) as feed:
                assert feed.next()["event"] == "snapshot"


@case
def a_connection_has_requests_and_a_feed_in_any_order():
    with Daemon() as daemon, Feed(daemon, "?boards=nonsense:1h") as feed:
        assert feed.answer.status == 404 and feed.answer.read()
        feed.connection.request("GET", "/api/v1/status")
        status = feed.connection.getresponse()
        assert status.status == 200 and json.load(status)["boards"]
        feed.connection.request("GET", "/api/v1/events?boards=posts:1h")
        feed.answer = feed.connection.getresponse()
        assert feed.answer.status == 200
        feed.next("snapshot")
        daemon.push(post(1))
        event = feed.next("top")
        while not event["data"]["entries"]:
            event = feed.next("top")
        assert event["data"]["entries"][0]["id"] == "app:ann"


@case
def beside_256_clients_requests_are_answered():
    with Daemon() as daemon:
        feeds = [Feed(daemon, "?boards=posts:1h") for _ in range(256)]
        refused = Feed(daemon)
        assert refused.answer.status == 503 and refused.answer.headers["Retry-After"]
        assert json.loads(refused.answer.read())["error"] == "too_many_feeds"
        assert daemon.ask("GET", "/healthz").status == 200
        assert daemon.push(post(1)).status == 202
        for feed in feeds:
            event = feed.next("top")
            while not event["data"]["entries"]:
                event = feed.next("top")
        assert "cascaded_http_feeds 256\n" in daemon.ask("GET", "/metrics").text
        for feed in feeds:
            feed.connection.close()
            feed.answer.close()
        wait("places that are free again",
             lambda: "cascaded_http_feeds 0\n" in daemon.ask("GET", "/metrics").text)


@case
def the_page_contains_the_first_board_as_text():
    with Daemon() as daemon:
        empty = daemon.ask("GET", "/").text
        assert '<section id="first-board">' in empty and "<li>" not in empty, empty
        via = post(3, author={"id": "app:dan", "handle": "dan"}, via="app:2", retweet_of={
            "id": "app:1", "author": {"id": "app:ann", "handle": "ann"}})
        name = {"id": "app:<b>/\"x", "handle": "<script>alert(1)</script>"}
        by = post(2, author=name, retweet_of={"id": "app:1",
                                              "author": {"id": "app:ann", "handle": "ann"}})
        assert daemon.push(post(1) + by + via).status == 202
        wait("a row", lambda: "<li>" in daemon.ask("GET", "/").text)
        text = daemon.ask("GET", "/").text
        assert "<script>alert" not in text and "app:<b>" not in text, text
        assert 'href="/user/app%3A%3Cb%3E%2F%22x"' in text, text


if __name__ == "__main__":
    run_cases()
