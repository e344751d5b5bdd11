#!/usr/bin/env python3
"""The HTTP server of a live daemon: health, metrics, posts pushed, and clients that misbehave.

    web.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import functools
import gzip
import http.client
import json
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import http_lab  # noqa: E402
import processes  # noqa: E402
from live_daemon import TOKEN, LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402
from x_stream import Stream  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect(decode_responses=True)
STATES = ["connecting", "live", "idle-ok", "stalled", "backing-off", "failed"]


class Daemon(LiveDaemon):
    """A daemon whose only source is, unless said otherwise, at a port where nobody listens."""

    def __init__(self, more="", learnt=None, url="http://127.0.0.1:9/", has_source=True):
        CLIENT.flushall()
        if learnt:
            CLIENT.hset("cascaded:calibration", mapping=learnt)
        super().__init__(CASCADED, FOLDER, f'redis {{ url = "{SERVER.url}" }}\n' +
                         http_section(FOLDER, f'max_body = "64K" {more}') +
                         (f'source "x" {{ url = "{url}" }}\n' if has_source else ""))
        self.await_start()


def post(number, **more):
    return json.dumps({"id": f"app:{number}", "time": int(time.time() * 1000),
                       "author": {"id": "app:ann"}, "mentions": [{"id": "app:bob"}],
                       **more}).encode() + b"\n"


def mentions():
    return int(CLIENT.zscore("cascaded:top:mentions:1h", "app:bob") or 0)


@case
def health_and_readiness_are_right():
    with Daemon() as daemon:
        answer = daemon.ask("GET", "/healthz")
        assert (answer.status, answer.text) == (200, "ok\n")
        assert answer.headers["Cache-Control"] == "no-store"
        answer = daemon.ask("GET", "/readyz")
        assert (answer.status, answer.text) == (503, "no source is live\n"), answer.text
        answer = daemon.ask("HEAD", "/healthz")
        assert (answer.status, answer.text) == (200, "")
        assert daemon.ask("GET", "/nothing").status == 404
        answer = daemon.ask("DELETE", "/healthz")
        assert answer.status == 405 and answer.headers["Allow"] == "GET, HEAD"


@case
def the_page_is_served_with_its_policy():
    with Daemon() as daemon:
        for path in ("/", "/cascade/bsky:at:%2F%2Fdid/a", "/user/x:1", "/campaign/cup"):
            plain = daemon.ask("GET", path)
            assert plain.status == 200 and "<!DOCTYPE html>" in plain.text, plain.text
            policy = plain.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none';"), policy
            assert "frame-ancestors 'none'" in policy and "unsafe" not in policy, policy
            assert plain.headers["X-Content-Type-Options"] == "nosniff"
            assert plain.headers["Referrer-Policy"] == "no-referrer"
            assert plain.headers["Cache-Control"] == "no-cache"
            # The state of the daemon that has just started changes in it.
            wait("the page is unchanged", lambda path=path: daemon.ask(
                "GET", path, If_None_Match=daemon.ask("GET", path).headers["ETag"]).status == 304)
        icon = daemon.ask("HEAD", "/page/icon.svg", Accept_Encoding="gzip")
        assert icon.headers["Content-Encoding"] == "gzip"
        assert icon.headers["Content-Type"] == "image/svg+xml"
        assert daemon.ask("GET", "/page/none.js").status == 404
        assert daemon.ask("POST", "/").status == 405


@case
def posts_pushed_are_counted_once_however_often_they_come():
    with Daemon() as daemon:
        body = post(1) + post(2) + b"\r\n{broken\n" + post(3).rstrip()
        for _ in range(2):
            answer = daemon.push(body)
            assert answer.status == 202, answer.text
            assert json.loads(answer.text) == {"accepted": 3, "rejected": 1}
        wait("counted", lambda: mentions() == 3)
        chunks = (post(number) for number in range(10, 30))
        answer = daemon.push(chunks, Transfer_Encoding="chunked")
        assert json.loads(answer.text) == {"accepted": 20, "rejected": 0}
        wait("counted", lambda: mentions() == 23)


@case
def several_documents_may_be_in_one_line_of_a_body():
    with Daemon() as daemon:
        posts = [post(number).decode().strip() for number in range(9)]
        body = (f"{posts[0]} {posts[1]}{posts[2]}\n[[{posts[3]}],[{posts[4]}]] {posts[5]}\n"
                f"[\n{posts[6]},\n{posts[7]}\n],\n[{posts[8]}]\n{posts[0]} {{broken\n")
        answer = daemon.push(body.encode())
        assert json.loads(answer.text) == {"accepted": 10, "rejected": 1}, answer.text
        wait("counted", lambda: mentions() == 9)


@case
def a_push_without_the_token_or_too_long_counts_nothing():
    with Daemon() as daemon:
        for token in ("", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper()):
            answer = daemon.push(post(1), token)
            assert answer.status == 401 and answer.headers["WWW-Authenticate"] == "Bearer"
        assert daemon.ask("POST", "/api/v1/posts", post(1)).status == 401
        assert daemon.push(b"").status == 400
        assert daemon.push(post(1, text="x" * 70000)).status == 413
        chunks = (post(number, text="x" * 9000) for number in range(10))
        assert daemon.push(chunks, Transfer_Encoding="chunked").status == 413
        assert daemon.push(post(2)).status == 202
        wait("counted", lambda: mentions() == 1)


def is_taken(daemon, line):
    return daemon.push(line).status == 202


@case
def a_push_that_redis_has_no_room_for_is_asked_for_again():
    with Daemon() as daemon:
        SERVER.stop_process()
        try:
            sent = []

            def refused():
                sent.append(post(1000 + len(sent)))
                answer = daemon.push(sent[-1])
                return answer if answer.status != 202 else None

            answer = wait("a push is refused", refused)
            assert answer.status == 429 and answer.headers["Retry-After"] == "1", answer.status
        finally:
            SERVER.continue_process()
        for again in sent:
            wait("taken", functools.partial(is_taken, daemon, again))
        wait("counted", lambda: mentions() == len(sent))


def carried(followers):
    """A post of ten minutes ago and the ten people who carried it since."""
    born = int(time.time() * 1000) - 600_000
    yield post("root", time=born, author={"id": "app:ann", "followers": followers}, mentions=[])
    for number in range(10):
        yield post(f"rt{number}", time=born + number * 50_000, mentions=[],
                   author={"id": f"app:u{number}", "followers": followers},
                   retweet_of={"id": "app:root", "author": {"id": "app:ann"}})


@case
def forecasts_use_what_an_earlier_run_learned():
    # ln(final + 1) = 5, whatever is seen, between e^-1 and e^1 times that.
    learnt = {"10m": "200 5 0 0 -1 0 0 0 1", "1h": "rubbish", "8h": "1"}
    with Daemon(learnt=learnt) as daemon:
        assert daemon.push(post(1)).status == 202
        wait("ready", lambda: mentions() == 1)
        assert daemon.push(b"".join(carried(20))).status == 202
        wait("a forecast", lambda: CLIENT.hexists("cascaded:cascade:app:root", "forecast_low"))
        cascade = CLIENT.hgetall("cascaded:cascade:app:root")
        assert (cascade["forecast_low"], cascade["forecast_high"]) == ("53.6", "402.4"), cascade
        assert float(cascade["infectiousness"]) > 0 and float(cascade["edepth"]) > 1, cascade
        assert CLIENT.hget("cascaded:calibration", "10m").split()[:2] == ["200", "5"]


@case
def a_token_is_a_source_enough():
    with Daemon(has_source=False) as daemon:
        answer = daemon.ask("GET", "/readyz")
        assert (answer.status, answer.text) == (200, "ready\n"), answer.text
        assert json.loads(daemon.push(post(1)).text) == {"accepted": 1, "rejected": 0}
        wait("counted", lambda: mentions() == 1)
        daemon.process.send_signal(signal.SIGHUP)
        wait("read again", lambda: "was reloaded" in daemon.text())
        assert daemon.push(post(2)).status == 202
        wait("counted", lambda: mentions() == 2)
    path = pathlib.Path(FOLDER, "nothing.conf")
    for http in ("", 'http { listen = "" token_file = "token" }\n'):
        path.write_text(http, encoding="utf-8")
        done = subprocess.run([CASCADED, "-c", str(path)], capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        assert done.returncode == 78 and "http.token_file" in done.stderr, done


@case
def without_a_token_file_pushing_is_off():
    with Daemon('\ntoken_file = ""') as daemon:
        answer = daemon.push(post(1))
        assert answer.status == 403 and "http.token_file" in answer.text


@case
def requests_that_are_wrong_get_one_error_in_json():
    host = "Host: localhost\r\n"
    token = f"{host}Authorization: Bearer {TOKEN}\r\n"
    body = post(1).decode()
    length = f"Content-Length: {len(body)}\r\n"
    chunks = f"{len(body):x}\r\n{body}\r\n0\r\n\r\n"

    def get(head="", path="/healthz", first=host):
        return f"GET {path} HTTP/1.1\r\n{first}{head}Connection: close\r\n\r\n"

    def push(head, sent=body, version="1.1"):
        return f"POST /api/v1/posts HTTP/{version}\r\n{token}{head}\r\n{sent}"

    chunked = "Transfer-Encoding: chunked\r\n"
    rows = [(get(path="/api/v1/nothing"), 404), (get(path="/nothing"), 404),
            (get(path="/healthz%00x"), 404), (get(path="/" + "a" * 9000), 414),
            ("GET /" + "a" * 100000, 414), (get(f"X: {'y' * 30000}\r\n"), 431),
            (get("X: y\r\n" * 9000), 431), (get(path="/api/v1/posts"), 405),
            (get().replace("GET", "DELETE"), 405), (get().replace("GET", "UNKNOWN"), 405),
            (get(first=""), 400), (get(host), 400), (get("X: a\0b\r\n"), 400),
            (get("X: a\rb\r\n"), 400), (get("no colon\r\n"), 400), (get("X : y\r\n"), 400),
            (get("X: y\r\n z\r\n"), 400), (get(" X: y\r\n"), 400), (get(first=" X: y\r\n"), 400),
            (get().replace("HTTP/1.1", "HTTP/3.0"), 505), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            ("GET /healthz\r\n\r\n", 400), ("nonsense\r\n\r\n", 400), ("GET\r\n\r\n", 400),
            (get(path="/heal\0thz"), 400), ("\x16\x03\x01\x02\0\x01\r\n\r\n", 400),
            (push(length + "Content-Length: 5\r\n"), 400),
            (push("Content-Length: 5\r\n" + length), 400),
            (push(f"Content-Length: {len(body)}, {len(body)}\r\n"), 400),
            (push(f"Content-Length: +{len(body)}\r\n"), 400), (push("Content-Length: -5\r\n"), 400),
            (push("Content-Length: 0x20\r\n"), 400), (push("Content-Length: \r\n"), 400),
            (push(length.replace(":", " :")), 400), (push(chunked + length, chunks), 400),
            (push(chunked + chunked, chunks), 400), (push(chunked, chunks, "1.0"), 400),
            (push(length + "Authorization: Bearer other\r\n"), 400),
            *[(push(chunked, wrong), 400)
              for wrong in ("zz\r\n", "-5\r\nhello\r\n", f"{chunks[:-5]}x\r\n\r\n",
                            "2\r\nhello\r\n0\r\n\r\n", "\r\n\r\n", f"{'f' * 40}\r\n")],
            *[(push(f"Transfer-Encoding: {coding}\r\n", chunks), 501)
              for coding in ("gzip", "gzip, chunked", "identity", "xchunked")],
            (get("Transfer-Encoding: gzip\r\n"), 501),
            # The body does not come: the answer is not held back for it.
            (push("Content-Length: 999999\r\n", ""), 413),
            (push("Content-Length: 99999999999999999999999\r\n", ""), 413),
            (push(length, "").replace(TOKEN, "wrong"), 401),
            (push(length + "Content-Encoding: gzip\r\n", ""), 415)]
    with Daemon(more='timeout = "30s"') as daemon:
        for request, code in rows:
            answer = daemon.raw(request.encode("latin-1"))
            head, text = answer.split(b"\r\n\r\n", 1)
            assert answer.count(b"HTTP/1.1") == 1, (request, answer)
            assert head.startswith(b"HTTP/1.1 %d " % code), (request, answer)
            assert b"\r\nContent-Type: application/json" in head, (request, answer)
            assert set(json.loads(text)) == {"error", "message"}, (request, answer)
            if code == 405:
                wanted = b"POST" if b"posts" in request.encode() else b"GET, HEAD"
                assert b"\r\nAllow: " + wanted in head, (request, answer)
        assert mentions() == 0
        # Also in a later request of a connection.
        for request, code in ((get(host), 400), (get("X : y\r\n"), 400),
                              (push(length + "Content-Length: 5\r\n"), 400),
                              (push("Content-Length: 999999\r\n", ""), 413)):
            kept = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=PATIENCE)
            kept.request("POST", "/api/v1/posts", body, {"Authorization": f"Bearer {TOKEN}"})
            assert kept.getresponse().read() == b'{"accepted":1,"rejected":0}\n'
            kept.sock.sendall(request.encode())
            answer = b""
            while part := kept.sock.recv(65536):
                answer += part
            assert answer.count(b"HTTP/1.1") == 1, answer
            assert answer.startswith(b"HTTP/1.1 %d " % code), answer
        wait("counted", lambda: mentions() == 1)


@case
def requests_that_are_unusual_are_answered():
    host = "Host: localhost\r\nConnection: close\r\n"
    body = post(1).decode()
    token = f"{host}Content-Length: {len(body)}\r\n"
    length = f"Content-Length: {len(body)}\r\n"
    rows = [(f"GET /healthz HTTP/1.1\r\n{host}\r\n", 200), ("GET /healthz HTTP/1.0\r\n\r\n", 200),
            (f"GET /healthz?a=b HTTP/1.1\r\n{host}\r\n", 200),
            (f"\r\n\r\nGET /healthz HTTP/1.1\r\n{host}\r\n", 200),
            (f"GET /healthz HTTP/1.1\n{host}\n".replace("\r", ""), 200),
            (f"GET /healthz HTTP/1.1\r\n{host}\r\n".replace("localhost", "LOCALHOST:1"), 200),
            (f"GET /healthz HTTP/1.1\r\n{host}Content-Length: 5\r\n\r\nhello", 200)]
    for path, code in (("/healthz", 200), ("/readyz", 503), ("/metrics", 200), ("/", 200),
                       ("/api/v1/nothing", 404), ("/api/v1/posts", 405)):
        rows.append((f"HEAD {path} HTTP/1.1\r\n{host}\r\n", code))
    for scheme in ("Bearer", "bearer", "BEARER", "bEaReR "):
        rows.append((f"POST /api/v1/posts HTTP/1.1\r\n{token}Authorization: {scheme} {TOKEN}\r\n"
                     f"\r\n{body}", 202))
    rows.append((f"POST /api/v1/posts HTTP/1.1\r\n{token}{length}Authorization: Bearer {TOKEN}\r\n"
                 f"\r\n{body}", 202))
    with Daemon() as daemon:
        for request, code in rows:
            answer = daemon.raw(request.encode())
            head, text = answer.split(b"\r\n\r\n", 1)
            assert head.startswith(b"HTTP/1.1 %d " % code), (request, answer)
            assert text == b"" if request.startswith("HEAD") else text, (request, answer)


@case
def a_head_may_come_in_pieces():
    with Daemon() as daemon:
        with socket.create_connection(("127.0.0.1", daemon.port), PATIENCE) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n":
                connection.sendall(bytes([byte]))
                time.sleep(0.001)
            connection.settimeout(PATIENCE)
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


@case
def a_web_page_cannot_reach_it_under_a_name_of_its_own():
    with Daemon() as daemon:
        assert daemon.ask("GET", "/metrics", Host="evil.example").status == 421
        assert daemon.ask("GET", "/metrics", Host="localhost.evil.example:80").status == 421
        assert daemon.ask("GET", "/healthz", Host=f"localhost:{daemon.port}").status == 200
        assert daemon.ask("GET", "/healthz", Host=f"[::1]:{daemon.port}").status == 200


@case
def a_server_for_others_has_the_names_that_are_configured():
    with Daemon('listen = "0.0.0.0:0" allow_remote = true hosts = {"news.example.org"}') as daemon:
        for host, status in (("news.example.org", 200), ("News.Example.org:8080", 200), ("10.0.0.7:80", 200),
                             ("[2001:db8::7]", 200), ("localhost", 200), ("evil.example", 421),
                             ("news.example.org.evil.example", 421), ("x.news.example.org", 421)):
            for path in ("/", "/api/v1/status", "/api/v1/top/posts/1h", "/metrics"):
                answer = daemon.ask("GET", path, Host=host)
                assert answer.status == status, (host, path, answer.status)
            if status == 421:
                assert "http.hosts" in json.loads(answer.text)["message"], answer.text


@case
def who_is_sent_away_for_now_learns_when_to_come_back():
    with Daemon() as daemon:
        answer = daemon.ask("GET", "/readyz")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


@case
def clients_that_misbehave_do_not_stop_the_others():
    with Daemon() as daemon:
        slow = []
        for number in range(20):
            connection = socket.create_connection(("127.0.0.1", daemon.port))
            connection.sendall(b"POST /api/v1/posts HTTP/1.1\r\nHost: localhost\r\nX: y"[:9 + number])
            slow.append(connection)
        assert daemon.ask("GET", "/healthz").status == 200
        flood = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"X: " + b"y" * 200000
        try:
            assert b" 200 " not in daemon.raw(flood + b"\r\n\r\n")[:20]
        except ConnectionError:
            pass
        assert b" 200 " not in daemon.raw(b"nonsense\r\n\r\n")[:20]
        both = (b"POST /api/v1/posts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
                TOKEN.encode() + b"\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
                b"Connection: close\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"cascaded_" not in daemon.raw(both)
        assert daemon.push(post(1)).status == 202
        for connection in slow:
            connection.close()


def figure(daemon, name):
    return int(re.search(rf"^{re.escape(name)} (\d+)$", daemon.ask("GET", "/metrics").text, re.M)[1])


def idle(daemon, count, address="127.0.0.1"):
    """Connections that send nothing."""
    return [socket.create_connection(("127.0.0.1", daemon.port), PATIENCE, (address, 0))
            for _ in range(count)]


@case
def connections_that_end_together_leave_the_server_alive():
    with Daemon() as daemon:
        for count in (31, 32, 33, 34, 63, 64, 65, 80, 200):
            connections = idle(daemon, count)
            assert daemon.ask("GET", "/healthz").status == 200, count
            for connection in connections:
                connection.close()
            assert daemon.ask("GET", "/healthz").status == 200, count


class Dripping:
    """Clients that send a byte of a request again and again and come back when closed."""

    def __init__(self, daemon, count):
        self.daemon, self.is_over = daemon, threading.Event()
        self.sent = 0
        self.thread = threading.Thread(target=self.drip, args=(count,))

    def drip(self, count):
        clients = idle(self.daemon, count)
        while not self.is_over.wait(0.05):
            for number, client in enumerate(clients):
                try:
                    client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: yyyyyyyyyyyyyyyyyyyyyyyy"
                                   [self.sent % 50:self.sent % 50 + 1])
                except OSError:
                    client.close()
                    clients[number] = idle(self.daemon, 1)[0]
            self.sent += 1
        for client in clients:
            client.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()


@case
def clients_that_drip_do_not_keep_others_from_an_answer():
    with Daemon() as daemon:
        for count in (34, 80):
            with Dripping(daemon, count) as dripping:
                wait("dripping", lambda: dripping.sent > 2)
                for _ in range(20):
                    assert daemon.ask("GET", "/healthz").status == 200, count
        wait("crowded", lambda: figure(
            daemon, 'cascaded_http_connections_closed_total{reason="crowded"}') > 0)


@case
def one_address_cannot_push_out_another():
    with Daemon(more='timeout = "1m"') as daemon:
        kept = idle(daemon, 1)[0]
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        crowd = idle(daemon, 150, "127.0.0.2")
        wait("crowded", lambda: figure(
            daemon, 'cascaded_http_connections_closed_total{reason="crowded"}') >= 100)
        kept.sendall(b"\r\n")
        kept.settimeout(PATIENCE)
        assert kept.recv(1000).startswith(b"HTTP/1.1 200 "), "it is the oldest of all"
        for connection in [kept, *crowd]:
            connection.close()


@case
def connections_kept_open_give_way_to_new_ones_of_their_address():
    with Daemon(more='timeout = "1m"') as daemon:
        kept = []
        for number in range(200):
            client, = idle(daemon, 1)
            client.settimeout(PATIENCE)
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 200 "), number
            kept.append(client)
        for client in kept:
            client.close()


@case
def a_request_has_one_deadline_however_it_is_spread():
    with Daemon(more='timeout = "1s"') as daemon:
        head = b"POST /api/v1/posts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + \
            TOKEN.encode() + b"\r\nContent-Length: 1000\r\n"
        for begin in (b"", b"GET /he", head + b"X: ", head + b"\r\n"):
            client = idle(daemon, 1)[0]
            client.sendall(begin)
            client.settimeout(0.05)
            deadline = time.monotonic() + PATIENCE
            ended = False
            while not ended:
                assert time.monotonic() < deadline, begin
                try:
                    client.sendall(b"y")
                    ended = client.recv(1) == b""
                except TimeoutError:
                    pass
                except ConnectionError:
                    ended = True
        assert figure(daemon, 'cascaded_http_connections_closed_total{reason="late"}') == 4
        assert daemon.push(post(1)).status == 202


@case
def without_a_file_descriptor_left_it_answers():
    with Daemon() as daemon:
        assert daemon.ask("GET", "/healthz").status == 200
        folder = f"/proc/{daemon.process.pid}/fd"
        before = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
        for room in (0, 5, 0, 1, 0):
            used = [int(name) for name in os.listdir(folder)]
            # The limit is on the number of a descriptor: none is free below it.
            most = max(used) + 1
            holes = most - len(used)
            resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (most + room, before[1]))
            clients = idle(daemon, holes + room + 10)
            for _ in range(5):
                assert daemon.ask("GET", "/healthz").status == 200
            for client in clients:
                client.close()
            assert daemon.ask("GET", "/healthz").status == 200
        assert figure(daemon, "cascaded_http_connections_starved_total") > 0
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, before)
        assert daemon.ask("GET", "/metrics").status == 200


@case
def a_compressed_push_is_refused_with_the_reason():
    with Daemon() as daemon:
        for coding in ("gzip", "deflate", "br", "zstd", "GZIP", "gzip, identity", "x-unknown"):
            answer = daemon.push(gzip.compress(post(1)), Content_Encoding=coding)
            assert answer.status == 415, (coding, answer.status)
            assert json.loads(answer.text)["error"] == "unsupported_encoding", answer.text
            assert answer.headers["Accept-Encoding"] == "identity"
        for body in (gzip.compress(post(1)), post(1).decode().encode("utf-16")):
            assert daemon.push(body).status == 415
        assert daemon.push(post(1), Content_Encoding="identity").status == 202
        wait("counted", lambda: mentions() == 1)


@case
def a_refused_push_is_read_to_its_end():
    with Daemon() as daemon:
        big = b"x" * (12 << 20)
        assert daemon.push(big).status == 413
        assert daemon.push(big, "wrong").status == 401
        assert daemon.push(big, Content_Encoding="gzip").status == 415


@case
def an_answer_counts_what_was_really_taken():
    more = "\n}\nusers { capacity = 1000 }\nhashtags { capacity = 1000 }\nmemory {"
    with Daemon(more=more) as daemon:
        posts = [post(f"n{number}", mentions=[], author={"id": f"app:u{number}"})
                 for number in range(1500)]
        totals = {"accepted": 0, "rejected": 0}

        def push(body):
            answer = daemon.push(body)
            told = json.loads(answer.text)
            if answer.status == 429:
                # What was read is said, and known when it comes again.
                assert told["accepted"] + told["rejected"] < 100, told
                return False
            assert answer.status == 202 and told["accepted"] + told["rejected"] == 100, answer.text
            for name in totals:
                totals[name] += told[name]
            return True

        for first in range(0, len(posts), 100):
            body = b"".join(posts[first:first + 100])
            wait("taken", lambda body=body: push(body))
        assert totals["rejected"] > 0, totals
        assert totals["accepted"] == figure(daemon, "cascaded_posts_total"), totals
        again = json.loads(daemon.push(posts[1]).text)
        assert again == {"accepted": 1, "rejected": 0}, again


@case
def what_changes_nothing_is_not_accepted():
    with Daemon() as daemon:
        assert json.loads(daemon.push(post(1)).text) == {"accepted": 1, "rejected": 0}
        known = b'{"id":"app:1","deleted":true}\n'
        limit = b'{"limit":{"track":7}}\n'
        like = json.dumps({"did": "did:plc:abc", "time_us": 1, "kind": "commit", "commit": {
            "operation": "create", "collection": "app.bsky.feed.like", "rkey": "3k",
            "record": {}}}).encode() + b"\n"
        answers = [
            (b'{"id":"app:7","deleted":true}\n', {"accepted": 0, "rejected": 0, "ignored": 1}),
            (known, {"accepted": 1, "rejected": 0}),
            (known, {"accepted": 1, "rejected": 0}),
            (limit + like, {"accepted": 0, "rejected": 0, "ignored": 2}),
            (post(2) + b" \t\n" + limit, {"accepted": 1, "rejected": 0, "ignored": 1}),
            (post(3, time="2009-03-01T00:00:00Z"), {"accepted": 0, "rejected": 1, "too_old": 1}),
            (post(3, time="2009-03-01T00:00:00Z"), {"accepted": 0, "rejected": 1, "too_old": 1}),
            (b'{"delete":{}}\n' + post(4), {"accepted": 1, "rejected": 1}),
        ]
        for body, expected in answers:
            answer = daemon.push(body)
            assert (answer.status, json.loads(answer.text)) == (202, expected), (body, answer.text)
        answer = daemon.push(b" \n\t\n")
        assert answer.status == 400, answer.text
        assert figure(daemon, 'cascaded_pushed_messages_total{result="ignored"}') == 4


@case
def a_body_may_have_any_shape_of_lines():
    with Daemon() as daemon:
        bodies = {
            b"\xef\xbb\xbf" + post(1): (1, 0),
            post(2).replace(b"\n", b"\r\n") + b"\r\n\r\n" + post(3): (2, 0),
            post(4).rstrip(): (1, 0),
            b"{}\n" + post(5): (1, 1),
            b"\n\n" + post(6) + b"\n": (1, 0),
            b"[" + b",".join(post(number) for number in (1, 2, 3)) + b"]": (3, 0),
        }
        for body, expected in bodies.items():
            answer = daemon.push(body)
            assert answer.status == 202, (body, answer.text)
            told = json.loads(answer.text)
            assert (told["accepted"], told["rejected"]) == expected, (body, told)
        for empty in (b"", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf"):
            answer = daemon.push(empty)
            assert answer.status == 400, (empty, answer.text)
        answer = daemon.ask("GET", "/api/v1/posts")
        assert answer.status == 405 and answer.headers["Allow"] == "POST"
        wait("counted", lambda: mentions() == 6)


@case
def metrics_have_the_format_of_prometheus():
    with Daemon() as daemon:
        assert daemon.push(post(1) + b"{broken\n").status == 202
        answer = daemon.ask("GET", "/metrics")
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4"
        samples = [line for line in answer.text.splitlines() if not line.startswith("#")]
        assert "cascaded_posts_total 1" in samples
        assert 'cascaded_pushed_messages_total{result="rejected"} 1' in samples
        assert any(line.startswith('cascaded_source_') and 'source="x"' in line
                   for line in samples), samples
        names = [line.split()[2] for line in answer.text.splitlines() if line.startswith("# TYPE")]
        assert len(names) == len(set(names)), names
        for line in samples:
            assert re.fullmatch(r'[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? \d+(\.\d+)?', line), line


def standing(daemon):
    """The state of the source, its lag and whether a gap is open, as the metrics say."""
    page = daemon.ask("GET", "/metrics").text
    rows = dict(re.findall(r'cascaded_source_state\{state="([^"]+)",source="x"\} (\d)', page))
    assert list(rows) == STATES and sorted(rows.values()) == ["0"] * 5 + ["1"], page
    lag = re.search(r'cascaded_source_lag_seconds\{source="x"\} ([\d.]+)', page)[1]
    gap = re.search(r'cascaded_source_gap_open\{source="x"\} (\d)', page)[1]
    return next(name for name, value in rows.items() if value == "1"), float(lag), gap


@case
def the_metrics_contain_the_state_of_each_source():
    stream = Stream()
    with Daemon(url=stream.url) as daemon:
        def becomes(state, gap):
            wait(state, lambda: standing(daemon)[::2] == (state, gap))

        wait("connected", lambda: stream.connections)
        becomes("connecting", "0")
        stream.send(b"\r\n")
        becomes("idle-ok", "0")
        stream.feed(1)
        becomes("live", "0")
        wait("a lag that grows", lambda: standing(daemon)[1] > 1)
        stream.drop()
        wait("connected", lambda: len(stream.connections) == 2)
        becomes("connecting", "1")
        stream.feed(1)
        becomes("live", "0")
        stream.server.shutdown()
        stream.server.server_close()
        stream.drop()
        becomes("backing-off", "1")
        assert CLIENT.hget("cascaded:meta", "complete") == "0"
    lab = http_lab.Lab([[{"status": 401}]])
    with Daemon(url=f"http://127.0.0.1:{lab.port}/2/tweets/sample/stream") as daemon:
        becomes("failed", "0")
        assert daemon.ask("GET", "/readyz").status == 503


@case
def an_address_that_is_taken_or_reaches_out_is_named():
    with Daemon() as daemon:
        for more, code, text in ((f'listen = "127.0.0.1:{daemon.port}"', 71, "in use"),
                                 ('listen = "0.0.0.0:0"', 78, "http.allow_remote"),
                                 ('listen = "localhost"', 78, "is not an address")):
            path = pathlib.Path(FOLDER, "bad.conf")
            path.write_text(f'redis {{ url = "{SERVER.url}" prefix = "other:" }}\n'
                            f'http {{ {more} }}\nsource "x" {{ url = "http://127.0.0.1:9/" }}\n',
                            encoding="utf-8")
            done = subprocess.run([CASCADED, "-c", str(path)], capture_output=True, text=True,
                                  timeout=PATIENCE, check=False)
            assert done.returncode == code, done
            assert done.stderr.count("\n") == 1 and text in done.stderr, done


if __name__ == "__main__":
    run_cases()
