#!/usr/bin/env python3
"""The alert rules for Prometheus: promtool reads them and agrees on when each fires; they name only
metrics that exist, and docs/operations.md says of each what to do."""
import os
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import unpacked  # noqa: E402
from tap import case, run_cases  # noqa: E402

RULES = pathlib.Path("conf/prometheus/cascaded.rules.yml")
CASES = pathlib.Path("tests/lint/alert_rules.yml")
NAMES = re.findall(r"- alert: (\w+)", RULES.read_text())


def promtool(*words):
    program = unpacked.program("prometheus", "usr/bin/promtool")
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@case
def promtool_reads_the_rules():
    promtool("check", "rules", RULES)


@case
def each_rule_fires_when_it_should_and_only_then():
    promtool("test", "rules", CASES)
    found = re.findall(r"alertname: (\w+)\n.*\n +exp_alerts:( \[\])?", CASES.read_text())
    assert sorted(found) == sorted((name, end) for name in NAMES for end in ("", " []")), found


@case
def rules_name_metrics_that_exist():
    described = subprocess.run([f"{os.environ['RELEASE']}/cascaded", "--describe", "metrics"],
                               check=True, capture_output=True, text=True).stdout
    exist = set(re.findall(r"^(\w+)", described, re.MULTILINE))
    used = set(re.findall(r"\bcascaded_\w+", RULES.read_text()))
    assert used and used <= exist, used - exist


@case
def each_rule_has_a_section_in_the_documentation():
    headings = re.findall(r"^#### (\w+)$", pathlib.Path("docs/operations.md").read_text(),
                          re.MULTILINE)
    assert headings == NAMES, (headings, NAMES)
    anchors = re.findall(r"runbook: docs/operations\.md#(\w+)", RULES.read_text())
    assert anchors == [name.lower() for name in NAMES], anchors


run_cases()
