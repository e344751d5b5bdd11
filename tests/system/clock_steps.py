#!/usr/bin/env python3
"""A live daemon whose wall clock is stepped, by Debian's libfaketime.

    clock_steps.py        (RELEASE names the folder of the release build)
"""
# tests/run: beside others
import glob
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import wait  # noqa: E402

CASCADED = os.path.join(os.environ["RELEASE"], "cascaded")
FAKETIME = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect(decode_responses=True)
BOARDS = [f"cascaded:top:posts:{window}" for window in ("1m", "5m", "1h")]


class Daemon(LiveDaemon):
    """A daemon with a clock of its own, and posts that are pushed to it by the right one."""

    def __init__(self, name, step="+0"):
        folder = FOLDER / name
        folder.mkdir(exist_ok=True)
        self.clock = folder / "clock"
        self.step(step)
        super().__init__(
            CASCADED, folder,
            'windows = {1m, 5m, 1h}\n'
            f'redis {{ url = "{SERVER.url}" flush = 20ms }}\n'
            f'state {{ dir = "{folder}/state" every = 1s }}\n' + http_section(folder) +
            'source "x" { url = "http://127.0.0.1:9/" }\n',
            env={**os.environ, "LD_PRELOAD": FAKETIME[0], "FAKETIME_NO_CACHE": "1",
                 "FAKETIME_TIMESTAMP_FILE": str(self.clock), "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                 "DONT_FAKE_MONOTONIC": "1"})
        self.await_start()

    def step(self, step):
        part = self.clock.with_name("clock.part")
        part.write_text(step + "\n", encoding="utf-8")
        part.rename(self.clock)

    def publish(self, author, off=0.0):
        now = int((time.time() + off) * 1000)
        answer = self.push(json.dumps({"id": f"app:{author}{now}", "time": now,
                                       "author": {"id": f"app:{author}"}}))
        assert json.loads(answer.text) == {"accepted": 1, "rejected": 0}, answer.text

    def ready(self):
        return self.ask("GET", "/readyz").text


def meta(name):
    return int(CLIENT.hget("cascaded:meta", name))


def off():
    """By how many seconds the daemon's clock is off."""
    return meta("clock_ms") / 1000 - time.time()


def shows(author):
    return all(CLIENT.zscore(board, f"app:{author}") for board in BOARDS)


@case
def a_clock_that_is_wrong_for_seconds_is_logged_and_changes_nothing():
    CLIENT.flushall()
    with Daemon("seconds") as daemon:
        daemon.publish("ann")
        wait("a board", lambda: shows("ann"))
        for step, seconds in (("+2d", 172800), ("+1h", 3600), ("-120", -120),
                              ("-40d", -3456000)):
            daemon.step(step)
            wait("it is said", lambda seconds=seconds: f"stepped by {seconds:+}.0 s" in daemon.text())
            assert daemon.ready() == "the system clock was stepped\n"
            daemon.publish("bob" + step)
            wait("counted meanwhile", lambda step=step: shows("bob" + step))
            assert shows("ann") and abs(off()) < 20 and meta("complete") == 0
            daemon.step("+0")
            wait("it is over", lambda seconds=seconds:
                 f"its step by {seconds:+}.0 s had no effect" in daemon.text())
            assert daemon.ready() == "no source is live\n"
            daemon.publish("cid" + step)
            wait("counted after", lambda step=step: shows("cid" + step))
            assert shows("ann") and shows("bob" + step) and abs(off()) < 20
    # The snapshot does not carry it either.
    with Daemon("seconds") as daemon:
        wait("the boards are there", lambda: shows("ann") and abs(off()) < 20)
        assert "ahead of the system clock" not in daemon.text(), daemon.text()


@case
def a_clock_that_stays_wrong_is_followed_there_and_back():
    CLIENT.flushall()
    with Daemon("stays") as daemon:
        for step, seconds in (("-120", -120), ("+0", 0), ("+1h", 3600)):
            daemon.publish("ann" + step)
            wait("a board", lambda step=step: shows("ann" + step))
            daemon.step(step)
            wait("it is followed", lambda seconds=seconds: abs(off() - seconds) < 20)
            daemon.publish("bob" + step, seconds)
            wait("counted by the new clock", lambda step=step: shows("bob" + step))
            assert meta("complete") == 0
        said = daemon.text()
        assert said.count("remains stepped") == 3, said
    # The next start has the right clock: what was counted by the wrong one stays.
    with Daemon("stays") as daemon:
        wait("the clock is set back", lambda: abs(off()) < 20)
        assert "ahead of the system clock: its clock is set back" in daemon.text(), daemon.text()
        assert shows("bob+1h") and meta("complete") == 0
        daemon.publish("cid")
        wait("counted", lambda: shows("cid"))


@case
def a_start_with_a_clock_far_ahead_is_logged_and_undone():
    CLIENT.flushall()
    with Daemon("ahead") as daemon:
        daemon.publish("ann")
        wait("a board", lambda: shows("ann"))
    with Daemon("ahead", "+2d") as daemon:
        wait("it is said", lambda: "the snapshot is 2.0 days older than the system clock"
             in daemon.text())
        daemon.publish("cid", 2 * 86400)
        wait("counted by that clock", lambda: shows("cid") and off() > 86400)
        daemon.step("+0")
        wait("it is followed back", lambda: abs(off()) < 20)
        daemon.publish("bob")
        wait("counted", lambda: shows("bob"))
        assert meta("complete") == 0


if __name__ == "__main__":
    if not FAKETIME:
        print("Debian's libfaketime is not installed")
        sys.exit(77)
    run_cases()
