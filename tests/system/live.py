#!/usr/bin/env python3
"""The daemon at its work: a stream over HTTP in, a real Redis out, a service manager that listens.

    live.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
import ws_lab  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402
from world import jetstream_of, utc  # noqa: E402
from x_stream import Stream, page  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect(decode_responses=True)
WIRES = ("/subscribe", "/xrpc/network.bsky.jetstream.subscribeEvents")


class Manager:
    """The socket of a service manager, and what was said to it, in order."""

    def __init__(self, is_abstract):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = f"{FOLDER}/notify{time.monotonic_ns()}"
        self.name = "@" + path[1:] if is_abstract else path
        self.socket.bind("\0" + path[1:] if is_abstract else path)
        self.messages = []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            self.messages.append(self.socket.recv(4096).decode())

    def count(self, start):
        return sum(message.startswith(start) for message in self.messages)


class Daemon(LiveDaemon):
    def __init__(self, config, is_abstract=False, keeps=False, listen=""):
        if not keeps:
            CLIENT.flushall()
        self.listen = listen
        self.manager = Manager(is_abstract)
        super().__init__(CASCADED, FOLDER, config, env={
            **os.environ, "NOTIFY_SOCKET": self.manager.name, "WATCHDOG_USEC": "1000000"})

    def write(self, config):
        super().write(f'redis {{ url = "{SERVER.url}" }} http {{ listen = "{self.listen}" }}\n'
                      f'{config}')

    def hang_up(self):
        """SIGHUP, and the two messages that must follow."""
        # The word of the start may still be on its way; it is none of the reload's.
        wait("ready", lambda: self.manager.count("READY=1"))
        reloads = self.manager.count("RELOADING=1\nMONOTONIC_USEC=")
        readies = self.manager.count("READY=1")
        super().hang_up()
        wait("reloaded", lambda: self.manager.count("READY=1") == readies + 1)
        assert self.manager.count("RELOADING=1\nMONOTONIC_USEC=") == reloads + 1


    def await_read(self, stream):
        """Until it has read all that the stream sent; needs `listen`."""
        wait("all is read", lambda: self.metric(
            'cascaded_source_messages_read_total{source="x"}') == stream.posts)


def source(name, stream, more=""):
    return f'source "{name}" {{ url = "{stream.url}"\n{more} }}\n'


def mentions():
    return int(CLIENT.zscore("cascaded:top:mentions:1h", "x:2") or 0)


def running(config, *streams, **options):
    daemon = Daemon(config, **options)
    wait("connected", lambda: all(stream.connections for stream in streams))
    return daemon


@case
def a_stream_is_counted_while_it_comes():
    stream = Stream()
    daemon = running(source("x", stream), stream)
    stream.feed(20)
    wait("counted", lambda: mentions() == 20)
    assert CLIENT.hget("cascaded:user:x:1", "handle") == "ann"
    wait("live", lambda: daemon.said('source "x": live'))
    lag = int(CLIENT.hget("cascaded:meta", "lag_ms"))
    assert 0 <= lag < PATIENCE * 1000, lag
    daemon.end()


@case
def a_page_of_500_posts_of_x_is_taken_from_each_source_and_by_push():
    stream, body = Stream(), page(500)
    assert 1.5 < len(body) / (1 << 20) < 2, len(body)
    daemon = running(source("x", stream) + http_section(FOLDER), stream)
    stream.send(body + b"\r\n")
    wait("counted", lambda: mentions() == 500)
    assert json.loads(daemon.push(page(500, 501)).text) == {"accepted": 500, "rejected": 0}
    wait("counted", lambda: mentions() == 1000)
    daemon.end()
    CLIENT.flushall()
    for number, data in enumerate((body, b"[" + body + b"," + page(500, 501) + b"]")):
        path = FOLDER / f"page{number}"
        path.write_bytes(data)
        out = subprocess.run([CASCADED, "-o", f"redis.url={SERVER.url}", path],
                             stdout=subprocess.PIPE, check=True).stdout
        wanted = 500 * (number + 1)
        assert b"posts=%d interactions=%d duplicates=0 rejected=0" % (wanted, wanted) in out, out


@case
def a_drop_is_followed_by_a_connection_at_once_and_a_gap():
    stream = Stream()
    daemon = running(source("x", stream), stream)
    stream.feed(5)
    wait("counted", lambda: mentions() == 5)
    stream.drop()
    wait("connected again", lambda: len(stream.connections) == 2)
    wait("gap", lambda: CLIENT.hget("cascaded:gaps:x", "1"))
    stream.send(b"\r\n")
    wait("closed", lambda: json.loads(CLIENT.hget("cascaded:gaps:x", "1"))["to"])
    stream.feed(5)
    wait("counted", lambda: mentions() == 10)
    gap = json.loads(CLIENT.hget("cascaded:gaps:x", "1"))
    assert gap["from"] <= gap["to"] and gap["recovered"] is False, gap
    assert re.fullmatch("[a-z0-9_]+", gap["reason"]), gap
    wait("incomplete", lambda: CLIENT.hget("cascaded:meta", "complete") == "0")
    daemon.end()


def meta(field):
    return int(CLIENT.hget("cascaded:meta", field) or 0)


@case
def complete_and_lag_are_right_around_a_gap():
    stream = Stream()
    daemon = running(source("x", stream) + "windows = {5s}\n", stream)

    def is_complete():
        stream.feed(1)
        time.sleep(0.1)
        return meta("complete") == 1

    def is_right():
        """It is not complete while the gap lies within the window."""
        complete, clock = CLIENT.hmget("cascaded:meta", "complete", "clock_ms")
        end = json.loads(CLIENT.hget("cascaded:gaps:x", "1"))["to"]
        return complete == "0" or (end is not None and end < utc(int(clock) * 1000 - 5 * 10**6))

    wait("complete once the window is full", is_complete)
    wait("no lag", lambda: meta("lag_ms") < 2000)
    stream.drop()
    wait("connected again", lambda: len(stream.connections) == 2)
    wait("a lag that grows", lambda: meta("lag_ms") > 3000)
    assert meta("complete") == 0
    stream.feed(1)
    wait("no lag", lambda: meta("lag_ms") < 2000)
    assert is_right()
    wait("complete", is_complete)
    daemon.end()


@case
def a_source_that_is_still_behind_is_not_complete():
    stream = Stream()
    daemon = running(source("x", stream) + "windows = {5s}\n", stream)
    begun = time.monotonic()
    while time.monotonic() - begun < 7:
        stream.feed(1, ago=200)
        time.sleep(0.1)
        assert meta("complete") == 0
    assert 199000 <= meta("lag_ms") < 200000 + PATIENCE * 1000, meta("lag_ms")

    def is_complete():
        stream.feed(1)
        time.sleep(0.1)
        return meta("complete") == 1

    wait("complete", is_complete)
    daemon.end()


@case
def what_x_sends_again_recovers_the_gap_of_a_restart():
    for minutes in (0, 5):
        stream = Stream()
        folder = pathlib.Path(FOLDER, f"backfill{minutes}")
        config = (f'state {{ dir = "{folder}" every = 1s }}\n' +
                  source("x", stream, f"backfill_minutes = {minutes}"))
        daemon = running(config, stream)
        stream.feed(3)
        wait("counted", lambda: mentions() == 3)
        daemon.end()
        connections = len(stream.connections)
        again = Daemon(config, keeps=True)
        wait("connected",
             lambda: len(stream.connections) > connections)  # pylint: disable=cell-var-from-loop
        asks = f"backfill_minutes={minutes}" in stream.connections[-1].path
        assert asks == bool(minutes), stream.connections[-1].path
        stream.feed(2)
        wait("over", lambda: CLIENT.hget("cascaded:gaps:x", "1") and
             json.loads(CLIENT.hget("cascaded:gaps:x", "1"))["to"])
        gap = json.loads(CLIENT.hget("cascaded:gaps:x", "1"))
        assert gap["reason"] == "restart" and gap["recovered"] == bool(minutes), gap
        again.end()


@case
def a_refused_message_costs_itself_and_is_logged_once():
    stream = Stream()
    daemon = running(source("x", stream), stream)
    stream.send(b"nonsense \x1b[2J\r\nnonsense\r\n")
    stream.feed(3)
    wait("counted", lambda: mentions() == 3)
    log = daemon.text()
    assert log.count("refused a message") == 1 and "\x1b" not in log, log
    daemon.end()


@case
def several_documents_may_be_in_one_line_of_a_stream():
    stream = Stream()
    daemon = running(source("x", stream), stream)
    stream.feed(1)
    lines = [stream.tweet(number) for number in range(101, 106)]
    stream.send(lines[0] + b" " + lines[1] + lines[2] + b"\r\n[" + lines[3] + b"] " + lines[4] +
                b"{broken\r\n")
    wait("counted", lambda: mentions() == 6)
    wait("refused", lambda: daemon.text().count("refused a message") == 1)
    daemon.end()


@case
def a_full_table_is_named_once_with_the_option_to_raise():
    stream = Stream()
    daemon = running("hashtags { capacity = 1000 }\n" + source("one", stream, 'format = "post"'),
                     stream)
    warning = "hashtags.capacity is reached"

    def send(authors):
        for author in authors:
            post = {"id": f"n:p{author}", "time": int(time.time() * 1000), "author": {"id": f"n:u{author}"},
                    "text": " ".join(f"#t{author}x{i}" for i in range(20))}
            stream.send(json.dumps(post).encode() + b"\r\n")

    send(range(100))
    wait("named", lambda: daemon.said(warning))
    send(range(100, 110))
    wait("counted", lambda: meta("posts") == 110)
    daemon.end()
    assert daemon.text().count(warning) == 1


@case
def a_stop_writes_everything_that_came():
    stream = Stream()
    daemon = running("redis { flush = 10s }\n" + source("x", stream), stream,
                     listen="127.0.0.1:0")
    daemon.await_start()
    stream.feed(200)
    daemon.await_read(stream)
    daemon.end()
    assert mentions() == 200, mentions()
    assert daemon.manager.messages[-1].startswith("STOPPING=1"), daemon.manager.messages


@case
def the_service_manager_gets_ready_then_figures_then_stopping():
    for is_abstract in (False, True):
        stream = Stream()
        daemon = running(source("x", stream), stream, is_abstract=is_abstract)
        stream.feed(3)
        wait("figures", lambda: any(  # pylint: disable=cell-var-from-loop
            re.fullmatch(r"STATUS=1/1 streams, [0-9 ]+ posts/s, lag [0-9]+\.[0-9] s", message)
            for message in daemon.manager.messages))
        wait("watchdog", lambda: daemon.manager.count("WATCHDOG=1") >= 3)
        daemon.end()
        words = [message for message in daemon.manager.messages if message != "WATCHDOG=1"]
        assert words[0].startswith("READY=1\nSTATUS="), words
        assert words[-1].startswith("STOPPING=1"), words
        assert all(word.startswith("STATUS=") for word in words[1:-1]), words


@case
def a_bad_configuration_changes_nothing_and_is_named():
    stream = Stream()
    daemon = running(source("x", stream), stream)
    daemon.write('source "x" { url = "http://127.0.0.1:1/"\n nonsense = 1 }\n')
    daemon.hang_up()
    assert daemon.said("/conf:3: ") and daemon.said("the previous one stays in use")
    daemon.write("")
    daemon.hang_up()
    assert daemon.said("has no source")
    stream.feed(4)
    wait("counted", lambda: mentions() == 4)
    assert len(stream.connections) == 1
    daemon.end()


@case
def a_new_configuration_leaves_unchanged_sources_their_sockets():
    one, two, three = Stream(), Stream(), Stream()
    daemon = running(source("one", one) + source("two", two), one, two)
    one.feed(2)
    two.send(b"\r\n")
    wait("counted", lambda: mentions() == 2)
    wait("both live", lambda: daemon.manager.count("STATUS=2/2 streams"))
    two.drop()  # so that there is a ledger to remove
    wait("gap", lambda: CLIENT.exists("cascaded:gaps:two"))
    daemon.write(source("one", one) + source("three", three) + "windows = {1m}\n")
    daemon.hang_up()
    wait("started", lambda: three.connections)
    assert daemon.said("windows has changed; restart") and daemon.said('"two": stopped')
    wait("forgotten", lambda: not CLIENT.exists("cascaded:gaps:two"))
    one.feed(2)
    wait("counted", lambda: mentions() == 4)
    assert len(one.connections) == 1, one.connections
    daemon.write(source("one", one, 'format = "x2"') + source("three", three))
    daemon.hang_up()
    wait("restarted", lambda: len(one.connections) == 2)
    assert len(three.connections) == 1
    daemon.end()


def saved_at(snapshot):
    return snapshot.stat().st_mtime_ns if snapshot.exists() else 0


def wait_for_another(snapshot):
    before = saved_at(snapshot)
    wait("saved", lambda: saved_at(snapshot) > before)


@case
def a_killed_daemon_resumes_from_its_snapshot_and_reports_the_gap():
    stream = Stream()
    folder = pathlib.Path(FOLDER, "state")
    config = f'state {{ dir = "{folder}" every = 1s }}\n' + source("x", stream)
    daemon = running(config, stream)
    stream.feed(20)
    wait("counted", lambda: mentions() == 20)
    snapshot = folder / "snapshot"
    # The second from now began after the last post was counted.
    for _ in range(2):
        wait_for_another(snapshot)
    daemon.kill()
    assert mentions() == 20, mentions()
    connections = len(stream.connections)
    again = Daemon(config, keeps=True)
    wait("connected", lambda: len(stream.connections) > connections)
    wait("gone on", lambda: again.said("resuming from the snapshot"))
    assert mentions() == 20, mentions()
    stream.feed(5)
    wait("counted on", lambda: mentions() == 25)
    wait("told", lambda: CLIENT.hget("cascaded:gaps:x", "1") and
         json.loads(CLIENT.hget("cascaded:gaps:x", "1"))["to"])
    gap = json.loads(CLIENT.hget("cascaded:gaps:x", "1"))
    assert gap["reason"] == "restart" and not gap["recovered"] and gap["from"] < gap["to"], gap
    assert CLIENT.hget("cascaded:meta", "complete") == "0"
    before = saved_at(snapshot)
    again.end()
    assert saved_at(snapshot) > before
    third = Daemon(config, keeps=True)
    wait("told on", lambda: CLIENT.hget("cascaded:gaps:x", "2"))
    assert json.loads(CLIENT.hget("cascaded:gaps:x", "1")) == gap
    third.end()


def jetstream(path, author, count=300):
    """A lab whose stream has that many posts of one author, in the minute before now."""
    rows, start = [], time.time_ns() // 1000 - 60 * 10**6
    for number in range(count):
        time_us, did = start + number * (60 * 10**6 // count), f"did:plc:{author:a>24}"
        commit = {"operation": "create", "collection": "app.bsky.feed.post",
                  "rkey": f"3k{number:011}", "record": {"text": f"words {number}"}}
        said = jetstream_of(time_us, did, commit)
        if path != WIRES[0]:
            said = {"$type": "message", "payload": {
                "$type": "network.bsky.jetstream.subscribeEvents#commit", "did": did, **commit,
                "seq": 7000 + number, "time": utc(time_us)}}
        rows.append((7000 + number, time_us, json.dumps(said)))
    lab = ws_lab.Lab([[{"upgrade": True}, {"events": {}}, {"sleep": 100}]],
                     stream=ws_lab.Stream(rows))
    text = f'source "{author}" {{ url = "ws://127.0.0.1:{lab.port}{path}" }}\n'
    return lab, text, f"bsky:{did}"


def is_at_end(author, lab):
    """The cursor in Redis is at the last post."""
    seq, time_us, _ = lab.stream.events[-1]
    return CLIENT.hget(f"cascaded:cursor:{author}", "value") in (str(seq), str(time_us))


def posts_of(*people):
    return [int(CLIENT.zscore("cascaded:top:posts:1h", person) or 0) for person in people]


@case
def what_was_counted_before_the_first_timed_snapshot_survives_a_kill():
    for number, path in enumerate(WIRES):
        folder = pathlib.Path(FOLDER, f"early{number}")
        lab, text, ann = jetstream(path, "ann")
        config = f'state {{ dir = "{folder}" every = 1h }}\n' + text
        daemon = Daemon(config)
        wait("cursor", lambda: is_at_end("ann", lab))  # pylint: disable=cell-var-from-loop
        daemon.kill()
        CLIENT.delete("cascaded:top:posts:1h")
        again = Daemon(config, keeps=True)
        wait("counted", lambda: posts_of(ann) == [300])  # pylint: disable=cell-var-from-loop
        again.end()


@case
def a_source_that_is_given_the_other_wire_resumes_by_time_and_keeps_its_place():
    """The places of the wires are numbers of different size: a time, and a count."""
    for before, after in (WIRES, WIRES[::-1]):
        state = f'state {{ dir = "{FOLDER}/from-{before.count("/")}" every = 1h }}\n'
        lab, text, ann = jetstream(before, "ann")
        daemon = Daemon(state + text)
        wait("cursor", lambda: is_at_end("ann", lab))  # pylint: disable=cell-var-from-loop
        daemon.end()
        read = lab.stream.events[-1][1]
        lab.stream = jetstream(after, "ann", 600)[0].stream
        for count in (2, 3):
            daemon = Daemon(state + text.replace(before, after), keeps=True)
            wait("asked", lambda: len(lab.requests) == count)  # pylint: disable=cell-var-from-loop
            wait("cursor", lambda: is_at_end("ann", lab))  # pylint: disable=cell-var-from-loop
            daemon.end()
        cursors = [re.search(r"cursor=(\d+)", request)[1] for request in lab.requests[1:]]
        seq, time_us, _ = lab.stream.events[-1]
        assert cursors[0] == str(read - 15 * 10**6), (cursors, read)
        assert cursors[1] == str(time_us - 5 * 10**6 if after == WIRES[0] else seq), cursors
        kinds = CLIENT.hmget("cascaded:cursor:ann", "wire", "kind")
        assert kinds == (["subscribe", "time_us"] if after == WIRES[0] else
                         ["subscribeEvents", "seq"]), kinds
        assert posts_of(ann)[0] > 300


@case
def a_source_that_a_reload_adds_resumes_after_a_kill():
    folder = pathlib.Path(FOLDER, "added")
    lab, text, ann = jetstream(WIRES[1], "ann")
    other, more, bob = jetstream(WIRES[1], "bob")
    daemon = Daemon(f'state {{ dir = "{folder}" every = 1h }}\n' + text)
    wait("cursor", lambda: is_at_end("ann", lab))
    daemon.write(f'state {{ dir = "{folder}" every = 1h }}\n' + text + more)
    daemon.hang_up()
    wait("other cursor", lambda: is_at_end("bob", other))
    daemon.kill()
    CLIENT.delete("cascaded:top:posts:1h")
    again = Daemon(daemon.config.read_text(encoding="utf-8"), keeps=True)
    wait("the other source is asked again", lambda: len(other.requests) > 1)
    wait("counted", lambda: posts_of(ann, bob) == [300, 300])
    assert "cursor=" in other.requests[-1], other.requests
    again.end()


@case
def a_cursor_is_in_redis_though_no_snapshot_can_be_written():
    folder = pathlib.Path(FOLDER, "full")
    (folder / "snapshot.part").mkdir(parents=True)  # the name of a file that is being written
    folder.chmod(0o700)
    lab, text, _ = jetstream(WIRES[1], "ann")
    daemon = Daemon(f'state {{ dir = "{folder}" every = 1h }}\n' + text)
    wait("cursor", lambda: is_at_end("ann", lab))
    assert daemon.said("the state is not saved")
    daemon.kill()


def two_snapshots(folder):
    """The empty one of a first start, and one behind it."""
    return (folder / "snapshot.previous").exists()


def is_dated_before(moment, text):
    return text < time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + ".999Z"


@case
def a_source_without_a_cursor_is_in_a_snapshot_after_its_first_message():
    stream = Stream()
    folder = pathlib.Path(FOLDER, "first")
    config = f'state {{ dir = "{folder}" every = 1h }}\n' + source("x", stream)
    daemon = running(config, stream)
    assert daemon.said(f"there is no snapshot in {folder}: counting starts from zero")
    stream.feed(1)
    wait("second snapshot", lambda: two_snapshots(folder))
    stream.feed(4)  # lost: the next snapshot would be written in an hour
    wait("counted", lambda: mentions() == 5)
    connections, moment = len(stream.connections), time.time()
    daemon.kill()
    again = Daemon(config, keeps=True)
    wait("connected", lambda: len(stream.connections) > connections)
    assert again.said('source "x": messages after ') and again.said("gaps:x"), again.text()
    stream.feed(2)
    # What Redis has is not less than what was counted again.
    wait("counted on", lambda: mentions() == 3)
    wait("over", lambda: CLIENT.hget("cascaded:gaps:x", "1") and
         json.loads(CLIENT.hget("cascaded:gaps:x", "1"))["to"])
    gap = json.loads(CLIENT.hget("cascaded:gaps:x", "1"))
    assert gap["reason"] == "restart" and not gap["recovered"], gap
    assert is_dated_before(moment, gap["from"]) and meta("complete") == 0, gap
    again.end()


@case
def a_process_that_is_killed_before_any_message_leaves_the_beginning_of_the_gap():
    stream = Stream()
    folder = pathlib.Path(FOLDER, "early")
    config = f'state {{ dir = "{folder}" every = 1h }}\n' + source("x", stream)
    daemon = running(config, stream)
    wait("snapshot", (folder / "snapshot").exists)
    daemon.kill()
    again = Daemon(config, keeps=True)
    wait("gap", lambda: CLIENT.hget("cascaded:gaps:x", "1"))
    again.end()


@case
def a_process_that_is_killed_while_it_writes_its_first_snapshot_starts_from_zero():
    stream = Stream()
    folder = pathlib.Path(FOLDER, "part")
    folder.mkdir(mode=0o700)
    (folder / "snapshot.part").write_bytes(b"half a snapshot")
    daemon = running(f'state {{ dir = "{folder}" every = 1h }}\n' + source("x", stream), stream)
    assert daemon.said("counting starts from zero") and not daemon.said("damaged")
    stream.feed(3)
    wait("counted", lambda: mentions() == 3)
    wait("snapshots", lambda: two_snapshots(folder))
    daemon.end()


def push(daemon, count):
    body = "".join(json.dumps({"id": f"app:{time.monotonic_ns()}", "time": utc(time.time_ns() // 1000),
                               "author": {"id": "app:u1"}, "text": "words"}) + "\n"
                   for _ in range(count))
    assert json.loads(daemon.push(body).text)["accepted"] == count


@case
def posts_pushed_after_the_last_snapshot_of_a_killed_process_are_reported_as_lost():
    folder = pathlib.Path(FOLDER, "pushed")
    config = (f'state {{ dir = "{folder}" every = 1h }}\nwindows = {{5s}}\n' +
              http_section(FOLDER))
    daemon = Daemon(config)
    wait("ready", lambda: daemon.manager.count("READY=1"))
    push(daemon, 1)
    wait("second snapshot", lambda: two_snapshots(folder))
    push(daemon, 1)
    wait("complete", lambda: meta("complete") == 1)
    daemon.kill()
    again = Daemon(config, keeps=True)
    wait("ready", lambda: again.manager.count("READY=1"))
    assert again.said("posts that were pushed over HTTP after "), again.text()
    push(again, 1)
    wait("not complete", lambda: meta("complete") == 0)
    wait("complete again", lambda: meta("complete") == 1)
    again.end()
    third = Daemon(config, keeps=True)
    wait("ready", lambda: third.manager.count("READY=1"))
    assert not third.said("pushed over HTTP"), third.text()
    third.end()


@case
def without_a_state_directory_a_restart_counts_from_zero_and_logs_it():
    stream = Stream()
    daemon = running(source("x", stream), stream)
    stream.feed(3)
    wait("counted", lambda: mentions() == 3)
    daemon.kill()
    connections = len(stream.connections)
    again = Daemon(source("x", stream), keeps=True)
    wait("connected", lambda: len(stream.connections) > connections)
    stream.feed(1)
    wait("counted", lambda: mentions() == 1)
    assert again.said("state.dir is not set") and meta("complete") == 0
    again.end()


    daemon.kill()


class Hanging:
    """Redis answers nothing meanwhile."""

    def __enter__(self):
        SERVER.stop_process()

    def __exit__(self, *_):
        SERVER.continue_process()


def resident_mib(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) >> 10


def pour(stream, most):
    """Sends up to so many MiB of keep-alives; how many were taken until the stream is not read for
    some seconds."""
    piece = b"\r\n" * (1 << 19)
    out = stream.connections[-1].connection
    out.settimeout(3)
    taken = 0
    try:
        while taken < most:
            out.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            taken += 1
    except TimeoutError:
        pass
    return taken


@case
def a_redis_that_hangs_pauses_the_stream_and_grows_no_memory():
    stream = Stream()
    daemon = running(source("x", stream), stream, listen="127.0.0.1:0")
    daemon.await_start()
    stream.feed(5)
    wait("counted", lambda: mentions() == 5)

    def source_metric(name):
        return daemon.metric(f'cascaded_source_{name}_total{{source="x"}}')

    def is_paused():
        """After one more post, which is then the only one not yet read."""
        stream.feed(1)
        wait("the post is read or held", lambda: source_metric("pauses") > 0 or
             source_metric("messages_read") == stream.posts)
        return source_metric("pauses") > 0

    with Hanging():
        wait("the stream is paused", is_paused)
        before = resident_mib(daemon.process)
        taken = pour(stream, 64)
        assert taken < 32, "the stream is read on"
        assert resident_mib(daemon.process) - before < 16
        last = daemon.manager.messages[-1]
        assert last == "WATCHDOG=1" or "Redis is unreachable" in last, last
    stream.drop()  # what was poured is of no use any more
    wait("counted", lambda: mentions() == stream.posts)
    daemon.end()


@case
def a_stop_ends_within_5_s_though_redis_hangs():
    stream = Stream()
    state = f'state {{ dir = "{FOLDER}/hang" every = 1h }}\n'
    daemon = running(state + source("x", stream), stream, listen="127.0.0.1:0")
    daemon.await_start()
    stream.feed(5)
    wait("counted", lambda: mentions() == 5)
    with Hanging():
        stream.feed(5)
        daemon.await_read(stream)
        daemon.process.terminate()
        assert daemon.process.wait(timeout=PATIENCE) == 69
    daemon = Daemon(state + source("x", stream), keeps=True)
    wait("ready", lambda: daemon.manager.count("READY=1"))
    wait("counted from the snapshot", lambda: mentions() == 10)
    daemon.end()


@case
def a_second_signal_ends_at_once():
    stream = Stream()
    daemon = running(source("x", stream), stream, listen="127.0.0.1:0")
    daemon.await_start()
    stream.feed(5)
    wait("counted", lambda: mentions() == 5)
    with Hanging():
        stream.feed(5)
        daemon.await_read(stream)
        daemon.process.terminate()
        wait("stopping", lambda: daemon.manager.count("STOPPING=1"))
        # Those within 200 ms of the first are one with it.
        wait("ended", lambda: daemon.process.poll() is not None or daemon.process.terminate())
        # Without a second signal it would end at the deadline, with 69.
        assert daemon.process.returncode == 0


def outcomes(daemon, name):
    """What became of what a source received, by the metrics."""
    def of(outcome):
        return daemon.metric(f'cascaded_input_total{{outcome="{outcome}",source="{name}"}}')

    found = {outcome: of(outcome) for outcome in ("used", "duplicate", "rejected", "control")}
    received = daemon.metric(f'cascaded_input_received_total{{source="{name}"}}')
    queued = daemon.metric(f'cascaded_input_queued{{source="{name}"}}')
    return received, {**found, "queued": queued}


@case
def what_is_received_has_an_outcome():
    stream = Stream()
    CLIENT.flushall()
    config = http_section(FOLDER) + source("x", stream)
    with LiveDaemon(CASCADED, FOLDER, f'redis {{ url = "{SERVER.url}" }}\n' + config) as daemon:
        daemon.await_start()
        wait("connected", lambda: stream.connections)
        stream.feed(5)
        for number in (1001, 1002):
            stream.send(stream.tweet(number) + b"\r\n")
        stream.send(b'{"data": {\r\n{"data": 1}\r\n{"neither": "nor"}\r\n')
        stream.send(b'{"errors": [{"title": "ConnectionException", "detail": "x"}]}\r\n\r\n')
        wait("counted", lambda: mentions() == 5)
        wait(lambda: f"all has an outcome: {outcomes(daemon, 'x')}", lambda: outcomes(daemon, "x") == (
            11, {"used": 5, "duplicate": 2, "rejected": 3, "control": 1, "queued": 0}))
        page = json.dumps({"data": [json.loads(stream.tweet(number))["data"]
                                    for number in (2001, 2002, 1001)],
                           "includes": json.loads(stream.tweet(1))["includes"]}).encode()
        assert daemon.push(page).status == 202
        gone = b'{"delete": {"status": {"id_str": "2001", "user_id_str": "1"}}}\n'
        assert daemon.push(gone + b"no JSON\n").status == 202
        received, by_outcome = outcomes(daemon, "push")
        assert (received, by_outcome) == (
            5, {"used": 3, "duplicate": 1, "rejected": 1, "control": 0, "queued": 0}), by_outcome
        wait("written", lambda: mentions() == 6)
        for name in ("cascaded_redis_flush_duration_seconds", "cascaded_post_to_redis_seconds",
                     "cascaded_loop_delay_seconds"):
            wait(name, lambda name=name: daemon.metric(f"{name}_count") > 0)
            assert daemon.metric(f'{name}_bucket{{le="+Inf"}}') > 0
        followed = "cascaded_post_to_redis_seconds_count"
        wait(lambda: f"all posts are followed into Redis: {daemon.metric(followed)}",
             lambda: daemon.metric(followed) == 7)
        assert daemon.metric("cascaded_post_to_redis_seconds_sum") >= 0


@case
def lines_of_the_log_have_the_form_of_the_option_also_after_a_reload():
    stream = Stream()
    daemon = running('log { format = json }\n' + source("x", stream), stream)
    stream.feed(1)
    wait("live", lambda: daemon.said('"source":"x","message":"source \\"x\\": live"'))
    lines = [json.loads(line) for line in daemon.text().splitlines()]
    assert {line["event"] for line in lines} >= {"started", "source_state"}, lines
    assert all(re.fullmatch(r"20\S+T\S+Z", line["time"]) for line in lines), lines
    assert all(line["level"] in ("info", "warning") for line in lines), lines
    count = len(lines)
    daemon.write(source("x", stream))
    daemon.hang_up()
    wait("reloaded", lambda: daemon.said("event=reloaded\n"))
    later = daemon.text().splitlines()[count:]
    assert all(re.fullmatch(r"cascaded: .* event=\w+( \w+=\S+)?", line) for line in later), later
    daemon.write('log { format = xml }\n' + source("x", stream))
    daemon.hang_up()
    wait("refused", lambda: daemon.said("event=reload_failed\n"))
    assert daemon.said('log.format: "xml" is none of: auto text fields json'), daemon.text()
    daemon.end()


@case
def a_configuration_without_sources_is_refused_with_what_to_write():
    path = f"{FOLDER}/empty.conf"
    pathlib.Path(path).write_text("\n", encoding="utf-8")
    done = subprocess.run([CASCADED, "-c", path], capture_output=True, check=False,
                          timeout=PATIENCE)
    assert done.returncode == 78 and b'source "' in done.stderr, done
    assert len(done.stderr.splitlines()) == 1, done


@case
def without_redis_the_daemon_is_not_ready():
    stream = Stream()
    path = f"{FOLDER}/no_redis.conf"
    pathlib.Path(path).write_text('redis { url = "unix:/nonexistent.sock" }\n' +
                                  source("x", stream), encoding="utf-8")
    manager = Manager(False)
    process = processes.start([CASCADED, "-c", path], stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "NOTIFY_SOCKET": manager.name})
    assert any("cannot reach Redis" in line for line in process.stderr)
    process.terminate()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert not manager.messages and not stream.connections, manager.messages


if __name__ == "__main__":
    run_cases()
