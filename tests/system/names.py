#!/usr/bin/env python3
"""Names for Bluesky: a live daemon, posts pushed as Jetstream sends them, and an API that answers
as told.

    names.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import http.client
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import wait  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect(decode_responses=True)


def profile(did):
    return {"did": did, "handle": did[8:] + ".example", "displayName": "Name " + did[8:],
            "followersCount": 1000}


def post(uri):
    did = uri.split("/")[2]
    return {"uri": uri, "cid": "c", "author": {"did": did, "handle": did[8:] + ".example"},
            "record": {"$type": "app.bsky.feed.post", "text": "text of " + uri[-2:],
                       "langs": ["en"], "createdAt": "1999-01-01T00:00:00Z"},
            "indexedAt": "2026-01-01T00:00:00.000Z", "repostCount": 40, "quoteCount": 2}


class Api:
    """Bluesky's public API. `before(handler, ids)` may answer in its own way and say so."""

    def __init__(self, before=None, missing=()):
        self.asked = []
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                url = urllib.parse.urlsplit(self.path)
                query = urllib.parse.parse_qs(url.query)
                is_posts = url.path == "/xrpc/app.bsky.feed.getPosts"
                assert is_posts or url.path == "/xrpc/app.bsky.actor.getProfiles", url.path
                ids = query["uris" if is_posts else "actors"]
                api.asked.append(ids)
                if before is not None and before(self, ids):
                    return
                found = [(post if is_posts else profile)(one) for one in ids
                         if one not in missing]
                self.answer(json.dumps({"posts" if is_posts else "profiles": found}).encode())

            def answer(self, body, status=200, headers=()):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def count(self, one):
        return sum(ids.count(one) for ids in self.asked)


class Daemon(LiveDaemon):
    def __init__(self, api, more=""):
        CLIENT.flushall()
        super().__init__(CASCADED, FOLDER, f'redis {{ url = "{SERVER.url}" }}\n' +
                         http_section(FOLDER) +
                         f'names {{ url = "{api.url}" pause = 10ms {more} }}\n'
                         'source "x" { url = "http://127.0.0.1:9/" }\n')
        self.await_start()
        self.made = 0

    def count(self, name):
        return int(self.metric(f"cascaded_names_{name}_total"))

    def send(self, did, collection, record):
        self.made += 1
        message = {"did": did, "time_us": time.time_ns() // 1000, "kind": "commit",
                   "commit": {"rev": "r", "operation": "create", "collection": collection,
                              "rkey": f"k{self.made}", "record": {"$type": collection, **record},
                              "cid": "c"}}
        assert self.push(json.dumps(message) + "\n").status == 202

    def repost(self, did, uri):
        self.send(did, "app.bsky.feed.repost",
                  {"subject": {"uri": uri, "cid": "c"}, "createdAt": "2026-01-01T00:00:00Z"})

    def publish(self, did, text="hello"):
        self.send(did, "app.bsky.feed.post",
                  {"text": text, "createdAt": "2026-01-01T00:00:00Z"})


def uri_of(did, key):
    return f"at://{did}/app.bsky.feed.post/{key}"


def user(did):
    return CLIENT.hgetall("cascaded:user:bsky:" + did)


@case
def people_and_posts_on_the_boards_get_their_names():
    api = Api()
    with Daemon(api) as daemon:
        root = uri_of("did:plc:ann", "r1")
        daemon.repost("did:plc:bob", root)
        daemon.publish("did:plc:cid")
        cascade = "cascaded:cascade:bsky:" + root
        wait("text", lambda: CLIENT.hget(cascade, "text") == "text of r1")
        wait("names", lambda: user("did:plc:ann").get("name") == "Name ann" and
             user("did:plc:cid").get("name") == "Name cid")
        assert user("did:plc:ann")["handle"] == "ann.example"
        assert user("did:plc:ann")["followers"] == "1000"
        assert CLIENT.get("cascaded:handle:bsky:ann.example") == "bsky:did:plc:ann"
        wait("handle", lambda: CLIENT.hget(cascade, "handle") == "ann.example")
        found = CLIENT.hgetall(cascade)
        assert found["reported"] == "42" and found["lang"] == "en", found
        assert found["created_ms"] == "1767225600000", found
        # Nobody on a board: nobody asks.
        assert api.count("did:plc:bob") == 0
        assert max(len(ids) for ids in api.asked) <= 25


@case
def followers_learnt_serve_the_reach_of_later_events_only():
    api = Api()
    with Daemon(api) as daemon:
        root = uri_of("did:plc:ann", "r1")
        daemon.publish("did:plc:bob")
        daemon.repost("did:plc:bob", root)
        wait("learnt", lambda: user("did:plc:bob").get("followers") == "1000")
        wait("written", lambda: CLIENT.zscore("cascaded:top:retweets:1h", "bsky:did:plc:ann"))
        assert CLIENT.zscore("cascaded:top:reach:1h", "bsky:did:plc:ann") is None
        daemon.repost("did:plc:bob", uri_of("did:plc:ann", "r2"))
        wait("reach", lambda: CLIENT.zscore("cascaded:top:reach:1h", "bsky:did:plc:ann") == 1000)


