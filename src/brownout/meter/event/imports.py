"""Acting on a library when the application imports it: what it does not use is never imported."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Act = Callable[[ModuleType], object]

FAILED: dict[str, str] = {}
"""Libraries that the meter could not be put into: name -> why. Events tell it as uncounted."""


def when_imported(name: str, act: Act) -> None:
    """Call ``act`` with the module: now if it is there already, else as soon as it is."""
    module = sys.modules.get(name)
    if module is not None:
        _attempt(name, act, module)
    if not _watch.acts:
        sys.meta_path.insert(0, _watch)
    _watch.acts.setdefault(name, []).append(act)


def _attempt(name: str, act: Act, module: ModuleType) -> None:
    """A version of a library that is unlike those we know must never break the application."""
    try:
        act(module)
    except Exception as error:
        version = getattr(sys.modules.get(name.split(".", maxsplit=1)[0]), "__version__", "")
        FAILED[name] = f"{name} {version}".strip() + f" ({type(error).__name__}: {error})"


class _Watch:
    """A finder that finds nothing itself: it asks the others, and acts after the module has run."""

    def __init__(self) -> None:
        self.acts: dict[str, list[Act]] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in self.acts:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                self._follow(name, spec.loader)
                return spec
        return None

    def _follow(self, name: str, loader: Any) -> None:
        run = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            if module.__name__ == name:
                for act in self.acts[name]:
                    _attempt(name, act, module)

        loader.exec_module = exec_module


_watch = _Watch()
