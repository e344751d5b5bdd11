#!/usr/bin/env python3
"""The command as a user gives it: replays into a real Redis, and what it leaves there.

    replay.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from redis_content import everything  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from sample import write_sample  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect()
OWN = (b"cascaded:meta", b"cascaded:epoch", b"cascaded:owner")  # differ from run to run


def command(*arguments):
    return [CASCADED, "-o", f"redis.url={SERVER.url}", *arguments]


def replay(*arguments, stdin=None):
    done = subprocess.run(command(*arguments), stdin=stdin, capture_output=True, timeout=200,
                          check=False)
    assert done.returncode == 0, done
    assert done.stdout.startswith(b"replayed posts="), done
    return done.stdout.split(b" seconds=")[0]


def content():
    return everything(CLIENT, but=OWN)


@case
def the_same_posts_give_the_same_content_however_they_come():
    CLIENT.flushall()
    first = replay(MIXED)
    wanted = content()
    assert len(wanted) > 1000
    assert replay(MIXED) == first and content() == wanted  # over itself
    CLIENT.flushall()
    with open(MIXED, "rb") as stdin:
        assert replay("-", stdin=stdin) == first and content() == wanted
    with open(MIXED, "rb") as file:
        lines = file.read().splitlines(keepends=True)
    halves = [f"{FOLDER}/half{i}" for i in range(2)]
    for half, part in zip(halves, (lines[:1500], lines[1500:])):
        with open(half, "wb") as file:
            file.writelines(part)
    CLIENT.flushall()
    assert replay(*halves) == first and content() == wanted


@case
def an_earlier_replay_on_the_prefix_leaves_no_trace():
    CLIENT.flushall()
    replay(MIXED)
    wanted = content()
    CLIENT.flushall()
    replay(OTHER)
    CLIENT.set("cascaded:alerts-of-somebody", "kept")
    CLIENT.set("other:key", "kept")
    replay(MIXED)
    found = content()
    assert found.pop(b"cascaded:alerts-of-somebody") == b"kept"
    assert found.pop(b"other:key") == b"kept"
    assert found == wanted


@case
def an_undone_retweet_of_bluesky_is_taken_back_behind_the_newest_events():
    def commit(second, did, collection, rkey, **more):
        return json.dumps({"did": f"did:plc:{did}", "time_us": 1772452800000000 + second * 10**6,
                           "kind": "commit", "commit": {
                               "rev": "r", "collection": f"app.bsky.feed.{collection}",
                               "rkey": rkey, **more}}) + "\n"

    def create(second, did, collection, rkey, **record):
        record = {"$type": f"app.bsky.feed.{collection}", "createdAt": "2026-01-01T00:00:00Z",
                  **record}
        return commit(second, did, collection, rkey, operation="create", cid="c", record=record)

    subject = {"uri": "at://did:plc:ann/app.bsky.feed.post/1", "cid": "c"}
    lines = [create(0, "ann", "post", "1", text="carried"),
             create(1, "bob", "repost", "2", subject=subject),
             create(2, "eve", "repost", "3", subject=subject),
             *(create(3 + i, "zed", "post", f"z{i}", text="and so on") for i in range(1500)),
             commit(1600, "bob", "repost", "2", operation="delete")]
    path = f"{FOLDER}/undone.ndjson"
    for upto, retweets in ((-1, 2), (None, 1)):
        pathlib.Path(path).write_text("".join(lines[:upto]), encoding="utf-8")
        CLIENT.flushall()
        replay("-o", "dedupe.capacity=1000", path)
        assert CLIENT.zscore("cascaded:top:retweets:1h", "bsky:did:plc:ann") == retweets
        cascade = f"cascaded:cascade:bsky:{subject['uri']}"
        assert CLIENT.hget(cascade, "size") == b"%d" % retweets, CLIENT.hgetall(cascade)


@case
def keys_live_a_little_longer_than_the_longest_window():
    CLIENT.flushall()
    replay(MIXED)
    for kind in ("user", "cascade"):
        for key in CLIENT.scan_iter(f"cascaded:{kind}:*"):
            assert 25 * 3600 < CLIENT.ttl(key) <= 26 * 3600, (key, CLIENT.ttl(key))


@case
def a_paced_replay_takes_its_time_and_ends_on_a_signal():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        a_paced_replay_ends_on(number)


def a_paced_replay_ends_on(number):
    CLIENT.flushall()
    process = processes.start(command("--speed", "60", MIXED, OTHER), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)

    def counted():
        return int(CLIENT.hget("cascaded:meta", "posts") or 0)

    wait("the first posts", counted)
    first = counted()
    wait("more posts", lambda: counted() > first)
    process.send_signal(number)
    out, said = process.communicate(timeout=PATIENCE)
    posts = int(out.split(b"posts=")[1].split()[0])
    assert process.returncode == 0 and 0 < posts < 3000, (process.returncode, out)
    assert int(CLIENT.hget("cascaded:meta", "posts")) == posts
    stops = re.findall(f"{MIXED}: stopped by a signal before its end: lines up to ([0-9]+) are counted, "
                       "later ones in part or not at all, the files after it are not; the next run "
                       "begins at its start", said.decode())
    assert len(stops) == 1 and int(stops[0]) < 3000, said


@case
def a_stopped_replay_logs_how_far_it_came_and_keeps_its_exit_code():
    CLIENT.flushall()
    damaged = pathlib.Path(FOLDER, "damaged.ndjson")
    damaged.write_text("{\n" * 3, encoding="utf-8")
    folder = pathlib.Path(FOLDER, "stopped")
    folder.mkdir()
    arguments = command("--speed", "60", "-o", f"state.dir={folder}", damaged, MIXED)
    process = processes.start(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait("the first posts", lambda: int(CLIENT.hget("cascaded:meta", "posts") or 0))
    process.terminate()
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 65, (process.returncode, said)
    assert said.count(b"or not at all; the next run with this state.dir continues there") == 1, said

    CLIENT.flushall()
    process = processes.start(command("-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
    process.stdin.write(b'{"id":"n:1","time":1772442000000,"author":{"id":"n:ann"}}\n' * 2)
    process.stdin.flush()
    wait("the first post", lambda: CLIENT.hget("cascaded:meta", "posts") == b"1")
    process.terminate()
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, process.returncode
    assert said.count(b"standard input: stopped by a signal before its end: lines up to 2 are counted") == 1, said


@case
def a_pipe_that_pauses_has_everything_before_the_pause_in_redis():
    post = '{"id":"n:%d","time":1772442000000,"author":{"id":"n:ann"}}\n'
    for speed in ("max", "1000"):
        CLIENT.flushall()
        process = processes.start(command("--speed", speed, "-"), stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for first, end in ((0, 700), (700, 1000)):
            process.stdin.write("".join(post % number for number in range(first, end)).encode())
            process.stdin.flush()
            wait("all posts before the pause",
                 lambda end=end: int(CLIENT.hget("cascaded:meta", "posts") or 0) == end)
        process.terminate()
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0 and b"lines up to 1000 are counted" in said, said


@case
def a_stopped_backtest_reports_that_there_is_no_result():
    endless = pathlib.Path(FOLDER, "endless.ndjson")
    with open(endless, "wb") as out:
        out.truncate(1 << 40)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process = processes.start([CASCADED, "--backtest", "-o", "alert.a.min_size=2", endless],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        status = pathlib.Path(f"/proc/{process.pid}/status")
        wait("it catches the signal", lambda: int(
            re.search("SigCgt:\\s*([0-9a-f]+)", status.read_text(encoding="utf-8"))[1], 16)
            >> (number - 1) & 1)
        process.send_signal(number)
        out, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 75 and out == b"", (process.returncode, out, said)
        assert said.count(b"stopped by a signal") == 1 and b"there is no result" in said, said


@case
def the_pace_is_that_of_the_recording_times_speed():
    path = pathlib.Path(FOLDER, "paced.ndjson")
    path.write_text("".join(json.dumps({
        "id": f"n:{second}", "time": 1772442000000 + second * 1000,
        "author": {"id": "n:ann"}}) + "\n" for second in range(61)), encoding="utf-8")

    def seconds(*speed):
        CLIENT.flushall()
        out = subprocess.run(command(*speed, path), stdout=subprocess.PIPE, check=True).stdout
        return float(out.split(b"seconds=")[1].split()[0])

    # A busy machine takes longer, but not as long as the recording.
    slow, fast, free = seconds("--speed", "10"), seconds("--speed", "30"), seconds()
    assert slow >= 60 / 10 and fast >= 60 / 30, (slow, fast)
    assert max(slow, fast, free) < 60, (slow, fast, free)


@case
def a_replay_that_stays_ends_on_a_signal_only():
    process = processes.start(command("--stay", OTHER), stdout=subprocess.PIPE)
    assert process.stdout.readline().startswith(b"replayed ")
    time.sleep(0.5)
    assert process.poll() is None
    process.terminate()
    assert process.wait(PATIENCE) == 0


@case
def a_full_table_costs_what_is_new_and_is_logged_once():
    path = f"{FOLDER}/full.ndjson"
    with open(path, "w", encoding="utf-8") as out:
        def post(number, author, at, tags):
            print(json.dumps({"id": f"n:{number}", "time": 1772452800000 + at, "hashtags": tags,
                              "author": {"id": f"n:u{author}"}, "mentions": [{"id": "n:named"}]}),
                  file=out)
        post(0, 0, -600_000, [])
        for number in range(1, 60):
            post(number, number, 0, [f"t{number}x{i}" for i in range(30)])
        post(60, 60, 0, [f"many{i}" for i in range(10_000)])
    CLIENT.flushall()
    done = subprocess.run(command("-o", "windows=5m", "-o", "hashtags.capacity=1000", path),
                          capture_output=True, timeout=200, check=False)
    assert done.returncode == 0 and b"posts=61 interactions=61" in done.stdout, done
    assert b"rejected=0" in done.stdout, done
    assert done.stderr.count(b"hashtags.capacity is reached") == 1, done
    assert done.stderr.count(b"than users.per_post or hashtags.per_post") == 1, done
    assert CLIENT.zscore("cascaded:top:mentions:5m", "n:named") == 60
    assert CLIENT.zcard("cascaded:top:hashtags:5m") == 1000
    assert CLIENT.hget("cascaded:meta", "complete") == b"0"


@case
def the_tables_describe_themselves():
    for what in ("options", "metrics", "keys", "formats", "alerts"):
        text = subprocess.run([CASCADED, "--describe", what], capture_output=True, check=True)
        rows = subprocess.run([CASCADED, "--describe", what, "--json"], capture_output=True,
                              check=True)
        for row in json.loads(rows.stdout):
            assert row["name"].encode() in text.stdout, row


@case
def alerts_leave_with_the_flush_and_are_the_same_however_long_it_is():
    """Thousands of posts cross a rule; a tenth of them is deleted with the next message."""
    path = f"{FOLDER}/crossings.ndjson"
    with open(path, "w", encoding="utf-8") as file:
        for i in range(9000):
            post = {"id": f"app:r{i}", "time": 1772452800000 + i * 100,
                    "author": {"id": f"app:u{i}"}, "text": "",
                    "retweet_of": {"id": f"app:p{i // 3}", "author": {"id": "app:ann"}}}
            file.write(json.dumps(post) + "\n")
            if i % 30 == 1:
                file.write(json.dumps({"id": f"app:p{i // 3}", "time": post["time"],
                                       "author": {"id": "app:ann"}, "deleted": True}) + "\n")
    streams = []
    for flush in ("10ms", "5s"):
        CLIENT.flushall()
        done = subprocess.run(command("-v", "-o", f"redis.flush={flush}", "-o",
                                      "alert.two.min_size=2", "-o", "alert.two.resolved=true", "-o", "alerts.keep=100000",
                                      path), capture_output=True, timeout=200, check=True)
        flushes = int(re.search(r"cascaded_redis_flushes_total (\d+)", done.stderr.decode())[1])
        assert flushes < 1000, flushes
        streams.append([entry[b"json"] for _, entry in CLIENT.xrange("cascaded:alerts")])
    assert len(streams[0]) == 3000 and streams[0] == streams[1]
    # Each says how things were when it was raised.
    assert {json.loads(alert)["cascade"]["size"] for alert in streams[0]} == {2}


@case
def a_rule_changes_no_count_and_backtest_and_replay_agree():
    """Cascades that are reshared again after days: they count from 0, whatever waits to be written."""
    path = f"{FOLDER}/again.ndjson"
    with open(path, "w", encoding="utf-8") as file:
        for i in range(300):
            for k, size in ((0, 4), (3, 2)):  # days, reshares
                for number in range(size):
                    time_ms = 1400000000000 + i * 864_000_000 + k * 86_400_000 + number
                    file.write(json.dumps({
                        "id": f"app:{i}-{k}-{number}", "time": time_ms,
                        "author": {"id": f"app:u{number}"},
                        "retweet_of": {"id": f"app:p{i}", "author": {"id": "app:ann"}}}) + "\n")
    sizes = []
    for rule in ([], ["min_size=2", "resolved=true"], ["min_size=5"]):
        CLIENT.flushall()
        options = [word for text in rule for word in ("-o", f"alert.again.{text}")]
        replay("-o", "redis.flush=5s", "-o", "windows=1h", *options, path)
        sizes.append(CLIENT.hgetall("cascaded:cascade:app:p299"))
        sizes[-1].pop(b"level", None)
        raised = [json.loads(entry[b"json"]) for _, entry in CLIENT.xrange("cascaded:alerts")]
        if rule:
            fits = 300 if rule[0] == "min_size=2" else 0
            assert sum(each["type"] == "cascade.alert" for each in raised) == fits, len(raised)
            done = subprocess.run(command("--backtest", "-o", "windows=1h", *options, path),
                                  capture_output=True, timeout=200, check=True)
            assert f"alerts={fits} ".encode() in done.stdout, done.stdout
    assert sizes[0][b"size"] == b"2" and sizes[0] == sizes[1] == sizes[2], sizes


@case
def every_error_of_a_configuration_is_reported_with_its_line():
    good = subprocess.run([CASCADED, "-t", "-c", str(ROOT / "conf/cascaded.conf")],
                          capture_output=True, check=False)
    assert (good.returncode, good.stderr) == (0, b""), good
    path = f"{FOLDER}/bad.conf"
    pathlib.Path(path).write_text("windows = {5m, 6x}\nredis {\n  flush = soon\n}\n"
                                  "users { capacity = -3 }\n", encoding="utf-8")
    bad = subprocess.run([CASCADED, "-t", "-c", path], capture_output=True, check=False)
    lines = bad.stderr.decode().splitlines()
    assert bad.returncode == 78 and len(lines) == 3, bad
    for line, number in zip(lines, (1, 3, 5)):
        assert line.startswith(f"{path}:{number}: "), line


@case
def a_comment_may_be_anywhere_and_moves_no_line():
    text = ("# one\n## two\n//three\nwindows = {5m, # four\n  6x} // five\n/* six\n */ redis {"
            " # seven\n  flush = soon }\nhttp { listen = '127.0.0.1:1' } #\nusers { capacity = -3 }")
    code, lines = checked(text)
    assert code == 78 and [line.split(":")[0] for line in lines] == ["5", "8", "10"], lines
    assert checked('redis { prefix = "a#b//c/*d:" } # e') == (0, [])
    for prefix in ("", " ", "\t "):
        code, lines = checked(f'windows = {{1h}}\nredis {{\n prefix = "{prefix}" }}')
        assert code == 78 and len(lines) == 1 and lines[0].startswith("3: redis.prefix: "), lines
        code, lines = checked("", "-o", f"redis.prefix={prefix}")
        assert code == 78 and "redis.prefix" in lines[0], lines
    assert checked("") == (0, [])
    folder = subprocess.run([CASCADED, "-t", "-c", FOLDER], capture_output=True, check=False)
    assert folder.returncode == 78 and b"directory" in folder.stderr, folder


def checked(text, *options, **environment):
    """What -t says of a configuration: its exit code, and lines without the file's name."""
    path = f"{FOLDER}/checked.conf"
    pathlib.Path(path).write_text(text, encoding="utf-8")
    done = subprocess.run([CASCADED, "-t", "-c", path, *options], capture_output=True,
                          check=False, env={**os.environ, **environment})
    return done.returncode, done.stderr.decode().replace(path + ":", "").splitlines()


