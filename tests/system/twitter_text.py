#!/usr/bin/env python3
"""Compares text.h with the twitter-text conformance cases: twitter_text.py [TEXT_DUMP]

Reads ../shared/corpus beside the project; exits 77 (skipped) when it is not there.
"""
# tests/run: beside others
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT.parent / "shared/corpus/twitter-text/extract-cases.json"

# Kind of case -> letter for the program.
FINDS = {
    "mentions": "m",
    "mentions_with_indices": "m",
    "replies": "r",
    "hashtags": "h",
    "hashtags_from_astral": "h",
    "hashtags_with_indices": "h",
}
# Addresses are not extracted, but nothing may be found inside them.
ADDRESSES = "urls"
SKIPPED = {"cashtags": "cashtags are counted nowhere"}


def run(program, records):
    """One list of finds for each (letter, text)."""
    stdin = b"".join((letter + text).encode() + b"\0" for letter, text in records)
    out = subprocess.run([program], input=stdin, stdout=subprocess.PIPE, check=True).stdout
    lines = out.decode().split("\n")[:-1]
    assert len(lines) == len(records), "a record was lost"
    return [line.split("\t") if line else [] for line in lines]


def spans(text, finds):
    """(start, end, name) with the places in characters."""
    raw = text.encode()
    for find in finds:
        start, end, name = find.split(":", 2)
        yield len(raw[: int(start)].decode()), len(raw[: int(end)].decode()), name


def answer(kind, text, finds):
    """The finds in the form of the cases' `expected`."""
    if kind == "replies":
        return finds[0] if finds else None
    if not kind.endswith("_with_indices"):
        return [name for _, _, name in spans(text, finds)]
    key = "screen_name" if kind.startswith("mentions") else "hashtag"
    return [{key: name, "indices": [start, end]} for start, end, name in spans(text, finds)]


def check_finds(program, tests):
    cases = [(kind, case) for kind in FINDS for case in tests[kind]]
    results = run(program, [(FINDS[kind], case["text"]) for kind, case in cases])
    failed = 0
    for (kind, case), finds in zip(cases, results):
        got = answer(kind, case["text"], finds)
        if got != case["expected"]:
            failed += 1
            print(f"{kind}: {case['description']}\n  text {case['text']!r}\n"
                  f"  want {case['expected']}\n  got  {got}")
    return len(cases), failed


def check_addresses(program, tests):
    cases = tests[ADDRESSES]
    records = [(letter, case["text"]) for case in cases for letter in "mh"]
    failed = 0
    for (_, text), finds in zip(records, run(program, records)):
        case = next(case for case in cases if case["text"] == text)
        inside, at = set(), 0
        for address in case["expected"]:
            at = text.index(address, at) + len(address)
            inside.update(range(at - len(address), at))
        for start, _, name in spans(text, finds):
            if start in inside:
                failed += 1
                print(f"{ADDRESSES}: {case['description']}: found {name} in {text!r}")
    return len(cases), failed


def main():
    if not CASES.exists():
        print("skipped: the conformance cases are not here")
        return 77
    tests = json.loads(CASES.read_text(encoding="utf-8"))["tests"]
    unknown = set(tests) - set(FINDS) - set(SKIPPED) - {ADDRESSES}
    if unknown:
        print(f"kinds of cases nobody looks at: {sorted(unknown)}")
        return 1
    program = sys.argv[1] if len(sys.argv) > 1 else f"{os.environ['BUILD']}/tests/text_dump"
    count, failed = check_finds(program, tests)
    more, more_failed = check_addresses(program, tests)
    for kind, why in SKIPPED.items():
        print(f"skipped: {len(tests[kind])} {kind}: {why}")
    print(f"{count + more} cases, {failed + more_failed} failed")
    return 1 if failed or more_failed else 0


if __name__ == "__main__":
    sys.exit(main())
