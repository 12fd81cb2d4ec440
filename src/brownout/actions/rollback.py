"""Deploy the release before; its migrations are undone only when asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brownout.actions import Value
from brownout.stack.stack import Stack

name = "rollback"
reversible = True


def apply(stack: Stack, args: Mapping[str, Any]) -> Value:
    return stack.rollback(str(args.get("to") or ""), bool(args.get("with_migrations")))


def revert(stack: Stack, value: Mapping[str, Any]) -> Value:
    return stack.deploy(str(value["previous"]))
