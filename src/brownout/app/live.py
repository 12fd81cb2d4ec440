"""The live view of a drill in the terminal that started it."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from brownout.app import show
from brownout.model import Event

BARS = "▁▂▃▄▅▆▇█"
WIDTH = 40
"""Seconds that a small chart reaches back."""

QUIET = ("ready", "slo", "window", "reveal")
"""Events that are told in words of their own, or only at the debrief."""


def spark(values: list[float], top: float, marks: list[bool]) -> Text:
    """A small chart of values against ``top``; a mark (a deployment) is drawn as a bar."""
    cells: list[str | tuple[str, str]] = []
    for value, mark in zip(values, marks, strict=True):
        level = min(int(len(BARS) * value / top), len(BARS) - 1) if top > 0 else 0
        cells.append(("│", "yellow") if mark else BARS[level])
    return Text.assemble(*cells)


def line(event: Event) -> str:
    """An event in one line, for the log below the charts and for a plain terminal."""
    value = event.value
    match event.name:
        case "alert" | "notify":
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
    firing = [a["id"] for a in status["alerts"] if a["state"] == "firing"]
    lines = [cockpit(f"ack {i} --as bridge") for i in firing if i not in status["acknowledged"]]
    newest = changes[-1]
    lines.append(cockpit("measure statements"))
    lines.append(cockpit(f'sql "{STATEMENTS}" --as backend'))
    releases = [c for c in changes if c["kind"] == "release"]
    if releases:
        shown = f"{releases[-1]['previous']} {releases[-1]['ref']}"
        lines.append(f"git -C {cockpit.run / 'shop.git'} diff {shown}")
    lines.append(f"{cockpit.command} scenarios --causes")
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


class View:
    """Draws the board in place on a terminal; prints one line an event elsewhere."""

    def __init__(self, console: Console, cockpit: Cockpit) -> None:
        self._console = console
        self._cockpit = cockpit
        self._charts: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=WIDTH))
        self._marks: deque[bool] = deque(maxlen=WIDTH)
        self._log: deque[str] = deque(maxlen=8)
        self._deployed = False
        self._lock = threading.Lock()
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None

    def start(self) -> None:
        if self._live:
            self._live.start()

    def stop(self) -> None:
        if self._live and self._live.is_started:
            self._live.stop()

    def event(self, event: Event) -> None:
        """Tell one event."""
        if event.name in QUIET or (event.name == "notify" and not event.value["text"]):
            return
        with self._lock:
            if event.kind == "ok" and event.value.get("deployment"):
                self._deployed = True
            self._log.append(line(event))
        if not self._live:
            self._console.print(line(event), markup=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """Tell a step of the boot."""
        with self._lock:
            self._log.append(f"           {text}")
        if self._live:
            self._live.update(Group(*self._log), refresh=True)
        else:
            self._console.print(f"           {text}", markup=False, soft_wrap=True)

    def draw(self, status: Mapping[str, Any]) -> None:
        """Draw the board anew; called once a second."""
        with self._lock:
            self._marks.append(self._deployed)
            self._deployed = False
            for name, used in status["services"].items():
                self._charts[f"{name} cores"].append(used["cores"])
                self._charts[f"{name} MB"].append(used["megabytes"])
        if self._live:
            self._live.update(self._page(status), refresh=True)

    def _page(self, status: Mapping[str, Any]) -> RenderableType:
        head = f"[bold]{status['phase']}[/]  {status['t']:.0f} s   run {self._cockpit.run.name}"
        parts: list[RenderableType] = [head, show.routes(status), *show.pages(status)]
        parts.append(self._services(status))
        parts.append(show.alerts(status["alerts"]))
        parts.append(show.deployments(status["deployments"]))
        parts.append(Text("\n".join(self._log)))
        parts.append("[bold]next, in another terminal[/]")
        parts += [Text(f"  {line}") for line in advice(status, self._cockpit)]
        return Group(*parts)

    def _services(self, status: Mapping[str, Any]) -> Table:
        rows = []
        for name, used in status["services"].items():
            cells: list[Any] = [name]
            for unit, value in (("cores", used["cores"]), ("MB", used["megabytes"])):
                values = list(self._charts[f"{name} {unit}"])
                marks = list(self._marks)[-len(values) :]
                top = max(1.0, *values) if unit == "cores" else max(values) * 1.2
                cells += [f"{value:.2f}" if unit == "cores" else f"{value:.0f}"]
                cells += [spark(values, top, marks)]
            rows.append(cells)
        return show.table("", ("service", "#cores", "", "#MB", ""), rows)
