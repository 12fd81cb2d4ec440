"""What a probe on demand is given and what it gives: services, the site, tables, what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brownout.collector.client import Client
from brownout.model import BrownoutError


@dataclass(frozen=True, slots=True)
class Service:
    """What runs under one name: pids of all its processes, the oldest first.

    ``release``: "" for what is no part of the application; ``kind``: what the first process runs
    (gunicorn, celery, python, postgres, valkey, node, or its program's name).
    """

    name: str
    release: str
    pids: tuple[int, ...]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """Where to look. "" and (): not known; use ``need``. ``database`` is the superuser's URL.

    ``chosen``: the services were named by the user, so that all of them are meant; ``control``: the
    pid of the process that runs it all; ``kept``: the folder for what is installed on request.
    """

    services: tuple[Service, ...] = ()
    chosen: bool = False
    database: str = ""
    cache: str = ""
    broker: str = ""
    url: str = ""
    ai: str = ""
    collector: str = ""
    token: str = ""
    run: Path | None = None
    control: int = 0
    kept: Path = Path()

    def need(self, name: str, option: str) -> str:
        """An address that the probe cannot do without. Raises BrownoutError when it is unknown."""
        value = str(getattr(self, name))
        if not value:
            raise BrownoutError(f"no {name} is known: name it with {option}")
        return value

    def need_services(self) -> tuple[Service, ...]:
        """The services, at least one. Raises BrownoutError when none is known."""
        if not self.services:
            raise BrownoutError("no process is known: name one with --pid")
        return self.services

    def recording(self) -> Client | None:
        """The recording of the drill or shop that runs, where there is one."""
        return Client(self.collector, self.token) if self.collector else None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns of (name, unit); unit "" for what has none."""

    title: str
    columns: tuple[tuple[str, str], ...]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Found:
    """What a probe saw: tables, files that it wrote, and what it could not see and why.

    ``good``: False when the answer to the probe's question is no (exit code 1).
    """

    tables: Sequence[Table] = ()
    files: Sequence[Path] = ()
    notes: Sequence[str] = field(default_factory=tuple)
    good: bool = True
