#!/usr/bin/env python3
"""One invented world, written in every format and replayed by the real daemon into a real Redis,
gives the same boards and cascades.

    sample_formats_agree.py        (BUILD names the folder of the build)

Each format is held against native lines of the same world from which is taken what the format
does not carry:

    x1, mastodon    the path of a retweet (`via`)
    x2              the path, and deletions (the filtered stream has none)
    jetstream       handles and followers

Then everything counted must agree, user by user and post by post, once ids are translated to
numbers of the world. The boards of the full native lines must also be those of the oracle.
Not compared: names, texts and times, and in cascades the parent and, for mastodon, the replies
(a status names the post it answers by an id of one server only).
"""
# tests/run: beside others
import functools
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "conf/sample"), str(ROOT / "tests/lab"), str(ROOT / "tests/oracle")]

import generate  # noqa: E402
from oracle import METRICS, Oracle  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
WINDOWS = ("5m", "1h", "24h")
OPTIONS = generate.arguments(["--posts", "3000", "--minutes", "40", "--seed", "7"])
COUNTED = ("size", "retweets", "quotes", "replies", "amplifiers", "reach", "velocity_5m",
           "velocity_1h", "peak_velocity", "state")
LACKING = {"x1": {"via"}, "x2": {"via", "deleted"}, "mastodon": {"via"},
           "jetstream": {"handle", "followers"}}


class Server(RedisServer):
    """A Redis, and the daemon to fill it."""

    @functools.cached_property
    def client(self):
        return self.connect(decode_responses=True)

    def replay(self, prefix, lines):
        """Replays the lines under a prefix of their own; answers the daemon's last line."""
        path = pathlib.Path(self.folder, "lines.ndjson")
        path.write_bytes("".join(lines).encode())
        command = [CASCADED, "-q", "-o", f"redis.url={self.url}",
                   "-o", f"redis.prefix={prefix}", "-o", f"windows={','.join(WINDOWS)}",
                   "-o", "redis.top=10000", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
        return dict(word.split("=") for word in done.stdout.split()[1:])

    def boards(self, prefix):
        """Board name -> {member: score}, the filled ones."""
        names = [f"{what}:{window}" for what in (*METRICS, "cascades", "hashtags")
                 for window in WINDOWS]
        rows = {name: self.client.zrange(f"{prefix}top:{name}", 0, -1, withscores=True)
                for name in names}
        return {name: {member: int(score) for member, score in entries}
                for name, entries in rows.items() if entries}

    def cascades(self, prefix):
        """Post id -> what is counted of its cascade."""
        start = f"{prefix}cascade:"
        return {key[len(start):]: {field: value for field, value
                                   in self.client.hgetall(key).items() if field in COUNTED}
                for key in self.client.scan_iter(start + "*", count=1000)}


def lines_of(wire):
    return [line for _, line in generate.lines(wire, generate.world_of(OPTIONS))]


def without(lines, lacking):
    """Native lines less the fields in `lacking`; a line of a lacking kind goes as a whole."""
    for line in lines:
        message = json.loads(line) if line.strip() else {}
        if "deleted" in message and "deleted" in lacking:
            continue
        yield json.dumps(pruned(message, lacking)) + "\n" if message else line


def pruned(value, lacking):
    if isinstance(value, list):
        return [pruned(each, lacking) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: pruned(each, lacking) for key, each in value.items() if key not in lacking}


def numbers_of(wire):
    """Id in the wire's words -> number in the world, of users and of posts."""
    users, posts = {}, {}
    world = generate.world_of(OPTIONS)
    for event in world.events():
        if not isinstance(event, (generate.Deletion, generate.Idle)):
            posts[wire.event_id(event)] = event.number
    for user in world.users.values():
        users[wire.user_id(user)] = user.number
    return users, posts


def translated(boards, cascades, wire):
    """The same with numbers of the world for ids; hashtags stay words."""
    users, posts = numbers_of(wire)
    ids = {"cascades": posts, "hashtags": {}}
    boards = {name: {ids.get(name.split(":")[0], users).get(member, member): score
                     for member, score in entries.items()} for name, entries in boards.items()}
    return boards, {posts.get(post, post): fields for post, fields in cascades.items()}


def differences(got, wanted):
    for name in sorted(got.keys() | wanted.keys(), key=str):
        left, right = got.get(name, {}), wanted.get(name, {})
        for key in sorted(left.keys() | right.keys(), key=str):
            if left.get(key) != right.get(key):
                yield f"{name} {key}: {left.get(key)}, native {right.get(key)}"


def check_same(got, wanted):
    found = list(differences(got, wanted))
    assert not found, f"{len(found)} differences:\n" + "\n".join(found[:20])


def check_wire(wire):
    """The wire against native lines that carry no more than it does."""
    native, name = generate.Native(), wire.name
    summary = server.replay(f"{name}:", lines_of(wire))
    wanted = server.replay(f"like-{name}:", without(lines_of(native), LACKING[name]))
    for word in ("posts", "interactions", "duplicates", "rejected"):
        assert summary[word] == wanted[word], (word, summary, wanted)
    assert summary["rejected"] == "0", summary
    boards, cascades = translated(server.boards(f"{name}:"), server.cascades(f"{name}:"), wire)
    like = translated(server.boards(f"like-{name}:"), server.cascades(f"like-{name}:"), native)
    check_same(boards, like[0])
    for counted in (cascades, like[1]):
        for post in [post for post in counted if name == "mastodon"]:
            del counted[post]["replies"]
            if counted[post]["size"] == "0":
                del counted[post]
    check_same(cascades, like[1])


@case
def x1_agrees_with_native_lines():
    check_wire(generate.X1())


@case
def x2_agrees_with_native_lines():
    check_wire(generate.X2())


@case
def jetstream_agrees_with_native_lines():
    check_wire(generate.Jetstream())


@case
def mastodon_agrees_with_native_lines():
    check_wire(generate.Mastodon())


@case
def native_lines_agree_with_the_oracle():
    lines = lines_of(generate.Native())
    assert int(server.replay("native:", lines)["posts"]) == OPTIONS.posts
    oracle = Oracle(WINDOWS, 10000)
    for line in lines:
        oracle.feed(line)
    content = oracle.content()
    windowed = {name: dict(entries) for name, entries in content["boards"].items() if ":" in name}
    assert len(windowed) == 11 * len(WINDOWS) and len(content["cascades"]) > 100
    check_same(server.boards("native:"), windowed)
    check_same(server.cascades("native:"),
               {post: {field: fields[field] for field in COUNTED}
                for post, fields in content["cascades"].items()})


@case
def the_same_seed_gives_the_same_bytes():
    words = ["--format", "mixed", "--posts", "1000", "--seed", "3"]
    command = [sys.executable, "conf/sample/generate.py", *words]
    first, second = (subprocess.run(command, cwd=ROOT, capture_output=True, check=True,
                                    env={**os.environ, "PYTHONHASHSEED": seed}).stdout
                     for seed in ("1", "2"))
    assert first == second and first.count(b"\n") > 1000


if __name__ == "__main__":
    server = Server()
    run_cases()
