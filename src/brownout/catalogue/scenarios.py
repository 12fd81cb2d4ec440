"""Scenarios: loaded from their folders, with clear words about what is wrong in one."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from brownout.model import (
    SHIPPED,
    BrownoutError,
    Deployment,
    Pace,
    Script,
    Symptom,
    Truth,
    Workload,
)

KINDS = ("release", "model", "none")
PATHS = ("fix", "rollback", "rollback-with-migrations", "model-rollback", "index")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One folder under scenarios/: what is known of it, and its patches."""

    folder: Path
    raw: Mapping[str, Any]

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def difficulty(self) -> int:
        return int(self.raw["difficulty"])

    @property
    def bites(self) -> bool:
        """Whether something is wrong in it at all."""
        return bool(self.raw["truth"]["cause"] != "none")

    @property
    def role(self) -> str:
        return str(self.raw["role"])

    def patches(self, kind: str) -> list[Path]:
        """The patches of ``release`` or ``fix``, in order."""
        return sorted((self.folder / kind).glob("*.patch"))

    def workload(self, usual: Workload = SHIPPED) -> Workload:
        """What the scenario itself wants; the machine's usual rates where it names none."""
        found = self.raw.get("workload", {})
        normal, peak = found.get("normal", usual.normal), found.get("peak", usual.peak)
        return Workload(float(normal), float(peak))

    def deployments(self, release: str) -> tuple[Deployment, ...]:
        """What the director does, in order; ``release`` is the tag that the patches get."""
        deploy = self.raw["deploy"]
        main = [Deployment(deploy["kind"], deploy.get("target", release))]
        decoys = deploy.get("decoys", [])
        before = [Deployment(d["kind"], d.get("target", release)) for d in decoys]
        return tuple(before + main) if deploy["kind"] != "none" else tuple(before)

    def script(self, seed: int, pace: Pace, release: str, usual: Workload = SHIPPED) -> Script:
        """What the director and the proof need, for one flight."""
        symptom = self.raw.get("symptom", {})
        heals = self.raw.get("heals", {})
        return Script(
            scenario=self.id,
            seed=seed,
            pace=pace,
            workload=self.workload(usual),
            deployments=self.deployments(release),
            symptoms=tuple(
                Symptom(s["route"], s["signal"], float(s["factor"]))
                for s in symptom.get("route", [])
            ),
            counters=tuple(symptom.get("counters", [])),
            heals=tuple(heals.get("by", [])),
            heals_not=tuple(heals.get("not", [])),
            guard=str(self.raw.get("guard", {}).get("text", "")),
            hints=tuple(self.raw.get("hints", {}).get("steps", [])),
        )

    def truth(self, release: str) -> Truth:
        """What is really wrong: for the score and the proof alone."""
        truth, deploy = self.raw["truth"], self.raw["deploy"]
        bad = truth["cause"] != "none"
        change = f"{deploy['kind']} {deploy.get('target', release)}" if bad else "none"
        return Truth(
            cause=truth["cause"],
            change=change,
            where=tuple(truth["where"]),
            routes=tuple(truth.get("routes", [])),
            effect=str(truth.get("effect", "")),
        )

    def reveal(self, release: str) -> dict[str, Any]:
        """The value of the ``reveal`` event, without the culprit's deployment."""
        truth = self.truth(release)
        return {
            "scenario": self.id,
            "title": self.raw["title"],
            "summary": self.raw["summary"],
            "truth": {
                "cause": truth.cause,
                "change": truth.change,
                "where": list(truth.where),
                "routes": list(truth.routes),
                "effect": truth.effect,
            },
            "teaches": list(self.raw.get("teaches", {}).get("points", [])),
            "guard": str(self.raw.get("guard", {}).get("text", "")),
            "heals": list(self.raw.get("heals", {}).get("by", [])),
        }


@cache
def causes() -> Mapping[str, str]:
    """The catalogue of causes: cause -> family."""
    text = resources.files("brownout.catalogue").joinpath("causes.toml").read_text()
    return {cause: family for family, ids in tomllib.loads(text).items() for cause in ids}


def ids(folder: Path) -> list[str]:
    """All scenarios, by name."""
    return sorted(p.parent.name for p in folder.glob("*/scenario.toml"))


