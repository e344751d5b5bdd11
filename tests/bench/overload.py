#!/usr/bin/env python3
"""A minute of overload: a stream that sends as fast as the daemon takes it. Prints how much was taken,
the greatest resident memory beside what is reserved at the start, how long a turn of the loop took (in
processor time, and as the daemon measures how late its timers are), what was lost, how the daemon ended,
and when all was in Redis after the next start.

usage: tests/bench/overload.py [SECONDS]
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import struct
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from waiting import wait  # noqa: E402

CASCADED = os.path.join(os.environ.get("RELEASE", "build/release"), "cascaded")
AT_ONCE = 500


def lines(first, now):
    """Posts and reshares by many people, of the moment."""
    made = []
    for n in range(first, first + AT_ONCE):
        if n % 3:
            made.append(f'{{"id":"app:{n}","time":{now},"author":{{"id":"app:u{n * 7919 % 900007}",'
                        f'"followers":{n % 999}}},"retweet_of":{{"id":"app:{n - n % 3 - n % 40 * 3}",'
                        f'"author":{{"id":"app:u{n % 5003}"}}}}}}\n')
        else:
            made.append(f'{{"id":"app:{n}","time":{now},"author":{{"id":"app:u{n % 5003}"}},'
                        f'"text":"the post with the number {n} #t{n % 997}",'
                        f'"mentions":[{{"id":"app:u{n * 31 % 70001}"}}]}}\n')
    return "".join(made).encode()


class Stream:
    """Serves one client without end; `sent` lines were taken."""

    def __init__(self, seconds):
        self.seconds, self.sent, self.is_over = seconds, 0, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        client, _ = self.listener.accept()
        client.recv(65536)
        client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            data = lines(self.sent, int(time.time() * 1000))
            client.sendall(b"%x\r\n%s\r\n" % (len(data), data))
            self.sent += AT_ONCE
        self.is_over.set()
        time.sleep(600)


def status_of(pid, name):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(rf"{name}:\s+(\d+) kB", text)[1]) / 1024


def quantile(page, name, part):
    rows = re.findall(rf'^{name}_bucket{{le="([^"]+)"}} (\S+)$', page, re.MULTILINE)
    total = float(rows[-1][1])
    return next(edge for edge, count in rows if float(count) >= part * total)


def preloaded(folder):
    """The environment and the file of tests/bench/loop_turns.c."""
    library, path = folder / "loop_turns.so", folder / "turns"
    subprocess.run(["cc", "-std=c17", "-O1", "-shared", "-fPIC", "-o", library,
                    pathlib.Path(__file__).parent / "loop_turns.c"], check=True)
    path.write_bytes(bytes(8 * 1001))
    return {**os.environ, "LD_PRELOAD": str(library), "LOOP_TURNS": str(path)}, path


def turn_of(path, part):
    """So many milliseconds at most took this part of the turns."""
    counts = struct.unpack("<1001Q", path.read_bytes())
    wanted, seen = part * sum(counts), 0
    for ms, count in enumerate(counts):
        seen += count
        if seen >= wanted:
            return ms + 1
    return None


def boards_agree(daemon, redis):
    """Whether Redis has the boards of the daemon, which are those of its last flush."""
    for board in ("mentions", "retweets", "cascades", "hashtags", "influence"):
        answer = daemon.ask("GET", f"/api/v1/top/{board}/24h?limit=1000")
        entries = {row["id"]: row["value"] for row in json.loads(answer.text)["entries"]}
        key = f"cascaded:top:{board}:24h"
        found = {name.decode(): score for name, score in redis.client.zrange(key, 0, -1, withscores=True)}
        if entries != found:
            return False
    return True


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    folder, redis, stream = processes.folder(), RedisServer(), Stream(seconds)
    environment, turns = preloaded(folder)
    (folder / "token").write_text("token\n", encoding="ascii")
    (folder / "token").chmod(0o600)
    daemon = LiveDaemon(
        CASCADED, folder,
        f'redis {{ url = "{redis.url}" }}\nstate {{ dir = "{folder}/state" every = 15s }}\n'
        f'source "load" {{ url = "http://127.0.0.1:{stream.port}/" format = "post" '
        f'token_file = "{folder}/token" }}\n'
        'alert "viral" { min_size = 90 }\n' + http_section(folder), env=environment)
    daemon.await_start()
    pid = daemon.process.pid
    reserved, peak = status_of(pid, "VmSize"), 0
    while not stream.is_over.wait(0.2):
        peak = max(peak, status_of(pid, "VmRSS"))
    while daemon.metric("cascaded_posts_total") + daemon.metric("cascaded_duplicates_total") < stream.sent:
        peak = max(peak, status_of(pid, "VmRSS"))
        time.sleep(0.2)
    page = daemon.ask("GET", "/metrics").text
    lost = {name: sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", page, re.MULTILINE))
            for name in ("cascaded_posts_refused_total", "cascaded_posts_cut_total",
                         "cascaded_duplicates_total", "cascaded_lines_dropped_total",
                         "cascaded_messages_refused_total")}
    print(f"lines {stream.sent}, {stream.sent / seconds:.0f}/s; counted {daemon.metric('cascaded_posts_total'):.0f}")
    print(f"resident at most {peak:.0f} MB, reserved at the start {reserved:.0f} MB")
    for part in (0.5, 0.99, 0.999, 1):
        print(f"part {part} of the turns: at most {turn_of(turns, part)} ms of processor time, timers late by "
              f"{quantile(page, 'cascaded_loop_delay_seconds', part)} s")
    print("lost", lost)
    counted = daemon.metric("cascaded_posts_total")
    began = time.monotonic()
    daemon.process.terminate()
    print(f"exit code {daemon.process.wait(60)} after {time.monotonic() - began:.1f} s:",
          [line for line in daemon.text().splitlines()[4:]])
    began = time.monotonic()
    daemon.start()
    daemon.await_start()
    restored = daemon.metric("cascaded_posts_total")
    wait("Redis has what was restored", lambda: int(redis.client.hget("cascaded:meta", "posts")) == restored
         and boards_agree(daemon, redis), 300)
    print(f"started again with {restored:.0f} of {counted:.0f} posts; all of these are in Redis after "
          f"{time.monotonic() - began:.1f} s")
    daemon.process.terminate()
    daemon.process.wait(60)


main()
