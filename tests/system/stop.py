#!/usr/bin/env python3
"""SIGTERM ends cascaded within 5 s whatever it is doing, and unfinished work is named.

    stop.py        (RELEASE names the folder of the build; functions of the C library are replaced
                   by ones that hang, which a sanitized build does not allow)
"""
# tests/run: beside others
import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from hook_lab import Hook  # noqa: E402
from live_daemon import TOKEN, LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402
from x_stream import Stream  # noqa: E402

CASCADED = os.path.join(os.environ["RELEASE"], "cascaded")
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect(decode_responses=True)
SECONDS_MAX = 30  # the deadline is 5; a busy machine adds to it, and what hangs, hangs for ever
HANGS = r"""
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void hang(const char *name)
{
    const char *wanted = getenv("HANG");
    while (wanted != NULL && strstr(wanted, name) != NULL)
        sleep(60);
}
int fsync(int fd) { (void)fd; hang("fsync"); return 0; }
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    (void)node; (void)service; (void)hints; (void)found;
    hang("getaddrinfo");
    return EAI_AGAIN;
}
"""


class Daemon(LiveDaemon):
    def __init__(self, *arguments, config="", hang=""):
        CLIENT.flushall()
        super().__init__(
            CASCADED, FOLDER,
            f'redis {{ url = "{SERVER.url}" }}\nhttp {{ listen = "127.0.0.1:0" }}\n{config}',
            *arguments, stdout=subprocess.DEVNULL,
            env={**os.environ, "LD_PRELOAD": f"{FOLDER}/hangs.so", "HANG": hang})

    def end_saying(self, code, text):
        begun = time.monotonic()
        self.process.terminate()
        self.ends_saying(code, text, begun)

    def ends_saying(self, code, text, begun):
        assert self.process.wait(PATIENCE) == code, self.text()
        assert time.monotonic() - begun < SECONDS_MAX, self.text()
        assert self.said(text), self.text()


