#!/usr/bin/env python3
"""The report of a campaign of an archive, without any Redis: figures, growth, classes and boards
against SQL over the same posts; hostile texts; errors.

    campaign_report.py [case]...         (BUILD names the folder of the build)
"""
# tests/run: beside others
import array
import collections
import fcntl
import html.parser
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import termios

sys.path[:0] = [str(pathlib.Path(__file__).parents[1] / folder) for folder in ("lab", "oracle")]
import processes  # noqa: E402
from campaign_sql import BASE, WINDOWS, Stream, expected, filled  # noqa: E402
from terminal import hostile  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
FOLDER = pathlib.Path(processes.folder())
CONFIGURATION = FOLDER / "report.conf"
CONFIGURATION.write_text(
    'campaign "cup" { words = {"tea", "#cup"} rivals = {"coffee"} people_file = "known.csv" }\n'
    'campaign "other" { words = {"milk"} }\n', encoding="utf-8")
(FOLDER / "known.csv").write_text("n:u1\nn:u2\nn:u7\n", encoding="utf-8")
NO_REDIS = ("-o", f"redis.url=unix:{FOLDER}/no-redis.sock")
CLASSES = (("innovators", 25), ("early adopters", 160), ("early majority", 500),
           ("late majority", 840), ("laggards", 1000))
# Two posts that the report must show as text.
MARK = "</bdi></li><script>alert('x')</script><img src=x onerror=alert(1)>"
ELEMENTS = set("html head meta title style body header section footer div p span b bdi h1 h2 h3 ol li "
               "table thead tbody tr th td svg line rect text path polyline".split())
ATTRIBUTES = set("lang charset http-equiv content name class dir viewbox role aria-label x y x1 x2 y1 y2 "
                 "width height d points".split())


def report(*arguments, name="cup", lines=None, check=True):
    """The finished process; lines: what it reads from standard input."""
    text = None if lines is None else "".join(json.dumps(line) + "\n" for line in lines).encode()
    done = subprocess.run([CASCADED, "-q", "-c", CONFIGURATION, *NO_REDIS, "--report", name,
                           *arguments], input=text, capture_output=True, timeout=PATIENCE, check=False)
    assert not check or done.returncode == 0, done
    return done


def report_of(lines, *arguments):
    return report(*arguments, "-", lines=lines).stdout.decode()


