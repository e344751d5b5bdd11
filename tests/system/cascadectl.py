#!/usr/bin/env python3
"""cascadectl on a real Redis: what it shows, what it never shows, how it ends."""
# tests/run: beside others
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from terminal import HOSTILE, LEAVE, Terminal, columns_of, frames, hostile  # noqa: E402
from waiting import wait  # noqa: E402

CASCADECTL = os.path.join(os.environ["BUILD"], "cascadectl")
METRICS = "posts mentions retweets quotes replies reach influence carried translated".split()
READS = {"hmget", "hgetall", "zrevrange", "xrevrange", "get", "select"}


@contextlib.contextmanager
def private_redis():
    server = RedisServer()
    yield server.client, server.url, server


def fill(client, prefix="cascaded:"):
    """Forty users and cascades; the first ones have the HOSTILE names."""
    pipe = client.pipeline()
    pipe.hset(prefix + "meta", mapping={"clock_ms": 1772452800000, "posts": 1234567,
                                        "lag_ms": 12, "complete": 0})
    for i in range(40):
        name = HOSTILE[i] if i < len(HOSTILE) else f"user{i}"
        for metric in METRICS:
            pipe.zadd(f"{prefix}top:{metric}:1h", {f"app:u{i}": 1000 - i})
        pipe.zadd(prefix + "top:hashtags:1h", {f"tag{i}{name}": 1000 - i})
        pipe.zadd(prefix + "top:cascades:1h", {f"app:p{i}": 1000 - i})
        pipe.hset(f"{prefix}user:app:u{i}", mapping={
            "handle": name, "name": name, "followers": 7, "last_seen": 1772452800000,
            "mentions:5m": 3, "mentions:1h": 45678, "retweets:24h": 9})
        pipe.hset(f"{prefix}cascade:app:p{i}", mapping={
            "author": f"app:u{i}", "handle": name, "text": name + " text", "size": 5,
            "created_ms": 1772452800000})
    pipe.hset(prefix + "user:app:bytes", mapping={"handle": b"\xff\xfe\xc3(", "posts:1h": 1})
    pipe.set(prefix + "handle:x:ann", "app:u0")
    pipe.set(prefix + "handle:app:ann", "app:u20")
    pipe.execute()


def raise_alert(client, handle, text, **more):
    alert = {"rule": "viral", "type": "cascade.alert", "time": "2026-03-02T12:00:00.000Z",
             "cascade": {"size": 12, "text": text}, "author": {"id": "app:u7", "handle": handle},
             "why": ["size 12 >= 10", "velocity_5m 2.4 >= 1"], **more}
    client.xadd("cascaded:alerts", {"json": json.dumps(alert)})


def run(url, *words):
    return subprocess.run([CASCADECTL, "-r", url, *words], capture_output=True, check=False)


def shown(url, *words):
    ended = run(url, *words)
    assert ended.returncode == 0, ended
    return ended.stdout.decode()


@case
def one_frame_shows_handles_scores_and_counters():
    with private_redis() as (client, url, _):
        fill(client)
        lines = shown(url, "top", "--once").splitlines()
        assert lines[0].endswith("2026-03-02T12:00:00.000Z") and "last 1h" in lines[0], lines
        assert lines[1] == "1,234,567 posts, lag 12 ms, windows still filling", lines
        assert lines[4].startswith("  1 @plain") and " 1,000 " in lines[4], lines
        assert any(line.startswith("  1 #tag0plain") for line in lines), lines
        assert "@user12 text" not in "\n".join(lines)  # row 13 of 10
        assert "@user12 user12 text" in shown(url, "top", "--once", "--rows", "13")


