"""Lighthouse, Google's auditor of pages, in a browser that is already running.

https://github.com/GoogleChrome/lighthouse
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from brownout.model import MachineError
from brownout.stack.releases.node import find_node, find_npm

VERSION = "13.5.0"
LONGEST = 180
"""Seconds of one run; of an installation twice as many."""


def install(folder: Path) -> Path:
    """Lighthouse's program, installed below ``folder`` on first use (some 90 MB, with npm)."""
    home = folder / f"lighthouse-{VERSION}"
    program = home / "node_modules" / "lighthouse" / "cli" / "index.js"
    if program.exists():
        return program
    path = os.pathsep.join([str(find_node().parent), os.environ.get("PATH", "")])
    argv = [*find_npm(), "install", "--no-audit", "--no-fund", "--prefix", str(home)]
    try:
        subprocess.run(
            [*argv, f"lighthouse@{VERSION}"], env={**os.environ, "PATH": path}, check=True,
            capture_output=True, text=True, timeout=2 * LONGEST,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise MachineError("npm did not install Lighthouse in time: is there a network?") from error
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip().splitlines() or ["no reason given"])[0]
        raise MachineError(f"npm could not install Lighthouse ({said}): is there a network?") from (
            error
        )
    return program


def look(program: Path, url: str, port: int, categories: str = "performance") -> dict[str, Any]:
    """One run in the browser that listens on ``port``: Lighthouse's own report."""
    argv = [str(find_node()), str(program), url, "--quiet", "--output=json", f"--port={port}"]
    try:
        done = subprocess.run(
            [*argv, f"--only-categories={categories}"], capture_output=True, text=True, check=True,
            timeout=LONGEST,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise MachineError(f"Lighthouse was not done after {LONGEST} s") from error
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise MachineError(f"Lighthouse failed: {said}") from error
    return dict(json.loads(done.stdout))
