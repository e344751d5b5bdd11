#!/usr/bin/env python3
"""Every line that the daemon logs is in the tables of docs/operations.md, by the beginning of one of
its parts without variables; and so is each text of pipeline/shortages.c."""
import pathlib
import re
import sys

PAGE = pathlib.Path("docs/operations.md")
LITERALS = r'((?:"(?:[^"\\\n]|\\.)*"|PRI\w+|\s)+)'
CALL = re.compile(r"\blog_(?:error|warn|info|write)\(\s*(?:level,\s*)?" + LITERALS)
SHORTAGE = re.compile(r"\{COUNT\(\w+\), \w+,\s*" + LITERALS)
BEGINNING = 40
VARIABLE = re.compile(r'%[-+.*0-9]*(?:z|ll|l)?[a-zA-Z]')


def text_of(literals):
    """The string of C literals side by side; a PRI macro ends what a "%" began."""
    parts = re.findall(r'"((?:[^"\\\n]|\\.)*)"|(PRI\w+)', literals)
    text = "".join("d" if macro else part for part, macro in parts)
    return re.sub(r"\\(.)", r"\1", text)


def beginnings(text):
    """Of its parts without variables; very short ones say nothing."""
    parts = (part.strip(' :;,()"')[:BEGINNING] for part in VARIABLE.split(text))
    return [part for part in parts if len(part) > 6]


def main():
    page = " ".join(PAGE.read_text("utf-8").split())
    faults = 0
    sources = [(path, CALL) for path in sorted(pathlib.Path("daemon").rglob("*.c"))]
    sources.append((next(pathlib.Path("pipeline").rglob("shortages.c")), SHORTAGE))
    for path, pattern in sources:
        text = path.read_text("utf-8")
        for found in pattern.finditer(text):
            parts = beginnings(text_of(found[1]))
            if parts and not any(part in page for part in parts):
                faults += 1
                line = text.count("\n", 0, found.start()) + 1
                print(f'{path}:{line}: "{parts[0]}" is not in {PAGE}')
    return 1 if faults else 0


sys.exit(main())
