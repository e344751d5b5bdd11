#!/usr/bin/env python3
"""Words that do not belong in the project: unfinished work, machines and paths of those who
wrote it, silenced warnings without a reason; and, in the pages, in what the programs print, in
the comments of the code and in the names of tests, words that are not plain technical English."""
import pathlib
import re
import subprocess
import sys

THIS_FILE = "tests/lint/words.py"

FORBIDDEN = [
    (r"\b(TODO|FIXME|XXX|HACK)\b", "unfinished work belongs in an issue"),
    (r"(?<![\w.$}])/(work|root|home)/", "a path of somebody's machine"),
    (r"(?<![\w.$}])/tmp/", "a fixed path in a shared folder: use mktemp"),
    (r"\b(pypi\.org|npmjs\.(org|com)|crates\.io|deb\.debian\.org|snapshot\.debian\.org)\b",
     "the host of a package registry"),
    (r"\b(helper agent|language model|assistant session|this session)\b",
     "talk about how the text came about"),
    (r"\bNOLINT\w*\s*(\([^)]*\))?\s*$", "a silenced warning needs its reason on the same line"),
    (r"#pragma (GCC|clang) diagnostic(?!.*//)", "a silenced warning needs its reason"),
]
# In pages, and in the texts of the programs.
UNPLAIN = [
    (r"\b(nobody|somebody)\b", "write: no one, a person, another client"),
    (r"\b(meanwhile|anew)\b", "write: until then, again"),
    (r"\b(foretold|told|tells|tell)\b", "write: forecast, published, reported, contains"),
    (r"\b(stands?|standing) (in|on|at|for|behind|above|below|there|side)\b", "write: is, belongs"),
    (r"\b(held up|holds? up|worth a word|of ours|for want of|a line each)\b",
     "not plain technical English"),
    (r"\b(goes on (from|with)|is away|the world)\b", "write: resumes, cannot be reached, public"),
    (r"\bthe (daemon|program|log|page|rule|hash) (says|knows|asks|wants|believes)\b",
     "a program is not a person"),
]
# In the comments of the code.
UNPLAIN_COMMENTS = [
    (r"\b(nobody|somebody|whoever)\b", "write: no one, a person, the user who"),
    (r"\b(meanwhile|anew)\b", "write: until then, again"),
    (r"\b(foretold|untold|told|tells|tell)\b", "write: forecast, published, reported, contains"),
    (r"\b(stands? (in|on|at|for|behind|above|below|before|there|side|outside)|"
     r"is asked for|lets? go|goes on|at hand|worth a word|the world)\b",
     "write: is, is requested, releases, continues, current"),
    (r"\b(the|a) (daemon|program|rule|hash|table|pipeline|sink|source) "
     r"(says|knows|wants|believes)\b", "a program is not a person"),
]
# In the names of tests.
UNPLAIN_NAMES = [
    (r"(?:^|_)(nobody|somebody|everybody|whoever|anew|meanwhile|told|tells?|untold|says?|said|"
     r"hears?|stands?|standing)(?=_|$)", "write: no one, again, reported, sent, contains, is"),
]
UNPLAIN_PATTERNS = [(re.compile(pattern, re.IGNORECASE), why) for pattern, why in UNPLAIN]
COMMENT_PATTERNS = [(re.compile(pattern, re.IGNORECASE), why)
                    for pattern, why in UNPLAIN_COMMENTS]
NAME_PATTERNS = [(re.compile(pattern), why) for pattern, why in UNPLAIN_NAMES]
TEST_NAME = re.compile(r"^(\w+)\(void \*\*state\)|^def (\w+)\(\):")
PROGRAMS = ("base/", "net/", "ingest/", "pipeline/", "sinks/", "daemon/", "ctl/")
LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"')

PATTERNS = [(re.compile(pattern, re.IGNORECASE if pattern.islower() else 0), why)
            for pattern, why in FORBIDDEN]


def project_files():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], check=True,
                            capture_output=True, text=True).stdout
    return [name for name in listed.splitlines()
            if name != THIS_FILE and pathlib.Path(name).is_file()]


def texts_of(name, line):
    """The part of a line that people read without the source."""
    if name.endswith(".md") or name == "conf/cascaded.conf":
        return line
    if name.startswith(PROGRAMS) and not line.lstrip().startswith(("//", "#include")):
        return " ".join(LITERAL.findall(line))
    return ""


def comment_of(name, line):
    """The comment in a line of a program's source."""
    if not name.startswith(PROGRAMS):
        return ""
    return LITERAL.sub("", line).partition("//")[2]


def test_name_of(name, line):
    """The name of the test, or of a helper without arguments, that begins in a line."""
    found = TEST_NAME.match(line) if name.startswith("tests/") else None
    return (found[1] or found[2]) if found else ""


def main():
    faults = 0
    for name in project_files():
        if name.endswith(".png"):
            continue
        text = pathlib.Path(name).read_bytes().decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), 1):
            texts = texts_of(name, line)
            comment = comment_of(name, line)
            test = test_name_of(name, line)
            for found, why in [(pattern.search(line), why) for pattern, why in PATTERNS] + \
                    [(pattern.search(texts), why) for pattern, why in UNPLAIN_PATTERNS] + \
                    [(pattern.search(comment), why) for pattern, why in COMMENT_PATTERNS] + \
                    [(pattern.search(test), why) for pattern, why in NAME_PATTERNS]:
                if found:
                    faults += 1
                    print(f"{name}:{number}: \"{found[0].strip('_')}\": {why}")
    return 1 if faults else 0


sys.exit(main())
