"""Switch a model of the AI service to another version, without a restart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brownout.actions import Value, wanted
from brownout.stack.stack import Stack

name = "set-model"
reversible = True


def apply(stack: Stack, args: Mapping[str, Any]) -> Value:
    return stack.set_model(wanted(args, "name"), wanted(args, "version"))


def revert(stack: Stack, value: Mapping[str, Any]) -> Value:
    model, version = str(value["previous"]).split("=", 1)
    return stack.set_model(model, version)
