"""How load workers on this machine find a drill that they may join: load.json in its run folder."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from brownout.load.control import Target
from brownout.model import BrownoutError

NAME = "load.json"


def write(run: Path, target: Target, token: str) -> None:
    """Tell where workers join, and with what token; for the user's eyes alone."""
    told = {"host": target.listen, "port": target.port, "shop_port": target.outer, "token": token}
    path = run / NAME
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(told, file)


def withdraw(run: Path) -> None:
    (run / NAME).unlink(missing_ok=True)


def find(folders: Iterable[Path]) -> tuple[str, str]:
    """(HOST:PORT, token) of the first run that has one. Raises BrownoutError without any."""
    for folder in folders:
        try:
            told = json.loads((folder / NAME).read_text())
            host = "127.0.0.1" if told["host"] in ("0.0.0.0", "::") else told["host"]
            return f"{host}:{told['port']}", str(told["token"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    raise BrownoutError("no drill is flying in this folder; name one with --join HOST:PORT")