@case
def the_newest_alert_is_shown_below_the_boards():
    with private_redis() as (client, url, _):
        fill(client)
        assert "\nAlert " not in shown(url, "top", "--once")
        raise_alert(client, "old", "past")
        raise_alert(client, "ann", "tea for all")
        assert shown(url, "top", "--once").splitlines()[-2] == (
            "Alert 12:00:00 viral @ann: size 12 >= 10, velocity_5m 2.4 >= 1: tea for all")
        for more, line in (
                ({"author": {"id": "app:u7"}}, "viral app:u7: size 12 >= 10, "),
                ({"type": "cascade.resolved"}, "viral @ann: over, size 12: tea for all"),
                ({"type": "alert.digest", "alerts": [{}, {}]},
                 "viral: while catching up, alerts: 2")):
            raise_alert(client, "ann", "tea for all", **more)
            assert f"\nAlert 12:00:00 {line}" in shown(url, "top", "--once"), line
        # What is none of ours is left out and harms nothing.
        for fields in ({"json": "{"}, {"json": "[1]"}, {"json": '{"time":1,"type":2,"why":3}'},
                       {"json": '{"time":"","type":"x"}'}, {"a": "1", "b": "2"}):
            client.xadd("cascaded:alerts", fields)
            assert "\nAlert " not in shown(url, "top", "--once"), fields


@case
def an_empty_redis_is_no_error():
    with private_redis() as (_, url, _server):
        assert "no posts yet" in shown(url, "top", "--once")


@case
def another_prefix_and_window_are_other_keys():
    with private_redis() as (client, url, _):
        fill(client, "other:")
        assert "plain" not in shown(url, "top", "--once")
        assert "plain" in shown(url, "-p", "other:", "top", "--once")
        assert "plain" not in shown(url, "-p", "other:", "top", "--once", "--window", "5m")
        assert run(url, "-p", "", "top", "--once").returncode == 64


@case
def no_hostile_character_is_ever_written():
    with private_redis() as (client, url, _):
        fill(client)
        client.set("cascaded:handle:x:evil", "app:u1")
        for name in HOSTILE:
            raise_alert(client, name, name, rule=name, why=[name])
            text = shown(url, "top", "--once")
            assert not hostile(text), (name, hostile(text))
            assert text.splitlines()[-2].startswith("Alert 12:00:00 "), text
        for words in (["top", "--once"], ["user", "@evil"], ["user", "app:bytes"],
                      *(["user", f"app:u{i}"] for i in range(len(HOSTILE))),
                      *(["cascade", f"app:p{i}"] for i in range(len(HOSTILE)))):
            text = shown(url, *words)
            assert not hostile(text), (words, hostile(text))
        ended = run(url, "user", "no\x1b[31msuch\u202euser")
        assert not hostile(ended.stderr.decode()), ended.stderr


def draw(url, columns, lines, *words):
    """Two frames on a terminal of this size."""
    terminal = Terminal([CASCADECTL, "-r", url, "top", "--every", "50ms", *words],
                        columns, lines)
    for _ in range(3):
        start = len(terminal.output)
        terminal.wait_for(b"\x1b[J", start=start)
    terminal.signal(signal.SIGINT)
    assert terminal.finish() == 0, terminal.output
    return frames(terminal.output)


@case
def frames_fit_the_terminal_and_use_it():
    with private_redis() as (client, url, _):
        fill(client)
        raise_alert(client, HOSTILE[7], HOSTILE[6])
        rows = {}
        for columns, lines in ((80, 24), (132, 50), (200, 60), (20, 5), (1, 1)):
            for frame in draw(url, columns, lines):
                assert len(frame) <= lines, (columns, lines, len(frame))
                for line in frame:
                    assert columns_of(line) <= columns, (columns, line)
                    assert not hostile(line), (line, hostile(line))
            rows[columns] = "\n".join(frame)
        for title in "Carried Retweets Influence Mentions Reach Hashtags Cascades".split():
            assert title in rows[80], rows[80]
        assert all("Alert " in rows[columns] for columns in (80, 132, 200)), rows
        assert "Quotes" not in rows[80] and "Quotes" in rows[132] and "Replies" in rows[200]
        assert "  4 " in rows[80] and " 13 " in rows[132], rows


@case
def a_new_size_is_drawn_at_once():
    with private_redis() as (client, url, _):
        fill(client)
        terminal = Terminal([CASCADECTL, "-r", url, "top", "--every", "1h"], 80, 24)
        start = terminal.wait_for(b"Cascades")
        terminal.resize(140, 40)
        terminal.wait_for(b"Quotes", start=start)
        terminal.signal(signal.SIGTERM)
        assert terminal.finish() == 0


