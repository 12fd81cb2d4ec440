"""What this machine was found to carry: calibrations, kept in the cache by machine and content."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brownout import __version__, store
from brownout.model import SHIPPED, Workload

RECORDS = "calibrations.json"


@dataclass(frozen=True, slots=True)
class Capacity:
    """How drills play here: the rates; and the calibrated p95 (ms) of each route and the day it was
    found, both empty where nothing was."""

    workload: Workload = SHIPPED
    calibrated: Mapping[str, float] = field(default_factory=dict)
    day: str = ""

    def told(self) -> str:
        """In one line, for who starts something."""
        rates = f"{self.workload.normal:g} journeys/s, {self.workload.peak:g} at peak"
        if self.day:
            return f"load: {rates}, calibrated here on {self.day}"
        return f"load: {rates}, as shipped; measure this machine with: brownout calibrate"


def key(shop: Path, size: str) -> str:
    """The hash of the machine, the shop's files, brownout's version and the size of the data."""
    digest = hashlib.sha256(json.dumps([store.machine(), __version__, size]).encode())
    for path in sorted(p for p in shop.rglob("*") if p.is_file()):
        if not {"node_modules", "dist", "__pycache__"} & set(path.parts):
            digest.update(f"{path.relative_to(shop)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def known(shop: Path, size: str) -> Capacity:
    """What was found for this machine and shop; the shipped rates where nothing was."""
    found = _records().get(key(shop, size))
    with contextlib.suppress(KeyError, TypeError, ValueError):  # of a file that somebody edited
        if found:
            return Capacity(
                Workload(float(found["normal"]), float(found["peak"])),
                {row["route"]: float(row["calm_p95_ms"]) for row in found["slos"]},
                str(found["day"]),
            )
    return Capacity()


def remember(shop: Path, size: str, found: Mapping[str, Any]) -> Path:
    """Keep a calibration, what `brownout calibrate --json` prints; the file that holds it."""
    records = {**_records(), key(shop, size): dict(found)}
    path = store.cache_folder() / RECORDS
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(records, indent=1))
    return fresh.replace(path)


def _records() -> dict[str, Any]:
    try:
        return dict(json.loads((store.cache_folder() / RECORDS).read_text()))
    except (OSError, ValueError, TypeError):
        return {}
