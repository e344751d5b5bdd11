#!/usr/bin/env python3
"""A public symbol starts with the name of its file, of a header in the same folder or the one above that declares it,
or of a struct that this header or the file defines. Singular and plural count as the same name.
"""
import pathlib
import re
import sys

from objects import LIBRARIES, symbols_in

STRUCT = re.compile(r"^struct (\w+) \{", re.MULTILINE)


def forms(name):
    """The name, its singular and its plural."""
    return {name, name.removesuffix("s"), name + "s"}


def declaring(path, symbol):
    """The headers near the file that contain the symbol as a word."""
    folders = [path.parent] + ([path.parent.parent] if len(path.parts) > 2 else [])
    word = re.compile(rf"\b{symbol}\b")
    return [header for folder in folders for header in sorted(folder.glob("*.h*"))
            if word.search(header.read_text("utf-8"))]


def beginnings(path, symbol):
    """What the symbol may start with."""
    allowed = forms(path.stem)
    for source in filter(pathlib.Path.exists, [path, *declaring(path, symbol)]):
        allowed |= forms(source.stem) if source != path else set()
        for struct in STRUCT.findall(source.read_text("utf-8")):
            allowed |= forms(struct)
    return allowed


def is_named_well(path, symbol):
    return any(symbol == name or symbol.startswith(name + "_") for name in beginnings(path, symbol))


def main():
    faults = 0
    for library in LIBRARIES:
        paths = {path.name: path for path in pathlib.Path(library).rglob("*.c*")}
        for file, symbol, kind in symbols_in(library):
            # Weak symbols and mangled names are the compiler's.
            if not kind.isupper() or kind in "UVW" or symbol.startswith("_"):
                continue
            # A file that the build writes has no folder.
            path = paths.get(file, pathlib.Path(file))
            if not is_named_well(path, symbol):
                faults += 1
                print(f"{path}: {symbol} starts with no name of its file, header or struct")
    return 1 if faults else 0


sys.exit(main())
