"""A program on a terminal of its own, for tests: what it draws, and what it does with keys,
sizes and signals."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
import unicodedata

from tap import Skip

ENTER = b"\x1b[?1049h"
LEAVE = b"\x1b[?1049l"
OWN_SEQUENCES = re.compile(rb"\x1b\[(\?(1049|25|7)[hl]|H|2J|J|K|0m|1m)")
# Handles and texts by people who mean harm, or write in more scripts than one.
HOSTILE = [
    "plain", "e\x1b[31mscape", "title\x1b]0;owned\x07", "c1\u009b31m", "bidi\u202eevil\u2066",
    "zero\u200bwidth\ufeff", "zalgo" + "\u0301" * 40, "日本語の名前がとても長いですよね" * 3,
    "line\nbreak\rhere\ttab", "tag\U000e0041\U000e0042", "नमस्ते", "",
]


class NoTerminal(Skip):
    """This system gives no pseudo-terminals, as a chroot without /dev/pts."""


class Terminal:
    """Runs `command` in a session with a pseudo-terminal as its controlling terminal."""

    def __init__(self, command, columns=80, lines=24, **environment):
        self.output = b""
        self.code = None
        try:
            self.pid, self.fd = pty.fork()
        except OSError as error:
            raise NoTerminal(str(error)) from error
        if self.pid == 0:
            os.environ.update(environment, TERM="xterm-256color")
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # which Python ignores
            try:
                self.fd = 0
                self.resize(columns, lines)
                os.execvp(command[0], command)
            finally:
                os._exit(127)

    def resize(self, columns, lines):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def modes(self):
        """The local modes, such as termios.ECHO."""
        return termios.tcgetattr(self.fd)[3]

    def press(self, keys):
        os.write(self.fd, keys)

    def signal(self, number):
        os.kill(self.pid, number)

    def _read(self, seconds):
        if not select.select([self.fd], [], [], max(seconds, 0))[0]:
            return False
        try:
            more = os.read(self.fd, 65536)
        except OSError:  # the other side is closed
            more = b""
        self.output += more
        return more != b""

    def read(self):
        """What there is by now."""
        while self._read(0):
            pass

    def wait_for(self, text, seconds=60, start=0):
        """Reads until `text` is seen; returns where it ends. Fails after `seconds`."""
        deadline = time.monotonic() + seconds
        while text not in self.output[start:]:
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"{text!r} is not shown: ...{self.output[-2000:]!r}")
        return start + self.output[start:].index(text) + len(text)

    def finish(self, seconds=60):
        """Reads to the end; returns the exit code, negative for a signal."""
        deadline = time.monotonic() + seconds
        while self.code is None:
            self._read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                raise AssertionError(f"does not end: ...{self.output[-2000:]!r}")
        while self._read(0.05):
            pass
        os.close(self.fd)
        return self.code


def frames(output):
    """The frames drawn on the alternate screen: lists of lines without our own sequences."""
    inside = output.split(ENTER, 1)[1].split(LEAVE, 1)[0]
    return [[OWN_SEQUENCES.sub(b"", line).decode() for line in re.split(rb"\r+\n", frame)]
            for frame in inside.split(b"\x1b[H")[2:]]


def columns_of(text):
    width = 0
    for char in text:
        if not unicodedata.combining(char) and unicodedata.category(char) not in ("Mn", "Me"):
            width += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return width


def hostile(text):
    """Characters that have no business on a terminal."""
    return sorted({f"U+{ord(char):04X}" for char in text
                   if unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs") and char != "\n"})
