"""The blocks of the documentation, and a place in which its commands run word for word."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

import processes
from tap import Skip
from waiting import PATIENCE

ROOT = pathlib.Path(__file__).resolve().parents[2]
SET_UP = """
import fcntl, socket, struct
with socket.socket() as any:  # brings up the loopback interface
    fcntl.ioctl(any, 0x8914, struct.pack("16sh14x", b"lo", 1))
"""


def blocks(page, title=None):
    """The blocks of code of a page, such as "docs/alerts.md", or of one of its sections."""
    text = (ROOT / page).read_text("utf-8")
    if title is not None:
        text = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found, (page, title)
    return found


def place():
    """A folder with what the commands expect in the folder of a checkout after its build."""
    folder = processes.folder()
    (folder / "build").mkdir()
    (folder / "build/release").symlink_to(os.environ["RELEASE"])
    (folder / "conf").symlink_to(ROOT / "conf")
    return folder


def run_in_own_network(folder, name, script):
    """Its output. The script runs beside a Redis of its own at the usual port."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-n", "-p", "-f", "true"], check=False,
                                                         capture_output=True).returncode != 0:
        raise Skip("this machine does not allow new namespaces")
    (folder / "lo.py").write_text(SET_UP, encoding="utf-8")
    (folder / name).write_text(
        f"set -eu\n{sys.executable} lo.py\nredis-server --save '' --daemonize yes >/dev/null\n"
        "trap 'redis-cli shutdown nosave' EXIT\nuntil redis-cli ping >/dev/null 2>&1; do sleep 0.1; done\n"
        + script, encoding="utf-8")
    done = subprocess.run(["unshare", "-n", "-p", "-f", "--kill-child", "bash", name], cwd=folder, text=True,
                          check=False, timeout=3 * PATIENCE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout
