#!/usr/bin/env python3
"""The configuration file: cut, unreadable, or read while memory is short.

    configuration.py        (RELEASE names the folder of the build)
"""
# tests/run: beside others
import contextlib
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
import processes  # noqa: E402
from live_daemon import LiveDaemon, http_section  # noqa: E402
from redis_server import RedisServer  # noqa: E402
from tap import case, run_cases  # noqa: E402
from waiting import PATIENCE, wait  # noqa: E402

CASCADED = os.path.join(os.environ["RELEASE"], "cascaded")
FOLDER = processes.folder()
SERVER = RedisServer()
CLIENT = SERVER.connect(decode_responses=True)
FILE = FOLDER / "conf"
WHOLE = f'''# a file of a user
windows = {{5m, 1h}}
redis {{
    url = "{SERVER.url}"   # its socket
    top = 50
}}
http {{ listen = "" }}
/* the only
   source */
source "x" {{
    url = "http://127.0.0.1:9/"
}}
'''


def checked(text, *arguments, **environment):
    FILE.write_bytes(text if isinstance(text, bytes) else text.encode())
    return subprocess.run([CASCADED, "-t", "-c", str(FILE), *arguments], capture_output=True,
                          text=True, timeout=PATIENCE, check=False,
                          env={**os.environ, **environment})


def refused(text, line, reason, **environment):
    done = checked(text, **environment)
    assert done.returncode == 78 and done.stderr.startswith(f"{FILE}:{line}: "), (text, done)
    assert reason in done.stderr and done.stderr.count("\n") == 1, (text, done)


class Daemon(LiveDaemon):
    def __init__(self):
        CLIENT.flushall()
        super().__init__(CASCADED, FOLDER, WHOLE)
        self.await_start()

    def read_again(self):
        """Returns what is logged meanwhile."""
        before = len(self.text())
        self.hang_up()
        wait(self.text, lambda: self.process.poll() is not None or
             re.search("stays in use|was reloaded", self.text()[before:]))
        assert self.process.poll() is None, self.text()
        return self.text()[before:]


@case
def an_empty_list_is_applied_or_refused_with_its_line():
    for text, line, reason in (
            ("\nwindows = {}\n", 2, "windows"), ("windows = { # none\n }\n", 1, "windows"),
            ('alert "a" {\n min_size = 3\n levels = {}\n}\n', 3, "levels"),
            ('campaign "c" {\n words = {}\n}\n', 3, "no post can belong to it"),
            ('\nhttp { hosts = {""} }\n', 2, "one of the texts is empty"),
            ('campaign "c" { words = {""} }\n', 1, "one of the texts is empty"),
            ("\nwindows += {7d}\n", 2, "write the whole list"),
            ("windows = {5m}\nwindows\n += {7d}\n", 3, "write the whole list")):
        refused(text, line, reason)
    # Where a list may be empty it replaces one that was set before.
    for lists in ('words = {"tea"} words = {}', 'accounts = {"@ann"} accounts = { }'):
        refused(f'campaign "c" {{ {lists} }}\n', 1, "no post can belong to it")
    assert checked('http { hosts = {} }\nalert "a" { min_size = 3 campaigns = {} }\n'
                   'campaign "c" { words = {} accounts = {"@ann"} }\n').returncode == 0



@case
def a_file_that_is_cut_within_something_is_refused_with_the_line():
    assert checked(WHOLE).returncode == 0
    for cut in range(len(WHOLE)):
        text = WHOLE[:cut]
        plain = re.sub(r"#.*", "", text)
        if plain.count("{") != plain.count("}"):
            done = checked(text)
            assert done.returncode == 78, (text, done)
            assert re.match(rf"{FILE}:\d+: ", done.stderr), (text, done)
    refused(WHOLE[:WHOLE.index("    top")], 3, "the { on this line has no }")
    refused(WHOLE.rstrip("}\n") + "\n", 10, "the { on this line has no }")
    refused(WHOLE[:WHOLE.index("source */")], 8, "the comment that begins on this line")
    refused(WHOLE[:WHOLE.rindex("9/")], 11, "no closing quotation mark")


@case
def a_comment_that_hides_the_rest_of_the_file_is_refused():
    refused("windows = {5m}\r# a comment\rredis { top = 50 }\r", 1, "ends in CR alone")
    assert checked("windows = {5m}\rredis { top = 50 }\r").returncode == 0


@case
def text_of_a_file_cannot_control_the_terminal():
    for text in ('redis { flush = "\x1b]0;owned\x07" }\n', "\x1b[31mtop = 3\n",
                 'alert "a\u202eb" { min_size = many }\n', 'source "x" { url = "\x9b2J" }\n'):
        done = checked(text)
        assert done.returncode == 78 and done.stderr.count("\n") == 1, (text, done)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", done.stderr), done


