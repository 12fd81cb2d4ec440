"""The line of the application's own code that asked for something.

The nearest frame in the application's folder has it. Code of the application that is run by a
library without a frame of its own is named too: a template by its node's line, a serialiser, view
or admin class by the line of the class. Where nothing is the application's it is the nearest frame
of a library, see ``libraries``.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from sys import _getframe
from types import CodeType, FrameType
from typing import Any

from brownout.meter.event import libraries

REMEMBERED = 20_000


class Library:
    """The kind of a library's file."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


LAYER = Library("")
"""The kind of the file whose frames stand between a middleware and what it hands the request to:
libraries further out did but that."""

END = Library("")
"""The kind of files whose frames begin a work: what is further out is none of it."""

Kind = str | Callable[[FrameType], str] | Library | None

JUMPS = 4
"""Places that are looked at for a statement, the latest found first."""

AUDITED = 61
"""Of so many jumps of a statement one is compared with a walk: a prime, lest it is always the same
of a request's."""

Steps = tuple[int, CodeType, int, int, CodeType, int, str]
"""(depth of the caller's frame, its code and instruction, the same of one half-way, file:line)."""

_files: dict[str, Kind] = {}
"""File name of code -> its name below the root; a library's kind; who names its frames; None: of
Django and all others that are passed over."""

_lines: dict[tuple[int, int], tuple[CodeType, str]] = {}
"""(id of code, instruction) -> the code, lest its id is used again, and file:line."""

NONE = "\0"
"""Of the libraries none asked: they only handed the request on."""

_outer = threading.local()

STARTED_BY: ContextVar[str] = ContextVar("brownout_started_by", default="")
"""What an asyncio task names when nothing of the application is on its stack: who started it."""


@cache
def root() -> str:
    """The application's folder: callers are looked for and named below it.

    BASE_DIR of the settings, else the current folder: a worker may run without Django.
    """
    try:
        from django.conf import settings

        found = getattr(settings, "BASE_DIR", None)
    except Exception:
        found = None
    return str(Path(found or Path.cwd())).rstrip("/") + "/"


def caller(skip: int = 2) -> str:
    """file:line, of a library where none of the application's own code is running here, else ''."""
    frame: FrameType | None = _getframe(skip)
    nearest = ""
    while frame is not None:
        code = frame.f_code
        try:
            kind = _files[code.co_filename]
        except KeyError:
            kind = _files[code.co_filename] = _kind(code.co_filename)
        if kind is not None:
            if isinstance(kind, str):
                return _line(code, frame, kind)
            if isinstance(kind, Library):
                if kind is END:
                    break
                nearest = nearest or (_line(code, frame, kind.name) if kind.name else NONE)
            elif found := kind(frame):
                return found
        frame = frame.f_back
    return getattr(_outer, "caller", "") or STARTED_BY.get() or nearest.removeprefix(NONE)


class Trail:
    """Where the callers of one statement were found: looked at first the next time."""

    __slots__ = ("known", "trusted", "uses")

    def __init__(self) -> None:
        self.known: tuple[Steps, ...] = ()
        self.trusted = True
        self.uses = 0


def caller_at(trail: Trail) -> str:
    """As ``caller(3)`` in the function that calls this, mostly at a fraction of its cost.

    A walk makes an object of each frame it passes. A jump to where the caller was found makes two,
    and asks that they be the same down to the instruction: the caller's and one half-way. Now and
    then a walk tells whether the jump was right; a statement for which it once was not is walked
    for ever.
    """
    trail.uses = uses = trail.uses + 1
    for depth, code, at, half, middle, middle_at, where in trail.known:
        try:
            frame = _getframe(depth)
        except ValueError:
            continue
        if frame.f_code is code and frame.f_lasti == at:
            frame = _getframe(half)
            if frame.f_code is middle and frame.f_lasti == middle_at:
                return where if uses % AUDITED else _walked(trail, where)
    return _walked(trail, "")


def _walked(trail: Trail, jumped: str) -> str:
    """Walk, remember where to jump the next time, and judge where was jumped to this time."""
    where = caller(5)
    if jumped:
        if jumped != where:
            trail.known, trail.trusted = (), False
    elif trail.trusted and where and (steps := _steps(where)):
        trail.known = (steps, *trail.known[: JUMPS - 1])
    return where


def _steps(where: str) -> Steps | None:
    """How ``caller_at`` finds again what was found; None when no frame of the application is."""
    frame, depth = _getframe(2).f_back, 1  # as caller_at counts
    while frame is not None:
        kind = _files.get(frame.f_code.co_filename)
        if kind is not None and (kind is END or not isinstance(kind, Library)):
            if not isinstance(kind, str):
                return None
            half = (depth + 2) // 2
            middle = _getframe(half + 2)
            code, at = frame.f_code, frame.f_lasti
            return depth, code, at, half, middle.f_code, middle.f_lasti, where
        frame, depth = frame.f_back, depth + 1
    return None


def standing_in(where: str) -> str:
    """What this thread names when nothing of the application runs in it: who handed it its work.

    The answer is what it named before.
    """
    before: str = getattr(_outer, "caller", "")
    _outer.caller = where
    return before


def _handed(frame: FrameType) -> str:
    """Who handed over what a thread runs that had something of its own below, and waits."""
    return getattr(_outer, "caller", "") if frame.f_code.co_name == "carried" else ""


def _line(code: CodeType, frame: FrameType, name: str) -> str:
    key = id(code), frame.f_lasti
    known = _lines.get(key)
    if known is None:
        if len(_lines) >= REMEMBERED:
            _lines.clear()
        known = _lines[key] = code, f"{name}:{frame.f_lineno}"
    return known[1]


def ours(filename: str) -> str:
    """The name of an application's file below its root, '' for all other files."""
    if not filename.startswith(root()) or "-packages/" in filename:
        return ""
    return filename[len(root()) :]


def _kind(filename: str) -> Kind:
    name = ours(filename)
    if name:
        return name
    for ending, kind in KINDS.items():
        if filename.endswith(ending):
            return kind
    library = libraries.name(filename)
    return Library(library) if library else None


def _template(frame: FrameType) -> str:
    """The line of a template's node that is being rendered."""
    if frame.f_code.co_name != "render_annotated":
        return ""
    node = frame.f_locals.get("self")
    token, origin = getattr(node, "token", None), getattr(node, "origin", None)
    name = ours(str(getattr(origin, "name", "")))
    return f"{name}:{token.lineno}" if name and token else ""


def _owner(frame: FrameType) -> str:
    """The line of the application's class whose inherited method runs."""
    kind: Any = type(frame.f_locals.get("self"))
    return _class(kind)


@cache
def _class(kind: Any) -> str:
    module = sys.modules.get(kind.__module__)
    name = ours(str(getattr(module, "__file__", None) or ""))
    if not name:
        return ""
    try:
        return f"{name}:{inspect.getsourcelines(kind)[1]}"
    except (OSError, TypeError):
        return name


KINDS: dict[str, Kind] = {
    "/brownout/meter/concurrency/threads.py": _handed,
    "/django/template/base.py": _template,
    "/django/views/generic/base.py": _owner,
    "/django/contrib/admin/options.py": _owner,
    "/rest_framework/serializers.py": _owner,
    "/rest_framework/views.py": _owner,
    "/django/core/handlers/exception.py": LAYER,
    "/brownout/meter/middleware.py": END,
    "/brownout/meter/commands.py": END,
    "/brownout/meter/responses/streams.py": END,
}
"""Files whose frames run code of the application that has no frame, or are a border."""
