"""The site: the running shop under load, with its probes and its recording.

What a drill, ``brownout up`` and ``brownout prove`` have in common.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brownout import actions, slo, store
from brownout.actions import wanted
from brownout.collector.client import Client, CollectorAway, LiveRecording
from brownout.load import control, invitation
from brownout.model import TOOLS, BrownoutError, Op, PagePromise, Promise, Window, Workload
from brownout.probes.database.samples import PostgresProbe
from brownout.probes.others import Others
from brownout.probes.processes import Processes
from brownout.probes.valkey.queues import QueueProbe
from brownout.site import validation
from brownout.site.observer import Machine, Observer, Seen, Usage
from brownout.site.tools import Tools
from brownout.site.trial import Trial
from brownout.stack.processes.environment import plain
from brownout.stack.processes.ports import free_ports
from brownout.stack.processes.supervisor import Child, Command, Notice
from brownout.stack.releases.releases import Releases
from brownout.stack.services import browser
from brownout.stack.services.collector import Forward
from brownout.stack.stack import Places, Stack

DATABASE_EVERY = 5
"""Seconds between two samples of PostgreSQL's statistics."""

SETTLE = 3
"""Seconds after a change of the load that are not measured, and for the last rows to arrive."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a site is started with. ``patches``: series of patches, each the next release's;
    ``calibrated``: route -> p95 in ms that this machine was found to have, when it was calibrated;
    ``listen``: where load workers may join; ``chromium``: the browser to visit with, "" for none;
    ``forward``: who gets the telemetry, too.
    """

    run: store.RunFolder
    seed: int
    workload: Workload
    patches: Sequence[Sequence[Path]] = ()
    size: str = "normal"
    calibrated: Mapping[str, float] = field(default_factory=dict)
    listen: str = control.LOOPBACK
    chromium: str = ""
    forward: Forward | None = None
    shop: Path = field(default_factory=lambda: store.assets() / "shop")


def next_tag(tag: str, number: int = 1) -> str:
    """The tag of the release after one: v2.7.0 -> v2.8.0."""
    major, minor, _ = tag.lstrip("v").split(".")
    return f"v{major}.{int(minor) + number}.0"


