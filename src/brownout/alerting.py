"""Live alerts: each second of each signal judged against this drill's own baseline. Pure.

Every signal becomes one yes-or-no per second: latency, "at least half of the requests due in this
second were not answered within the threshold"; errors, "at least a fifth of them failed"; CPU and
memory, "the service used more than its threshold". The second, not the request, is the unit:
requests of one second suffer together. An e-detector (``stats.detector``) sums the evidence and
alarms when it passes a threshold that bounds the mean time between false alarms from below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from brownout.model import NS
from brownout.stats import quantiles
from brownout.stats.detector import EDetector, upper_bound

HOURS_BETWEEN_FALSE_ALARMS = 24.0
"""Stated rate: the mean time between false alarms, over all signals together, is no less."""

CALM_SECONDS, CALM_SEEN = 10, 3
"""An alert is resolved when its last violation is so many seconds ago, and so many seconds in which
there was something to be seen were calm since: a route that is rarely asked for need not wait for
ten of them."""

RAISED = {"latency": (1.5, 25.0), "cpu": (1.5, 0.25), "memory": (1.3, 64.0)}
"""A signal is raised beyond so many times its baseline and so much more than it (in its unit)."""

BAD_SHARE = {"latency": 0.5, "errors": 0.2}
"""Share of a second's requests that must be over the threshold for the second to be bad."""

RAISED_BY_VALIDATION = frozenset({"cpu"})
"""What a validation raises by itself, with its tests and its peak load: not judged meanwhile."""

RAISED_BY_DEPLOYMENT = frozenset({"cpu", "memory"})
"""What a deployment raises by itself: a build, migrations, and two releases side by side."""

UNITS = {"latency": "ms", "errors": "%", "cpu": "cores", "memory": "MB"}


@dataclass(frozen=True, slots=True)
class Observation:
    """One second of one signal: its value, and how large a share of it was over the threshold."""

    signal: str
    subject: str
    value: float
    share: float


@dataclass(frozen=True, slots=True)
class Limit:
    """What a signal of the baseline tells: its usual value and the threshold of a bad second."""

    signal: str
    subject: str
    baseline: float
    threshold: float

    @property
    def key(self) -> tuple[str, str]:
        return self.signal, self.subject

    def bad(self, share: float) -> bool:
        return share >= BAD_SHARE.get(self.signal, 1.0)


def raised(signal: str, baseline: float) -> float:
    """The threshold of a signal with this baseline."""
    times, more = RAISED[signal]
    return max(times * baseline, baseline + more)


def latency_limit(route: str, latencies_ms: list[float]) -> Limit:
    """A request is slow beyond 1.5 times the baseline's p95 and 25 ms more than it."""
    p95 = quantiles.quantile(latencies_ms, 0.95)
    return Limit("latency", route, p95, raised("latency", p95))


def cpu_limit(service: str, cores: list[float]) -> Limit:
    """A service is busy beyond 1.5 times the baseline's p95 and .25 core more than it."""
    p95 = quantiles.quantile(cores, 0.95)
    return Limit("cpu", service, p95, raised("cpu", p95))


def memory_limit(service: str, megabytes: list[float]) -> Limit:
    """A service is large beyond 1.3 times the baseline's maximum and 64 MB more than it."""
    return Limit("memory", service, max(megabytes), raised("memory", max(megabytes)))


@dataclass
class _Watched:
    limit: Limit
    detector: EDetector
    firing: str = ""
    calm: int = 0
    """Seconds seen without a violation since the last one, while it fires."""
    violated: int = 0
    """The last second (ns) with a violation."""
    since: int = 0
    """The second (ns) with which the present evidence began."""


@dataclass
class Alerting:
    """The alerts of one drill: fed a second at a time, it answers with what changed.

    ``bad_seconds`` are, per signal, (bad, all) seconds of the baseline.
    """

    limits: Iterable[Limit]
    bad_seconds: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    _watched: dict[tuple[str, str], _Watched] = field(default_factory=dict)
    _fired: int = 0

    def __post_init__(self) -> None:
        limits = list(self.limits)
        between = HOURS_BETWEEN_FALSE_ALARMS * 3600 * max(len(limits), 1)
        for limit in limits:
            bad, seconds = self.bad_seconds.get(limit.key, (0, 0))
            detector = EDetector(upper_bound(bad, seconds), between)
            self._watched[limit.key] = _Watched(limit, detector)

    def update(
        self,
        second: int,
        observations: Iterable[Observation],
        validating: bool = False,
        deploying: bool = False,
    ) -> list[dict[str, Any]]:
        """Judge one second (ns of its beginning); the ``alert`` events that follow from it.

        What a validation or a deployment raises by itself is not judged while it is under way.
        """
        passed_over = (RAISED_BY_VALIDATION if validating else frozenset()) | (
            RAISED_BY_DEPLOYMENT if deploying else frozenset()
        )
        changes = []
        for seen in observations:
            watched = self._watched.get((seen.signal, seen.subject))
            if watched is None or seen.signal in passed_over:
                continue
            change = self._judge(watched, second, seen)
            if change:
                changes.append(change)
        return changes

    def _judge(self, watched: _Watched, second: int, seen: Observation) -> dict[str, Any] | None:
        bad = watched.limit.bad(seen.share)
        if bad:
            watched.violated = second
        if watched.firing:
            watched.calm = 0 if bad else watched.calm + 1
            ago = second - watched.violated
            if watched.calm < CALM_SEEN or ago < CALM_SECONDS * NS:
                return None
            alert, watched.firing = watched.firing, ""
            watched.detector.reset()
            return self._event(watched, alert, "resolved", seen, second)
        quiet = watched.detector.since is None
        alarm = watched.detector.update(bad)
        if quiet:
            watched.since = second
        if not alarm:
            return None
        self._fired += 1
        watched.firing, watched.calm = f"A{self._fired}", 0
        return self._event(watched, watched.firing, "firing", seen, watched.since)

    @staticmethod
    def _event(
        watched: _Watched, alert: str, state: str, seen: Observation, since: int
    ) -> dict[str, Any]:
        return {
            "id": alert,
            "state": state,
            "signal": seen.signal,
            "subject": seen.subject,
            "value": round(seen.value, 3),
            "baseline": round(watched.limit.baseline, 3),
            "threshold": round(watched.limit.threshold, 3),
            "unit": UNITS[seen.signal],
            "since": since - since % NS,
        }


def describe(alert: Mapping[str, Any]) -> str:
    """One line for the terminal and for notifications."""
    if alert["state"] == "resolved":
        return f"{alert['id']} resolved: {alert['signal']} of {alert['subject']}"
    return (
        f"{alert['id']} {alert['signal']} of {alert['subject']}: {alert['value']:g} "
        f"{alert['unit']} (baseline {alert['baseline']:g}, threshold {alert['threshold']:g})"
    )
