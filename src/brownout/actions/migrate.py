"""Bring the database to the migrations of a release, forward or back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brownout.actions import Value, wanted
from brownout.stack.stack import Stack

name = "migrate"
reversible = True


def apply(stack: Stack, args: Mapping[str, Any]) -> Value:
    return stack.migrate(wanted(args, "ref"))


def revert(stack: Stack, value: Mapping[str, Any]) -> Value:
    return stack.migrate(str(value["previous"]))
