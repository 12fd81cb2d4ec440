"""``brownout drill`` and ``brownout up``: from the command line to a running site and back."""

from __future__ import annotations

import itertools
import os
import platform
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import apprise
import typer

from brownout import director, history, judging, scenarios, store
from brownout.app import live, show
from brownout.app.api import Server
from brownout.drill import Drill, World
from brownout.model import BrownoutError, Event, Op, Pace, Workload
from brownout.report import score
from brownout.responders import Responder
from brownout.responders.autopilot import Autopilot
from brownout.responders.person import Person
from brownout.site import Plan, Site, next_tag, versions
from brownout.stack import past
from brownout.stack.supervisor import Notice

RESPONDERS: dict[str, Callable[[], Responder]] = {
    "terminal": Person,
    "autopilot": Autopilot,
    "none": Person,
}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        epilog="Example: brownout drill n-plus-one-reviews --responder autopilot --pace quick"
    )(drill)
    app.command(epilog="Example: brownout up --load peak")(up)


def command() -> str:
    """How this very program is called, to be pasted into another terminal."""
    path = Path(sys.argv[0])
    try:
        return os.path.relpath(path) if path.name == "brownout" else "brownout"
    except ValueError:
        return str(path)


def drill(
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
    size: Annotated[str, typer.Option(help="The shop's data: normal or small.")] = "normal",
) -> int:
    """Fly one drill to its debrief."""
    person = sys.stdin.isatty()
    responder = responder or ("terminal" if person else "autopilot")
    _one_of("--responder", responder, RESPONDERS)
    pace = pace or ("quick" if responder == "autopilot" else "normal")
    _one_of("--pace", pace, director.PACES)
    _one_of("--size", size, ("normal", "small"))
    if at_random and scenario:
        raise BrownoutError("--random draws the scenario; leave its id out")
    seed = seed if seed is not None else random.SystemRandom().randrange(10_000)
    chosen = choose(scenario, seed, anything=at_random)
    limits = director.PACES[pace]
    if minutes:
        limits = replace(limits, limit=minutes * 60)
    notifier = _notifier(notify or [])
    return Flight(chosen, seed, limits, responder, out, notifier, size).fly()


def _one_of(option: str, value: str, known: Any) -> None:
    if value not in known:
        raise BrownoutError(f"{option} {value}: choose one of {', '.join(known)}")


def _notifier(urls: Sequence[str]) -> apprise.Apprise:
    notifier = apprise.Apprise()
    for url in urls:
        if not notifier.add(url):
            raise BrownoutError(f"--notify {url}: not an Apprise URL")
    return notifier


def choose(name: str, seed: int, anything: bool) -> scenarios.Scenario:
    """The scenario of that id, or one drawn: of difficulty 1 and healthy for a newcomer."""
    folder = store.assets() / "scenarios"
    if name:
        return scenarios.load(folder, name)
    found = [scenarios.load(folder, i) for i in scenarios.ids(folder)]
    if not anything and not store.runs():
        found = [s for s in found if s.difficulty == 1]
    return random.Random(f"scenario/{seed}").choice(found)


