#!/usr/bin/env python3
"""cascadectl and a running daemon: status, sources, reload, configuration, trees, alerts."""
# tests/run: beside others
import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from hook_lab import Hook, make_secret, signature  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer, free_port  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
CASCADECTL = os.path.join(os.environ["BUILD"], "cascadectl")
DOWN = "systemctl start cascaded"
NOON = 1772452800000
KEY = b"0123456789abcdefghijklmnopqrstuv"


def ctl(*words, code=0):
    """What it prints; its standard error after a failure."""
    ended = subprocess.run([CASCADECTL, *map(str, words)], capture_output=True, check=False,
                           timeout=PATIENCE)
    assert ended.returncode == code, (words, ended)
    return (ended.stdout if code == 0 else ended.stderr).decode()


class Lab:
    """A daemon with a control socket, and its Redis."""

    def __init__(self, more="", *arguments):
        self.folder = processes.folder()
        self.redis = RedisServer()
        self.socket = self.folder / "control.sock"
        self.head = (f'redis {{ url = "{self.redis.url}" flush = 20ms }}\n'
                     f'control {{ socket = "{self.socket}" }}\n' + http_section(self.folder))
        self.daemon = LiveDaemon(CASCADED, self.folder, self.head + more, *arguments)
        self.daemon.await_start()
        wait("meta is written", lambda: self.redis.client.hget("cascaded:meta", "control"))

    def ctl(self, *words, code=0):
        return ctl("-r", self.redis.url, *words, code=code)

    def json(self, *words):
        return json.loads(self.ctl(*words, "--json"))


def post(number, author, **more):
    return {"id": f"app:{number}", "time": NOON + 1000 * number, "text": f"post {number}",
            "author": {"id": f"app:u{author}", "handle": f"user{author}", "followers": 5}, **more}


def reshare(number, author, root, via=None):
    more = {"via": f"app:{via}"} if via else {}
    return post(number, author, **more,
                retweet_of={"id": f"app:{root}", "author": {"id": "app:u1", "handle": "user1"}})


def replayed(posts, rule='alert "viral" { min_size = 2 }'):
    """A replay that stays, and its Redis."""
    folder, redis = processes.folder(), RedisServer()
    (folder / "posts").write_text("\n".join(map(json.dumps, posts)) + "\n", encoding="utf-8")
    daemon = LiveDaemon(CASCADED, folder,
                        f'redis {{ url = "{redis.url}" }}\nhttp {{ listen = "127.0.0.1:0" }}\n{rule}\n',
                        "--stay", folder / "posts", stdout=open(folder / "out", "wb"))
    wait("it has replayed", lambda: (folder / "out").read_bytes().startswith(b"replayed"))
    return daemon, redis


@case
def status_names_version_redis_sources_and_what_is_missing():
    port = free_port()
    lab = Lab(f'source "a" {{ url = "http://127.0.0.1:{port}/x" }}\n')
    text = lab.ctl("status")
    assert text.startswith("cascaded ") and "\nRedis    up, acknowledged at 20" in text, text
    assert "\nSources  a " in text and "a is not live: cascadectl sources" in text, text
    assert "1h" in text and "incomplete: only the last" in text, text
    assert lab.json("status")["sources"][0]["name"] == "a"
    assert lab.ctl("sources").startswith("a ") and " lag " in lab.ctl("sources", "a")
    assert [source["name"] for source in lab.json("sources")["sources"]] == ["a"]
    assert 'no source "b"' in lab.ctl("sources", "b", code=66)
    # Without Redis, the socket is enough.
    lab.redis.process.kill()
    wait("status shows that Redis is down", lambda: "\nRedis    down" in ctl(
        "-r", lab.redis.url, "--control", lab.socket, "status"))


@case
def a_daemon_that_is_down_is_69_with_the_line_to_type():
    lab = Lab()
    socket_path = lab.socket
    assert stat.S_IMODE(socket_path.stat().st_mode) == 0o660
    lab.daemon.end()
    assert not socket_path.exists()
    for words in (["status"], ["sources"], ["reload", "--wait"], ["reload"], ["config", "show"],
                  ["status", "--json"], ["cascade", "app:1", "--tree"]):
        assert DOWN in lab.ctl(*words, code=69), words
        assert DOWN in ctl("-r", "unix:/nowhere", "--control", socket_path, "--http",
                           "http://127.0.0.1:1", *words, code=69), words
    # A socket that its daemon has left.
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(socket_path))
    left.close()
    assert DOWN in lab.ctl("status", code=69)


