"""Windows by name: those of the history, what a deployment served, or times of the day. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

from brownout import history
from brownout.flight import judging
from brownout.model import NS, BrownoutError, Event, Window

WHOLE = "all"
"""The name of the whole recording."""

BASELINE, INCIDENT = "baseline", "incident"
SINCE = "since baseline"
"""The name of what came after the baseline."""

CLOCK = re.compile(r"(\d{1,2}):(\d\d):(\d\d)-(\d{1,2}):(\d\d):(\d\d)")
DAY = 24 * 3600 * NS


def known(events: Sequence[Event], whole: Window) -> dict[str, Window]:
    """Every window that has a name: of the history, of each deployment, and the whole recording."""
    found = judging.windows(events)
    if BASELINE in found:
        found[SINCE] = Window(found[BASELINE].end, whole.end)
    return {**found, **_deployments(events, whole.end), WHOLE: whole}


def _deployments(events: Sequence[Event], end: int) -> dict[str, Window]:
    """Deployment -> from when it served to when the next change was asked for, or the end."""
    asked = {c.seq: i.at for i, c in history.pair(events) if c}
    changes = history.deployments(events)
    ends = [asked[change.seq] for change in changes[1:]] + [end] * bool(changes)
    return {
        str(change.value["deployment"]): Window(int(change.value["serving_at"]), min(until, end))
        for change, until in zip(changes, ends, strict=True)
    }


def defaults(events: Sequence[Event], whole: Window) -> tuple[str, str]:
    """The names of (before, after) when nobody asks for others; before "": there is none.

    After is the incident once it is over, until then what the newest deployment has served.
    """
    names = known(events, whole)
    newest = [*_deployments(events, whole.end)][-1:]
    after = next(n for n in (INCIDENT, *newest, SINCE, WHOLE) if n in names)
    return BASELINE if BASELINE in names else "", after


def named(text: str, events: Sequence[Event], whole: Window) -> Window:
    """The window of that name, or HH:MM:SS-HH:MM:SS (UTC, in the recording).

    Raises BrownoutError when there is none, or no time in it.
    """
    names = known(events, whole)
    window = names.get(text) or _of_the_day(text, whole)
    if window is None:
        told = ", ".join(names)
        raise BrownoutError(
            f"there is no window {text!r}; known: {told}, or times as HH:MM:SS-HH:MM:SS (UTC)"
        )
    if window.end <= window.start:
        raise BrownoutError(f"the window {text!r} has no time in it yet; ask again in some seconds")
    return window


def _of_the_day(text: str, whole: Window) -> Window | None:
    match = CLOCK.fullmatch(text)
    if match is None:
        return None
    numbers = [int(part) for part in match.groups()]
    first, last = (_moment(numbers[i : i + 3], whole, text) for i in (0, 3))
    if last <= first:
        raise BrownoutError(f"the window {text!r} ends before it begins")
    if last <= whole.start or first >= whole.end:
        start, end = (_clock(moment) for moment in (whole.start, whole.end))
        raise BrownoutError(f"the window {text!r} is not in the recording ({start}-{end}, UTC)")
    return Window(first, last)


def _moment(clock: Sequence[int], whole: Window, text: str) -> int:
    """The instant at which a clock showed that, on the recording's first day or the day after."""
    hours, minutes, seconds = clock
    if hours > 23 or minutes > 59 or seconds > 59:
        raise BrownoutError(f"{text!r}: no time of the day")
    moment = whole.start // DAY * DAY + ((hours * 60 + minutes) * 60 + seconds) * NS
    return moment + DAY if moment < whole.start and moment + DAY <= whole.end else moment


def _clock(moment: int) -> str:
    return f"{datetime.datetime.fromtimestamp(moment // NS, datetime.UTC):%H:%M:%S}"
