"""Deploy a release: front end built before, migrations run, servers switched without loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brownout.actions import Value, wanted
from brownout.stack.stack import Stack

name = "deploy"
reversible = True


def apply(stack: Stack, args: Mapping[str, Any]) -> Value:
    return stack.deploy(wanted(args, "ref"))


def revert(stack: Stack, value: Mapping[str, Any]) -> Value:
    return stack.rollback(str(value["previous"]), with_migrations=False)
