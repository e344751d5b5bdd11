"""Processes and folders of tests. All of them are gone when the script ends: after a failure and
after SIGTERM (tests/run sends it to a test that takes too long) as well.
"""
import atexit
import pathlib
import signal
import subprocess
import sys
import tempfile

ENDINGS = []  # what ends each process and removes each folder, the oldest first


def at_end(ending):
    """Calls `ending` at the end of the test, or of the script if no test is running. It must allow
    to be called for something that has already ended."""
    ENDINGS.append(ending)


def end_since(mark):
    """Ends what was begun since ENDINGS had that length, the newest first."""
    while len(ENDINGS) > mark:
        ENDINGS.pop()()


def start(command, **options):
    """A Popen. The kernel kills the process if this one is killed; since Linux counts by threads,
    call this in the main thread only."""
    command = ["setpriv", "--pdeathsig", "KILL", *map(str, command)]
    process = subprocess.Popen(command, **options)  # pylint: disable=consider-using-with

    def end():
        if process.poll() is None:
            process.kill()
        process.wait()

    at_end(end)
    return process


def temporary():
    """A folder as a context; what cannot be removed, because a process still writes, stays."""
    return tempfile.TemporaryDirectory(prefix="cascaded-", ignore_cleanup_errors=True)


def folder():
    """A folder until the end of the test."""
    made = temporary()
    at_end(made.cleanup)
    return pathlib.Path(made.name)


def leave(number, _):
    sys.exit(128 + number)  # runs what atexit knows


atexit.register(end_since, 0)
for number_of_signal in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
    signal.signal(number_of_signal, leave)
