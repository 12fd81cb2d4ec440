"""``brownout load-worker``: more users for a running drill, from here or from another host."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from brownout import store
from brownout.load import invitation
from brownout.load.link import address

SECTION = "Fly"
EXAMPLE = "brownout load-worker --join 192.0.2.7:20500"


def load_worker(
    join: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="The drill; without it, the one flying here.")
    ] = "",
    token: Annotated[
        str, typer.Option(envvar="BROWNOUT_LOAD_TOKEN", help="From the drill's load.json.")
    ] = "",
) -> None:
    """Play a share of a running drill's users; Ctrl-C leaves it."""
    if not join:
        runs = sorted(store.RUNS.glob("*"), key=lambda p: p.name, reverse=True)
        join, found = invitation.find(runs)
        token = token or found
    address(join)
    # It becomes the worker: gevent's patches do not go with what is loaded here, and signals reach
    # it directly.
    argv = [sys.executable, "-m", "brownout.load.worker", "--join", join]
    os.execve(sys.executable, argv, {**os.environ, "BROWNOUT_LOAD_TOKEN": token})
