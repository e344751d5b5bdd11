#!/usr/bin/env python3
# tests/run: beside others
"""Counts what is in the corpus beside the project with Python's own JSON reader, and compares
with what the decoders make of the same messages.

Reads ../shared/corpus and needs decode_dump in $BUILD (default build/dev); exits 77 (skipped)
when there is no corpus. Documents over several lines are put on one; server-sent events are
taken apart here.
"""
import bz2
import json
import lzma
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared/corpus"
DUMP = ROOT / os.environ.get("BUILD", "build/dev") / "tests/decode_dump"
NAMES = ["posts", "retweets", "quotes", "replies", "mentions", "hashtags", "deletions"]
UNREADABLE = object()
AT_URI = re.compile(r"at://did:[a-z]+:[\w.:%-]+/[\w.-]+/[\w.:~-]+")
TIME = re.compile(r"[\d-]+T[\d:]+(\.\d+)?Z")


def entry(kind, quotes=0, replies=0, mentions=0, hashtags=0):
    counts = dict.fromkeys(NAMES, 0)
    counts[kind] = 1
    if kind == "posts":
        counts.update(quotes=int(bool(quotes)), replies=int(bool(replies)), mentions=mentions,
                      hashtags=hashtags)
    return counts


# ---- one function for each format: the entries of a message ----

def x1(message):
    if "delete" in message:
        if "status" in message["delete"]:
            yield entry("deletions")
        return
    if not message.get("user") or "id_str" not in message:
        return
    if message.get("retweeted_status"):
        yield entry("retweets")
        return
    entities = (message.get("extended_tweet") or message).get("entities") or message["entities"]
    yield entry("posts", quotes=message.get("quoted_status") or message.get("quoted_status_id_str"),
                replies=message.get("in_reply_to_status_id_str"),
                mentions=len(entities["user_mentions"]), hashtags=len(entities["hashtags"]))


def x2(message):
    if "action" in message:
        if message["action"] == "delete":
            yield entry("deletions")
        return
    tweets = message.get("data", message if "text" in message else [])
    for tweet in tweets if isinstance(tweets, list) else [tweets]:
        if "author_id" not in tweet:
            continue
        kinds = [reference["type"] for reference in tweet.get("referenced_tweets", [])]
        entities = tweet.get("entities", {})
        yield entry("retweets" if "retweeted" in kinds else "posts",
                    quotes="quoted" in kinds, replies="replied_to" in kinds,
                    mentions=len(entities.get("mentions", [])),
                    hashtags=len(entities.get("hashtags", [])))


def is_whole(commit):
    """The extracts from the dictionary have bytes cut out of the middle of some lines."""
    record = commit["record"]
    links = [record.get("subject"), record.get("reply", {}).get("parent")]
    return (all(isinstance(link, dict) and AT_URI.fullmatch(link["uri"])
                for link in links if link) and
            bool(TIME.fullmatch(commit.get("time", "2026-01-01T00:00:00Z"))))


def bluesky_post(record):
    features = [feature["$type"].partition("#")[2] for facet in record.get("facets", [])
                for feature in facet["features"]]
    embed = record.get("embed", {})
    quoted = embed.get("record", {})
    uri = quoted.get("uri") or quoted.get("record", {}).get("uri", "")
    return entry("posts", quotes="/app.bsky.feed.post/" in uri, replies="reply" in record,
                 mentions=features.count("mention"),
                 hashtags=features.count("tag") + len(record.get("tags", [])))


def jetstream(message):
    if "payload" in message:
        commit = message["payload"]
        is_commit = commit["$type"].endswith("#commit")
    else:
        commit = message.get("commit")
        is_commit = (message.get("kind") or message.get("type")) in ("commit", "com")
    if not is_commit or "collection" not in commit:
        return
    kind = {"app.bsky.feed.post": "posts", "app.bsky.feed.repost": "retweets"}.get(
        commit["collection"])
    operation = commit.get("operation") or commit.get("type")
    if kind and operation in ("delete", "d"):
        yield entry("deletions")
    elif kind and operation in ("create", "c") and is_whole(commit):
        yield bluesky_post(commit["record"]) if kind == "posts" else entry(kind)


