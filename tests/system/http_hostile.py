#!/usr/bin/env python3
"""Requests that are malformed, ambiguous or endless: a clear refusal, and never the next request's problem.

    http_hostile.py        (BUILD and RELEASE name the folders of the builds)
"""
# tests/run: beside others
import json
import os
import pathlib
import re
import resource
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from live_daemon import TOKEN, LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE  # noqa: E402

FOLDER = processes.folder()
SERVER = RedisServer()
SERVER.connect()
HOST = "Host: localhost\r\n"
PUSH = f"POST /api/v1/posts HTTP/1.1\r\n{HOST}Authorization: Bearer {TOKEN}\r\n"
SMUGGLED = f"GET /metrics HTTP/1.1\r\n{HOST}\r\n"
MEMORY_MOST = 16 << 20


class Daemon(LiveDaemon):
    def __init__(self, build="BUILD"):
        program = os.path.join(os.environ[build], "cascaded")
        super().__init__(program, FOLDER, f'redis {{ url = "{SERVER.url}" }}\n' + http_section(FOLDER))
        self.await_start()


def exchange(daemon, request, step=None):
    """What is answered until the server closes or is silent for a moment after an answer."""
    answer = b""
    with socket.create_connection(("127.0.0.1", daemon.port), PATIENCE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for at in range(0, len(request), step or len(request)):
                connection.sendall(request[at:at + (step or len(request))])
            while part := connection.recv(1 << 16):
                answer += part
                connection.settimeout(0.3)
        except (ConnectionError, TimeoutError):
            pass
    return answer


AMBIGUOUS = [
    PUSH + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    PUSH + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    PUSH + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SMUGGLED,
    PUSH + "Content-Length: 5\r\nContent-Length: 60\r\n\r\nhello" + SMUGGLED,
    PUSH + "Content-Length: 5, 60\r\n\r\nhello" + SMUGGLED,
    PUSH + "Content-Length: +5\r\n\r\nhello" + SMUGGLED,
    PUSH + "Content-Length: -1\r\n\r\n" + SMUGGLED,
    PUSH + "Content-Length: 99999999999999999999\r\n\r\n" + SMUGGLED,
    PUSH + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    PUSH + "Transfer-Encoding: x\r\n chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    f"GET /healthz HTTP/1.1\r\n{HOST}Host: evil.example\r\n\r\n" + SMUGGLED,
    "GET /healthz HTTP/1.1\r\n\r\n" + SMUGGLED,
    f"GET /healthz HTTP/1.1\r\n{HOST}X: a\x00b\r\n\r\n" + SMUGGLED,
    f"GET /healthz HTTP/1.1\r\n{HOST} folded: 1\r\n\r\n" + SMUGGLED,
    f"GET  /healthz  HTTP/1.1\r\n{HOST}\r\n" + SMUGGLED,
    f"GET /healthz HTTP/9.9\r\n{HOST}\r\n" + SMUGGLED,
]


@case
def an_ambiguous_request_is_the_last_of_its_connection():
    with Daemon() as daemon:
        for request in AMBIGUOUS:
            for step in (None, 7):
                answer = exchange(daemon, request.encode("latin-1"), step)
                assert re.match(rb"HTTP/1\.1 (4|5)\d\d ", answer), (request, answer)
                assert b"cascaded_" not in answer, (request, answer)
            assert daemon.ask("GET", "/healthz").status == 200, request


@case
def an_odd_target_is_refused_or_means_itself():
    rows = [("/../etc/passwd", {404}), ("/page/../index.html", {404}), ("/page/%2e%2e%2findex.html", {404}),
            ("/page/index.html%00", {404}), ("/%00", {404}), ("/page/%", {400}), ("/page/%zz", {400}),
            ("//", {404}), ("/page//style.css", {404}), ("/page/" + "a" * 9000, {414}),
            ("/api/v1/top/posts/1h?limit=-1", {400}), ("/api/v1/top/posts/1h?limit=1e9", {400}),
            ("/api/v1/top/posts/1h?limit=1000000000", {400}), ("/api/v1/top/posts/1h?limit=", {400}),
            ("/api/v1/top/posts/1h?limit=%00", {400}), ("/api/v1/top/posts/99h", {404}),
            ("/api/v1/users/%00%ff%fe", {404}), ("/api/v1/users/" + "%ff" * 500, {404}),
            ("/api/v1/cascades/%0d%0aX:%20y", {404}), ("/api/v1/users/%", {400}),
            ("http://localhost/healthz", {200, 400, 404}), ("http://evil.example/healthz", {400, 404, 421}),
            ("*", {400, 404}), ("healthz", {400, 404})]
    with Daemon() as daemon:
        for target, codes in rows:
            answer = exchange(daemon, f"GET {target} HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode())
            code = int(answer[9:12] or 0)
            assert code in codes, (target, answer[:300])
            head, text = answer.split(b"\r\n\r\n", 1)
            assert b"\nX:" not in head, answer
            if code >= 400:
                assert json.loads(text)["error"], answer
        assert daemon.ask("GET", "/healthz").status == 200


@case
def other_methods_are_refused():
    with Daemon() as daemon:
        for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW", "get", "CONNECT", "G" * 300):
            for path in ("/", "/healthz", "/api/v1/status", "/api/v1/events", "/page/style.css"):
                answer = exchange(daemon, f"{method} {path} HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode())
                assert re.match(rb"HTTP/1\.1 (400|405|501) ", answer), (method, path, answer)
        assert daemon.ask("GET", "/healthz").status == 200


@case
def a_live_feed_may_be_asked_for_byte_by_byte():
    with Daemon() as daemon:
        answer = exchange(daemon, f"GET /api/v1/events HTTP/1.1\r\n{HOST}\r\n".encode(), 1)
        assert answer.startswith(b"HTTP/1.1 200 ") and b"event: snapshot\n" in answer, answer


def resident(daemon):
    text = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text("ascii")
    return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) << 10


@case
def ten_thousand_slow_connections_cost_no_memory():
    wave = min(500, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 100)
    with Daemon("RELEASE") as daemon:
        assert daemon.ask("GET", "/healthz").status == 200
        before = resident(daemon)
        made = 0
        while made < 10000:
            clients = []
            for number in range(wave):
                client = socket.create_connection(("127.0.0.1", daemon.port), PATIENCE)
                try:
                    client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: "[:number % 45 + 1])
                except ConnectionError:
                    pass  # it had to make room for another one
                clients.append(client)
            made += wave
            assert daemon.ask("GET", "/healthz").status == 200, made
            assert resident(daemon) - before < MEMORY_MOST, (made, before, resident(daemon))
            for client in clients:
                client.close()
        assert daemon.ask("GET", "/healthz").status == 200


if __name__ == "__main__":
    run_cases()
