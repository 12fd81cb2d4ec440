"""Run SQL on the live database, read-only unless ``write``; an index is made this way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brownout.actions import Value, wanted
from brownout.model import BrownoutError
from brownout.stack.stack import Stack

name = "sql"
reversible = False


def apply(stack: Stack, args: Mapping[str, Any]) -> Value:
    return stack.sql(wanted(args, "text"), bool(args.get("write")))


def revert(stack: Stack, value: Mapping[str, Any]) -> Value:
    raise BrownoutError("SQL cannot be reverted; write the statement that undoes it")
