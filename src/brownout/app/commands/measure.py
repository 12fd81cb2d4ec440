"""``brownout measure``: what an instrument tells of a drill, against its baseline."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

from brownout import instruments, store
from brownout.app import contrast, show, windows
from brownout.app.options import Json
from brownout.collector.client import Client, CollectorAway, LiveRecording
from brownout.flight import judging
from brownout.model import NS, BrownoutError, Event, Recording, Window
from brownout.recording.finished import open_recording

SECTION = "Look"
EXAMPLE = "brownout measure transactions --after D1"

LAG = 2 * NS
"""What ended before has arrived in the recording by now."""

SPAN = """
SELECT min(start), max(start) + 1 FROM (
  SELECT start FROM work UNION ALL SELECT intended FROM requests)
"""


@dataclass(frozen=True, slots=True)
class Source:
    """A recording with its history; ``now``: its end in ns while the drill flies, else None."""

    folder: Path
    recording: Recording
    events: Sequence[Event]
    now: int | None = None
    version: int | None = None
    lacks: frozenset[str] = frozenset()


def measure(
    name: Annotated[str, typer.Argument(help="An instrument; without it they are listed.")] = "",
    before: Annotated[
        str, typer.Option(help="The window to compare with; the baseline without it.")
    ] = "",
    after: Annotated[
        str,
        typer.Option(
            help="The window that is told: incident, a deployment (D1: what it served), all, or "
            "HH:MM:SS-HH:MM:SS (UTC); without it the incident, and while the drill flies what the "
            "newest deployment has served."
        ),
    ] = "",
    top: Annotated[int, typer.Option(help="Rows of a table at most, the most changed first.")] = 10,
    run: Annotated[
        str,
        typer.Option(
            help="A run folder or its name, or the file of a recording; without it what runs "
            "here, else the newest."
        ),
    ] = "",
    as_json: Json = False,
) -> int:
    """Show what an instrument tells of a drill that flies or is over, against its baseline.

    Exit code 1: nothing was measured.
    """
    found = instruments.discover()
    if not name:
        rows = [
            {"instrument": n, "tells": (inspect.getdoc(i) or "").splitlines()[0]}
            for n, i in found.items()
        ]
        show.result(rows, as_json, lambda listed: show.records("", listed))
        return 0
    if name not in found:
        raise BrownoutError(f"no instrument {name!r}; known: {', '.join(found)}")
    if top < 1:
        raise BrownoutError(f"--top {top}: a positive number is wanted")
    with _opened(run) as source:
        told = _told(source, name, found[name], (before, after), top)
    if as_json:
        print(json.dumps(told, indent=2))
    else:
        show.out.print(contrast.drawn(told), markup=False, soft_wrap=True)
    return 0 if any(window["n"] for window in told["windows"].values()) else 1


@contextmanager
def _opened(run: str) -> Iterator[Source]:
    """The recording of what runs (here, or in that folder), else of what is over."""
    folder = None
    if run:  # `brownout run` keeps no folder, but a file
        folder = Path(run) if Path(run).is_file() else store.find_recording(run)
    try:
        site = store.running_site(folder)
    except BrownoutError:
        folder = folder or store.find_recording("")
        events = _events(folder)
        with open_recording(folder, {}) as recording:
            yield Source(folder, recording, events, None, recording.version, recording.lacks)
        return
    folder = Path(site["run"])
    live = LiveRecording(Client(site.get("collector", ""), site.get("token", "")))
    try:
        yield Source(folder, live, _events(folder), time.time_ns() - LAG)
    except CollectorAway as error:
        raise BrownoutError(f"{error}; ask again in some seconds") from error


def _events(folder: Path) -> Sequence[Event]:
    """The history; ``brownout up`` and ``run`` keep none."""
    return judging.read_history(folder) if (folder / "history.jsonl").exists() else ()


def _told(
    source: Source, name: str, instrument: ModuleType, asked: tuple[str, str], top: int
) -> dict[str, Any]:
    """What is printed, as it stands in JSON."""
    names, chosen = _windows(source, asked)
    recording = _Windows(source.recording, chosen)
    sides = {side: instrument.measure(recording, side) for side in chosen}
    empty = [names[side] for side, artifact in sides.items() if not artifact.n]
    notes = [f"nothing was measured in the window {window!r}" for window in empty]
    notes += _missing(source, instrument)
    if "before" not in sides:
        notes.append("no baseline is known here to compare with: name a window with --before")
    return {
        "instrument": name,
        "unit": instrument.UNIT,
        "run": str(source.folder),
        "windows": {
            side: {
                "name": names[side],
                "start": window.start,
                "end": window.end,
                "seconds": round(window.seconds, 3),
                "n": sides[side].n,
            }
            for side, window in chosen.items()
        },
        "tables": contrast.tables(instrument, sides, top),
        "notes": notes,
    }


def _windows(source: Source, asked: tuple[str, str]) -> tuple[dict[str, str], dict[str, Window]]:
    """Side -> the name of its window, and the window; without a baseline no side "before"."""
    [(start, end)] = source.recording.query(SPAN)
    if start is None:
        raise BrownoutError(f"{source.folder}: nothing has been recorded there")
    whole = Window(start, source.now or end)
    before, after = windows.defaults(source.events, whole)
    names = {"before": asked[0] or before, "after": asked[1] or after}
    if not names["before"]:
        del names["before"]
    return names, {s: windows.named(text, source.events, whole) for s, text in names.items()}


def _missing(source: Source, instrument: ModuleType) -> list[str]:
    """What the instrument would need and a recording of an earlier version has not got."""
    missing = [need for need in instrument.NEEDS if need in source.lacks]
    if not missing:
        return []
    return [
        f"this recording is of schema version {source.version} and has no {', '.join(missing)}: "
        "what rests on that is not known, and is not zero"
    ]


class _Windows:
    """A recording with windows of its own (model.Recording)."""

    def __init__(self, recording: Recording, chosen: Mapping[str, Window]) -> None:
        self.windows = dict(chosen)
        self.query = recording.query
