"""py-spy's trace, literal, as samples."""

from __future__ import annotations

from typing import Any

import pytest

from brownout.probes.profile.stacks import charged, frame, function, idle, samples, serving, view

PERIOD = 10_000_000
END = 5_000_000_000


def event(ph: str, name: str, ts: int, tid: int = 7) -> dict[str, Any]:
    args = {"filename": f"/app/{name}.py", "line": 3}
    return {"ph": ph, "name": name, "ts": ts, "pid": 42, "tid": tid, "args": args}


TRACE = [
    event("B", "a", 0),
    event("B", "b", 0),
    event("E", "b", 20_000),
    event("B", "c", 20_000),
    event("E", "c", 50_000),
    event("E", "a", 50_000),
]


def test_a_stack_holds_until_the_next_change() -> None:
    found = samples(TRACE, END, PERIOD, "/app")
    began = END - 50_000_000
    b, c = ("a (a.py:3)", "b (b.py:3)"), ("a (a.py:3)", "c (c.py:3)")
    assert [(s.at - began, s.stack) for s in found] == [
        (0, b), (10_000_000, b), (20_000_000, c), (30_000_000, c), (40_000_000, c),
    ]  # fmt: skip
    assert {(s.pid, s.thread, s.weight) for s in found} == {(42, 7, PERIOD)}


def test_the_last_stack_of_a_thread_that_ended_holds_for_one_sample() -> None:
    assert len(samples(TRACE, END, PERIOD, "/app", alive={7})) == 5
    assert len(samples(TRACE, END, PERIOD, "/app", alive={8})) == 3


def test_threads_that_are_numbered_keep_their_names() -> None:
    named = event("M", "thread_name", 0, tid=0)
    named["args"] = {"filename": "", "name": "140160348047040: worker-a"}
    found = samples([named, event("B", "a", 0, 0), event("E", "a", 10_000, 0)], END, PERIOD)
    assert [s.thread for s in found] == [140160348047040]


def test_a_late_sampler_weighs_what_passed() -> None:
    slow = [event("B", "a", 0), event("E", "a", 33_000)]
    assert [s.weight for s in samples(slow, END, PERIOD)] == [11_000_000] * 3


def test_nothing_was_seen() -> None:
    assert samples([], END, PERIOD) == []


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("/app/catalog/views.py", "catalog/views.py"),
        ("/app/.venv/lib/python3.11/site-packages/django/db/utils.py", "~django/db/utils.py"),
        ("/usr/lib/python3.12/threading.py", "~threading.py"),
        ("/home/x/src/brownout/meter/database/queries.py", "~brownout/meter/database/queries.py"),
        ("<frozen importlib._bootstrap>", "~<frozen importlib._bootstrap>"),
        ("/elsewhere/tool.py", "~/elsewhere/tool.py"),
    ],
)
def test_files_are_named_below_the_application_or_as_others(file: str, named: str) -> None:
    assert frame("f", file, 9, "/app") == f"f ({named}:9)"


GET = (
    "WSGIHandler.__call__ (~django/core/handlers/wsgi.py:124)",
    "Book.get (catalog/views.py:7)",
    "QuerySet._fetch_all (~django/db/models/query.py:1)",
)


def test_who_serves_and_who_is_charged() -> None:
    assert serving(GET)
    assert view(GET) == "view Book.get (catalog/views.py)"
    assert charged(GET) == "Book.get (catalog/views.py:7)"
    assert charged(GET[:1]) == GET[0]
    assert function(GET[1]) == "Book.get (catalog/views.py)"
    assert view(GET[:1]) == view(()) == charged(()) == ""


@pytest.mark.parametrize(
    ("leaf", "waits"),
    [
        ("Condition.wait (~threading.py:331)", True),
        ("EpollSelector.select (~selectors.py:468)", True),
        ("Arbiter.wait_for_signals (~gunicorn/arbiter.py:425)", True),
        ("wait (catalog/slow.py:3)", False),
        ("dumps (~json/__init__.py:1)", False),
    ],
)
def test_waiting_for_work(leaf: str, waits: bool) -> None:
    assert idle(("main (a.py:1)", leaf)) is waits
