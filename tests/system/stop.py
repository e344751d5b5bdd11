#!/usr/bin/env python3
"""SIGTERM ends cascaded within 5 s whatever it is doing, and unfinished work is named.

    stop.py        (RELEASE names the folder of the build; functions of the C library are replaced
                   by ones that hang, which a sanitized build does not allow)
"""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

import redis

from terminal import run_tests

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
from hook_lab import Hook  # noqa: E402
from x_stream import Stream  # noqa: E402

CASCADED = os.path.join(os.environ["RELEASE"], "cascaded")
FOLDER = tempfile.TemporaryDirectory()
SOCKET = FOLDER.name + "/redis.sock"
SERVER = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", SOCKET, "--save", "",
                           "--dir", FOLDER.name], stdout=subprocess.DEVNULL)
CLIENT = redis.Redis(unix_socket_path=SOCKET, decode_responses=True)
PATIENCE = 20
# Half a second of the 5 s is the system's; on a busy machine that may take longer.
MOST_SECONDS = 15  # the deadline is 5; a busy machine adds to it, and what hangs, hangs for ever
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


def wait(what, claim):
    deadline = time.monotonic() + PATIENCE
    while not claim():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def answers():
    try:
        return CLIENT.ping()
    except redis.ConnectionError:
        return False


class Daemon:
    def __init__(self, *arguments, config="", hang=""):
        CLIENT.flushall()
        path = pathlib.Path(FOLDER.name, "stop.conf")
        path.write_text(f'redis {{ url = "unix:{SOCKET}" }}\nhttp {{ listen = "127.0.0.1:0" }}\n{config}',
                        encoding="utf-8")
        self.log = pathlib.Path(FOLDER.name, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [CASCADED, "-c", str(path), *arguments], stdout=subprocess.DEVNULL, stderr=log,
                env={**os.environ, "LD_PRELOAD": f"{FOLDER.name}/hangs.so", "HANG": hang})

    def said(self, text):
        return text in self.log.read_text(encoding="utf-8")

    def end(self, code, text):
        begun = time.monotonic()
        self.process.terminate()
        try:
            ended = self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        assert time.monotonic() - begun < MOST_SECONDS, self.log.read_text(encoding="utf-8")
        assert ended == code and self.said(text), (ended, self.log.read_text(encoding="utf-8"))


def mentions():
    return CLIENT.zcard("cascaded:top:mentions:1h")


def state(name):
    return f'state {{ dir = "{FOLDER.name}/{name}" every = 1h }}\n'


def a_disk_that_hangs_is_given_up():
    stream = Stream()
    daemon = Daemon(config=state("disk") + f'source "x" {{ url = "{stream.url}" }}\n', hang="fsync")
    wait("connected", lambda: stream.connections)
    stream.feed(5)
    wait("counted", mentions)
    daemon.end(75, "deadline of 5 s; the snapshot is not saved")


def a_disk_and_redis_that_hang_are_given_up_together():
    stream = Stream()
    daemon = Daemon(config=state("both") + f'source "x" {{ url = "{stream.url}" }}\n', hang="fsync")
    wait("connected", lambda: stream.connections)
    stream.feed(5)
    wait("counted", mentions)
    SERVER.send_signal(signal.SIGSTOP)
    try:
        stream.feed(5)
        daemon.end(69, "deadline of 5 s; the snapshot is not saved")
    finally:
        SERVER.send_signal(signal.SIGCONT)


def a_disk_that_hangs_during_a_snapshot_is_given_up():
    stream = Stream()
    config = state("child").replace("1h", "1s") + f'source "x" {{ url = "{stream.url}" }}\n'
    daemon = Daemon(config=config, hang="fsync")
    wait("connected", lambda: stream.connections)
    stream.feed(5)
    children = pathlib.Path(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children")
    wait("a snapshot begins", children.read_text)
    daemon.end(75, "deadline of 5 s; the snapshot is not saved")


def a_name_server_that_hangs_holds_nobody_up():
    daemon = Daemon(hang="getaddrinfo", config='source "x" { url = "https://a.example/2/stream" }\n'
                    'source "b" { url = "wss://b.example/subscribe" }\n')
    wait("started", lambda: daemon.said("started"))
    daemon.end(0, "stopping")


def a_webhook_under_way_and_a_slow_client_hold_nobody_up():
    secret = pathlib.Path(FOLDER.name, "secret")
    secret.write_text("whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", encoding="utf-8")
    secret.chmod(0o600)
    token = pathlib.Path(FOLDER.name, "token")
    token.write_text("a-token", encoding="utf-8")
    token.chmod(0o600)
    hook = Hook(lambda connection: time.sleep(60))
    stream = Stream()
    daemon = Daemon(config=f'alert "any" {{ min_size = 1 }}\nwebhook "w" {{ url = "{hook.url}" '
                    f'secret_file = "{secret}" allow_private = true }}\n'
                    f'http {{ token_file = "{token}" }}\n'
                    f'source "x" {{ url = "{stream.url}" }}\n')
    wait("listening", lambda: daemon.said("port "))
    port = int(daemon.log.read_text(encoding="utf-8").split("port ")[1].split()[0])
    now = int(time.time() * 1000)
    root = '{"id":"app:1","author":{"id":"app:ann"}}'
    body = f'{{"id":"app:2","time":{now},"author":{{"id":"app:u"}},"retweet_of":{root}}}\n'.encode()
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as slow, \
            socket.create_connection(("127.0.0.1", port), PATIENCE) as pushing:
        slow.sendall(b"GET /heal")
        wait("started", lambda: daemon.said("started"))
        pushing.sendall(b"POST /api/v1/posts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                        b"a-token\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert b" 202 " in pushing.recv(4096)
        wait("under way", lambda: hook.connections)
        daemon.end(0, "1 alerts are not acknowledged")
    hook.close()


def a_replay_of_a_file_that_nobody_writes_to_is_ended():
    path = f"{FOLDER.name}/fifo"
    os.mkfifo(path)
    daemon = Daemon(path)
    begun = time.monotonic()
    daemon.process.terminate()
    daemon.process.wait(timeout=PATIENCE)
    assert time.monotonic() - begun < MOST_SECONDS


def a_replay_whose_disk_hangs_is_given_up():
    path = pathlib.Path(FOLDER.name, "posts.ndjson")
    path.write_text("".join(f'{{"id":"app:{i}","time":{1700000000000 + i},"author":{{"id":"app:u"}}}}\n'
                            for i in range(1000)), encoding="utf-8")
    daemon = Daemon(str(path), "--speed", "1", config=state("replay"), hang="fsync")
    wait("begun", lambda: CLIENT.exists("cascaded:meta"))
    daemon.end(75, "deadline of 5 s; the snapshot is not saved")


if __name__ == "__main__":
    try:
        wait("Redis", answers)
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", f"{FOLDER.name}/hangs.so"],
                       input=HANGS.encode(), check=True)
        run_tests([a_disk_that_hangs_is_given_up,
                   a_disk_and_redis_that_hang_are_given_up_together,
                   a_disk_that_hangs_during_a_snapshot_is_given_up,
                   a_name_server_that_hangs_holds_nobody_up,
                   a_webhook_under_way_and_a_slow_client_hold_nobody_up,
                   a_replay_of_a_file_that_nobody_writes_to_is_ended,
                   a_replay_whose_disk_hangs_is_given_up])
    finally:
        SERVER.terminate()
