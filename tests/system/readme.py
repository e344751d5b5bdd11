#!/usr/bin/env python3
"""The commands of the README, word for word: a replay, a check of a configuration, the first alert, and the
boards. They run in a network of their own, so that 127.0.0.1:6379 is a private Redis.
tests/system/fresh_debian.sh, package.sh and under_systemd.sh run the others."""
# tests/run: beside others
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import documented  # noqa: E402
from tap import case, run_cases  # noqa: E402

FOLDER = documented.place()


def blocks(title):
    return documented.blocks("README.md", title)


def run_in_own_network(name, script):
    return documented.run_in_own_network(FOLDER, name, script)


@case
def a_replay_and_the_boards():
    replay, _, example = blocks("Your own posts")
    (FOLDER / "posts.ndjson").write_text(example.replace("\n", "") + "\n", encoding="utf-8")
    top, *boards = blocks("Boards")[0].splitlines()
    carrier = boards.pop()  # one retweet makes no carrier
    command = [line for line in replay.splitlines() if " posts.ndjson" in line]
    said = run_in_own_network("boards.sh", "\n".join([
        *command, top.replace(" top ", " top --once "), *boards, f"code=0; {carrier.partition('#')[0]} || code=$?",
        "test $code = 66", *blocks("Boards")[1].splitlines()]))
    assert "replayed posts=1 interactions=" in said and "@bob" in said and "app:u1" in said, said


@case
def a_configuration_of_live_sources_is_right():
    configuration, commands = blocks("Live")
    (FOLDER / "live.conf").write_text(configuration, encoding="utf-8")
    run_in_own_network("live.sh", next(line for line in commands.splitlines() if " -t " in line))


@case
def the_first_alert_reaches_the_receiver():
    commands, printed = blocks("First alert in five minutes")
    run_in_own_network("alert.sh", commands.replace(" ops-secret &", " ops-secret >received &")
                       .replace("build/release/cascaded -t", "until grep -q listens received; do sleep 0.1; done\n"
                                "build/release/cascaded -t") + "kill %1\n")
    received = (FOLDER / "received").read_text("utf-8").splitlines()[1:]
    wrong = [line for line in received if not line.startswith("signature holds: ")]
    assert len(received) > 10 and not wrong, wrong
    assert printed.splitlines()[0] in received, printed


run_cases()
