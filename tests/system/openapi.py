#!/usr/bin/env python3
"""The description of the HTTP interface (OpenAPI) agrees with what the daemon does.

    openapi.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse

import jsonschema

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

ROOT = pathlib.Path(__file__).parents[2]
CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
FOLDER = pathlib.Path(processes.folder())
SERVER = RedisServer()
DOCUMENT = json.loads((ROOT / "page/openapi.json").read_text(encoding="utf-8"))
# What depends on the moment of the request.
MOMENT = {"as_of_ms", "written_ms", "lag_ms", "posts_per_s", "clock_ms", "version"}


def posts():
    """The posts that the examples of the description are about."""
    root = {"id": "x:1", "author": {"id": "x:7"}}
    yield {"id": "x:1", "time": 1767225600000, "lang": "en", "text": "A tiny garden #garden",
           "author": {"id": "x:7", "handle": "ann", "name": "Ann", "followers": 900}}
    for number, (handle, via) in enumerate((("bob", "x:1"), ("cat", "x:2"), ("dan", "x:2"))):
        yield {"id": f"x:{number + 2}", "time": 1767225660000 + 60000 * number, "via": via,
               "retweet_of": root, "author": {"id": f"x:{number + 8}", "handle": handle,
                                              "followers": 40 + 10 * number}}


def start():
    archive = FOLDER / "few.ndjson"
    archive.write_text("".join(json.dumps(post) + "\n" for post in posts()), encoding="utf-8")
    log = FOLDER / "log"
    with open(log, "wb") as errors:
        process = processes.start(
            [CASCADED, "-o", f"redis.url={SERVER.url}", "-o", "http.listen=127.0.0.1:0", "-o",
             "alert.young.min_size=2", "-o", "campaign.cup.words=garden", "-o",
             "campaign.cup.rivals=castle", "--stay", str(archive)], stdout=subprocess.PIPE, stderr=errors)
    wait("it listens", lambda: "port" in log.read_text(encoding="utf-8"))
    assert process.stdout.readline().startswith(b"replayed ")
    return int(re.search(r"port (\d+)", log.read_text(encoding="utf-8"))[1])


PORT = start()


def ask(path, method="GET", headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=PATIENCE)
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    is_stream = answer.headers["Content-Type"] == "text/event-stream"
    answer.text = "" if is_stream else answer.read().decode()
    connection.close()
    return answer


def address(path, operation):
    """The path with the examples of its parameters."""
    query = {}
    for parameter in operation.get("parameters", []):
        if parameter.get("in") == "path":
            value = urllib.parse.quote(str(parameter["example"]), safe="")
            path = path.replace("{" + parameter["name"] + "}", value)
        elif parameter.get("in") == "query":
            query[parameter["name"]] = parameter["example"]
    assert "{" not in path, path
    return path + ("?" + urllib.parse.urlencode(query) if query else "")


def check(schema, value):
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(whole).validate(value)


def is_close(shown, wanted, name=""):
    """Equal but for what depends on the moment, and for sums that fade with time."""
    if name in MOMENT:
        return True
    if isinstance(wanted, dict):
        return set(shown) == set(wanted) and all(is_close(shown[key], wanted[key], key)
                                                 for key in wanted)
    if isinstance(wanted, list):
        return len(shown) == len(wanted) and all(map(is_close, shown, wanted))
    if isinstance(wanted, float):
        return abs(shown - wanted) <= 1e-9 * abs(wanted)
    return shown == wanted


def reads():
    for path, methods in DOCUMENT["paths"].items():
        if "get" in methods:
            yield path, methods["get"]


@case
def the_daemon_serves_the_description_that_is_in_the_repository():
    answer = ask("/api/v1/openapi.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert json.loads(answer.text) == DOCUMENT
    assert DOCUMENT["openapi"] == "3.1.0"


@case
def every_path_of_the_daemon_is_described_and_every_one_described_exists():
    routed = set()
    for name in ("sinks/api/api.c", "sinks/http/http_files.c", "sinks/http/http_head.h"):
        source = (ROOT / name).read_text(encoding="utf-8")
        routed |= {re.sub(r"\*+", "*", path) for path in re.findall(r'(?:\{|_PATH )"(/api/[^"]*)"', source)}
    described = {re.sub(r"\{\w+\}", "*", path) for path, _ in reads()}
    assert routed == described, routed ^ described
    assert ask("/api/v1/posts", "POST").status == 403  # exists, and is switched off here
    assert set(DOCUMENT["paths"]["/api/v1/posts"]) == {"post"}


@case
def every_example_is_what_the_daemon_answers():
    count = 0
    for path, operation in reads():
        answer = ask(address(path, operation))
        (kind, content), = operation["responses"]["200"]["content"].items()
        assert answer.status == 200, (path, answer.status, answer.text)
        assert answer.headers["Content-Type"] == kind, path
        if kind == "application/json":
            shown = json.loads(answer.text)
            check(content["schema"], shown)
            if "example" in content:
                check(content["schema"], content["example"])
                assert is_close(shown, content["example"]), (path, shown)
                count += 1
    assert count >= 6, count


@case
def every_refusal_that_is_described_can_be_had():
    for path, operation in reads():
        where = address(path, operation)
        for code in set(operation["responses"]) & {"304", "400", "404"}:
            if code == "304":
                # A flush may come between the two requests.
                for _ in range(100):
                    tag = ask(where).headers["ETag"]
                    answer = ask(where, headers={"If-None-Match": tag})
                    if answer.status == 304:
                        break
            elif code == "400":
                is_list = "limit=" in where
                answer = ask(re.sub("limit=[0-9]+", "limit=0", where) if is_list
                             else where.replace("x%3A", "%zz").replace("/cup", "/%zz"))
            else:
                answer = ask(where.replace("x%3A", "none%3A").replace("carried", "none").replace("/cup", "/cop"))
            assert answer.status == int(code), (path, code, answer.status, answer.text)
            if code != "304":
                check({"$ref": "#/components/schemas/Error"}, json.loads(answer.text))


if __name__ == "__main__":
    run_cases()
