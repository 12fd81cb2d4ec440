"""The database's migrations: forward with a release, and back when asked."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from brownout.stack.releases import Releases
from brownout.stack.supervisor import Command, Supervisor

PATIENCE = 120


class Migrations:
    """Runs the shop's own ``manage.py migrate`` with the code of a release."""

    def __init__(
        self, supervisor: Supervisor, releases: Releases, environment: Mapping[str, str], log: Path
    ) -> None:
        self._supervisor = supervisor
        self._releases = releases
        self._environment = environment
        self._log = log
        self._count = 0

    def forward(self, tag: str, release: Path) -> None:
        """Apply what a release brings; nothing (and no process) when it brings nothing new."""
        newest = self._releases.migrations(tag)
        if any(newest.items() - self._earlier(tag).items()):
            self._manage(release, "migrate", "--no-input")

    def _earlier(self, tag: str) -> dict[str, str]:
        tags = self._releases.tags()
        at = tags.index(tag) if tag in tags else len(tags)
        return self._releases.migrations(tags[at - 1]) if at else {}

    def back(self, current: str, release: Path, to: str) -> None:
        """Undo what ``current`` has and ``to`` has not; needs the later release's code."""
        target = self._releases.migrations(to)
        for app, name in self._releases.migrations(current).items():
            if name > target.get(app, ""):
                self._manage(release, "migrate", "--no-input", app, target.get(app, "zero"))

    def _manage(self, release: Path, *words: str) -> None:
        self._count += 1
        argv = [sys.executable, "manage.py", *words]
        command = Command(
            name=f"migrate-{self._count}",
            service="migrate",
            argv=argv,
            env=self._environment,
            cwd=release / "backend",
            log=self._log,
        )
        self._supervisor.run(command, PATIENCE)