def load(folder: Path, name: str) -> Scenario:
    """A scenario by id. Raises BrownoutError with near matches, or with what is wrong and where."""
    known = ids(folder)
    if name not in known:
        near = difflib.get_close_matches(name, known, 3, 0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
        raise BrownoutError(f"no scenario {name!r}; {hint}")
    path = folder / name / "scenario.toml"
    try:
        raw = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise BrownoutError(f"{path}: {error}") from error
    _check(path, raw)
    return Scenario(folder / name, raw)


HINTS = 3
"""Hints that a scenario has at most: a signal, an instrument, a place."""

EACH: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "symptom.route": {"route": str, "signal": str, "factor": (int, float)},
    "deploy.decoys": {"kind": str},
}
"""Lists of tables, and the fields that each of them wants."""

FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "id": str, "title": str, "summary": str, "family": str, "difficulty": int, "role": str,
    "deploy.kind": str, "truth.cause": str, "truth.where": list, "heals.by": list,
    "heals.not": list, "hints.steps": list,
    "workload.normal": (int, float), "workload.peak": (int, float),
}  # fmt: skip
OPTIONAL = ("workload.normal", "workload.peak", "heals.by", "heals.not", "hints.steps")


def _check(path: Path, raw: Mapping[str, Any]) -> None:
    for name, kind in FIELDS.items():
        value = _field(raw, name)
        if value is not None or name not in OPTIONAL:
            _want(path, name, value, kind)
    for name, wanted in EACH.items():
        tables = _field(raw, name) or []
        _want(path, name, tables, list)
        for table in tables:
            for key, kind in wanted.items():
                _want(path, f"{name}.{key}", _field(table, key), kind)
    steps = _field(raw, "hints.steps") or []
    if len(steps) > HINTS or not all(isinstance(step, str) and step for step in steps):
        raise BrownoutError(
            f"{path}{_line(path, 'steps')}: field hints.steps: up to {HINTS} texts are wanted"
        )
    if raw["id"] != path.parent.name:
        raise BrownoutError(
            f"{path}{_line(path, 'id')}: field id is {raw['id']!r}; "
            f"the folder's name {path.parent.name!r} is wanted"
        )
    kind = raw["deploy"]["kind"]
    if kind not in KINDS:
        raise BrownoutError(
            f"{path}{_line(path, 'deploy.kind')}: field deploy.kind is {kind!r}; "
            f"one of {', '.join(KINDS)} is wanted"
        )
    if kind == "model":
        _want(path, "deploy.target", _field(raw, "deploy.target"), str)
    cause = raw["truth"]["cause"]
    if cause not in causes():
        raise BrownoutError(
            f"{path}{_line(path, 'truth.cause')}: field truth.cause is {cause!r}; "
            "one of `brownout scenarios --causes` is wanted"
        )
    _check_heals(path, raw)


def _check_heals(path: Path, raw: Mapping[str, Any]) -> None:
    for name in ("heals.by", "heals.not"):
        for heal in _field(raw, name) or ():
            if heal not in PATHS:
                raise BrownoutError(
                    f"{path}{_line(path, name)}: {heal!r} is no path; paths: {', '.join(PATHS)}"
                )
            if heal == "index":
                _want(path, "heals.index", _field(raw, "heals.index"), str)


def _field(raw: Any, name: str) -> Any:
    """A field by its dotted name; None when it is missing."""
    for part in name.split("."):
        raw = raw.get(part) if isinstance(raw, dict) else None
    return raw


def _want(path: Path, name: str, value: Any, kind: type | tuple[type, ...]) -> None:
    if isinstance(value, kind):
        return
    named = {"str": "a text", "int": "a whole number", "list": "a list"}
    wanted = "a number" if isinstance(kind, tuple) else named[kind.__name__]
    found = "is missing" if value is None else f"is {value!r}"
    raise BrownoutError(f"{path}{_line(path, name)}: field {name} {found}; {wanted} is wanted")


def _line(path: Path, name: str) -> str:
    """ ", line N" of a field, as far as its key can be found."""
    key = name.rsplit(".", 1)[-1]
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if line.split("=")[0].strip() == key:
            return f", line {number}"
    return ""
