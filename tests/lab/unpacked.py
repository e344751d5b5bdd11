"""Programs of Debian packages that are unpacked, not installed: installed, they would start a
service on this machine. Kept under build/unpacked, so only the first run loads them."""
import pathlib
import subprocess
import tempfile

from tap import Skip

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Missing(Skip):
    """There is no such package here and no way to get it."""


def program(package, path):
    """Where the file `path` of the package is."""
    folder = ROOT / "build/unpacked" / package
    if not (folder / path).exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as place:
            try:
                subprocess.run(["apt-get", "-q", "download", package], cwd=place, check=True,
                               capture_output=True, timeout=120)
                file = next(pathlib.Path(place).glob("*.deb"))
                subprocess.run(["dpkg-deb", "-x", file, f"{place}/files"], check=True)
            except (OSError, subprocess.SubprocessError, StopIteration) as why:
                raise Missing(f"{package} cannot be loaded: {type(why).__name__}") from why
            pathlib.Path(place, "files").rename(folder)
    return folder / path
