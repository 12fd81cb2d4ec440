"""Judging a finished drill: history and recording in, debrief out. Nothing needs to run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from brownout import audits, history, instruments
from brownout.model import BrownoutError, Debrief, Event, Finding, Recording, Window
from brownout.recording.finished import open_recording
from brownout.report import debrief as report


def windows(events: Sequence[Event]) -> dict[str, Window]:
    """The windows that the history names."""
    return {
        e.value["name"]: Window(e.value["start"], e.value["end"])
        for e in history.infos(events, "window")
    }


def findings(recording: Recording, before: str, after: str) -> tuple[Finding, ...]:
    """What the audits find between two windows; a crashed instrument or audit is a finding too."""
    names = {"before": before, "after": after}
    artifacts, errors = instruments.measure_all(recording, names)
    return (*audits.judge_all(artifacts), *errors)


def read_history(run: Path) -> list[Event]:
    """The history of a run folder."""
    path = run / "history.jsonl"
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise BrownoutError(f"{path}: {error.strerror}; is {run} a run folder?") from error
    events = history.read(lines, str(path))
    if not events:
        raise BrownoutError(f"{path}: no events; the drill died before it began")
    return events


def judge(run: Path) -> Debrief:
    """The debrief of a run folder, computed anew; it never reads debrief.json."""
    events = read_history(run)
    with open_recording(run, windows(events)) as recording:
        found: tuple[Finding, ...] = ()
        if {"baseline", "incident"} <= set(recording.windows):
            found = findings(recording, "baseline", "incident")
        return report.debrief(events, recording, found)


def write(run: Path, debrief: Debrief) -> None:
    """Write debrief.json and postmortem.md into the run folder."""
    (run / "debrief.json").write_text(report.to_json(debrief))
    (run / "postmortem.md").write_text(debrief.postmortem)
