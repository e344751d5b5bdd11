#!/usr/bin/env python3
"""Every line that the daemon logs is in the tables of docs/operations.md, by the beginning of one of
its parts without variables; and so is each text of pipeline/shortages.c. Every event with its
fields is in the table of events, which has no other: names of events do not change."""
import pathlib
import re
import sys

PAGE = pathlib.Path("docs/operations.md")
LITERALS = r'((?:"(?:[^"\\\n]|\\.)*"|PRI\w+|\s)+)'
EVENT = (r'(?:LOG_EVENT_OF\("\w+", "\w+", [^"]*?\)|LOG_EVENT\("\w+"\)|"\w+"(?:,\s*"\w+",\s*[^"]*?)?'
         r'|event_name\(event\)),\s*')
CALL = re.compile(r"\blog_(?:error|warn|info|write|now)(?:_of)?\(\s*(?:(?:level|LOG_LEVEL_\w+),\s*)?"
                  + EVENT + LITERALS)
NAMED = (re.compile(r'\blog_(?:error|warn|info)()\(\s*"(\w+)",'),
         re.compile(r'\blog_(?:error|warn|info)_of()\(\s*"(\w+)",\s*"(\w+)",'),
         re.compile(r'\bLOG_EVENT()\("(\w+)"\)'),
         re.compile(r'\bLOG_EVENT_OF()\("(\w+)", "(\w+)"'),
         re.compile(r'\bnote_fault()\(&?\w+, "(\w+)",'),
         re.compile(r'\breturn (")(redis_\w+)";'))
EVENT_ROW = re.compile(r"^\| `(\w+)` \| ((?:`\w+`(?: or )?)*) \|", re.M)
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


def faults_of_events():
    used = {}
    for path in [*sorted(pathlib.Path("daemon").rglob("*.c")), pathlib.Path("base/log.c")]:
        text = path.read_text("utf-8")
        for pattern in NAMED:
            for found in pattern.findall(text):
                used.setdefault(found[1], set()).update(found[2:])
    table = PAGE.read_text("utf-8").split("### Events", 1)[1].split("###", 1)[0]
    shown = {name: set(re.findall(r"\w+", fields.replace(" or ", " ")))
             for name, fields in EVENT_ROW.findall(table)}
    for name in sorted(used.keys() | shown.keys()):
        if used.get(name) != shown.get(name):
            print(f"{PAGE}: the event {name} has the fields {used.get(name)} in the code, "
                  f"{shown.get(name)} in the table")
    return sum(used.get(name) != shown.get(name) for name in used.keys() | shown.keys())


def main():
    page = " ".join(PAGE.read_text("utf-8").split())
    faults = faults_of_events()
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