class Site:
    """Started by ``boot``, ended by ``stop``, which may come half-way through a boot."""

    def __init__(
        self, plan: Plan, say: Callable[[str], None], notice: Callable[[Notice], None]
    ) -> None:
        self.plan = plan
        promised = slo.load(plan.shop)
        self.declared, self.declared_pages = promised.routes, promised.pages
        self.calibrated = plan.calibrated
        self.slos: Sequence[Promise] = ()
        self.pages: Sequence[PagePromise] = ()
        self.stopped = threading.Event()
        self.stack = Stack(
            Places(
                plan.run.path,
                plan.run.id,
                plan.shop,
                store.cache_folder(),
                plan.size,
                plan.listen,
                plan.forward,
            ),
            say,
            notice,
        )
        self._client = Client(self.stack.collector_url, self.stack.token)
        self.recording = LiveRecording(self._client)
        self._actions = actions.discover()
        self._processes = Processes()
        self._tools = Tools(plan.run.path)
        self._others = Others()
        self.machine: Machine | None = None
        self._probe: PostgresProbe | None = None
        self._queues: QueueProbe | None = None
        self._samples = 0
        self._told: Mapping[str, tuple[str, list[int]]] = {}
        self._observer: Observer | None = None
        self._load: Child | None = None
        self._target: control.Target | None = None
        self._load_token = secrets.token_urlsafe(18)

    # Start and stop

    def boot(self) -> dict[str, Any]:
        """Start everything, the load included: {release, urls}."""
        tag = self.stack.start(self._add_releases)
        urls = self.stack.urls()
        self._probe = PostgresProbe(self.stack.postgres.admin_url)
        self._queues = QueueProbe(self.stack.broker)
        self._target = control.Target(
            url=urls["shop"],
            collector=self.stack.collector_url,
            database=urls["database"],
            seed=self.plan.seed,
            rate_file=self.plan.run.path / "load.rate",
            listen=self.plan.listen,
            port=free_ports(1)[0],
            outer=self.stack.web.outer,
            began=time.time_ns(),
        )
        self.set_load("normal")
        self._start_load()
        self._start_browser()
        self._build_ahead(tag)
        told = {k: v for k, v in urls.items() if k in ("shop", "ai")}
        self._tell_services(self.stack.services())
        self.plan.run.scraped(self.stack.collector_url)
        return {"release": tag, "urls": told}

    def _tell_services(self, services: Mapping[str, tuple[str, list[int]]]) -> None:
        """Tell other terminals where everything is, when that has changed."""
        if services == self._told:
            return
        self._told, stack = services, self.stack
        self.plan.run.serves(
            stack.urls()
            | {"database": stack.postgres.admin_url, "broker": stack.broker}
            | {"token": stack.token, "models": str(stack.models), "services": services}
            | {"control": os.getpid()}
        )

    def _add_releases(self, releases: Releases, tag: str) -> None:
        for patches in self.plan.patches:
            fresh = next_tag(tag)
            releases.add(fresh, tag, patches)
            tag = fresh

    def _build_ahead(self, tag: str) -> None:
        """Build the front ends of what will be deployed; what does not build fails then, too."""
        for number in range(1, len(self.plan.patches) + 1):
            with contextlib.suppress(BrownoutError):
                self.stack.build(next_tag(tag, number))

    def _start_load(self) -> None:
        assert self._target is not None
        run = self.plan.run
        command = Command(
            name="load",
            service="load",
            argv=control.argv(self._target),
            env=plain(run.id, run.path)
            | {"BROWNOUT_TOKEN": self.stack.token, "BROWNOUT_LOAD_TOKEN": self._load_token},
            cwd=run.path,
            log=run.path / "logs" / "load.log",
        )
        invitation.write(run.path, self._target, self._load_token)
        self._load = self.stack.supervisor.start(command, self._arrived, timeout=30)

    @property
    def load_address(self) -> str:
        """Where load workers may join, HOST:PORT."""
        assert self._target is not None
        return f"{self._target.listen}:{self._target.port}"

    def _start_browser(self) -> None:
        """The real-browser visitor, where there is one; its CPU is a service's of this run."""
        if self.plan.chromium:
            run, stack = self.plan.run, self.stack
            urls = (stack.web.url, stack.collector_url)
            visitor = browser.Visitor(self.plan.chromium, tuple(self.declared_pages))
            stack.supervisor.start(browser.command(run.id, run.path, visitor, urls, stack.token))

    def _arrived(self) -> bool:
        """Whether the first user has been served."""
        try:
            return bool(self._client.query("SELECT count(*) FROM requests")[0][0])
        except (CollectorAway, BrownoutError):
            return False

    def stop(self) -> None:
        """End everything: the users first, then what serves them."""
        self.stopped.set()
        if self._observer:
            self._observer.stop()
        if self._load:
            self.stack.supervisor.stop(self._load, grace=1.0)
        invitation.withdraw(self.plan.run.path)
        self.stack.stop()
        if self._probe:
            self._probe.close()
        if self._queues:
            self._queues.close()
        self._tools.close()

    # What can be done

    def set_load(self, profile: str) -> None:
        """Users arrive by a profile from now on: normal, peak, ramp, step, soak or none."""
        assert self._target is not None
        workload = self.plan.workload
        control.set_profile(self._target, profile, workload.normal, workload.peak)

    def set_rate(self, rate: float) -> None:
        """Users arrive at this rate, in journeys a second."""
        assert self._target is not None
        control.set_rate(self._target, rate)

    def perform(self, op: Op) -> Mapping[str, Any]:
        """Do what an op asks for; the value of its completion."""
        try:
            if op.name == "validate":
                return self.validate(str(op.args.get("load", "both")), self.validation_seconds)
            if op.name == "try":
                return self.attempt(wanted(op.args, "ref"))
            return self._actions[op.name].apply(self.stack, op.args)
        finally:
            self.progress = ""

    validation_seconds = 12.0

    progress = ""
    """Which step the op that is being performed is in."""

    def validate(self, load: str, seconds: float) -> dict[str, Any]:
        return validation.validate(self.ground(), load, seconds)

    def attempt(self, ref: str) -> dict[str, Any]:
        """Try a release before it goes live (trial.py)."""
        rate = self.plan.workload.normal
        trial = Trial(self.ground(), self.stack, self.plan.seed, rate, self.validation_seconds)
        return trial.attempt(ref)

    def tested(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """What the functional tests and the golden sets say of the site as it is."""
        return validation.tested(self.ground())

    def ground(self) -> validation.Ground:
        return validation.Ground(
            recording=self.recording,
            slos=self.slos,
            shop=self.plan.shop,
            shop_url=self.stack.web.url,
            ai_url=self.stack.ai_url,
            models=self.stack.models,
            set_load=self.set_load,
            stopped=self.stopped,
            run_id=self.plan.run.id,
            pages=self.pages,
            say=self._step,
        )

    def _step(self, text: str) -> None:
        self.progress = text

    def measure(self, profile: str, seconds: float) -> Window:
        """Let users arrive for so long, after a moment to settle; the window that was measured."""
        self.set_load(profile)
        self.stopped.wait(SETTLE)
        start = time.time_ns()
        self.stopped.wait(seconds)
        window = Window(start, time.time_ns())
        self.stopped.wait(SETTLE)
        if self.stopped.is_set():
            raise BrownoutError("interrupted")
        return window

    # Looking

    def watch(self, report: Callable[[Seen], None]) -> None:
        """Look once a second from now on."""
        self._observer = Observer(self.recording, self, report)
        self._observer.start()

    def sample(self) -> dict[str, Usage]:
        """One round of samples into the recording (observer.Sampler)."""
        services = self.stack.services()
        self._tell_services(services)
        metrics, machine = self._sample_processes(services)
        self._client.post("metrics", metrics + (self._queues.sample() if self._queues else []))
        self._client.post("machine", machine)
        if self._probe and self._samples % DATABASE_EVERY == 0:
            self.sample_database()
        self._samples += 1
        usage: dict[str, dict[str, float]] = {}
        for row in metrics:
            usage.setdefault(row["service"], {})[row["name"]] = row["value"]
        return {
            service: Usage(u["process.cpu"], u["process.private"] / 1e6)
            for service, u in usage.items()
        }

    def _sample_processes(
        self, services: Mapping[str, tuple[str, list[int]]]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        tools, typed = self._tools.look(services)
        groups = {**services, TOOLS: ("", sorted(tools))}
        metrics, machine = self._processes.sample(groups, typed, self._tools.settled)
        foreign = machine[0]["foreign_cpu"]
        own = {pid for _, pids in groups.values() for pid in pids}
        self.machine = Machine(machine[0]["ts"], foreign, self._others.look(own, foreign))
        return metrics, machine

    def sample_database(self) -> None:
        if self._probe:
            for table, rows in self._probe.sample().items():
                self._client.post(table, rows)


def versions() -> dict[str, str]:
    """What made a history: brownout's and Python's versions, for the debrief."""
    from brownout import __version__

    return {"brownout": __version__, "python": sys.version.split()[0]}
