"""The load as the control process sees it: its command line, and its rate."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Target:
    """Whom the load plays against, where it records, and the file that holds its rate."""

    url: str
    collector: str
    database: str
    seed: int
    rate_file: Path


def argv(target: Target) -> list[str]:
    """The command line of the generator."""
    return [
        *(sys.executable, "-m", "brownout.load.runner"),
        *("--url", target.url, "--collector", target.collector, "--database", target.database),
        *("--seed", str(target.seed), "--rate-file", str(target.rate_file)),
    ]


def set_rate(target: Target, rate: float) -> None:
    """Journeys a second from the next second on; it survives a restart of the generator."""
    fresh = target.rate_file.with_suffix(".new")
    fresh.write_text(str(rate))
    os.replace(fresh, target.rate_file)