@case
def an_unknown_name_is_reported_with_the_nearest_one():
    whole = "; cascaded --describe options lists them"
    cases = [
        ('alerts "x" { min_size = 3 }', 'alerts has no title and no value: write alerts { … }, '
         'or alert "name" { … }'),
        ("alerts { min_size = 3 }", 'unknown option "min_size" in alerts: it belongs in alert'),
        ("alert { min_size = 3 }", 'alert needs a title: write alert "name" { … }'),
        ('alert "x" { mni_size = 3 }', 'unknown option "mni_size" in alert: '
         'did you mean "min_size"?'),
        ('alert "x" { alert = 3 }', 'unknown option "alert" in alert' + whole),
        ('webhoks "x" { }', 'unknown option or section "webhoks": did you mean "webhook"?'),
        ('redis "x" { }', "redis has no title and no value: write redis { … }"),
        ("redis { ulr = x }", 'unknown option "ulr" in redis: did you mean "url"?'),
        ("redis { u = x }", 'unknown option "u" in redis' + whole),
        ("redis { format = x }", 'unknown option "format" in redis: it belongs outside any section, '
         "in log, in source, in webhook"),
        ("windws = {5m}", 'unknown option or section "windws": did you mean "windows"?'),
        ("flush = 1s", 'unknown option or section "flush": it belongs in redis'),
        ("redis.url = x", "redis has no title and no value: write redis { … }"),
        ('"" = x', 'unknown option or section ""' + whole),
        ("a" * 99 + " = x", f'unknown option or section "{"a" * 40}"' + whole),
    ]
    for text, words in cases:
        assert checked("# one\n" + text) == (78, ["2: " + words]), (checked("\n" + text), words)
    for name, words in [("redis.flsuh", 'unknown option "flsuh" in redis: did you mean "flush"?'),
                        ("redi.flush", 'unknown option or section "redi": did you mean "redis"?'),
                        ("source.url", 'source needs a title: write source "name" { … }'),
                        ("alert.a.b.min_siz", 'unknown option "min_siz" in alert: '
                         'did you mean "min_size"?'), (".", 'unknown option or section "."' + whole)]:
        assert checked("", "-o", name + "=1") == (78, [f"cascaded: -o {name}: {words}"]), words


