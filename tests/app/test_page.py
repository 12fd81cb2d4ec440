"""The live view's page: a busy drill on terminals of three sizes, and of any."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownout.app.page import Seen, page, spark

ROUTES = [
    "GET /", "GET /api/home/", "GET /api/books/", "GET /api/books/{id}/",
    "GET /api/books/{id}/reviews/", "POST /api/books/{id}/reviews/", "GET /api/search/",
    "GET /api/cart/", "POST /api/cart/items/", "POST /api/orders/", "GET /api/orders/",
    "POST /api/accounts/login/", "GET /api/recommendations/", "POST /api/assistant/",
]  # fmt: skip
OVER = ("GET /api/books/{id}/", "GET /api/books/{id}/reviews/", "GET /api/orders/")
SERVICES = ("web", "worker", "ai", "postgres", "valkey", "collector", "load", "browser")
STEPS = (
    ".venv/bin/brownout ack all --as bridge",
    ".venv/bin/brownout measure statements",
    ".venv/bin/brownout declare --deployment D2 --cause CAUSE --where FILE --as bridge",
    ".venv/bin/brownout resolve --as bridge",
)
LOG = [f"{n:7.1f} s  player/qa say done line {n}" for n in range(80, 101)]


def busy(**changes: Any) -> Seen:
    """20 alerts in one incident, 14 routes of which 3 are over, 8 services, 3 deployments."""
    ids = [f"A{n}" for n in range(1, 21)]
    status = {
        "phase": "incident", "t": 105.4, "left": 151.2, "progress": "",
        "slos": [{"route": r, "p95_ms": 60.0, "error_rate": 0.01} for r in ROUTES],
        "page_slos": [{"page": "/", "lcp_ms": 2500.0}], "pages": {"/": 2600.0},
        "alerts": [{"id": a, "state": "firing", "text": f"{a} latency of GET /"} for a in ids],
        "incidents": [
            {
                "since": 41.0, "alerts": ids, "firing": 18,
                "first": "p95 of GET /api/books/{id}/ 22 -> 310 ms",
                "worst": "p95 of GET /api/orders/ 30 -> 900 ms",
                "text": "20 alerts since 41 s",
            }
        ],
        "acknowledged": ids[:2],
        "deployments": [
            {"deployment": f"D{n}", "t": 40.0 * n, "kind": "release", "ref": f"v2.{n}.0",
             "previous": "v2.0.0", "actor": "director"}
            for n in (1, 2, 3)
        ],
        "routes": {
            r: {"per_second": 1.0 + n, "p95_ms": 310.0 + n if r in OVER else 20.0 + n,
                "error_rate": 0.01}
            for n, r in enumerate(ROUTES)
        },
        "services": {s: {"cores": 0.1 * n, "megabytes": 90.0} for n, s in enumerate(SERVICES)},
        **changes,
    }  # fmt: skip
    names = [f"{s} {unit}" for s in SERVICES for unit in ("cores", "MB")]
    charts = {name: [0.1 * n for n in range(40)] for name in names}
    return Seen(status, "20261201-0412-ab12", STEPS, LOG, charts, [False] * 39 + [True])


def drawn(width: int, height: int, seen: Seen | None = None) -> list[str]:
    lines = page(seen or busy(), width, height)
    assert len(lines) == height
    assert max(line.cell_len for line in lines) <= width
    return [line.plain.rstrip() for line in lines]


def routes(lines: list[str]) -> list[str]:
    """The names of the routes that are shown."""
    return [r for r in ROUTES if any(line.startswith(f"{r} ") for line in lines)]


def services(lines: list[str]) -> list[str]:
    return [s for s in SERVICES if any(line.split()[:1] == [s] for line in lines)]


def test_at_80_by_24_what_matters_is_there_and_each_once() -> None:
    lines = drawn(80, 24)
    assert lines[:5] == [
        "incident  1:45  2:31 left  run 20261201-0412-ab12",
        "next: .venv/bin/brownout ack all --as bridge",
        "20 alerts since 41 s, 18 firing, 18 not acknowledged",
        "  first p95 of GET /api/books/{id}/ 22 -> 310 ms",
        "  worst p95 of GET /api/orders/ 30 -> 900 ms",
    ]
    assert routes(lines) == [*OVER]  # only what is over
    assert lines[5].startswith("routes, 3 of 14 over")
    assert services(lines) == [*SERVICES]  # one line each
    assert lines[-3:] == ["D3 120 s  release v2.3.0 by director", *LOG[-2:]]


def test_at_120_by_40_there_is_more() -> None:
    lines = drawn(120, 40)
    assert lines[0].startswith("incident  1:45  2:31 left")
    assert lines[1] == "next: .venv/bin/brownout ack all --as bridge"
    assert len(routes(lines)) > 3
    assert services(lines) == [*SERVICES]
    assert all(f"D{n} {40 * n} s  release v2.{n}.0 by director" in lines for n in (1, 2, 3))
    assert [*LOG[-5:]] == [line for line in lines if line in LOG][-5:]
    assert "/" in {line.split()[0] for line in lines if line}  # the page that is over


def test_40_columns_and_20_lines_have_the_essentials() -> None:
    lines = drawn(40, 20)
    assert lines[:3] == [
        "incident  1:45  2:31 left",
        "next: .venv/bin/brownout ack all --as",
        "  bridge",
    ]
    assert lines[5] == "  worst p95 of GET /api/or… 30 -> 900 ms"
    assert lines[7] == "GET /api/books/{id}/      313    60 over"
    assert services(lines) == [*SERVICES[-4:]]  # those that use the most
    assert lines[-3:] == ["D3 120 s  release v2.3.0 by director", *LOG[-2:]]


def test_a_calm_drill_has_no_incident_and_its_worst_three_routes_first() -> None:
    calm = busy(incidents=[], alerts=[], left=None, phase="baseline", pages={})
    lines = drawn(80, 24, calm)
    assert lines[0].startswith("baseline  1:45  run ")
    assert not any("alerts" in line for line in lines)


def test_progress_and_what_is_said_of_the_score_are_pinned() -> None:
    lines = drawn(80, 24, busy(progress="peak load 8 of 12 s", scored="scored"))
    assert lines[0] == "incident  1:45  2:31 left  peak load 8 of 12 s"
    assert lines[1] == "scored"
    assert lines[2].startswith("next: ")


@given(st.integers(1, 200), st.integers(1, 80))
def test_it_fits_any_terminal(width: int, height: int) -> None:
    drawn(width, height)


def test_a_chart_reaches_from_low_to_high_and_marks_deployments() -> None:
    assert spark([0.0, 0.5, 1.0], 1.0, [False] * 3).plain == "▁▅█"
    marked = spark([0.0, 0.5], 1.0, [True, False])
    assert (marked.plain, marked.spans[0].style) == ("│▅", "yellow")
    assert spark([0.0], 0.0, [False]).plain == "▁"


@pytest.mark.parametrize(("width", "bars"), [(80, 27), (120, 40), (40, 23)])
def test_charts_are_cut_to_the_width(width: int, bars: int) -> None:
    [line] = [text for text in drawn(width, 40) if text.startswith("load ")]
    assert sum(c in "▁▂▃▄▅▆▇█│" for c in line.rpartition("90 ")[2]) <= bars
