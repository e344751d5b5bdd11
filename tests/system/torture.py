#!/usr/bin/env python3
"""Fails the 1st, 2nd, 3rd ... allocation of a daemon: at start, reload, connection, flush, snapshot,
alert and answers. It must end with an exit code and a line, or go on and count right; never crash.

Up to 40 allocations of each are tried, evenly spread; TORTURE=400 tries so many, TORTURE=all each."""
# tests/run: beside others
import json
import mmap
import os
import pathlib
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

# The release: the other build's sanitizer has an allocator of its own.
CASCADED = os.path.join(os.environ["RELEASE"], "cascaded")
CASCADECTL = os.path.join(os.environ["RELEASE"], "cascadectl")
TRIES = 10**9 if os.environ.get("TORTURE") == "all" else int(os.environ.get("TORTURE") or 40)
SOME = 4  # failures that are tried one after the other
ENDS = {64, 65, 66, 69, 71, 73, 74, 75, 77, 78}


class Failing:
    """The file that it shares with tests/lab/failing_malloc.c."""

    def __init__(self, folder):
        self.library = folder / "failing_malloc.so"
        source = pathlib.Path(__file__).parents[1] / "lab/failing_malloc.c"
        subprocess.run(["cc", "-std=c17", "-O1", "-shared", "-fPIC", "-D_GNU_SOURCE", source, "-o", self.library],
                       check=True)
        self.path = folder / "failing"
        self.path.write_bytes(bytes(4096))
        with open(self.path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 4096)
        self.environment = {**os.environ, "LD_PRELOAD": str(self.library),
                            "FAILING_MALLOC": str(self.path)}

    def arm(self, number, is_lasting=False):
        """From now on allocation `number` fails, the first is 1; 0: none does."""
        self.page[:32] = struct.pack("<4Q", 0, number, is_lasting, 0)

    @property
    def counted(self):
        return struct.unpack_from("<Q", self.page, 0)[0]

    @property
    def failed(self):
        return struct.unpack_from("<Q", self.page, 24)[0]


def crashed_in_a_library(text):
    """True if the innermost frame of the backtrace, behind the handler and the system's, is not ours."""
    frames = text.split("the backtrace follows", 1)[-1].splitlines()[1:]
    return len(frames) > 3 and "/cascaded(" in frames[0] and "/libc.so" in frames[1] and not any(
        "/cascaded(" in frame for frame in frames[2:4])


