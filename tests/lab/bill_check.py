#!/usr/bin/python3
"""Compares the bill of materials of the packages, unpacked into a folder, with SPDX 2.3 and with the programs:

    bill_check.py FOLDER

Prints what is wrong; exit 1 if anything is.
"""
import hashlib
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(sys.argv[1])
BILL = json.loads((ROOT / "usr/share/cascaded/cascaded.spdx.json").read_text("utf-8"))
ID = re.compile(r"SPDXRef-[A-Za-z0-9.-]+")
NEEDED_OF_DOCUMENT = {"spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo"}
NEEDED_OF_PACKAGE = {"SPDXID", "name", "downloadLocation", "versionInfo", "supplier"}
NEEDED_OF_FILE = {"SPDXID", "fileName", "checksums"}
RELATIONS = {"DESCRIBES", "CONTAINS", "DYNAMIC_LINK", "DEPENDS_ON", "BUILD_TOOL_OF"}


def shape():
    """What SPDX 2.3 demands."""
    yield from (f"the document has no {name}" for name in NEEDED_OF_DOCUMENT - set(BILL))
    if (BILL["spdxVersion"], BILL["dataLicense"], BILL["SPDXID"]) != ("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT"):
        yield "the head of the document is not that of SPDX 2.3"
    if not re.fullmatch(r"https://[^#\s]+", BILL["documentNamespace"]):
        yield f"namespace {BILL['documentNamespace']}"
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", BILL["creationInfo"]["created"]):
        yield f"time {BILL['creationInfo']['created']}"
    for creator in BILL["creationInfo"]["creators"]:
        if not re.match(r"(Tool|Organization|Person): ", creator):
            yield f"creator {creator}"
    ids = ["SPDXRef-DOCUMENT"]
    for kind, needed in (("packages", NEEDED_OF_PACKAGE), ("files", NEEDED_OF_FILE)):
        for entry in BILL[kind]:
            yield from (f"{entry.get('name', kind)} has no {name}" for name in needed - set(entry))
            ids.append(entry["SPDXID"])
    yield from (f"identifier {text}" for text in ids if not ID.fullmatch(text))
    if len(set(ids)) != len(ids):
        yield "an identifier occurs twice"
    for row in BILL["relationships"]:
        if row["relationshipType"] not in RELATIONS:
            yield f"relation {row['relationshipType']}"
        yield from (f"a relation to {end}, which is not described"
                    for end in (row["spdxElementId"], row["relatedSpdxElement"]) if end not in ids)


def content():
    """What it says of the programs."""
    sums = []
    for entry in BILL["files"]:
        data = (ROOT / entry["fileName"]).read_bytes()
        stated = {row["algorithm"]: row["checksumValue"] for row in entry["checksums"]}
        found = {"SHA1": hashlib.sha1(data).hexdigest(), "SHA256": hashlib.sha256(data).hexdigest()}
        sums.append(found["SHA1"])
        if stated != found:
            yield f"the checksums of {entry['fileName']}: {stated}, but the file has {found}"
    code = BILL["packages"][0]["packageVerificationCode"]["packageVerificationCodeValue"]
    if code != hashlib.sha1("".join(sorted(sums)).encode()).hexdigest():
        yield "the verification code does not follow from the checksums"
    if {entry["fileName"] for entry in BILL["files"]} != {"./usr/bin/cascaded", "./usr/bin/cascadectl"}:
        yield "other files than the two programs"
    linked = [row["relatedSpdxElement"].removeprefix("SPDXRef-Package-") for row in BILL["relationships"]
              if row["relationshipType"] == "DYNAMIC_LINK"]
    listed = "\n".join(linked).replace("-", "").lower()
    for name in ("cascaded", "cascadectl"):
        dump = subprocess.run(["objdump", "-p", ROOT / "usr/bin" / name], check=True,
                              capture_output=True, text=True).stdout
        for library in re.findall(r"NEEDED +lib([a-z0-9]+)", dump):
            stem = {"crypto": "ssl", "z": "zlib", "m": "c6", "c": "c6"}.get(library, library)
            if stem not in listed and stem != "gcc":
                yield f"{name} loads lib{library}, which is missing"


FAULTS = [*shape(), *content()]
print("\n".join(FAULTS) or f"{len(BILL['packages'])} packages, {len(BILL['files'])} files")
sys.exit(1 if FAULTS else 0)