@case
def the_terminal_is_left_as_it_was():
    with private_redis() as (client, url, server):
        fill(client)
        for how in (b"\x03", b"\x1c", signal.SIGTERM, signal.SIGHUP):
            terminal = Terminal([CASCADECTL, "-r", url, "top"])
            terminal.wait_for(b"Cascades")
            terminal.press(how) if isinstance(how, bytes) else terminal.signal(how)
            assert terminal.finish() == 0, (how, terminal.output)
            assert terminal.output.endswith(LEAVE), (how, terminal.output[-100:])
        terminal = Terminal([CASCADECTL, "-r", url, "top", "--every", "50ms"])
        terminal.wait_for(b"Cascades")
        server.kill()
        assert terminal.finish() == 69, terminal.output
        assert b"lost Redis" in terminal.output.split(LEAVE, 1)[1], terminal.output[-300:]


@case
def a_stopped_program_comes_back_to_its_screen():
    with private_redis() as (client, url, _):
        fill(client)
        terminal = Terminal([CASCADECTL, "-r", url, "top", "--every", "1h"])
        start = terminal.wait_for(b"Cascades")
        terminal.signal(signal.SIGTSTP)
        start = terminal.wait_for(LEAVE, start=start)
        os.waitpid(terminal.pid, os.WUNTRACED)
        terminal.signal(signal.SIGCONT)
        terminal.wait_for(b"Cascades", start=start)
        terminal.signal(signal.SIGINT)
        assert terminal.finish() == 0


def after(terminal, keys, text, start=None):
    """Presses keys and waits for a text; returns what was drawn since."""
    start = len(terminal.output) if start is None else start
    terminal.press(keys)
    terminal.wait_for(text, start=start)
    return terminal.output[start:].decode()


def last_frame(terminal):
    terminal.read()
    return terminal.output.decode(errors="replace").split("\x1b[H")[-1]


@case
def keys_choose_the_window_the_board_the_rows_and_the_alerts():
    with private_redis() as (client, url, _):
        fill(client)
        client.zadd("cascaded:top:mentions:5m", {"app:u3": 5})
        client.zadd("cascaded:top:mentions:24h", {"app:u4": 24})
        raise_alert(client, "ann", "an alert")
        terminal = Terminal([CASCADECTL, "-r", url, "top", "--every", "1h"], 100, 40)
        terminal.wait_for(b"space pause")
        assert "last 5m" in after(terminal, b"\x1b[D", b"q quit")
        assert "last 5m" in after(terminal, b"\x1b[D", b"q quit")
        assert "last 24h" in after(terminal, b"3", b"q quit")
        assert "last 24h" in after(terminal, b"\x1b[C", b"q quit")
        assert "last 1h" in after(terminal, b"2", b"q quit")
        one = after(terminal, b"m", b"q quit")
        assert "Mentions" in one and "Reach" not in one and " 33 @user32" in one, one
        assert "Reach" in after(terminal, b"\t", b"q quit")
        terminal.press(b"-----")
        wait("there are five rows fewer", lambda: " 28 @user27" in (last := last_frame(terminal)) and
             " 29 @" not in last and "q quit" in last)
        assert "Alerts, the newest first" in after(terminal, b"a", b"q quit")
        assert "an alert" in terminal.output.decode().split("Alerts, the newest")[-1]
        assert "Cascades" in after(terminal, b"o", b"q quit")
        assert ", paused" in after(terminal, b" ", b"q quit")
        assert ", paused" not in after(terminal, b" ", b"q quit")
        after(terminal, b"\x1b[999", b"")  # a sequence that is not complete changes nothing
        after(terminal, b"~", b"q quit")
        terminal.press(b"q")
        assert terminal.finish() == 0, terminal.output
        assert terminal.output.endswith(LEAVE), terminal.output[-100:]


