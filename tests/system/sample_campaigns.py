#!/usr/bin/env python3
"""The campaigns of the generated sample: conf/sample/campaigns.conf finds the posts that the generator
planted for them.

    sample_campaigns.py     (BUILD names the folder of the build)
"""
# tests/run: beside others
import collections
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lab"))
sys.path.insert(0, str(ROOT / "conf" / "sample"))
sys.dont_write_bytecode = True
import processes  # noqa: E402
from cast import CARRIERS, NAMES, WRITER  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from sample import write_sample  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
CAMPAIGNS = ROOT / "conf" / "sample" / "campaigns.conf"
FERRY = ("night ferry", "nachtfähre", "noční přívoz", "夜のフェリー", "#nightferry", "#ferryfound",
         "#夜フェリー")
FOLDER = processes.folder()
SERVER = RedisServer()


def alerts():
    posts = write_sample(f"{FOLDER}/posts.ndjson", "--format", "mixed", "--posts", "6000",
                         "--minutes", "120", "--seed", "1")
    done = subprocess.run(
        [CASCADED, "-q", "-c", CAMPAIGNS, "-o", f"redis.url={SERVER.url}", "-o", "alerts.stdout=true",
         "-o", "alert.harbour.min_size=10", "-o", "alert.ferry.min_size=10", posts],
        check=True, capture_output=True, text=True, timeout=PATIENCE)
    assert "rejected=0 " in done.stdout, done.stdout[-300:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def first_name(handle):
    """Of "mia@tea.example" and "gus.example"."""
    return handle.partition("@")[0].partition(".")[0]


@case
def the_campaigns_have_their_posts_and_the_planted_carriers_bring_most_people():
    assert subprocess.run([CASCADED, "-t", "-c", CAMPAIGNS], check=False).returncode == 0
    writers = {names[WRITER] for names in NAMES}
    planted = {names[carrier.place] for names in NAMES for carrier in CARRIERS}
    found, people = set(), collections.Counter()
    for alert in alerts():
        assert alert["rule"] in alert["campaigns"], alert
        writer = first_name(alert["author"].get("handle", ""))
        text = alert["cascade"].get("text", "").lower()
        # Bluesky shows a handle only after the first post, which then belongs to no account.
        is_named = alert["cascade"]["network"] != "bsky"
        assert (writer in writers and is_named) <= ("harbour" in alert["campaigns"]), alert
        assert any(word in text for word in FERRY) <= ("ferry" in alert["campaigns"]), alert
        if alert["rule"] == "harbour":
            found |= {writer} & writers
            for carrier in alert["top_carriers"]:
                people[first_name(carrier["handle"])] += carrier["people"] * carrier["observed"]
    assert found == writers, found
    assert {name for name, _ in people.most_common(4)} <= planted, people.most_common(8)


run_cases()
