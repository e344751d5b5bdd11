#!/usr/bin/env python3
"""The commands of the README, word for word: a replay, a check of a configuration, the first alert, and the
boards. They run in a network of their own, so that 127.0.0.1:6379 is a private Redis.
tests/system/fresh_debian.sh, package.sh and under_systemd.sh run the others."""
# tests/run: beside others
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from tap import Skip, case, run_cases  # noqa: E402
from waiting import PATIENCE  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
FOLDER = processes.folder()
SET_UP = """
import fcntl, socket, struct
with socket.socket() as any:  # brings up the loopback interface
    fcntl.ioctl(any, 0x8914, struct.pack("16sh14x", b"lo", 1))
"""


def blocks(title):
    """The blocks of code of a section."""
    section = README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^```(?:json)?\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert found, title
    return found


def run_in_own_network(name, script):
    """Its output. The script runs beside a Redis at the usual port."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-n", "-p", "-f", "true"], check=False,
                                                         capture_output=True).returncode != 0:
        raise Skip("this machine does not allow new namespaces")
    (FOLDER / "lo.py").write_text(SET_UP, encoding="utf-8")
    (FOLDER / name).write_text(
        f"set -eu\n{sys.executable} lo.py\nredis-server --save '' --daemonize yes >/dev/null\n"
        "trap 'redis-cli shutdown nosave' EXIT\nuntil redis-cli ping >/dev/null 2>&1; do sleep 0.1; done\n"
        + script, encoding="utf-8")
    done = subprocess.run(["unshare", "-n", "-p", "-f", "--kill-child", "bash", name], cwd=FOLDER, text=True, check=False, timeout=3 * PATIENCE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout
    return done.stdout


def prepare():
    if not (FOLDER / "build").exists():
        (FOLDER / "build").mkdir()
        (FOLDER / "build/release").symlink_to(os.environ["RELEASE"])
        (FOLDER / "conf").symlink_to(ROOT / "conf")


@case
def a_replay_and_the_boards():
    prepare()
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
    prepare()
    configuration, commands = blocks("Live")
    (FOLDER / "live.conf").write_text(configuration, encoding="utf-8")
    run_in_own_network("live.sh", next(line for line in commands.splitlines() if " -t " in line))


@case
def the_first_alert_reaches_the_receiver():
    prepare()
    commands, printed = blocks("First alert in five minutes")
    run_in_own_network("alert.sh", commands.replace(" ops-secret &", " ops-secret >received &")
                       .replace("build/release/cascaded -t", "until grep -q listens received; do sleep 0.1; done\n"
                                "build/release/cascaded -t") + "kill %1\n")
    received = (FOLDER / "received").read_text("utf-8").splitlines()[1:]
    wrong = [line for line in received if not line.startswith("signature holds: ")]
    assert len(received) > 10 and not wrong, wrong
    assert printed.splitlines()[0] in received, printed


run_cases()
