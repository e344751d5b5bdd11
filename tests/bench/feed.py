"""What live daemons are fed with: generated messages, and the server that sends them (feeder.c)."""
import contextlib
import json
import string
import subprocess
import sys
import time

from common import FEEDER, HERE, OUT, ROOT

MINUTES = 2
PROBE_EVERY = 400  # messages
PROBE_POSTS = 2  # that mention one person: so many give a person a key (redis.users_from)


def sample_command(network, posts, start):
    return [ROOT / "conf/sample/generate.py", "--format", network.format, "--seed", "1",
            "--posts", str(posts), "--minutes", str(MINUTES), "--start",
            time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start))]


class Jetstream:
    title, format, url = "Jetstream over WebSocket", "jetstream", "ws://127.0.0.1:{}/subscribe"
    wire, probes, name = "ws", "bsky:did:plc:probe", "jetstream"
    command = classmethod(sample_command)

    @staticmethod
    def wanted(_):
        """Messages a second, by those of a file replay."""
        return 50_000

    @staticmethod
    def probe(number, message, post):
        """The id of a new person, and one of the posts that mention them at the time of the message."""
        digits = f"{number:019}".translate(str.maketrans(string.digits, "abcdefghij"))
        mention = {"$type": "app.bsky.richtext.facet#mention", "did": f"did:plc:probe{digits}"}
        record = {"$type": "app.bsky.feed.post", "createdAt": "2026-01-01T00:00:00Z", "text": "@a",
                  "facets": [{"index": {"byteStart": 0, "byteEnd": 2}, "features": [mention]}]}
        return f"bsky:did:plc:probe{digits}", {
            "did": f"did:plc:namer{digits}", "time_us": message["time_us"], "kind": "commit",
            "commit": {"rev": "3k", "operation": "create", "collection": "app.bsky.feed.post",
                       "rkey": f"3{post}{number:011}", "record": record, "cid": "c"}}


class ChunkedHttp:
    title, format, url = "X v2 over chunked HTTP", "x2", "http://127.0.0.1:{}/2/tweets/sample/stream"
    wire, probes, name = "http", "x:777000", "x2"
    command = classmethod(sample_command)

    @staticmethod
    def wanted(file):
        return 0.6 * file

    @staticmethod
    def probe(number, message, post):
        user = f"777000{number:013}"
        return f"x:{user}", {
            "data": {"id": f"777{post}{number:015}", "author_id": f"778000{number:013}", "text": "@p",
                     "created_at": message["data"]["created_at"],
                     "entities": {"mentions": [{"start": 0, "end": 2, "username": f"p{number}",
                                                "id": user}]}},
            "includes": {"users": [{"id": user, "username": f"p{number}", "name": "p"}]}}


class Newcomers(ChunkedHttp):
    """Every post is new, and nearly everybody in it (newcomers.py)."""
    title, name = "X v2 over chunked HTTP, everybody new", "newcomers"

    @staticmethod
    def command(posts, start):
        return [HERE / "newcomers.py", str(posts), "1", "x2", str(int(start * 1000)),
                str(MINUTES * 60_000)]


class Input:
    """Generated messages of the last minutes; in every PROBE_EVERY-th place posts that mention a
    new person. probes: the id of each to the place of the last of them."""

    def __init__(self, network, posts):
        self.network, self.path = network, OUT / f"live-{network.name}.ndjson"
        self.messages, self.probes = 0, {}
        command = ["/usr/bin/python3", *network.command(posts, time.time() - MINUTES * 60)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as made, open(self.path, "wb") as out:
            for line in made.stdout:
                if not line.isspace():
                    self.add(out, line)
        if made.returncode != 0:
            sys.exit("the generator failed")

    def add(self, out, line):
        out.write(line)
        self.messages += 1
        message = json.loads(line) if self.messages % PROBE_EVERY == 0 else {}
        if "commit" in message or "data" in message:
            number = self.messages
            for post in range(PROBE_POSTS):
                user, probe = self.network.probe(number, message, post)
                self.probes[user] = self.messages
                out.write(json.dumps(probe, separators=(",", ":")).encode() + b"\n")
                self.messages += 1


class Feeder:
    def __init__(self, process, network):
        self.process = process
        self.url = network.url.format(int(process.stdout.readline()))

    def started(self):
        """The seconds of time.monotonic() when the first byte was sent; waits for that."""
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the daemon does not connect")
        return int(line) / 1e9


@contextlib.contextmanager
def feeding(source, rate=None):
    """A server that sends all of source to the first who asks, so many messages a second."""
    pace = [] if rate is None else [str(rate)]
    process = subprocess.Popen([FEEDER, source.network.wire, source.path, *pace],
                               stdout=subprocess.PIPE, text=True)
    try:
        yield Feeder(process, source.network)
    finally:
        process.kill()
        process.wait()
