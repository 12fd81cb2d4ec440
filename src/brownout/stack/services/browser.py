"""The real-browser visitor: where Chromium is, and how the child is started that drives it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from brownout.model import MachineError
from brownout.stack.processes.environment import plain
from brownout.stack.processes.supervisor import Command

SERVICE = "browser"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str:
    """Its path: $BROWNOUT_CHROMIUM, else from the PATH; MachineError when there is none."""
    named = os.environ.get("BROWNOUT_CHROMIUM", "")
    for name in (named,) if named else NAMES:
        if path := shutil.which(name):
            return path
    raise MachineError(
        f"No Chromium was found ({named or ', '.join(NAMES)}): install it (Debian: apt-get install "
        "chromium), or set BROWNOUT_CHROMIUM to its program."
    )


def chosen(wanted: bool | None, default: bool) -> str:
    """The program to visit with, "" for no visitor. ``wanted``: what was asked for, None: nothing.

    Raises MachineError when it was asked for and is not there.
    """
    if wanted is None:
        try:
            return find_chromium() if default else ""
        except MachineError:
            return ""
    return find_chromium() if wanted else ""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Chromium's program, and the pages that are promised: those are opened oftener."""

    program: str
    promised: Sequence[str] = ()


def command(run_id: str, run: Path, visitor: Visitor, urls: tuple[str, str], token: str) -> Command:
    """Visits the shop and reports to the collector (``urls``: both)."""
    profile = run / "browser"
    profile.mkdir(exist_ok=True)
    return Command(
        name=SERVICE,
        service=SERVICE,
        argv=[
            *(sys.executable, "-m", "brownout.probes.page.browser", "--chromium", visitor.program),
            *("--url", urls[0], "--collector", urls[1], "--profile", str(profile)),
            *(word for page in visitor.promised for word in ("--promised", page)),
        ],
        env=plain(run_id, run) | {"BROWNOUT_TOKEN": token},
        cwd=run,
        log=run / "logs" / "browser.log",
        grace=1.0,
    )
