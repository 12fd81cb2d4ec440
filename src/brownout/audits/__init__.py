"""Audits: each judges artifacts and gives findings. Its name is the failing state.

A module here is an audit: ``NEEDS`` (instruments) and ``judge(artifacts) -> list[Finding]``.
``TIMING = True`` marks one whose verdict rests on time alone: on a busy machine it is void.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import replace
from types import ModuleType

from brownout.model import Artifact, Artifacts, Evidence, Finding
from brownout.stats.windows import Shift, verdict

SIDES = ("before", "after")
RANK = ("regressed", "error", "void", "inconclusive", "clean", "not_applicable")
"""The order in which verdicts are told."""

COST = "ms/request"
"""The unit of every finding with a cause: what it added to each of its ``n`` requests."""

ENOUGH = 20
"""Requests in a window, at least, for saying that nothing is wrong."""

TOLD = 5
"""Subjects of an audit that looked bad and could not be measured, at most."""

SHOWN = 10
"""Rows of evidence at most."""


def discover() -> dict[str, ModuleType]:
    """Every audit by its name, in order."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}") for name in names}


def judge_all(artifacts: Artifacts) -> tuple[Finding, ...]:
    """The findings of all audits, what explains the most milliseconds first.

    A crash becomes an ``error`` finding, a lack of data an ``inconclusive`` one, and what the
    system does not have at all is ``not_applicable``.
    """
    found = [f for name, audit in discover().items() for f in _judge(name, audit, artifacts)]
    busy = next((f for f in found if f.audit == "busy_machine" and f.verdict == "void"), None)
    if busy:
        found = [_voided(f, busy) for f in found]
    return tuple(sorted(found, key=_order))


def _judge(name: str, audit: ModuleType, artifacts: Artifacts) -> list[Finding]:
    absent = [
        (needed, side)
        for needed in audit.NEEDS
        for side in SIDES
        if (needed, side) not in artifacts
    ]
    for needed in audit.NEEDS:
        if {(needed, side) for side in SIDES} <= set(absent):
            reason = f"nothing was measured by the instrument {needed}"
            return [Finding(name, "", "not_applicable", reason=reason)]
    if absent:
        needed, side = absent[0]
        reason = f"the instrument {needed} has no data in the window {side}"
        return [Finding(name, "", "inconclusive", reason=reason)]
    try:
        return list(audit.judge(artifacts))
    except Exception as error:  # one audit's crash must not stop the others
        reason = f"audit {name} failed: {type(error).__name__}: {error}"
        return [Finding(name, "", "error", reason=reason)]


def _voided(finding: Finding, busy: Finding) -> Finding:
    if finding.verdict != "regressed" or not getattr(discover()[finding.audit], "TIMING", False):
        return finding
    return replace(finding, verdict="void", reason=f"{busy.reason}; {finding.reason}")


def _order(finding: Finding) -> tuple[object, ...]:
    weight = (finding.effect or 0.0) * finding.n if finding.unit == COST else 0.0
    symptom = not finding.cause
    return (RANK.index(finding.verdict), symptom, -weight, finding.audit, finding.subject)


def measured(
    audit: str,
    subject: str,
    shift: Shift | None,
    floor: float,
    unit: str,
    n: int,
    rows: tuple[Evidence, ...] = (),
) -> Finding:
    """A finding about one signal: regressed when the whole interval is above ``floor``."""
    if shift is None:
        reason = "too few blocks of time with data for an interval"
        return Finding(audit, subject, "inconclusive", None, None, None, unit, n, reason)
    reason = f"{shift.before:.4g} -> {shift.after:.4g} {unit}"
    return Finding(
        audit=audit,
        subject=subject,
        verdict=verdict(shift, floor),
        effect=round(shift.effect, 3),
        low=round(shift.low, 3),
        high=round(shift.high, 3),
        unit=unit,
        n=n,
        reason=reason,
        evidence=rows,
    )


def without(audit: str, subject: str, seen: tuple[float, float], what: str = "requests") -> Finding:
    """What looked bad, seen too rarely to tell (``seen``: how often before and after)."""
    n, side = min(zip(seen, SIDES, strict=True))
    few = f"only {n:g} {what} in the window {side}: too few to tell"
    return Finding(audit, subject, "inconclusive", n=int(seen[1]), reason=few)


def told(found: list[Finding], unclear: list[Finding], clean: Finding) -> list[Finding]:
    """What an audit says that looks for a cause: what it found, and what it could not measure.

    ``clean`` only where there is neither: what looked bad and was not measured is not clean.
    """
    return [*found, *unclear[:TOLD]] or [clean]


def unsure(audit: str, subject: str, n: int, shift: Shift | None, unit: str) -> Finding:
    """What looked bad by the mean over all that was seen, and not surely so."""
    if shift is None:
        return measured(audit, subject, None, 0.0, unit, n)
    reason = (
        f"{shift.before:.4g} -> {shift.after:.4g} {unit}, and not surely so: "
        f"[{shift.low:+.4g}, {shift.high:+.4g}]"
    )
    return Finding(audit, subject, "inconclusive", n=n, reason=reason)


def nothing(
    artifacts: Artifacts, audit: str, instrument: str, subject: str, reason: str
) -> Finding:
    """What an audit says that looks for a cause and has found none.

    Clean, where the instrument saw ENOUGH requests in both windows; else there is no telling.
    """
    n, side = min((artifacts[instrument, side].n, side) for side in SIDES)
    if n < ENOUGH:
        few = f"only {n} requests in the window {side}: too few to tell"
        return Finding(audit, subject, "inconclusive", n=n, reason=few)
    return Finding(audit, subject, "clean", n=artifacts[instrument, "after"].n, reason=reason)


def evidence(
    artifacts: Artifacts, instrument: str, sql: str, wanted: dict[str, object]
) -> tuple[Evidence, ...]:
    """The instrument's query, and its rows before and after that match ``wanted`` (column: value).

    Columns that hold series are left out.
    """
    columns: tuple[str, ...] = ()
    rows: list[tuple[object, ...]] = []
    for side in SIDES:
        artifact = artifacts.get((instrument, side))
        if artifact:
            columns, picked = _pick(artifact, wanted)
            rows += [(side, *row) for row in picked[:SHOWN]]
    return (Evidence("sql", instrument, sql.strip(), ("side", *columns), tuple(rows)),)


def _pick(
    artifact: Artifact, wanted: dict[str, object]
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    first: Iterable[object] = artifact.rows[0] if artifact.rows else ()
    series = {c for c, v in zip(artifact.columns, first, strict=False) if isinstance(v, tuple)}
    columns = tuple(c for c in artifact.columns if c not in series)
    matching = [r for r in artifact.records() if all(r[k] == v for k, v in wanted.items())]
    return columns, [tuple(r[c] for c in columns) for r in matching]
