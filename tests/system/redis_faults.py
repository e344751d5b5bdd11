#!/usr/bin/env python3
"""The Redis sink against real servers that fail: whatever happens to Redis, in the end it holds
exactly what it should, and each fault is reported once.

Drives tests/oracle/sink_drive.c. Without arguments every case runs; else those named.
"""
# tests/run: beside others
import contextlib
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import http_lab  # noqa: E402
import processes  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer, free_port, tls_options  # noqa: E402
from sink_drive import (CASCADED, PREFIX, Drive, content, crossings, documented_acl,  # noqa: E402
                        lookup, setting)
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

import redis  # noqa: E402

SEED = 20261122


# ── cases ──────────────────────────────────────────────────────────────────────────────────────

@case
def everything_is_written_and_what_is_gone_is_removed():
    with setting() as (server, sink):
        sink.fill(1)
        sink.handle("x:1", "x:ann")
        sink.bulk(5000, 3)
        sink.check(server.client)
        assert 89900 < server.client.ttl(PREFIX + "user:x:1") <= 90000
        assert server.client.hget(PREFIX + "meta", "schema") == b"1"
        sink.unset("user", "x:1", "name")
        sink.handle("x:1", "x:anna")
        sink.board("mentions:1h", "x:1", 0)
        sink.drop("cascade", "x:9")
        sink.drop("user", "b17")
        sink.cursor("src", "other", 2)
        sink.check(server.client)


@case
def keys_of_an_earlier_run_are_removed_and_others_stay():
    with processes.temporary() as folder:
        server = RedisServer(folder=folder)
        prefix = "c*[a]\\:"
        for i in range(3000):
            server.client.hset(f"{prefix}user:{i}", "posts:1h", 1)
        server.client.set(f"{prefix}handle:x:old", "x:1")
        others = [f"{prefix}alerts", "cZ[a]\\:user:1", "ca:user:1", "cascaded:user:1"]
        for key in others:
            server.client.set(key, "kept")
        sink = Drive(server.url, f"redis.prefix={prefix}")
        sink.hash("user", "new", "name", "n")
        sink.finish()
        keys = {k.decode() for k in server.client.scan_iter(count=10000)}
        new = {prefix + k for k in ("user:new", "meta", "epoch", "owner")}
        assert keys == new | set(others), keys
        assert sink.metrics()["cascaded_redis_keys_purged_total"] == 3001
        sink.close()
        server.kill()


@case
def keys_of_other_programs_under_the_prefix_stay():
    with processes.temporary() as folder:
        server = RedisServer(folder=folder)
        client = server.client
        client.set(f"{PREFIX}user:17", "a session")
        client.lpush(f"{PREFIX}cascade:17", "a job")
        client.hset(f"{PREFIX}handle:x:door", "colour", "red")
        client.hset(f"{PREFIX}top:mentions:5m", "colour", "red")
        client.zadd(f"{PREFIX}top:score", {"a player": 1})
        client.zadd(f"{PREFIX}top:league:2024", {"a team": 1})
        client.zadd(f"{PREFIX}top:score:1h", {"a player": 1})
        client.zadd(f"{PREFIX}campaign:spring:top:clicks:1h", {"a link": 1})
        client.hset(f"{PREFIX}campaign:spring", mapping={"clicks:1h": 1})
        client.hset(f"{PREFIX}campaign:spring:outreach:x:1", mapping={"rate": 1, "followers": 7})
        client.hset(f"{PREFIX}carrier:ship", mapping={"people": 7, "next": "Oslo"})
        client.set(f"{PREFIX}handle:door", "a grip")
        client.set(f"{PREFIX}handle:x:grip", "somebody else's")
        client.hset(f"{PREFIX}user:theirs", mapping={"name": "Ann", "email": "a@example.org"})
        client.hset(f"{PREFIX}user:theirs2", mapping={"name": "Ann", "followers": 3})
        client.hset(f"{PREFIX}user:theirs3", mapping={"posts:1h": 3, "seen": 5})
        client.hset(f"{PREFIX}user:theirs4", mapping={f"visits:{i}h": 1 for i in range(1, 400)})
        client.hset(f"{PREFIX}user:theirs5", mapping={"visits:1h": 3})
        client.hset(f"{PREFIX}cascade:theirs3", mapping={"size": 3, "text": "water"})
        client.hset(f"{PREFIX}cascade:theirs", mapping={"size": 3, "colour": "red"})
        client.hset(f"{PREFIX}cascade:theirs2", mapping={"text": "water", "state": "open"})
        others = {key: client.dump(key) for key in client.keys()}
        client.hset(f"{PREFIX}user:x:1", "posts:1h", 1)
        client.hset(f"{PREFIX}cascade:x:1", mapping={"size": 1, "amplifiers": 1})
        client.zadd(f"{PREFIX}campaign:spring:top:posts:90m", {"x:1": 1})
        client.hset(f"{PREFIX}campaign:spring:outreach:x:2", mapping={"rate": 1, "acts": 7})
        client.set(f"{PREFIX}handle:x:ann", "x:1")
        client.zadd(f"{PREFIX}top:posts:90m", {"x:1": 1})
        sink = Drive(server.url)
        sink.finish()
        found = {key: client.dump(key) for key in client.keys()}
        own = {PREFIX.encode() + key for key in (b"meta", b"epoch", b"owner")}
        assert {k: v for k, v in found.items() if k not in own} == others, found
        assert sink.metrics()["cascaded_redis_keys_purged_total"] == 6
        sink.close()
        server.kill()


@case
def a_daemon_whose_prefix_begins_with_another_ones_keeps_its_keys():
    for outer, inner in (("a:", "a:b:"), ("a:", "a:user:"), ("a:", "a:top:b:"), ("u", "user:")):
        with processes.temporary() as folder:
            server = RedisServer(folder=folder)
            first = Drive(server.url, f"redis.prefix={inner}")
            first.fill(1)
            first.handle("x:1", "x:ann")
            first.finish()
            first.close()
            wanted = {key: server.client.dump(key) for key in server.client.keys()}
            assert len(wanted) > 7, wanted
            # Left by an earlier life of the outer one; the id holds a word that keys begin with.
            server.client.hset(f"{outer}user:app:user:5", "posts:1h", 1)
            second = Drive(server.url, f"redis.prefix={outer}")
            second.finish()
            own = {f"{outer}{key}".encode() for key in ("meta", "epoch", "owner")}
            found = {key: server.client.dump(key) for key in server.client.keys()}
            assert {k: v for k, v in found.items() if k not in own} == wanted, (outer, inner)
            second.close()
            server.kill()


