#!/usr/bin/env python3
"""Redis behind Sentinels: whatever becomes of the master, the next one gets all that it should hold.

A real Sentinel watches a master and a replica. Without arguments every case runs; else those named.
"""
# tests/run: beside others
import contextlib
import json
import pathlib
import socket
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import hook_lab  # noqa: E402
import http_lab  # noqa: E402
import processes  # noqa: E402
from redis_server import RedisServer, Sentinel, free_port, tls_options  # noqa: E402
from sink_drive import (CASCADED, CASCADECTL, PREFIX, Drive, content, crossings,  # noqa: E402
                        differences, documented_acl, lookup)
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

import redis  # noqa: E402
from redis.backoff import ConstantBackoff  # noqa: E402
from redis.retry import Retry  # noqa: E402

FIRST = 1200  # posts of crossings(); 300 alerts come in them, and as many after
# A Sentinel closes the connections of a server whose role it changes, those of the test as well.
PERSISTENT = {"retry": Retry(ConstantBackoff(0.05), 20), "retry_on_error": [redis.ConnectionError]}


class World:
    """A master, its replica and a Sentinel that knows both."""

    def __init__(self, folder):
        self.folder = folder
        self.ports = [free_port(), free_port()]
        self.master = self.server("master", self.ports[0])
        self.replica = self.server("replica", self.ports[1],
                                   "--replicaof", f"127.0.0.1 {self.ports[0]}")
        wait("the replica is linked",
             lambda: self.replica.client.info("replication")["master_link_status"] == "up")
        self.port = free_port()
        Sentinel(folder, self.port, f"port {self.port}",
                 f"sentinel monitor main 127.0.0.1 {self.ports[0]} 1",
                 "sentinel down-after-milliseconds main 1000", "sentinel failover-timeout main 3000")
        self.sentinel = redis.Redis(port=self.port, decode_responses=True, socket_timeout=PATIENCE)
        wait("the Sentinel knows the replica", self.knows_replica)
        self.url = f"sentinel://127.0.0.1:{self.port}/main"

    def server(self, name, port, *more):
        folder = pathlib.Path(self.folder, name)
        folder.mkdir()
        server = RedisServer("--port", str(port), "--repl-diskless-sync-delay", "0", *more,
                             folder=folder)
        server.client = server.connect(**PERSISTENT)
        return server

    def knows_replica(self):
        with contextlib.suppress(redis.RedisError):
            return [each["port"] for each in self.sentinel.sentinel_slaves("main")
                    if not each["is_slave"] or each["flags"] == "slave"] == [self.ports[1]]
        return False

    def settle(self):
        """Until the replica has what the master has."""
        assert self.master.client.wait(1, PATIENCE * 1000) == 1

    def start_failover(self):
        with contextlib.suppress(redis.ResponseError):  # the replica is not good enough yet
            return self.sentinel.execute_command("SENTINEL FAILOVER main") in (True, "OK")
        return False

    def promote(self):
        wait("the Sentinel begins a failover", self.start_failover)

    def kill(self):
        self.master.kill()

    def freeze(self):
        self.master.stop_process()

    def isolate(self):
        """What the master takes from now on never reaches the replica, which is stopped."""
        self.settle()
        self.replica.stop_process()
        self.master.client.execute_command("CLIENT", "KILL", "TYPE", "replica")

    def lose_master(self):
        self.kill()
        self.replica.continue_process()
        self.await_promotion()

    def await_demotion(self):
        wait("the old master is a replica", lambda: self.master.client.role()[0] == b"slave")

    def is_promoted(self):
        with contextlib.suppress(redis.ConnectionError):  # the Sentinel closes connections then
            return self.replica.client.role()[0] == b"master"
        return False

    def await_promotion(self):
        wait("the replica is the master", self.is_promoted)


@contextlib.contextmanager
def world():
    with processes.temporary() as folder:
        made = World(folder)
        yield made
        for server in (made.master, made.replica):
            server.continue_process()


class FakeSentinel:
    """Gives one answer after the other, the last one for ever; None: never an answer."""

    def __init__(self, *answers):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.answers = list(answers)
        self.kept = []
        self.asked = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.listener.accept()
            self.asked += 1
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if answer is None:
                self.kept.append(peer)
                continue
            with contextlib.suppress(OSError):
                peer.recv(1000)
                # In two pieces.
                peer.sendall(answer[:7])
                peer.sendall(answer[7:])
                peer.close()


