"""The database's migrations: forward with a release, and back when asked."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from brownout.stack.processes.supervisor import Command, Supervisor
from brownout.stack.releases.releases import Releases

PATIENCE = 120


class Migrations:
    """Runs the shop's own ``manage.py migrate`` with the code of a release.

    Keeps what the database has: that need not be what the serving release brings, since code goes
    back without its migrations, and a release may be passed over.
    """

    def __init__(
        self, supervisor: Supervisor, releases: Releases, environment: Mapping[str, str], log: Path
    ) -> None:
        self._supervisor = supervisor
        self._releases = releases
        self._environment = environment
        self._log = log
        self._count = 0
        self._applied: dict[str, str] = {}
        self._brought_by: dict[str, str] = {}
        self.state = ""

    def begin(self, tag: str) -> None:
        """The database has the migrations of this release."""
        self._applied = self._releases.migrations(tag)
        self._brought_by = dict.fromkeys(self._applied, tag)
        self.state = tag

    def forward(self, tag: str) -> None:
        """Apply what a release brings; nothing (and no process) when it brings nothing new."""
        fresh = self.fresh(tag)
        if fresh:
            self._manage(tag, "migrate", "--no-input")
            self._applied |= fresh
            self._brought_by |= dict.fromkeys(fresh, tag)
            self.state = tag

    def fresh(self, tag: str) -> dict[str, str]:
        """App -> the newest migration, where a release brings one that the database has not."""
        return {
            app: name
            for app, name in self._releases.migrations(tag).items()
            if name != self._has(app) and _number(name) >= _number(self._has(app))
        }

    def back(self, to: str) -> None:
        """Undo what the database has and ``to`` has not, with the code that brought it."""
        target = self._releases.migrations(to)
        for app, brought_by in self._brought_by.items():
            wanted = target.get(app, "")
            if _number(self._has(app)) > _number(wanted):
                self._manage(brought_by, "migrate", "--no-input", app, wanted or "zero")
                self._applied[app] = wanted
                self.state = to

    def _has(self, app: str) -> str:
        return self._applied.get(app, "")

    def _manage(self, tag: str, *words: str) -> None:
        self._count += 1
        argv = [sys.executable, "manage.py", *words]
        command = Command(
            name=f"migrate-{self._count}",
            service="migrate",
            argv=argv,
            # What a deployment does is no work of the shop's.
            env={**self._environment, "BROWNOUT_METER": "off"},
            cwd=self._releases.worktree(tag) / "backend",
            log=self._log,
        )
        self._supervisor.run(command, PATIENCE)


def _number(name: str) -> str:
    """What orders an app's migrations: 0002 of 0002_review_by_date."""
    return name[:4]