@case
def a_reload_that_waits_reports_changes_and_the_line_of_each_fault():
    lab = Lab('alert "viral" { min_size = 3 }\n')
    assert lab.ctl("reload", "--wait") == "nothing changed\n"
    lab.daemon.write(lab.head + 'alert "viral" { min_size = 4 }\nalert "new" { min_size = 9 }\n'
                     "users { capacity = 5000 }\n")
    assert lab.ctl("reload", "--wait").splitlines() == [
        "users.capacity: 200000 -> 5000 (restart to apply it)".replace(
            "200000", default("users.capacity")),
        "alert.viral.min_size: 3 -> 4", "alert.new: added"]
    lab.daemon.write(lab.head + 'alert "viral" { min_size = 4 }\n\nalert "bad" { min_sise = 4 }\n')
    line = lab.head.count("\n") + 3
    ended = subprocess.run([CASCADECTL, "-r", lab.redis.url, "reload", "--wait"],
                           capture_output=True, text=True, check=False)
    assert ended.returncode == 78 and f"{lab.daemon.config}:{line}: " in ended.stdout, ended
    assert "min_sise" in ended.stdout and "min_size" in ended.stdout, ended
    lab.daemon.write(lab.head)
    report = lab.json("reload", "--wait")
    assert report["ok"] and not report["faults"], report
    assert {change["name"]: change["to"] for change in report["changes"]} == {
        "alert.viral": None, "alert.new": None}, report
    lab.daemon.write(lab.head + 'alert "later" { min_size = 4 }\n')
    assert lab.ctl("reload") == ""
    wait("the daemon has reloaded", lambda: lab.daemon.said("0 sources, 1 alert rules"))


def default(name):
    rows = json.loads(subprocess.run([CASCADED, "--describe", "options", "--json"], check=True,
                                     capture_output=True).stdout)
    return next(row["default"] for row in rows if row["name"] == name)


@case
def the_configuration_is_shown_with_file_line_and_other_origins_and_without_secrets():
    secret = processes.folder() / "secret"
    secret.touch(mode=0o600)
    secret.write_text("whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=", encoding="utf-8")
    lab = Lab(f'webhook "ops" {{\n  url = "https://hooks.example/T0/SECRET?k=SECRET"\n'
              f'  secret_file = "{secret}"\n}}\nalert "viral" {{ min_size = 3 }}\n',
              "-o", "redis.top=50")
    lines = lab.ctl("config", "show", "--origin").splitlines()
    line = lab.head.count("\n")
    assert f"webhook.ops.url = https://hooks.example/    # {lab.daemon.config}:{line + 2}" in lines
    assert f"alert.viral.min_size = 3    # {lab.daemon.config}:{line + 5}" in lines, lines
    assert "redis.top = 50    # command line" in lines, lines
    assert any(row.startswith("windows = ") and row.endswith("    # default") for row in lines), lines
    assert "SECRET" not in "\n".join(lines) and "QUJD" not in "\n".join(lines), lines
    assert "redis.top = 50" in lab.ctl("config", "show").splitlines()
    shown = {row["name"]: row for row in lab.json("config", "show")["options"]}
    assert shown["redis.top"] == {"name": "redis.top", "value": "50", "origin": "command line"}
    assert shown["redis.url"]["line"] == 1, shown["redis.url"]
    # A reload changes values and lines of what it applies.
    lab.daemon.write("\n" + lab.head + 'alert "viral" { min_size = 4 }\n')
    lab.ctl("reload", "--wait")
    shown = {row["name"]: row for row in lab.json("config", "show")["options"]}
    assert (shown["alert.viral.min_size"]["value"], shown["alert.viral.min_size"]["line"]) == (
        "4", line + 2), shown["alert.viral.min_size"]


