"""A service uses more CPU."""

from __future__ import annotations

from brownout.audits import evidence, measured
from brownout.instruments import resources
from brownout.model import INSTRUMENTS, Artifacts, Finding
from brownout.stats.windows import value_shift

NEEDS = ("resources",)
TIMING = True
FLOOR_CORES, FLOOR_SHARE = 0.2, 0.3
"""A rise that is no news: a fifth of a core, or 30% of what it was."""


def judge(artifacts: Artifacts) -> list[Finding]:
    """One finding per service of the shop's that was sampled in both windows."""
    before = {r["service"]: r for r in artifacts["resources", "before"].records()}
    found = []
    for row in artifacts["resources", "after"].records():
        service, old = row["service"], before.get(row["service"])
        if old is None or service in INSTRUMENTS:
            continue
        shift = value_shift(old["cores"], row["cores"])
        floor = max(FLOOR_CORES, FLOOR_SHARE * old["cores_mean"])
        rows = evidence(artifacts, "resources", resources.SQL, {"service": service})
        found.append(measured("high_cpu", service, shift, floor, "cores", row["n"], rows))
    return found
