"""``brownout up``: the shop under load, without a drill."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated

import typer

from brownout import slo, store
from brownout.app import show
from brownout.app.forwarding import receiver
from brownout.app.options import Listen, Otlp, OtlpHeaders, Size, Visitor, one_of
from brownout.app.terminal import interrupts, say
from brownout.capacity import calibrations
from brownout.load.control import LOOPBACK
from brownout.load.profiles import PROFILES
from brownout.site.site import Plan, Site
from brownout.stack.data.recipe import SIZES
from brownout.stack.services import browser as browsers

SECTION = "Fly"
EXAMPLE = "brownout up --load peak"


def up(
    load: Annotated[str, typer.Option(help="normal, peak, ramp, step, soak or none.")] = "normal",
    seed: Annotated[int, typer.Option(help="Decides what users do.")] = 7,
    out: Annotated[Path | None, typer.Option(help="The run folder.")] = None,
    size: Size = "normal",
    load_listen: Listen = LOOPBACK,
    browser: Visitor = None,
    otlp_forward: Otlp = "",
    otlp_headers: OtlpHeaders = "",
) -> int:
    """Start the shop and its stack, print every URL, stay until Ctrl-C."""
    slo.load(store.assets() / "shop")
    one_of("--load", load, PROFILES)
    forward = receiver(otlp_forward, otlp_headers)
    one_of("--size", size, SIZES)
    known = calibrations.known(store.assets() / "shop", size)
    say(known.told())
    run = store.RunFolder(out)
    plan = Plan(
        run,
        seed,
        known.workload,
        size=size,
        calibrated=known.calibrated,
        listen=load_listen,
        chromium=browsers.chosen(browser, default=True),
        forward=forward,
    )
    site = Site(plan, say, lambda notice: say(f"{notice.name} {notice.kind}"))
    asked, ended = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def boot() -> None:
        try:
            site.boot()
            site.set_load(load)
            site.watch(lambda seen: None)
            for name, url in site.stack.urls().items():
                show.out.print(f"{name:10} {url}", markup=False, soft_wrap=True)
            headers = f"authorization=Bearer%20{site.stack.token}"
            show.out.print(f"{'otlp':10} OTEL_EXPORTER_OTLP_HEADERS={headers}", soft_wrap=True)
            show.out.print(f"{'load':10} {site.load_address}", markup=False, soft_wrap=True)
            say(f"everything is kept in {run.path}; Ctrl-C ends it")
        except BaseException as error:
            failures.append(error)
            ended.set()

    def leave() -> None:
        asked.set()
        ended.set()

    with interrupts(leave):
        try:
            threading.Thread(target=boot, daemon=True).start()
            ended.wait()
        finally:  # within, so that Ctrl-C again does not cut the ending short
            site.stop()
            run.close()
    if failures and not asked.is_set():
        raise failures[0]
    return 0
