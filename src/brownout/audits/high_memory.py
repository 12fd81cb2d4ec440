"""A service holds more memory."""

from __future__ import annotations

from brownout.audits import evidence, measured
from brownout.instruments import resources
from brownout.model import INSTRUMENTS, Artifacts, Finding
from brownout.stats.windows import value_shift

NEEDS = ("resources",)
FLOOR_MB, FLOOR_SHARE = 64.0, 0.25
"""A rise that is no news: 64 MB, or a quarter of what it was."""


def judge(artifacts: Artifacts) -> list[Finding]:
    """One finding per service of the shop's that was sampled in both windows."""
    before = {r["service"]: r for r in artifacts["resources", "before"].records()}
    found = []
    for row in artifacts["resources", "after"].records():
        service, old = row["service"], before.get(row["service"])
        if old is None or service in INSTRUMENTS:
            continue
        shift = value_shift(old["memory"], row["memory"])
        floor = max(FLOOR_MB, FLOOR_SHARE * old["memory_mean"])
        rows = evidence(artifacts, "resources", resources.SQL, {"service": service})
        found.append(measured("high_memory", service, shift, floor, "MB", row["n"], rows))
    return found