@case
def a_wrong_value_is_reported_with_the_section_it_is_in():
    for section, option, value in (("alert", "min_size", "many"), ("alert", "levels", "0x1"),
                                   ("source", "connect_timeout", "soon"), ("webhook", "queue", "-1")):
        code, lines = checked(f'{section} "one" {{\n {option} = {value}\n}}\n')
        start = f'2: {section} "one": {option}: '
        assert code == 78 and lines[0].startswith(start), (lines, start)
        code, lines = checked("", "-o", f"{section}.one.{option}={value}")
        assert code == 78 and lines[0].startswith("cascaded: " + start[3:]), lines


@case
def sources_are_sections_with_a_title():
    url = 'url = "http://127.0.0.1:1/"'
    assert checked(f'source "a" {{ {url} }}\nsource "b" {{ {url} format = "x2" }}\n') == (0, [])
    cases = [(f'source "a" {{ {url} }}\nsource "a" {{ {url} }}\n', "2: "),
             (f'\nsource "a" {{ {url}\n  bogus = 1 }}\n', "3: "),
             (f'source "a b" {{ {url} }}\n', "1: "),
             ('source "a" {\n}\n', "2: "),
             (f'source "a" {{ {url}\n  connect_timeout = soon }}\n', "2: "),
             ('source "a" {\n  url = "http://example.org/" }\n', "2: "),
             ("".join(f'source "s{i}" {{ {url} }}\n' for i in range(33)), "33: ")]
    for text, start in cases:
        code, lines = checked(text)
        assert code == 78 and len(lines) == 1 and lines[0].startswith(start), (text, lines)
    assert len(checked("source \"a\" {\n}\nsource \"b\" {\n}\n")[1]) == 2


