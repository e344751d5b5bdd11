#!/usr/bin/env python3
"""Each block of code of README.md and docs/*.md: its commands are run word for word, its configuration is
checked, its output compared. A block that cannot run here is listed with the reason, and what it names exists.
A block that is in none of these lists fails the test."""
# tests/run: beside others
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import unpacked  # noqa: E402
from documented import ROOT, blocks, place, run_in_own_network  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE  # noqa: E402

RELEASE = pathlib.Path(os.environ["RELEASE"])
FOLDER = place()
SHOWN = set()  # what a case below runs or compares

# Other tests run or compare these: page, first words of the block, the test.
ELSEWHERE = (
    ("README.md", "conf/quickstart", "quickstart.py"),
    ("README.md", "cascaded, last 1h", "quickstart.py"),
    ("README.md", "Carriers (docs/carriers.md):", "quickstart.py"),
    ("README.md", "cmake --preset release", "readme.py"),
    ("README.md", "replayed posts=", "readme.py"),
    ("README.md", '{"id":"app:41"', "readme.py"),
    ("README.md", "redis { url", "readme.py"),
    ("README.md", "build/release/cascaded -t -c live.conf", "readme.py"),
    ("README.md", 'echo "whsec_', "readme.py"),
    ("README.md", "signature holds:", "readme.py"),
    ("README.md", "build/release/cascadectl", "readme.py"),
    ("README.md", "redis-cli zrevrange", "readme.py"),
    ("docs/alerts.md", "viral, level 1:", "../unit/alert_text_test.c"),
    ("docs/campaigns.md", "python3 conf/sample/generate.py", "sample_campaigns.py"),
    ("docs/campaigns.md", "5m ", "sample_campaigns.py"),
    ("docs/campaigns.md", "1    351.9", "sample_campaigns.py"),
    ("docs/campaigns.md", "build/release/cascadectl", "sample_campaigns.py"),
    ("docs/campaigns.md", "cat > mine.conf", "sample_campaigns.py"),
    ("docs/operations.md", "ACL SETUSER cascaded", "redis_faults.py"),
)
# Not run as they are: page, first words, the reason.
NOT_RUN = (
    ("README.md", "conf/build-package",
     "needs root and systemd; package.sh and under_systemd.sh do the same in a container"),
    ("docs/operations.md", "conf/build-package            # on Debian 12 or newer",
     "needs root and systemd; package.sh and under_systemd.sh do the same in a container"),
    ("docs/operations.md", "conf/build-package            # on Debian 12, the Debian",
     "needs podman and an image of Debian; container.sh builds and runs the image"),
)
DRAWINGS = (("README.md", "bytes "), ("docs/design.md", "bytes "), ("docs/carriers.md", "ann's post"),
            ("docs/scale.md", "cascaded  "),
            ("docs/scale.md", "Redis                        cascaded: worker"))
POSTS = "".join(
    f'{{"id":"app:{13 + n}","time":"2026-11-22T20:49:0{n}.000Z","author":{{"id":"app:u{7 + n}","handle":"a{n}"}},'
    '"text":"tea from acme cup","retweet_of":{"id":"app:12","text":"tea from acme cup",'
    '"author":{"id":"app:u1","handle":"bob"}}}\n' for n in range(5))


def is_block(block, beginning):
    return block.lstrip().startswith(beginning)


def shows(page, *beginnings):
    """A case that gets the blocks of the page that begin so."""
    def wrap(function):
        def test():
            function(*(next(block for block in blocks(page) if is_block(block, beginning))
                       for beginning in beginnings))
        SHOWN.update((page, beginning) for beginning in beginnings)
        test.__name__, test.__module__ = function.__name__, function.__module__
        return case(test)
    return wrap


def run(name, script):
    return run_in_own_network(FOLDER, name, script)


def check(configuration):
    """With the files of secrets and people that it names."""
    path = FOLDER / "checked.conf"
    path.write_text(configuration, encoding="utf-8")
    for name in re.findall(r'(?:token|secret)_file = "([^"]+)"', configuration):
        (FOLDER / name).write_text("whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n", encoding="ascii")
        (FOLDER / name).chmod(0o600)
    done = subprocess.run([RELEASE / "cascaded", "-t", "-c", path], cwd=FOLDER, capture_output=True, text=True,
                          check=False, timeout=PATIENCE)
    assert done.returncode == 0, (configuration, done.stderr)


