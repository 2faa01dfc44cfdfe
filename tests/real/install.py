"""Put the tools of the real tests under `.venv/real`: what this machine allows, once.

Never fails: what cannot be installed is written to `.venv/real/missing.json` with the reason, and its tests skip.
A second run finds the stamps and installs nothing. Only pip, npm and apt-get touch the network.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent.parent / ".venv" / "real"
MINUTES_10 = 600
PROGRAMS = {"rsync": ("rsync",), "chromium": ("chromium", "fonts-dejavu-core", "fonts-noto-color-emoji")}


class CannotInstallError(Exception):
    """Why a group of tools is not here."""


def main() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    missing: dict[str, str] = {}
    groups: dict[str, Callable[[], None]] = {"python": python_tools, "node": node_tools, "debian": debian_packages}
    for name, install in groups.items():
        try:
            install()
        except CannotInstallError as error:
            missing[name] = str(error)
            print(f"not installed ({name}): {error}; the tests that need it will be skipped")
    (CACHE / "missing.json").write_text(json.dumps(missing, indent=1))


def python_tools() -> None:
    requirements = HERE / "requirements.txt"
    folder = CACHE / "python"
    if _stamped(folder, requirements, sys.version):
        return
    shutil.rmtree(folder, ignore_errors=True)
    _run(sys.executable, "-m", "venv", str(folder))
    pip = (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _run(*pip, "--retries", "2", "--requirement", str(requirements))
    _stamp(folder, requirements, sys.version)


def node_tools() -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        raise CannotInstallError("node and npm are not on PATH")
    version = _run("node", "--version")
    if int(version.removeprefix("v").split(".")[0]) < 20:
        raise CannotInstallError(f"node {version.strip()} is older than 20")
    lock = HERE / "node" / "package-lock.json"
    folder = CACHE / "node"
    if _stamped(folder, lock, version):
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / "node" / name, folder)
    _run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", cwd=folder)
    _stamp(folder, lock, version)


def debian_packages() -> None:
    """gitlab-ci-local copies working trees with rsync; pictures are drawn by chromium, with these letters."""
    lacking = [name for name in PROGRAMS if not shutil.which(name)]
    if not lacking:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise CannotInstallError(f"{' and '.join(lacking)} not on PATH, and only root on Debian can add them here")
    wanted = [package for name in lacking for package in PROGRAMS[name]]
    _run("apt-get", "update", "--quiet")
    _run("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *wanted)


def _run(*command: str, cwd: Path | None = None) -> str:
    print("+", *command, flush=True) if command[1:] != ("--version",) else None
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=MINUTES_10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstallError(f"{command[0]}: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise CannotInstallError(f"{Path(command[0]).name} failed: {said[-1] if said else done.returncode}")
    return done.stdout


def _digest(source: Path, version: str) -> str:
    return hashlib.sha256(source.read_bytes() + version.encode()).hexdigest()


def _stamped(folder: Path, source: Path, version: str) -> bool:
    stamp = folder / ".installed"
    return stamp.is_file() and stamp.read_text() == _digest(source, version)


def _stamp(folder: Path, source: Path, version: str) -> None:
    (folder / ".installed").write_text(_digest(source, version))


if __name__ == "__main__":
    main()
