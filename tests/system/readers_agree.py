#!/usr/bin/env python3
# tests/run: beside others
"""The decoders give the same on both JSON readers, and what jansson refuses is refused.

Runs decode_dump and decode_dump_jansson ($BUILD, default build/dev) over the golden cases, the
fuzzer's first inputs, and, where ../shared/corpus is at hand, all of it, the JSON test suite
also as the value of a field. Only where nobody reads may a fault go unseen: how often that is
so, is written below.
"""
import bz2
import lzma
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
CORPUS = ROOT.parent / "shared/corpus"
BUILD = ROOT / os.environ.get("BUILD", "build/dev") / "tests"

# Messages with a fault in a value that nobody reads; those with a key twice, of which the last one
# counts; and pages of which one post is broken.
UNREAD_FAULTS = {
    "json": 6,        # nul, 01, 1e400, -; a key twice; and an id of 64 bits, which is none
    "details": 2,     # a number of 64 bits and 1e300, both left out
    "x1_refused": 2,  # a key twice, once within `geo`
    "repeated": 13,
    "references": 2,  # a via, or its uri, twice
    "page_parts": 2,
    "page_bytes": 11,
    "dict-extract-v0-legacy.ndjson": 3,  # lines with bytes cut out of the middle
    "dict-extract-v2-subscribeEvents.ndjson": 1,
}
# A native post around a value: in fields that are read, and where nobody looks. Of a value that
# is left out nobody sees a number beyond every type, a key twice or a NUL in a key.
DROPPED_FAULTS = 11
READ = {b'{"id":"app:1","time":1,"author":{"id":"a"},"%s":' % key: unseen for key, unseen in (
    (b"text", DROPPED_FAULTS), (b"hashtags", DROPPED_FAULTS), (b"mentions", DROPPED_FAULTS),
    (b"via", DROPPED_FAULTS), (b"quote_of", 0), (b"deleted", 0))}
UNREAD = b'{"id":"app:1","time":1,"author":{"id":"a"},"x":'


def dump(program, arguments, messages):
    """What became of each message."""
    out = subprocess.run([BUILD / program, *arguments], stdout=subprocess.PIPE, check=True,
                         input=b"".join(message + b"\n" for message in messages)).stdout
    answers = out.decode("ascii").split("\n\n")[:-1]
    events = sum(message.startswith(b"event: ") for message in messages)
    assert len(answers) == len(messages) - events, "an answer was lost"
    return answers


def is_refused(answer):
    return answer.startswith("nothing: reason=")


def compare(name, messages, arguments=(), allowed=0):
    """How many answers are wrong. allowed: faults unseen; None: any number."""
    if not messages:
        return 0
    ours = dump("decode_dump", arguments, messages)
    theirs = dump("decode_dump_jansson", arguments, messages)
    different = [(a, b) for a, b in zip(ours, theirs) if a != b and not is_refused(b)]
    unseen = sum(is_refused(b) and not is_refused(a) for a, b in zip(ours, theirs))
    for a, b in different[:3]:
        print(f"{name}: differs\n  {a}\n  {b}")
    if allowed not in (None, unseen):
        print(f"{name}: {unseen} faults unseen, should be {allowed}")
    print(f"{name}: {len(ours)} messages, {sum(map(is_refused, ours))} refused")
    return len(different) + (allowed not in (None, unseen))


def lines(data):
    return data.replace(b"\r", b"").split(b"\n")[:-1]


def golden():
    for case in sorted((TESTS / "golden/decode").iterdir()):
        form = case / "format"
        arguments = [form.read_text().strip()] if form.exists() else []
        yield case.name, lines((case / "in.ndjson").read_bytes()), arguments


def seeds():
    """Without their first byte, which chooses the format."""
    folder = TESTS / "fuzz/seeds/decode"
    return [seed.read_bytes()[1:].replace(b"\n", b" ") for seed in sorted(folder.glob("*"))]


def corpus_files():
    opened = {".bz2": bz2.decompress, ".xz": lzma.decompress}
    for path in sorted(CORPUS.rglob("*")):
        data = path.read_bytes() if path.is_file() and path.parent.name != "json-bad" else b""
        if path.suffix in opened:
            yield path, lines(opened[path.suffix](data))
        elif path.suffix in (".ndjson", ".jsonl"):
            yield path, lines(data + b"\n")
        elif path.suffix == ".json" and data:
            yield path, [data.replace(b"\r", b" ").replace(b"\n", b" ")]


def json_suite():
    """(name, value) of the test suite's files that fit on a line."""
    for path in sorted((CORPUS / "json-bad").glob("*.json")):
        data = path.read_bytes()
        if b"\n" not in data:
            yield path.name, data


def check_suite():
    suite = list(json_suite())
    wrong = compare("json-bad", [value for _, value in suite])
    for head, allowed in READ.items():
        wrong += compare("json-bad in " + head.decode()[-11:],
                         [head + value + b"}" for _, value in suite], allowed=allowed)
    good = [UNREAD + value + b"}" for name, value in suite if name.startswith("y_")]
    refused = [answer for answer in dump("decode_dump", [], good) if is_refused(answer)]
    for answer in refused:
        print("json-bad: good JSON is refused:", answer)
    return wrong + len(refused)


def main():
    wrong = 0
    for name, messages, arguments in golden():
        wrong += compare(name, messages, arguments, UNREAD_FAULTS.get(name, 0))
    wrong += compare("seeds", seeds(), allowed=None)
    for path, messages in corpus_files():
        wrong += compare(path.name, messages, allowed=UNREAD_FAULTS.get(path.name, 0))
    if CORPUS.exists():
        wrong += check_suite()
    else:
        print("without the corpus: it is not beside the project")
    return 1 if wrong else 0


sys.exit(main())
