"""A session: one drill with everything around it, from its run folder to its debrief."""

from __future__ import annotations

import itertools
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from brownout import history, store
from brownout.app import live, show
from brownout.app.notifying import Notifier
from brownout.app.terminal import command, interrupts, say
from brownout.capacity.calibrations import Capacity
from brownout.catalogue import scenarios
from brownout.flight import judging
from brownout.flight.drill import Drill
from brownout.flight.world import World
from brownout.load.control import LOOPBACK
from brownout.model import BrownoutError, Debrief, Event, Op, Pace
from brownout.recording import baselines
from brownout.recording.finished import open_recording
from brownout.report import pages, promises, score
from brownout.responders import Responder
from brownout.responders.autopilot import Autopilot
from brownout.responders.person import Person
from brownout.site.site import Plan, Site, next_tag, versions
from brownout.stack.processes.supervisor import Notice
from brownout.stack.releases import past
from brownout.stack.services.collector import Forward

RESPONDERS: dict[str, Callable[[], Responder]] = {
    "terminal": Person,
    "autopilot": Autopilot,
    "none": Person,
}


NOTIFIED = ("incident", "time")
"""Events of which whoever is to be notified gets a message."""


@dataclass(frozen=True)
class Choice:
    """What somebody chose to fly. ``practice``: on any machine, and never scored."""

    scenario: scenarios.Scenario
    seed: int
    pace: Pace
    responder: str
    size: str
    notifier: Notifier
    capacity: Capacity = field(default_factory=Capacity)
    listen: str = LOOPBACK
    chromium: str = ""
    forward: Forward | None = None
    practice: bool = False


