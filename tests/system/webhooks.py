#!/usr/bin/env python3
"""Webhooks against receivers that misbehave in every way: bounded, refused, counted, told of once,
and nobody else waits. And whatever is killed, what was claimed arrives under the same id.

Drives tests/oracle/sink_drive.c. Without arguments every case runs; else those named.
"""
# tests/run: beside others
import json
import os
import pathlib
import queue
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import hook_lab  # noqa: E402
import http_lab  # noqa: E402

import processes  # noqa: E402
import sink_drive  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

KEY = bytes(range(32))
OLD_KEY = bytes(range(100, 124))


class Drive(sink_drive.Drive):
    """sink_drive with webhooks: name → options. Its messages are kept."""

    def __init__(self, server, webhooks, *options, environment=None):
        self.said = []
        self.may_read = threading.Event()
        self.may_read.set()
        words = [f"webhook.{name}.{key}={value}" for name, rows in webhooks.items()
                 for key, value in rows.items()]
        self.hashes, self.boards, self.handles, self.cursors = {}, {}, {}, {}
        self.lines, self.events = queue.Queue(), []
        self.process = processes.start(
            [sink_drive.PROGRAM, f"redis.url={server.url}", "redis.flush=20ms", *options, *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            bufsize=1, encoding="utf-8", env={**os.environ, **(environment or {})})
        threading.Thread(target=self.read, daemon=True).start()
        threading.Thread(target=self.hear, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
            self.may_read.wait()

    def hear(self):
        for line in self.process.stderr:
            self.said.append(line.rstrip("\n"))

    def alert(self, name):
        self.tell("alert", name, "size", 104)

    def metrics(self):
        """(name, webhook) → value."""
        self.tell("metrics")
        found = {}
        while (line := self.lines.get(timeout=PATIENCE)) != "end":
            if (row := re.fullmatch(r"metric (\w+)\{(\w+)\} (\d+)", line)):
                found[row[1], row[2]] = int(row[3])
        return found

    def metric(self, name, webhook="ops"):
        return self.metrics()[f"cascaded_webhook_{name}", webhook]

    def memory_peak(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


class Place:
    """A folder with a secret, and a Redis."""

    def __init__(self, *options):
        self.folder = processes.folder()
        self.secret = self.folder / "secret"
        hook_lab.make_secret(self.secret, KEY)
        self.server = RedisServer(*options, folder=self.folder)

    def hook(self, url, **more):
        return {"url": url, "secret_file": self.secret, "allow_private": "true", **more}

    def outbox(self, name="ops"):
        found = self.server.client.hgetall(f"cascaded:outbox:{name}")
        return {key.decode(): value.decode() for key, value in found.items()}


@case
def an_alert_arrives_signed_and_leaves_the_outbox():
    place, hook = Place(), hook_lab.Hook(200)
    drive = Drive(place.server, {"ops": place.hook(hook.url)})
    drive.alert("viral:x:1:1")
    wait("the alert arrives", lambda: hook.requests)
    request = hook.requests[0]
    headers = request["headers"]
    assert headers["content-type"] == "application/json", headers
    assert re.fullmatch(r"msg_[0-9a-f]{32}", headers["webhook-id"]), headers
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60, headers
    assert headers["webhook-signature"] == hook_lab.signature(request, KEY), headers
    entry = place.server.client.xrange("cascaded:alerts")[0][1]
    assert request["body"] == entry[b"json"], request
    assert json.loads(request["body"])["cascade"]["size"] == 104, request
    wait("the outbox is empty", lambda: not place.outbox())
    assert drive.metric("sent_total") == 1
    # During a rotation both secrets sign; the file is read at every attempt.
    place.secret.unlink()
    hook_lab.make_secret(place.secret, KEY, OLD_KEY)
    drive.alert("viral:x:2:1")
    wait("the second alert arrives", lambda: len(hook.requests) == 2)
    request = hook.requests[1]
    assert request["headers"]["webhook-signature"].split(" ") == [
        hook_lab.signature(request, KEY), hook_lab.signature(request, OLD_KEY)], request
    assert drive.said == [], drive.said


@case
def over_https_only_a_valid_certificate_is_trusted():
    place = Place()
    good = hook_lab.Hook(200, tls=http_lab.make_certificate(place.folder, "good"))
    bad = hook_lab.Hook(200, tls=http_lab.make_certificate(place.folder, "unknown_ca"))
    trust = {"ca_file": place.folder / "ca.pem"}
    drive = Drive(place.server, {"bad": place.hook(bad.url, **trust),
                                 "ops": place.hook(good.url, **trust)})
    drive.alert("viral:x:1:1")
    wait("the alert arrives over https", lambda: good.requests)
    wait("the other fails", lambda: drive.metric("attempts_failed_total", "bad") == 1)
    assert not bad.requests and drive.metric("pending", "bad") == 1
    assert len(drive.said) == 1 and "certificate" in drive.said[0], drive.said


@case
def a_webhook_that_hangs_delays_no_other():
    place, ops, slow = Place(), hook_lab.Hook(200), hook_lab.Hook(hook_lab.hang)
    drive = Drive(place.server, {"slow": place.hook(slow.url, timeout="60s"),
                                 "ops": place.hook(ops.url)})
    for number in range(20):
        drive.alert(f"viral:x:{number}:1")
    wait("the other gets all of them", lambda: len(ops.requests) == 20)
    assert len(slow.requests) == 1 and len(place.outbox("slow")) == 20
    assert sorted(ops.ids()) == sorted(f"viral:x:{n}:1" for n in range(20)), ops.ids()


@case
def silence_and_drips_end_at_the_deadline():
    place = Place()
    hooks = {"silent": hook_lab.hang, "head": hook_lab.drip_head, "body": hook_lab.drip_body}
    lab = {name: hook_lab.Hook(answer) for name, answer in hooks.items()}
    drive = Drive(place.server, {name: place.hook(hook.url, timeout="500ms")
                                 for name, hook in lab.items()})
    drive.alert("viral:x:1:1")
    wait("both fail",
         lambda: drive.metric("attempts_failed_total", "silent") == 1 and
             drive.metric("attempts_failed_total", "head") == 1)
    # A status that came counts, however long the body takes.
    wait("the third succeeds", lambda: drive.metric("sent_total", "body") == 1)
    wait("only its outbox is empty",
         lambda: [name for name in lab if not place.outbox(name)] == ["body"])
    assert sum("no answer in time" in line for line in drive.said) == 2, drive.said


@case
def a_body_of_a_gigabyte_is_neither_read_nor_kept():
    place, good, bad = Place(), hook_lab.Flood(200), hook_lab.Flood(500)
    hooks = {"ops": hook_lab.Hook(good), "bad": hook_lab.Hook(bad)}
    drive = Drive(place.server, {name: place.hook(hook.url) for name, hook in hooks.items()})
    before = drive.memory_peak()
    drive.alert("viral:x:1:1")
    wait("both connections end", lambda: good.is_over and bad.is_over)
    assert good.sent < 64 << 20 and bad.sent < 64 << 20, (good.sent, bad.sent)
    wait("the status counts",
         lambda: drive.metric("sent_total") == 1 and
             drive.metric("attempts_failed_total", "bad") == 1)
    assert drive.memory_peak() - before < 64 << 20


def saying(*parts, again=0):
    """An answer of these bytes, the last of them repeated; then the connection ends."""
    def answer(connection):
        for part in parts:
            connection.sendall(part)
        for _ in range(again):
            connection.sendall(parts[-1])
            time.sleep(0.01)
    return answer


@case
def an_answer_of_any_other_form_is_a_success_or_fails_like_others():
    early = b"HTTP/1.1 103 Early\r\nRetry-After: 9000\r\n\r\n"
    good = b"HTTP/1.1 204 Good\r\n\r\n"
    head = b"HTTP/1.1 200 Good\r\nContent-Length: "
    rows = {"early": (saying(b"HTTP/1.1 100 Go on\r\n\r\n", early, early, good), True),
            "cut": (saying(head + b"10\r\n\r\nx"), True),
            "made": (saying(b"HTTP/1.1 201 Made\r\nLocation: http://[::1]:1/\r\n\r\n"), True),
            "hinted": (saying(early, early, again=10 ** 6), False),
            "other": (saying(b"HTTP/1.1 101 Other\r\nUpgrade: x\r\n\r\n", b"x",
                             again=10 ** 6), False),
            "choices": (saying(b"HTTP/1.1 300 Choose\r\nContent-Length: 0\r\n\r\n"), False),
            "same": (saying(b"HTTP/1.1 304 Same\r\n\r\n"), False),
            "odd": (saying(b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"), False),
            "none": (saying(), False),
            "ssh": (saying(b"SSH-2.0-x\r\n"), False),
            "half": (saying(b"HTTP/1.1 200 Good\r\nX: y\r\n"), False),
            "line": (saying(b"HTTP/1.1 200 Go"), False),
            "almost": (saying(b"HTTP/1.1 200 Good\r\nContent-Length: 0\r\n\r"), False),
            "leaving": (saying(b"HTTP/1.1 410 Gone\r\nX: y\r\n"), False),
            "headers": (saying(b"HTTP/1.1 200 Good\r\n", b"X: " + b"y" * 60000 + b"\r\n",
                               again=10 ** 6), False)}
    rows |= {f"after{n}": ((503, {"Retry-After": value}), False) for n, value in
             enumerate(("99999999999999999999", "-5", "1.5", "soon"))}
    for first in range(0, len(rows), 4):
        names = list(rows)[first:first + 4]
        place = Place()
        hooks = {name: hook_lab.Hook(rows[name][0]) for name in names}
        drive = Drive(place.server, {name: place.hook(hook.url, timeout="3s")
                                     for name, hook in hooks.items()})
        drive.alert("viral:x:1:1")
        for name in names:
            field = "sent_total" if rows[name][1] else "attempts_failed_total"
            wait(f"{name} is known",
                 lambda: drive.metric(field, name) == 1)  # pylint: disable=cell-var-from-loop
        drive.kill()


@case
def an_answer_whose_head_is_cut_is_followed_by_another_attempt():
    for status in ("200 Good", "410 Gone", "204 Good"):
        place = Place()
        hook = hook_lab.Hook(saying(f"HTTP/1.1 {status}\r\nX: y\r\n".encode()), 204)
        drive = Drive(place.server, {"cut": place.hook(hook.url)})
        drive.alert("viral:x:1:1")
        wait(status,
             lambda: drive.metric("sent_total", "cut") == 1)  # pylint: disable=cell-var-from-loop
        assert hook.ids() == ["viral:x:1:1"] * 2, hook.ids()
        drive.kill()


@case
def redirects_are_not_followed():
    place, other = Place(), hook_lab.Hook(200)
    targets = {"meta": "http://169.254.169.254/latest/meta-data", "other": other.url}
    lab = {name: hook_lab.Hook((302 + 5 * (name == "other"), {"Location": target}))
           for name, target in targets.items()}
    drive = Drive(place.server, {name: place.hook(hook.url) for name, hook in lab.items()})
    drive.alert("viral:x:1:1")
    for name in lab:
        wait("it fails", lambda: drive.metric("attempts_failed_total", name) == 1)
    assert other.connections == 0
    assert all(any(str(status) in line for line in drive.said) for status in (302, 307)), \
        drive.said


@case
def addresses_that_the_world_cannot_reach_are_refused_however_they_are_written():
    place, hook = Place(), hook_lab.Hook(200)
    hosts = ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "0"]
    proxy = {name: f"http://127.0.0.1:{hook.port}"
             for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")}
    for more in ({}, proxy):
        for four in (hosts[:3], hosts[3:] + ["169.254.169.254"]):
            drive = Drive(place.server, {f"h{n}": {
                "url": f"https://{host}:{hook.port}/hook", "secret_file": place.secret}
                for n, host in enumerate(four)}, environment=more)
            drive.alert(f"viral:x:{four[0]}{len(more)}:1")
            for n, host in enumerate(four):
                wait(f"{host} is refused",
                     lambda: drive.metric("addresses_refused_total", f"h{n}") >= 1)
            assert all("allow_private" in line for line in drive.said), drive.said
            drive.kill()
            for n in range(4):
                place.server.client.delete(f"cascaded:outbox:h{n}")
    assert hook.connections == 0


@case
def gone_ends_a_webhook_and_is_logged_once():
    place, hook = Place(), hook_lab.Hook(410)
    drive = Drive(place.server, {"ops": place.hook(hook.url)})
    drive.alert("viral:x:1:1")
    wait("it is disabled", lambda: drive.metric("disabled") == 1)
    for number in range(2, 5):
        drive.alert(f"viral:x:{number}:1")
    wait("all are claimed", lambda: place.server.client.xlen("cascaded:alerts") == 4)
    wait("the outbox is empty", lambda: not place.outbox())
    assert len(hook.requests) == 1
    assert len(drive.said) == 1 and "410" in drive.said[0], drive.said


@case
def retry_after_holds_the_queue():
    place, hook = Place(), hook_lab.Hook((429, {"Retry-After": "3600"}))
    other = hook_lab.Hook(200)
    drive = Drive(place.server, {"ops": place.hook(hook.url), "other": place.hook(other.url)})
    drive.alert("viral:x:1:1")
    wait("the attempt is remembered",
         lambda: any(value.startswith("1 ") for value in place.outbox().values()))
    drive.alert("viral:x:2:1")
    wait("the second one is claimed", lambda: len(place.outbox()) == 2)
    wait("the second one is sent elsewhere", lambda: len(other.requests) == 2)
    assert len(hook.requests) == 1 and drive.metric("pending") == 2


@case
def rules_choose_and_a_full_queue_drops():
    place = Place()
    slow, other = hook_lab.Hook(hook_lab.hang), hook_lab.Hook(200)
    drive = Drive(place.server, {"ops": place.hook(slow.url, queue=2, rules="slow,viral"),
                                 "other": place.hook(other.url, rules="slow")})
    for number in range(5):
        drive.alert(f"viral:x:{number}:1")
    wait("three find no room", lambda: drive.metric("dropped_total") == 3)
    assert len(place.outbox()) == 2 and drive.metric("pending") == 2
    assert not other.connections and not place.outbox("other")
    assert len(drive.said) == 1 and "new ones are dropped" in drive.said[0], drive.said


@case
def slack_gets_a_plain_sentence():
    place, hook = Place(), hook_lab.Hook(200)
    drive = Drive(place.server, {"chat": {"url": hook.url, "format": "slack",
                                          "allow_private": "true"}})
    drive.tell("alert", "viral:x:1:1", "text", "tea <!channel> @all")
    wait("the sentence arrives", lambda: hook.requests)
    request = hook.requests[0]
    assert "webhook-signature" not in request["headers"]
    text = json.loads(request["body"])["text"]
    assert text.startswith("*viral*, level 1") and "tea &lt;!channel&gt; @\u200ball" in text, text


@case
def a_secret_that_became_readable_sends_nothing():
    place, hook = Place(), hook_lab.Hook(200)
    drive = Drive(place.server, {"ops": place.hook(hook.url)})
    place.secret.chmod(0o644)
    drive.alert("viral:x:1:1")
    wait("the attempt fails", lambda: drive.metric("attempts_failed_total") == 1)
    assert hook.connections == 0
    assert len(drive.said) == 1 and "chmod 600" in drive.said[0], drive.said
    place.secret.chmod(0o600)
    wait("the second attempt, five seconds later", lambda: hook.requests)


@case
def a_daemon_killed_before_the_delivery_sends_under_the_same_id_and_only_what_is_due():
    place = Place()
    hook = hook_lab.Hook(200, 500, hook_lab.hang, 200)
    webhooks = {"ops": place.hook(hook.url, timeout="60s")}
    drive = Drive(place.server, webhooks)
    drive.alert("viral:x:1:1")
    wait("the first", lambda: drive.metric("sent_total") == 1 and not place.outbox())
    drive.alert("viral:x:2:1")
    wait("the second fails",
         lambda: any(value.startswith("1 ") for value in place.outbox().values()))
    drive.alert("viral:x:3:1")
    wait("the third is claimed and under way",
         lambda: len(hook.requests) == 3 and len(place.outbox()) == 2)
    due = next(int(value.split()[1]) for value in place.outbox().values()
               if value.startswith("1 "))
    drive.kill()
    drive = Drive(place.server, webhooks)
    for name in ("viral:x:1:1", "viral:x:2:1", "viral:x:3:1"):
        drive.alert(name)  # they come again, as after a crash
    wait("both arrive", lambda: len(hook.requests) == 5 and not place.outbox())
    assert time.time() * 1000 >= due, "the second waits for its time"
    assert hook.ids() == [f"viral:x:{n}:1" for n in (1, 2, 3, 3, 2)], hook.ids()
    ids = [request["headers"]["webhook-id"] for request in hook.requests]
    assert ids[2] == ids[3] and ids[1] == ids[4] and len(set(ids)) == 3, ids
    assert place.server.client.xlen("cascaded:alerts") == 3


@case
def an_entry_of_the_outbox_that_is_too_long_is_removed_and_reported_once():
    place, hook = Place(), hook_lab.Hook(200)
    first, last = '0 0 {"id":"first"}', '0 0 {"id":"last"}'
    for name in ("ops", "other"):
        place.server.client.hset(f"cascaded:outbox:{name}", mapping={
            "first": first, "long": "0 0 " + "x" * (5 << 20), "n" * (2 << 20): first, "last": last})
    place.server.client.hset("cascaded:top:posts:1h", "x" * (2 << 20), 1)
    place.server.client.set("cascaded:epoch", "1" * (2 << 20))
    drive = Drive(place.server, {name: place.hook(hook.url) for name in ("ops", "other")})
    wait("the others arrive", lambda: len(hook.requests) == 4)
    for name in ("ops", "other"):
        wait("they leave the outbox", lambda: len(place.outbox(name)) == 1)
        assert drive.metric("dropped_total", name) == 1 and drive.metric("sent_total", name) == 2
        reports = [line for line in drive.said if f'"{name}": entries of its outbox' in line]
        assert len(reports) == 1, drive.said
    assert sorted(hook.ids()) == ["first", "first", "last", "last"], hook.ids()
    assert not drive.has_event("LOST") and not drive.has_event("FATAL"), drive.events


@case
def redis_killed_during_a_delivery_loses_and_repeats_nothing():
    place = Place("--appendonly", "yes", "--appendfsync", "always")
    gate = threading.Event()

    def late(connection):
        gate.wait(30)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    hook = hook_lab.Hook(late, 200)
    drive = Drive(place.server, {"ops": place.hook(hook.url, timeout="60s")})
    drive.alert("viral:x:1:1")
    drive.alert("viral:x:2:1")
    wait("under way", lambda: len(hook.requests) == 1 and len(place.outbox()) == 2)
    place.server.kill()
    gate.set()
    wait("both arrive without Redis", lambda: drive.metric("sent_total") == 2)
    drive.alert("viral:x:3:1")
    place.server.start()
    wait("the third comes when Redis is back", lambda: len(hook.requests) == 3)
    wait("the outbox is empty", lambda: not place.outbox())
    assert sorted(hook.ids()) == [f"viral:x:{n}:1" for n in (1, 2, 3)], hook.ids()
    assert place.server.client.xlen("cascaded:alerts") == 3


@case
def killed_connections_neither_lose_nor_repeat_an_alert():
    place, hook = Place(), hook_lab.Hook(200)
    drive = Drive(place.server, {"ops": place.hook(hook.url)})
    names = [f"viral:x:{number}:1" for number in range(300)]
    for number, name in enumerate(names):
        drive.alert(name)
        if number % 10 == 0:
            # The other one is this test's.
            wait("connected", lambda: len(place.server.client.client_list()) > 1)
            place.server.client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    wait("all arrive", lambda: len(hook.requests) >= len(names) and not place.outbox())
    assert sorted(hook.ids()) == sorted(names)
    entries = [json.loads(entry[b"json"])["id"]
               for _, entry in place.server.client.xrange("cascaded:alerts")]
    assert sorted(entries) == sorted(names)
    drive.tell("metrics")
    lost = 0
    while (line := drive.lines.get(timeout=PATIENCE)) != "end":
        if line.startswith("metric cascaded_redis_connections_lost_total "):
            lost = int(line.split()[-1])
    assert lost > 5, lost


@case
def standard_output_has_each_alert_once_and_a_slow_reader_delays_no_webhook():
    place, hook = Place(), hook_lab.Hook(200)
    drive = Drive(place.server, {"ops": place.hook(hook.url)}, "alerts.stdout=true")
    drive.alert("viral:x:1:1")
    while (line := drive.lines.get(timeout=PATIENCE)).startswith("event "):
        pass
    assert json.loads(line)["id"] == "viral:x:1:1", line
    drive.may_read.clear()
    for number in range(40):  # more than a pipe holds, and nobody reads
        drive.tell("alert", f"viral:x:{number + 2}:1", "text", "tea " * 1000)
    wait("the webhook gets all of them", lambda: len(hook.requests) == 41)
    drive.may_read.set()
    seen = [json.loads(drive.lines.get(timeout=PATIENCE))["id"] for _ in range(40)]
    assert sorted(seen) == sorted(f"viral:x:{n + 2}:1" for n in range(40)), seen


if __name__ == "__main__":
    run_cases()
