#!/usr/bin/env python3
"""conf/quickstart ends as it should, however it ends, and leaves nothing behind."""
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import ws_lab  # noqa: E402
from tap import case, run_cases  # noqa: E402
from terminal import ENTER, LEAVE, Terminal  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

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
        wait(lambda: f"all have ended, but {self.processes()}", lambda: not self.processes())

    def check_clean(self):
        self.check_no_process()
        assert not os.listdir(self.folder.name), os.listdir(self.folder.name)


@case
def a_replay_without_a_terminal_prints_snapshots_and_ends():
    place = Place()
    ended = subprocess.run([QUICKSTART], env={**os.environ, **place.environment,
                                              "QUICKSTART_SECONDS": "4"},
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("cascaded, last 1h") >= 3, ended.stdout
    assert "replayed posts=2000 " in ended.stdout, ended.stdout
    assert ": size 10 >= 10" in ended.stdout, ended.stdout
    during = ended.stdout.split("== Summary", 1)[0]
    assert "\nAlert " in during and ": size 10 >= 10: " in during, during
    assert "Next" in ended.stdout and "\x1b" not in ended.stdout
    assert "deleted or changed" not in ended.stdout, ended.stdout
    check_people(ended.stdout)
    place.check_clean()


def check_people(text):
    """Somebody is on every board of people, with a name, and those of the cast are first."""
    boards, people = text.split("== Summary", 1)[1].split("\nCarriers (", 1)
    assert "bsky:did:" not in boards and "\nCarried " in boards, boards
    carriers, rest = people.split("\nEarly people:\n", 1)
    carriers = carriers.splitlines()[2:7]
    assert any(" @ann " in row for row in carriers), carriers
    for row in carriers:
        found = re.search(r" @\S+ +([\d,]+) people came through ([\d,]+) of ([\d,]+) reshares; best ", row)
        people, carried, acts = (int(number.replace(",", "")) for number in found.groups())
        assert people >= 50 and carried * 2 > acts, row
    early, estimated = rest.split("\nEstimated carriers", 1)
    early = re.findall(r"(?m)^  @\S+ +early in (\d+) of (\d+) cascades, head start (\S+)$", early)
    assert len(early) == 3, rest
    assert all(int(row[0]) >= 5 and float(row[2]) > 2 for row in early), early
    assert len(re.findall(r"(?m)^  @\S+ +\S+ people expected", estimated)) == 3, estimated
    suggested = estimated.split('Whom to talk to in the campaign "harbour"', 1)[1].splitlines()[2:5]
    for row in suggested:
        assert re.search(r" @\S+ +observed: [\d,]+ people came through [\d,]+ of [\d,]+ reshares", row), row


def boards_on_screen(place):
    terminal = Terminal([QUICKSTART], **place.environment, QUICKSTART_SECONDS="300")
    start = terminal.wait_for(ENTER, 300)
    terminal.wait_for(b" posts, ", start=start)
    assert place.processes()
    return terminal


def fetched(url):
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return answer.read().decode()


@case
def ctrl_c_ends_the_boards_with_a_summary():
    place = Place()
    terminal = boards_on_screen(place)
    address = re.search(rb"The live page: (http://127.0.0.1:\d+/)\r?\n", terminal.output)[1].decode()
    wait("people on the page", lambda: 'href="/user/' in fetched(address))
    assert "<noscript>" in fetched(address)
    assert json.loads(fetched(address + "api/v1/status"))["posts"] > 0
    terminal.press(b"\x03")
    assert terminal.finish(30) == 0, terminal.output[-2000:]
    after = terminal.output.split(LEAVE, 1)[1]
    assert b"Summary" in after and b"Next" in after, after
    place.check_clean()


def ends_on(number, code):
    place = Place()
    terminal = boards_on_screen(place)
    terminal.signal(number)
    assert terminal.finish(30) == code, (terminal.code, terminal.output[-2000:])
    assert LEAVE in terminal.output
    place.check_clean()


@case
def term_ends_everything():
    ends_on(signal.SIGTERM, 143)


@case
def a_closed_terminal_ends_everything():
    ends_on(signal.SIGHUP, 129)


@case
def even_a_kill_leaves_no_process():
    place = Place()
    terminal = boards_on_screen(place)
    terminal.signal(signal.SIGKILL)
    assert terminal.finish(30) == -signal.SIGKILL
    place.check_no_process()


def bluesky():
    """A Jetstream on which four people keep reposting a fifth."""
    start, rows = time.time_ns() // 1000, []
    for number in range(40000):
        did = "did:plc:" + "abcd"[number % 4] * 24
        rows.append((number + 1, start + number * 5000, json.dumps({
            "did": did, "time_us": start + number * 5000, "kind": "commit", "commit": {
                "operation": "create", "collection": "app.bsky.feed.repost",
                "rkey": f"3k{number:011}", "record": {
                    "$type": "app.bsky.feed.repost", "createdAt": "2026-01-01T00:00:00Z",
                    "subject": {"uri": f"at://did:plc:{'e' * 24}/app.bsky.feed.post/{number // 4}",
                                "cid": "c"}}}})))
    return ws_lab.Lab([[{"upgrade": True}, {"tail": {"seed": 1}}]], stream=ws_lab.Stream(rows))


class Profiles(http.server.BaseHTTPRequestHandler):
    """Bluesky's public API: it knows everybody, and no post."""

    def do_GET(self):  # pylint: disable=invalid-name
        dids = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("actors", [])
        key = "profiles" if dids else "posts"
        body = json.dumps({key: [{"did": did, "handle": f"{did[-1]}.garden.example"}
                                 for did in dids]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def live(place, **environment):
    return subprocess.run([QUICKSTART, "--live"], stdin=subprocess.DEVNULL, capture_output=True,
                          env={**os.environ, **place.environment, **environment}, text=True,
                          check=False)


@case
def live_boards_move_and_carry_names():
    place, names = Place(), http.server.ThreadingHTTPServer(("127.0.0.1", 0), Profiles)
    threading.Thread(target=names.serve_forever, daemon=True).start()
    url = f"ws://127.0.0.1:{bluesky().port}/subscribe"
    ended = live(place, QUICKSTART_URL=url, QUICKSTART_SECONDS="7",
                 QUICKSTART_NAMES=f"http://127.0.0.1:{names.server_port}")
    assert ended.returncode == 0, (ended.stdout[-2000:], ended.stderr)
    frames = ended.stdout.split("cascaded, last 1h")[1:]
    counts = [int(frame.split(" posts")[0].split()[-1].replace(",", "")) for frame in frames]
    assert len(counts) >= 3 and 0 < counts[0] < counts[-1], counts
    assert "@e.garden.example" in frames[-1], frames[-1]
    assert "Next" in ended.stdout
    place.check_clean()
    terminal = Terminal([QUICKSTART, "--live"], **place.environment, QUICKSTART_URL=url,
                        QUICKSTART_NAMES=f"http://127.0.0.1:{names.server_port}")
    start = terminal.wait_for(ENTER, 60)
    terminal.wait_for(b" posts, ", start=start)
    terminal.press(b"\x03")
    assert terminal.finish(30) == 0, terminal.output[-2000:]
    assert b"Next" in terminal.output.split(LEAVE, 1)[1]
    place.check_clean()


@case
def live_without_a_network_fails_with_one_line():
    for url, why in (("wss://jetstream.invalid/subscribe", "cannot be looked up"),
                     ("ws://127.0.0.1:1/subscribe", "onnect")):
        place = Place()
        ended = live(place, QUICKSTART_URL=url)
        assert ended.returncode == 69, ended
        assert len(ended.stderr.splitlines()) == 1 and why in ended.stderr, ended.stderr
        place.check_clean()


@case
def a_cluster_survives_its_worker_and_a_master_and_ends_with_the_boards_of_one_process():
    place = Place()
    ended = subprocess.run([QUICKSTART, "--cluster"], env={**os.environ, **place.environment,
                                                           "QUICKSTART_SECONDS": "12"},
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r"worker1 was killed: after [\d.]+ s worker\d counts", ended.stdout), ended.stdout
    assert re.search(r"the master .* was killed: after [\d.]+ s its replica", ended.stdout), ended.stdout
    assert re.search(r"7 of 7 boards, with \d{3,} rows in all, equal", ended.stdout), ended.stdout
    place.check_clean()


@case
def anything_unknown_is_a_usage_error():
    for environment, words in (({}, ["--nonsense"]), ({}, ["--live", "--live"]), ({"QUICKSTART_POSTS": "many"}, []),
                               ({"QUICKSTART_SECONDS": "0"}, [])):
        ended = subprocess.run([QUICKSTART, *words], env={**os.environ, **environment},
                               capture_output=True, text=True, check=False)
        assert ended.returncode == 64 and ended.stderr, ended


run_cases()
