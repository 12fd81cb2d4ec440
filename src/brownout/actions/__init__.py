"""Actions: what can be done to the live system, one file each, found by folder.

Each module has ``name``, ``reversible``, ``apply(stack, args) -> value`` and
``revert(stack, value) -> value``; values are what the history keeps.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any, Protocol

from brownout.model import BrownoutError
from brownout.stack.stack import Stack

Value = dict[str, Any]


class Action(Protocol):
    name: str
    reversible: bool

    def apply(self, stack: Stack, args: Mapping[str, Any]) -> Value: ...

    def revert(self, stack: Stack, value: Mapping[str, Any]) -> Value: ...


def discover() -> dict[str, Action]:
    """Name -> action, for every module in this folder."""
    found: dict[str, Action] = {}
    for module in pkgutil.iter_modules(__path__):
        action: Any = importlib.import_module(f"{__name__}.{module.name}")
        found[action.name] = action
    return found


def wanted(args: Mapping[str, Any], name: str) -> str:
    """A text argument; BrownoutError when it is missing."""
    value = args.get(name)
    if not isinstance(value, str) or not value:
        raise BrownoutError(f"{name} is missing")
    return value
