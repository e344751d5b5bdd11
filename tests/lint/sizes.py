#!/usr/bin/env python3
"""Sizes of code: a .c file has at most 600 lines, a header 150 (one of C++, which holds code, 300), a line 88 columns
unless it is the row of a fenced table.

Functions are measured by clang-tidy (readability-function-size).
"""
import pathlib
import sys

FOLDERS = ["base", "net", "ingest", "pipeline", "sinks", "daemon", "ctl"]
MOST_LINES = {".c": 600, ".cc": 600, ".h": 150, ".hh": 300}
MOST_COLUMNS = 88


def faults_of(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    most = MOST_LINES[path.suffix]
    if len(lines) > most:
        yield f"{path}: {len(lines)} lines, at most {most}"
    is_table = False
    for number, line in enumerate(lines, 1):
        if "// clang-format o" in line:
            is_table = "// clang-format off" in line
        if len(line) > MOST_COLUMNS and not is_table:
            yield f"{path}:{number}: {len(line)} columns, at most {MOST_COLUMNS}"


def main():
    faults = [fault for folder in FOLDERS for path in sorted(pathlib.Path(folder).rglob("*"))
              if path.suffix in MOST_LINES for fault in faults_of(path)]
    print("\n".join(faults))
    return 1 if faults else 0


sys.exit(main())
