"""The core types: what a drill is made of. Standard library only.

Units: times are integers, nanoseconds since the Unix epoch in UTC (``at``) or seconds since the
drill began (``t``, a float); durations in the recording are integer nanoseconds; latencies shown to
people are milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Kind = Literal["invoke", "ok", "fail", "info"]
Verdict = Literal["regressed", "clean", "inconclusive", "void", "not_applicable", "error"]
EvidenceKind = Literal["sql", "span", "profile", "diff", "chart", "table"]

ROLES = ("bridge", "backend", "frontend", "ai", "qa")
PHASES = ("boot", "baseline", "incident", "validation", "closed", "debrief")

TOOLS = "tools"
"""The service that our own processes are: control, git, builds, tests, commands in a terminal."""

INSTRUMENTS = ("browser", TOOLS)
"""Services that are not the shop's and work by fits and starts: what they use is no symptom."""

FOREIGN_MOST, FOREIGN_MORE = 1.0, 0.5
"""A machine is not the drill's own, and times are void, when others use more cores on average:
in either of two windows, or after beyond before."""


def is_shared(then: float, now: float) -> bool:
    """Whether others use too many cores in two windows for their times to mean anything."""
    return max(then, now) > FOREIGN_MOST or now - then > FOREIGN_MORE


NS = 1_000_000_000
"""Nanoseconds in a second."""


class BrownoutError(Exception):
    """A failure that a person can mend: one clear sentence.

    ``exit_code`` 2: bad usage or input; 3: the machine cannot (a part, port or memory is missing).
    """

    exit_code = 2


class MachineError(BrownoutError):
    """The machine cannot do it: something is missing, full or taken. The message has the remedy."""

    exit_code = 3


def masked(text: str) -> str:
    """A text for people, without the users and passwords of URLs in it."""
    return re.sub(r"(\w+://)\S*@|^\S*@", r"\1***@", text)


@dataclass(frozen=True, slots=True)
class Op:
    """Something asked for, by a player, an agent, the facilitator or the director."""

    actor: str
    role: str
    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history.

    An op is two events: ``invoke`` (written and flushed before it acts), then ``ok`` or ``fail``
    whose ``cause`` is the invoke's ``seq``. Everything else is ``info``.
    """

    seq: int
    at: int
    t: float
    kind: Kind
    actor: str
    role: str
    name: str
    value: Mapping[str, Any]
    cause: int | None
    prev: str


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open interval of time, [start, end), in nanoseconds since the epoch."""

    start: int
    end: int

    @property
    def seconds(self) -> float:
        return (self.end - self.start) / NS


class Recording(Protocol):
    """The telemetry of a drill. ``schema.sql`` describes its tables."""

    @property
    def windows(self) -> Mapping[str, Window]: ...

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...


@dataclass(frozen=True, slots=True)
class Artifact:
    """What an instrument computed from the recording in one window."""

    instrument: str
    window: str
    unit: str
    n: int
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def records(self) -> list[dict[str, Any]]:
        """The rows as dictionaries, column name -> value."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


Artifacts = Mapping[tuple[str, str], Artifact]
"""(instrument, "before" | "after") -> artifact. What is absent from it was not measured."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a finding rests on: the query (or reference) and the rows that it gave."""

    kind: EvidenceKind
    title: str
    reference: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An op that would mitigate what a finding reports, e.g. ``set-model`` with its arguments."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """An audit's judgement: verdict, effect with its interval, and the evidence.

    ``cause`` is the id from the catalogue of causes (docs/scenarios.md) that this finding would
    explain, or "" when it reports a symptom; ``where`` is a file:line, model, table or setting.
    """

    audit: str
    subject: str
    verdict: Verdict
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    n: int = 0
    reason: str = ""
    cause: str = ""
    where: str = ""
    evidence: tuple[Evidence, ...] = ()
    suggests: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class Promise:
    """The SLO of one route, frozen before the incident."""

    route: str
    p95_ms: float
    error_rate: float


@dataclass(frozen=True, slots=True)
class PagePromise:
    """The SLO of one page: its largest contentful paint, frozen before the incident."""

    page: str
    lcp_ms: float


@dataclass(frozen=True, slots=True)
class Workload:
    """What traffic a drill has: journeys per second, and the weight of each journey."""

    normal: float
    peak: float
    journeys: Mapping[str, float] = field(default_factory=dict)


SHIPPED = Workload(3.0, 5.0)
"""What drills play on a machine that was not calibrated: any that is fit for drills carries it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the phases of a drill are, in seconds."""

    name: str
    warmup: float
    baseline: float
    deploy_after: tuple[float, float]
    hold: float
    validation: float
    limit: float


PACES = {
    "quick": Pace("quick", 6, 30, (4, 10), hold=30, validation=12, limit=240),
    "normal": Pace("normal", 15, 120, (20, 90), hold=30, validation=30, limit=2700),
}
"""How long the phases take. The SLO hold is 30 s at any pace: it is part of a definition."""


@dataclass(frozen=True, slots=True)
class Briefing:
    """What a responder may know of a scenario before it is closed."""

    workload: Workload
    pace: Pace
    roles: tuple[str, ...]
    ops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deployment:
    """One change of the live system: a release, a model version, a migration, a configuration.

    ``target`` is a git tag, or a model's name and version as ``name=version``.
    """

    kind: Literal["release", "model", "migration", "config"]
    target: str


@dataclass(frozen=True, slots=True)
class Symptom:
    """What must get worse, and at least by what factor."""

    route: str
    signal: str
    factor: float


@dataclass(frozen=True, slots=True)
class Script:
    """What the director and ``prove`` know of a scenario; responders never see it."""

    scenario: str
    seed: int
    pace: Pace
    workload: Workload
    deployments: tuple[Deployment, ...]
    symptoms: tuple[Symptom, ...]
    counters: tuple[str, ...]
    heals: tuple[str, ...]
    heals_not: tuple[str, ...]
    guard: str
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Truth:
    """What was really wrong. ``report.score`` and ``prove`` alone read it.

    ``change`` is the deployment at fault as ``kind target`` ("release v2.8.0"), or "none";
    ``where`` lists every answer that counts as right: FILE, FILE:SYMBOL, model or setting.
    """

    cause: str
    change: str
    where: tuple[str, ...]
    routes: tuple[str, ...]
    effect: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of the score: points earned of points possible, why, and the events cited."""

    name: str
    points: float
    of: float
    why: str
    events: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    points: float
    of: float
    void: str
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Debrief:
    """Everything that is read after a drill. Times are seconds since the bad deployment."""

    scenario: str
    seed: int
    versions: Mapping[str, str]
    slos: tuple[Promise, ...]
    pages: tuple[PagePromise, ...]
    times: Mapping[str, float | None]
    diagnosis: Mapping[str, Any]
    findings: tuple[Finding, ...]
    attribution: Sequence[Mapping[str, Any]]
    impact: Mapping[str, Any]
    validation: Mapping[str, Any]
    score: Score
    timeline: Sequence[Mapping[str, Any]]
    postmortem: str