@case
def keys_are_not_shown_and_the_terminal_takes_lines_again_afterwards():
    with private_redis() as (client, url, _):
        fill(client)
        for how in (b"q", signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            terminal = Terminal([CASCADECTL, "-r", url, "top", "--every", "1h"])
            before = terminal.modes()
            terminal.wait_for(b"q quit")
            during = terminal.modes()
            assert before & (termios.ECHO | termios.ICANON) == termios.ECHO | termios.ICANON
            assert during & (termios.ECHO | termios.ICANON) == 0
            terminal.press(how) if isinstance(how, bytes) else terminal.signal(how)
            terminal.wait_for(LEAVE)
            wait("the modes are back", lambda: terminal.modes() == before)
            assert terminal.finish() == 0


@case
def without_a_terminal_there_are_no_keys_and_no_sequences():
    with private_redis() as (client, url, _):
        fill(client)
        for environment in ({"TERM": "xterm"}, {"TERM": "dumb"}):
            ended = subprocess.run([CASCADECTL, "-r", url, "top", "--once"], capture_output=True,
                                   env={**os.environ, **environment}, check=True,
                                   stdin=subprocess.DEVNULL)
            assert b"\x1b" not in ended.stdout and b"q quit" not in ended.stdout


@case
def a_user_is_found_by_id_and_by_handle():
    with private_redis() as (client, url, _):
        fill(client)
        text = shown(url, "user", "app:u0")
        assert "handle            plain" in text and "2026-03-02T12:00:00.000Z" in text, text
        table = text[text.index("\n\n"):].split()
        assert table[:3] == ["5m", "1h", "24h"], table
        assert table[table.index("mentions"):][:4] == ["mentions", "3", "45,678", "0"], table
        assert shown(url, "user", "@ANN") == text
        assert "user20" in shown(url, "user", "@app:ann")


@case
def a_handle_outside_ascii_is_found_however_it_is_written():
    with private_redis() as (client, url, _), tempfile.NamedTemporaryFile("w") as posts:
        for i, handle in enumerate(("Ärger", "ÄRGER", "a\u0308rger", "Νίκος", "ΝΊΚΟΣ")):
            posts.write(json.dumps({
                "id": f"app:{i}", "time": 1772452800000, "author": {"id": "app:u1"},
                "mentions": [{"handle": handle}, {"id": f"x:@{handle}"}]}) + "\n")
        posts.flush()
        replay = [os.path.join(os.environ["BUILD"], "cascaded"), "-o", f"redis.url={url}"]
        subprocess.run([*replay, posts.name], check=True, capture_output=True)
        assert client.zscore("cascaded:top:mentions:1h", "app:@ärger") == 3
        assert client.get("cascaded:handle:app:νίκοσ").decode() == "app:@νίκοσ"
        for count, names in ((3, ("ÄRGER", "ärger", "A\u0308rger", " @Ärger")),
                             (2, ("Νίκος", "νίκοσ", "ΝΊΚΟΣ"))):
            for name in names:
                for who in (f"@app:{name}", f"@{name}", f"x:@{name}"):
                    lines = shown(url, "user", who).splitlines()
                    assert ["mentions", str(count)] in [line.split()[:2] for line in lines], lines


@case
def a_handle_and_hashtags_with_their_signs_are_kept_without_them():
    with private_redis() as (client, url, _), tempfile.NamedTemporaryFile("w") as posts:
        for post in ({"id": "app:1", "author": {"id": "app:u1", "handle": "@Ann"}, "text": "x",
                      "hashtags": ["#Tea", "tea", " tea", "\uff03tea"],
                      "mentions": [{"handle": "@bob"}, {"handle": "bob"}]},
                     {"id": "app:2", "author": {"id": "app:u2"}, "text": "hi @ann @bob #tea"}):
            posts.write(json.dumps({"time": 1772452800000, **post}) + "\n")
        posts.flush()
        replay = [os.path.join(os.environ["BUILD"], "cascaded"), "-o", f"redis.url={url}"]
        subprocess.run([*replay, posts.name], check=True, capture_output=True)
        assert client.zrange("cascaded:top:hashtags:1h", 0, -1, withscores=True) == [(b"tea", 2)]
        mentioned = dict(client.zrange("cascaded:top:mentions:1h", 0, -1, withscores=True))
        assert mentioned == {b"app:u1": 1, b"app:@bob": 2}, mentioned
        text = shown(url, "user", "@ann")
        assert "app:u1" in text and re.search(r"^handle +Ann$", text, re.MULTILINE), text
        for name in ("@Ann", "@app:ann", "@app:@Ann"):
            assert shown(url, "user", name) == text, name


@case
def a_cascade_is_shown_field_by_field():
    with private_redis() as (client, url, _):
        fill(client)
        text = shown(url, "cascade", "app:p20")
        assert "text              user20 text" in text and "app:u20" in text, text


def fill_carriers(client, prefix="cascaded:"):
    """Forty carriers, the first of them with the HOSTILE names."""
    pipe = client.pipeline()
    for i in range(40):
        pipe.zadd(prefix + "top:carriers", {f"app:u{i}": 318.4 - i})
        pipe.hset(f"{prefix}carrier:app:u{i}", mapping={
            "acts": 60.25, "people": 318.4 - i, "carried_acts": 41, "rate": 5.1, "next": 25,
            "best": 92, "best_post": "app:p1", "first_ms": 1772452800000,
            "why": f"{318 - i} people came through 41 of 60 reshares; best 92 on app:p1"})
    pipe.hset(prefix + "carrier:app:u20", "why", b"\xff\xfe\x1b[31m")
    pipe.execute()


@case
def carriers_are_listed_with_their_reasons():
    with private_redis() as (client, url, _):
        assert shown(url, "carriers") == "top:carriers is empty\n"
        fill(client)
        fill_carriers(client)
        lines = shown(url, "carriers").splitlines()
        assert len(lines) == 21 and lines[0].split() == ["people", "who", "why"], lines
        assert lines[1].split() == ["1", "318.4", "@plain", "318", "people", "came", "through",
                                    "41", "of", "60", "reshares;", "best", "92", "on",
                                    "app:p1"], lines[1]
        assert "app:u11 " in lines[12], lines[12]  # without a handle
        whole = shown(url, "carriers", "-n", "100")
        assert len(whole.splitlines()) == 41
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u200b]", whole)


