"""``brownout drill`` and ``brownout up``: from the command line to a running site and back."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brownout import capacity, director, scenarios, slo, store
from brownout.app import proving, show
from brownout.app.flight import RESPONDERS, Choice, Flight, interrupts, say
from brownout.app.forwarding import Otlp, OtlpHeaders, receiver
from brownout.load.control import LOOPBACK
from brownout.load.profiles import PROFILES
from brownout.model import BrownoutError
from brownout.site import Plan, Site
from brownout.stack import browser as browsers
from brownout.stack.recipe import SIZES

if TYPE_CHECKING:
    import apprise

Listen = Annotated[
    str, typer.Option(metavar="HOST", help="Where load workers may join; 0.0.0.0 for anywhere.")
]
Visitor = Annotated[
    bool | None,
    typer.Option("--browser/--no-browser", help="Visit pages with a real browser (Chromium)."),
]

SIZE_HELP = "The shop's data: small, normal or large (docs/commands.md)."


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        epilog="Example: brownout drill n-plus-one-reviews --responder autopilot --pace quick"
    )(drill)
    app.command(epilog="Example: brownout up --load peak")(up)


def drill(  # noqa: PLR0913, PLR0917 (the options of a command)
    scenario: Annotated[str, typer.Argument(help="A scenario's id; at random without it.")] = "",
    at_random: Annotated[
        bool, typer.Option("--random", help="Draw the scenario; it is not told before the end.")
    ] = False,
    seed: Annotated[int | None, typer.Option(help="Decides everything that is drawn.")] = None,
    responder: Annotated[str, typer.Option(help="terminal, autopilot or none.")] = "",
    pace: Annotated[str, typer.Option(help="quick or normal.")] = "",
    minutes: Annotated[float, typer.Option(help="The incident's time limit.")] = 0,
    out: Annotated[Path | None, typer.Option(help="The run folder.")] = None,
    notify: Annotated[
        list[str] | None, typer.Option(help="An Apprise URL that gets the alerts.")
    ] = None,
    size: Annotated[str, typer.Option(help=SIZE_HELP)] = "normal",
    load_listen: Listen = LOOPBACK,
    browser: Visitor = None,
    otlp_forward: Otlp = "",
    otlp_headers: OtlpHeaders = "",
) -> int:
    """Fly one drill to its debrief."""
    person = sys.stdin.isatty()
    responder = responder or ("terminal" if person else "autopilot")
    one_of("--responder", responder, RESPONDERS)
    pace = pace or ("quick" if responder == "autopilot" else "normal")
    one_of("--pace", pace, director.PACES)
    one_of("--size", size, SIZES)
    if at_random and scenario:
        raise BrownoutError("--random draws the scenario; leave its id out")
    seed = seed if seed is not None else random.SystemRandom().randrange(10_000)
    chosen = choose(scenario, anything=at_random)
    limits = director.PACES[pace]
    if minutes < 0:
        raise BrownoutError(f"--minutes {minutes:g}: a positive number is wanted")
    if minutes:
        limits = replace(limits, limit=minutes * 60)
    forward = receiver(otlp_forward, otlp_headers)
    shop = store.assets() / "shop"
    slo.load(shop)  # what is wrong in it is told before anything starts
    known = capacity.known(shop, size)
    choice = Choice(chosen, seed, limits, responder, size, _notifier(notify or []), known)
    chromium = browsers.chosen(browser, pace == "normal")
    choice = replace(choice, listen=load_listen, chromium=chromium, forward=forward)
    return Flight(choice, out).fly()


def one_of(option: str, value: str, known: Iterable[str]) -> None:
    """Raise BrownoutError unless an option's value is one of those known."""
    if value not in known:
        raise BrownoutError(f"{option} {value}: choose one of {', '.join(known)}")


def _notifier(urls: Sequence[str]) -> apprise.Apprise:
    import apprise

    notifier = apprise.Apprise()
    for url in urls:
        if not notifier.add(url):
            raise BrownoutError(f"--notify {url}: not an Apprise URL")
    return notifier


def choose(name: str, anything: bool) -> scenarios.Scenario:
    """The scenario of that id, or one drawn: of difficulty 1 and healthy for a newcomer.

    It is drawn apart from the seed, which must not tell what is flown.
    """
    folder = store.assets() / "scenarios"
    if name:
        return scenarios.load(folder, name)
    found = [scenarios.load(folder, i) for i in scenarios.ids(folder)]
    # What failed its proof on this machine is flown only by those who ask for it.
    found = [s for s in found if not proving.failed(s.id)] or found
    if not anything and not store.runs():
        found = [s for s in found if s.difficulty == 1] or found
    return random.SystemRandom().choice(found)


def up(
    load: Annotated[str, typer.Option(help="normal, peak, ramp, step, soak or none.")] = "normal",
    seed: Annotated[int, typer.Option(help="Decides what users do.")] = 7,
    out: Annotated[Path | None, typer.Option(help="The run folder.")] = None,
    size: Annotated[str, typer.Option(help=SIZE_HELP)] = "normal",
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
    known = capacity.known(store.assets() / "shop", size)
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