@shows("docs/alerts.md", 'alert "viral"', 'alert "carried"', 'alert "arrivals"', 'webhook "chat"')
def the_rules_and_webhooks_of_alerts_md_are_right(viral, carried, arrivals, chat):
    check(viral + carried + 'campaign "cup" { words = {"cup final"} }\n' + arrivals)
    check(viral + chat)


@shows("docs/campaigns.md", 'campaign "cup"', "# customers")
def the_campaign_of_campaigns_md_is_right(campaign, people):
    (FOLDER / "customers.txt").write_text(people, encoding="utf-8")
    check(campaign)


@shows("docs/input.md", 'redis { url = "redis://127.0.0.1:6379" }\nsource "bluesky"',
       'redis { url = "redis://127.0.0.1:6379" }\nsource "x"', 'redis { url = "redis://127.0.0.1:6379" }\nsource "masto"',
       'redis { url = "redis://127.0.0.1:6379" }\nsource "k"')
def the_sources_of_input_md_are_right(*configurations):
    for configuration in configurations:
        check(configuration)


@shows("docs/scale.md", "# the process that reads")
def the_two_configurations_of_scale_md_are_right(both):
    lines = both.splitlines()
    middle = lines[0].index("# the process that counts")
    check("\n".join(line[:middle] for line in lines))
    check("\n".join(line[middle:] for line in lines).replace("/var/lib/cascaded", str(FOLDER / "state")))


@shows("docs/operations.md", 'redis { url = "sentinel', 'redis { url = "cluster')
def the_addresses_of_operations_md_are_right(*configurations):
    for configuration in configurations:
        check(configuration + 'source "b" { url = "wss://bluesky.example/subscribe" }\n')


@shows("docs/keys.md", "redis {\n")
def the_options_of_keys_md_are_right(configuration):
    check(configuration)


@shows("docs/input.md", '{"id":"app:41"')
def the_post_of_input_md_is_counted(post):
    (FOLDER / "post.ndjson").write_text(post.replace("\n", "") + "\n", encoding="utf-8")
    said = run("post.sh", "build/release/cascaded -o redis.url=redis://127.0.0.1:6379 post.ndjson")
    assert "replayed posts=1 interactions=1 duplicates=0 rejected=0" in said, said


@shows("docs/alerts.md", '{"id":"arrivals', '"top_carriers"')
def the_alerts_of_alerts_md_are_json(newcomer, carriers):
    assert json.loads(newcomer)["type"] == "campaign.newcomer"
    assert all(set(row) == {"id", "handle", "people", "observed"}
               for row in json.loads("{" + carriers + "}")["top_carriers"])


@shows("docs/alerts.md", "python3 conf/sample/generate.py", "backtest posts=")
def a_backtest_prints_what_alerts_md_shows(commands, printed):
    said = run("backtest.sh", commands)
    assert printed in said, said


@shows("docs/alerts.md", "# 1. The stream")
def each_way_to_read_alerts_works(commands):
    (FOLDER / "posts.ndjson").write_text(POSTS, encoding="utf-8")
    group, stream, channel, board, hash_ = [line for line in commands.splitlines() if line[0] != "#"]
    said = run("read.sh", "\n".join([
        group, f"{stream.partition('#')[0]} >entries &", f"{channel} >messages &",
        "until redis-cli info clients | grep -q blocked_clients:1; do sleep 0.1; done",
        "until redis-cli pubsub numsub cascaded:alerts | grep -q 1; do sleep 0.1; done",
        "build/release/cascaded -q -o redis.url=redis://127.0.0.1:6379 -o alert.viral.min_size=3 posts.ndjson",
        "until grep -q viral entries && grep -q viral messages; do sleep 0.1; done",
        "kill %2", board, hash_]))
    assert "app:12\n5\n" in said and "amplifiers\n5\n" in said, said


