#!/usr/bin/env python3
"""Each exit code that the programs use is in the table of docs/operations.md, and the reverse."""
import os
import pathlib
import re
import sys

FOLDERS = ("base", "pipeline", "ingest", "net", "sinks", "daemon", "ctl")
CODES = {name: value for name, value in vars(os).items() if name.startswith("EX_")}


def main():
    used = {name for folder in FOLDERS for path in pathlib.Path(folder).rglob("*.[ch]")
            for name in re.findall(r"\bEX_[A-Z]+\b", path.read_text("utf-8"))}
    text = pathlib.Path("docs/operations.md").read_text("utf-8").partition("## Exit codes")[2]
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    found = {CODES[name] for name in used}
    faults = [f"docs/operations.md lacks the exit code {code}" for code in sorted(found - documented)]
    faults += [f"no program exits with {code}, which docs/operations.md has" for code in sorted(documented - found)]
    print("\n".join(faults) or f"{len(found)} exit codes")
    return bool(faults) or len(found) < 10


sys.exit(main())