@case
def more_ids_than_a_request_takes_are_looked_up_once_each():
    api = Api(missing=[f"did:plc:n{i}" for i in range(0, 60, 7)])
    with Daemon(api) as daemon:
        for i in range(60):
            daemon.publish(f"did:plc:n{i}")
        wait("named", lambda: sum("handle" in user(f"did:plc:n{i}") for i in range(60)) == 51)
        wait("missed", lambda: daemon.count("missing") == 9)
        daemon.publish("did:plc:later")
        wait("asked on", lambda: "handle" in user("did:plc:later"))
        assert all(api.count(f"did:plc:n{i}") == 1 for i in range(60)), api.asked
        assert max(len(ids) for ids in api.asked) <= 25
        assert daemon.count("users") == 52


@case
def a_server_that_refuses_is_logged_once_and_asked_again():
    refusals = [(429, [("ratelimit-reset", str(int(time.time()) + 2))]), (500, []), (503, [])]

    def refuse(handler, _):
        if refusals:
            status, headers = refusals.pop(0)
            handler.answer(b'{"error":"no"}', status, headers)
            return True
        return False

    with Daemon(Api(refuse)) as daemon:
        daemon.publish("did:plc:ann")
        wait("named", lambda: user("did:plc:ann").get("handle"))
        assert daemon.count("requests_failed") == 3
        assert daemon.text().count("does not answer") == 1, daemon.text()
        assert daemon.text().count("answers again") == 1, daemon.text()


@case
def unusable_answers_cost_only_time():
    def giant(handler, _):
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(100):
                handler.wfile.write(b" " * (1 << 20))
        except OSError:
            pass

    strange = [lambda handler, _: handler.answer(b"<html>"),
               lambda handler, _: handler.answer(b'{"profiles":'),
               lambda handler, _: handler.answer(b'{"profiles":{"did":1}}'),
               lambda handler, _: handler.answer(b"", 302, [("Location", "http://127.0.0.1:9/")]),
               giant]

    def answer(handler, ids):
        if strange:
            strange.pop(0)(handler, ids)
            return True
        return False

    with Daemon(Api(answer)) as daemon:
        daemon.publish("did:plc:ann")
        wait("named", lambda: user("did:plc:ann").get("handle"))
        assert daemon.count("requests_failed") == 5
        assert CLIENT.zscore("cascaded:top:posts:1h", "bsky:did:plc:ann") == 1


@case
def an_answer_about_another_id_is_ignored():
    def lie(handler, ids):
        if "did:plc:ann" in ids:
            handler.answer(json.dumps({"profiles": [
                dict(profile("did:plc:bob"), handle="false.example"), profile("did:plc:ann"),
                dict(profile("did:plc:ann"), handle="twice.example")]}).encode())
            return True
        return False

    with Daemon(Api(lie)) as daemon:
        daemon.publish("did:plc:bob")
        wait("bob", lambda: user("did:plc:bob").get("handle") == "bob.example")
        daemon.publish("did:plc:ann")
        wait("ann", lambda: user("did:plc:ann").get("handle") == "ann.example")
        assert user("did:plc:bob")["handle"] == "bob.example"


@case
def an_id_that_spoils_a_call_leaves_the_others_their_names():
    def refuse(handler, ids):
        if "did:plc:bad" in ids:
            handler.answer(b'{"error":"InvalidRequest"}', 400)
            return True
        return False

    api = Api(refuse)
    with Daemon(api) as daemon:
        for name in ("ann", "bad", "bob", "cid"):
            daemon.publish("did:plc:" + name)
        wait("named", lambda: all(user("did:plc:" + name).get("handle")
                                  for name in ("ann", "bob", "cid")))
        daemon.publish("did:plc:later")
        wait("asked on", lambda: "handle" in user("did:plc:later"))
        assert api.count("did:plc:bad") <= 5, api.asked
        assert "does not answer" not in daemon.text()


@case
def ids_that_do_not_fit_into_a_url_are_not_looked_up():
    api = Api()
    with Daemon(api) as daemon:
        daemon.publish("did:plc:a&actors=did:plc:evil")
        daemon.publish("did:plc:ann")
        wait("named", lambda: user("did:plc:ann").get("handle"))
        assert all("evil" not in one for ids in api.asked for one in ids), api.asked


@case
def switched_off_it_sends_no_request():
    api = Api()
    with Daemon(api, "lookup = false") as daemon:
        daemon.publish("did:plc:ann")
        wait("counted", lambda: CLIENT.zscore("cascaded:top:posts:1h", "bsky:did:plc:ann"))
        assert not api.asked
        assert "cascaded_names_requests" not in daemon.ask("GET", "/metrics")


@case
def a_server_without_tls_elsewhere_is_refused():
    done = subprocess.run([CASCADED, "-t", "-o", "names.url=http://api.example"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 78 and "names.url: write it as https" in done.stderr, done


if __name__ == "__main__":
    run_cases()
