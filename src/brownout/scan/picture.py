"""A series and its changes as a picture: SVG, which any browser shows."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brownout.scan.database import connection, told
from brownout.scan.outcome import Outcome, moment
from brownout.stats.scan import Change

WIDTH, HEIGHT, MARGIN = 900, 260, 46
MOST = 2_000
"""Points that are drawn; of more, every k-th."""


def file_name(number: int, series: str) -> str:
    """A name that every file system takes."""
    return f"{number:03d}-{re.sub(r'[^A-Za-z0-9._-]+', '-', series).strip('-')[:80]}.svg"


def draw(
    name: str,
    times: NDArray[np.float64],
    values: NDArray[np.float64],
    changes: Sequence[Change],
    calendar: bool,
) -> str:
    """The picture: the points, a band where each change began, a line at each level."""
    keep = np.isfinite(values) & np.isfinite(times)
    every = max(1, int(keep.sum()) // MOST)
    times, values = times[keep][::every], values[keep][::every]
    left, right = float(times[0]), float(times[-1])
    bottom, top = (float(v) for v in np.quantile(values, (0.005, 0.995)))
    bottom = min([bottom, *(min(c.before, c.after) for c in changes)])
    top = max([top, *(max(c.before, c.after) for c in changes)])
    pad = (top - bottom) * 0.08 or 1.0

    def x(at: float) -> float:
        share = (at - left) / ((right - left) or 1.0)
        return round(MARGIN + min(max(share, 0.0), 1.0) * (WIDTH - 2 * MARGIN), 1)

    def y(value: float) -> float:
        share = (value - bottom + pad) / (top - bottom + 2 * pad)
        return round(HEIGHT - MARGIN - min(max(share, 0.0), 1.0) * (HEIGHT - 2 * MARGIN), 1)

    path = " ".join(f"{x(t)},{y(v)}" for t, v in zip(times, values, strict=True))
    inside = [f'<polyline points="{path}" fill="none" stroke="#57606a" stroke-width="0.8"/>']
    edges = [left, *(c.at for c in changes), right]
    for i, c in enumerate(changes):
        band = max(x(c.high) - x(c.low), 2)
        inside += [
            f'<rect x="{x(c.low)}" y="{MARGIN}" width="{band:.1f}" height="{HEIGHT - 2 * MARGIN}" '
            'fill="#d1242f" fill-opacity="0.25"/>',
            _line(x(edges[i]), x(c.at), y(c.before)),
            _line(x(c.at), x(edges[i + 2]), y(c.after)),
            _text(x(c.at), MARGIN - 6, f"{c.effect:+.4g} at {moment(c.at, calendar)}", "middle"),
        ]
    inside += [
        _text(MARGIN, 18, name, "start"),
        _text(4, y(top), f"{top:.4g}", "start"),
        _text(4, y(bottom), f"{bottom:.4g}", "start"),
        _text(MARGIN, HEIGHT - 12, str(moment(left, calendar)), "start"),
        _text(WIDTH - MARGIN, HEIGHT - 12, str(moment(right, calendar)), "end"),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>'
        + "".join(inside)
        + "</svg>\n"
    )


def _line(a: float, b: float, height: float) -> str:
    return (
        f'<line x1="{a}" x2="{b}" y1="{height}" y2="{height}" stroke="#0969da" stroke-width="2"/>'
    )


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{html.escape(words)}</text>'


def album(found: Outcome, rows: str, into: Path, most: int) -> int:
    """Draw the changed series into a folder, the first ``most``; how many.

    ``rows``: SQL of (series, time, value), as the scan read them.
    """
    into.mkdir(parents=True, exist_ok=True)
    of: dict[str, list[Change]] = {}
    for change, _, _ in found.changes:
        if change.series in of or len(of) < most:
            of.setdefault(change.series, []).append(change)
    with connection() as db, told("reading the series"):
        for number, (name, changes) in enumerate(of.items(), 1):
            got = db.execute(
                f"SELECT time, value FROM ({rows}) WHERE series = ? AND value IS NOT NULL "
                "ORDER BY time",
                [name],
            ).fetchnumpy()
            times, values = (np.asarray(got[c], np.float64) for c in ("time", "value"))
            changes.sort(key=lambda c: c.at)
            svg = draw(name, times, values, changes, found.calendar)
            (into / file_name(number, name)).write_text(svg, encoding="utf-8")
    return len(of)
