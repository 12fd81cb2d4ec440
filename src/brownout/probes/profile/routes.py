"""Which request or task a thread was serving: samples joined to wide events. Pure.

By process, native thread and time. Where events do not tell their thread, by process and time, when
one alone was under way in that process.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from brownout.probes.profile.stacks import Sample, idle, serving

MARGIN, COARSE, FINE = 20_000_000, 5_000_000, 1_000_000
"""Clocks of samples and events are compared in coarse steps, then in fine ones about the best, in
ns; and a little beyond what is certain."""

NEAR = 20_000_000
"""Two samples, in ns, at the usual rate."""

ENOUGH = 1000
"""Samples that are compared, at most."""


@dataclass(frozen=True, slots=True)
class Served:
    """A wide event: what was served, where and when (ns). ``thread``: None when not told."""

    pid: int
    thread: int | None
    start: int
    duration: int
    route: str
    release: str


@dataclass
class Events:
    """Wide events, to be asked what was under way in a thread at a moment."""

    found: Sequence[Served]
    _of: dict[tuple[int, int | None], list[Served]] = field(default_factory=dict)
    _starts: dict[tuple[int, int | None], list[int]] = field(default_factory=dict)
    _longest: int = 0

    def __post_init__(self) -> None:
        grouped = defaultdict(list)
        for event in sorted(self.found, key=lambda e: e.start):
            grouped[event.pid, event.thread].append(event)
            self._longest = max(self._longest, event.duration)
        self._of = dict(grouped)
        self._starts = {key: [e.start for e in group] for key, group in grouped.items()}

    def of(self, sample: Sample, shift: int = 0) -> Served | None:
        """What a sample's thread served then; None when nothing, or when it cannot be told."""
        moment = sample.at + shift
        inner = self._under_way((sample.pid, sample.thread), moment)
        if inner:
            return inner[-1]  # the innermost: a task that is run at once within a request
        unknown = self._under_way((sample.pid, None), moment)
        return unknown[0] if len(unknown) == 1 and serving(sample.stack) else None

    def nearest(self, sample: Sample, shift: int = 0) -> Served | None:
        """The last or next that its thread served, NEAR at most away."""
        moment, key = sample.at + shift, (sample.pid, sample.thread)
        number = bisect_right(self._starts.get(key, []), moment)
        found = self._of.get(key, [])[max(number - 1, 0) : number + 1]
        away = {max(e.start - moment, moment - e.start - e.duration): e for e in found}
        least = min(away, default=NEAR)
        return away[least] if least < NEAR else None

    def _under_way(self, key: tuple[int, int | None], moment: int) -> list[Served]:
        group = self._of.get(key)
        if not group:
            return []
        number, found = bisect_right(self._starts[key], moment), []
        while number and group[number - 1].start >= moment - self._longest:
            number -= 1
            if moment < group[number].start + group[number].duration:
                found.append(group[number])
        return found[::-1]


def offset(found: Sequence[Sample], events: Events, slack: int = 0) -> int:
    """What to add to the moments of one trace (ns) so that they fall into the requests they show.

    The clocks are one, but py-spy does not tell when exactly it began: up to ``slack`` later.
    """
    step = max(len(found) // ENOUGH, 1)
    seen = [(s, serving(s.stack)) for s in found[::step]]
    if not any(inside for _, inside in seen):
        return 0

    def agreement(shift: int) -> tuple[int, int]:
        hits = sum((events.of(s, shift) is not None) == inside for s, inside in seen)
        return hits, -abs(shift)

    coarse = max(range(-MARGIN, slack + MARGIN + 1, COARSE), key=agreement)
    return max(range(coarse - COARSE, coarse + COARSE + 1, FINE), key=agreement)


def join(
    found: Sequence[Sample], events: Events, slack: int = 0
) -> list[tuple[Sample, Served | None]]:
    """The samples of one trace with what they served; the clocks are brought together first.

    What a stack shows is surer than a moment, which py-spy tells late when the machine is busy: a
    stack that serves belongs to the request that is nearest, one that waits for work to none.
    """
    shift = offset(found, events, slack)
    return [(sample, _served(sample, events, shift)) for sample in found]


def _served(sample: Sample, events: Events, shift: int) -> Served | None:
    if serving(sample.stack):
        return events.of(sample, shift) or events.nearest(sample, shift)
    return None if idle(sample.stack) else events.of(sample, shift)


def unmatched(joined: Iterable[tuple[Sample, Served | None]]) -> tuple[int, int]:
    """(samples in a request, those of them that fall into none that was told)."""
    inside = [event for sample, event in joined if serving(sample.stack)]
    return len(inside), inside.count(None)