@case
def a_daemon_that_knows_the_keys_of_its_earlier_run_removes_only_the_others():
    with setting() as (server, sink):
        sink.fill(1)
        sink.bulk(300, 1)
        sink.check(server.client)
        sink.close()
        server.client.hset("cascaded:user:stale", "posts:1h", 1)
        server.client.hset("cascaded:user:b3", "stale field", 1)
        server.process.send_signal(signal.SIGSTOP)  # until the new one knows its things
        again = Drive(server.url)
        again.fill(1)
        again.bulk(300, 1)
        again.metrics()
        server.process.send_signal(signal.SIGCONT)
        again.check(server.client)
        assert again.metrics()["cascaded_redis_keys_purged_total"] == 1
        again.close()


@case
def an_empty_redis_after_a_restart_is_filled_again():
    with setting() as (server, sink):
        sink.fill(1)
        sink.bulk(4000, 1)
        sink.check(server.client)
        server.kill()
        sink.wait_event("LOST")
        sink.fill(2)
        sink.drop("user", "b3")
        server.start()
        sink.check(server.client)
        assert [e[0] for e in sink.events] == ["READY", "LOST", "REWRITE", "RECOVERED"], sink.events


@case
def a_restart_with_older_data_leaves_no_stale_key():
    with setting("--appendonly", "yes") as (server, sink):
        sink.fill(1)
        sink.handle("x:1", "x:ann")
        sink.bulk(2000, 1)
        sink.check(server.client)
        server.kill()
        sink.wait_event("LOST")
        sink.drop("user", "x:1")
        sink.drop("user", "b5")
        sink.board("hashtags:1h", "tea", 9)
        server.start()
        sink.check(server.client)


@case
def a_loading_redis_is_waited_for():
    with setting("--appendonly", "yes", "--aof-use-rdb-preamble", "no") as (server, sink):
        sink.bulk(4000, 1)
        sink.check(server.client)
        server.kill()
        sink.wait_event("LOST")
        sink.bulk(4000, 2)
        server.start("--key-load-delay", "300", "--loading-process-events-interval-bytes", "2048")
        assert "LOADING" in sink.wait_event("TROUBLE")[2]
        sink.check(server.client)
        assert sink.count("TROUBLE") == 1 and sink.count("LOST") == 1, sink.events


@case
def a_stopped_redis_is_noticed_and_its_late_work_harms_nothing():
    for size in (1, 1500, 30000):
        with setting() as (server, sink):
            sink.bulk(size, 1)
            sink.check(server.client)
            server.stop_process()
            sink.bulk(size, 2)
            sink.wait_event("LOST")
            sink.bulk(size, 3)
            sink.drop("user", "b0")
            time.sleep(1)
            server.continue_process()
            sink.wait_event("RECOVERED")
            sink.check(server.client)
            wait("Redis has read what the old connection sent",
                 lambda: len(server.client.client_list()) == 2)
            sink.check(server.client)
            assert not sink.has_event("FENCED"), sink.events


@case
def an_idle_connection_to_a_stopped_redis_is_noticed():
    with setting() as (server, sink):
        sink.wait_event("READY")
        time.sleep(0.5)
        server.stop_process()
        sink.wait_event("LOST")
        server.continue_process()
        sink.wait_event("RECOVERED")


@case
def a_slow_redis_loses_nothing():
    with setting() as (server, sink):
        sink.fill(1)
        sink.check(server.client)
        for seconds in (0.5, 3.5):
            sleeper = threading.Thread(target=server.client.execute_command,
                                       args=("DEBUG", "SLEEP", seconds))
            sleeper.start()
            sink.bulk(8000, int(seconds * 10))
            sink.fill(int(seconds * 10))
            sleeper.join()
            sink.check(server.client)
        assert not sink.has_event("REWRITE"), sink.events


@case
def killed_connections_lose_nothing():
    with setting() as (server, sink):
        sink.wait_event("READY")
        for value in range(12):
            sink.bulk(20000, value)
            for _ in range(3):
                time.sleep(random.random() * 0.05)
                server.client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        sink.check(server.client)
        assert not sink.has_event("FENCED") and not sink.has_event("REWRITE"), sink.events


@case
def a_paused_redis_loses_nothing():
    with setting() as (server, sink):
        sink.wait_event("READY")
        for milliseconds in (1000, 4000):
            server.client.execute_command("CLIENT", "PAUSE", milliseconds, "WRITE")
            sink.fill(milliseconds)
            sink.bulk(3000, milliseconds)
            time.sleep(milliseconds / 1000)
            sink.check(server.client)


@case
def a_full_redis_is_reported_once_and_gets_everything_later():
    with setting() as (server, sink):
        sink.bulk(3000, 1)
        sink.check(server.client)
        server.client.config_set("maxmemory", 1)
        sink.fill(2)
        sink.bulk(3000, 2)
        assert "OOM" in sink.wait_event("TROUBLE")[2]
        sink.fill(3)
        sink.drop("user", "b9")
        asked = calls_of(server.client, "watch")
        wait("it tries again", lambda: calls_of(server.client, "watch") > asked + 4)
        server.client.config_set("maxmemory", 0)
        sink.check(server.client)
        sink.wait_event("RECOVERED")
        assert sink.count("TROUBLE") == 1 and sink.count("LOST") == 0, sink.events


@case
def a_redis_that_cannot_save_is_waited_for():
    with setting("--dbfilename", "taken.rdb") as (server, sink):
        sink.fill(1)
        sink.check(server.client)
        os.mkdir(server.folder / "taken.rdb")
        server.client.config_set("save", "3600 1")
        server.client.execute_command("BGSAVE")
        sink.fill(2)
        assert "MISCONF" in sink.wait_event("TROUBLE")[2]
        server.client.config_set("save", "")
        sink.check(server.client)
        sink.wait_event("RECOVERED")


