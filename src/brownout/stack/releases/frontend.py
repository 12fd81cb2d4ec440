"""Front ends: built with Vite, cached by the content of their sources."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from brownout.model import BrownoutError
from brownout.stack.releases.node import find_node, find_npm

LEFT_OUT = {"node_modules", "dist"}
PATIENCE = 300

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""Vite colours the place of an error whatever NO_COLOR says."""


@dataclass(frozen=True)
class Workshop:
    """Where front ends are built and kept. ``run_id``: the run that the processes end with."""

    cache: Path
    say: Callable[[str], None]
    run_id: str = ""


def sources(folder: Path) -> list[Path]:
    """The files that decide what is built, in order."""
    found = (p for p in folder.rglob("*") if p.is_file())
    return sorted(p for p in found if not LEFT_OUT & set(p.relative_to(folder).parts))


def key(folder: Path) -> str:
    """The hash of a front end's sources, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sources(folder):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\n{len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def build(folder: Path, workshop: Workshop, shipped: Path | None = None) -> Path:
    """The built front end (a folder in the cache), built now if it is not there.

    ``shipped``: a built one to be taken when it was made from the same sources.

    Raises BrownoutError with npm's or Vite's reason when one of them fails.
    """
    target = workshop.cache / "frontends" / key(folder)
    if target.exists():
        return target
    with _locked(target):
        if not target.exists():
            if shipped and _built_from(shipped) == target.name:
                shutil.copytree(shipped, target)
                return target
            workshop.say("building the front end")
            _build(folder, target, workshop)
    return target


def _built_from(built: Path) -> str:
    """The key of the sources that a front end was built from, "" when it was not."""
    try:
        return (built / ".built-from").read_text()
    except OSError:
        return ""


def publish(built: Path, assets: Path) -> None:
    """Put a front end's assets beside those of other releases; their names tell their content."""
    assets.mkdir(exist_ok=True)
    for file in (built / "assets").iterdir():
        target = assets / file.name
        if not target.exists():
            shutil.copy(file, target.with_suffix(".new"))
            os.replace(target.with_suffix(".new"), target)


def modules(folder: Path, workshop: Workshop) -> Path:
    """node_modules for the front end's lock file, from the cache or installed now."""
    digest = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()[:16]
    target = workshop.cache / "node" / digest
    with _locked(target):
        if not target.exists():
            workshop.say("installing the front end's packages")
            with _beside(target) as work:
                for name in ("package.json", "package-lock.json", ".npmrc"):
                    if (folder / name).exists():
                        shutil.copy(folder / name, work / name)
                _run(work, workshop, "ci", "--prefer-offline", "--no-audit", "--no-fund")
                os.replace(work, target)
    return target / "node_modules"


def _build(folder: Path, target: Path, workshop: Workshop) -> None:
    installed = modules(folder, workshop)
    with _beside(target) as work:
        for path in sources(folder):
            copy = work / path.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        (work / "node_modules").symlink_to(installed)
        _run(work, workshop, "run", "build")
        (work / "dist" / ".built-from").write_text(target.name)
        os.replace(work / "dist", target)


def _run(work: Path, workshop: Workshop, *words: str) -> None:
    """Run npm in a folder. The run's reaper knows it, and all that it starts, by the run's id."""
    path = os.pathsep.join([str(find_node().parent), "/usr/local/bin", "/usr/bin", "/bin"])
    # All that npm keeps goes into the cache folder.
    environment = {**os.environ, "PATH": path, "CI": "true", "NO_COLOR": "1"}
    environment |= {"npm_config_cache": str(workshop.cache / "npm")}
    environment |= {"npm_config_update_notifier": "false", "BROWNOUT_RUN": workshop.run_id}
    argv = [*find_npm(), *words]
    try:
        done = subprocess.run(
            argv, cwd=work, env=environment, capture_output=True, text=True, timeout=PATIENCE,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise BrownoutError(f"npm {words[0]} was not done after {PATIENCE} s") from error
    if done.returncode:
        reason = _reason(done.stdout + done.stderr)
        raise BrownoutError(f"npm {words[0]} failed for the front end:\n{reason}")


def _reason(output: str) -> str:
    """What went wrong and where: the lines before the trace through Vite's own code."""
    told = COLOUR.sub("", output).split("\n    at ")[0]
    return "\n".join(told.strip().splitlines()[-16:])


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A folder to work in, on the same disk as the target; gone afterwards."""
    work = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def _locked(target: Path) -> Iterator[None]:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_suffix(".lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> None:
    """Build a front end into a folder: python -m brownout.stack.releases.frontend SOURCES TARGET"""
    folder, target = map(Path, sys.argv[1:])
    cache = Path(os.environ.get("BROWNOUT_CACHE", Path.home() / ".cache" / "brownout"))
    built = build(folder, Workshop(cache, print))
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(built, target)


if __name__ == "__main__":
    main()
