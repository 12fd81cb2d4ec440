"""A model of the AI service was put in another version, and each call takes longer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from brownout.audits import COST, evidence, nothing, told, unsure
from brownout.instruments import ai_calls
from brownout.model import Artifact, Artifacts, Finding, Suggestion
from brownout.stats.windows import Shift, ratio_shift

NEEDS = ("ai_calls",)
FACTOR, FLOOR_MS = 2.0, 5.0
"""Milliseconds per call: so many times, and so many more."""


@dataclass(slots=True)
class _Model:
    """One model over all routes: calls per version, and (ms, calls) of each second."""

    versions: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    calls: int = 0
    seconds: list[tuple[float, float]] = field(default_factory=list)

    @property
    def version(self) -> str:
        return max(self.versions, key=lambda v: (self.versions[v], v))


def judge(artifacts: Artifacts) -> list[Finding]:
    """One finding per model that became slower with a new version, or seems to have; else one
    clean finding."""
    before, after = (_models(artifacts["ai_calls", side]) for side in ("before", "after"))
    found, unclear = [], []
    for name, new in after.items():
        old = before.get(name)
        if old is None or old.version == new.version:
            continue
        shift = ratio_shift(old.seconds, new.seconds)
        if shift and shift.low >= FLOOR_MS and shift.ratio >= FACTOR:
            found.append(_finding(artifacts, name, (old, new), shift))
        elif _seems(old, new):
            subject = f"{name} {old.version} -> {new.version}"
            unclear.append(unsure("slow_model", subject, new.requests, shift, "ms per call"))
    reason = "no model became slower with a new version"
    return told(found, unclear, nothing(artifacts, "slow_model", "ai_calls", "all models", reason))


def _seems(old: _Model, new: _Model) -> bool:
    """Whether it is so much slower by the mean over all calls, however few they are."""
    then, now = (sum(ms for ms, _ in side.seconds) / max(side.calls, 1) for side in (old, new))
    return now - then >= FLOOR_MS and now >= FACTOR * then


def _finding(
    artifacts: Artifacts, name: str, sides: tuple[_Model, _Model], shift: Shift
) -> Finding:
    old, new = sides
    calls = new.calls / new.requests
    return Finding(
        audit="slow_model",
        subject=f"{name} {old.version} -> {new.version}",
        verdict="regressed",
        effect=round(shift.effect * calls, 3),
        low=round(shift.low * calls, 3),
        high=round(shift.high * calls, 3),
        unit=COST,
        n=new.requests,
        reason=(
            f"{name} {old.version} -> {new.version}: {shift.before:.1f} -> {shift.after:.1f} ms "
            f"per call [+{shift.low:.1f}, +{shift.high:.1f}]"
        ),
        cause="slow-model",
        where=name,
        evidence=evidence(artifacts, "ai_calls", ai_calls.SQL, {"model": name}),
        suggests=(Suggestion("set-model", {"name": name, "version": old.version}),),
    )


def _models(artifact: Artifact) -> Mapping[str, _Model]:
    models: dict[str, _Model] = {}
    routes: dict[str, set[str]] = {}
    for row in artifact.records():
        name = row["model"]
        if not name:  # a call without an answer: nobody knows which model it was for
            continue
        model = models.setdefault(name, _Model(seconds=[(0.0, 0.0)] * len(row["seconds"])))
        model.versions[row["version"]] = model.versions.get(row["version"], 0) + row["calls"]
        model.calls += row["calls"]
        if row["route"] not in routes.setdefault(name, set()):
            routes[name].add(row["route"])
            model.requests += row["requests"]
        model.seconds = [
            (ms + ns / 1e6, calls + more)
            for (ms, calls), (ns, more) in zip(model.seconds, row["seconds"], strict=True)
        ]
    return models
