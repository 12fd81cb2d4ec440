"""The machine was not the drill's own: others used its CPU, so that times mean nothing."""

from __future__ import annotations

from brownout.audits import evidence
from brownout.instruments import machine
from brownout.model import FOREIGN_MORE, FOREIGN_MOST, Artifacts, Finding, is_shared

NEEDS = ("machine",)
MOST, MORE = FOREIGN_MOST, FOREIGN_MORE


def judge(artifacts: Artifacts) -> list[Finding]:
    """One finding: void when others were too busy, else clean."""
    before, after = (artifacts["machine", s].records()[0] for s in ("before", "after"))
    then, now = before["foreign_mean"], after["foreign_mean"]
    void = is_shared(then, now)
    return [
        Finding(
            audit="busy_machine",
            subject="machine",
            verdict="void" if void else "clean",
            effect=round(now - then, 3),
            unit="cores",
            n=before["n"] + after["n"],
            reason=f"other processes used {then:.2f} cores before and {now:.2f} after",
            evidence=evidence(artifacts, "machine", machine.SQL, {}),
        )
    ]
