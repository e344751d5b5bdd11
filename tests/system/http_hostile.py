#!/usr/bin/env python3
"""Requests that are malformed, ambiguous or endless: a clear refusal, and never the next request's problem.

    http_hostile.py        (BUILD and RELEASE name the folders of the builds)
"""
# tests/run: beside others
import http.client
import json
import os
import pathlib
import re
import resource
import socket
import sys
import time

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
    def __init__(self, build="BUILD", more=""):
        program = os.path.join(os.environ[build], "cascaded")
        super().__init__(program, FOLDER, f'redis {{ url = "{SERVER.url}" }}\n' + http_section(FOLDER, more))
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


GOOD = f"GET /healthz HTTP/1.1\r\n{HOST}\r\n"
MALFORMED = [
    (f"GET /healthz HTTP/1.1\r\n{HOST}X : y\r\n\r\n", 400),
    (f"GET /healthz HTTP/1.1\r\n{HOST} folded: 1\r\n\r\n", 400),
    ("GET /healthz HTTP/1.1\r\n\r\n", 400),
    (f"GET  /healthz HTTP/1.1\r\n{HOST}\r\n", 400),
    ("nonsense\r\n\r\n", 400),
    (f"GET /healthz HTTP/9.9\r\n{HOST}\r\n", 505),
    (f"GET /healthz HTTP/1.1\r\n{HOST}Transfer-Encoding: gzip\r\n\r\n", 501),
    (f"GET /healthz HTTP/1.1\r\n{HOST}Cookie: a=b;; c\r\n\r\n", 400),
    (f"GET /healthz HTTP/1.1\r\n{HOST}" + "a:\r\n" * 600 + "\r\n", 431),
    (f"GET /healthz?{'a&' * 600} HTTP/1.1\r\n{HOST}\r\n", 431),
    (f"GET /healthz HTTP/1.1\r\n{HOST}Cookie: {'a;' * 600}a\r\n\r\n", 431),
    (f"GET /healthz HTTP/1.1\r\n{HOST}Cookie: {'a' * 20000}\r\n\r\n", 431),
]


def answers_of(answer):
    """Codes and bodies, in their order; each body must have its length."""
    found = []
    while answer:
        head, rest = answer.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"\r\nContent-Length: (\d+)", head)[1])
        assert len(rest) >= length, answer
        found.append((int(head[9:12]), rest[:length], b"\r\nConnection: close" in head))
        answer = rest[length:]
    return found


@case
def a_wrong_size_of_a_chunk_behind_others_ends_the_connection_and_counts_nothing():
    post = json.dumps({"id": "app:1", "time": int(time.time() * 1000), "author": {"id": "app:ann"}})
    posts = (post + "\n") * 500  # more than is looked at with the head
    with Daemon() as daemon:
        for size in ("zz", "-1", "0x5", "ffffffffffffffffff", ""):
            request = PUSH + f"Transfer-Encoding: chunked\r\n\r\n{len(posts):x}\r\n{posts}\r\n{size}\r\n{SMUGGLED}"
            answer = exchange(daemon, request.encode())
            assert re.match(rb"HTTP/1\.1 4\d\d ", answer) and b"cascaded_" not in answer, (size, answer)
            assert answer.count(b"HTTP/1.1 ") == 1 and b"\r\nConnection: close" in answer, (size, answer)
        assert 'cascaded_input_received_total{source="push"} 0\n' in daemon.ask("GET", "/metrics").text


@case
def a_malformed_head_behind_a_good_request_is_refused_for_itself():
    with Daemon() as daemon:
        for bad, code in MALFORMED:
            for before in (0, 1, 3):
                request = (GOOD * before + bad + SMUGGLED).encode()
                answers = answers_of(exchange(daemon, request))
                assert [answer[0] for answer in answers] == [200] * before + [code], (bad, before, answers)
                assert json.loads(answers[-1][1])["error"] and answers[-1][2], answers
                assert not any(answer[2] for answer in answers[:-1]), answers
                # In pieces, one may be in doubt, and the answer before it the last one.
                answers = answers_of(exchange(daemon, request, 97))
                assert {answer[0] for answer in answers} <= {200, code} and len(answers) <= before + 1, answers
                assert all(answer[1] == b"ok\n" or json.loads(answer[1])["error"] for answer in answers), answers
            with socket.create_connection(("127.0.0.1", daemon.port), PATIENCE) as connection:
                connection.sendall(GOOD.encode())
                assert answers_of(connection.recv(1 << 16))[0][0] == 200
                connection.sendall(bad.encode())  # nothing was known of it at the first answer
                answer = b""
                while part := connection.recv(1 << 16):
                    answer += part
                assert [row[0] for row in answers_of(answer)] == [code], (bad, answer)


@case
def requests_of_one_connection_are_answered_on_it():
    body = json.dumps({"id": "app:1", "time": int(time.time() * 1000), "author": {"id": "app:u"}})
    token = {"Authorization": f"Bearer {TOKEN}"}
    with Daemon() as daemon:
        connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=PATIENCE)
        connection.connect()
        kept = connection.sock
        for method, path, text, headers, code in (
                ("GET", "/api/v1/status", None, {}, 200), ("HEAD", "/api/v1/status", None, {}, 200),
                ("GET", "/api/v1/status", None, {"If-None-Match": "*"}, 304), ("GET", "/", None, {}, 200),
                ("POST", "/api/v1/posts", body, token, 202), ("GET", "/nothing", None, {}, 404),
                ("POST", "/api/v1/posts", "{", token, 202), ("GET", "/metrics", None, {}, 200)):
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == code and connection.sock is kept, (path, answer.status)
        connection.close()
        answers = answers_of(exchange(daemon, (GOOD * 50).encode()))
        assert [answer[0] for answer in answers] == [200] * 50, answers


@case
def an_answer_is_the_last_one_where_the_next_request_is_in_doubt():
    push = PUSH + "Content-Length: 2\r\n\r\n{}"
    rows = [GOOD + "GET /hea", GOOD + "\r\n", GOOD + push, push + GOOD, push + MALFORMED[0][0],
            GOOD.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n") + SMUGGLED,
            GOOD.replace("\r\n\r\n", "\r\nConnection: TE, close\r\n\r\n") + SMUGGLED,
            GOOD.replace("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\nhello") + SMUGGLED,
            PUSH + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + SMUGGLED,
            "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + SMUGGLED]
    with Daemon() as daemon:
        for request in rows:
            answers = answers_of(exchange(daemon, request.encode()))
            assert [(row[0] // 100, row[2]) for row in answers] == [(2, True)], (request, answers)


@case
def a_connection_may_rest_between_requests_up_to_the_deadline():
    with Daemon(more='timeout = "2s"') as daemon:
        with socket.create_connection(("127.0.0.1", daemon.port), PATIENCE) as connection:
            for begin in (b"", b"GET /heal", b""):
                connection.sendall(begin)
                time.sleep(1.2)  # with the parts before, longer than the deadline
                connection.sendall(GOOD.encode()[len(begin):])
                assert answers_of(connection.recv(1 << 16))[0][0] == 200
            assert connection.recv(1) == b""
        assert daemon.metric('cascaded_http_connections_closed_total{reason="late"}') == 0


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