class SlowRedis:
    """A way to SERVER that passes 16 KiB every 50 ms: each transaction is answered soon, but many of them
    take long."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client = self.listener.accept()[0]
            server = socket.socket(socket.AF_UNIX)
            server.connect(SERVER.path)
            threading.Thread(target=self.pump, args=(client, server, 0.05), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, 0), daemon=True).start()

    @staticmethod
    def pump(reader, writer, pause):
        with contextlib.suppress(OSError):
            while part := reader.recv(1 << 14):
                writer.sendall(part)
                time.sleep(pause)
        for end in (reader, writer):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def mentions():
    return CLIENT.zcard("cascaded:top:mentions:1h")


def state(name):
    return f'state {{ dir = "{FOLDER}/{name}" every = 1h }}\n'


@case
def a_disk_that_hangs_is_given_up():
    stream = Stream()
    daemon = Daemon(config=state("disk") + f'source "x" {{ url = "{stream.url}" }}\n', hang="fsync")
    wait("connected", lambda: stream.connections)
    stream.feed(5)
    wait("counted", mentions)
    daemon.end_saying(75, "deadline of 5 s; the snapshot is not saved")


@case
def a_disk_and_redis_that_hang_are_given_up_together():
    stream = Stream()
    daemon = Daemon(config=state("both") + f'source "x" {{ url = "{stream.url}" }}\n', hang="fsync")
    wait("connected", lambda: stream.connections)
    stream.feed(5)
    wait("counted", mentions)
    SERVER.stop_process()
    try:
        stream.feed(5)
        daemon.end_saying(69, "deadline of 5 s; the snapshot is not saved")
    finally:
        SERVER.continue_process()


@case
def a_disk_that_hangs_during_a_snapshot_is_given_up():
    stream = Stream()
    config = state("child").replace("1h", "1s") + f'source "x" {{ url = "{stream.url}" }}\n'
    daemon = Daemon(config=config, hang="fsync")
    wait("connected", lambda: stream.connections)
    stream.feed(5)
    children = pathlib.Path(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children")
    wait("a snapshot begins", children.read_text)
    daemon.end_saying(75, "deadline of 5 s; the snapshot is not saved")


@case
def what_a_slow_redis_lacks_at_the_end_is_in_the_snapshot():
    count, step = 20000, 2000
    daemon = Daemon(config=state("slow") + f'redis {{ url = "{SlowRedis().url}" users_from = 1 }}\n'
                    + http_section(FOLDER))
    daemon.await_start()
    now = int(time.time() * 1000)
    for first in range(0, count, step):
        answer = daemon.push("".join(
            f'{{"id":"app:{n}","time":{now},"author":{{"id":"app:u{n}"}},"mentions":[{{"id":"app:bob"}}]}}\n'
            for n in range(first, first + step)).encode())
        assert answer.status == 202, answer.text
    begun = time.monotonic()
    daemon.process.terminate()
    wait("stopping", lambda: daemon.said("event=stopping"))
    with contextlib.suppress(OSError):  # if it has ended
        assert daemon.push(b"{}").status == 429
    daemon.ends_saying(0, "they are in the snapshot, and the next start writes them event=changes_waiting", begun)
    assert CLIENT.zscore("cascaded:top:mentions:1h", "app:bob") != count
    daemon.write(daemon.config.read_text("utf-8") + f'redis {{ url = "{SERVER.url}" }}\n')
    daemon.start()
    daemon.await_start()
    wait("all is in Redis", lambda: CLIENT.zscore("cascaded:top:mentions:1h", "app:bob") == count
         and CLIENT.exists(f"cascaded:user:app:u{count - 1}"))
    daemon.end()


@case
def a_name_server_that_hangs_does_not_delay_the_stop():
    daemon = Daemon(hang="getaddrinfo", config='source "x" { url = "https://a.example/2/stream" }\n'
                    'source "b" { url = "wss://b.example/subscribe" }\n')
    daemon.await_start()
    daemon.end_saying(0, "stopping")


@case
def a_request_to_a_webhook_and_a_slow_client_do_not_delay_the_stop():
    secret = pathlib.Path(FOLDER, "secret")
    secret.write_text("whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", encoding="utf-8")
    secret.chmod(0o600)
    http_section(FOLDER)
    hook = Hook(lambda connection: time.sleep(60))
    stream = Stream()
    daemon = Daemon(config=f'alert "any" {{ min_size = 1 }}\nwebhook "w" {{ url = "{hook.url}" '
                    f'secret_file = "{secret}" allow_private = true }}\n'
                    f'http {{ token_file = "{FOLDER}/token" }}\n'
                    f'source "x" {{ url = "{stream.url}" }}\n')
    wait("listening", lambda: daemon.said("port "))
    now = int(time.time() * 1000)
    root = '{"id":"app:1","author":{"id":"app:ann"}}'
    body = f'{{"id":"app:2","time":{now},"author":{{"id":"app:u"}},"retweet_of":{root}}}\n'.encode()
    with socket.create_connection(("127.0.0.1", daemon.port), PATIENCE) as slow, \
            socket.create_connection(("127.0.0.1", daemon.port), PATIENCE) as pushing:
        slow.sendall(b"GET /heal")
        daemon.await_start()
        pushing.sendall(b"POST /api/v1/posts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                        + TOKEN.encode() + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert b" 202 " in pushing.recv(4096)
        wait("under way", lambda: hook.connections)
        daemon.end_saying(0, "1 alerts are not acknowledged")
    hook.close()


@case
def a_replay_of_a_pipe_without_writer_is_ended():
    path = f"{FOLDER}/fifo"
    os.mkfifo(path)
    daemon = Daemon(path)
    begun = time.monotonic()
    daemon.process.terminate()
    daemon.process.wait(timeout=PATIENCE)
    assert time.monotonic() - begun < SECONDS_MAX


@case
def a_replay_whose_disk_hangs_is_given_up():
    path = pathlib.Path(FOLDER, "posts.ndjson")
    path.write_text("".join(f'{{"id":"app:{i}","time":{1700000000000 + i},"author":{{"id":"app:u"}}}}\n'
                            for i in range(1000)), encoding="utf-8")
    daemon = Daemon(str(path), "--speed", "1", config=state("replay"), hang="fsync")
    wait("begun", lambda: CLIENT.exists("cascaded:meta"))
    daemon.end_saying(75, "deadline of 5 s; the snapshot is not saved")


if __name__ == "__main__":
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", f"{FOLDER}/hangs.so"],
                   input=HANGS.encode(), check=True)
    run_cases()
