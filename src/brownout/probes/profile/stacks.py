"""Stacks in time: what py-spy's trace says each thread was doing, as samples. Pure.

A frame is "function (file:line)"; its file is named below the application's folder, and begins with
"~" where the code is not the application's own (a library, Python, brownout's meter). A stack is
frames from the root to the leaf.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LIBRARY = re.compile(r"^.*/(?:site-packages|dist-packages|lib(?:64)?/python3\.\d+)/")
METER = re.compile(r"^.*/(?=brownout/meter/)")
PLACE = re.compile(r" \((.*):(\d+)\)$")
SPLITS = re.compile(r"[;\r\n]")
"""What parts frames and stacks from one another wherever profiles are kept as text."""

Stack = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One thread at one moment (ns since the epoch); ``weight``: the ns that it stands for."""

    at: int
    pid: int
    thread: int
    stack: Stack
    weight: int


def frame(name: str, file: str, line: int | None, root: str) -> str:
    """A frame as text; ``root`` is the application's folder."""
    return whole(_frame(name, file, line, root))


def whole(text: str) -> str:
    """A frame, or a route, without what would split it in a stack."""
    return SPLITS.sub(",", text)


def _frame(name: str, file: str, line: int | None, root: str) -> str:
    if root and file.startswith(root):
        inside = file[len(root) :].lstrip("/")
        if not LIBRARY.match("/" + inside):
            return f"{name} ({inside}:{line or 0})"
    for known in (METER, LIBRARY):
        if known.match(file):
            return f"{name} (~{known.sub('', file)}:{line or 0})"
    # Frozen and generated code has no file of the application's either.
    mark = "~" if file.startswith("<") or root else ""
    return f"{name} ({mark}{file}:{line or 0})"


def is_own(text: str) -> bool:
    """Is a frame the application's own code?"""
    return " (~" not in text


def function(text: str) -> str:
    """A frame without its line: equal for a function in two releases."""
    return PLACE.sub(r" (\1)", text)


def samples(
    events: Iterable[Mapping[str, Any]],
    end: int,
    period: int,
    root: str = "",
    alive: Collection[int] | None = None,
) -> list[Sample]:
    """The samples behind a Chrome trace of py-spy (taken with --idle), in order of time.

    The trace tells changes alone: a stack holds until the next one. ``end``: when the trace was
    written, in ns since the epoch (its last events carry the same moment); ``period``: ns between
    samples; ``alive``: Python's ids of the threads that were there at the end, since the last stack
    of a thread that ended holds for one period only.
    """
    spans, names, last = _spans(events, root)
    began = end - last * 1000
    found = []
    for pid, thread, start, stop, stack in spans:
        ident = names.get((pid, thread), thread)
        length = (stop - start) * 1000
        if stop == last and alive is not None and ident not in alive:
            length = min(length, period)
        count = max(round(length / period), 1)
        weight = length // count
        at = began + start * 1000
        found += [Sample(at + k * period, pid, ident, stack, weight) for k in range(count)]
    return sorted(found, key=lambda sample: sample.at)


def _spans(
    events: Iterable[Mapping[str, Any]], root: str
) -> tuple[list[tuple[int, int, int, int, Stack]], dict[tuple[int, int], int], int]:
    """([(pid, thread, start, stop, stack)] in us, (pid, thread) -> Python's id, the last us)."""
    stacks: dict[tuple[int, int], list[str]] = defaultdict(list)
    since: dict[tuple[int, int], int] = {}
    names: dict[tuple[int, int], int] = {}
    spans, last = [], 0
    for event in events:
        key, at = (event["pid"], event["tid"]), event["ts"]
        if event["ph"] == "M":  # later versions number threads, and name them "id: name"
            names[key] = int(event["args"]["name"].split(":")[0])
            continue
        stack, last = stacks[key], max(last, at)
        if stack and at > since[key]:
            spans.append((*key, since[key], at, tuple(stack)))
        since[key] = at
        if event["ph"] == "B":
            args = event["args"]
            stack.append(frame(event["name"], args["filename"], args.get("line"), root))
        elif stack:
            stack.pop()
    return spans, names, last


WAITS = re.compile(
    r"^(?:\S*\.)?(?:wait|_wait|wait_for_signals|_wait_for_tstate_lock|select|poll|accept|acquire|get"
    r"|sleep|_worker|readinto|recv|_recv|drain_events|create_loop|start|run) \(~"
)


def idle(stack: Sequence[str]) -> bool:
    """Does a thread that serves nothing wait for work? Judged by its innermost frame's name."""
    return not stack or bool(WAITS.match(stack[-1]))


def charged(stack: Sequence[str]) -> str:
    """The application's innermost function on a stack; the leaf where there is none of its own."""
    own = next((text for text in reversed(stack) if is_own(text)), None)
    return own or (stack[-1] if stack else "")


HANDLERS = ("(~django/core/handlers/", "(~brownout/meter/middleware.py", "(~celery/app/trace.py")
"""Within these the application's own code serves a request or a task."""


def serving(stack: Sequence[str]) -> bool:
    """Is a request or a task being served on this stack?"""
    return any(handler in text for text in stack for handler in HANDLERS)


def view(stack: Sequence[str]) -> str:
    """The application's function that serves: "view get_book (catalog/views.py)"; "" for none."""
    for number in range(len(stack) - 1, -1, -1):
        if any(handler in stack[number] for handler in HANDLERS):
            own = next((text for text in stack[number:] if is_own(text)), "")
            return f"view {function(own)}" if own else ""
    return ""
