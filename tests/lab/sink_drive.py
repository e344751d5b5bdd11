"""tests/oracle/sink_drive.c as a tool of tests: the Redis sink and webhooks without a pipeline, and
the model of what Redis must hold in the end.
"""
import contextlib
import json
import os
import pathlib
import queue
import re
import subprocess
import threading
import time

import processes
from redis_server import RedisServer
from waiting import PATIENCE, wait

BUILD = pathlib.Path(os.environ.get("BUILD", "build/dev"))
PROGRAM = BUILD / "tests/sink_drive"
CASCADED = BUILD / "cascaded"
CASCADECTL = BUILD / "cascadectl"
PREFIX = "cascaded:"
OWNED = ("user:", "cascade:", "handle:", "top:", "cursor:")


def lookup(url, user, *options):
    """What cascadectl shows of that user."""
    more = [word for option in options for word in ("-o", option)]
    return subprocess.run([CASCADECTL, "-r", url, *more, "user", user], text=True,
                          capture_output=True, timeout=PATIENCE, check=False)


class Drive:
    """sink_drive, and the model of what Redis must hold in the end."""

    def __init__(self, url, *options):
        self.process = processes.start(
            [PROGRAM, f"redis.url={url}", "redis.flush=20ms", *options], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1, encoding="latin-1")
        self.lines = queue.Queue()
        self.events = []
        self.hashes, self.boards, self.handles, self.cursors = {}, {}, {}, {}
        threading.Thread(target=self.read, daemon=True).start()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def read(self):
        for line in self.process.stdout:
            if line.startswith("event "):
                _, name, code, text = (line.rstrip("\n") + " ").split(" ", 3)
                self.events.append((name, int(code), text.strip(), time.monotonic()))
            else:
                self.lines.put(line.rstrip("\n"))

    def tell(self, *words):
        escaped = ("".join(c if c.isalnum() or c in ":.-_" else f"%{ord(c):02x}" for c in str(w))
                   for w in words)
        self.process.stdin.write(" ".join(escaped) + "\n")

    def hash(self, kind, name, field, value):
        self.hashes.setdefault(f"{kind}:{name}", {})[field] = str(value)
        self.tell(kind, name, field, value)

    def unset(self, kind, name, field):
        del self.hashes[f"{kind}:{name}"][field]
        self.tell(kind, name, field)

    def drop(self, kind, name):
        self.hashes.pop(f"{kind}:{name}", None)
        self.handles = {k: v for k, v in self.handles.items() if v != name}
        self.tell("drop", kind, name)

    def handle(self, name, key):
        self.handles = {k: v for k, v in self.handles.items() if v != name}
        self.handles[f"handle:{key}"] = name
        self.tell("handle", name, key)

    def board(self, name, member, score):
        board = self.boards.setdefault(f"top:{name}", {})
        board.pop(member, None)
        if score:
            board[member] = float(score)
        self.tell("board", name, member, score)

    def cursor(self, source, field, value):
        self.cursors[f"cursor:{source}"] = {field: str(value)}
        self.tell("cursor", source, field, value)

    def bulk(self, count, value):
        for i in range(count):
            self.hashes.setdefault(f"user:b{i}", {})["posts:1h"] = str(value)
        self.tell("bulk", count, value)

    def fill(self, value):
        """A little of everything."""
        self.hash("user", "x:1", "posts:1h", value)
        self.hash("user", "x:1", "name", f"Än\r\n{value}\0")
        self.hash("cascade", "x:9", "size", value)
        self.board("mentions:1h", "x:1", value)
        self.board("hashtags:1h", "čaj".encode().decode("latin-1"), 3)
        self.cursor("src", "pos", value)

    def has_event(self, name):
        return any(event[0] == name for event in self.events)

    def wait_event(self, name):
        wait(lambda: f"{name}, only {self.events}", lambda: self.has_event(name))
        return next(event for event in self.events if event[0] == name)

    def count(self, name):
        return sum(event[0] == name for event in self.events)

    def finish(self):
        self.tell("finish", f"{PATIENCE}s")
        answer = self.lines.get(timeout=PATIENCE + 10)
        assert answer == "done", (answer, self.events)

    def metrics(self):
        self.tell("metrics")
        found = {}
        while (line := self.lines.get(timeout=PATIENCE)) != "end":
            _, name, value = line.rsplit(" ", 2)[0:3] if line.count(" ") == 2 else line.split(" ")
            found[name] = int(value)
        return found

    def check(self, client):
        self.finish()
        expected = {**{k: v for k, v in self.hashes.items() if v}, **self.handles, **self.cursors,
                    **{k: v for k, v in self.boards.items() if v}}
        found = content(client)
        assert found == expected, differences(found, expected)

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        code = self.process.wait(PATIENCE)
        assert code == 0, f"sink_drive ended with {code}"


def content(client):
    """What a client sees under the prefix, as text of one byte a character."""
    text = lambda b: b.decode("latin-1")
    found = {}
    keys = [k for k in client.scan_iter(match=PREFIX + "*", count=5000)
            if text(k)[len(PREFIX):].startswith(OWNED)]
    for start in range(0, len(keys), 2000):
        pipe = client.pipeline(transaction=False)
        for key in keys[start:start + 2000]:
            name = text(key)[len(PREFIX):]
            if name.startswith("handle:"):
                pipe.get(key)
            elif name.startswith("top:"):
                pipe.zrange(key, 0, -1, withscores=True)
            else:
                pipe.hgetall(key)
        for key, value in zip(keys[start:start + 2000], pipe.execute()):
            name = text(key)[len(PREFIX):]
            if isinstance(value, dict):
                value = {text(k): text(v) for k, v in value.items()}
            elif isinstance(value, list):
                value = {text(k): v for k, v in value}
            else:
                value = text(value)
            found[name] = value
    return found


def differences(found, expected):
    keys = [k for k in found.keys() | expected.keys() if found.get(k) != expected.get(k)]
    few = sorted(keys)[:5]
    return f"{len(keys)} keys differ: {[(k, found.get(k), expected.get(k)) for k in few]}"


@contextlib.contextmanager
def setting(*server_options, drive=(), url=None):
    """A server and a sink that is ready."""
    server = RedisServer(*server_options)
    sink = Drive(url or server.url, *drive)
    yield server, sink
    sink.close()


def documented_acl():
    """The words of ACL SETUSER in docs/operations.md, and the rights among them."""
    page = pathlib.Path(__file__).resolve().parents[2].joinpath("docs/operations.md")
    text = page.read_text("utf-8")
    words = re.search(r"ACL SETUSER cascaded (on[^`]*?)```", text)[1].split()
    return words, [word[1:] for word in words if word.startswith("+")]


def crossings(path):
    """People come and go on boards within the hour; posts cross a rule."""
    with open(path, "w", encoding="utf-8") as file:
        for i in range(1500):
            file.write(json.dumps({
                "id": f"app:r{i}", "time": 1772452800000 + i * 2000, "text": "#tea @bob",
                "author": {"id": f"app:u{i % 400}", "handle": f"h{i % 700}"},
                "retweet_of": {"id": f"app:p{i % 900}",
                               "author": {"id": f"app:a{i // 30}", "handle": f"b{i // 30}"}}})
                + "\n")
    return path
