#!/usr/bin/env python3
"""The version is the same everywhere, and --version names every library that the program loads."""
import os
import pathlib
import re
import subprocess
import sys

PROGRAM = f"{os.environ['RELEASE']}/cascaded"
NAMES = {"crypto": "OpenSSL", "ssl": "OpenSSL", "z": "zlib", "bz2": "bzip2", "lzma": "xz"}
SYSTEM = {"c", "m", "gcc_s", "stdc++", "ld-linux-x86-64", "ld-linux-aarch64"}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def first(pattern, path):
    return re.search(pattern, pathlib.Path(path).read_text(), re.MULTILINE)[1]


def library(needed):
    """libz.so.1 is zlib."""
    stem = re.sub(r"(-\d[\d.]*)?\.so.*", "", needed).removeprefix("lib")
    return None if stem in SYSTEM else NAMES.get(stem, stem.partition("_")[0])


def main():
    faults = []
    lines = output(PROGRAM, "--version").splitlines()
    version = lines[0].removeprefix("cascaded ")
    for path, pattern in (("CMakeLists.txt", r"^project\(cascaded VERSION (\S+)"),
                          ("CHANGELOG.md", r"^## (\S+)"),
                          ("debian/changelog", r"^cascaded \((\S+)\)")):
        if first(pattern, path) != version:
            faults.append(f"{path}: version {first(pattern, path)}, but the program's is {version}")
    named = dict(line.split(" ", 1) for line in lines[1:])
    needed = re.findall(r"NEEDED +(\S+)", output("objdump", "-p", PROGRAM))
    loaded = {library(name) for name in needed} - {None}
    for name in sorted(loaded):
        if not {name, f"lib{name}"} & set(named):
            faults.append(f"--version does not name {name}")
    faults += [f"--version: {name} has the version {text!r}" for name, text in named.items()
               if not re.match(r"\d+\.\d", text)]
    if len(loaded) < 10:
        faults.append(f"only these libraries are found: {loaded}")
    print("\n".join(faults))
    return 1 if faults else 0


sys.exit(main())
