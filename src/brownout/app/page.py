"""The live view as a page: lines that fit a terminal of any size, from the board alone. Pure.

The head (clock, time left, next step) is always there; what follows shares the rest of the height.
Sections are written worst and newest first where there is no room for all of them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.text import Text

from brownout.app.show import clock

BARS = "▁▂▃▄▅▆▇█"
CHART = 40
"""Seconds that a small chart reaches back."""

NARROW = 60
"""Columns below which only p95 and its SLO, and cores, are shown."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page shows: the board, the last seconds of each service, the log, what is next.

    ``charts``: "SERVICE cores" and "SERVICE MB" -> values, newest last; ``marks``: in which of
    those seconds something was deployed; ``steps``: commands, the next one first.
    """

    status: Mapping[str, Any]
    run: str
    steps: Sequence[str]
    log: Sequence[str] = ()
    charts: Mapping[str, Sequence[float]] = field(default_factory=dict)
    marks: Sequence[bool] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and lines in the order of their weight; ``least`` and ``good``: how many of them.

    ``place``: where each line stands when all are shown.
    """

    heading: Text | None
    lines: Sequence[Text]
    least: int
    good: int
    place: Sequence[int]

    def shown(self, n: int) -> list[Text]:
        chosen = sorted(range(n), key=lambda i: self.place[i])
        head = [self.heading] if self.heading and n else []
        return [*head, *(self.lines[i] for i in chosen)]

    def height(self, n: int) -> int:
        return n + (n > 0 and self.heading is not None)


def page(seen: Seen, width: int, height: int) -> list[Text]:
    """Exactly ``height`` lines, none wider than ``width``."""
    top = head(seen, width)[:height]
    sections = [
        incidents(seen.status, width),
        routes(seen.status, width),
        pages(seen.status, width),
        services(seen, width),
        deployments(seen.status),
        log(seen.log),
        further(seen.steps),
    ]
    body = [line for part in _fitted(sections, height - len(top)) for line in part]
    lines = [*top, *body][:height]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines + [Text()] * (height - len(lines))


def _fitted(sections: Sequence[Section], room: int) -> list[list[Text]]:
    """The lines of each section: first its least, then what is good, then all, as room allows."""
    sizes = [0] * len(sections)
    for wanted in (lambda s: s.least, lambda s: s.good, lambda s: len(s.lines)):
        for number, section in enumerate(sections):
            used = sum(s.height(n) for s, n in zip(sections, sizes, strict=True))
            free = room - used + section.height(sizes[number]) - (section.heading is not None)
            most = min(wanted(section), len(section.lines), free)
            sizes[number] = max(sizes[number], most)
    return [s.shown(n) for s, n in zip(sections, sizes, strict=True)]


def head(seen: Seen, width: int) -> list[Text]:
    """Where the drill is, how long it goes on, and what to do next: a command is never cut."""
    status = seen.status
    left = status.get("left")
    line = Text.assemble((str(status["phase"]), "bold"), f"  {clock(status['t'])}")
    if left is not None:
        line.append(f"  {clock(left)} left", "bold red" if left <= 60 else "bold")
    if status.get("progress"):
        line.append(f"  {status['progress']}", "cyan")
    elif len(line) + len(seen.run) + 6 <= width:
        line.append(f"  run {seen.run}", "dim")
    lines = [line]
    if status.get("scored"):
        lines.append(Text(str(status["scored"])))
    if seen.steps:
        lines += [Text(part, "bold green") for part in _wrapped(f"next: {seen.steps[0]}", width)]
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 10), subsequent_indent="  ", break_on_hyphens=False)


def incidents(status: Mapping[str, Any], width: int) -> Section:
    """The newest incident: how many alerts, the first, the worst."""
    if not status["incidents"]:
        return Section(None, [], 0, 0, ())
    found = status["incidents"][-1]
    open_ = [a for a in found["alerts"] if a not in status["acknowledged"]]
    n = len(found["alerts"])
    state = f"{found['firing']} firing" if found["firing"] else "calm again"
    told = f"{n} alert{'s' * (n > 1)} since {found['since']:.0f} s, {state}"
    told += f", {len(open_)} not acknowledged" if open_ else ", all acknowledged"
    lines = [Text(told, "bold red" if found["firing"] else "bold")]
    lines.append(Text(_kept(f"  first {found['first']}", width)))
    if found["worst"] != found["first"]:
        lines.insert(1, Text(_kept(f"  worst {found['worst']}", width)))
    return Section(None, lines, 2, 3, (0, 2, 1))


def routes(status: Mapping[str, Any], width: int) -> Section:
    """The routes that are over their SLO, or the worst three; all where there is room."""
    limits = {slo["route"]: slo for slo in status["slos"]}
    rows, weights, over = [], [], 0
    wide = width >= NARROW
    sizes = (7, 7, 7, 6) if wide else (6, 6)
    for name, figures in status["routes"].items():
        limit = limits.get(name)
        p95 = figures["p95_ms"]
        broken = bool(limit and p95 is not None and p95 > limit["p95_ms"])
        over += broken
        cells = ["-" if p95 is None else f"{p95:.0f}", f"{limit['p95_ms']:.0f}" if limit else "-"]
        if wide:
            rate = figures["error_rate"]
            cells += ["-" if rate is None else f"{rate:.1%}", f"{figures['per_second']:.1f}"]
        mark = ("over", "red") if broken else ("ok", "green") if limit and p95 is not None else ""
        rows.append(_row(name, cells, sizes, width, mark))
        weights.append((p95 or 0.0) / limit["p95_ms"] if limit else 0.0)
    titles = ("p95 ms", "SLO ms", "errors", "req/s") if wide else ("p95", "SLO")
    told = f"routes, {over} of {len(rows)} over"
    heading = _row(told, titles[: len(sizes)], sizes, width, "", "dim")
    return _weighed(heading, rows, weights, min(3, len(rows)), max(3, over))