@case
def carriers_are_listed_as_json():
    with private_redis() as (client, url, _):
        empty = json.loads(shown(url, "carriers", "--json"))
        assert empty == {"board": "carriers", "window": "all", "entries": []}, empty
        fill(client)
        fill_carriers(client)
        entries = json.loads(shown(url, "carriers", "-n", "30", "--json"))["entries"]
        assert [entry["rank"] for entry in entries] == list(range(1, 31))
        assert entries[0] == {
            "rank": 1, "id": "app:u0", "value": 318.4, "handle": "plain", "name": "plain",
            "acts": 60.25, "people": 318.4, "carried_acts": 41, "rate": 5.1, "next": 25, "best": 92,
            "best_post": "app:p1", "first_ms": 1772452800000,
            "why": "318 people came through 41 of 60 reshares; best 92 on app:p1"}, entries[0]
        assert entries[9]["handle"] == HOSTILE[9]
        text = shown(url, "carriers", "--json")
        assert set(hostile(text)) <= {"U+200B", "U+FEFF", "U+E0041", "U+E0042"}, hostile(text)


@case
def a_carrier_is_found_by_id_and_by_handle():
    with private_redis() as (client, url, _):
        fill(client)
        fill_carriers(client)
        text = shown(url, "carrier", "app:u0")
        assert "best_post         app:p1" in text and "2026-03-02T12:00:00.000Z" in text, text
        assert "318 people came through 41 of 60 reshares" in text
        assert shown(url, "carrier", "@ANN") == text


@case
def only_reading_commands_are_sent():
    with private_redis() as (client, url, _):
        fill(client)
        fill_carriers(client)
        client.config_resetstat()
        for words in (["top", "--once"], ["user", "@ann"], ["user", "app:u0"],
                      ["cascade", "app:p0"], ["carriers"], ["carriers", "--json"],
                      ["carrier", "@ann"]):
            shown(url, *words)
        sent = {name.removeprefix("cmdstat_") for name in client.info("commandstats")}
        assert sent - {"info", "config|resetstat"} <= READS, sent


