#!/usr/bin/env python3
"""The figures of a campaign in Redis against SQL over the same posts: ten seeded streams with
deletions, every field, every window.

    campaign_figures.py         (BUILD names the folder of the build)
"""
# tests/run: beside others
import json
import os
import pathlib
import subprocess
import sys

sys.path[:0] = [str(pathlib.Path(__file__).parents[1] / folder) for folder in ("lab", "oracle")]
import processes  # noqa: E402
from campaign_sql import Stream, expected  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect()
CONFIGURATION = """campaign "cup" { words = {"tea", "#cup"} rivals = {"coffee"} people_file = "known.csv" }
"""
KNOWN = '\ufeffid,name\r\n"n:u1","One, A."\r\n# nobody\r\nn:u2;Two\r\nn:u7\r\nn:u7\r\nn:u77\r\n'


def replayed(seed, stream):
    path, prefix = f"{FOLDER}/{seed}", f"figures{seed}:"
    pathlib.Path(path + ".conf").write_text(CONFIGURATION, encoding="utf-8")
    pathlib.Path(FOLDER, "known.csv").write_bytes(KNOWN.encode())
    pathlib.Path(path + ".ndjson").write_text(
        "".join(json.dumps(line) + "\n" for line in stream.lines), encoding="utf-8")
    subprocess.run([CASCADED, "-q", "-c", path + ".conf", "-o", f"redis.url={SERVER.url}",
                    "-o", f"redis.prefix={prefix}", path + ".ndjson"], check=True,
                   capture_output=True, timeout=PATIENCE)
    found = CLIENT.hgetall(f"{prefix}campaign:cup")
    return {name.decode(): float(value) for name, value in found.items()}


@case
def every_figure_equals_sql_over_the_same_posts():
    for seed in range(1, 11):
        stream = Stream(seed)
        wanted, found = expected(stream), replayed(seed, stream)
        assert any(wanted.values()), seed
        differences = {name: (found.get(name), wanted.get(name)) for name in wanted | found
                       if found.get(name) != wanted.get(name)}
        assert not differences, (seed, differences)


if __name__ == "__main__":
    run_cases()
