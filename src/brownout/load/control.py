"""The load as the control process sees it: its command line, and how many users it plays."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from brownout.load.profiles import PROFILES

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Target:
    """Whom the load plays against, where it records, and the file that holds its rate.

    ``listen``, ``port``: where load workers may join, with ``key`` (BROWNOUT_LOAD_TOKEN);
    ``outer``: the port by which they reach the shop, on the host by which they reached the drill.
    ``began`` (ns): the play's first second; a generator that is restarted carries on.
    """

    url: str
    collector: str
    database: str
    seed: int
    rate_file: Path
    listen: str = LOOPBACK
    port: int = 0
    outer: int = 0
    began: int = 0


def argv(target: Target) -> list[str]:
    """The command line of the generator."""
    line = [
        *(sys.executable, "-m", "brownout.load.runner"),
        *("--url", target.url, "--collector", target.collector, "--database", target.database),
        *("--seed", str(target.seed), "--rate-file", str(target.rate_file)),
        *("--began", str(target.began)),
    ]
    if target.port:
        line += ["--listen", target.listen, "--port", str(target.port)]
        line += ["--outer", str(target.outer)]
    return line


def set_rate(target: Target, rate: float) -> None:
    """Visits a second from the next second on; it survives a restart of the generator."""
    set_profile(target, "normal", rate, rate)


def set_profile(target: Target, profile: str, normal: float, peak: float) -> None:
    """Play a profile from now on: normal, peak, ramp, step, soak or none."""
    wanted = {"profile": profile, "normal": normal, "peak": peak, "since": time.time_ns()}
    fresh = target.rate_file.with_suffix(".new")
    fresh.write_text(json.dumps(wanted))
    os.replace(fresh, target.rate_file)


def rate(rate_file: Path, at: int) -> float:
    """The rate of the second that begins at ``at`` (ns). Raises OSError and ValueError."""
    wanted = json.loads(rate_file.read_text())
    try:
        since, normal, peak = int(wanted["since"]), float(wanted["normal"]), float(wanted["peak"])
        return PROFILES[wanted["profile"]]((at - since) / 1e9, normal, peak)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{rate_file} holds no profile: {wanted}") from error
