"""The ramp: plays rate after rate on a booted site and has each judged, until the knee is found."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from brownout.capacity import seeking
from brownout.capacity.seeking import Judgement, Knee, Look, Step
from brownout.model import NS, SHIPPED, BrownoutError, MachineError, Promise, Window
from brownout.report import promises
from brownout.site.site import Site

WARM = 4.0
"""Seconds of users before the first step: caches fill, connections open."""

SETTLE, WINDOW = 3.0, 6.5
"""Seconds of a step that are not measured, while visits of the rate before still go on; and those
that are."""

LATE = 2.5
"""Seconds after which an answer that is still missing is counted as missing (view outcomes)."""

DRAIN = 8.0
"""Seconds that a shop gets at most to work off what a rate beyond its knee has left."""

MISSING = """
SELECT count(*) FROM scheduled ANTI JOIN requests USING (trace_id)
WHERE intended >= $1 AND intended < $2
"""
MACHINE = "SELECT avg(foreign_cpu), avg(own_cpu) FROM machine WHERE ts >= $1 AND ts < $2"


@dataclass(slots=True)
class Tried:
    """One step: what was played, and what came of it; ``requests`` a second were wanted."""

    step: Step
    requests: float
    foreign: float
    own: float
    rows: Sequence[Mapping[str, Any]]

    def record(self) -> dict[str, Any]:
        row = promises.worst(self.rows)
        return {
            **asdict(self.step),
            "rate": round(self.step.rate, 2),
            "requests_per_s": round(self.requests, 1),
            "foreign_cpu": round(self.foreign, 2),
            "own_cpu": round(self.own, 2),
            "worst": promises.told(row) if row else "",
        }


@dataclass(slots=True)
class Ramp:
    """``run`` gives the knee; ``tried`` and ``slos`` are then what it rests on.

    ``foreign``: cores that other programs may use in a step that counts. ``seconds``: for all.
    """

    site: Site
    cores: int
    seconds: float
    say: Callable[[str], None]
    foreign: float = seeking.FOREIGN
    tried: list[Tried] = field(default_factory=list)
    slos: tuple[Promise, ...] = ()
    calm: dict[str, float] = field(default_factory=dict)
    _looks: dict[float, list[Look]] = field(default_factory=dict)

    def run(self) -> Knee:
        """Raises MachineError when not even the shipped normal rate is held, or nothing can be
        said for all that others use of the machine."""
        deadline = time.monotonic() + self.seconds
        self._calm(deadline)
        first = seeking.first_rate(SHIPPED.normal, self.tried[-1].own, self.cores)
        while not isinstance(found := seeking.search(self._steps(), first), Knee):
            if deadline - time.monotonic() < SETTLE + WINDOW + LATE:
                return seeking.best(self._steps())
            self._settle(found)
            self._try(found)
        return found

    def _steps(self) -> list[Step]:
        return [tried.step for tried in self.tried]

    def _calm(self, deadline: float) -> None:
        """The first step, at the shipped normal rate: it calibrates each route's p95."""
        self.site.set_rate(SHIPPED.normal)
        self._wait(WARM)
        while deadline - time.monotonic() > WINDOW + LATE:
            window = self._play(SHIPPED.normal)
            declared = self.site.declared
            _, self.calm = promises.freeze(self.site.recording, declared, window)
            self.slos = promises.promised(declared, self.calm, declared)
            # What is calm has no interval yet: the rule decides, as at the end of a baseline.
            asked = promises.calm(declared, self.slos)
            looks = seeking.blocks(self.site.recording, window)
            found = seeking.judge(looks, asked, final=True)
            verdict = self._judged(SHIPPED.normal, window, found, alone=True).step.verdict
            if verdict == "holds":
                return
            if verdict == "broken":
                break
        self._refuse()

    def _refuse(self) -> None:
        last = self.tried[-1]
        row = promises.worst(last.rows)
        if last.step.verdict == "void" or row is None:
            raise MachineError(
                f"other programs used {last.foreign:.1f} of {self.cores} cores all the time, so "
                "that nothing can be said of this machine; close them and try again"
            )
        raise MachineError(
            f"this machine does not hold even {SHIPPED.normal:g} journeys/s: {promises.told(row)}; "
            "close what else is running and try again"
        )

    def _try(self, rate: float) -> None:
        window = self._play(rate)
        looks = self._looks.setdefault(rate, [])
        fresh = seeking.blocks(self.site.recording, window)
        again = bool(looks)
        found = seeking.judge([*looks, *fresh], self.slos, final=again)
        tried = self._judged(rate, window, found)
        if tried.step.verdict == "undecided":
            looks += fresh
        else:
            looks.clear()

    def _judged(self, rate: float, window: Window, found: Judgement, alone: bool = False) -> Tried:
        """Keep a step and tell of it; with ``alone`` it counts on an undisturbed machine only."""
        [(foreign, own)] = self.site.recording.query(MACHINE, [window.start, window.end])
        foreign, own = foreign or 0.0, own or 0.0
        verdict = found.verdict
        # What holds although others take their share holds all the more without them.
        if foreign > self.foreign and (alone or verdict != "holds"):
            verdict = "void"
        requests = promises.planned_rate(self.site.recording, window)
        tried = Tried(Step(rate, verdict), requests, foreign, own, found.rows)
        self.tried.append(tried)
        told = tried.record()
        others = f", others used {foreign:.1f} cores" if verdict == "void" else ""
        self.say(
            f"{rate:.1f} journeys/s ({requests:.0f} requests/s): {verdict}{others}"
            f"{', ' + told['worst'] if told['worst'] else ''}"
        )
        return tried

    # Playing

    def _play(self, rate: float) -> Window:
        """Measure a rate that has settled already; all answers are in, or late, afterwards."""
        start = time.time_ns()
        self._wait(WINDOW)
        window = Window(start, time.time_ns())
        self._answered(window, LATE)
        return window

    def _settle(self, rate: float) -> None:
        """Change to a rate, and let the shop work off what the one before has left."""
        self.site.set_rate(rate)
        self._wait(SETTLE)
        now = time.time_ns()
        self._answered(Window(now - 20 * NS, now - NS), DRAIN)

    def _answered(self, window: Window, seconds: float) -> None:
        """Wait until all that was wanted in the window has been answered, for so long at most."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.site.recording.query(MISSING, [window.start, window.end])[0][0]:
                return
            self._wait(0.2)

    def _wait(self, seconds: float) -> None:
        if self.site.stopped.wait(seconds):
            raise BrownoutError("interrupted")