@case
def boards_are_listed_by_metric_and_window():
    posts = [post(1, 1, text="tea #tea"), reshare(2, 2, 1), reshare(3, 3, 1, via=2),
             reshare(4, 4, 1, via=2)]
    _, redis = replayed(posts)

    def show(*words, code=0):
        return ctl("-r", redis.url, *words, code=code)
    retweets = show("board", "retweets", "1h")
    assert retweets.split()[:4] == ["1", "3", "@user1", "app:u1"], retweets
    assert show("board", "cascades", "1h").splitlines()[0].endswith("@user1  app:1  tea #tea")
    assert show("board", "hashtags", "5m").split() == ["1", "1", "#tea"]
    assert "@user2" in show("board", "carriers") and "@user2" in show("board", "carriers", "all")
    found = json.loads(show("board", "carried", "1h", "--json", "-n", "1"))
    assert found["entries"] == [{"rank": 1, "id": "app:u2", "value": 2, "handle": "user2",
                                 "name": None}], found
    assert "there are carried" in show("board", "mention", "1h", code=66)
    assert "give a window" in show("board", "mentions", code=66)
    assert "has no window" in show("board", "early", "1h", code=66)
    assert "empty" in show("board", "mentions", "7m")
    assert json.loads(show("user", "@app:user1", "--json"))["retweets:1h"] == 3
    assert json.loads(show("cascade", "app:1", "--json"))["size"] == 3
    carrier = json.loads(show("carrier", "app:u2", "--json"))
    assert carrier["acts"] > 0 and carrier["people"] > 1, carrier
    boards = json.loads(show("top", "--json"))["boards"]
    assert boards["carried"][0] == {"id": "app:u2", "value": 2, "handle": "user2"}, boards


@case
def a_tree_shows_who_came_through_whom_as_lines_and_as_a_graph():
    posts = [post(1, 1), reshare(2, 2, 1), reshare(3, 3, 1, via=2), reshare(4, 4, 1, via=3),
             reshare(5, 5, 1)]
    posts[0]["author"]["handle"] = "user1"
    _, redis = replayed(posts)
    lines = ctl("-r", redis.url, "cascade", "app:1", "--tree").splitlines()
    assert [line.split(" +")[0] for line in lines] == [
        "@user1", "  @user2", "    @user3", "      @user4", "  @user5"], lines
    assert lines[2].startswith("    @user3 +2.0 s"), lines
    assert ctl("-r", redis.url, "cascade", "app:1", "--tree", "-n", "2").splitlines()[-1] == (
        "… 3 of 5 posts are not shown")
    graph = ctl("-r", redis.url, "cascade", "app:1", "--dot")
    assert graph.startswith("digraph cascade {") and graph.endswith("}\n"), graph
    assert 'n1 [label="@user2' in graph and "n2 -> n3" in graph, graph
    assert json.loads(ctl("-r", redis.url, "cascade", "app:1", "--tree", "--json"))["nodes"] == 5
    assert "HTTP 404" in ctl("-r", redis.url, "cascade", "app:nix", "--tree", code=66)


@case
def alerts_are_listed_explained_and_followed():
    _, redis = replayed([post(1, 1, text="tea for all"), reshare(2, 2, 1), reshare(3, 3, 1)])
    line = ctl("-r", redis.url, "alerts")
    assert line.endswith("viral @user1: size 2 >= 2: tea for all  [viral:app:1:1]\n"), line
    assert ctl("-r", redis.url, "alerts", "--rule", "other") == "there are no alerts\n"
    alert = json.loads(ctl("-r", redis.url, "alerts", "--json"))
    assert alert["id"] == "viral:app:1:1", alert
    text = ctl("-r", redis.url, "explain", "viral:app:1:1")
    for part in ("why             size 2 >= 2\n", "post            app:1\n",
                 "now             size 2\n", "no webhook has it in its outbox\n"):
        assert part in text, (part, text)
    assert "no alert" in ctl("-r", redis.url, "explain", "viral:app:2:1", code=66)
    redis.client.hset("cascaded:outbox:ops", "msg", "3 17 " + json.dumps(alert))
    assert "ops has not acknowledged it; attempts so far: 3\n" in ctl(
        "-r", redis.url, "explain", "viral:app:1:1")
    assert json.loads(ctl("-r", redis.url, "explain", "viral:app:1:1", "--json"))["waiting"] == [
        {"webhook": "ops", "attempts": 3}]
    follower = processes.start([CASCADECTL, "-r", redis.url, "alerts", "--follow", "-n", "1"],
                               stdout=subprocess.PIPE)
    assert follower.stdout.readline().decode() == line
    redis.client.xadd("cascaded:alerts", {"json": json.dumps({**alert, "id": "viral:app:1:3"})})
    assert follower.stdout.readline().decode() == line.replace(":1]", ":3]")
    follower.send_signal(signal.SIGINT)
    assert follower.wait(PATIENCE) == -signal.SIGINT


