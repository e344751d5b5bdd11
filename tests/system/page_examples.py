#!/usr/bin/env python3
"""The examples of reading a board from Redis, with the clients that people use: python3-redis and
redis of npm. Both print what Redis contains.

    page_examples.py        (BUILD names the folder of the build)
"""
# tests/run: beside others
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from redis_server import RedisServer, free_port  # noqa: E402
from sample import write_sample  # noqa: E402
from tap import Skip, case, run_cases  # noqa: E402

CASCADED = os.path.join(os.environ["BUILD"], "cascaded")
ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES, PACKAGES = ROOT / "conf/examples", ROOT / "build/page-packages"
INSTALL = """import("./tests/page/lab.mjs").then(({ installPackages }) => {
    const why = installPackages();
    if (why) { console.log(why); process.exitCode = 77; }
});"""
PORT = free_port()
REDIS = RedisServer("--port", str(PORT), "--bind", "127.0.0.1")
URL = f"redis://127.0.0.1:{PORT}"
subprocess.run([CASCADED, "-q", "-o", f"redis.url={URL}",
                write_sample(processes.folder() / "sample.ndjson", "--posts", "3000")],
               check=True, capture_output=True)


def expected():
    """The lines that an example must print."""
    client = REDIS.connect(decode_responses=True)
    board = client.zrevrange("cascaded:top:influence:1h", 0, 9, withscores=True)
    assert len(board) == 10, board
    names = [client.hget(f"cascaded:user:{person}", "handle") for person, _ in board]
    return "".join(f"{rank} {'@' + name if name else person} {int(value)}\n"
                   for rank, ((person, value), name) in enumerate(zip(board, names), 1))


def printed(*command, **options):
    return subprocess.run([*command, URL], check=True, capture_output=True, text=True,
                          **options).stdout


def lines_of(example):
    text = (EXAMPLES / example).read_text(encoding="utf-8")
    return sum(1 for line in text.splitlines() if line.strip())


@case
def the_python_example_prints_the_board():
    assert lines_of("boards.py") <= 10
    assert printed("/usr/bin/python3", EXAMPLES / "boards.py") == expected()


@case
def the_javascript_example_prints_the_board():
    assert lines_of("boards.mjs") <= 10
    installed = subprocess.run(["node", "-e", INSTALL], cwd=ROOT, capture_output=True, text=True,
                               check=False)
    if installed.returncode == 77:
        raise Skip(installed.stdout.strip())
    assert installed.returncode == 0, installed.stderr
    # An import is looked for in folders above the file.
    shutil.copy(EXAMPLES / "boards.mjs", PACKAGES / "boards.mjs")
    assert printed("node", "boards.mjs", cwd=PACKAGES) == expected()


run_cases()
