"""tests/oracle/source_drive.c as a tool of tests: one source is driven against a server of the lab,
and its lines say what it did."""
import os
import pathlib
import subprocess
import tempfile
import threading
import time

from waiting import AFTER, PATIENCE, wait

PROGRAM = pathlib.Path(os.environ.get("BUILD", "build/dev")) / "tests/source_drive"


def drive(url, *options, run="2s", until=None, times=1):
    """The lines of a source that runs for so long. With until: as long as it takes until `times`
    lines hold that text or, if it is a function, until that says so; then a little longer, for what
    must not follow. So no claim hangs on how fast the machine is."""
    most = f"{PATIENCE}s" if until else run
    lines, seen = [], []

    def listen():
        for line in running.stdout:
            lines.append(line.rstrip("\n"))
            if isinstance(until, str) and until in line:
                seen.append(line)

    with tempfile.TemporaryFile() as errors, subprocess.Popen(
            [PROGRAM, f"url={url}", f"run={most}", *options], stdout=subprocess.PIPE,
            stderr=errors, encoding="latin-1") as running:
        listening = threading.Thread(target=listen)
        listening.start()
        if until:
            claim = until if callable(until) else lambda: len(seen) >= times
            wait(lambda: f"{until}, only {lines[-20:]}",
                 lambda: claim() or running.poll() is not None)
            time.sleep(AFTER)
            running.terminate()
        code = running.wait(PATIENCE + 20)
        listening.join()
        errors.seek(0)
        said = errors.read().decode("latin-1")
    assert code == 0, (code, lines[-20:], said[-4000:])
    return lines


def only(lines, word):
    return [text.split(" ", 1)[1] for text in lines if text.startswith(word + " ")]


def metric(lines, name):
    return next(int(text.split(" ")[1]) for text in only(lines, "metric")
                if text.startswith(name))


def states(lines):
    return [text.split(" ")[0] for text in only(lines, "state")]