def pages(status: Mapping[str, Any], width: int) -> Section:
    """The last LCP of each page against its SLO; nothing where no browser opens any."""
    limits = {slo["page"]: slo["lcp_ms"] for slo in status["page_slos"]}
    rows, weights, over = [], [], 0
    for name, lcp in status["pages"].items():
        limit = limits.get(name)
        broken = limit is not None and (lcp is None or lcp > limit)
        over += broken
        cells = ["failed" if lcp is None else f"{lcp:.0f}", f"{limit:.0f}" if limit else "-"]
        mark = ("over", "red") if broken else ("ok", "green") if limit else ""
        rows.append(_row(name, cells, (7, 7), width, mark))
        weights.append(1e9 if lcp is None else lcp / limit if limit else 0.0)
    heading = _row("pages", ("LCP ms", "SLO ms"), (7, 7), width, "", "dim")
    return _weighed(heading, rows, weights, 0, over)


def services(seen: Seen, width: int) -> Section:
    """One line a service: cores and memory, each with the last seconds as far as there is room."""
    rows, weights = [], []
    wide = width >= NARROW
    named = min(12, width // 4)
    chart = min(CHART, (width - named - 16) // 2 if wide else width - named - 7)
    for name, used in seen.status["services"].items():
        line = Text(f"{_cut(name, named).ljust(named)}{used['cores']:5.2f} ")
        line.append_text(_chart(seen, f"{name} cores", chart))
        if wide:
            line.append(f" {used['megabytes']:6.0f} ").append_text(
                _chart(seen, f"{name} MB", chart)
            )
        rows.append(line)
        weights.append(used["cores"])
    title = "services".ljust(named) + "cores"
    title += " " * chart + "      MB" if wide else ""
    return _weighed(Text(title, "dim"), rows, weights, min(2, len(rows)), len(rows))


def _chart(seen: Seen, name: str, width: int) -> Text:
    """The newest ``width`` seconds of a series, filled up on the left."""
    values = list(seen.charts.get(name, ()))[-width:] if width > 0 else []
    marks = list(seen.marks)[-len(values) :] if values else []
    marks = [False] * (len(values) - len(marks)) + marks
    top = max([1.0, *values]) if name.endswith("cores") else max(values, default=0.0) * 1.2
    chart = Text(" " * max(width - len(values), 0))
    return chart.append_text(spark(values, top, marks))


def spark(values: list[float], top: float, marks: list[bool]) -> Text:
    """A small chart of values against ``top``; a mark (a deployment) is drawn as a bar."""
    cells: list[str | tuple[str, str]] = []
    for value, mark in zip(values, marks, strict=True):
        level = min(int(len(BARS) * value / top), len(BARS) - 1) if top > 0 else 0
        cells.append(("│", "yellow") if mark else BARS[level])
    return Text.assemble(*cells)


def deployments(status: Mapping[str, Any]) -> Section:
    """The newest deployments."""
    lines = [
        Text(f"{d['deployment']} {d['t']:.0f} s  {d['kind']} {d['ref']} by {d['actor']}")
        for d in status["deployments"]
    ]
    return _newest(lines, 1, 3)


def log(told: Sequence[str]) -> Section:
    """The newest lines of the log."""
    return _newest([Text(text) for text in told], 2, 5)


def further(steps: Sequence[str]) -> Section:
    """What else can be done, besides the next step."""
    lines = [Text(f"  {step}") for step in steps[1:]]
    heading = Text("also, in another terminal", "dim")
    return Section(heading, lines, 0, min(1, len(lines)), range(len(lines)))


def _newest(lines: Sequence[Text], least: int, good: int) -> Section:
    """A section that keeps its newest lines, the oldest on top."""
    place = range(len(lines), 0, -1)
    return Section(None, list(reversed(lines)), least, good, place)


def _weighed(
    heading: Text, rows: Sequence[Text], weights: Sequence[float], least: int, good: int
) -> Section:
    """A section that keeps its heaviest rows, each in its own place."""
    order = sorted(range(len(rows)), key=lambda i: -weights[i])
    return Section(heading, [rows[i] for i in order], least, good, order)


def _row(
    name: str,
    cells: Sequence[str],
    sizes: Sequence[int],
    width: int,
    mark: str | tuple[str, str],
    style: str = "",
) -> Text:
    """A name on the left, cells on the right, and a mark of four characters."""
    room = max(min(width - sum(sizes) - 5, 56), 0)
    figures = (cell.rjust(size) for cell, size in zip(cells, sizes, strict=True))
    text = _cut(name, room).ljust(room) + "".join(figures)
    return Text(text, style).append(" ").append_text(Text.assemble(mark))


def _kept(text: str, width: int) -> str:
    """Cut before the figures at the end: "p95 of GET /api/b… 22 -> 310 ms"."""
    words = text.split(" ")
    tail = " ".join(words[-4:])
    return f"{_cut(text[: -len(tail) - 1], width - len(tail) - 1)} {tail}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"