@case
def answers_of_a_server_that_is_not_the_daemon_are_refused():
    with private_redis() as (_, url, _), socket.create_server(("127.0.0.1", 0)) as server:
        def answer():
            for text in (b"SSH-2.0-OpenSSH\r\n", b"", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                         b"16\r\n{\"sources\":[{\"name\":\"a\r\n4\r\n\"}]}\r\n0\r\n\r\n"):
                peer, _ = server.accept()
                peer.recv(4096)
                peer.sendall(text)
                peer.close()

        thread = threading.Thread(target=answer)
        thread.start()
        words = ["-r", url, "--http", f"http://127.0.0.1:{server.getsockname()[1]}", "--json", "sources"]
        for _ in range(2):
            ended = subprocess.run([CASCADECTL, *words], capture_output=True, check=False)
            assert ended.returncode == 69 and b"it does not answer as cascaded does" in ended.stderr, ended
        ended = subprocess.run([CASCADECTL, *words], capture_output=True, check=False)
        thread.join()
        assert ended.returncode == 0 and json.loads(ended.stdout), ended


@case
def every_failure_has_its_exit_code_and_one_clear_line():
    with private_redis() as (client, url, _):
        client.set("cascaded:meta", "of another type")
        for code, words, said in (
                (69, ["-r", "unix:/nowhere", "top"], b"cannot reach Redis at unix:/nowhere"),
                (69, ["-r", "redis://127.0.0.1:1", "top"], b"cannot reach Redis"),
                (69, ["-r", url, "top", "--once"], b"WRONGTYPE"),
                (66, ["-r", url, "user", "app:nobody"], b"no user"),
                (66, ["-r", url, "user", "@nobody"], b"no user"),
                (66, ["-r", url, "cascade", "app:nothing"], b"no cascade"),
                (66, ["-r", url, "carrier", "app:nobody"], b"not on a board of carriers"),
                (66, ["-r", url, "carrier", "@nobody"], b"no user"),
                (64, ["-r", url, "top", "--csv"], b"--csv is for outreach"),
                (64, ["-r", url, "carriers", "--tree"], b"--tree is for cascade"),
                (64, ["top", "--onec"], b"--onec: there is no such option; did you mean --once?"),
                (64, ["top", "-1x"], b"-x: there is no such option"),
                (64, ["top", "-r"], b"-r: the option lacks its argument"),
                (64, ["carriers", "app:u0"], b"carriers takes no argument"),
                (64, ["carrier"], b"one id"),
                (64, ["-r", "nonsense", "top"], b"the address of Redis must be"),
                (64, ["-o", "windows=5m", "top"], b"KEY=VALUE"), (64, ["-o", "top"], b"KEY=VALUE"),
                (64, ["-p", "", "top"], b"redis.prefix"),
                (64, ["-r", "redis://u:hidden@h", "top"], b"redis.password_file"),
                (64, ["-o", "redis.password_file=/none", "top"], b"redis.password_file: cannot"),
                (64, ["-o", "redis.ca_file=/dev/null", "top"], b"are for TLS"),
                (64, ["-r", url, "--http", "ftp://h", "sources"], b"--http: write the address as"),
                (64, ["-r", url, "--http", "http://u:hidden@h", "sources"], b"--http: write the"),
                (69, ["-r", url, "--http", "http://127.0.0.1:1", "sources"], b"Connection refused; start it"),
                (64, [], b"which command"),
                (64, ["fly"], b"no such command"),
                (64, ["user"], b"one id"),
                (64, ["top", "extra"], b"no argument"),
                (64, ["top", "--rows", "0"], b"--rows"),
                (64, ["top", "--every", "soon"], b"--every"),
                (64, ["--nonsense"], b"--nonsense")):
            ended = subprocess.run([CASCADECTL, *words], capture_output=True, check=False)
            assert ended.returncode == code and said in ended.stderr, (words, ended)
            assert ended.stderr.count(b"\n") <= 2 and b"hidden" not in ended.stderr, ended
    with private_redis() as (client, url, _):
        client.hset("cascaded:meta", mapping={"users_from": 2, "cascades_from": 3})
        for words, said in ((["user", "app:once"], b"(no key: counted fewer than 2 times)"),
                            (["user", "@once"], b"(no key: counted fewer than 2 times)"),
                            (["cascade", "app:1"], b"(no key: counted fewer than 3 times)")):
            ended = subprocess.run([CASCADECTL, "-r", url, *words], capture_output=True, check=False)
            assert ended.returncode == 66 and said in ended.stderr, (words, ended)
    for option in ("-h", "-V"):
        assert run("unix:/nowhere", option).returncode == 0


run_cases()
