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
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lab"))
sys.path.insert(0, str(ROOT / "conf" / "sample"))
sys.dont_write_bytecode = True
import processes  # noqa: E402
from cast import CARRIERS, NAMES, WRITER  # noqa: E402
from documented import blocks  # noqa: E402
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
        if alert["rule"] == "newcomers":
            assert alert["author"]["followers"] >= 20000, alert
            continue
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


# ── the commands of docs/campaigns.md ──────────────────────────────────────

def run(commands, server):
    build = os.environ["BUILD"]
    for before, after in (("build/release/", f"{build}/"), ("redis://127.0.0.1:6379", server.url),
                          ("conf/sample/", f"{ROOT}/conf/sample/")):
        commands = commands.replace(before, after)
    done = subprocess.run(["sh", "-euc", commands], cwd=FOLDER, capture_output=True, text=True,
                          timeout=5 * PATIENCE, check=False)
    assert done.returncode == 0 and not done.stderr, (done.returncode, done.stderr[-2000:])
    return done.stdout


def words_of(line):
    return " ".join(line.split())


@case
def the_first_campaign_of_the_documentation_is_as_documented():
    server = RedisServer()
    first, figures, people, more, own = blocks("docs/campaigns.md", "A first campaign in five minutes")
    shown = run(first, server)
    lines = [words_of(line) for line in shown.splitlines()]
    for line in [*figures.splitlines(), *people.splitlines()]:
        assert words_of(line) in lines, (line, shown[:4000])
    planted = {names[carrier.place] for names in NAMES for carrier in CARRIERS}
    listed = [line.split() for line in lines if ": " in line and " reshares in the campaign" in line]
    at_first = [next(word for word in row if word[0] == "@") for row in listed][-50:][:10]
    assert {first_name(handle[1:]) for handle in at_first} <= planted, at_first
    counts = [line.split("#")[1].strip() for line in more.splitlines() if "#" in line]
    shown = run(more, server).splitlines()
    assert shown[0].startswith("marked as done: @ann "), shown[:3]
    assert [line for line in shown if line.isdigit()] == counts and len(counts) == 3, (counts, shown[:9])
    assert any(line.startswith("campaign harbour") for line in shown), shown
    rows = pathlib.Path(FOLDER, "harbour.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 51 and "ann" in rows[1], rows[:3]
    assert "<svg" in pathlib.Path(FOLDER, "harbour.html").read_text(encoding="utf-8")
    assert "#yourtag" in own and "your name" in own and "ARCHIVE" in own, own
    shown = run(own.replace("#yourtag", "#nightferry").replace("ARCHIVE", "posts.ndjson"), server)
    assert re.search(r"Whom to talk to\n +[1-9]\d*\.\d +@\w+", shown), shown[-3000:]


run_cases()