def bins(times, growth):
    """How many of the times are in each bin."""
    counted = collections.Counter((time - growth["start_ms"]) // growth["width_ms"] for time in times)
    return [counted.get(index, 0) for index in range(len(growth["posts"]))]


def check_growth(stream, found):
    growth = found["growth"]
    rows = [row for row in stream.rows if row["is_in"] and row["counts"] and not row.get("undone")]
    width, times = 60_000, [row["time"] for row in stream.rows if row["is_in"] and row["counts"]]
    while stream.now // width - min(times) // width >= 256:
        width *= 2
    assert growth["width_ms"] == width and growth["start_ms"] == min(times) // width * width
    assert len(growth["posts"]) == stream.now // width - min(times) // width + 1
    assert growth["acts"] == bins([row["time"] for row in rows], growth)
    assert growth["posts"] == bins([row["time"] for row in rows if row["kind"] != "retweet"], growth)
    assert growth["joined"] == bins(stream.joins(), growth)


def check_classes(stream, found):
    joins, width, before = stream.joins(), found["growth"]["width_ms"], 0
    for shown, (name, per_mille) in zip(found["adopters"], CLASSES, strict=True):
        last = len(joins) * per_mille // 1000
        assert (shown["class"], shown["people"]) == (name, last - before)
        if last > before:
            assert shown["from_ms"] == joins[before] // width * width
            assert shown["until_ms"] == (joins[last - 1] // width + 1) * width
        before = last


def check_boards(stream, found):
    base = filled(stream)
    values = {"span": WINDOWS["24h"], "now": stream.now}
    within = "undone = 0 AND is_in AND time / (:span / 60) > :now / (:span / 60) - 60"
    posts = base.execute(f"SELECT author, count(*) FROM events WHERE kind != 'retweet' AND {within} "
                         "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10", values)
    cascades = base.execute(
        "SELECT root, count(*) FROM events WHERE kind IN ('retweet', 'quote') AND author != root_author "
        f"AND root NOT IN (SELECT id FROM events WHERE undone = 1) AND {within} "
        "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10", values)
    for name, rows in (("posts", posts), ("cascades", cascades)):
        assert [(row["id"], row["value"]) for row in found["boards"][name]] == list(map(tuple, rows)), name


@case
def every_figure_equals_sql_over_the_same_posts():
    compared = 0
    for seed in range(1, 11):
        stream = Stream(seed, 600)
        found = json.loads(report_of(stream.lines, "--json"))
        now, before = expected(stream), expected(stream, 60)
        for window, span in WINDOWS.items():
            step = span // 60
            for shift, fields in ((0, now), (60, before)):
                last = stream.now // step - shift
                fields[f"joined:{window}"] = sum(last - 60 < time // step <= last
                                                 for time in stream.joins())
        differences = {name: (found.get(name), value) for name, value in now.items()
                       if found.get(name) != value}
        differences |= {f"before {name}": (value, before[name]) for name, value in found["before"].items()
                        if value != before[name]}
        assert not differences, (seed, differences)
        assert {name for name in before if name.split(":")[0] not in (
            "people", "new_people", "known_people", "cascades")} == set(found["before"])
        compared += sum(value != 0 for value in found["before"].values())
        check_growth(stream, found)
        check_classes(stream, found)
        check_boards(stream, found)
    assert compared > 100  # the streams are long enough for windows before


@case
def text_and_page_have_the_figures_of_the_json():
    stream = Stream(3, 600)
    found = json.loads(report_of(stream.lines, "--json"))
    text, page = report_of(stream.lines), report_of(stream.lines, "--html")
    row = re.search(r"^posts +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)$", text, re.M)
    assert [int(value) for value in row.groups()] == [
        found["posts:5m"], found["before"]["posts:5m"], found["posts:1h"], found["before"]["posts:1h"],
        found["posts:24h"], found["before"]["posts:24h"]]
    assert max(map(len, text.splitlines())) <= 100
    share = f"{100 * found['share:24h']:.1f} %"
    assert share in text and share in page
    assert f">{found['people:24h']}</b>" in page
    for shown in (text, page):
        assert all(person["handle" if "handle" in person else "id"] in shown
                   for person in found["outreach"][:5])
    assert page.count('class="posts"') >= sum(value != 0 for value in found["growth"]["acts"])


class Page(html.parser.HTMLParser):
    """What a reader of the page finds: elements, attributes, text."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.attributes, self.text, self.open = set(), set(), "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


# Part of the spelling of some scripts; a browser needs them, and nothing is hidden by them.
WITHOUT_WIDTH = {"U+200B", "U+FEFF", "U+E0041"}


def hostile_lines():
    def person(number):
        return {"id": f"n:u{number}", "handle": f'"><b onclick=x{number}>', "name": f"\u202e{MARK}\x07"}
    root = {"id": "n:root'\"<", "time": BASE, "author": person(1), "text": f"tea {MARK} \u2067 \x1b[31m \u009b31m \u200bzero\ufeff tag\U000e0041"}
    lines = [root]
    for number in range(2, 30):
        lines.append({"id": f"n:{number}", "time": BASE + number * 1000, "author": person(number),
                      "retweet_of": {"id": root["id"], "author": person(1)},
                      "via": f"n:{number - 1}" if number > 2 else root["id"]})
    lines.append({"id": "n:tag", "time": BASE + 40_000, "author": person(3), "text": "tea",
                  "hashtags": ["<i>x", "\u202etag"]})
    return lines


@case
def what_others_wrote_is_text_in_every_form():
    lines = hostile_lines()
    page_text = report_of(lines, "--html")
    page = Page(page_text)
    assert page.elements - ELEMENTS <= {"title"} and not page.open, page.elements
    assert page.attributes <= ATTRIBUTES, page.attributes - ATTRIBUTES
    assert MARK in page.text and '"><b onclick=x2>' in page.text
    assert "default-src &#39;none&#39;" in page_text
    assert set(hostile(page_text)) <= WITHOUT_WIDTH, hostile(page_text)
    assert not re.search(r"url\(|@import|https?://", page_text)
    text = report_of(lines)
    assert not hostile(text), hostile(text)
    assert "<script>" in text  # it is only text there
    found = json.loads(report_of(lines, "--json"))
    assert MARK in found["boards"]["cascades"][0]["text"]


@case
def people_are_known_by_the_file_of_the_campaign():
    lines = [{"id": f"n:{number}", "time": BASE + number, "author": {"id": f"n:u{number}"}, "text": "tea"}
             for number in range(4)]
    found = json.loads(report_of(lines, "--json"))
    assert (found["people:1h"], found["known_people:1h"]) == (4, 2)
    assert {person["id"]: person["known"] for person in found["outreach"]} == {
        "n:u0": 0, "n:u1": 1, "n:u2": 1, "n:u3": 0}


@case
def a_window_before_the_recording_is_not_compared():
    def post(number, minutes):
        return {"id": f"n:{number}", "time": BASE + minutes * 60_000, "author": {"id": f"n:u{number}"},
                "text": "tea"}
    short = json.loads(report_of([post(1, 0), post(2, 1)], "--json"))
    assert short["before"] == {} and "new_window" not in short
    longer = [post(1, 0), post(2, 70), post(3, 75)]
    found = json.loads(report_of(longer, "--json"))
    assert found["before"]["posts:1h"] == 1 and found["posts:1h"] == 2
    assert {window["name"]: (window["whole"], window["before_whole"]) for window in found["windows"]} == {
        "5m": (True, True), "1h": (True, False), "24h": (False, False)}
    assert found["new_window"] == "1h" and found["joined:1h"] == 2 and found["before"]["joined:1h"] == 1
    assert "* the recording begins within it" in report_of(longer)


@case
def new_carriers_are_those_who_began_in_the_window():
    def act(number, minutes, via):
        return {"id": f"n:{number}", "time": BASE + minutes * 60_000, "author": {"id": f"n:u{number}"},
                "retweet_of": {"id": "n:0", "author": {"id": "n:u0"}}, "via": f"n:{via}"}
    lines = [{"id": "n:0", "time": BASE, "author": {"id": "n:u0"}, "text": "tea"}, act(1, 1, 0),
             act(2, 100, 0), act(3, 101, 1), act(4, 102, 2), act(5, 103, 2)]
    found = json.loads(report_of(lines, "--json"))
    assert found["new_window"] == "1h"
    assert [(row["id"], row["value"]) for row in found["new_carriers"]] == [("n:u2", 2)]


@case
def an_archive_without_the_campaign_has_a_report():
    lines = [{"id": "n:1", "time": BASE, "author": {"id": "n:a"}, "text": "nothing of it"}]
    assert "No post belongs to the campaign." in report_of(lines)
    assert "No post belongs to the campaign." in Page(report_of(lines, "--html")).text
    found = json.loads(report_of(lines, "--json"))
    assert found["growth"] == {"posts": [], "acts": [], "joined": []} and found["outreach"] == []
    assert found["people:24h"] == 0 and "share:24h" not in found


@case
def a_long_archive_leaves_nothing_out_while_its_windows_have_room():
    lines = [{"id": f"n:{number}", "time": BASE + 30_000 * number, "text": "tea",
              "author": {"id": f"n:p{number}"}} for number in range(9000)]
    found = json.loads(report_of(lines, "--json", "-o", "campaigns.capacity=1000", "-o", "windows=5m, 1h"))
    assert found["left_out"] == 0 and sum(found["growth"]["posts"]) == 9000, found["left_out"]


@case
def files_are_read_in_their_order_and_standard_input_is_one():
    stream = Stream(5, 300)
    path, half = FOLDER / "half.ndjson", len(stream.lines) // 2
    path.write_text("".join(json.dumps(line) + "\n" for line in stream.lines[:half]), encoding="utf-8")
    parts = report("--json", path, "-", lines=stream.lines[half:]).stdout
    assert json.loads(parts) == json.loads(report_of(stream.lines, "--json"))


def is_waiting(process):
    """It has read what was written, and sleeps."""
    unread = array.array("i", [0])
    fcntl.ioctl(process.stdin, termios.FIONREAD, unread)
    state = pathlib.Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    return unread[0] == 0 and state == "S"


@case
def a_signal_ends_the_reading_of_a_pipe():
    with subprocess.Popen([CASCADED, "-q", "-c", CONFIGURATION, *NO_REDIS, "--report", "cup", "-"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
        line = json.dumps({"id": "n:1", "time": BASE, "author": {"id": "n:a"}, "text": "tea"}) + "\n"
        reader.stdin.write(line.encode())
        reader.stdin.flush()
        wait("the reader waits for more", lambda: is_waiting(reader))
        reader.send_signal(signal.SIGTERM)
        code = reader.wait(PATIENCE)
        said, shown = reader.stderr.read().decode(), reader.stdout.read()
    assert code == 75 and "stopped by a signal behind line 1: there is no result" in said, (code, said)
    assert shown == b""


@case
def each_error_has_one_line_and_its_exit_code():
    missing = str(FOLDER / "missing.ndjson")
    cases = [
        (("-",), {"name": "cop"}, 64, "--report cop: there is no campaign of that name; did you mean cup?"),
        (("-",), {"name": "zzzzzz"}, 64, "--report zzzzzz: there is no campaign of that name"),
        ((), {}, 64, "name the FILEs to report on"),
        (("--json", "--html", "-"), {}, 64, "--json, --html: give only one of them"),
        (("--backtest", "-"), {}, 64, "--report: give it without another action"),
        ((missing,), {}, 66, "missing.ndjson"),
        (("-o", "campaign.cup.words=#", "-"), {}, 78, "words"),
    ]
    for arguments, more, code, words in cases:
        done = report(*arguments, **more, lines=[], check=False)
        said = done.stderr.decode().splitlines()
        assert done.returncode == code and done.stdout == b"", (arguments, done)
        assert len(said) == 1 and words in said[0], (arguments, said)
    for alone in ("--json", "--html"):
        done = subprocess.run([CASCADED, alone, "-"], capture_output=True, timeout=PATIENCE, check=False)
        assert done.returncode == 64 and alone.encode() in done.stderr, done
    done = subprocess.run([CASCADED, "-q", "--report", "cup", "-"], capture_output=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE)
    assert done.returncode == 78 and b"no campaign is configured" in done.stderr, done


if __name__ == "__main__":
    run_cases()
