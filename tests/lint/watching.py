#!/usr/bin/env python3
"""What others build upon to watch the daemon: the names of metrics are frozen, and the dashboard for
Grafana uses only metrics, labels and values that exist, in expressions that promtool can read.

A metric that is added needs its line in tests/lint/metric_names.txt; a line is removed or changed only
together with the first number of the version (CHANGELOG.md).
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import unpacked  # noqa: E402
from tap import case, run_cases  # noqa: E402

FROZEN = pathlib.Path("tests/lint/metric_names.txt")
DASHBOARD = pathlib.Path("conf/grafana/cascaded.json")
# Labels with any value: those that Prometheus adds, and the titles of sections of the configuration,
# with the start of the names of their metrics.
OPEN_LABELS = {"job": "", "instance": "", "source": "cascaded_source_", "webhook": "cascaded_webhook_"}


def described():
    answer = subprocess.run([f"{os.environ['RELEASE']}/cascaded", "--describe", "metrics", "--json"],
                            check=True, capture_output=True, text=True)
    return json.loads(answer.stdout)


def expressions():
    """Each expression of the dashboard with the title of its panel; variables have a value."""
    found = []
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            text = target["expr"].replace("$__rate_interval", "5m")
            found.append((panel["title"], re.sub(r"\$(instance|source)\b", ".*", text)))
    return found


def is_open(label, name):
    return name.startswith(OPEN_LABELS.get(label, "none"))


def label_values():
    """The values of each label of each metric."""
    values = {}
    for row in described():
        of_metric = values.setdefault(row["name"], {})
        for label, value in re.findall(r'(\w+)="([^"]*)"', row["labels"]):
            of_metric.setdefault(label, set()).add(value)
    return values


@case
def the_names_of_metrics_are_frozen():
    now = {row["name"] + (f"{{{row['labels']}}}" if row["labels"] else "") + f" {row['type']}"
           for row in described()}
    frozen = set(FROZEN.read_text("utf-8").splitlines())
    assert frozen <= now, f"gone: {sorted(frozen - now)}"
    assert now <= frozen, f"new, add to {FROZEN}: {sorted(now - frozen)}"


@case
def the_dashboard_uses_metrics_labels_and_values_that_exist():
    values = label_values()
    faults = []
    for title, text in expressions():
        for name, matchers in re.findall(r"\b(cascaded_\w+)(?:\{([^}]*)\})?", text):
            if name not in values:
                faults.append(f"{title}: there is no {name}")
                continue
            for label, _, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', matchers):
                unknown = set(value.split("|")) - values[name].get(label, set())
                if not is_open(label, name) and unknown:
                    faults.append(f"{title}: {name} has no {label} {sorted(unknown)}")
    assert not faults, faults
    assert len(expressions()) > 40, "the dashboard is nearly empty"


@case
def legends_name_labels_that_exist():
    values = label_values()
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        for target in panel["targets"]:
            name = re.search(r"cascaded_\w+|\bup\b", target["expr"])[0]
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                assert label in values.get(name, {}) or is_open(label, name), (panel["title"], label)


@case
def promtool_reads_every_expression_of_the_dashboard():
    rules = [{"record": "dashboard:expression", "expr": text} for _, text in expressions()]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump({"groups": [{"name": f"expression_{number}", "rules": [rule]}
                              for number, rule in enumerate(rules)]}, file)
        file.flush()
        done = subprocess.run([unpacked.program("prometheus", "usr/bin/promtool"), "check", "rules",
                               "--lint=none", file.name],
                              capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"SUCCESS: {len(rules)} rules" in done.stdout, done.stdout


@case
def panels_have_a_place_of_their_own():
    taken = {}
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        place = panel["gridPos"]
        assert panel["description"] and place["x"] + place["w"] <= 24, panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, (panel["title"], taken[(x, y)])
                taken[(x, y)] = panel["title"]


run_cases()
