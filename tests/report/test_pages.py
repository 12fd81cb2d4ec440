"""Promises of pages: frozen in the calm window, judged by what a real browser saw."""

from __future__ import annotations

import pytest
from histories import Story
from recordings import MemoryRecording, at, opened

from brownout.model import PagePromise, Window
from brownout.report import pages

HOME, BOOK = "/", "/books/{id}"
DECLARED = {HOME: 2500.0, BOOK: 2500.0}
CALM = Window(at(0), at(120))


def test_a_promise_is_what_was_declared_or_three_times_the_calm_lcp() -> None:
    recording = MemoryRecording({})
    opened(recording, 0, HOME, [300, 500, 400, 9000])
    opened(recording, 1, BOOK, [1000, 900])
    opened(recording, 2, "/search", [100])
    opened(recording, 120, HOME, [9000, 9000, 9000])
    assert pages.freeze(recording, DECLARED, CALM) == [
        {"page": HOME, "lcp_ms": 2500.0, "baseline_lcp_ms": 500.0, "n": 4},
        {"page": BOOK, "lcp_ms": 3000.0, "baseline_lcp_ms": 1000.0, "n": 2},
    ]


def test_a_page_that_nobody_opened_is_not_judged() -> None:
    recording = MemoryRecording({})
    assert pages.freeze(recording, DECLARED, CALM) == []
    slos = [PagePromise(HOME, 2500.0), PagePromise(BOOK, 2500.0)]
    assert pages.check(recording, slos, CALM) == []
    opened(recording, 0, BOOK, [800.25])
    assert pages.check(recording, slos, CALM) == [
        {"page": BOOK, "lcp_ms": 800.25, "limit_ms": 2500.0, "n": 1, "ok": True}
    ]


@pytest.mark.parametrize(
    ("lcps", "lcp_ms", "ok"),
    [
        ([2500], 2500.0, True),
        ([2501], 2501.0, False),
        ([300, 300, 2501], 2501.0, False),
        ([300, 300, 300, 9000], 300.0, True),  # one in four
        ([300, 300, 9000, 9000], 9000.0, False),
        ([None, 300, 300, 300], 300.0, True),
        ([None, 300, 300], None, False),  # a visit that failed is beyond every limit
        ([None], None, False),
    ],
)
def test_a_quarter_of_the_visits_may_be_beyond(
    lcps: list[float | None], lcp_ms: float | None, ok: bool
) -> None:
    recording = MemoryRecording({})
    opened(recording, 0, HOME, lcps)
    [row] = pages.check(recording, [PagePromise(HOME, 2500.0)], CALM)
    assert row == {"page": HOME, "lcp_ms": lcp_ms, "limit_ms": 2500.0, "n": len(lcps), "ok": ok}


def test_a_row_in_words() -> None:
    recording = MemoryRecording({})
    opened(recording, 0, HOME, [2600.4])
    opened(recording, 0, BOOK, [None, 200])
    slos = [PagePromise(HOME, 2500.0), PagePromise(BOOK, 2500.0)]
    assert [pages.told(row) for row in pages.check(recording, slos, CALM)] == [
        "/: LCP 2600 ms of 2500 ms, 1 visit",
        "/books/{id}: failed, 2 visits",
    ]


def test_a_history_is_read_with_its_pages_and_without() -> None:
    assert pages.from_history(Story().events) == ()
    assert pages.from_history(Story().incident(30).events) == ()  # as older versions wrote it
    rows = [{"page": HOME, "lcp_ms": 2500.0, "baseline_lcp_ms": 400.0, "n": 4}]
    story = Story().info(30, "slo", routes=[], pages=rows)
    assert pages.from_history(story.events) == (PagePromise(HOME, 2500.0),)