def mastodon(message):
    if "event" in message:
        if message["event"] == "delete":
            yield entry("deletions")
        elif message["event"] == "update":
            yield from mastodon(json.loads(message["payload"]))
        return
    quote = message.get("quote") or {}
    yield entry("retweets" if message["reblog"] else "posts",
                quotes=quote.get("state") == "accepted",
                replies=message["in_reply_to_id"],
                mentions=len(message["mentions"]), hashtags=len(message["tags"]))


def native(message):
    yield entry("retweets" if "retweet_of" in message else "posts",
                quotes="quote_of" in message, replies="reply_to" in message,
                mentions=len(message.get("mentions", [])),
                hashtags=len(message.get("hashtags", [])))


# ---- files ----

def lines_of(path):
    data = path.read_bytes()
    if path.suffix == ".bz2":
        data = bz2.decompress(data)
    elif path.suffix == ".xz":
        data = lzma.decompress(data)
    elif path.suffix == ".json":  # one document; its strings hold no line ends
        data = data.replace(b"\r", b" ").replace(b"\n", b" ")
    return [line for line in data.split(b"\n") if line.strip()]


def events_of(path):
    """The events of a stream as the envelopes that the same events have on a WebSocket."""
    for block in path.read_bytes().split(b"\n\n"):
        fields = dict(line.split(b": ", 1) for line in block.splitlines() if b": " in line)
        if b"event" in fields and b"data" in fields:
            yield json.dumps({"stream": ["user"], "event": fields[b"event"].decode(),
                              "payload": fields[b"data"].decode()}).encode()


def parse(line):
    try:
        return json.loads(line)
    except ValueError:
        return UNREADABLE


def files():
    one = {"x-v1-sample": x1, "x-v1-messages": x1, "x-v2": x2, "mastodon": mastodon,
           "cascades": native}
    for folder, count in one.items():
        for path in sorted((CORPUS / folder).rglob("*")):
            if path.suffix in (".json", ".jsonl", ".ndjson", ".bz2", ".xz", ".sse"):
                yield path, count
    for name in ("dict-extract-v0-legacy.ndjson", "dict-extract-v2-subscribeEvents.ndjson",
                 "expected_v1.jsonl", "golden_v1.jsonl"):
        yield CORPUS / "jetstream" / name, jetstream


def counted(messages, count):
    total = dict.fromkeys(NAMES, 0)
    for message in messages:
        for one in count(message):
            for name in NAMES:
                total[name] += one[name]
    return total


def decoded(lines):
    out = subprocess.run([DUMP, "--counts"], input=b"".join(line + b"\n" for line in lines),
                         stdout=subprocess.PIPE, check=True).stdout.decode()
    both = dict(line.split() for line in out.splitlines())
    return {name: int(both[name]) for name in NAMES}


def main():
    if not CORPUS.exists():
        print("the corpus is not beside the project")
        return 77
    failed = 0
    width = max(len(path.name) for path, _ in files())
    print(" " * width, *(f"{name:>9}" for name in NAMES))
    for path, count in files():
        lines = list(events_of(path) if path.suffix == ".sse" else lines_of(path))
        # Broken lines are the business of readers_agree.
        readable = [(line, message) for line in lines
                    if isinstance(message := parse(line), dict)]
        expected = counted((message for _, message in readable), count)
        got = decoded([line for line, _ in readable])
        failed += got != expected
        print(f"{path.name:{width}}", *(f"{got[name]:9}" for name in NAMES))
        if got != expected:
            print(f"{'  should be':{width}}", *(f"{expected[name]:9}" for name in NAMES))
    return 1 if failed else 0


sys.exit(main())
