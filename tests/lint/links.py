#!/usr/bin/env python3
"""The documentation leads somewhere: every relative link of a page, its anchor included, and every
page and folder named in code marks exists in the project."""
import pathlib
import re
import subprocess
import sys

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NAMED = re.compile(r"`((?:base|net|ingest|pipeline|sinks|daemon|ctl|conf|docs|tests)/[\w./-]*)`")
CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def pages():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], check=True,
                            capture_output=True, text=True).stdout
    return [path for path in map(pathlib.Path, listed.splitlines()) if path.is_file()]


def anchors(path):
    """As GitHub makes them from headings."""
    text = CODE.sub("", path.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


def fault(page, target):
    """What is wrong with a link, or None."""
    if re.match(r"[a-z]+:", target):
        return None
    name, _, anchor = target.partition("#")
    path = page.parent / name if name else page
    if not path.exists():
        return "there is no such file"
    if anchor and anchor not in anchors(path):
        return "there is no such heading"
    return None


def main():
    faults = 0
    for page in pages():
        text = page.read_text("utf-8")
        found = [(target, fault(page, target)) for target in LINK.findall(text)]
        found += [(name, None if pathlib.Path(name).exists() else "there is no such file")
                  for name in NAMED.findall(text)]
        for target, why in found:
            if why:
                faults += 1
                print(f"{page}: {target}: {why}")
    return 1 if faults else 0


sys.exit(main())