@case
def a_replica_is_left_when_it_becomes_the_master():
    for stale, word in (("yes", "READONLY"), ("no", "MASTERDOWN")):
        with setting("--replica-serve-stale-data", stale) as (server, sink):
            sink.fill(1)
            sink.check(server.client)
            server.client.execute_command("REPLICAOF", "127.0.0.1", free_port())
            sink.fill(2)
            assert "READONLY" in sink.wait_event("LOST")[2]
            later = Drive(server.url, "redis.prefix=other:")
            assert word in later.wait_event("LOST")[2], later.events
            later.close()
            server.client.execute_command("REPLICAOF", "NO", "ONE")
            sink.check(server.client)
            assert sink.count("LOST") == 1, sink.events


@case
def a_script_that_blocks_redis_is_waited_for():
    with setting("--lua-time-limit", "50") as (server, sink):
        sink.fill(1)
        sink.check(server.client)
        held_up(server)
        sink.fill(2)
        assert "BUSY" in sink.wait_event("TROUBLE")[2]
        server.client.execute_command("SCRIPT", "KILL")
        sink.check(server.client)


@case
def a_login_that_is_refused_is_fatal_at_the_start():
    with processes.temporary() as folder:
        server = RedisServer("--requirepass", "right", folder=folder)
        file = pathlib.Path(folder, "password")
        file.write_text("wrong\n")
        for options, word in ((["redis.password_file=" + str(file)], "WRONGPASS"), ([], "NOAUTH")):
            sink = Drive(server.url, *options)
            _, code, text, _ = sink.wait_event("FATAL")
            assert code == 77 and word in text and "redis.password_file" in text, text
            assert "wrong" not in text.replace("is wrong", ""), text
            shown = lookup(server.url, "x:1", *options)
            assert shown.returncode == 69 and word in shown.stderr, shown
            assert "redis.password_file" in shown.stderr and shown.stderr.count("\n") == 1, shown
            assert [e[0] for e in sink.events] == ["FATAL"], sink.events
            sink.close()
        file.write_text("right\nsecond line\n")
        client = server.connect(password="right")
        sink = Drive(server.url, f"redis.password_file={file}")
        sink.fill(1)
        sink.check(client)
        client.execute_command("ACL", "SETUSER", "reader", "on", ">read", "~*", "+@read")
        other = pathlib.Path(folder, "other")
        other.write_text("read\n")
        for options in ([f"redis.password_file={file}"],
                        ["redis.user=reader", f"redis.password_file={other}"]):
            shown = lookup(server.url, "x:1", *options)
            assert shown.returncode == 0 and "posts" in shown.stdout, shown
        # A password changed under way is read anew with the next connection.
        client.config_set("requirepass", "newer")
        file.write_text("newer")
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        sink.fill(2)
        sink.check(client)
        sink.close()
        server.kill()


@case
def missing_rights_of_the_redis_user_are_reported():
    with processes.temporary() as folder:
        server = RedisServer(folder=folder)
        file = pathlib.Path(folder, "password")
        file.write_text("pw")
        options = ["redis.user=daemon", f"redis.password_file={file}"]
        acl = ("ACL", "SETUSER", "daemon", "reset", "on", ">pw", f"~{PREFIX}*", "+@all")
        server.client.execute_command(*acl, "-hset")
        sink = Drive(server.url, *options)
        sink.fill(1)
        _, code, text, _ = sink.wait_event("FATAL")
        assert code == 77 and "NOPERM" in text and "ACL" in text, text
        sink.close()
        # Without INFO, SCAN's neighbours and the like it works all the same.
        server.client.execute_command(*acl, "-@all", "+@transaction", "+@hash", "+@sortedset",
                                      "+get", "+set", "+incr", "+unlink", "+expire", "+scan",
                                      "+ping", "+select")
        sink = Drive(server.url, *options)
        sink.fill(1)
        sink.check(server.client)
        server.client.execute_command("ACL", "SETUSER", "daemon", "-hset")
        sink.fill(2)
        assert "NOPERM" in sink.wait_event("LOST")[2]
        server.client.execute_command("ACL", "SETUSER", "daemon", "+hset")
        sink.check(server.client)
        sink.close()
        server.kill()


def replay(server, *words):
    """A replay: its exit code, and its lines on standard error."""
    done = subprocess.run([CASCADED, "-o", f"redis.url={server.url}",
                           "-o", "alert.two.min_size=2", "-o", "windows=5m,1h", *words],
                          capture_output=True, text=True, timeout=2 * PATIENCE, check=False)
    return done.returncode, done.stderr.splitlines()


@case
def every_documented_right_that_is_missing_is_named():
    words, rights = documented_acl()
    # What a replay of this kind does not need; INFO is only advice.
    unused = {"auth", "select", "ping", "hlen", "hgetall"}
    with processes.temporary() as folder:
        server = RedisServer(folder=folder)
        pathlib.Path(folder, "pw").write_text("PASSWORD")
        login = ["-o", "redis.user=cascaded", "-o", f"redis.password_file={folder}/pw"]
        file = crossings(folder + "/posts")
        for right in [None, *rights]:
            server.client.flushall()
            server.client.hset(f"{PREFIX}user:x:stale", "posts:1h", 1)
            server.client.execute_command("ACL", "SETUSER", "cascaded", "reset", *words,
                                          *([f"-{right}"] if right else []))
            code, lines = replay(server, *login, "-o", "redis.flush=10ms", "--speed", "5000",
                                 file)
            # On a busy machine one flush may hold all, and take nothing back.
            is_idle = right in ("hdel", "zrem") and code == 0
            if right is None or right in unused or is_idle:
                assert (code, lines) == (0, []), (right, code, lines)
            else:
                assert len(lines) == 1 and f"add the right +{right} to its ACL" in lines[0], (
                    right, lines)
                assert code == (0 if right == "info" else 77), (right, code)
        for words, name in ((["resetkeys", "~other:*"], f"~{PREFIX}*"),
                            (["resetchannels"], f"&{PREFIX}alerts")):
            server.client.execute_command("ACL", "SETUSER", "cascaded", "reset",
                                          *documented_acl()[0], *words)
            code, lines = replay(server, *login, file)
            assert code == 77 and len(lines) == 1 and name in lines[0], (words, lines)
        server.kill()


