"""What the benchmarks share: the build, a private Redis, a replay that is measured, a live daemon."""
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

# Debian's own programs first: they are what conf/packages installs.
os.environ["PATH"] = "/usr/bin:/bin:" + os.environ["PATH"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lab"))
from redis_server import RedisServer  # noqa: E402

HERE = ROOT / "tests/bench"
OUT = ROOT / "build/bench"
CASCADED = ROOT / "build/release/cascaded"
LIMIT, CROWD, FEEDER = (ROOT / "build/release/tests" / name for name in ("limit", "crowd", "feeder"))
# The program measured has a processor of its own where there are two.
PRODUCT, REDIS = ("0", "1") if (os.cpu_count() or 1) > 1 else ("0", "0")


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def reference(*command):
    """What a program to compare with prints about itself."""
    answer = run("taskset", "-c", PRODUCT, *command, stdout=subprocess.PIPE, text=True)
    return json.loads(answer.stdout)


def build():
    run(ROOT / "conf/install-packages", "build", "runtime", "test")
    quiet = {"cwd": ROOT, "stdout": subprocess.DEVNULL}
    run("cmake", "--preset", "release", "-DBUILD_TESTING=ON", **quiet)
    run("cmake", "--build", "build/release", "--target", "cascaded", "limit", "crowd", "feeder",
        "forecast_rows", **quiet)
    OUT.mkdir(parents=True, exist_ok=True)


@contextlib.contextmanager
def private_redis():
    """The socket of a Redis that keeps nothing; gone at the end."""
    server = RedisServer(wrapper=("taskset", "-c", REDIS))
    try:
        yield server.path
    finally:
        server.kill()


def ask(socket, *words, check=True):
    answer = subprocess.run(["redis-cli", "-s", socket, *words], check=check,
                            capture_output=True, text=True)
    return answer.stdout.strip()


@contextlib.contextmanager
def daemon(socket, url, *more, processors=PRODUCT, program=CASCADED):
    """A live one that follows url, everything on but what asks the internet; killed at the end. A
    "-o", "state.dir=…" in more goes before that of its own."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            ["taskset", "-c", processors, program, "-o", f"redis.url=unix:{socket}", "-o",
             "http.listen=127.0.0.1:0", "-o", "names.lookup=false", "-o", f"state.dir={folder}", *more,
             "-c", "/dev/stdin"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdin.write(f'source "bench" {{ url = "{url}" }}\n')
        process.stdin.close()
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def replay(socket, source, say="-q", more=(), **options):
    """Runs cascaded over source; returns its output, CPU and wall seconds, and peak bytes."""
    start = time.perf_counter()
    process = subprocess.Popen(
        ["taskset", "-c", PRODUCT, CASCADED, say, "-o", f"redis.url=unix:{socket}", *more, source],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"cascaded ended with {process.returncode}:\n{said[-2000:]}")
    counts = {name: float(number) for name, number in re.findall(r"(\w+)=([\d.]+)", said)}
    people = re.search(r"^cascaded_users (\d+)", said, re.MULTILINE)
    return {"posts": counts["posts"], "interactions": counts["interactions"],
            "people": int(people[1]) if people else 0,
            "cpu_s": usage.ru_utime + usage.ru_stime, "wall_s": wall,
            "bytes": usage.ru_maxrss * 1024}
