#!/usr/bin/env python3
"""A live daemon whose wall clock is stepped, by Debian's libfaketime.

    clock_steps.py        (RELEASE names the folder of the release build)
"""
# tests/run: beside others
import glob
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import redis

from terminal import run_tests

CASCADED = os.path.join(os.environ["RELEASE"], "cascaded")
FAKETIME = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
FOLDER = tempfile.TemporaryDirectory()
SOCKET = FOLDER.name + "/redis.sock"
SERVER = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", SOCKET, "--save", "",
                           "--dir", FOLDER.name], stdout=subprocess.DEVNULL)
CLIENT = redis.Redis(unix_socket_path=SOCKET, decode_responses=True)
TOKEN = "a-token-of-our-own"
PATIENCE = 60
BOARDS = [f"cascaded:top:posts:{window}" for window in ("1m", "5m", "1h")]


def wait(what, claim):
    deadline = time.monotonic() + PATIENCE
    while not claim():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


class Daemon:
    """A daemon with a clock of its own, and posts that are pushed to it by the right one."""

    def __init__(self, name, step="+0"):
        self.folder = pathlib.Path(FOLDER.name, name)
        self.folder.mkdir(exist_ok=True)
        token = self.folder / "token"
        token.write_text(TOKEN + "\n", encoding="utf-8")
        token.chmod(0o600)
        self.clock, self.log = self.folder / "clock", self.folder / "log"
        self.step(step)
        config = self.folder / "conf"
        config.write_text(
            'windows = {1m, 5m, 1h}\n'
            f'redis {{ url = "unix:{SOCKET}" flush = 20ms }}\n'
            f'state {{ dir = "{self.folder}/state" every = 1s }}\n'
            f'http {{ listen = "127.0.0.1:0" token_file = "{token}" }}\n'
            'source "x" { url = "http://127.0.0.1:9/" }\n', encoding="utf-8")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [CASCADED, "-c", str(config)], stderr=log,
                env={**os.environ, "LD_PRELOAD": FAKETIME[0], "FAKETIME_NO_CACHE": "1",
                     "FAKETIME_TIMESTAMP_FILE": str(self.clock),
                     "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"})
        wait("started", lambda: "started" in self.said())
        self.port = int(re.search(r"port (\d+)", self.said())[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0, self.said()

    def said(self):
        return self.log.read_text(encoding="utf-8")

    def step(self, step):
        part = self.folder / "clock.part"
        part.write_text(step + "\n", encoding="utf-8")
        part.rename(self.clock)

    def push(self, author, off=0.0):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        now = int((time.time() + off) * 1000)
        body = json.dumps({"id": f"app:{author}{now}", "time": now,
                           "author": {"id": f"app:{author}"}})
        connection.request("POST", "/api/v1/posts", body, {"Authorization": f"Bearer {TOKEN}"})
        assert json.load(connection.getresponse()) == {"accepted": 1, "rejected": 0}
        connection.close()

    def ready(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", "/readyz")
        answer = connection.getresponse().read().decode()
        connection.close()
        return answer


def meta(name):
    return int(CLIENT.hget("cascaded:meta", name))


def off():
    """By how many seconds the daemon's clock is off."""
    return meta("clock_ms") / 1000 - time.time()


def shows(author):
    return all(CLIENT.zscore(board, f"app:{author}") for board in BOARDS)


def a_clock_that_is_wrong_for_seconds_changes_nothing_and_it_is_said():
    CLIENT.flushall()
    with Daemon("seconds") as daemon:
        daemon.push("ann")
        wait("a board", lambda: shows("ann"))
        for step, seconds in (("+2d", 172800), ("+1h", 3600), ("-120", -120),
                              ("-40d", -3456000)):
            daemon.step(step)
            wait("it is said", lambda seconds=seconds: f"stepped by {seconds:+}.0 s" in daemon.said())
            assert daemon.ready() == "the system clock was stepped\n"
            daemon.push("bob" + step)
            wait("counted meanwhile", lambda step=step: shows("bob" + step))
            assert shows("ann") and abs(off()) < 20 and meta("complete") == 0
            daemon.step("+0")
            wait("it is over", lambda seconds=seconds:
                 f"its step by {seconds:+}.0 s had no effect" in daemon.said())
            assert daemon.ready() == "no source is live\n"
            daemon.push("cid" + step)
            wait("counted after", lambda step=step: shows("cid" + step))
            assert shows("ann") and shows("bob" + step) and abs(off()) < 20
    # The snapshot does not carry it either.
    with Daemon("seconds") as daemon:
        wait("the boards are there", lambda: shows("ann") and abs(off()) < 20)
        assert "ahead of the system clock" not in daemon.said(), daemon.said()


def a_clock_that_stays_wrong_is_followed_there_and_back():
    CLIENT.flushall()
    with Daemon("stays") as daemon:
        for step, seconds in (("-120", -120), ("+0", 0), ("+1h", 3600)):
            daemon.push("ann" + step)
            wait("a board", lambda step=step: shows("ann" + step))
            daemon.step(step)
            wait("it is followed", lambda seconds=seconds: abs(off() - seconds) < 20)
            daemon.push("bob" + step, seconds)
            wait("counted by the new clock", lambda step=step: shows("bob" + step))
            assert meta("complete") == 0
        said = daemon.said()
        assert said.count("remains stepped") == 3, said
    # The next start has the right clock: what was counted by the wrong one stays.
    with Daemon("stays") as daemon:
        wait("the clock is set back", lambda: abs(off()) < 20)
        assert "ahead of the system clock: its clock is set back" in daemon.said(), daemon.said()
        assert shows("bob+1h") and meta("complete") == 0
        daemon.push("cid")
        wait("counted", lambda: shows("cid"))


def a_start_with_a_clock_far_ahead_is_said_and_left_again():
    CLIENT.flushall()
    with Daemon("ahead") as daemon:
        daemon.push("ann")
        wait("a board", lambda: shows("ann"))
    with Daemon("ahead", "+2d") as daemon:
        wait("it is said", lambda: "the snapshot is 2.0 days older than the system clock"
             in daemon.said())
        daemon.push("cid", 2 * 86400)
        wait("counted by that clock", lambda: shows("cid") and off() > 86400)
        daemon.step("+0")
        wait("it is followed back", lambda: abs(off()) < 20)
        daemon.push("bob")
        wait("counted", lambda: shows("bob"))
        assert meta("complete") == 0


if __name__ == "__main__":
    if not FAKETIME:
        print("Debian's libfaketime is not installed")
        sys.exit(77)
    wait("Redis", lambda: pathlib.Path(SOCKET).exists())
    try:
        sys.exit(run_tests([a_clock_that_is_wrong_for_seconds_changes_nothing_and_it_is_said,
                            a_clock_that_stays_wrong_is_followed_there_and_back,
                            a_start_with_a_clock_far_ahead_is_said_and_left_again]))
    finally:
        SERVER.terminate()
