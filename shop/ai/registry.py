"""All stored versions, which of each model is active, and those that are loaded."""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

from ai import store

EXTRA = 2
"""Versions that are kept loaded beside the active ones, for those who ask for them by name."""


class Unknown(Exception):
    """No such model or version; says which are known."""


class Unusable(Exception):
    """The service cannot be started with what there is; one sentence for who starts it."""


class Version(NamedTuple):
    """A loaded version. ``activated``: when it was put in service (ISO 8601), "" when it is not."""

    name: str
    version: str
    model: Any
    activated: str = ""


def now() -> str:
    return dt.datetime.now(dt.UTC).isoformat()


def _chosen(told: Any) -> tuple[str, str]:
    """What is remembered of a model; earlier releases remembered the version alone."""
    if isinstance(told, str):
        return told, now()
    return str(told["version"]), dt.datetime.fromisoformat(told["activated"]).isoformat()


class Registry:
    """``state`` remembers what is active, and since when, over a restart; without it the oldest
    version of each model is, from now on.

    Methods may be called from several threads; those that load a model take their time.
    """

    def __init__(self, folder: Path, state: Path | None = None) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._extra: OrderedDict[tuple[str, str], Any] = OrderedDict()
        self.stored = {
            name.name: {v.name: store.find(v) for v in sorted(name.iterdir()) if v.is_dir()}
            for name in (sorted(folder.iterdir()) if folder.is_dir() else ())
            if name.is_dir()
        }
        if not self.stored:
            raise Unusable(f"{folder}: no models; run python -m ai.train --out {folder}")
        self._active = {name: self._first(name, *v) for name, v in self._wanted().items()}

    def _wanted(self) -> dict[str, tuple[str, str]]:
        """Model -> the version to start with, and when it was put in service."""
        wanted = {
            name: (min(versions, default=""), now()) for name, versions in self.stored.items()
        }
        if self._state and self._state.exists():
            try:
                told = json.loads(self._state.read_text())
                chosen = {name: _chosen(choice) for name, choice in told.items()}
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                raise Unusable(f"{self._state}: no JSON object ({error}); delete it") from error
            # What it says of models or versions that are gone was said of another set of models.
            wanted |= {n: v for n, v in chosen.items() if v[0] in self.stored.get(n, {})}
        return wanted

    def _first(self, name: str, version: str, activated: str) -> Version:
        try:
            return Version(name, version, self._find(name, version).load(), activated)
        except (store.Broken, Unknown) as error:
            raise Unusable(f"{name}@{version} was to be active, but {error}") from error

    def _find(self, name: str, version: str) -> store.Stored:
        if name not in self.stored:
            raise Unknown(f"no model {name!r}; known: {', '.join(self.stored)}")
        if version not in self.stored[name]:
            known = ", ".join(self.stored[name])
            raise Unknown(f"no version {version!r} of {name}; known: {known}")
        return self.stored[name][version]

    @property
    def active(self) -> dict[str, Version]:
        """Model -> the version in service."""
        return dict(self._active)

    def ready(self, name: str, version: str = "") -> Version | None:
        """A version that is loaded (the active one without ``version``), or None: then ``get``.

        Raises Unknown.
        """
        current = self._active.get(name)
        if current and version in ("", current.version):
            return current
        stored = self._find(name, version)
        model = self._extra.get((name, stored.folder.name))
        return None if model is None else Version(name, version, model)

    def get(self, name: str, version: str) -> Version:
        """A version, loaded if need be. Raises Unknown and store.Broken."""
        with self._lock:
            if found := self.ready(name, version):
                return found
            model = self._find(name, version).load()
            self._extra[name, version] = model
            while len(self._extra) > EXTRA:
                self._extra.popitem(last=False)
            return Version(name, version, model)

    def activate(self, name: str, version: str) -> None:
        """Put a version in service; until it is loaded, and when it is broken, the old one stays.

        What is in service already stays so since when it was. Raises Unknown and store.Broken.
        """
        fresh = self.get(name, version)
        if fresh.activated:
            return
        with self._lock:
            self._extra.pop((name, version), None)
            active = self.active | {name: fresh._replace(activated=now())}
            self._remember(active)
            self._active = active

    def _remember(self, active: dict[str, Version]) -> None:
        """Store the choice; whoever reads it sees the old one or the new one, never half of it."""
        if self._state:
            told = {n: {"version": v.version, "activated": v.activated} for n, v in active.items()}
            fresh = self._state.with_name(f"{self._state.name}.{os.getpid()}.new")
            fresh.write_text(json.dumps(told))
            os.replace(fresh, self._state)
