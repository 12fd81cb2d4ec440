"""The load as the control process sees it: its command line, and its rate."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Target:
    """Whom the load plays against, and where it records."""

    url: str
    collector: str
    database: str
    manifest: Path | None
    seed: int


def argv(target: Target, rate: float) -> list[str]:
    """The command line of the generator at ``rate`` journeys a second."""
    manifest = ["--manifest", str(target.manifest)] if target.manifest else []
    return [
        *(sys.executable, "-m", "brownout.load.runner"),
        *("--url", target.url, "--collector", target.collector, "--database", target.database),
        *("--seed", str(target.seed), "--rate", str(rate), *manifest),
    ]


def command(rate: float) -> bytes:
    """The line on its stdin that changes the rate."""
    return json.dumps({"rate": rate}).encode() + b"\n"