@case
def a_command_that_was_switched_off_ends_a_replay():
    with processes.temporary() as folder:
        file = crossings(folder + "/posts")
        for command in ("MULTI", "EXEC", "ZADD", "XADD", "PUBLISH", "WATCH"):
            server = RedisServer("--rename-command", command, "", folder=folder)
            code, lines = replay(server, file)
            assert code == 77 and len(lines) == 1, (command, code, lines)
            assert "unknown command" in lines[0] and command.lower() in lines[0].lower(), lines
            assert "rename-command" in lines[0], lines
            server.kill()


@case
def a_database_that_does_not_exist_or_a_password_too_many_ends_a_replay():
    with processes.temporary() as folder:
        server = RedisServer(folder=folder)
        file = crossings(folder + "/posts")
        pathlib.Path(folder, "pw").write_text("PASSWORD")
        code, lines = replay(server, "-o", "redis.db=99", file)
        assert code == 78 and len(lines) == 1 and "redis.db" in lines[0], lines
        code, lines = replay(server, "-o", f"redis.password_file={folder}/pw", file)
        assert code == 77 and len(lines) == 1 and "redis.password_file" in lines[0], lines
        server.kill()


def evil_redis(folder, error):
    """A server that answers every write as Redis does not in a test: with this error."""
    path = f"{folder}/evil.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def answer(words):
        if words[0] in (b"INFO", b"GET"):
            return b"$-1\r\n"
        return b"+OK\r\n" if words[0] == b"WATCH" else b"-%s\r\n" % error

    def talk(peer):
        stream = peer.makefile("rb")
        with contextlib.suppress(OSError, ValueError), peer:
            while head := stream.readline():
                words = [stream.read(int(stream.readline()[1:]) + 2)[:-2]
                         for _ in range(int(head[1:]))]
                peer.sendall(answer(words))

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return path


def out_of_memory(server):
    server.client.config_set("maxmemory", 1)


def unable_to_save(server):
    os.mkdir(f"{server.folder}/dump.rdb")
    server.client.config_set("save", "3600 1")
    server.client.execute_command("BGSAVE")
    wait("saving fails",
         lambda: server.client.info("persistence")["rdb_last_bgsave_status"] == "err")


def without_replicas(server):
    server.client.config_set("min-replicas-to-write", 1)


def read_only(server):
    server.client.execute_command("REPLICAOF", "127.0.0.1", free_port())


def without_its_master(server):
    server.client.config_set("replica-serve-stale-data", "no")
    read_only(server)


def held_up(server):
    server.client.config_set("lua-time-limit", 50)

    def loop():
        with contextlib.suppress(redis.RedisError):
            server.connect().eval("while true do end", 0)

    def is_busy():
        try:
            return not server.client.ping()
        except redis.ResponseError as error:
            return "busy" in str(error).lower()

    threading.Thread(target=loop, daemon=True).start()
    wait("Redis is busy", is_busy)


def full_of_clients(server):
    server.client.config_set("maxclients", 1)
    server.client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def away(server):
    with contextlib.suppress(redis.RedisError):
        server.client.execute_command("SHUTDOWN", "NOSAVE")


# What befalls a Redis for a time: word of its answer, exit code of a replay.
PASSING = [(out_of_memory, "OOM", 75), (unable_to_save, "MISCONF", 75),
           (without_replicas, "NOREPLICAS", 75), (read_only, "READONLY", 75),
           (without_its_master, "MASTERDOWN", 75), (held_up, "BUSY", 75),
           (full_of_clients, "max number of clients", 75), (away, "", 69)]