def bulks(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def naming(port, flags=b"master", epoch=0, run_id=b""):
    """Answers to GET-MASTER-ADDR-BY-NAME and to MASTER."""
    return (bulks(b"127.0.0.1", b"%d" % port)
            + bulks(b"name", b"main", b"runid", run_id, b"flags", flags, b"config-epoch", b"%d" % epoch))


def alert_ids(client):
    return [json.loads(entry[b"json"])["id"] for _, entry in client.xrange(PREFIX + "alerts")]


# ── cases ──────────────────────────────────────────────────────────────────────────────────────

@case
def the_new_master_is_followed_however_the_old_one_ends():
    for end in (World.promote, World.kill, World.freeze):
        with world() as at:
            # The first Sentinel is not there, and another one does not know the name.
            unknowing = FakeSentinel(b"*-1\r\n")
            url = (f"sentinel://127.0.0.1:{free_port()},127.0.0.1:{unknowing.port},"
                   f"127.0.0.1:{at.port}/main/2")
            sink = Drive(url)
            for server in (at.master, at.replica):
                server.client.connection_pool.connection_kwargs["db"] = 2
                server.client.connection_pool.reset()
            sink.fill(1)
            sink.handle("x:1", "x:ann")
            sink.bulk(2000, 1)
            sink.tell("alert", "x:1", "size", 5)
            sink.check(at.master.client)
            at.settle()
            end(at)
            sink.fill(2)
            sink.drop("user", "b5")
            sink.handle("x:1", "x:anna")
            sink.bulk(2500, 2)
            sink.wait_event("LOST")
            sink.tell("alert", "x:2", "size", 6)
            sink.board("mentions:1h", "x:3", 3)
            sink.wait_event("RECOVERED")
            at.await_promotion()
            sink.check(at.replica.client)
            ids = alert_ids(at.replica.client)
            assert len(ids) == len(set(ids)) == 2, (end, ids)
            assert sink.count("LOST") == 1 and not sink.has_event("FATAL"), (end, sink.events)
            sink.close()


def replay(url, file, disturb):
    """Replays the file, in two parts with whatever is done between them."""
    with processes.start(
            [CASCADED, "-o", f"redis.url={url}", "-o", "alert.two.min_size=2",
             "-o", "windows=5m,1h", "-o", "redis.flush=10ms", "-"],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        lines = pathlib.Path(file).read_bytes().splitlines(keepends=True)
        process.stdin.write(b"".join(lines[:FIRST]))
        process.stdin.flush()
        disturb(lambda: process.stdin.write(b"".join(lines[FIRST:])) and process.stdin.flush())
        errors = process.communicate(timeout=PATIENCE)[1].decode()
    assert process.returncode == 0, errors
    return errors


@case
def a_replay_through_a_failover_writes_what_an_undisturbed_one_does():
    with processes.temporary() as folder:
        file = crossings(folder + "/posts")
        calm = RedisServer(folder=folder)

        def note(go_on):
            wait("the first part is written", lambda: len(alert_ids(calm.client)) == 300)
            go_on()

        replay(calm.url, file, note)
        expected, alerts = content(calm.client), sorted(alert_ids(calm.client))
        assert len(expected) > 1000 and len(set(alerts)) == len(alerts) == 600, len(alerts)
        for end in (World.promote, World.kill):
            with world() as at:
                def disturb(go_on):
                    wait("the first part is written",
                         lambda: len(alert_ids(at.master.client)) == 300)
                    at.settle()
                    end(at)
                    if end == World.promote:
                        # What the old master takes before it knows that it is a replica goes
                        # away; keys are repaired, alerts are not.
                        at.await_demotion()
                    go_on()
                    at.await_promotion()
                    wait("the second part is written",
                         lambda: len(alert_ids(at.replica.client)) == 600)

                errors = replay(at.url, file, disturb)
                found = content(at.replica.client)
                assert found == expected, differences(found, expected)
                assert sorted(alert_ids(at.replica.client)) == alerts, end
                assert errors.count("lost Redis") == 1, errors
                name = next(key for key in expected if key.startswith("user:"))[len("user:"):]
                shown = subprocess.run(
                    [CASCADECTL, "-r", at.url.replace("://", f"://127.0.0.1:{free_port()},"),
                     "user", name], check=True, capture_output=True, timeout=PATIENCE)
                assert name.encode() in shown.stdout, shown
        calm.kill()


@case
def a_replay_that_ends_during_a_failover_writes_to_the_new_master():
    with processes.temporary() as folder:
        file = crossings(folder + "/posts")
        calm = RedisServer(folder=folder)
        replay(calm.url, file, lambda go_on: go_on())
        expected, alerts = content(calm.client), sorted(alert_ids(calm.client))
        calm.kill()
        # The old master accepts writes until its Sentinel makes it a replica.
        for moments in ((World.promote,), (World.promote, World.await_promotion), (World.freeze,),
                        (World.kill,)):
            with world() as at:
                def disturb(go_on):
                    wait("the first part is written",
                         lambda: len(alert_ids(at.master.client)) == 300)
                    at.settle()
                    for moment in moments:
                        moment(at)
                    go_on()

                replay(at.url, file, disturb)
                at.await_promotion()
                found = content(at.replica.client)
                assert found == expected, (moments, differences(found, expected))
                assert sorted(alert_ids(at.replica.client)) == alerts, moments


@case
def success_is_reported_when_the_sentinels_of_the_greatest_epoch_agree():
    with processes.temporary() as folder:
        for name in ("here", "there"):
            pathlib.Path(folder, name).mkdir()
        port, other = free_port(), free_port()
        here = RedisServer("--port", str(port), folder=f"{folder}/here")
        there = RedisServer("--port", str(other), folder=f"{folder}/there")
        run_id = here.client.info("server")["run_id"].encode()
        first, agreed = naming(port), naming(port, epoch=7)
        for answers, asked in (
                # None knows better: the address, or another name of the same process.
                ([[first, agreed]], 2),
                ([[first, naming(port)], [naming(other, epoch=7, run_id=run_id)]], 2),
                # A Sentinel that missed a failover does not count, one that is gone neither.
                ([[first, agreed], [naming(other, epoch=6)], [b"-ERR no\r\n"]], 2),
                # Without the right to ask for more than the address.
                ([[first, bulks(b"127.0.0.1", b"%d" % port) + b"-NOPERM no\r\n"]], 2),
                # A failover is under way, or may begin, and is given up.
                ([[first, naming(port, b"master,failover_in_progress"), agreed]], 3),
                ([[first, naming(port, b"s_down,o_down,master"), agreed]], 3),
                ([[first, naming(other, b"master,failover_in_progress"), agreed]], 3),
                # At first no Sentinel answers.
                ([[first, b"", b"-ERR no\r\n", agreed]], 4)):
            fakes = [FakeSentinel(*each) for each in answers]
            sink = Drive("sentinel://" + ",".join(f"127.0.0.1:{fake.port}" for fake in fakes)
                         + "/main")
            sink.fill(1)
            sink.check(here.client)
            assert fakes[0].asked == asked, (answers, fakes[0].asked)
            assert sink.count("TROUBLE") == sink.count("RECOVERED") == (asked > 2), sink.events
            assert not sink.has_event("LOST"), sink.events
            sink.close()
        # Another server is the master now.
        for answers in ([[first, naming(other)]],
                        [[first, naming(port, epoch=6), naming(other)], [naming(other, epoch=7)]]):
            fakes = [FakeSentinel(*each) for each in answers]
            sink = Drive("sentinel://" + ",".join(f"127.0.0.1:{fake.port}" for fake in fakes)
                         + "/main")
            sink.fill(1)
            sink.check(there.client)
            assert f"name redis://127.0.0.1:{other}" in sink.wait_event("LOST")[2], sink.events
            sink.close()
        # Nobody says so, until the time is over.
        silent = FakeSentinel(first, b"-ERR not now\r\n")
        sink = Drive(f"sentinel://127.0.0.1:{silent.port}/main")
        sink.fill(1)
        sink.tell("finish", "700ms")
        answer = sink.lines.get(timeout=PATIENCE)
        assert answer.startswith("failed") and "perhaps not to the master" in answer, answer
        sink.close()
        for server in (here, there):
            server.kill()


@case
def sentinels_that_do_not_help_are_named_once():
    with processes.temporary() as folder:
        server = RedisServer(folder=folder)
        port = free_port()
        server.client.config_set("port", port)
        for named, why in ((free_port(), "refused"),
                           (FakeSentinel(b"*-1\r\n").port, 'it has no master "main"'),
                           (FakeSentinel(b"$-1\r\n").port, 'it has no master "main"'),
                           (FakeSentinel(b"-NOAUTH no\r\n").port, "redis.sentinel_password_file"),
                           (FakeSentinel(b"").port, "closed the connection"),
                           (FakeSentinel(b"+PONG\r\n").port, "not a Sentinel"),
                           (FakeSentinel(b"*2\r\n$1\r\nh\r\n$1\r\n0\r\n").port, "no address"),
                           (FakeSentinel(b"*2\r\n$3\r\nh\nh\r\n$1\r\n1\r\n").port, "no address"),
                           (FakeSentinel(b"bad\r\n").port, "protocol error"),
                           (FakeSentinel(None).port, "no answer"),
                           (port, "unknown command")):
            other = free_port()
            sink = Drive(f"sentinel://127.0.0.1:{named},127.0.0.1:{other}/main",
                         "redis.connect_timeout=400ms")
            text = sink.wait_event("LOST")[2]
            assert f"127.0.0.1:{named},127.0.0.1:{other}/main" in text and why in text, text
            assert f"Sentinel 127.0.0.1:{other}: Connection refused" in text, text
            wait("it tries again",
                 lambda: sink.metrics()["cascaded_redis_connects_failed_total"] > 3)
            assert sink.count("LOST") == 1, sink.events
            sink.close()
        server.kill()


@case
def a_sentinel_where_a_server_is_expected_is_named_as_one():
    with world() as here:
        for database, expected in (("", "this server is a Sentinel; set redis.url = sentinel://"),
                                   ("/2", "the address of a Sentinel is written sentinel://")):
            url = f"redis://127.0.0.1:{here.port}{database}"
            done = subprocess.run([CASCADED, "-o", f"redis.url={url}", "-"],
                                  input=b"", capture_output=True, timeout=PATIENCE, check=False)
            lines = done.stderr.decode().splitlines()
            assert expected in lines[-1] and len(lines) == 1, lines
            assert done.returncode == (77 if database else 78), done
            shown = lookup(url, "x:1")
            assert shown.returncode == 69 and "sentinel://" in shown.stderr, shown


@case
def a_sentinel_with_an_old_view_is_asked_again():
    with world() as at:
        words, _ = documented_acl()
        pathlib.Path(at.folder, "pw").write_text("PASSWORD", encoding="utf-8")
        for server in (at.master, at.replica):
            server.client.execute_command("ACL", "SETUSER", "cascaded", "reset", *words)
        login = ("redis.user=cascaded", f"redis.password_file={at.folder}/pw")
        # Without the right to ask for the role the first write shows it; it is lacking at first.
        for right, said in (("-role", "READONLY"), ("+role", "its role is slave")):
            stale = FakeSentinel(naming(at.ports[1]), naming(at.ports[1]), naming(at.ports[0]))
            for server in (at.master, at.replica):
                server.client.execute_command("ACL", "SETUSER", "cascaded", right)
            sink = Drive(f"sentinel://127.0.0.1:{stale.port}/main", *login)
            sink.fill(3)
            text = sink.wait_event("LOST")[2]
            assert said in text and text.endswith("asking the Sentinels for the master again")
            sink.check(at.master.client)
            assert stale.asked >= 3 and sink.count("LOST") == 1, sink.events
            sink.close()


@case
def sentinels_that_want_a_password_or_tls_are_asked_with_them():
    with processes.temporary() as folder:
        http_lab.make_certificate(folder, "good")
        tls = [*tls_options(folder, "good"), "--tls-auth-clients", "no"]
        port, plain = free_port(), free_port()
        server = RedisServer("--tls-port", str(port), *tls, "--port", str(plain), folder=folder)
        for user, is_tls in ((None, False), ("daemon", False), ("daemon", True)):
            at = free_port()
            lines = [f"port {0 if is_tls else at}", "requirepass for-others",
                     f"sentinel monitor main 127.0.0.1 {port if is_tls else plain} 1",
                     "user daemon reset on >spoken +auth +sentinel|get-master-addr-by-name"]
            if is_tls:
                lines += [f"tls-port {at}", "tls-replication yes"]
            sentinel = Sentinel(folder, at, *lines, options=tls if is_tls else ())
            url = f"sentinel{'s' if is_tls else ''}://127.0.0.1:{at}/main"
            more = [f"redis.ca_file={folder}/ca.pem"] if is_tls else []
            more += [f"redis.sentinel_user={user}"] if user else []
            file = pathlib.Path(folder, "password")
            file.write_text("wrong\n", encoding="utf-8")
            if not user:
                sink = Drive(url, *more)
                text = sink.wait_event("LOST")[2]
                wait(text, lambda: "refused" in text or "redis.sentinel_password_file" in text)
                sink.close()
            more += [f"redis.sentinel_password_file={file}"]
            sink = Drive(url, *more)
            sink.fill(1)
            sink.wait_event("LOST")
            assert not sink.has_event("READY"), sink.events
            file.write_text("spoken\n" if user else "for-others\n", encoding="utf-8")
            sink.check(server.client)
            sink.close()
            shown = lookup(url, "x:1", *more)
            assert shown.returncode == 0 and "posts" in shown.stdout, shown
            sentinel.kill()
        server.kill()


@case
def a_sentinel_that_is_silent_is_passed_over():
    with world() as at:
        silent = FakeSentinel(None)
        sink = Drive(f"sentinel://127.0.0.1:{silent.port},127.0.0.1:{at.port}/main",
                     "redis.connect_timeout=1s")
        sink.fill(1)
        sink.check(at.master.client)
        # Once for the master, and once whether it still is the master.
        assert silent.asked == 2 and not sink.has_event("LOST"), sink.events
        sink.close()


@case
def alerts_that_only_the_old_master_had_reach_the_new_one_and_webhooks_get_each_once():
    with world() as at:
        go_on = threading.Event()

        def answer_late(connection):
            go_on.wait(PATIENCE)
            connection.sendall(b"HTTP/1.1 204 Said\r\nContent-Length: 0\r\n\r\n")

        # One is acknowledged before the old master goes, one after it; of the third the old
        # master alone knows that it was, the fourth is only under way when it goes.
        hooks = [hook_lab.Hook(204), hook_lab.Hook(answer_late, 204),
                 hook_lab.Hook(204, 204, 500, 204)]
        options = []
        for number, hook in enumerate(hooks):
            hook_lab.make_secret(pathlib.Path(at.folder, f"secret{number}"), bytes(range(32)))
            options += [f"webhook.h{number}.url={hook.url}", f"webhook.h{number}.allow_private=true",
                        f"webhook.h{number}.secret_file={at.folder}/secret{number}"]
        sink = Drive(at.url, "redis.flush=20ms", *options)
        sink.fill(1)
        sink.tell("alert", "x:1", "size", 5)
        sink.check(at.master.client)
        wait("the first one is delivered",
             lambda: not at.master.client.hlen(PREFIX + "outbox:h0")
                 and len(hooks[1].requests) == 1)
        at.isolate()
        go_on.set()
        wait("acknowledged, and only the old master knows",
             lambda: not at.master.client.hlen(PREFIX + "outbox:h1"))
        for name in ("x:2", "x:3"):
            sink.tell("alert", name, "size", 6)
            wait("each is sent", lambda: all(len(hook.requests) == int(name[2:]) for hook in hooks))
        sink.fill(2)
        sink.check(at.master.client)
        entries = at.master.client.xrange(PREFIX + "alerts")
        assert at.master.client.hlen(PREFIX + "outbox:h2") == 1 and len(entries) == 3
        at.lose_master()
        sink.tell("alert", "x:4", "size", 7)
        sink.fill(3)
        sink.wait_event("RECOVERED")
        sink.check(at.replica.client)
        assert at.replica.client.xrange(PREFIX + "alerts")[:3] == entries, "as they were"
        ids = alert_ids(at.replica.client)
        assert len(ids) == len(set(ids)) == 4, ids
        for claim in ids:
            assert at.replica.client.exists(f"{PREFIX}alert:{claim}"), claim
        assert at.replica.client.ttl(PREFIX + "outbox:h2") != -1
        wait("all is acknowledged",
             lambda: not any(at.replica.client.hlen(f"{PREFIX}outbox:h{i}")
                 for i in range(3)))
        for number, hook in enumerate(hooks):
            sent = sorted(hook.ids())
            assert sorted(set(sent)) == sorted(ids), (number, sent)
            # The third one of h2 was refused at first.
            assert len(sent) == 4 + (number == 2), (number, sent)
            hook.close()
        sink.close()


@case
def alerts_come_back_after_a_flushall_and_no_reader_gets_one_twice():
    with processes.temporary() as folder:
        server = RedisServer(folder=folder)
        sink = Drive(server.url)
        for i in range(100):
            sink.tell("alert", f"x:{i}", "size", 5)
        sink.check(server.client)
        entries = server.client.xrange(PREFIX + "alerts")
        assert len(entries) == 100
        server.client.flushall()
        sink.fill(2)
        wait("the stream is as it was", lambda: server.client.xrange(PREFIX + "alerts") == entries)
        sink.check(server.client)
        assert not server.client.xread({PREFIX + "alerts": entries[-1][0]})
        # A planted key does not stop it.
        server.client.flushall()
        server.client.set(PREFIX + "alerts", "planted")
        wait("again", lambda: server.client.type(PREFIX + "alerts") == b"stream")
        sink.check(server.client)
        assert server.client.xrange(PREFIX + "alerts") == entries
        sink.close()
        server.kill()


if __name__ == "__main__":
    run_cases()
