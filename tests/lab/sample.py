"""Recordings of conf/sample/generate.py."""
import pathlib
import subprocess
import sys

GENERATOR = pathlib.Path(__file__).resolve().parents[2] / "conf/sample/generate.py"


def write_sample(path, *options):
    """Returns the path."""
    with open(path, "wb") as out:
        subprocess.run([sys.executable, GENERATOR, *options], stdout=out, check=True)
    return str(path)