@case
def the_command_line_adds_to_sources_and_makes_them():
    add = ("-o", "source.a.url=http://127.0.0.1:1/")
    assert checked('source "a" {\n  format = "x1"\n}\n', *add) == (0, [])
    assert checked("", *add) == (0, [])
    code, lines = checked("", *add, "-o", "source.a.bogus=1")
    assert code == 78 and "--describe options" in lines[0], lines
    code, lines = checked("", *add, "-o", "source.b.format=x1")
    assert code == 78 and '"b"' in lines[0], lines


@case
def every_secret_without_a_path_is_a_credential():
    folder = f"{FOLDER}/secrets"
    os.mkdir(folder)
    cases = (('source "a" { url = "http://127.0.0.1:1/" token_file = one }', "token_file"),
             ('webhook "a" { url = "https://example.org/" secret_file = two }', "secret_file"),
             ("http { token_file = three }", "http.token_file"),
             ('redis { url = "redis://127.0.0.1" password_file = four }', "redis.password_file"),
             ('redis { url = "sentinel://127.0.0.1/m" sentinel_password_file = five }',
              "redis.sentinel_password_file"),
             ('redis { url = "rediss://127.0.0.1" cert_file = "/dev/null" key_file = six }',
              "redis.key_file"))
    for text, option in cases:
        code, lines = checked(text, CREDENTIALS_DIRECTORY=folder)
        assert code == 78 and option + ": " in lines[0], (text, lines)
        with open(f"{folder}/{text.split()[-2]}", "w", encoding="utf-8",
                  opener=lambda name, flags: os.open(name, flags, 0o400)) as file:
            file.write("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr\n")
        assert checked(text, CREDENTIALS_DIRECTORY=folder) == (0, []), text


@case
def a_token_without_a_path_is_a_credential():
    text = 'source "a" { url = "http://127.0.0.1:1/"\n token_file = "x-token" }\n'
    assert checked(text) == (0, [])  # known only where systemd lays it
    folder = f"{FOLDER}/credentials"
    os.mkdir(folder)
    code, lines = checked(text, CREDENTIALS_DIRECTORY=folder)
    assert code == 78 and "token_file: cannot read that file" in lines[0], lines
    with open(folder + "/x-token", "w", encoding="utf-8",
              opener=lambda name, flags: os.open(name, flags, 0o400)) as file:
        file.write("secret\n")
    assert checked(text, CREDENTIALS_DIRECTORY=folder) == (0, [])


if __name__ == "__main__":
    MIXED = write_sample(FOLDER / "mixed.ndjson", "--format", "mixed", "--posts", "3000",
                         "--seed", "5")
    OTHER = write_sample(FOLDER / "other.ndjson", "--format", "post", "--posts", "500",
                         "--seed", "6")
    run_cases()