class Lab:
    """A daemon whose allocations fail, its Redis, and what was pushed to it."""

    def __init__(self):
        self.folder = processes.folder()
        self.failing = Failing(self.folder)
        self.redis = RedisServer()
        self.pushed = 0
        self.head = (f'redis {{ url = "{self.redis.url}" flush = 10ms }}\n'
                     f'control {{ socket = "{self.folder}/control.sock" }}\n'
                     f'state {{ dir = "{self.folder}/state" every = 1h }}\n' + http_section(self.folder))
        self.more = 'alert "viral" { min_size = 2 }\ncampaign "cup" { words = {"cup"} }\n'
        self.daemon = None

    def start(self):
        if self.daemon is None:
            self.daemon = LiveDaemon(CASCADED, self.folder, self.head + self.more,
                                     env=self.failing.environment)
        else:
            self.daemon.start()

    def begin(self):
        self.failing.arm(0)
        self.start()
        self.daemon.await_start()

    def has_ended(self, is_starting=False):
        """Checks the end, if it has ended: by an exit code, after a line. A library may crash at the
        start, where nothing is lost: OpenSSL does, when it cannot initialise itself."""
        code = self.daemon.process.poll()
        if code is None:
            return False
        text = self.daemon.text()
        assert text.strip(), code
        assert code in ENDS or (is_starting and code < 0 and crashed_in_a_library(text)), (code, text)
        return True

    def push(self, number):
        """One reshare of a new post and one mention; the answer, None if there is none."""
        now = int(time.time() * 1000)
        posts = [{"id": f"app:p{number}", "time": now, "author": {"id": "app:root", "handle": "root"},
                  "text": "cup", "mentions": [{"id": "app:named"}]}]
        posts += [{"id": f"app:r{number}-{i}", "time": now, "author": {"id": f"app:u{i}"},
                   "retweet_of": {"id": f"app:p{number}", "author": {"id": "app:root"}}} for i in range(3)]
        return self.try_push(posts)

    def try_push(self, posts):
        """The answer, None if there is none."""
        try:
            return self.daemon.push("\n".join(map(json.dumps, posts))).status
        except (OSError, AssertionError, ValueError, EOFError):
            return None
        except Exception as error:  # http.client's: an answer that ends early
            if type(error).__module__ != "http.client":
                raise
            return None

    def push_all(self, count):
        """Until each of so many is accepted."""
        for number in range(count):
            wait(lambda: f"post {number} is accepted: {self.daemon.text()}",
                 lambda: self.push(number) == 202)
        self.pushed = max(self.pushed, count)

    def check_counts(self):
        """Pushes everything again; duplicates count once."""
        self.failing.arm(0)
        if self.daemon.process.poll() is not None:
            self.begin()
        self.push_all(self.pushed)
        client, pushed = self.redis.client, self.pushed
        read = lambda: (client.zscore("cascaded:top:mentions:1h", "app:named"),
                        client.zscore("cascaded:top:retweets:1h", "app:root"))
        wait(lambda: f"{pushed} mentions and {3 * pushed} retweets: {read()}",
             lambda: read() == (pushed, 3 * pushed) or pushed == 0)

    def wait_or_end(self, what, claim):
        """Until claim() is true or the daemon has ended. Memory that is lacking for long is there again
        after some failures: nothing has to succeed before."""
        def is_over():
            return claim() or self.daemon.process.poll() is not None
        described = lambda: f"{what}, after {self.failing.failed} failures: {self.daemon.text()}"
        wait(described, lambda: is_over() or self.failing.failed > SOME)
        if self.failing.failed > SOME:
            self.failing.arm(0)
            wait(described, is_over)

    def try_each(self, action, tries=TRIES, is_lasting=False):
        """Each allocation that action(number) makes fails once; it returns when all is over. Returns how
        many there are."""
        self.failing.arm(10**12)
        action(0)
        total = self.failing.counted
        step = max(1, total // tries)
        for number in range(1, total + 1, step):
            self.failing.arm(number, is_lasting)
            try:
                action(number)
            finally:
                self.failing.arm(0)
            if self.has_ended():
                self.begin()
        return total


@case
def a_start_without_memory_ends_with_a_line_or_goes_on():
    lab = Lab()
    lab.failing.arm(10**12)
    lab.start()
    lab.daemon.await_start()
    total = lab.failing.counted
    lab.daemon.end()
    for is_lasting in (False, True):
        for number in range(1, total + 1, max(1, total // TRIES)):
            lab.failing.arm(number, is_lasting)
            lab.start()
            wait(lambda: f"it starts or ends, {number}: {lab.daemon.text()}",
                 lambda: lab.has_ended(is_starting=True) or lab.daemon.said("started: "))
            lab.failing.arm(0)
            if lab.daemon.process.poll() is None:
                push_one(lab, number)
                lab.daemon.process.terminate()
                lab.daemon.process.wait(PATIENCE)
                assert lab.daemon.process.returncode in ENDS | {0}, (number, lab.daemon.text())
    print(f"# {total} allocations")


def tortured(action, is_lasting=False, tries=TRIES):
    lab = Lab()
    lab.begin()
    total = lab.try_each(lambda number: action(lab, number), tries, is_lasting)
    print(f"# {total} allocations")
    lab.check_counts()
    lab.daemon.end()
    return total


def push_one(lab, _):
    """A post that is counted, an alert that is raised, and the flush of both."""
    number = lab.pushed
    lab.pushed += 1
    if lab.push(number) == 202:
        lab.wait_or_end(f"the alert of post {number}",
                        lambda: lab.redis.client.exists(f"cascaded:alert:viral:app:p{number}:1"))


@case
def a_push_a_flush_and_an_alert_without_memory_count_right():
    assert tortured(push_one) > 20
    assert tortured(push_one, is_lasting=True) > 20


def reload(lab, number):
    """By the control socket: its answer shows that the reload is over."""
    lab.daemon.write(lab.head + lab.more + f'alert "more{number % 2}" {{ min_size = 9 }}\n')
    ended = subprocess.run([CASCADECTL, "-r", lab.redis.url, "--control", lab.folder / "control.sock",
                            "reload", "--wait"], capture_output=True, check=False)
    assert ended.returncode in {0, 69, 71, 74, 75, 78}, ended


@case
def a_reload_without_memory_changes_all_or_nothing():
    assert tortured(reload) > 100


def reconnect(lab, number):
    """What is accepted while the daemon is not connected is written when it is again."""
    lab.redis.client.client_kill_filter(_type="normal", skipme=True)
    push_one(lab, number)


@case
def a_connection_without_memory_is_tried_again():
    assert tortured(reconnect) > 10


def save(lab, number):
    """A purge replaces the snapshots."""
    now = int(time.time() * 1000)
    lab.try_push([{"id": f"app:gone{number}", "time": now, "author": {"id": "app:gone"}, "text": "of one"}])
    purged = subprocess.run([CASCADECTL, "-r", lab.redis.url, "purge", "--user", "app:gone", "--yes"],
                            capture_output=True, check=False)
    assert purged.returncode in {0, 66, 69, 71, 74, 75}, purged


@case
def a_snapshot_without_memory_is_reported():
    assert tortured(save) > 5


def ask(lab, _):
    for path in ("status", "top/mentions/1h", "cascades/app:p0", "alerts", "users/app:root"):
        try:
            lab.daemon.ask("GET", f"/api/v1/{path}")
        except Exception:  # pylint: disable=broad-except
            assert lab.daemon.process.poll() is None or lab.has_ended()
    subprocess.run([CASCADECTL, "-r", lab.redis.url, "config", "show"], capture_output=True, check=False)


@case
def an_answer_without_memory_is_an_error_or_a_closed_connection():
    assert tortured(ask, tries=max(1, TRIES // 3)) > 20


run_cases()
