#!/usr/bin/env python3
"""Topics of Kafka as sources, with librdkafka's mock cluster and a real Redis.

    kafka.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from kafka_lab import Cluster  # noqa: E402
from live_daemon import LiveDaemon  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402
from x_stream import page  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect(decode_responses=True)
PARTITIONS = 4
UNKNOWN_TOPIC, NOT_AUTHORIZED = 3, 29  # errors of the protocol


class Daemon(LiveDaemon):
    def __init__(self, config, keeps=False):
        if not keeps:
            CLIENT.flushall()
        super().__init__(CASCADED, FOLDER, config)
        self.await_start()

    def write(self, config):
        super().write(f'redis {{ url = "{SERVER.url}" }} http {{ listen = "127.0.0.1:0" }}\n' + config)


def state(name):
    return f'state {{ dir = "{FOLDER}/{name}" every = 1s }}\n'


def post(number, **more):
    """One that mentions somebody, so that it can be counted."""
    return json.dumps({"id": f"app:{number}", "time": round(time.time() * 1000),
                       "author": {"id": f"app:a{number}"}, "text": "hello @bob", **more})


def mentions():
    return float(CLIENT.hget("cascaded:user:app:@bob", "mentions:1h") or 0)


def posts():
    return int(CLIENT.hget("cascaded:meta", "posts") or 0)


def cursor(name="k"):
    return CLIENT.hgetall(f"cascaded:cursor:{name}")


def gaps(name="k"):
    return [json.loads(text) for field, text in CLIENT.hgetall(f"cascaded:gaps:{name}").items()
            if field.isdigit()]


def await_live(partitions=PARTITIONS):
    """Until it has a place in each partition, and this is in Redis."""
    wait("a place in each partition", lambda: cursor().get("offsets", "").count(":") == partitions)


class Feed:
    """Posts with numbers from 1 on, round the partitions of a topic."""

    def __init__(self, cluster, topic="posts", partitions=PARTITIONS):
        self.cluster, self.topic, self.partitions, self.count = cluster, topic, partitions, 0
        cluster.topic(topic, partitions)

    def send(self, count):
        for _ in range(count):
            self.count += 1
            self.cluster.send(self.topic, self.count % self.partitions, post(self.count))


@case
def all_partitions_are_counted_from_the_start_on():
    feed = Feed(Cluster())
    feed.send(8)  # before it follows: not counted
    with Daemon(feed.cluster.source("k", "posts")) as daemon:
        await_live()
        feed.send(40)
        wait("counted", lambda: mentions() == 40)
        place = cursor()
        assert place["offsets"] == "0:12,1:12,2:12,3:12", place
        assert (place["wire"], place["kind"], place["value"]) == ("kafka", "offsets", "48"), place
        assert place["host"] == f"{feed.cluster.brokers[0]}/posts", place
        assert daemon.metric('cascaded_source_messages_read_total{source="k"}') == 40
        assert daemon.metric('cascaded_source_state{state="live",source="k"}') == 1
        assert daemon.said('source "k": live'), daemon.text()


@case
def a_message_that_cannot_be_used_costs_that_message():
    feed = Feed(Cluster(), partitions=1)
    with Daemon(feed.cluster.source("k", "posts")) as daemon:
        await_live(1)
        feed.send(1)
        feed.cluster.send("posts", 0)                     # without a value
        feed.cluster.send("posts", 0, "no JSON")
        feed.cluster.send("posts", 0, "[" + ",".join(post(number) for number in (50, 51)) + "]")
        feed.cluster.send("posts", 0, '{"id":"app:9"}')
        feed.send(1)
        wait("counted", lambda: mentions() == 4)
        wait("the place", lambda: cursor()["offsets"] == "0:6")
        assert daemon.metric('cascaded_source_signs_read_total{source="k"}') == 1
        assert daemon.metric('cascaded_input_total{outcome="rejected",source="k"}') == 2


@case
def a_page_of_500_posts_of_x_is_one_message():
    cluster = Cluster()
    cluster.topic("posts", 1)
    with Daemon(cluster.source("k", "posts")) as daemon:
        await_live(1)
        cluster.send("posts", 0, page(500).decode())
        wait("counted", lambda: posts() == 500)
        assert CLIENT.hget("cascaded:user:x:2", "mentions:1h") == "500"
        assert daemon.metric('cascaded_input_total{outcome="rejected",source="k"}') == 0


@case
def a_killed_daemon_goes_on_where_the_counters_end():
    feed = Feed(Cluster())
    config = state("killed") + feed.cluster.source("k", "posts")
    daemon = Daemon(config)
    await_live()
    for _ in range(3):
        feed.send(30)
        wait("some are counted", lambda: mentions() > feed.count - 30)
        daemon.kill()
        feed.send(25)
        daemon = Daemon(config, keeps=True)
    wait("all are counted", lambda: mentions() == feed.count)
    wait("all gaps are recovered", lambda: gaps() and all(gap["recovered"] for gap in gaps()))
    assert posts() == feed.count, (posts(), feed.count)
    daemon.end()
    # After an orderly end, too.
    feed.send(10)
    with Daemon(config, keeps=True):
        wait("all are counted", lambda: mentions() == feed.count)
        assert posts() == feed.count, (posts(), feed.count)


@case
def brokers_that_are_gone_for_a_while_lose_nothing():
    feed = Feed(Cluster())
    with Daemon(feed.cluster.source("k", "posts")) as daemon:
        await_live()
        feed.send(20)
        wait("counted", lambda: mentions() == 20)
        feed.cluster.down()
        wait("it waits", lambda: daemon.metric(
            'cascaded_source_state{state="backing-off",source="k"}') == 1)
        wait("a gap", lambda: [gap["to"] for gap in gaps()] == [None])
        feed.cluster.up()
        feed.send(20)
        wait("counted", lambda: mentions() == 40)
        wait("recovered", lambda: [gap["recovered"] for gap in gaps()] == [True])
        assert posts() == 40, posts()
        assert feed.cluster.brokers[0].split(":")[1] in daemon.text(), daemon.text()


@case
def messages_that_kafka_has_deleted_are_a_gap():
    feed = Feed(Cluster())
    config = state("deleted") + feed.cluster.source("k", "posts")
    daemon = Daemon(config)
    await_live()
    feed.send(40)
    wait("counted", lambda: mentions() == 40)
    daemon.end()
    feed.send(40)
    for partition in (0, 2):
        feed.cluster.fill("posts", partition, 160)  # 10 MiB; the mock keeps 5
    feed.send(40)
    with Daemon(config, keeps=True) as daemon:
        wait("counted", lambda: mentions() == 40 + 20 + 40)
        wait("the gap", lambda: len(gaps()) == 1 and gaps()[0]["to"])
        gap, = gaps()
        assert not gap["recovered"], gap
        # Both partitions are read from their oldest message over one connection.
        assert daemon.metric('cascaded_source_connects_total{result="up",source="k"}') == 1


@case
def a_full_sink_stops_the_reading_and_nothing_is_lost():
    feed = Feed(Cluster())
    with Daemon(feed.cluster.source("k", "posts")) as daemon:
        await_live()
        SERVER.stop_process()
        feed.send(3000)
        SERVER.continue_process()
        wait("counted", lambda: mentions() == 3000)
        wait(lambda: f"{posts()} posts", lambda: posts() == 3000)
        assert not gaps(), gaps()
        assert daemon.process.poll() is None


@case
def a_topic_that_does_not_exist_is_named_and_followed_once_it_does():
    feed = Feed(Cluster(), "later")
    feed.cluster.error("later", UNKNOWN_TOPIC)
    with Daemon(feed.cluster.source("k", "later")) as daemon:
        wait("named", lambda: daemon.said('source "k": backing-off: '))
        assert daemon.said("/later: "), daemon.text()
        feed.cluster.error("later", 0)
        await_live()
        feed.send(4)
        wait("counted", lambda: mentions() == 4)


@case
def a_topic_that_may_not_be_read_fails_for_good():
    feed = Feed(Cluster(), "private")
    feed.cluster.error("private", NOT_AUTHORIZED)
    with Daemon(feed.cluster.source("k", "private")) as daemon:
        wait("it has failed", lambda: daemon.said('source "k": failed: '))
        assert daemon.metric('cascaded_source_state{state="failed",source="k"}') == 1


@case
def a_server_whose_certificate_is_not_trusted_gets_nothing():
    key, crt = FOLDER / "key.pem", FOLDER / "crt.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", crt,
                    "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, key)
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    received = []

    def serve():
        while True:
            connection, _ = server.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as encrypted:
                    received.append(encrypted.recv(100))
            except OSError:
                pass

    threading.Thread(target=serve, daemon=True).start()
    secret = FOLDER / "password"
    secret.touch(mode=0o600)
    secret.write_text("a-password-of-our-own\n", encoding="utf-8")
    login = f'user = "ann" token_file = "{secret}" sasl = "SCRAM-SHA-256"'
    url = f'url = "kafkas://localhost:{port}/posts"'
    with Daemon(f'source "k" {{ {url} {login} }}\n') as daemon:
        wait("refused", lambda: daemon.said("certificate verify failed"))
        assert not received, received
        assert not daemon.said("a-password-of-our-own"), daemon.text()
        # With the authority given, the server is spoken to.
        daemon.write(f'source "k" {{ {url} {login} ca_file = "{crt}" }}\n')
        daemon.hang_up()
        wait("bytes", lambda: received)
        assert b"a-password-of-our-own" not in received[0], received


@case
def an_address_or_option_that_kafka_cannot_have_is_refused_with_its_line():
    refused = [
        ('url = "kafka://localhost/"', "url: write kafka://host/topic"),
        ('url = "kafka://localhost"', "url: write kafka://host/topic"),
        ('url = "kafka://localhost/a/b"', "url: write kafka://host/topic"),
        ('url = "kafka://localhost/a?b"', "url: write kafka://host/topic"),
        (f'url = "kafka://localhost/{"t" * 250}"', "url: write kafka://host/topic"),
        ('url = "kafka://kafka.example.org/posts"', "is not this machine: write kafkas://"),
        ('url = "kafkas://ann:secret@a.example/t"', "cannot contain a user or a password"),
        ('url = "kafkas://a.example/t" user = "ann"', "user and token_file go together"),
        ('url = "kafkas://a.example/t" sasl = "GSSAPI"', 'sasl: "GSSAPI" is none of'),
        ('url = "kafkas://a.example/t" likes = true', "likes is for wss:// sources"),
        ('url = "kafkas://a.example/t" compressed = true', "compressed is not for kafkas://"),
        ('url = "kafkas://a.example/t" hosts = "b:x"', "hosts: "),
        ('url = "kafka://localhost/t" ca_file = "/etc/passwd"', "ca_file can only be set for"),
        ('url = "https://a.example/" user = "ann"', "user is for kafkas:// sources"),
    ]
    path = FOLDER / "checked.conf"
    for option, text in refused:
        path.write_text(f'\nsource "k" {{ {option} }}\n', encoding="utf-8")
        done = subprocess.run([CASCADED, "-t", "-c", path], capture_output=True, text=True,
                              check=False, timeout=PATIENCE)
        assert done.returncode == 78 and text in done.stderr, (option, done)
        assert done.stderr.startswith(f"{path}:2: ") and done.stderr.count("\n") == 1, done
        assert "secret" not in done.stderr, done


if __name__ == "__main__":
    run_cases()
