"""``brownout drill``: from the command line to a debrief."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from brownout import slo, store
from brownout.app import proving
from brownout.app.forwarding import receiver
from brownout.app.notifying import Notifier
from brownout.app.options import Listen, Otlp, OtlpHeaders, Size, Visitor, one_of
from brownout.app.session import RESPONDERS, Choice, Session
from brownout.capacity import calibrations
from brownout.catalogue import scenarios
from brownout.load.control import LOOPBACK
from brownout.model import PACES, BrownoutError
from brownout.stack.data.recipe import SIZES
from brownout.stack.services import browser as browsers

SECTION = "Fly"
EXAMPLE = "brownout drill n-plus-one-reviews --responder autopilot --pace quick"


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
    size: Size = "normal",
    load_listen: Listen = LOOPBACK,
    browser: Visitor = None,
    otlp_forward: Otlp = "",
    otlp_headers: OtlpHeaders = "",
    practice: Annotated[
        bool, typer.Option("--practice", help="Fly on a busy or slow machine, without a score.")
    ] = False,
) -> int:
    """Fly one drill to its debrief."""
    person = sys.stdin.isatty()
    responder = responder or ("terminal" if person else "autopilot")
    one_of("--responder", responder, RESPONDERS)
    pace = pace or ("quick" if responder == "autopilot" else "normal")
    one_of("--pace", pace, PACES)
    one_of("--size", size, SIZES)
    if at_random and scenario:
        raise BrownoutError("--random draws the scenario; leave its id out")
    seed = seed if seed is not None else random.SystemRandom().randrange(10_000)
    chosen = choose(scenario, anything=at_random)
    limits = PACES[pace]
    if minutes < 0:
        raise BrownoutError(f"--minutes {minutes:g}: a positive number is wanted")
    if minutes:
        limits = replace(limits, limit=minutes * 60)
    forward = receiver(otlp_forward, otlp_headers)
    shop = store.assets() / "shop"
    slo.load(shop)  # what is wrong in it is told before anything starts
    known = calibrations.known(shop, size)
    choice = Choice(chosen, seed, limits, responder, size, Notifier(notify or []), known)
    chromium = browsers.chosen(browser, pace == "normal")
    choice = replace(
        choice, listen=load_listen, chromium=chromium, forward=forward, practice=practice
    )
    return Session(choice, out).fly()


def choose(name: str, anything: bool) -> scenarios.Scenario:
    """The scenario of that id, or one drawn: a newcomer's is easy, and something is wrong in it.

    It is drawn apart from the seed, which must not tell what is flown.
    """
    folder = store.assets() / "scenarios"
    if name:
        return scenarios.load(folder, name)
    found = [scenarios.load(folder, i) for i in scenarios.ids(folder)]
    newcomer = not anything and not store.runs()
    if newcomer:
        found = [s for s in found if s.bites] or found
    # What failed its proof on this machine is flown only by those who ask for it.
    found = [s for s in found if not proving.failed(s.id)] or found
    if newcomer:
        easiest = min(s.difficulty for s in found)
        found = [s for s in found if s.difficulty == easiest]
    return random.SystemRandom().choice(found)
