"""What the static libraries of the release build define and use, read with nm."""
import os
import pathlib
import subprocess

LIBRARIES = ["base", "net", "ingest", "pipeline", "sinks", "daemon", "ctl"]


def symbols_in(library):
    """Each symbol of a library: the file of its object, its name, and nm's letter for its kind."""
    archive = pathlib.Path(os.environ["RELEASE"], f"lib{library}.a")
    listing = subprocess.run(["nm", "-P", "-A", archive], check=True, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        where, _, rest = line.partition("]: ")
        name, kind = rest.split()[:2]
        yield where.partition("[")[2].removesuffix(".o"), name, kind