class Flight:
    """One drill with everything around it: run folder, site, loop, API, view."""

    def __init__(
        self,
        scenario: scenarios.Scenario,
        seed: int,
        pace: Pace,
        responder: str,
        out: Path | None,
        notifier: apprise.Apprise,
        size: str,
    ) -> None:
        self._began = time.monotonic()
        self._responder = responder
        self._notifier = notifier
        self._run = store.RunFolder(out)
        self._release = next_tag(past.read_plan().steps[-1].tag)
        self._script = scenario.script(seed, pace, self._release)
        patches = scenario.patches("release")
        plan = Plan(self._run, seed, self._script.workload, [patches] if patches else [], size=size)
        self._view = live.View(show.err, command(), str(self._run.path.name))
        self._site = Site(plan, self._view.say, self._notice)
        self._site.validation_seconds = pace.validation
        self._file = (self._run.path / "history.jsonl").open("ab")
        self._writer = history.Writer(self._file, time.time_ns())
        world = World(
            boot=self._site.boot,
            perform=self._perform,
            watch=self._site.watch,
            recording=lambda: self._site.recording,
            declared=self._site.declared,
        )
        reveal = scenario.reveal(self._release)
        self._drill = Drill(
            self._script, reveal, world, self._writer, RESPONDERS[responder](), self._tell
        )
        self._server = Server(self._drill)

    def fly(self) -> int:
        self._introduce()
        try:
            with interrupts(self._drill.interrupt):
                reason = self._loop()
        finally:
            self._close()
        if reason == "interrupted":
            print(f"interrupted; the history is in {self._run.path}", file=sys.stderr)
            return 130
        return self._debrief()

    def _loop(self) -> str:
        self._server.start()
        self._run.announce(self._server.url, self._server.token)
        self._view.start()
        return self._drill.fly()

    def _close(self) -> None:
        self._view.stop()
        self._site.stop()
        self._server.stop()
        self._file.close()
        self._run.close()

    def _introduce(self) -> None:
        pace = self._script.pace
        criteria = [{"name": n, "of": points, "rule": rule} for n, points, rule in score.CRITERIA]
        self._writer.append(
            time.time_ns(),
            "info",
            Op("control", "bridge", "drill"),
            {
                **versions(),
                "machine": f"{platform.machine()}, {os.cpu_count()} cores",
                "seed": self._script.seed,
                "pace": {"name": pace.name, "limit": pace.limit},
                "responder": self._responder,
                "workload": {
                    "normal": self._script.workload.normal,
                    "peak": self._script.workload.peak,
                },
                "criteria": criteria,
            },
        )
        show.err.print(
            f"drill {self._run.path.name}, seed {self._script.seed}, pace {pace.name}, "
            f"responder {self._responder}; everything is kept in {self._run.path}",
            markup=False,
        )
        rows = [(c["name"], c["of"], c["rule"]) for c in criteria]
        show.err.print(show.table("How it will be scored", ("criterion", "#points", "rule"), rows))

    # What the loop calls

    def _perform(self, op: Op) -> Any:
        self._site.slos = self._drill.slos
        return self._site.perform(op)

    def _notice(self, notice: Notice) -> None:
        value = {"service": notice.service, "name": notice.name, "state": notice.kind}
        self._drill.notice("process", value | {"code": notice.code})

    def _tell(self, event: Event) -> None:
        self._view.event(event)
        if event.name == "window" and event.value["name"] == "baseline":
            self._site.recording.windows |= judging.windows([event])
        if event.name == "alert" and len(self._notifier):
            text = str(event.value["text"])
            threading.Thread(
                target=self._notifier.notify, kwargs={"title": "brownout", "body": text}
            ).start()

    # The end

    def _debrief(self) -> int:
        began = time.monotonic()
        made = judging.judge(self._run.path)
        judging.write(self._run.path, made)
        print(made.postmortem)
        rows = [(c.name, f"{c.points:g}", f"{c.of:g}", c.why) for c in made.score.criteria]
        title = f"Score {made.score.points:g} of {made.score.of:g}"
        if made.score.void:
            title = f"No score: void ({made.score.void})"
        show.out.print(show.table(title, ("criterion", "#points", "#of", "why"), rows))
        phases = history.infos(self._writer.events, "phase")
        lengths = [
            f"{a.value['name']} {b.t - a.t:.0f} s"
            for a, b in itertools.pairwise(phases)
            if b.t - a.t >= 0.5
        ]
        show.err.print(
            f"phases: {', '.join(lengths)}; debrief {time.monotonic() - began:.1f} s; "
            f"all {time.monotonic() - self._began:.0f} s",
            markup=False,
        )
        show.err.print(f"{command()} debrief {self._run.path}", markup=False, soft_wrap=True)
        return 0 if made.diagnosis["correct"] else 1


@contextmanager
def interrupts(act: Callable[[], None]) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP call ``act`` while the block runs."""
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, lambda *_: act()) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def up(
    load: Annotated[str, typer.Option(help="normal, peak or none.")] = "normal",
    seed: Annotated[int, typer.Option(help="Decides what users do.")] = 7,
    out: Annotated[Path | None, typer.Option(help="The run folder.")] = None,
    size: Annotated[str, typer.Option(help="The shop's data: normal or small.")] = "normal",
) -> int:
    """Start the shop and its stack, print every URL, stay until Ctrl-C."""
    _one_of("--load", load, ("normal", "peak", "none"))
    _one_of("--size", size, ("normal", "small"))
    run = store.RunFolder(out)
    ended = threading.Event()

    def say(text: str) -> None:
        show.err.print(text, markup=False)

    def notice(event: Notice) -> None:
        say(f"{event.name} {event.kind}")

    site = Site(Plan(run, seed, Workload(3.0, 5.0), size=size), say, notice)
    try:
        with interrupts(ended.set):
            booting = threading.Thread(target=_boot, args=(site, load, ended), daemon=True)
            booting.start()
            ended.wait()
    finally:
        site.stop()
        run.close()
    failure = getattr(site, "failure", None)
    if failure:
        raise failure
    return 130


def _boot(site: Site, load: str, ended: threading.Event) -> None:
    try:
        site.boot()
        site.set_load(load)
        for name, url in site.stack.urls().items():
            show.out.print(f"{name:10} {url}", markup=False, soft_wrap=True)
        show.err.print("Ctrl-C ends it", markup=False)
    except BrownoutError as error:
        site.failure = error  # type: ignore[attr-defined]
        ended.set()
