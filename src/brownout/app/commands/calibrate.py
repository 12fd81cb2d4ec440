"""``brownout calibrate``: what this machine carries, measured and remembered."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group

from brownout import slo, store
from brownout.app import show
from brownout.app.options import Size, one_of
from brownout.app.terminal import interrupts, say
from brownout.capacity import calibrations, seeking
from brownout.capacity.ramp import Ramp
from brownout.capacity.seeking import Knee
from brownout.collector.client import CollectorAway
from brownout.model import SHIPPED, BrownoutError
from brownout.site.site import Plan, Site
from brownout.stack.data.recipe import SIZES

SECTION = "This machine"
EXAMPLE = "brownout calibrate; brownout calibrate --size small --json"

SECONDS = 74.0
"""For the search; with some 8 s to start (more when the data must be made) and some to end, 90."""


def calibrate(
    size: Size = "normal",
    others: Annotated[
        float, typer.Option(help="Cores that other programs may use in a step that counts.")
    ] = seeking.FOREIGN,
    seconds: Annotated[float, typer.Option(help="Time for the search.")] = SECONDS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Find the knee: the highest rate at which every SLO holds here. Takes 90 seconds.

    Drills play at shares of it from then on, and promise what this machine was found to hold.
    """
    one_of("--size", size, SIZES)
    if not others >= 0:
        raise BrownoutError(f"--others {others:g}: a number of cores from 0 on is wanted")
    if not 20 <= seconds <= 3600:
        raise BrownoutError(f"--seconds {seconds:g}: 20 to 3600 are wanted")
    shop = store.assets() / "shop"
    slo.load(shop)  # what is wrong in it is told before anything starts
    found = measure(shop, size, others, seconds)
    kept = calibrations.remember(shop, size, found)
    say(f"kept in {kept}; drills with this data play at these rates here from now on")
    show.result(found, as_json, table)
    return 0


def measure(shop: Path, size: str, others: float, seconds: float) -> dict[str, Any]:
    """Bring up the stack, search, end it: what `brownout calibrate --json` prints."""
    began = time.monotonic()
    folder = tempfile.TemporaryDirectory(prefix="brownout-calibrate-")
    run = store.RunFolder(Path(folder.name))
    plan = Plan(run, 7, SHIPPED, size=size, shop=shop)
    site = Site(plan, say, lambda notice: say(f"{notice.name} {notice.kind}"))
    machine = store.machine()
    ramp = Ramp(site, machine["cores"], seconds, say, others)
    with interrupts(lambda: threading.Thread(target=site.stop, daemon=True).start()), folder:
        try:
            site.boot()
            site.watch(lambda seen: None)
            knee = ramp.run()
        except (BrownoutError, CollectorAway):
            if site.stopped.is_set():
                say("interrupted; nothing is kept")
                raise KeyboardInterrupt from None
            raise
        finally:  # within, so that Ctrl-C again does not cut the ending short
            site.stop()
            run.close()
    told = {"day": time.strftime("%Y-%m-%d"), "size": size, "machine": machine}
    return {**told, **record(ramp, knee), "seconds": round(time.monotonic() - began, 1)}


def record(ramp: Ramp, knee: Knee) -> dict[str, Any]:
    """The knee, the rates that follow from it, and what they rest on."""
    rate = knee.rate or SHIPPED.normal
    rates = seeking.workload(knee)
    at_knee = [t.requests for t in ramp.tried if t.step == seeking.Step(rate, "holds")]
    return {
        "journeys_per_s": round(rate, 2),
        "broken_from": None if knee.broken is None else round(knee.broken, 2),
        "requests_per_s": round(sum(at_knee) / len(at_knee), 1),
        "settled": knee.settled,
        "normal": rates.normal,
        "peak": rates.peak,
        "slos": [
            {
                "route": promise.route,
                "p95_ms": promise.p95_ms,
                "error_rate": promise.error_rate,
                "calm_p95_ms": round(ramp.calm[promise.route], 3),
            }
            for promise in ramp.slos
            if promise.route in ramp.calm
        ],
        "steps": [tried.record() for tried in ramp.tried],
    }


def table(found: Mapping[str, Any]) -> Group:
    """A calibration for people."""
    columns = ("#journeys/s", "#requests/s", "verdict", "#others' cores", "furthest beyond its SLO")
    rows = [
        (f"{s['rate']:.1f}", f"{s['requests_per_s']:.0f}", s["verdict"], foreign, s["worst"])
        for s in found["steps"]
        for foreign in [s["foreign_cpu"]]
    ]
    above = found["broken_from"]
    return Group(
        show.table("", columns, rows),
        f"knee: {found['journeys_per_s']:g} journeys/s ({found['requests_per_s']:g} requests/s), "
        + (f"broken from {above:g} on" if above else "no higher rate was seen to break an SLO")
        + ("" if found["settled"] else "; not settled"),
        f"drills play {found['normal']:g} journeys/s, {found['peak']:g} at peak",
    )