def hooked(*answers, more=""):
    """A daemon with the webhook "ops", the receiver, and two alerts in the stream, of two rules."""
    hook = Hook(*answers)
    secret = processes.folder() / "secret"
    make_secret(secret, KEY)
    lab = Lab(f'webhook "ops" {{ url = "{hook.url}"  allow_private = true  secret_file = "{secret}" '
              f'rules = {{"viral"}} {more} }}\nalert "viral" {{ min_size = 99 }}\n')
    for number, rule in enumerate(("viral", "quiet", "viral"), 1):
        alert = {"id": f"{rule}:app:{number}:1", "rule": rule, "text": "caf\u00e9 " + "x" * 9000}
        lab.redis.client.xadd("cascaded:alerts", {"json": json.dumps(alert)})
    return lab, hook


@case
def a_webhook_is_tested_while_its_queue_is_not_touched():
    lab, hook = hooked(204, 500, 302)
    assert lab.ctl("webhook", "test", "ops").startswith("accepted: 204 after "), hook.requests
    request = hook.requests[0]
    alert = json.loads(request["body"])
    assert alert["type"] == "webhook.test" and alert["why"] == ["cascadectl webhook test ops"], alert
    assert request["headers"]["webhook-signature"] == signature(request, KEY), request
    text = lab.ctl("webhook", "test", "ops", code=69)
    assert 'webhook "ops" failed after' in text and "500" in text, text
    failed = subprocess.run([CASCADECTL, "-r", lab.redis.url, "webhook", "test", "ops", "--json"],
                            capture_output=True, check=False, timeout=PATIENCE)
    answer = json.loads(failed.stdout)
    assert failed.returncode == 69 and not answer["ok"] and answer["status"] == 302, failed
    state = lab.json("webhook", "list")["webhooks"][0]
    assert (state["sent"], state["failed"], state["pending"]) == (0, 0, 0), state
    assert not lab.redis.client.exists("cascaded:outbox:ops")
    assert "there is no webhook" in lab.ctl("webhook", "test", "oops", code=66)
    hook.close()
    assert "failed after" in lab.ctl("webhook", "test", "ops", code=69)


