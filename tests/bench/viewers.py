"""What viewers cost: clients of the live feed and requests of the HTTP API beside a replay, with and
without them in turns.
"""
import contextlib
import http.client
import json
import os
import pathlib
import re
import selectors
import socket as sockets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from common import CASCADED, PRODUCT, REDIS, ask, private_redis

FEEDS, REQUESTS_A_SECOND, CONNECTIONS = 256, 1000, 24
# What the page shows at first.
BOARDS = "carried:1h,cascades:1h,carriers,early,hashtags:1h"
HEAD = "HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"
PATIENCE = 60
SPEED, WARM, SPAN = 60, 5, 8


def cpu_of(pid):
    """Seconds of processor so far; utime and stime miss what runs between two ticks."""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9


class Viewers:
    """Reads FEEDS feeds, and sends REQUESTS_A_SECOND requests on connections that stay open."""

    def __init__(self, port):
        self.port, self.is_over, self.is_ready = port, threading.Event(), threading.Event()
        self.events = self.bytes = self.requests = 0
        self.paths = ["/api/v1/status", "/api/v1/top/carried/1h", "/api/v1/top/cascades/1h",
                      "/api/v1/top/influence/24h?limit=100", "/api/v1/alerts"]
        self.threads = [threading.Thread(target=self.read_feeds), threading.Thread(target=self.request)]

    def dial(self):
        return sockets.create_connection(("127.0.0.1", self.port), PATIENCE)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def read_feeds(self):
        with selectors.DefaultSelector() as selector:
            for _ in range(FEEDS):
                feed = self.dial()
                feed.sendall(f"GET /api/v1/events?boards={BOARDS} {HEAD}".encode())
                selector.register(feed, selectors.EVENT_READ)
            while not self.is_over.is_set():
                for key, _ in selector.select(0.1):
                    part = key.fileobj.recv(1 << 17)
                    self.bytes += len(part)
                    self.events += part.count(b"\nevent: ")
            for key in list(selector.get_map().values()):
                key.fileobj.close()

    def learn(self):
        """People and cascades of the boards, to be asked for."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        for board, kind in (("carried", "users"), ("cascades", "cascades")):
            client.request("GET", f"/api/v1/top/{board}/1h")
            entries = json.load(client.getresponse())["entries"]
            self.paths += [f"/api/v1/{kind}/{urllib.parse.quote(entry['id'], safe='')}" for entry in entries[:10]]
        client.close()

    def send(self, client):
        client.sendall(f"GET {self.paths[self.requests % len(self.paths)]} {HEAD}".encode())
        self.requests += 1
        return b""

    def request(self):
        with selectors.DefaultSelector() as selector:
            for _ in range(CONNECTIONS):
                selector.register(self.dial(), selectors.EVENT_READ)
            free, answers = [key.fileobj for key in selector.get_map().values()], {}
            self.learn()
            self.is_ready.set()
            begun = time.monotonic()
            while not self.is_over.is_set():
                due = (time.monotonic() - begun) * REQUESTS_A_SECOND
                while free and self.requests < due:
                    client = free.pop()
                    answers[client] = self.send(client)
                for key, _ in selector.select(0.001):
                    self.receive(selector, key.fileobj, answers, free)
            for key in list(selector.get_map().values()):
                key.fileobj.close()

    def receive(self, selector, client, answers, free):
        """A part of an answer; a connection is free when its answer is whole."""
        part = client.recv(1 << 16)
        answers[client] = answers.get(client, b"") + part
        head, _, body = answers[client].partition(b"\r\n\r\n")
        is_whole = body and len(body) >= int(re.search(rb"\r\nContent-Length: (\d+)", head)[1])
        if is_whole:
            free.append(client)
        if not part or (is_whole and b"\r\nConnection: close" in head):
            selector.unregister(client)
            client.close()
            free[:] = [each for each in free if each is not client] + [self.dial()]
            selector.register(free[-1], selectors.EVENT_READ)


@contextlib.contextmanager
def serving(socket, path, *more):
    """A replay that serves HTTP, and its port."""
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder, "log")
        with open(log, "wb") as errors:
            process = subprocess.Popen(
                ["taskset", "-c", PRODUCT, CASCADED, "--stay", "-o", f"redis.url=unix:{socket}", "-o",
                 "http.listen=127.0.0.1:0", *more, path], stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            while not (found := re.search(r"port (\d+)", log.read_text("utf-8"))):
                if process.poll() is not None:
                    sys.exit(log.read_text("utf-8"))
                time.sleep(0.005)
            yield process, int(found[1])
        finally:
            process.kill()
            process.wait()


def measure_speed(socket, path):
    """Posts per second of processor at full speed."""
    with serving(socket, path) as (process, _):
        start = cpu_of(process.pid)
        posts = int(re.search(r"posts=(\d+)", process.stdout.readline())[1])
        return posts / (cpu_of(process.pid) - start)


def measure_span(process):
    """Seconds of processor per second."""
    begun, start = time.monotonic(), cpu_of(process.pid)
    time.sleep(SPAN)
    return (cpu_of(process.pid) - start) / (time.monotonic() - begun)


def measure_viewers(path, rounds):
    os.sched_setaffinity(0, {int(REDIS)})
    rows = {"alone": [], "viewed": [], "requests": [], "events": [], "bytes": []}
    with private_redis() as socket:
        speed = measure_speed(socket, path)
        ask(socket, "flushall")
        with serving(socket, path, "--speed", str(SPEED)) as (process, port):
            time.sleep(WARM)
            for number in range(rounds):
                print(f"round {number + 1} of {rounds}", file=sys.stderr)
                rows["alone"].append(measure_span(process))
                with Viewers(port) as viewers:
                    viewers.is_ready.wait(PATIENCE)
                    before = viewers.requests, viewers.events, viewers.bytes
                    begun = time.monotonic()
                    rows["viewed"].append(measure_span(process))
                    span = time.monotonic() - begun
                    after = viewers.requests, viewers.events, viewers.bytes
                for name, old, new in zip(("requests", "events", "bytes"), before, after):
                    rows[name].append((new - old) / span)
    middle = {name: statistics.median(values) for name, values in rows.items()}
    cost = statistics.median(viewed - alone for viewed, alone in zip(rows["viewed"], rows["alone"]))
    print(f"input: {path.name}, {SPEED} times as fast as recorded; {rounds} rounds of {SPAN} s; {FEEDS} feeds, "
          + ", ".join(f"{middle[name]:,.0f} {name}" for name in ("requests", "events", "bytes")) + " a second")
    print(f"CPU per second: {middle['alone'] * 1000:.0f} ms alone, {middle['viewed'] * 1000:.0f} ms with viewers")
    print(f"posts per CPU second at full speed: {speed:,.0f}; of a processor, viewers leave "
          f"{1 - cost:.2f} for posts (goal: 0.90)")