class Session:
    """One drill: run folder (``out``, a new one without it), site, loop, API, view."""

    def __init__(self, choice: Choice, out: Path | None) -> None:
        self._began = time.monotonic()
        self._responder = choice.responder
        self._capacity = choice.capacity
        self._size = choice.size
        self._notifier = choice.notifier
        self._practice = choice.practice
        self._run = store.RunFolder(out)
        release = next_tag(past.read_plan().steps[-1].tag)
        self._script = choice.scenario.script(
            choice.seed, choice.pace, release, choice.capacity.workload
        )
        patches = choice.scenario.patches("release")
        series = [patches] if patches else []
        plan = Plan(
            self._run,
            choice.seed,
            self._script.workload,
            series,
            size=choice.size,
            calibrated=choice.capacity.calibrated,
            listen=choice.listen,
            chromium=choice.chromium,
            forward=choice.forward,
        )
        self._view = live.View(show.err, live.Cockpit(command(), self._run.path, out is not None))
        self._site = Site(plan, self._view.say, self._notice)
        self._site.validation_seconds = choice.pace.validation
        self._file = (self._run.path / "history.jsonl").open("ab")
        self._writer = history.Writer(self._file, time.time_ns())
        world = World(
            boot=self._site.boot,
            perform=self._perform,
            watch=self._site.watch,
            recording=lambda: self._site.recording,
            declared=self._site.declared,
            calibrated=plan.calibrated,
            pages=self._site.declared_pages,
            progress=lambda: self._site.progress,
            practice=choice.practice,
        )
        reveal = choice.scenario.reveal(release)
        player = RESPONDERS[choice.responder]()
        self._drill = Drill(self._script, reveal, world, self._writer, player, self._tell)
        from brownout.app.api.server import (
            Server,  # heavy, as apprise is: other commands start faster
        )

        self._server = Server(self._drill)
        self._landed = threading.Event()

    def fly(self) -> int:
        with interrupts(self._drill.interrupt):
            try:
                self._introduce()
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
        threading.Thread(target=self._draw, name="view", daemon=True).start()
        return self._drill.fly()

    def _draw(self) -> None:
        """Draw the board anew each second."""
        while not self._landed.wait(1.0):
            self._view.draw(self._drill.status())

    def _close(self) -> None:
        self._landed.set()
        self._view.stop()
        self._site.stop()
        self._server.stop()
        self._file.close()
        self._run.close()

    def _introduce(self) -> None:
        script, pace = self._script, self._script.pace
        criteria = [{"name": n, "of": points, "rule": rule} for n, points, rule in score.PUBLISHED]
        begun = {
            **versions(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "seed": script.seed,
            "pace": {"name": pace.name, "limit": pace.limit},
            "responder": self._responder,
            "workload": {"normal": script.workload.normal, "peak": script.workload.peak},
            "calibrated": self._capacity.day or None,
            "criteria": criteria,
            "practice": self._practice,
        }
        self._writer.append(time.time_ns(), "info", Op("control", "bridge", "drill"), begun)
        say(
            f"drill {self._run.path.name}, seed {script.seed}, pace {pace.name}, "
            f"responder {self._responder}; everything is kept in {self._run.path}"
        )
        say(self._capacity.told())
        if self._practice:
            say(score.PRACTICE)
        rows = [(c["name"], c["of"], c["rule"]) for c in criteria]
        show.err.print(show.table("How it will be scored", ("criterion", "#points", "rule"), rows))

    # What the loop calls

    def _perform(self, op: Op) -> Any:
        events = self._drill.events
        self._site.slos, self._site.pages = (
            promises.from_history(events),
            pages.from_history(events),
        )
        return self._site.perform(op)

    def _notice(self, notice: Notice) -> None:
        value = {"service": notice.service, "name": notice.name, "state": notice.kind}
        self._drill.notice("process", value | {"code": notice.code})

    def _tell(self, event: Event) -> None:
        self._view.event(event)
        if event.name == "slo" and "warning" in event.value:
            self._view.say(f"{event.value['warning']}; {score.PRACTICE}: flown on all the same")
        if event.name == "window" and event.value["name"] == "baseline":
            self._site.recording.windows |= judging.windows([event])
        if event.name in NOTIFIED:
            self._notifier.send({"id": event.name} | dict(event.value), self._unsent)

    def _unsent(self, what: Mapping[str, Any]) -> None:
        if not self._drill.stopped.is_set():
            self._drill.notice("notify", what)
        elif what["text"]:  # nothing more is written
            say(str(what["text"]))

    # The end

    def _debrief(self) -> int:
        began = time.monotonic()
        made = judging.judge(self._run.path)
        judging.write(self._run.path, made)
        self._keep_baseline()
        print(made.postmortem)
        show.out.print(scored(made))
        took = time.monotonic() - began
        say(
            f"phases: {lengths(self._writer.events)}; debrief {took:.1f} s; "
            f"all {time.monotonic() - self._began:.0f} s"
        )
        say(f"{command()} debrief {self._run.path}")
        return 0 if self._practice or made.diagnosis["correct"] else 1

    def _keep_baseline(self) -> None:
        windows = judging.windows(self._writer.events)
        try:
            with open_recording(self._run.path, windows) as recording:
                baselines.keep(recording, self._size)
        except (OSError, BrownoutError) as error:  # a full disk, say; the drill itself is complete
            say(f"the baseline could not be kept in {store.cache_folder()}: {error}")


def scored(made: Debrief) -> RenderableType:
    """The score as a table, or why there is none, with what was done all the same."""
    score, void = made.score, made.score.void
    title = f"No score: {void}" if void else f"Score {score.points:g} of {score.of:g}"
    if not score.criteria:
        return Text(title)
    rows = [(c.name, None if void else f"{c.points:g}", f"{c.of:g}", c.why) for c in score.criteria]
    return show.table(title, ("criterion", "#points", "#of", "why"), rows)


def lengths(events: Sequence[Event]) -> str:
    """How long each phase took, those of a moment left out."""
    pairs = itertools.pairwise(history.infos(events, "phase"))
    told = [(a.value["name"], b.t - a.t) for a, b in pairs if b.t - a.t >= 0.5]
    return ", ".join(f"{name} {seconds:.0f} s" for name, seconds in told)