@shows("docs/keys.md", "redis-cli zrevrange", "build/release/cascadectl", "ACL SETUSER")
def the_commands_and_rights_of_keys_md_work(redis, commands, acl):
    (FOLDER / "posts.ndjson").write_text(POSTS, encoding="utf-8")
    (FOLDER / "word").write_text("PASSWORD", encoding="ascii")
    (FOLDER / "word").chmod(0o600)
    commands = commands.replace(" top ", " top --once ")
    reader = commands.replace(" -r ", " -o redis.user=team -o redis.password_file=word -r ")
    mark = "build/release/cascadectl -o redis.user=team -o redis.password_file=word " \
           "-r redis://127.0.0.1:6379 outreach cup done @a1"
    said = run("keys.sh", "\n".join([
        "cat >cup.conf <<'END_OF_FILE'\nredis { url = \"redis://127.0.0.1:6379\" users_from = 1 }\n"
        'campaign "cup" { words = {"acme cup"} }\nEND_OF_FILE',
        "build/release/cascaded -q -c cup.conf posts.ndjson", redis, commands,
        f"redis-cli {shlex.join(acl.split())}",
        "echo a reader", reader, mark]))
    first, second = said.split("\na reader\n")
    for part in (first, second):
        assert "acme cup" in part and "@bob" in part and "campaign cup" in part, part[-2500:]
    assert first.startswith("replayed posts=5") and "app:u1" in first, first
    assert "marked as done: @a1" in second, second[-500:]


@shows("docs/input.md", "head -c 32")
def posts_are_pushed_as_in_input_md(commands):
    (FOLDER / "posts.ndjson").write_text(POSTS.replace("2026-11-22", "2026-01-01"), encoding="utf-8")
    token, push = commands.split("\n", 1)
    option = token.partition("# ")[2]
    said = run("push.sh", "\n".join([
        token, f"cat >push.conf <<'END_OF_FILE'\nredis {{ url = \"redis://127.0.0.1:6379\" }}\n{option}\nEND_OF_FILE",
        "build/release/cascaded -c push.conf 2>log & trap 'kill %1; redis-cli shutdown nosave' EXIT",
        "until curl -sf http://127.0.0.1:7787/readyz; do sleep 0.1; done", push]))
    assert re.search(r'"accepted":\d+,"rejected":\d+', said), said


@shows("docs/operations.md", "rule_files:")
def prometheus_takes_the_configuration_of_operations_md(configuration):
    shipped = "/usr/share/cascaded/prometheus/cascaded.rules.yml"
    assert shipped in configuration
    path = FOLDER / "prometheus.yml"
    path.write_text(configuration.replace(shipped, f"{ROOT}/conf/prometheus/cascaded.rules.yml"), encoding="utf-8")
    done = subprocess.run([unpacked.program("prometheus", "usr/bin/promtool"), "check", "config", path],
                          capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0 and "1 rule files found" in done.stdout, done


def help_of(program):
    return subprocess.run([RELEASE / program, "--help"], capture_output=True, text=True, check=True,
                          timeout=PATIENCE).stdout


@case
def what_the_commands_name_that_are_not_run_exists():
    control = (ROOT / "debian/control").read_text("utf-8")
    installed = "".join(path.read_text("utf-8") for path in (ROOT / "debian").glob("*.install"))
    texts = {program: help_of(program) for program in ("cascaded", "cascadectl")}
    for page, beginning, _ in NOT_RUN:
        for line in next(block for block in blocks(page) if is_block(block, beginning)).splitlines():
            words = line.partition("#")[0].split()
            missing = [word for word in words if word.startswith("conf/") and not (ROOT / word).exists()]
            missing += [word for word in re.findall(r"(\w+)_\*\.deb", line) if f"Package: {word}\n" not in control]
            missing += [word for word in words if word.startswith("/etc/cascaded/")
                        and f"{pathlib.Path(word).name} " not in installed]
            program = next((word for word in words if word in texts), None)
            if words[0] == program or words[0].startswith("CREDENTIALS_DIRECTORY="):
                missing += [word for word in words if word.startswith("-") and word not in texts[program]]
            elif words[0] in ("systemctl", "journalctl"):
                assert words[-1] == "cascaded" and (ROOT / "conf/cascaded.service").exists(), line
            assert not missing, (line, missing)


@case
def every_block_is_run_compared_or_listed():
    known = {*SHOWN, *DRAWINGS, *((page, beginning) for page, beginning, _ in ELSEWHERE + NOT_RUN)}
    used = set()
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        page = str(path.relative_to(ROOT))
        for block in blocks(page) if "```" in path.read_text("utf-8") else ():
            found = {row for row in known if row[0] == page and is_block(block, row[1])}
            assert found, f"{page}: no test runs or lists this block:\n{block}"
            used |= found
    assert used == known, f"no block begins so: {known - used}"
    tests = {name for _, _, name in ELSEWHERE}
    assert all((ROOT / "tests/system" / name).exists() for name in tests), tests


run_cases()
