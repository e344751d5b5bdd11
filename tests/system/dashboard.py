#!/usr/bin/env python3
"""The dashboard for Grafana and the alert rules in a real Prometheus that reads a running daemon: each
panel shows data, and no rule fails or fires while all is well."""
# tests/run: beside others
import json
import os
import pathlib
import re
import socket
import sys
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
import unpacked  # noqa: E402
from hook_lab import Hook  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402
from x_stream import Stream  # noqa: E402

ROOT = pathlib.Path(__file__).parents[2]
CASCADED = os.path.join(os.environ["RELEASE"], "cascaded")
DASHBOARD, RULES = ROOT / "conf/grafana/cascaded.json", ROOT / "conf/prometheus/cascaded.rules.yml"
SETUP = """
global: {{ scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms }}
rule_files: [{rules}]
scrape_configs:
  - {{ job_name: cascaded, static_configs: [{{ targets: ["127.0.0.1:{port}"] }}] }}
"""


class Prometheus:
    def __init__(self, port):
        folder = processes.folder()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        (folder / "setup.yml").write_text(SETUP.format(rules=RULES, port=port), encoding="utf-8")
        with open(folder / "log", "wb") as log:
            self.process = processes.start(
                [unpacked.program("prometheus", "usr/bin/prometheus"), f"--config.file={folder}/setup.yml",
                 f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{self.port}"],
                stderr=log, stdout=log)
        wait(lambda: "Prometheus answers: " + (folder / "log").read_text("utf-8"), self.answers)

    def answers(self):
        try:
            return self.ask("query", query="1")
        except OSError:
            return None

    def ask(self, path, **words):
        address = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(words)}"
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            return json.load(answer)["data"]


def watched():
    """A daemon with all that the dashboard has a panel for, and its Prometheus."""
    folder, redis, stream = processes.folder(), RedisServer(), Stream()
    (folder / "secret").write_text("whsec_" + "A" * 40 + "\n", encoding="utf-8")
    (folder / "secret").chmod(0o600)
    daemon = LiveDaemon(
        CASCADED, folder,
        f'redis {{ url = "{redis.url}" }}\nstate {{ dir = "{folder}/state" }}\n'
        f'source "x" {{ url = "{stream.url}" token_file = "{folder}/token" }}\nalert "viral" {{ min_size = 3 }}\n'
        f'webhook "ops" {{ url = "{Hook().url}" allow_private = true secret_file = "{folder}/secret" }}\n'
        + http_section(folder))
    daemon.await_start()
    wait("the source is connected", lambda: stream.connections)
    stream.feed(20)
    return daemon, Prometheus(daemon.port)


def expressions():
    """Title and expression. What is shown only in trouble is asked for without its comparison."""
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            text = target["expr"].replace("$__rate_interval", "10s").replace(', state!~"live|idle-ok"', "")
            text = re.sub(r"\$(instance|source)\b", ".*", text)
            yield panel["title"], re.sub(r" (> 0|== 1)$", "", text)


@case
def every_expression_of_the_dashboard_has_data():
    daemon, prometheus = watched()
    left = list(expressions())
    assert len(left) > 40
    def is_shown():
        left[:] = [row for row in left if not prometheus.ask("query", query=row[1])["result"]]
        return not left
    wait(lambda: f"data for {left}", is_shown)
    shown = prometheus.ask("query", query="cascaded_posts_total")["result"][0]["value"][1]
    assert shown == f"{daemon.metric('cascaded_posts_total'):.0f}" == "20"
    daemon.end()


@case
def no_alert_rule_fails_or_fires_while_all_is_well():
    daemon, prometheus = watched()
    def rules():
        return [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    wait(lambda: f"each rule is evaluated: {rules()}",
         lambda: len(rules()) >= 8 and all(rule["health"] == "ok" for rule in rules()))
    wait("the daemon is seen", lambda: prometheus.ask("query", query="up == 1")["result"])
    assert not [rule for rule in rules() if rule["state"] == "firing"]
    daemon.kill()
    wait("its end is seen", lambda: any(rule["name"] == "CascadedDown" and rule["state"] != "inactive"
                                        for rule in rules()))


run_cases()
