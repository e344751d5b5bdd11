"""Packages of npm as peers: implementations that are not ours."""
import shutil
import subprocess

TWO_TRIES = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000",
             "--fetch-retry-maxtimeout=1000", "--fetch-timeout=20000"]


def install(folder, package):
    """Into that folder. None, or why the package is not there."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        return "there is no npm; to run it: apt-get install npm"
    try:
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", *TWO_TRIES,
                        "--prefix", folder, package], check=True, timeout=120,
                       capture_output=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as why:
        return f"npm cannot install {package}: {type(why).__name__}"
    return None
