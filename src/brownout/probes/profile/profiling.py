"""A profile of running services: py-spy's samples, joined to wide events, kept in the recording."""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from brownout.collector.client import CollectorAway
from brownout.model import NS, BrownoutError
from brownout.probes.profile import pyspy
from brownout.probes.profile.flames import Profile, from_plain
from brownout.probes.profile.routes import Events, Served, join, unmatched
from brownout.probes.profile.stacks import Sample, idle, serving, view
from brownout.probes.terms import Service, Site

SETTLE = 1.5
"""Seconds in which the last wide events arrive."""

MARGIN = 60 * NS
"""A request that was under way when the profile began may have begun so long before."""

APART = 0.05
"""Share of samples in requests that no event explains, beyond which that is told."""

EVENTS = """
SELECT pid, {thread}, start, duration, route, release FROM work
WHERE start >= $1 AND start < $2 AND start + duration >= $3 AND list_contains($4, pid)
"""

COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_name = 'work'"

WINDOW = """
SELECT route, stack, sum(weight), min(ts), max(ts) FROM profiles
WHERE ts > $1 AND ts <= $2 GROUP BY route, stack ORDER BY route, stack
"""
SERVED = """
SELECT route, count(*) FROM work WHERE start >= $1 AND start < $2
AND service IN (SELECT DISTINCT service FROM profiles WHERE ts > $3 AND ts <= $4) GROUP BY route
"""

ROWS = 2000
"""Rows in one message to the collector."""

Placed = tuple[Sample, Service, str, str]
"""A sample with its service, release and route."""


class Look:
    """One look at the services of a site. ``notes``: what could not be seen, and why."""

    def __init__(self, site: Site, seconds: float, rate: int) -> None:
        self.site, self.notes = site, list[str]()
        services = site.need_services()
        if not site.chosen:  # of a running shop: the application, not what drives and watches it
            services = tuple(s for s in services if s.release) or services
        self._owner = {pid: service for service in services for pid in _serving(service)}
        traces = pyspy.record(list(self._owner), seconds, rate)
        self._told(traces)
        self._traces = traces
        # When the machine is busy, py-spy takes longer for the samples that it was asked for.
        moments = [s.at for t in traces for s in t.samples] or [time.time_ns()]
        self._began, self._ended = min(moments), max(moments)
        self.seconds = max((self._ended - self._began) / NS, 1 / rate)

    def _told(self, traces: Sequence[pyspy.Trace]) -> None:
        """Notes of what was not seen. Raises the first error when nothing was."""
        errors = [trace.error for trace in traces if trace.error]
        if len(errors) == len(traces):
            raise next((e for e in errors if isinstance(e, pyspy.Forbidden)), errors[0])
        self.notes += [str(error) for error in errors]
        self.notes += [f"process {t.pid} ended meanwhile" for t in traces if t.ended]

    def profile(self) -> Profile:
        """Samples by route; kept in the recording, where there is one."""
        events = self._events()
        placed = self._placed(Events(events))
        weights: Counter[tuple[str, str]] = Counter()
        for sample, _, _, route in placed:
            weights[route, ";".join(sample.stack)] += sample.weight
        seen = [e for e in events if self._began <= e.start < self._ended]
        self._keep(placed)
        took: Counter[str] = Counter()
        for event in seen:
            took[event.route] += event.duration
        return Profile(self.seconds, weights, Counter(e.route for e in seen), took)

    def _events(self) -> list[Served]:
        recording = self.site.recording()
        if recording is None:
            self.notes.append(
                "no recording, so no requests are known: time stands by view and in all"
            )
            return []
        time.sleep(SETTLE)
        try:
            known = {row[0] for row in recording.query(COLUMNS)}
            sql = EVENTS.format(thread="thread" if "thread" in known else "NULL")
            bounds = [self._began - MARGIN, self._ended, self._began, list(self._owner)]
            return [Served(*row) for row in recording.query(sql, bounds)]
        except CollectorAway as error:
            self.notes.append(f"{error}: time stands by view and in all")
            return []

    def _placed(self, events: Events) -> list[Placed]:
        joined = [p for t in self._traces for p in join(t.samples, events, t.slack)]
        placed = []
        for sample, event in joined:
            service = self._owner[sample.pid]
            if event:
                placed.append((sample, service, event.release, event.route))
            elif serving(sample.stack) or not idle(sample.stack):
                route = view(sample.stack) if serving(sample.stack) else ""
                placed.append((sample, service, service.release, route))
        inside, lost = unmatched(joined)
        if events.found and lost > APART * inside:
            self.notes.append(
                f"{lost} of {inside} samples in requests belong to none that was told "
                "(under way at the end, or several at once in threads that are not told): they "
                "stand by view"
            )
        return placed

    def _keep(self, placed: Sequence[Placed]) -> None:
        """Write the profile into the recording: stacks by the second."""
        recording = self.site.recording()
        if recording is None:
            return
        found: dict[tuple[int, str, str, str, str], list[int]] = {}
        for sample, service, release, route in placed:
            second = (sample.at // NS + 1) * NS
            key = (second, service.name, release, route, ";".join(sample.stack))
            value = found.setdefault(key, [0, 0])
            value[0], value[1] = value[0] + 1, value[1] + sample.weight
        names = ("ts", "service", "release", "route", "stack", "samples", "weight")
        rows = [dict(zip(names, (*key, *value), strict=True)) for key, value in found.items()]
        try:
            for start in range(0, len(rows), ROWS):
                recording.post("profiles", rows[start : start + ROWS])
        except CollectorAway as error:
            self.notes.append(f"{error}: the profile is not in the recording")


def _serving(service: Service) -> list[int]:
    """The processes of a service, without a gunicorn's master: it waits, and looking costs."""
    if service.kind != "gunicorn" or len(service.pids) == 1:
        return list(service.pids)
    return list(service.pids[1:])


def load(site: Site, text: str) -> Profile:
    """A profile from a profile.json, or of a window of the recording, "HH:MM:SS-HH:MM:SS" (UTC).

    Raises BrownoutError when it is neither, or when nothing was profiled then.
    """
    path = Path(text)
    with contextlib.suppress(OSError):
        if path.is_dir():
            path /= "profile.json"
        if path.exists():
            try:
                return from_plain(json.loads(path.read_text()))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise BrownoutError(f"{path} is no profile.json of this probe") from error
    try:
        start, end = (_moment(part) for part in text.split("-"))
    except ValueError as error:
        raise BrownoutError(
            f"{text}: no such file, and no window of today (HH:MM:SS-HH:MM:SS, UTC)"
        ) from error
    recording = site.recording()
    if recording is None:
        raise BrownoutError(f"{text}: a window needs the recording of a shop that runs")
    rows = recording.query(WINDOW, [start, end])
    if not rows:
        raise BrownoutError(f"{text}: nothing was profiled then; look with: brownout probe profile")
    # Requests count only while it was looked.
    first, last = min(row[3] for row in rows) - NS, max(row[4] for row in rows)
    served = recording.query(SERVED, [first, last, start, end])
    weights = {(route, stack): int(weight) for route, stack, weight, _, _ in rows}
    return Profile((last - first) / NS, weights, dict(served))


def _moment(text: str) -> int:
    """HH:MM:SS of today in UTC -> ns since the epoch."""
    clock = datetime.strptime(text.strip(), "%H:%M:%S").time()
    return int(datetime.combine(datetime.now(UTC).date(), clock, UTC).timestamp()) * NS
