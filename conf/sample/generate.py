#!/usr/bin/python3
"""Writes an invented world of posts to standard output, in the format of any network.

    generate.py --format x1|x2|jetstream|mastodon|post|mixed --posts N --seed S
                [--minutes M | --rate R] [--users U] [--start TIME] [--yesterday]

The same arguments give the same bytes, and the same seed the same world in every format:
conversations, mentions, hashtags, cascades that take off, retweets that are undone and posts
that are deleted, some lines twice, some a little late. N counts posts and retweets once each;
deletions, repeated lines and keep-alives come on top. `mixed` is four worlds side by side: X (in
both formats), Bluesky, Mastodon and a native one.
"""
import argparse
import datetime
import heapq
import itertools
import os
import random
import sys

sys.dont_write_bytecode = True

from wires import Jetstream, Mastodon, Native  # noqa: E402
from wires_x import X, X1, X2  # noqa: E402
from world import Deletion, Idle, Retweet, World, Yesterday  # noqa: E402

WIRES = {wire.name: wire for wire in (X1, X2, Jetstream, Mastodon, Native)}
MIXED = (X, Jetstream, Mastodon, Native)
ARRIVAL_MAX = 2000  # ms a line may be late; reactions take longer, so causes come first
LATE, REPEATED = 0.03, 0.005


def arrivals(world):
    """(ms, event) in the order in which lines arrive; some events are late, some come twice."""
    rng, waiting, serial = random.Random(world.seed ^ 0x5eed), [], itertools.count()
    for event in world.events():
        while waiting and waiting[0][0] <= event.time:
            yield waiting[0][0], heapq.heappop(waiting)[2]
        late = repeated = None
        if not isinstance(event, (Deletion, Idle)):
            late = rng.random() < LATE and int(rng.random() * ARRIVAL_MAX)
            repeated = rng.random() < REPEATED and int(rng.random() * ARRIVAL_MAX)
        heapq.heappush(waiting, (event.time + (late or 0), next(serial), event))
        if repeated:
            heapq.heappush(waiting, (event.time + (late or 0) + repeated, next(serial), event))
    while waiting:
        yield waiting[0][0], heapq.heappop(waiting)[2]


def lines(wire, world):
    """(ms, line) for everything that happens in the world."""
    for time, event in arrivals(world):
        if isinstance(event, Idle):
            texts = wire.idle(event)
        elif isinstance(event, Deletion):
            texts = [wire.deletion(event)]
        elif isinstance(event, Retweet):
            texts = [wire.retweet(event), *wire.names(event)]
        else:
            texts = [wire.post(event), *wire.names(event)]
        for text in texts:
            if text is not None:
                yield time, text + wire.newline


def moment(text):
    """RFC 3339 to ms since 1970; without a zone it is UTC."""
    time = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.timezone.utc)
    return round(time.timestamp() * 1000)


def positive(kind):
    def parse(text):
        value = kind(text)
        if not value > 0:
            raise ValueError(text)
        return value
    parse.__name__ = f"positive {kind.__name__}"
    return parse


def arguments(words=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--format", choices=[*WIRES, "mixed"], default="post")
    parser.add_argument("--posts", type=positive(int), default=20000, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--minutes", type=positive(float), default=60.0, metavar="M",
                      help="spread over so many minutes (default 60)")
    pace.add_argument("--rate", type=positive(float), metavar="R", help="so many a second")
    parser.add_argument("--users", type=positive(int), metavar="U", help="default: posts / 5")
    parser.add_argument("--start", type=moment, default=moment("2026-03-02T09:00:00Z"),
                        metavar="TIME", help="default 2026-03-02T09:00:00Z")
    parser.add_argument("--yesterday", action="store_true",
                        help="only cascades of the same people that ended before TIME")
    return parser.parse_args(words)


def world_of(options, share=1, number=0):
    """The world, or the `number`th of `share` smaller ones, for these arguments."""
    posts = (options.posts + share - 1 - number) // share
    length = options.posts / options.rate * 1000 if options.rate else options.minutes * 60_000
    users = max(10, (options.users or max(100, options.posts // 5)) // share)
    kind = Yesterday if options.yesterday else World
    return kind(options.seed * share + number, posts, users, options.start, max(1, int(length)),
                number)


def main():
    options = arguments()
    if options.format != "mixed":
        streams = [lines(WIRES[options.format](), world_of(options))]
    else:
        streams = [lines(wire(), world_of(options, len(MIXED), number))
                   for number, wire in enumerate(MIXED)]
    out = open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False)
    try:
        for _, line in heapq.merge(*streams, key=lambda timed: timed[0]):
            out.write(line)
        out.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
