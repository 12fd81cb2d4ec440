"""Whether this flight will be scored, as far as it can be told while it flies. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brownout import history
from brownout.flight.culprit import incident
from brownout.model import FOREIGN_MORE, FOREIGN_MOST, Event, Window, is_shared
from brownout.report.score import PRACTICE, is_practice
from brownout.site.observer import Machine

UNKNOWN = {"truth": {"change": ""}}
"""What is known of the truth while a drill flies."""

UNCALIBRATED = "not calibrated: promises are made from this flight's own calm window"


@dataclass(frozen=True, slots=True)
class Cores:
    """What others used on average, in cores: in the calm window, and since the last deployment of
    the director's (None: none yet)."""

    calm: float
    since: float | None

    @property
    def busy(self) -> bool:
        return is_shared(self.calm, self.calm if self.since is None else self.since)

    def told(self) -> str:
        text = f"other programs use {self.calm:.1f} cores in the calm window"
        if self.since is not None:
            text += f", {self.since:.1f} since the deployment"
        return f"{text} (at most {FOREIGN_MOST:g}, and {FOREIGN_MORE:g} more than before)"


def standing(events: Sequence[Event], machine: Sequence[Machine], now: int) -> dict[str, Any]:
    """{scored, why: "" or why not, others: [[name, cores], ...], notes: [text, ...]} at ``now``.

    ``scored`` is None before anything is known of the machine.
    """
    begun = events[0].value if events else {}
    cores = _cores(events, machine, now)
    reasons = [PRACTICE] if is_practice(events) else []
    reasons += [cores.told()] if cores and cores.busy else []
    named = machine[-1].others if machine and cores and cores.busy else ()
    calibrated = begun.get("calibrated", True)
    return {
        "scored": not reasons if cores or reasons else None,
        "why": "; ".join(reasons),
        "others": [[name, round(used, 2)] for name, used in named],
        "notes": [] if calibrated else [UNCALIBRATED],
    }


def words(found: Mapping[str, Any]) -> str:
    """What ``standing`` found, in one sentence; "" while nothing is known."""
    if found["scored"] is None:
        return ""
    if found["scored"]:
        return "will be scored, as it looks now" + "".join(f" ({n})" for n in found["notes"])
    who = ", ".join(f"{name} {cores:.1f}" for name, cores in found["others"])
    return f"will NOT be scored: {found['why']}" + (f": {who}" if who else "")


def _cores(events: Sequence[Event], machine: Sequence[Machine], now: int) -> Cores | None:
    """What others used in the windows that the score will go by; None: nothing is known yet."""
    phases = {e.value["name"]: e.at for e in reversed(history.infos(events, "phase"))}
    if "baseline" not in phases:
        return None
    then = _mean(machine, Window(phases["baseline"], phases.get("incident", now)))
    if then is None:
        return None
    window = incident(events, UNKNOWN, now)
    return Cores(then, _mean(machine, window) if window else None)


def _mean(machine: Sequence[Machine], window: Window) -> float | None:
    found = [second.foreign for second in machine if window.start <= second.at < window.end]
    return sum(found) / len(found) if found else None
