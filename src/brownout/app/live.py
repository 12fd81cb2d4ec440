"""The live view of a drill in the terminal that started it."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment

from brownout.app import page
from brownout.model import Event

LOG = 100
"""Lines of the log that are kept to be drawn."""

QUIET = ("ready", "slo", "window", "reveal")
"""Events that are told in words of their own, or only at the debrief."""


def line(event: Event) -> str:
    """An event in one line, for the log below the charts and for a plain terminal."""
    value = event.value
    match event.name:
        case "alert" | "incident" | "time" | "notify":
            text = value["text"]
        case "phase":
            text = f"phase: {value['name']}"
        case "closed":
            text = f"closed: {value['reason']}"
        case "process":
            text = f"{value['name']} {value['state']}"
        case _:
            shown = value.get("error") or ", ".join(
                f"{k} {v}"
                for k, v in value.items()
                if isinstance(v, str | bool) and v != "" and k not in ("columns", "rows")
            )
            state = {"invoke": "…", "ok": "done", "fail": "FAILED", "info": ""}[event.kind]
            text = f"{event.actor}/{event.role} {event.name} {state} {shown}".strip()
    return f"{event.t:7.1f} s  {text}"


STATEMENTS = (
    "SELECT calls, mean_exec_time, query FROM pg_stat_statements "
    "ORDER BY total_exec_time DESC LIMIT 5"
)
"""The statements that cost the database most, as a first question."""


@dataclass(frozen=True, slots=True)
class Cockpit:
    """What a person needs to reach this drill: the program, its run folder, where it was chosen."""

    command: str
    run: Path
    chosen: bool = False

    def __call__(self, words: str) -> str:
        """A command to paste into another terminal of the same folder."""
        return f"{self.command} {words}" + (f" --run {self.run}" if self.chosen else "")


def advice(status: Mapping[str, Any], cockpit: Cockpit) -> list[str]:
    """What the person can do next, as commands to paste into another terminal."""
    if status["phase"] in ("boot", "baseline"):
        return ["calm traffic is being recorded; open a second terminal beside this one"]
    changes = [d for d in status["deployments"] if d["actor"] == "director"]
    if not changes:
        return [cockpit("status")]
    firing = {a["id"] for a in status["alerts"] if a["state"] == "firing"}
    lines = [cockpit("ack all --as bridge")] if firing - {*status["acknowledged"]} else []
    newest = changes[-1]
    lines.append(cockpit("measure statements"))
    lines.append(cockpit(f'sql "{STATEMENTS}" --as backend'))
    releases = [c for c in changes if c["kind"] == "release"]
    if releases:
        shown = f"{releases[-1]['previous']} {releases[-1]['ref']}"
        lines.append(f"git -C {cockpit.run / 'shop.git'} diff {shown}")
    lines.append(f"{cockpit.command} scenarios --causes")
    lines.append(cockpit("hint"))
    declared = f"declare --deployment {newest['deployment']} --cause CAUSE --where FILE"
    lines.append(cockpit(f"{declared} --as bridge"))
    if newest is status["deployments"][-1]:
        lines.append(cockpit(_back(newest)))
    return [*lines, *map(cockpit, ("validate --load both --as qa", "resolve --as bridge"))]


def _back(change: Mapping[str, Any]) -> str:
    """The op that undoes a change."""
    if change["kind"] == "model":
        name, version = change["previous"].split("=", 1)
        return f"set-model {name} {version} --as ai"
    return f"rollback {change['previous']} --as bridge"


class Page:
    """A page that is made for whatever size the terminal has when it is drawn."""

    def __init__(self, seen: page.Seen) -> None:
        self._seen = seen

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for number, text in enumerate(page.page(self._seen, *options.size)):
            text.no_wrap, text.end = True, ""
            if number:
                yield Segment.line()
            yield text


class View:
    """Draws the board in place on a terminal, once the stack is up; elsewhere, a line an event.

    It has the terminal's alternate screen: what stood there before comes back when it stops. A boot
    is told line by line: where it fails, they stay.
    """

    def __init__(self, console: Console, cockpit: Cockpit) -> None:
        self._console = console
        self._cockpit = cockpit
        self._charts: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=page.CHART))
        self._marks: deque[bool] = deque(maxlen=page.CHART)
        self._log: deque[str] = deque(maxlen=LOG)
        self._deployed = False
        self._lock = threading.Lock()
        self._up = False
        self._live = (
            Live(console=console, auto_refresh=False, screen=True) if console.is_terminal else None
        )

    @property
    def _drawing(self) -> bool:
        return self._live is not None and self._live.is_started

    def stop(self) -> None:
        with self._lock:
            self._up = False
            if self._live:
                self._live.stop()

    def event(self, event: Event) -> None:
        """Tell one event."""
        self._up = self._up or event.name == "ready"
        if event.name in QUIET or (event.name == "notify" and not event.value["text"]):
            return
        with self._lock:
            if event.kind == "ok" and event.value.get("deployment"):
                self._deployed = True
            if event.name != "alert":  # the page has its incident
                self._log.append(line(event))
            if not self._drawing:
                self._console.print(line(event), markup=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """Tell a step of the boot."""
        with self._lock:
            self._log.append(f"           {text}")
            if not self._drawing:
                self._console.print(f"           {text}", markup=False, soft_wrap=True)

    def draw(self, status: Mapping[str, Any]) -> None:
        """Draw the board anew; called once a second."""
        with self._lock:
            self._marks.append(self._deployed)
            self._deployed = False
            for name, used in status["services"].items():
                self._charts[f"{name} cores"].append(used["cores"])
                self._charts[f"{name} MB"].append(used["megabytes"])
            if self._live and self._up:
                self._live.start()
                self._live.update(Page(self._seen(status)), refresh=True)

    def _seen(self, status: Mapping[str, Any]) -> page.Seen:
        charts = {name: tuple(values) for name, values in self._charts.items()}
        steps = advice(status, self._cockpit)
        run = self._cockpit.run.name
        return page.Seen(status, run, steps, tuple(self._log), charts, tuple(self._marks))
