#!/usr/bin/env python3
"""Words that do not belong in the project: unfinished work, machines and paths of those who
wrote it, silenced warnings without a reason."""
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
PATTERNS = [(re.compile(pattern, re.IGNORECASE if pattern.islower() else 0), why)
            for pattern, why in FORBIDDEN]


def project_files():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], check=True,
                            capture_output=True, text=True).stdout
    return [name for name in listed.splitlines()
            if name != THIS_FILE and pathlib.Path(name).is_file()]


def main():
    faults = 0
    for name in project_files():
        text = pathlib.Path(name).read_bytes().decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), 1):
            for pattern, why in PATTERNS:
                found = pattern.search(line)
                if found:
                    faults += 1
                    print(f"{name}:{number}: \"{found[0]}\": {why}")
    return 1 if faults else 0


sys.exit(main())
