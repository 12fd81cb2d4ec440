"""The scenario contract, measured on this machine: it bites, it heals, nothing leaks.

A proof flies no drill: it deploys the baseline, the bad release and each path back on one site, and
measures each state at normal and at peak load.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from brownout.catalogue.scenarios import Scenario
from brownout.model import NS, PACES, Op, Promise, Window
from brownout.report import promises
from brownout.site.site import Site, next_tag
from brownout.stats import windows

SECONDS = 30
"""How long each state is measured at each load."""

LOADS = ("normal", "peak")

TOLERANCE = 1.5
"""A signal has healed below this multiple of the baseline, or within 15 ms of it."""

BLOCK = 4 * NS
"""Length of the blocks whose p95s are compared."""

COUNTERS = ("sql_calls", "cache_gets", "ai_calls", "tasks")
"""Exact work per request that only a declared symptom may change."""

WORK = """
SELECT route, avg(sql_calls), avg(cache_gets), avg(ai_calls), avg(tasks), count(*) FROM work
WHERE kind = 'request' AND start >= $1 AND start < $2 GROUP BY route ORDER BY route
"""

BLOCKS = """
SELECT (intended - $1) // $3 AS block, list(latency / 1e6) FROM requests
WHERE route = $4 AND intended >= $1 AND intended < $2 GROUP BY block ORDER BY block
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the contract: what was asked, whether it holds, and the numbers."""

    name: str
    ok: bool
    detail: str

    def record(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Counter:
    """Exact work per request of one route ("GET /x/ sql_calls") in two states."""

    name: str
    before: float
    after: float

    @property
    def text(self) -> str:
        return f"{self.name} {self.before:.1f} -> {self.after:.1f}"


@dataclass(frozen=True, slots=True)
class State:
    """What was measured in one state of the site: a window per load, and the tests' answers."""

    name: str
    windows: Mapping[str, Window]
    functional: Mapping[str, Any]
    golden: Mapping[str, Any]


