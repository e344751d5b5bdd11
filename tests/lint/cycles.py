#!/usr/bin/env python3
"""Calls between files go one way: in each static library of the release build, no group of files calls one another in a
circle.

A call is a symbol that one object leaves undefined and another defines; the address of a function counts as a call.
"""
import collections
import sys

from objects import LIBRARIES, symbols_in


def symbols_of(library):
    """What each object of a library defines, and what it leaves to others."""
    defined, wanted = {}, collections.defaultdict(set)
    for file, name, kind in symbols_in(library):
        if kind == "U":
            wanted[file].add(name)
        elif kind.isupper():
            defined[name] = file
    return defined, wanted


def calls_of(library):
    """For each file: the files that it calls, each with one symbol that shows it."""
    defined, wanted = symbols_of(library)
    calls = collections.defaultdict(dict)
    for file, names in wanted.items():
        for name in sorted(names):
            callee = defined.get(name)
            if callee not in (None, file):
                calls[file].setdefault(callee, name)
    return calls


def reached_from(start, calls):
    seen, left = set(), [start]
    while left:
        for callee in calls.get(left.pop(), ()):
            if callee not in seen:
                seen.add(callee)
                left.append(callee)
    return seen


def circles_of(calls):
    """Groups of files that reach one another."""
    reached = {file: reached_from(file, calls) for file in calls}
    groups = {frozenset(other for other in reached[file] if file in reached.get(other, ()))
              for file in reached if file in reached[file]}
    return sorted(sorted(group) for group in groups)


def main():
    faults = 0
    for name in LIBRARIES:
        calls = calls_of(name)
        for group in circles_of(calls):
            faults += 1
            print(f"lib{name}: {len(group)} files call one another in a circle:")
            for file in group:
                for callee, symbol in calls[file].items():
                    if callee in group:
                        print(f"    {file} calls {callee} ({symbol})")
    return 1 if faults else 0


sys.exit(main())
