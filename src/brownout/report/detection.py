"""Detection: when somebody saw that something was wrong, and it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from brownout import history
from brownout.model import Event
from brownout.report import alarms
from brownout.report.incident import Incident


def detection(
    events: Sequence[Event], incident: Incident, right: Callable[[Event], bool]
) -> Event | None:
    """The completion of the first ``ack`` or ``declare`` that detects the incident.

    An acknowledgement counts if its alert is about a symptom (alarms.symptom); a declaration from
    the first symptom on, or if it is ``right`` (asked of its invocation).
    """
    start = incident.start or 0
    known = alarms.alerts(events)
    symptoms = {name for name, alert in known.items() if alarms.symptom(events, alert, start)}
    began = [known[name].since for name in symptoms] + [incident.breach or incident.end]
    for asked, done in history.completed(events, "ack", "declare"):
        if done.at < start:
            continue
        if asked.name == "ack":
            counts = bool(symptoms & {*alarms.acknowledges(events, asked)})
        else:
            counts = done.at >= min(began) or right(asked)
        if counts:
            return done
    return None