class Proof:
    """Measures one scenario on a booted site; ``run`` gives the checks in the contract's order.

    The site has the bad release, and the fixed one after it, as its next two tags.
    """

    def __init__(self, scenario: Scenario, site: Site, say: Callable[[str], None]) -> None:
        self._scenario = scenario
        self._site = site
        self._say = say
        self._slos: Sequence[Promise] = ()
        self._previous = site.stack.release
        self._bad = next_tag(self._previous)
        self._script = scenario.script(0, PACES["quick"], self._bad)
        self._models = dict(site.stack.active_models())

    def run(self) -> list[Check]:
        baseline = self._measure("baseline")
        recording = self._site.recording
        self._slos, _ = promises.freeze(
            recording,
            self._site.declared,
            baseline.windows["normal"],
            self._site.calibrated,
        )
        checks = [self._holds(baseline)]
        self._break()
        bad = self._measure("bad")
        if not self._script.symptoms:
            return [*checks, self._harmless(baseline, bad), *map(_tested, (baseline, bad))]
        checks += [self._bites(baseline, bad), self._exact(baseline, bad)]
        states = [baseline, bad]
        paths = [(p, True) for p in self._script.heals] + [
            (p, False) for p in self._script.heals_not
        ]
        for path, heals in paths:
            self._take(path)
            state = self._measure(path)
            checks.append(self._healed(path, heals, baseline, state))
            states.append(state)
            self._restore(path)
        return [*checks, *map(_tested, states)]

    # The states

    def _measure(self, name: str) -> State:
        windows = {}
        for load in LOADS:
            self._say(f"{name}: {SECONDS} s at {load} load")
            windows[load] = self._site.measure(load, SECONDS)
        self._site.set_load("normal")
        self._say(f"{name}: functional tests and golden sets")
        return State(name, windows, *self._site.tested())

    def _break(self) -> None:
        """The deployments of the scenario, as the director would make them."""
        for deployment in self._script.deployments:
            if deployment.kind == "model":
                model, version = deployment.target.split("=", 1)
                self._perform("set-model", {"name": model, "version": version})
            else:
                self._perform("deploy", {"ref": deployment.target})

    def _take(self, path: str) -> None:
        match path:
            case "fix":
                self._perform("deploy", {"ref": next_tag(self._bad)})
            case "rollback":
                self._perform("rollback", {"to": self._previous})
            case "rollback-with-migrations":
                self._perform("rollback", {"to": self._previous, "with_migrations": True})
            case "model-rollback":
                for name, version in self._models.items():
                    self._perform("set-model", {"name": name, "version": version})
            case "index":
                self._perform("sql", {"text": self._scenario.raw["heals"]["index"], "write": True})

    def _restore(self, path: str) -> None:
        """Back to the bad state, so that the next path starts there."""
        if path == "index":
            made = re.search(r"(?i)exists (\w+)", self._scenario.raw["heals"]["index"])
            assert made, "heals.index reads CREATE INDEX CONCURRENTLY IF NOT EXISTS name ON ..."
            self._perform("sql", {"text": f"DROP INDEX {made[1]}", "write": True})
            return
        if path == "fix":
            self._perform("rollback", {"to": self._previous, "with_migrations": True})
        self._break()

    def _perform(self, name: str, args: Mapping[str, Any]) -> None:
        self._say(f"{name} {' '.join(str(v) for v in args.values())}")
        self._site.perform(Op("director", "bridge", name, args))

    # The checks

    def _rows(self, window: Window) -> list[Mapping[str, Any]]:
        return list(promises.check(self._site.recording, self._slos, window))

    def _broken(self, state: State) -> list[str]:
        return [
            f"{row['route']} {row['p95_ms']:.0f}/{row['limit_ms']:.0f} ms, "
            f"{row['error_rate']:.1%} errors at {load}"
            for load, window in state.windows.items()
            for row in self._rows(window)
            if not row["ok"]
        ]

    def _holds(self, state: State) -> Check:
        broken = self._broken(state)
        n = len(self._slos)
        return Check(
            "the baseline holds", not broken, "; ".join(broken) or f"{n} SLOs at both loads"
        )

    def _harmless(self, baseline: State, bad: State) -> Check:
        broken = self._broken(bad) + [c.text for c in self._changed(baseline, bad)]
        return Check("the release is harmless", not broken, "; ".join(broken) or "nothing changed")

    def _bites(self, baseline: State, bad: State) -> Check:
        ok, details = True, []
        for symptom in self._script.symptoms:
            before = self._p95s(symptom.route, baseline.windows["normal"])
            after = self._p95s(symptom.route, bad.windows["normal"])
            shift = windows.shift(before, after)
            low = (shift.before + shift.low) / shift.before if shift else 0.0
            ok = ok and low > symptom.factor
            if shift:
                details.append(
                    f"{symptom.route} p95 {shift.before:.0f} -> {shift.after:.0f} ms, "
                    f"{shift.ratio:.1f}x (at least {low:.1f}x, declared {symptom.factor:g}x)"
                )
        broken = self._broken(bad)
        details.append("breaks " + "; ".join(broken) if broken else "breaks no SLO")
        return Check("the bad release bites", ok and bool(broken), "; ".join(details))

    def _p95s(self, route: str, window: Window) -> list[float]:
        rows = self._site.recording.query(BLOCKS, [window.start, window.end, BLOCK, route])
        return windows.block_quantiles([values for _, values in rows], 0.95)

    def _changed(self, baseline: State, bad: State) -> list[Counter]:
        """Counters that changed by more than a fifth, and by more than the mix explains."""
        counters = self._counters(baseline, bad)
        return [c for c in counters if abs(c.after - c.before) > max(0.2 * c.before, 0.5)]

    def _counters(self, baseline: State, bad: State) -> list[Counter]:
        """The counters of each route that both states saw often enough."""
        before = self._work(baseline)
        return [
            Counter(f"{route} {name}", old, new)
            for route, values in self._work(bad).items()
            for name, old, new in zip(COUNTERS, before.get(route, values), values, strict=True)
            if route in before
        ]

    def _work(self, state: State) -> dict[str, tuple[float, ...]]:
        window = state.windows["normal"]
        rows = self._site.recording.query(WORK, [window.start, window.end])
        return {route: tuple(values) for route, *values, n in rows if n >= 10}

    def _exact(self, baseline: State, bad: State) -> Check:
        changed = self._changed(baseline, bad)
        names = {c.name for c in changed}
        seen = {c.name for c in self._counters(baseline, bad)}
        declared = set(self._script.counters)
        ok = names == declared & seen and (bool(names) or not declared)
        detail = "; ".join(c.text for c in changed) or "none changed"
        return Check("only declared counters changed", ok, detail)

    def _healed(self, path: str, heals: bool, baseline: State, state: State) -> Check:
        problems = self._broken(state)
        details = []
        for symptom in self._script.symptoms:
            for load in LOADS:
                before = _mean(self._p95s(symptom.route, baseline.windows[load]))
                after = _mean(self._p95s(symptom.route, state.windows[load]))
                details.append(f"p95 {before:.0f} -> {after:.0f} ms at {load}")
                if after > max(TOLERANCE * before, before + 15):
                    problems.append(f"{symptom.route} at {load}")
        name = f"{path} heals" if heals else f"{path} does not heal"
        return Check(name, bool(problems) != heals, "; ".join([*details, *problems[:3]]))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _tested(state: State) -> Check:
    golden = ", ".join(f"{m['name']} {m['value']:g}" for m in state.golden["metrics"])
    failures = ", ".join(state.functional["failures"])
    return Check(
        f"tests pass: {state.name}",
        bool(state.functional["passed"] and state.golden["passed"]),
        f"{state.functional['total']} functional tests {failures}; {golden}",
    )
