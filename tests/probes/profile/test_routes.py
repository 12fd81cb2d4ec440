"""Samples joined to wide events: literal ones, and py-spy's own of a child that tells its times."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from brownout.probes.profile import pyspy
from brownout.probes.profile.routes import Events, Served, join, offset, unmatched
from brownout.probes.profile.stacks import Sample

MS = 1_000_000
INSIDE = ("serve (~django/core/handlers/base.py:1)", "view (views.py:2)")
OUTSIDE = ("wait (~threading.py:1)",)


def sample(at: int, thread: int = 1, stack: tuple[str, ...] = INSIDE) -> Sample:
    return Sample(at * MS, 9, thread, stack, 10 * MS)


def served(start: int, duration: int, route: str, thread: int | None = 1) -> Served:
    return Served(9, thread, start * MS, duration * MS, route, "v1")


def route(events: Events, moment: Sample) -> str:
    found = events.of(moment)
    return found.route if found else ""


def test_by_thread_and_time() -> None:
    events = Events([served(0, 50, "a"), served(60, 20, "b"), served(0, 90, "c", thread=2)])
    seen = [route(events, sample(at)) for at in (0, 49, 50, 60, 79, 80)]
    assert seen == ["a", "a", "", "b", "b", ""]
    assert route(events, sample(85, thread=2)) == "c"
    assert route(events, sample(10, thread=3)) == ""


def test_a_task_run_at_once_within_a_request_has_its_own_time() -> None:
    events = Events([served(0, 100, "request"), served(20, 30, "task")])
    assert [route(events, sample(at)) for at in (10, 30, 60)] == ["request", "task", "request"]


def test_without_threads_only_what_is_alone_is_told_and_only_stacks_that_serve() -> None:
    events = Events([served(0, 50, "a", None), served(40, 50, "b", None)])
    assert [route(events, sample(at)) for at in (10, 45, 60)] == ["a", "", "b"]
    assert route(events, sample(10, stack=OUTSIDE)) == ""


def test_the_clocks_are_brought_together() -> None:
    spans = [(start, start + 30) for start in range(0, 4000, 70)]
    events = Events([served(start, 30, "a") for start, _ in spans])
    early = 37
    found = [
        sample(at - early, stack=INSIDE if any(a <= at < b for a, b in spans) else OUTSIDE)
        for at in range(0, 4000, 10)
    ]
    shift = offset(found, events, slack=60 * MS)
    assert abs(shift - early * MS) < 10 * MS
    assert unmatched(join(found, events, 60 * MS)) == (
        len([s for s in found if s.stack == INSIDE]),
        0,
    )


def test_at_the_edges_the_stack_is_believed_rather_than_the_moment() -> None:
    events = Events([served(0, 25, "a"), served(270, 25, "b")])
    found = [sample(at) for at in (0, 10, 20, 30, 150, 260, 270, 280)]
    joined = join([*found, sample(15, stack=OUTSIDE)], events)
    assert [event.route if event else "" for _, event in joined] == [
        "a", "a", "a", "a", "", "b", "b", "b", "",
    ]  # fmt: skip
    assert unmatched(joined) == (8, 1)


CHILD = """
import json, os, sys, threading, time
sys.path.insert(0, {lib!r})
from django.core.handlers.base import serve

def spin_a(until):
    while time.monotonic() < until: pass

def spin_b(until):
    while time.monotonic() < until: pass

print("on", flush=True)
me, told = threading.get_native_id(), []
over = time.monotonic() + 60
while time.monotonic() < over and not os.path.exists({stop!r}):
    for name, view, seconds in (("a", spin_a, .03), ("b", spin_b, .05)):
        start, began = time.time_ns(), time.perf_counter_ns()
        serve(view, time.monotonic() + seconds)
        told.append((me, start, time.perf_counter_ns() - began, name))
        time.sleep(.01)
print(json.dumps(told), flush=True)
"""


def test_a_real_process_is_told_apart(tmp_path: Path) -> None:
    lib = tmp_path / "lib/python3.11/site-packages"
    base = lib / "django/core/handlers/base.py"
    base.parent.mkdir(parents=True)
    for folder in base.parents[:3]:
        (folder / "__init__.py").touch()  # else the real Django is found
    base.write_text("def serve(view, until):\n    view(until)\n")
    stop = tmp_path / "stop"
    code = CHILD.format(lib=str(lib), stop=str(stop))
    argv = [sys.executable, "-c", code]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as child:
        assert child.stdout
        child.stdout.readline()
        [trace] = pyspy.record([child.pid], 2, 100)
        stop.touch()
        told = json.loads(child.stdout.readline())
    assert trace.error is None
    events = Events([Served(child.pid, t, start, took, name, "") for t, start, took, name in told])
    joined = join(trace.samples, events, trace.slack)
    pairs: Counter[tuple[str, str]] = Counter()
    for one, event in joined:
        pairs[one.stack[-1].split(" ")[0], event.route if event else ""] += 1
    inside, lost = unmatched(joined)
    # A busy machine delays py-spy: what it sees at a request's very edge may fall beside it.
    assert pairs["spin_a", "a"] > 2 * pairs["spin_a", "b"]
    assert pairs["spin_b", "b"] > 2 * pairs["spin_b", "a"]
    assert inside > max(20, 3 * lost)
