#!/usr/bin/env python3
"""conf/quickstart ends as it should, however it ends, and leaves nothing behind."""
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from terminal import ENTER, LEAVE, Terminal, run_tests

QUICKSTART = "conf/quickstart"


class Place:
    """A folder that quickstart's own temporary folder goes into."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.environment = {"TMPDIR": self.folder.name, "QUICKSTART_POSTS": "2000"}

    def processes(self):
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            except OSError:  # gone meanwhile
                continue
            if self.folder.name.encode() in words:
                found.append(words)
        return found

    def check_no_process(self):
        deadline = time.monotonic() + 5
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not self.processes(), self.processes()

    def check_clean(self):
        self.check_no_process()
        assert not os.listdir(self.folder.name), os.listdir(self.folder.name)


def a_replay_without_a_terminal_prints_snapshots_and_ends():
    place = Place()
    ended = subprocess.run([QUICKSTART], env={**os.environ, **place.environment,
                                              "QUICKSTART_SECONDS": "4"},
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("cascaded, last 1h") >= 3, ended.stdout
    assert "replayed posts=2000 " in ended.stdout, ended.stdout
    assert "Next" in ended.stdout and "\x1b" not in ended.stdout
    place.check_clean()


def boards_on_screen(place):
    terminal = Terminal([QUICKSTART], **place.environment, QUICKSTART_SECONDS="300")
    start = terminal.wait_for(ENTER, 300)
    terminal.wait_for(b" posts, ", start=start)
    assert place.processes()
    return terminal


def ctrl_c_leaves_the_boards_with_a_last_word():
    place = Place()
    terminal = boards_on_screen(place)
    terminal.press(b"\x03")
    assert terminal.finish(30) == 0, terminal.output[-2000:]
    after = terminal.output.split(LEAVE, 1)[1]
    assert b"What was seen" in after and b"Next" in after, after
    place.check_clean()


def ends_on(number, code):
    place = Place()
    terminal = boards_on_screen(place)
    terminal.signal(number)
    assert terminal.finish(30) == code, (terminal.code, terminal.output[-2000:])
    assert LEAVE in terminal.output
    place.check_clean()


def term_ends_everything():
    ends_on(signal.SIGTERM, 143)


def a_closed_terminal_ends_everything():
    ends_on(signal.SIGHUP, 129)


def even_a_kill_leaves_no_process():
    place = Place()
    terminal = boards_on_screen(place)
    terminal.signal(signal.SIGKILL)
    assert terminal.finish(30) == -signal.SIGKILL
    place.check_no_process()


def anything_unknown_is_a_usage_error():
    for environment, words in (({}, ["--nonsense"]), ({"QUICKSTART_POSTS": "many"}, []),
                               ({"QUICKSTART_SECONDS": "0"}, [])):
        ended = subprocess.run([QUICKSTART, *words], env={**os.environ, **environment},
                               capture_output=True, text=True, check=False)
        assert ended.returncode == 64 and ended.stderr, ended


run_tests([
    a_replay_without_a_terminal_prints_snapshots_and_ends,
    ctrl_c_leaves_the_boards_with_a_last_word,
    term_ends_everything,
    a_closed_terminal_ends_everything,
    even_a_kill_leaves_no_process,
    anything_unknown_is_a_usage_error,
])
