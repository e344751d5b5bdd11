#!/usr/bin/env python3
"""A real cascade through the daemon, from posts to Redis, beside what the R package seismic 1.1 says
of it. Skipped where ../shared/corpus is not there; tests/unit/seismic_test.c has invented ones.

    known_cascade.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
from redis_server import RedisServer  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
EVENTS = ROOT.parent / "shared/corpus/seismic/tweet.csv"
START = 1700000000000
# Age (s), retweets, infectiousness p, and p times the followers who have not reacted yet.
ANSWERS = ((300, 22, 0.0185962452831, 129.223053855), (600, 32, 0.00752178875753, 57.2381906728),
           (3600, 906, 0.00790884330317, 1395.8030817))
FACTORS = {300: 1.04, 600: 1.70, 3600: 1.46}  # of the forecast as shipped, at these ages
# Four digits are written, and merged events may move an estimate by 3 parts in 10 000.
TOLERANCE = 5e-4 + 3e-4


def events_until(age):
    """Seconds and followers; the root is the first."""
    rows = [line.split(",") for line in EVENTS.read_text(encoding="ascii").split()[1:]]
    return [(int(seconds), int(followers)) for seconds, followers in rows if int(seconds) <= age]


def lines_until(age):
    """The root, its retweets until that age, and a post that sets the clock to it."""
    for number, (seconds, followers) in enumerate(events_until(age)):
        post = {"id": f"n:{number}", "time": START + seconds * 1000,
                "author": {"id": f"n:u{number}", "followers": followers}}
        if number:
            post["retweet_of"] = {"id": "n:0", "author": {"id": "n:u0"}}
        yield json.dumps(post)
    yield json.dumps({"id": "n:clock", "time": START + age * 1000, "author": {"id": "n:clock"}})


def check(client, url):
    for age, retweets, p, waiting in ANSWERS:
        client.flushall()
        subprocess.run([CASCADED, "-o", f"redis.url={url}", "-"],
                       input="\n".join(lines_until(age)).encode(), stdout=subprocess.DEVNULL,
                       check=True, timeout=60)
        fields = client.hgetall("cascaded:cascade:n:0")
        assert fields["size"] == str(retweets), fields
        for name, wanted in (("infectiousness", p),
                             ("forecast", retweets + FACTORS[age] * waiting)):
            got = fields.get(name)
            print(f"after {age} s: {name} {got}, should be {wanted}")
            assert abs(float(got) / wanted - 1) <= TOLERANCE, (age, name, got, wanted)
        # Each retweet brings more than one other while p is at least 0.01.
        assert fields.get("supercritical") == ("1" if p >= 0.01 else None), (age, fields)
        assert (float(fields["forecast_low"]) <= float(fields["forecast"])
                <= float(fields["forecast_high"])), (age, fields)


def main():
    if not EVENTS.exists():
        print("skipped: there is no ../shared/corpus")
        return 77
    server = RedisServer()
    check(server.connect(decode_responses=True), server.url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
