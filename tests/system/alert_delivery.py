#!/usr/bin/env python3
"""Alerts from a post that crosses a rule to those who get them, with the real daemon: the stream,
the channel, standard output and webhooks, and a daemon that is killed before the delivery.

    alert_delivery.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import hook_lab  # noqa: E402
import processes  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASCADED = os.path.join(os.environ.get("BUILD", "build/dev"), "cascaded")
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect(decode_responses=True)
KEY = bytes(range(32))


def configure(*hooks, more=""):
    """A rule for cascades of 5, webhooks, and a source where nobody listens."""
    CLIENT.flushall()
    (FOLDER / "secret").unlink(missing_ok=True)
    hook_lab.make_secret(FOLDER / "secret", KEY)
    lines = [f'redis {{ url = "{SERVER.url}" flush = 20ms }}',
             http_section(FOLDER),
             'source "x" { url = "http://127.0.0.1:9/" }',
             'alert "viral" { min_size = 5 }', more]
    for number, hook in enumerate(hooks):
        lines.append(f'webhook "h{number}" {{ url = "{hook.url}" secret_file = "{FOLDER}/secret" '
                     'allow_private = true timeout = 60s }')
    (FOLDER / "conf").write_text("\n".join(lines) + "\n")


class Daemon(LiveDaemon):
    def __init__(self, *options, stdout=subprocess.PIPE):
        super().__init__(CASCADED, FOLDER, (FOLDER / "conf").read_text(), *options, stdout=stdout)
        self.await_start()

    def take(self, posts):
        answer = self.push(posts)
        assert answer.status == 202, (answer.status, answer.text)


def cascade(root, size, now=None):
    """A post and retweets of it, as many as asked for."""
    now = now or int(time.time() * 1000)
    posts = [{"id": f"app:{root}", "time": now, "text": f"tea {root}",
              "author": {"id": "app:ann", "handle": "ann", "followers": 7}}]
    posts += [{"id": f"app:{root}-{n}", "time": now, "author": {
        "id": f"app:fan{n}", "handle": f"fan{n}", "followers": n},
        "retweet_of": {"id": f"app:{root}", "author": {"id": "app:ann"}}} for n in range(size)]
    return "".join(json.dumps(post) + "\n" for post in posts)


def stored_alerts():
    return [json.loads(fields["json"]) for _, fields in CLIENT.xrange("cascaded:alerts")]


@case
def all_receivers_get_the_same_alert_with_its_reasons():
    hook = hook_lab.Hook(200)
    configure(hook, more="alerts { stdout = true }")
    channel = CLIENT.pubsub(ignore_subscribe_messages=True)
    channel.subscribe("cascaded:alerts")
    assert channel.get_message(timeout=PATIENCE) is None  # the answer to the subscription
    with Daemon() as daemon:
        daemon.take(cascade("a", 4))
        daemon.take(cascade("b", 9))
        wait("the alert arrives", lambda: hook.requests)
        line = daemon.process.stdout.readline()
        request = hook.requests[0]
        (alert,) = stored_alerts()
        assert alert == json.loads(line) == json.loads(request["body"])
        assert request["headers"]["webhook-signature"] == hook_lab.signature(request, KEY)
        assert alert["type"] == "cascade.alert" and alert["rule"] == "viral", alert
        assert alert["why"] and alert["why"][0].startswith("size "), alert
        assert alert["author"] == {"id": "app:ann", "handle": "ann", "followers": 7}, alert
        assert alert["cascade"]["id"] == "app:b" and alert["cascade"]["size"] >= 5, alert
        assert alert["cascade"]["text"] == "tea b", alert
        assert alert["top_amplifiers"][0]["followers"] >= 4, alert
        wait("the metric", lambda: 'cascaded_webhook_sent_total{webhook="h0"} 1'
             in daemon.ask("GET", "/metrics").text)
        assert json.loads(channel.get_message(timeout=PATIENCE)["data"]) == alert
        wait("the outbox is empty", lambda: CLIENT.hlen("cascaded:outbox:h0") == 0)


def limit_files(daemon, size):
    """No file of the daemon can become longer than that, as if the disk were full then."""
    hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (size, hard))


@case
def a_full_disk_is_logged_once_and_what_waited_is_written_when_there_is_room():
    state, out = FOLDER / "state-of-full", FOLDER / "out-of-full"
    configure(more=f'alerts {{ stdout = true }} state {{ dir = "{state}" every = 1s }}')
    with open(out, "wb") as file:
        daemon = Daemon(stdout=file)
    with daemon:
        daemon.take(cascade("a", 5))
        wait("the first alert", lambda: out.stat().st_size != 0)
        wait("a snapshot", lambda: daemon.metric("cascaded_snapshots_written_total") > 0)
        length = out.stat().st_size
        limit_files(daemon, length + 20)
        for n in range(50):
            daemon.take(cascade(f"full{n}", 5))
        wait("both fail", lambda: daemon.metric("cascaded_output_failing") == 1
             and daemon.metric("cascaded_snapshots_failed_total") > 1)
        assert daemon.metric("cascaded_snapshot_failing") == 1
        assert daemon.metric("cascaded_output_alerts_total") == 51
        assert out.stat().st_size == length + 20, "up to the limit and no further"
        limit_files(daemon, resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)[1])
        wait("both work again", lambda: daemon.metric("cascaded_output_failing") == 0
             and daemon.metric("cascaded_snapshot_failing") == 0)
        daemon.take(cascade("z", 5))
        wait("all are written", lambda: out.read_bytes().count(b"\n") == 52)
        assert daemon.metric("cascaded_output_alerts_dropped_total") == 0
        for text in ("cannot write alerts to standard output: ", "the state is not saved: ",
                     "alerts are written to standard output again", "snapshots are written again"):
            assert daemon.text().count(text) == 1, daemon.text()
    assert [json.loads(line) for line in out.read_text().splitlines()] == stored_alerts()


@case
def a_daemon_killed_before_the_delivery_sends_under_the_same_id():
    hook = hook_lab.Hook(hook_lab.hang, 200)
    configure(hook)
    state = FOLDER / "state"
    state.mkdir(exist_ok=True)
    options = ["-o", f"state.dir={state}", "-o", "state.every=1s"]
    daemon = Daemon(*options)
    daemon.take(cascade("a", 9))
    wait("it is under way", lambda: hook.requests)
    assert len(stored_alerts()) == 1
    daemon.kill()
    with Daemon(*options) as daemon:
        wait("it is sent again", lambda: len(hook.requests) == 2)
        # The same posts once more, as from a source that goes on from before the crash.
        daemon.take(cascade("a", 9))
        daemon.take(cascade("b", 9))
        wait("the next one comes", lambda: len(hook.requests) == 3)
        wait("the outbox is empty", lambda: CLIENT.hlen("cascaded:outbox:h0") == 0)
    ids = [request["headers"]["webhook-id"] for request in hook.requests]
    assert ids[0] == ids[1] != ids[2], ids
    assert hook.requests[0]["body"] == hook.requests[1]["body"]
    assert len(stored_alerts()) == 2, stored_alerts()


# What the hash of a cascade has as soon as somebody retweets, and what must be known first.
ALWAYS = """author text network created_ms first_ms last_ms size retweets quotes replies
    amplifiers reach velocity_5m velocity_1h peak_velocity state""".split()
SOMETIMES = """handle lang reported parent depth breadth virality observed_share edepth infectiousness
    supercritical forecast forecast_low forecast_high p_double stage level""".split()


def described(what):
    told = subprocess.run([CASCADED, "--describe", what, "--json"], capture_output=True, check=True)
    return {row["name"]: row for row in json.loads(told.stdout)}


def members(value, name=""):
    """Every member with its path and type as --describe alerts has it."""
    kinds = {dict: "object", list: "array", str: "string", int: "number", float: "number"}
    for key, inner in value.items():
        yield name + key, kinds[type(inner)]
        if isinstance(inner, dict):
            yield from members(inner, name + key + ".")


def sample(posts):
    """An hour in all formats."""
    path = FOLDER / "sample.ndjson"
    with open(path, "wb") as out:
        out.write(cascade("big", 120, 1772442000000).encode())  # as the others begin
        out.flush()
        subprocess.run([ROOT / "conf/sample/generate.py", "--format", "mixed", "--posts", str(posts),
                        "--minutes", "60", "--seed", "1"], stdout=out, check=True)
    return path


@case
def the_same_posts_give_the_same_alerts_however_often_redis_is_written():
    configure()
    runs = []
    for flush in ("10ms", "5s"):
        CLIENT.flushall()
        subprocess.run([CASCADED, "-c", FOLDER / "conf", "-o", f"redis.flush={flush}", "-o",
                        "alert.viral.levels=1,5", sample(3000)], capture_output=True, timeout=120,
                       check=True)
        runs.append([fields["json"] for _, fields in CLIENT.xrange("cascaded:alerts")])
    assert runs[0] == runs[1] and len(runs[0]) > 20, [len(run) for run in runs]
    for alert in map(json.loads, runs[0]):
        limit = 5 * alert["level"]
        assert alert["why"] == [f"size {alert['cascade']['size']} >= {limit}"], alert


@case
def alerts_and_hashes_are_as_described():
    configure()
    subprocess.run([CASCADED, "-c", FOLDER / "conf", "-o", "alert.viral.resolved=true", "-o",
                    "alert.viral.levels=1,3,20", sample(12000)], capture_output=True, timeout=120,
                   check=True)
    rows = {name: row["type"] for name, row in described("alerts").items()}
    seen = set()
    for alert in stored_alerts():
        found = dict(members(alert))
        assert found.items() <= rows.items(), found.items() - rows.items()
        assert all(f"cascade.{name}" in found for name in ALWAYS), found
        assert isinstance(alert["why"], list) and all(isinstance(one, str) for one in alert["why"])
        seen |= found.keys()
    assert all(f"cascade.{name}" in seen for name in SOMETIMES), seen
    text = next(row["content"] for name, row in described("keys").items() if name[:8] == "cascade:")
    words = set(re.findall(r"\w+", text))
    for key in CLIENT.scan_iter("cascaded:cascade:*"):
        fields = CLIENT.hgetall(key)
        assert fields.keys() <= words, fields.keys() - words
        assert "" not in fields.values(), fields
        assert set(ALWAYS) - {"text", "created_ms", "author"} <= fields.keys(), fields


@case
def webhooks_change_with_sighup_and_lose_nothing():
    hooks = [hook_lab.Hook(*answers) for answers in ((410, 500), (200,), (200,))]
    configure(hooks[0])
    before = (FOLDER / "conf").read_text()
    rule, url = 'alert "viral" { min_size = 5 }', f'url = "{hooks[0].url}"'

    def apply(daemon, *changes):
        text = before
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (FOLDER / "conf").write_text(text)
        lines = daemon.text().count("was reloaded")
        daemon.process.send_signal(signal.SIGHUP)
        wait("read again", lambda: daemon.text().count("was reloaded") > lines)

    with Daemon() as daemon:
        disabled = 'cascaded_webhook_disabled{webhook="h0"} '
        daemon.take(cascade("a", 9))
        wait("410 ends it", lambda: disabled + "1" in daemon.ask("GET", "/metrics").text)
        # Another URL is another endpoint, and a rule may be renamed with what names it.
        to_second = (url, f'url = "{hooks[1].url}" rules = {{"big"}}')
        apply(daemon, to_second, (rule, rule.replace("viral", "big")))
        assert disabled + "0" in daemon.ask("GET", "/metrics").text
        daemon.take(cascade("b", 9))
        wait("the second gets it", lambda: hooks[1].ids() == ["big:app:b:1"])
        # What the first refuses waits while its webhook is gone, and is sent once it is back.
        apply(daemon, (url, f'queue = 7 {url}'))
        daemon.take(cascade("c", 9))
        wait("it is refused", lambda: len(hooks[0].requests) == 2)
        apply(daemon, ('webhook "h0"', 'webhook "other"'), (url, f'url = "{hooks[2].url}"'))
        assert 'webhook="h0"' not in daemon.ask("GET", "/metrics").text
        daemon.take(cascade("d", 9))
        wait("only the third gets it", lambda: hooks[2].ids() == ["viral:app:d:1"])
        apply(daemon, to_second, (rule, rule.replace("viral", "big")))
        wait("what waited is sent", lambda: hooks[1].ids()[1:] == ["viral:app:c:1"])
        wait("the outbox is empty", lambda: CLIENT.hlen("cascaded:outbox:h0") == 0)
        assert len(hooks[0].requests) == 2 and len(hooks[2].requests) == 1
        assert 'webhook "h0": queue has changed; restart' in daemon.text()
        # What hangs at the first is tried again at the second.
        hooks[0].answers = [hook_lab.hang]
        apply(daemon)
        daemon.take(cascade("e", 9))
        wait("it hangs", lambda: len(hooks[0].requests) == 3)
        apply(daemon, to_second, (rule, rule.replace("viral", "big")))
        wait("the second gets it", lambda: hooks[1].ids()[2:] == ["viral:app:e:1"])


@case
def a_replay_calls_webhooks_only_when_it_is_asked_to():
    hook = hook_lab.Hook(200)
    configure(hook, more="alerts { stdout = true }")
    sample = FOLDER / "posts.ndjson"
    sample.write_text(cascade("a", 9) + cascade("b", 9))
    command = [CASCADED, "-c", FOLDER / "conf", sample]
    for more in ([], ["--deliver"]):
        CLIENT.flushall()
        done = subprocess.run([*command, *more], capture_output=True, text=True, timeout=60,
                              check=True)
        *alerts, last = done.stdout.splitlines()
        assert last.startswith("replayed posts=20 "), done
        assert [json.loads(line) for line in alerts] == stored_alerts() and len(alerts) == 2, done
        assert len(hook.requests) == 2 * len(more), more
        assert not CLIENT.exists("cascaded:outbox:h0")
    # What was told of is not told again.
    done = subprocess.run([*command, "--deliver"], capture_output=True, text=True, timeout=60,
                          check=True)
    assert len(done.stdout.splitlines()) == 1 and len(hook.requests) == 2, done


@case
def a_replay_leaves_what_a_webhook_does_not_take_for_the_next_start():
    hook = hook_lab.Hook(500, 200)
    configure(hook)
    sample = FOLDER / "posts.ndjson"
    sample.write_text(cascade("a", 9))
    done = subprocess.run([CASCADED, "-c", FOLDER / "conf", "--deliver", sample],
                          capture_output=True, text=True, timeout=60, check=True)
    assert "1 alerts are not acknowledged" in done.stderr, done
    assert CLIENT.hlen("cascaded:outbox:h0") == 1
    with Daemon():
        wait("it is sent again", lambda: len(hook.requests) == 2)
        wait("the outbox is empty", lambda: CLIENT.hlen("cascaded:outbox:h0") == 0)


@case
def a_webhook_added_by_sighup_gets_what_an_earlier_run_left():
    hook = hook_lab.Hook(500, 200)
    configure(hook)
    conf, sample = FOLDER / "conf", FOLDER / "posts.ndjson"
    with_hook = conf.read_text()
    sample.write_text(cascade("a", 9))
    subprocess.run([CASCADED, "-c", conf, "--deliver", sample], capture_output=True, timeout=60,
                   check=True)
    assert CLIENT.hlen("cascaded:outbox:h0") == 1 and len(hook.requests) == 1
    conf.write_text("".join(line for line in with_hook.splitlines(keepends=True)
                            if not line.startswith("webhook")))
    with Daemon() as daemon:
        conf.write_text(with_hook)
        daemon.process.send_signal(signal.SIGHUP)
        wait("it is sent again", lambda: len(hook.requests) == 2)
        wait("the outbox is empty", lambda: CLIENT.hlen("cascaded:outbox:h0") == 0)
        assert hook.ids() == ["viral:app:a:1"] * 2, hook.ids()


@case
def a_webhook_that_cannot_be_right_is_refused_with_its_line():
    configure()
    (FOLDER / "open").touch()
    (FOLDER / "open").chmod(0o644)
    (FOLDER / "bad").touch(mode=0o600)
    (FOLDER / "bad").write_text("hunter2\n")
    rows = [('url = "http://example.org/" secret_file = "{}/secret"', "write https://"),
            ('url = "http://127.0.0.1/" secret_file = "{}/secret"', "allow_private = true"),
            ('url = "https://example.org/" secret_file = "{}/open"', "chmod 600"),
            ('url = "https://example.org/" secret_file = "{}/bad"', "write it as whsec_"),
            ('url = "https://example.org/" secret_file = "{}/none"', "No such file"),
            ('url = "https://example.org/"', "secret_file is missing"),
            ('url = "https://example.org/" secret_file = "{}/secret" rules = {{"virl"}}',
             'no alert "virl"'),
            ('url = "https://example.org/" format = "xml"', "none of standard and slack")]
    path = FOLDER / "bad.conf"
    path.write_text("".join(f'webhook "w{n}" {{ {text.format(FOLDER)} }}\n'
                            for n, (text, _) in enumerate(rows)))
    done = subprocess.run([CASCADED, "-t", "-c", path], capture_output=True, text=True, timeout=60,
                          check=False)
    said = done.stderr.splitlines()
    assert done.returncode == 78 and len(said) == len(rows), done
    for number, (line, (_, why)) in enumerate(zip(said, rows), 1):
        assert line.startswith(f"{path}:{number}: ") and why in line, line


@case
def the_scripts_of_the_readme_refuse_wrong_words_with_one_line():
    for words, code, why in ((["receive-alerts", "--help"], 64, "usage: "), (["receive-alerts"], 64, "usage: "),
                             (["receive-alerts", FOLDER / "none"], 66, "cannot read a secret"),
                             (["relay-events", "--help"], 64, "usage: ")):
        done = subprocess.run([sys.executable, ROOT / "conf" / words[0], *words[1:]], capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode == code and why in done.stderr and done.stderr.count("\n") == 1, (words, done)


@case
def the_receiver_of_the_readme_verifies_what_it_gets():
    configure(hook_lab.Hook(200))
    receiver = processes.start([sys.executable, ROOT / "conf/receive-alerts", FOLDER / "secret",
                                 "0"], stdout=subprocess.PIPE, text=True)
    try:
        url = receiver.stdout.readline().split()[-1]
        sample = FOLDER / "posts.ndjson"
        sample.write_text(cascade("a", 9))
        for prefix, secret, wanted in (
                ("a:", KEY, "signature holds: cascade.alert viral level 1, @ann: size 5 >= 5\n"),
                ("b:", bytes(24), "signature is wrong\n")):
            (FOLDER / "other").unlink(missing_ok=True)
            hook_lab.make_secret(FOLDER / "other", secret)
            subprocess.run([CASCADED, "-c", FOLDER / "conf", "--deliver",
                            "-o", f"redis.prefix={prefix}", "-o", f"webhook.h0.url={url}",
                            "-o", f"webhook.h0.secret_file={FOLDER}/other", sample],
                           capture_output=True, timeout=60, check=True)
            assert receiver.stdout.readline() == wanted
    finally:
        receiver.kill()
        receiver.wait()


if __name__ == "__main__":
    run_cases()