@case
def tests_of_a_webhook_at_once_get_an_answer_each():
    statuses = list(range(200, 212))
    lab, hook = hooked(*statuses)
    command = [CASCADECTL, "-r", lab.redis.url, "webhook", "test", "ops", "--json"]
    asked = [processes.start(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in statuses]
    answers = [json.loads(test.communicate(timeout=PATIENCE)[0])["status"] for test in asked]
    assert sorted(answers) == statuses and len(hook.requests) == len(statuses), answers


@case
def an_alert_is_sent_to_a_webhook_once_more():
    lab, hook = hooked(204)
    assert lab.ctl("webhook", "replay", "ops", "viral:app:1:1") == '1 alert is queued for "ops"\n'
    wait("it arrives", lambda: hook.ids() == ["viral:app:1:1"])
    body = json.loads(hook.requests[0]["body"])
    assert body["text"].startswith("café x") and len(body["text"]) == 9005, body
    wait("it leaves the outbox", lambda: not lab.redis.client.exists("cascaded:outbox:ops"))
    assert lab.json("webhook", "replay", "ops", "-n", "5") == {
        "webhook": "ops", "queued": ["viral:app:1:1", "viral:app:3:1"]}
    wait("they arrive in their order",
         lambda: hook.ids() == ["viral:app:1:1", "viral:app:1:1", "viral:app:3:1"])
    ids = [request["headers"]["webhook-id"] for request in hook.requests]
    assert ids[0] == ids[1] != ids[2], ids
    assert "gets no alerts of the rule" in lab.ctl("webhook", "replay", "ops", "quiet:app:2:1", code=66)
    assert "no alert" in lab.ctl("webhook", "replay", "ops", "viral:app:9:1", code=66)
    assert "there is no webhook" in lab.ctl("webhook", "replay", "oops", code=66)
    assert "write webhook list" in lab.ctl("webhook", "replay", code=64)


@case
def an_alert_that_waits_is_sent_at_once_on_request():
    lab, hook = hooked(500, 204)
    lab.ctl("webhook", "replay", "ops", "viral:app:1:1")
    wait("it waits", lambda: lab.redis.client.hlen("cascaded:outbox:ops") == 1 and hook.requests)
    lab.ctl("webhook", "replay", "ops", "viral:app:1:1")
    wait("it is sent at once, and acknowledged",
         lambda: len(hook.requests) == 2 and not lab.redis.client.exists("cascaded:outbox:ops"))


@case
def completions_are_printed_with_the_names_of_the_running_daemon():
    lab = Lab('alert "viral" { min_size = 3 }\ncampaign "cup" { words = {"tea"} }\n'
              'source "a-b" { url = "http://127.0.0.1:9/x" }\n')
    for shell in ("bash", "zsh", "fish"):
        script = pathlib.Path(__file__).parents[2] / f"conf/completions/cascadectl.{shell}"
        assert lab.ctl("completion", shell) == script.read_text(encoding="utf-8"), shell
    assert lab.ctl("completion", "rules") == "viral\n"
    assert lab.ctl("completion", "sources") == "a-b\n"
    assert lab.ctl("completion", "campaigns") == "cup\n"
    assert lab.ctl("completion", "windows") == "5m\n1h\n24h\n"
    assert "influence\n" in lab.ctl("completion", "boards")
    assert "give bash" in lab.ctl("completion", "csh", code=66)


@case
def a_report_of_a_fault_contains_no_secret_and_names_what_is_missing():
    secret = processes.folder() / "secret"
    secret.touch(mode=0o600)
    secret.write_text("whsec_" + "UExBTlRFRC1TRUNSRVQtMDEyMzQ1Njc4OUE=", encoding="utf-8")
    lab = Lab(f'webhook "ops" {{ url = "https://hooks.example/PLANTED?k=PLANTED"  '
              f'secret_file = "{secret}" }}\n'
              f'source "a" {{ url = "http://127.0.0.1:9/x?token=PLANTED"  token_file = "{secret}" }}\n')
    for words in (["bugreport"], ["bugreport", "--json"], ["webhook", "list"], ["webhook", "--json"],
                  ["config", "show", "--json"]):
        text = lab.ctl(*words)
        for planted in ("PLANTED", "UExBTlRFRC", "a-token-of-our-own"):
            assert planted not in text, (words, planted)
    assert "cascaded_posts_total 0" in lab.ctl("bugreport"), lab.ctl("bugreport")
    assert lab.ctl("webhook", "list").startswith("ops  "), lab.ctl("webhook", "list")
    lab.daemon.end()
    report = json.loads(lab.ctl("bugreport", "--json"))
    assert DOWN in report["status"]["missing"] and report["redis_reached"], report


@case
def requests_that_are_none_are_refused_and_the_daemon_goes_on():
    lab = Lab()
    for line in (b"\n", b"get\n", b"reload\tnow\n", b"get\t/api/v1/posts\n", b"x" * 300_000 + b"\n",
                 b"\xff\t\x00\n"):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(str(lab.socket))
            client.sendall(line)
            answer = b""
            while part := client.recv(65536):
                answer += part
        read = json.loads(answer)
        assert read["code"] == 64 or read["result"]["status"] == 404, (line, read)
    assert lab.ctl("status").startswith("cascaded ")


@case
def a_crash_prints_version_signal_and_backtrace_and_ends_by_the_signal():
    # The release: in the other build the sanitizer reports crashes.
    program = os.path.join(os.environ["RELEASE"], "cascaded")
    version = subprocess.run([program, "-V"], capture_output=True, text=True, check=True).stdout.split()[1]
    for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS):
        folder, redis = processes.folder(), RedisServer()
        daemon = LiveDaemon(program, folder, f'redis {{ url = "{redis.url}" }}\n'
                            'log { format = "fields" }\n' + http_section(folder))
        daemon.await_start()
        daemon.process.send_signal(number)
        assert daemon.process.wait(PATIENCE) == -number
        lines = daemon.text().splitlines()
        crash = [i for i, line in enumerate(lines) if line.endswith(" event=crashed")]
        assert lines[crash[0]] == (f"cascaded: cascaded {version} crashed by signal {number.value} "
                                   f"({number.name}); the backtrace follows event=crashed"), lines
        frames = lines[crash[0] + 1:]
        assert len(frames) > 4 and any("cascaded(" in frame for frame in frames), frames


run_cases()