@case
def variables_of_the_environment_are_not_read():
    for value in ('"${NAME}:"', "${NAME}", '"a${NAME:-b}"'):
        for environment in ({}, {"NAME": "secret"}):
            refused(f"\nredis {{ prefix = {value} }}\n", 2, "is not replaced", **environment)
    assert checked("redis { prefix = '${NAME}:' }").returncode == 0
    assert checked("", "-o", "redis.prefix=${NAME}:").returncode == 0


@case
def files_of_other_tools_are_read_or_named():
    assert checked(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode()).returncode == 0
    refused(WHOLE.encode("utf-16"), 1, "UTF-16")
    refused(b"windows = 5m\n\0", 2, "a byte of 0")
    refused(b"\nredis { prefix = \"caf\xe9\" }", 2, "not UTF-8")
    assert checked(b"# caf\xe9\n" + WHOLE.encode()).returncode == 0
    assert checked("").returncode == 0


@case
def a_bad_file_at_sighup_leaves_the_running_configuration():
    with Daemon() as daemon:
        FILE.write_text(WHOLE[:WHOLE.rindex("}")], encoding="utf-8")
        assert f"{FILE}:10: the {{ on this line" in daemon.read_again()
        FILE.write_bytes(b"x" * (2 << 20))
        assert "too long" in daemon.read_again()
        FILE.unlink()
        FILE.mkdir()
        assert f"{FILE}: cannot read the configuration: Is a directory" in daemon.read_again()
        FILE.rmdir()
        os.symlink("/dev/zero", FILE)
        assert "too long" in daemon.read_again()
        FILE.unlink()
        os.symlink(FILE, FILE)
        assert "symbolic links" in daemon.read_again()
        FILE.unlink()
        FILE.write_text("".join(f'source "{n}" {{ url = "http://127.0.0.1:9/" }}\n'
                                for n in range(1000)), encoding="utf-8")
        said = daemon.read_again()
        assert said.count("at most 32 such sections") == 64 and "904 more errors" in said, said
        FILE.write_text(WHOLE, encoding="utf-8")
        assert "was reloaded: 1 sources" in daemon.read_again()


def kind_of(descriptor):
    with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
        return os.readlink(descriptor)
    return ""


@case
def a_file_that_cannot_be_read_to_its_end_keeps_no_socket_open():
    with Daemon() as daemon:
        FILE.unlink()
        os.mkfifo(FILE)
        daemon.process.send_signal(signal.SIGHUP)
        children = pathlib.Path(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children")
        wait(daemon.text, lambda: children.read_text(encoding="ascii"))
        child = pathlib.Path("/proc", children.read_text(encoding="ascii").split()[0], "fd")
        wait(daemon.text, lambda: not any(kind_of(file).startswith("socket")
                                           for file in child.iterdir()))
        wait(daemon.text, lambda: "could not be read within" in daemon.text())
        FILE.unlink()


@case
def a_push_for_which_there_is_no_memory_is_asked_for_again():
    # As long as a body may be; the memory for it is not there before the first push.
    posts = "".join(json.dumps({"id": f"app:{n}", "time": int(time.time() * 1000), "text": "x" * 8000,
                                "author": {"id": f"app:u{n}"}}) + "\n" for n in range(1900))
    CLIENT.flushall()
    config = f'redis {{ url = "{SERVER.url}" }}\n' + http_section(FOLDER)
    with LiveDaemon(CASCADED, FOLDER, config) as daemon:
        daemon.await_start()
        hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_AS)[1]
        status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
        size = int(re.search(r"VmSize:\s+(\d+)", status)[1]) << 10
        resource.prlimit(daemon.process.pid, resource.RLIMIT_AS, (size + (6 << 20), hard))
        answer = daemon.push(posts)
        assert answer.status == 429 and "no_room" in answer.text, (answer.status, answer.text)
        answer = daemon.push(posts[:posts.index("\n")])
        assert (answer.status, json.loads(answer.text)["accepted"]) == (202, 1), answer.text
        resource.prlimit(daemon.process.pid, resource.RLIMIT_AS, (hard, hard))
        answer = daemon.push(posts)
        assert (answer.status, json.loads(answer.text)["accepted"]) == (202, 1900), answer.text


@case
def memory_that_is_short_at_sighup_leaves_the_running_configuration():
    with Daemon() as daemon:
        more = "".join(f'source "s{n}" {{ url = "http://127.0.0.1:9/{n}" }}\n' for n in range(31))
        FILE.write_text(WHOLE + more + f"# {'x' * 500000}\n", encoding="utf-8")
        pid = daemon.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_AS)
        failures = set()
        for extra in range(0, 32 << 20, 128 << 10):
            size = int(pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])
            resource.prlimit(pid, resource.RLIMIT_AS,
                             (size * resource.getpagesize() + extra, before[1]))
            said = daemon.read_again()
            if "stays in use" not in said:
                break
            failures.add(said.split(": ", 2)[2].splitlines()[0])
        assert len(failures) >= 2, failures
        resource.prlimit(pid, resource.RLIMIT_AS, before)
        assert "was reloaded: 32 sources" in daemon.read_again()


if __name__ == "__main__":
    run_cases()