@case
def a_replay_ends_when_redis_refuses_for_long():
    for befall, word, expected in PASSING:
        for is_late in (False, True):
            if befall is away and not is_late:
                continue  # a first start that finds nobody: give_up
            with processes.temporary() as folder:
                server = RedisServer(folder=folder)
                lines = pathlib.Path(crossings(folder + "/posts")).read_bytes().splitlines(True)
                if not is_late:
                    befall(server)
                process = processes.start(
                    [CASCADED, "-o", f"redis.url={server.url}", "-o", "windows=5m,1h",
                     "-o", "redis.patience=2s", "-o", "redis.flush=10ms", "-"],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                if is_late:
                    process.stdin.write(b"".join(lines[:500]))
                    process.stdin.flush()
                    wait("it writes", lambda: server.client.hget(PREFIX + "meta", "posts"))
                    befall(server)
                output, errors = process.communicate(b"".join(lines[500:]), timeout=PATIENCE)
                said = errors.decode().splitlines()
                told = (befall.__name__, is_late, process.returncode, output, said)
                assert process.returncode == expected and output == b"", told
                assert len(said) == 2 and "redis.patience" in said[1], told
                assert (word in said[1] or is_late and "READONLY" in said[1]), told
                server.kill()


@case
def a_replay_ends_when_redis_refuses_for_good():
    errors = [(b"NOAUTH Authentication required.", 77),
              (b"WRONGPASS invalid username-password pair or user is disabled.", 77),
              (b"NOPERM this user has no permissions to run the 'multi' command", 77),
              (b"NOPERM this user has no permissions to access one of the keys", 77),
              (b"NOPERM this user has no permissions to access one of the channels", 77),
              (b"DENIED Redis is running in protected mode", 77),
              (b"ERR unknown command 'MULTI', with args beginning with: ", 77),
              (b"ERR DB index is out of range", 78),
              (b"ERR invalid password", 77),
              (b"ERR Client sent AUTH, but no password is set", 77),
              (b"MOVED 3999 127.0.0.1:6381", 78), (b"ASK 3999 127.0.0.1:6381", 78),
              (b"CROSSSLOT Keys in request don't hash to the same slot", 78),
              (b"CLUSTERDOWN Hash slot not served", 78),
              (b"TRYAGAIN Multiple keys request during rehashing of slot", 78),
              (b"LOADING Redis is loading the dataset in memory", 75),
              (b"ERR something that no Redis says yet", 75)]
    with processes.temporary() as folder:
        file = crossings(folder + "/posts")
        for error, expected in errors:
            path = evil_redis(folder, error)
            done = subprocess.run([CASCADED, "-o", f"redis.url=unix:{path}", "-o",
                                   "redis.patience=1s", file], capture_output=True, text=True,
                                  timeout=PATIENCE, check=False)
            said = done.stderr.splitlines()
            told = (error, done.returncode, said, done.stdout)
            assert done.returncode == expected and done.stdout == "", told
            assert error.decode().strip() in said[-1], told
            assert len(said) == (2 if expected == 75 else 1), told
            os.unlink(path)


def refusals(daemon):
    page = daemon.ask("GET", "/metrics").text
    return sum(map(int, re.findall(r"^cascaded_redis_(?:errors|connects_failed)_total\S* (\d+)$",
                                   page, re.MULTILINE)))


@case
def a_live_daemon_waits_for_a_redis_that_refuses():
    for befall, word, _ in PASSING:
        if befall is away:
            continue
        with processes.temporary() as folder:
            server = RedisServer(folder=folder)
            befall(server)
            with LiveDaemon(CASCADED, folder, f'redis {{ url = "{server.url}" }}\n' +
                        http_section(folder)) as daemon:
                wait(f"{word} is said", lambda: daemon.said(word))  # pylint: disable=cell-var-from-loop
                wait("it tries again", lambda: refusals(daemon) > 2)  # pylint: disable=cell-var-from-loop
                answer = daemon.ask("GET", "/readyz")
                assert answer.status == 503 and word in answer.text, answer.text
                assert daemon.metric("cascaded_redis_up") == 0
                assert daemon.text().count("Redis at") == 1, daemon.text()
            server.kill()


@contextlib.contextmanager
def staying(*server_options, more=()):
    """A replay that stays, a client of its Redis, and what it wrote to standard error."""
    with processes.temporary() as folder:
        server = RedisServer(*server_options, folder=folder)
        with open(folder + "/err", "w", encoding="utf-8") as errors:
            process = processes.start(
                [CASCADED, "-o", f"redis.url={server.url}", *more, "--stay",
                 crossings(folder + "/posts")], stdout=subprocess.PIPE, stderr=errors)
        assert process.stdout.readline().startswith(b"replayed ")
        yield server.client, lambda: pathlib.Path(folder, "err").read_text("utf-8")
        process.terminate()
        assert process.wait(PATIENCE) == 0
        server.kill()


def is_as_it_was(client, wanted):
    with contextlib.suppress(redis.ResponseError):  # a key of another type
        return content(client) == wanted
    return False


@case
def what_is_not_changed_by_others_is_not_written_again():
    """Everything is checked again and again while posts come: nothing is found."""
    with processes.temporary() as folder:
        server = RedisServer(folder=folder)
        code, lines = replay(server, "-v", "--speed", "300", "-o", "redis.flush=20ms",
                             "-o", "campaign.tea.accounts=app:a9,app:a20,app:a40", crossings(folder + "/posts"))
        found = [line for line in lines if "keys_restored" in line]
        assert code == 0 and (not found or found[0].split()[-1] == "0"), (code, lines[-60:])
        assert not any("were deleted or changed" in line for line in lines), lines[-60:]
        server.kill()


CROWD = "for i = 1, 600000 do redis.call('zadd', KEYS[1], i, 'x:' .. i) end"


@case
def what_others_delete_or_change_is_written_again():
    with staying() as (client, errors):
        wait("a board", lambda: client.zcard(f"{PREFIX}top:retweets:1h"))
        wanted = content(client)
        some = sorted(wanted)[::3]
        handle = next(key for key in wanted if key.startswith("handle:"))
        for what in (lambda: client.delete(f"{PREFIX}top:retweets:1h"),
                     lambda: client.delete(f"{PREFIX}user:app:a43"),
                     lambda: client.hdel(f"{PREFIX}user:app:a44", "network"),
                     lambda: client.delete(f"{PREFIX}cascade:app:p5"),
                     lambda: client.delete(PREFIX + handle),
                     lambda: client.zadd(f"{PREFIX}top:retweets:1h", {"somebody": 9}),
                     lambda: client.eval(CROWD, 1, f"{PREFIX}top:retweets:1h"),
                     lambda: client.zincrby(f"{PREFIX}top:retweets:1h", 3, "app:a49"),
                     lambda: client.zrem(f"{PREFIX}top:hashtags:5m", "tea"),
                     lambda: client.pexpire(f"{PREFIX}user:app:a46", 1),
                     lambda: client.delete(*(PREFIX + key for key in some)),
                     lambda: client.hset(f"{PREFIX}user:app:a45", "retweets:1h", 999),
                     lambda: client.hset(f"{PREFIX}user:app:a47", "handle", "somebody"),
                     lambda: client.hset(f"{PREFIX}cascade:app:p6", "size", 999),
                     lambda: client.hincrby(f"{PREFIX}cascade:app:p7", "retweets", -1),
                     lambda: client.rename(f"{PREFIX}user:app:a48", "elsewhere"),
                     lambda: client.rename(f"{PREFIX}top:retweets:1h", "elsewhere"),
                     lambda: client.expire(f"{PREFIX}top:retweets:1h", 1),
                     lambda: client.set(PREFIX + handle, "x:somebody"),
                     lambda: client.set(f"{PREFIX}user:app:a48", "text"),
                     lambda: client.set(f"{PREFIX}top:posts:1h", "text"),
                     lambda: client.zremrangebyrank(f"{PREFIX}top:retweets:1h", 0, 3),
                     lambda: client.delete(f"{PREFIX}owner", f"{PREFIX}meta"),
                     lambda: client.script_flush(),
                     lambda: client.swapdb(0, 1),
                     lambda: client.flushdb()):
            what()
            wait("Redis is as it was",
                 lambda: is_as_it_was(client, wanted))  # pylint: disable=cell-var-from-loop
            wait("meta", lambda: client.hget(f"{PREFIX}meta", "schema") == b"1")
        assert errors().count("were deleted or changed in Redis") == 1, errors()
        wait("complete", lambda: client.hget(f"{PREFIX}meta", "complete") == b"0")


@case
def keys_of_campaigns_that_others_delete_or_change_are_written_again():
    campaign = f"{PREFIX}campaign:tea"
    with staying(more=("-o", "campaign.tea.accounts=app:a20,app:a21")) as (client, errors):
        wait("the campaign", lambda: client.exists(campaign, f"{campaign}:outreach") == 2)
        person = client.zrange(f"{campaign}:outreach", 0, 0)[0].decode()
        outreach = f"{campaign}:outreach:{person}"
        fading = (b"people", b"acts", b"rate", b"next", b"why")  # as of the moment it is written

        def shown():
            found = {}
            for key in client.scan_iter(match=f"{campaign}*", count=5000):
                is_hash = client.type(key) == b"hash"
                found[key] = client.hgetall(key) if is_hash else dict(client.zrange(key, 0, -1, withscores=True))
                if b":outreach:" in key:
                    found[key] |= {name: b"" for name in fading if name in found[key]}
            return found

        wanted = shown()
        for what in (lambda: client.delete(campaign),
                     lambda: client.delete(f"{campaign}:top:retweets:1h"),
                     lambda: client.delete(outreach),
                     lambda: client.delete(f"{campaign}:outreach"),
                     lambda: client.hset(campaign, "retweets:1h", 999),
                     lambda: client.hdel(outreach, "why"),
                     lambda: client.hset(outreach, "last_ms", 1),
                     lambda: client.zincrby(f"{campaign}:outreach", 3, person),
                     lambda: client.zadd(f"{campaign}:top:hashtags:1h", {"x": 4})):
            what()
            wait("Redis is as it was", lambda: shown() == wanted)
        assert errors().count("were deleted or changed in Redis") == 1, errors()


@case
def a_redis_that_evicts_is_warned_about_once():
    for policy, memory, is_told in (("allkeys-lru", "64mb", True), ("volatile-ttl", "64mb", True),
                                    ("noeviction", "64mb", False), ("allkeys-lru", "0", False)):
        with staying("--maxmemory-policy", policy, "--maxmemory", memory) as (client, errors):
            client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            wait("connected again", lambda: "is reachable again" in errors())
            lines = [line for line in errors().splitlines() if "maxmemory-policy" in line]
            assert len(lines) == is_told and all(policy in line for line in lines), errors()


def calls_of(client, command):
    """How often a server was asked that."""
    return client.info("commandstats").get(f"cmdstat_{command}", {"calls": 0})["calls"]


@case
def a_policy_that_is_changed_later_is_warned_about():
    with setting("--maxmemory", "64mb", "--maxmemory-policy", "noeviction") as (server, sink):
        sink.wait_event("READY")
        server.client.config_set("maxmemory-policy", "allkeys-lru")
        found = sink.wait_event("ADVICE")[2]
        assert "allkeys-lru" in found, found
        asked = calls_of(server.client, "watch")
        wait("checked again", lambda: calls_of(server.client, "watch") > asked + 8)
        assert sink.count("ADVICE") == 1, sink.events


@case
def a_key_is_counted_once_however_often_it_is_read():
    """A member of all boards, with its values; the board of which one entry and all are read."""
    with staying() as (client, errors):
        wait("a board", lambda: client.zcard(f"{PREFIX}top:retweets:1h"))
        wanted = content(client)
        user = client.zrange(f"{PREFIX}top:retweets:1h", 0, 0, desc=True)[0].decode()
        boards = [key for key in wanted if key.startswith("top:") and user in wanted[key]]
        assert len(boards) > 2, boards
        client.delete(f"{PREFIX}user:{user}", f"{PREFIX}{boards[0]}")
        wait("it is found", lambda: "were deleted or changed" in errors())
        assert "cascaded: 2 keys of cascaded were deleted" in errors(), errors()


@case
def a_stream_of_alerts_that_is_deleted_is_reported_once():
    with setting() as (server, sink):
        sink.tell("alert", "viral:x:1:1", "size", 104)
        wait("an alert", lambda: server.client.exists(f"{PREFIX}alerts"))
        server.client.xtrim(f"{PREFIX}alerts", 0)
        asked = calls_of(server.client, "watch")
        wait("checked", lambda: calls_of(server.client, "watch") > asked + 4)
        assert not sink.has_event("REPAIRED"), sink.events
        server.client.delete(f"{PREFIX}alerts")
        found = sink.wait_event("REPAIRED")[2]
        assert f'the stream "{PREFIX}alerts" was deleted' in found and "consumer groups" in found, found
        sink.fill(1)
        sink.check(server.client)
        asked = calls_of(server.client, "watch")
        wait("checked again", lambda: calls_of(server.client, "watch") > asked + 4)
        assert sink.count("REPAIRED") == 1, sink.events


def stream_of(client):
    """The ids of the alerts in the stream, sorted."""
    return sorted(json.loads(fields[b"json"])["id"] for _, fields in client.xrange(f"{PREFIX}alerts"))


@case
def a_stream_of_alerts_that_became_another_type_is_replaced():
    for value in ("set", "lpush", "sadd"):
        with setting() as (server, sink):
            sink.tell("alert", "viral:x:1:1", "size", 104)
            wait("an alert",
                 lambda: server.client.exists(f"{PREFIX}alerts"))  # pylint: disable=cell-var-from-loop
            server.client.delete(f"{PREFIX}alerts")
            server.client.execute_command(value, f"{PREFIX}alerts", "planted")
            sink.tell("alert", "viral:x:2:1", "size", 105)
            wait(value,
                 lambda: server.client.type(f"{PREFIX}alerts") == b"stream")  # pylint: disable=cell-var-from-loop
            sink.check(server.client)
            assert stream_of(server.client) == ["viral:x:2:1"], value
            assert sink.has_event("REPAIRED") and not sink.has_event("TROUBLE"), sink.events


@case
def an_alert_whose_claim_was_deleted_is_not_in_the_stream_twice():
    with setting() as (server, sink):
        sink.tell("alert", "viral:x:1:1", "size", 104)
        sink.tell("alert", "viral:x:2:1", "size", 105)
        wait("two alerts", lambda: server.client.xlen(f"{PREFIX}alerts") == 2)
        for gone in ((), ("alert:viral:x:1:1",), ("alert:viral:x:1:1", "alert:viral:x:2:1")):
            rewrites = sink.count("REWRITE")
            # Everything is written again when the epoch is gone; so are claims then.
            server.client.delete(PREFIX + "epoch", *(PREFIX + key for key in gone))
            wait("noticed",
                 lambda: sink.count("REWRITE") > rewrites)  # pylint: disable=cell-var-from-loop
            wait("claimed",
                 lambda: all(server.client.exists(PREFIX + key) for key in gone))  # pylint: disable=cell-var-from-loop
            sink.check(server.client)
            assert stream_of(server.client) == ["viral:x:1:1", "viral:x:2:1"], gone
        server.client.flushall()
        wait("alerts again", lambda: server.client.exists(f"{PREFIX}alerts"))
        sink.check(server.client)
        assert stream_of(server.client) == ["viral:x:1:1", "viral:x:2:1"]


@case
def a_cursor_that_is_deleted_is_written_again():
    with setting() as (server, sink):
        sink.cursor("src", "pos", 7)
        key = PREFIX + "cursor:src"
        for spoil in (lambda: server.client.delete(key), lambda: server.client.rename(key, "else"),
                      lambda: server.client.set(key, "planted"), lambda: server.client.pexpire(key, 1),
                      lambda: server.client.hset(key, "more", 1)):
            wait("a cursor", lambda: server.client.exists(key))
            spoil()
            wait("written again", lambda: is_good_cursor(server.client, key))
        found = sink.wait_event("REPAIRED")[2]
        assert "1 keys of cascaded were deleted or changed" in found and '"src"' in found, found
        sink.check(server.client)


def is_good_cursor(client, key):
    with contextlib.suppress(redis.ResponseError):  # a key of another type
        return client.hgetall(key) == {b"pos": b"7"}
    return False


@case
def keys_of_a_wrong_type_are_replaced():
    with setting() as (server, sink):
        sink.fill(1)
        sink.hash("user", "x:2", "name", "n")
        sink.check(server.client)
        pipe = server.client.pipeline()
        for key in ("user:x:1", "top:mentions:1h", "meta", "cursor:src", "cascade:x:9"):
            pipe.delete(PREFIX + key)
            pipe.lpush(PREFIX + key, "planted")
        pipe.execute()
        sink.fill(2)
        sink.check(server.client)
        assert server.client.type(PREFIX + "meta") == b"hash"
        assert sink.has_event("REPAIRED") and not sink.has_event("TROUBLE"), sink.events
        for value in ("lpush", "set"):
            server.client.delete(PREFIX + "epoch")
            server.client.execute_command(value, PREFIX + "epoch", "none")
            sink.fill(3)
            sink.check(server.client)
        assert int(server.client.get(PREFIX + "epoch")) >= 1


@case
def flushed_data_is_written_again():
    with setting() as (server, sink):
        sink.fill(1)
        sink.bulk(20000, 1)
        sink.check(server.client)
        for value in range(2, 6):
            sink.bulk(20000, value)
            time.sleep(random.random() * 0.1)
            server.client.flushall()
            sink.check(server.client)
        server.client.flushall()
        wait("noticed when idle", lambda: server.client.exists(PREFIX + "user:x:1"))
        sink.check(server.client)
        assert sink.has_event("REWRITE") and not sink.has_event("FENCED"), sink.events


@case
def an_older_daemon_stops_and_writes_nothing_more():
    with setting() as (server, old):
        old.bulk(20000, 1)
        old.finish()
        new = Drive(server.url)
        new.wait_event("READY")
        old.bulk(20000, 2)
        old.hash("user", "only-old", "name", "n")
        _, code, text, _ = old.wait_event("FENCED")
        assert code == 75 and "redis.prefix" in text, text
        new.bulk(3000, 3)
        new.check(server.client)
        # The older one is at rest for good.
        old.tell("finish", "1s")
        assert old.lines.get(timeout=PATIENCE).startswith("failed"), "a fenced sink cannot finish"
        new.close()


@case
def a_daemon_is_not_fenced_by_its_own_lost_claim():
    """A proxy lets the claim through and loses Redis' answer to it."""
    with processes.temporary() as folder:
        server = RedisServer(folder=folder)
        losses = [2]

        def pump(near):
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as far, near:
                far.connect(server.path)
                near.settimeout(0.02)
                far.settimeout(0.02)
                while True:
                    for source, target in ((near, far), (far, near)):
                        try:
                            data = source.recv(1 << 16)
                        except socket.timeout:
                            continue
                        if not data:
                            return
                        target.sendall(data)
                        if b"INCR" in data and losses[0] > 0:
                            losses[0] -= 1
                            time.sleep(0.1)
                            return

        proxy = socket.socket(socket.AF_UNIX)
        proxy.bind(folder + "/proxy.sock")
        proxy.listen()

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=pump, args=(proxy.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        sink = Drive(f"unix:{folder}/proxy.sock")
        sink.fill(1)
        sink.check(server.client)
        losses[0] = 2
        server.client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        sink.fill(2)
        sink.check(server.client)
        assert losses[0] == 0 and not sink.has_event("FENCED"), (losses, sink.events)
        sink.close()
        proxy.close()
        server.kill()


@case
def a_redis_that_is_not_there_is_fatal_or_waited_for():
    with processes.temporary() as folder:
        path = folder + "/redis.sock"
        sink = Drive(f"unix:{path}", "give_up=500ms")
        _, code, text, _ = sink.wait_event("FATAL")
        assert code == 69, code
        assert text == (f"cannot reach Redis at unix:{path}: No such file or directory; "
                        "start it or set redis.url"), text
        sink.close()
        sink = Drive(f"unix:{path}")
        sink.fill(1)
        sink.wait_event("LOST")
        server = RedisServer(folder=folder)
        sink.check(server.client)
        assert sink.count("LOST") == 1 and sink.count("READY") == 1, sink.events
        sink.close()
        server.kill()


@case
def a_port_and_a_database_are_reached_by_name():
    port = free_port()
    with setting("--port", str(port), "--bind", "127.0.0.1",
                 url=f"redis://localhost:{port}/3") as (server, sink):
        sink.fill(1)
        sink.check(redis.Redis(port=port, db=3))


# ── TLS ────────────────────────────────────────────────────────────────────────────────────────

@case
def tls_works_and_is_verified():
    with processes.temporary() as folder:
        for name in ("good", "wrong_host", "expired"):
            http_lab.make_certificate(folder, name)
        ca = f"redis.ca_file={folder}/ca.pem"
        no_client = ("--tls-auth-clients", "no")
        cases = [
            ("good", "localhost", [ca], no_client, None),
            ("good", "127.0.0.1", [ca], no_client, None),
            ("wrong_host", "localhost", [ca], no_client, "hostname mismatch"),
            ("wrong_host", "127.0.0.1", [ca], no_client, "IP address mismatch"),
            ("expired", "localhost", [ca], no_client, "expired"),
            ("good", "localhost", [], no_client, "self-signed certificate"),
            ("good", "localhost", [ca], (), "certificate"),
            ("good", "localhost", [ca, f"redis.cert_file={folder}/good.pem",
                                   f"redis.key_file={folder}/good.key"], (), None),
            ("good", "localhost", [ca], no_client + ("--tls-protocols", "TLSv1.1",
             "--tls-ciphers", "DEFAULT:@SECLEVEL=0"), "TLS"),
        ]
        for name, host, options, server_options, problem in cases:
            port = free_port()
            server = RedisServer("--tls-port", str(port), *tls_options(folder, name),
                                 *server_options, folder=folder)
            sink = Drive(f"rediss://{host}:{port}", *options)
            shown = lookup(f"rediss://{host}:{port}", "x:1", *options)
            if problem is None:
                sink.bulk(5000, 1)
                sink.fill(1)
                sink.check(server.client)
                shown = lookup(f"rediss://{host}:{port}", "x:1", *options)
                assert shown.returncode == 0 and "mentions" in shown.stdout, shown
            else:
                assert shown.returncode == 69 and problem in shown.stderr, (problem, shown)
                text = sink.wait_event("LOST")[2]
                assert problem in text, (problem, text)
                assert not sink.has_event("READY")
            sink.close()
            server.kill()


# ── servers that are none ──────────────────────────────────────────────────────────────────────

def serve_lies(folder, lie):
    """A server that answers whatever comes with `lie`, as often as the peer takes it."""
    path = f"{folder}/lie.sock"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    connections = []

    def answer(peer):
        with contextlib.suppress(OSError), peer:
            peer.recv(1 << 16)
            for part in lie:
                peer.sendall(part)
            while peer.recv(1 << 16):
                pass

    def accept():
        with contextlib.suppress(OSError):
            while True:
                peer = listener.accept()[0]
                connections.append(time.monotonic())
                threading.Thread(target=answer, args=(peer,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return path, listener, connections


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


@case
def answers_that_are_not_of_redis_are_refused():
    endless = (b"x" * 65536 for _ in range(1 << 16))
    greeting = b"$3\r\nabc\r\n+OK\r\n$-1\r\n$-1\r\n"
    lies = [
        [b"*1000000000\r\n"],
        [b"*-7\r\n"],
        [b"$1000000000\r\n", *([b"y" * 65536] * 64)],
        [b"$99999999999999999999\r\n"],
        [b"+" + b"z" * 65536] + [b"z" * 65536] * 64,
        [b"-ERR flood\r\n" * 4000] * 100,
        [b"*1\r\n" * 20],
        [b"HTTP/1.1 400 Bad Request\r\n\r\n"],
        [b"\0\xff\x17garbage"],
        [greeting + b"+OK\r\n" + b"+QUEUED\r\n" * 2 + b"*7\r\n" + b":1\r\n" * 7 + b"+OK\r\n:1\r\n"],
        [greeting + b":1\r\n" * 6],
        [b"$3\r\nabc\r\n+OK\r\n*0\r\n*0\r\n"],
        [b"%3\r\n", b"+OK\r\n" * 6],
        endless,
    ]
    with processes.temporary() as folder:
        for lie in lies:
            path, listener, connections = serve_lies(folder, lie)
            sink = Drive(f"unix:{path}", "redis.timeout=500ms")
            sink.wait_event("LOST")
            time.sleep(0.5)
            assert resident_kib(sink.process.pid) < 400_000, resident_kib(sink.process.pid)
            assert not sink.has_event("READY") and sink.count("LOST") == 1, sink.events
            first = [at for at in connections if at < connections[0] + 1]
            assert len(first) <= 8, f"{len(first)} connections in a second"
            listener.close()
            os.unlink(path)
            server = RedisServer(name="lie", folder=folder)
            sink.fill(1)
            sink.check(server.client)
            sink.close()
            server.kill()


def is_answered(client):
    try:
        return client.ping()
    except redis.RedisError:
        return False


@case
def the_refusal_of_a_connection_is_quoted():
    with processes.temporary() as folder:
        server = RedisServer("--maxclients", "1", folder=folder)
        wait("the one connection is ours", lambda: is_answered(server.client))
        sink = Drive(server.url)
        assert "max number of clients" in sink.wait_event("LOST")[2], sink.events
        server.client.config_set("maxclients", 100)
        sink.fill(1)
        sink.check(server.client)
        sink.close()
        server.kill()


# ── all together ───────────────────────────────────────────────────────────────────────────────

@case
def whatever_happens_the_end_is_right():
    rng = random.Random(SEED)
    with setting("--appendonly", "yes", "--appendfsync", "no") as (server, sink):
        def kill_clients():
            server.client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

        def restart():
            server.kill()
            time.sleep(rng.random() * 0.3)
            server.start()

        def plant():
            server.client.delete(PREFIX + "user:b1")
            server.client.set(PREFIX + "user:b1", "planted")

        def fill_up():
            server.client.config_set("maxmemory", 1)
            time.sleep(0.2)
            server.client.config_set("maxmemory", 0)

        def stop():
            server.stop_process()
            time.sleep(rng.choice((0.1, 3)))
            server.continue_process()

        faults = [kill_clients, kill_clients, restart, plant, fill_up, stop,
                  lambda: server.client.flushall()]
        for turn in range(40):
            sink.bulk(rng.choice((10, 3000, 15000)), turn)
            for _ in range(50):
                name = f"x:{rng.randrange(60)}"
                sink.hash("user", name, rng.choice(("posts:1h", "reach:24h")), rng.randrange(99))
                sink.board("reach:24h", name, rng.randrange(5))
                if rng.random() < 0.2:
                    sink.drop("user", f"x:{rng.randrange(60)}")
            time.sleep(rng.random() * 0.15)
            if rng.random() < 0.6:
                with contextlib.suppress(redis.exceptions.BusyLoadingError):
                    rng.choice(faults)()
        sink.check(server.client)
        assert not sink.has_event("FENCED"), sink.events


if __name__ == "__main__":
    random.seed(SEED)
    run_cases()
