#!/usr/bin/env python3
"""The completions of bash, zsh and fish, each asked in its shell.

    completions.py       (no build is needed)
"""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lab"))
from tap import Skip, case, run_cases  # noqa: E402

FOLDER = pathlib.Path("conf/completions").resolve()
PATIENCE = 60
# What is typed, some words that are offered, and some that are not.
ASKED = [
    ("cascaded --de", {"--describe", "--deliver"}, {"--check"}),
    ("cascaded --describe ", {"options", "metrics", "keys", "formats", "alerts"}, {"--json"}),
    ("cascaded -o redis.pa", {"redis.password_file=", "redis.patience="}, {"redis.url="}),
    ("cascaded --speed ", {"max"}, {"--stay"}),
    ("cascadectl ca", {"cascade", "carriers", "carrier", "campaign"}, {"top"}),
    ("cascadectl board ca", {"carried", "cascades"}, {"mentions"}),
    ("cascadectl board carried ", {"9m"}, {"carried"}),
    ("cascadectl -p x: sources ", {"a-source"}, {"a-rule"}),
    ("cascadectl alerts --rule ", {"a-rule"}, {"a-source"}),
    ("cascadectl campaign ", {"a-campaign"}, {"a-rule"}),
    ("cascadectl completion ", {"bash", "fish"}, {"status"}),
    ("cascadectl outreach cup ", {"done", "undo"}, {"top"}),
    ("cascadectl outreach --c", {"--csv"}, {"--once"}),
    ("cascadectl top --o", {"--once", "--option"}, {"--json"}),
    ("cascadectl carriers --j", {"--json"}, {"--once"}),
    ("cascadectl top --window ", {"5m", "1h", "24h"}, {"top"}),
    ("cascadectl -o redis.ca", {"redis.ca_file=", "redis.cascades_from="}, {"redis.url="}),
]


# A cascadectl that knows these names.
FAKE = """#!/bin/sh
while [ "$1" != completion ]; do shift; done
case $2 in
boards) printf 'carried\\ncascades\\nmentions\\n' ;;
windows) echo 9m ;;
rules) echo a-rule ;;
sources) echo a-source ;;
campaigns) echo a-campaign ;;
esac
"""
BIN = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
pathlib.Path(BIN.name, "cascadectl").write_text(FAKE, encoding="ascii")
pathlib.Path(BIN.name, "cascadectl").chmod(0o755)
os.environ["PATH"] = f"{BIN.name}:{os.environ['PATH']}"


def need(shell):
    if shutil.which(shell) is None:
        raise Skip(f"there is no {shell}")


def check(answer):
    """`answer(line)` is the set of words that the shell offers, or fills in."""
    for line, offered, others in ASKED:
        words = answer(line)
        assert offered <= words, f"{line!r}: {offered - words} not among {sorted(words)}"
        assert not others & words, f"{line!r}: {others & words} offered"


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False,
                          **more)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


@case
def bash_completes_options_their_values_and_commands():
    need("bash")

    def answer(line):
        words = line.split(" ")
        return set(run(
            "bash", "--norc", "-uc", 'compopt() { :; }; source "$1"; shift; COMP_WORDS=("$@")\n'
            'COMP_CWORD=$(($# - 1)); "_$1"; printf "%s\\n" "${COMPREPLY[@]}"',
            "bash", f"{FOLDER}/{words[0]}.bash", *words).split())
    check(answer)


@case
def fish_completes_options_their_values_and_commands():
    need("fish")
    with tempfile.TemporaryDirectory() as home:
        def answer(line):
            name = line.split(" ")[0]
            script = f"source {FOLDER}/{name}.fish; complete -C '{line}'"
            text = run("fish", "--no-config", "-c", script, env={**os.environ, "HOME": home})
            return {offer.split("\t")[0] for offer in text.splitlines()}
        check(answer)


class Zsh:
    """An interactive zsh on a terminal, which lists what it offers at every Tab."""

    SETUP = ("PS1='> '; unsetopt automenu listambiguous beep promptsp; LISTMAX=1000\n"
             "fpath=({folder} $fpath); autoload -Uz compinit; compinit -u -d {folder}/dump\n"
             "zstyle ':completion:*' list-separator ' -- '\n"
             "bindkey '^I' list-choices; stty -echo; print -r 'rea''dy'\n")

    def __init__(self, folder):
        for name in ("cascaded", "cascadectl"):
            shutil.copy(FOLDER / f"{name}.zsh", f"{folder}/_{name}")
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.execvpe("zsh", ["zsh", "-f", "-i"],
                       {"PATH": os.environ["PATH"], "TERM": "dumb", "LC_ALL": "C.UTF-8",
                        "HOME": str(folder), "COLUMNS": "400", "LINES": "1000"})
        self.text = ""
        os.write(self.terminal, self.SETUP.format(folder=folder).encode())
        self.read_until("ready")

    def wait_for(self, text):
        deadline = time.monotonic() + PATIENCE
        while text not in self.text:
            assert time.monotonic() < deadline, f"{text!r} not in {self.text!r}"
            if select.select([self.terminal], [], [], 1)[0]:
                self.text += os.read(self.terminal, 65536).decode("utf-8", "replace")

    def read_until(self, text):
        self.wait_for(text)
        before, _, self.text = self.text.partition(text)
        return before

    def answer(self, line):
        """zsh shows no list while there is input to read, so the rest is typed once the list begins.
        ^U empties the line, so that the mark is printed by a command of its own."""
        self.read_until("> ")
        os.write(self.terminal, line.encode() + b"\t")
        self.wait_for("\n")
        os.write(self.terminal, b"\x15print -r 'fin''ished'\n")
        text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.read_until("finished"))
        lines = text.partition("\n")[2].splitlines()  # behind what was typed
        return {word for shown in lines if not shown.startswith(">") for word in shown.split()}

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.process, 0)


@case
def zsh_completes_options_their_values_and_commands():
    need("zsh")
    with tempfile.TemporaryDirectory() as folder:
        zsh = Zsh(pathlib.Path(folder))
        try:
            check(zsh.answer)
        finally:
            zsh.close()


run_cases()
