"""The stack: the shop's processes and the collector, started in parallel, changed in flight."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil

from brownout.model import BrownoutError
from brownout.stack.data.dataset import Dataset, prepare
from brownout.stack.data.recipe import Recipe
from brownout.stack.data.room import need_memory
from brownout.stack.processes.environment import ASSETS, ONE_THREAD, Wiring, shop
from brownout.stack.processes.ports import HOST, free_ports
from brownout.stack.processes.readiness import answers, says
from brownout.stack.processes.supervisor import Child, Notice, Supervisor
from brownout.stack.rehearsal import Cast, Stage, stage
from brownout.stack.releases import frontend
from brownout.stack.releases.migrations import Migrations
from brownout.stack.releases.releases import Releases
from brownout.stack.services import ai, collector, statements, worker
from brownout.stack.services.postgres import Postgres
from brownout.stack.services.valkey import Valkey
from brownout.stack.services.web import Web

MEMORY = 1.6e9
"""Bytes of memory that a drill needs free."""

T = TypeVar("T")


@dataclass(frozen=True)
class Places:
    """Where a stack finds the shop, keeps what it makes, and runs.

    ``listen``: the address at which load workers reach the shop; ``forward``: who gets the
    telemetry, too.
    """

    run: Path
    run_id: str
    shop: Path
    cache: Path
    size: str = "normal"
    listen: str = HOST
    forward: collector.Forward | None = None


class Stack:
    """Started by ``start``, ended by ``stop``, which may come at any time."""

    def __init__(
        self, places: Places, say: Callable[[str], None], notify: Callable[[Notice], None]
    ) -> None:
        self.places = places
        self._say = say
        self.supervisor = Supervisor(places.run_id, notify)
        self.releases = Releases(places.run)
        ports = free_ports(4)
        run_id, run = places.run_id, places.run
        self._valkey = Valkey(run_id, run, ports[1])
        self._ports = dict(zip(("postgres", "valkey", "ai", "collector"), ports, strict=True))
        self.ai_url = f"http://{HOST}:{ports[2]}"
        self.collector_url = f"http://{HOST}:{ports[3]}"
        self.token = secrets.token_urlsafe(18)
        self._dataset: Dataset | None = None
        self._postgres: Postgres | None = None
        self._web: Web | None = None
        self._worker: Child | None = None
        self._deploying = threading.Lock()
        self._ended = threading.Event()

    # What there is

    @property
    def postgres(self) -> Postgres:
        return _there(self._postgres, "PostgreSQL")

    @property
    def web(self) -> Web:
        return _there(self._web, "the web service")

    @property
    def models(self) -> Path:
        return _there(self._dataset, "the dataset").models

    @property
    def release(self) -> str:
        """The release that serves."""
        return _there(self.web.current, "a release").tag

    def urls(self) -> dict[str, str]:
        return {
            "shop": self.web.url,
            "ai": self.ai_url,
            "collector": self.collector_url,
            "database": self.postgres.url,
            "cache": self._valkey.url(0),
        }

    @property
    def broker(self) -> str:
        """The queues' URL."""
        return self._valkey.url(1)

    def services(self) -> dict[str, tuple[str, list[int]]]:
        """Service -> (release, pids of all its processes)."""
        found: dict[str, tuple[str, list[int]]] = {}
        for child in self.supervisor.children():
            command = child.command
            _, pids = found.setdefault(command.service, (command.release, []))
            try:
                process = psutil.Process(child.pid)
                pids += [child.pid, *(p.pid for p in process.children(recursive=True))]
            except psutil.Error:
                continue
        return found

    # Start and stop

    def start(self, prepare_releases: Callable[[Releases, str], None]) -> str:
        """Start everything; the release that serves. ``prepare_releases`` may add later ones."""
        need_memory(MEMORY, "to run a drill")
        (self.places.run / "logs").mkdir(exist_ok=True)
        with ThreadPoolExecutor(6, thread_name_prefix="boot") as pool:
            collecting = pool.submit(self._start_collector)
            data = pool.submit(self._start_database)
            caching = pool.submit(self._start_valkey)
            tag = self._create_releases(prepare_releases)
            built = pool.submit(self._frontend, tag)
            wiring = self._wire(data)
            self._migrations = self._migrated(wiring, tag)
            thinking = pool.submit(self._start_ai, wiring, tag)
            caching.result()
            working = pool.submit(self._start_worker, wiring, tag)
            self._web = Web(self.supervisor, wiring, self.places.listen)
            collecting.result()
            thinking.result()
            self._say("starting the shop")
            self._web.switch(tag, self.releases.worktree(tag), built.result())
            working.result()
        return tag

    def _create_releases(self, prepare_releases: Callable[[Releases, str], None]) -> str:
        tag = self.releases.create(self.places.shop, self.places.cache)
        prepare_releases(self.releases, tag)
        self.releases.worktree(tag)
        self.releases.checkout(tag)
        return tag

    def _start_collector(self) -> None:
        places, port = self.places, self._ports["collector"]
        command = collector.command(places.run_id, places.run, port, self.token, places.forward)
        self.supervisor.start(command, answers(f"{self.collector_url}/healthz"))

    def _start_valkey(self) -> None:
        self.supervisor.start(self._valkey.command(), self._valkey.ready)

    def _start_database(self) -> Postgres:
        places = self.places
        recipe = Recipe(places.shop, size=places.size)
        self._dataset = prepare(recipe, places.cache, self._say, self._ended)
        folder = self._dataset.place(places.run, self.supervisor)
        self._postgres = Postgres(
            places.run_id, places.run, folder, self._ports["postgres"], self._dataset.password
        )
        self.supervisor.start(self._postgres.command(), self._postgres.ready)
        return self._postgres

    def _wire(self, data: Future[Postgres]) -> Wiring:
        postgres, places = data.result(), self.places
        self._wiring = Wiring(
            run_id=places.run_id,
            run=places.run,
            database=postgres.url,
            cache=self._valkey.url(0),
            broker=self.broker,
            ai=self.ai_url,
            collector=self.collector_url,
            token=self.token,
            secret=secrets.token_hex(),
        )
        return self._wiring

    def _migrated(self, wiring: Wiring, tag: str) -> Migrations:
        environment = shop(wiring, "migrate", tag) | ONE_THREAD
        environment |= {"DJANGO_SETTINGS_MODULE": "shop.settings"}
        log = self.places.run / "logs" / "migrate.log"
        migrations = Migrations(self.supervisor, self.releases, environment, log)
        migrations.begin(tag)
        return migrations

    def _start_ai(self, wiring: Wiring, tag: str) -> None:
        command = ai.command(
            wiring, self.releases.worktree(tag), tag, self.models, self._ports["ai"]
        )
        try:
            self.supervisor.start(command, answers(f"{self.ai_url}/healthz"))
        except BrownoutError as error:
            # It says which model is broken; here models are not trained by hand.
            folder = self.models.parent
            error.args = (f"{error}\n  What is kept in {folder} is made anew once it is deleted.",)
            raise

    def _start_worker(self, wiring: Wiring, tag: str) -> None:
        command = worker.command(wiring, self.releases.worktree(tag), tag)
        self._worker = self.supervisor.start(command, says(command.log, worker.READY), timeout=60)

    def _frontend(self, ref: str) -> Path:
        """A release's front end, built, its assets published."""
        folder = self.releases.worktree(ref) / "frontend"
        shipped = self.places.shop / "frontend" / "dist"
        workshop = frontend.Workshop(self.places.cache, self._say, self.places.run_id)
        built = frontend.build(folder, workshop, shipped)
        frontend.publish(built, self.places.run / ASSETS)
        return built

    def build(self, ref: str) -> None:
        """Build a release's front end ahead of its deployment, so that it disturbs nobody then."""
        self._frontend(ref)

    def stop(self) -> None:
        """End everything; what is in the recording stays."""
        self._ended.set()
        self.supervisor.close()
        if self._web:
            self._web.close()

    def stage(self, ref: str, say: Callable[[str], None]) -> AbstractContextManager[Stage]:
        """A release beside the one that serves, for as long as the block runs (rehearsal.stage)."""
        tag = self.releases.as_it_is(ref)
        fresh = self._migrations.fresh(tag)
        if fresh:
            named = ", ".join(f"{app} {name}" for app, name in fresh.items())
            raise BrownoutError(
                f"{ref} brings migrations ({named}), which only a deployment applies; "
                "deploy it, or try a commit without them"
            )
        say("building it, and starting it beside the live release")
        built = self._frontend(tag)
        return stage(Cast(self.supervisor, self._wiring, self.releases.worktree(tag), built), tag)

    # Changes in flight; each gives what the history keeps of it

    def deploy(self, ref: str, migrate: bool = True) -> dict[str, Any]:
        """Put a release live. Raises BrownoutError when it does not build or is not healthy.

        What fails after users were switched to it is told as ``warning``: the release is live.
        """
        with self._deploying:
            tag, previous = self.releases.resolve(ref), self.release
            release, built = self.releases.worktree(tag), self._frontend(tag)
            if migrate:
                self._migrations.forward(tag)
            serving, drained = self.web.switch(tag, release, built)
            value = {
                "kind": "release",
                "ref": tag,
                "previous": previous,
                "serving_at": serving,
                "drained_at": drained,
            }
            with _warning(value):
                self._replace_worker(tag)
        return value

    def _replace_worker(self, tag: str) -> None:
        # The old one goes first: two would be two schedulers.
        if self._worker:
            self.supervisor.stop(self._worker)
        self._start_worker(self._wiring, tag)

    def rollback(self, to: str, with_migrations: bool) -> dict[str, Any]:
        """Put an earlier release live; its migrations' state too, when asked."""
        tag = self.releases.resolve(to or self.before(self.release))
        value = self.deploy(tag, migrate=False)
        if with_migrations:
            with _warning(value):
                self._migrations.back(tag)
        return value

    def before(self, tag: str) -> str:
        """The release before a tag. Raises BrownoutError when there is none."""
        tags = self.releases.tags()
        at = tags.index(tag) if tag in tags else len(tags)
        if at < 1:
            raise BrownoutError(f"there is no release before {tag}")
        return tags[at - 1]

    def migrate(self, ref: str) -> dict[str, Any]:
        """Bring the database to a release's migrations, forward or back."""
        tag = self.releases.resolve(ref)
        previous = self._migrations.state
        self._migrations.back(tag)
        self._migrations.forward(tag)
        return {"kind": "migration", "ref": tag, "previous": previous, "serving_at": time.time_ns()}

    def set_model(self, name: str, version: str) -> dict[str, Any]:
        """Switch a model to another version. Raises BrownoutError for what is not known."""
        previous = self.active_models().get(name)
        ai.switch(self.ai_url, name, version)
        return {
            "kind": "model",
            "ref": f"{name}={version}",
            "previous": f"{name}={previous}",
            "serving_at": time.time_ns(),
        }

    def active_models(self) -> Mapping[str, str]:
        """Model -> the version in service."""
        return ai.active_models(self.ai_url)

    def sql(self, text: str, write: bool) -> dict[str, Any]:
        """Run SQL on the live database as the shop's role, in autocommit."""
        value = statements.run(self.postgres.url, text, write)
        if write:
            value |= {"kind": "sql", "ref": text, "previous": "", "serving_at": time.time_ns()}
        return value


@contextlib.contextmanager
def _warning(value: dict[str, Any]) -> Iterator[None]:
    """Tell of a failure in the value of what has been done already."""
    try:
        yield
    except BrownoutError as error:
        value["warning"] = str(error)


def _there(found: T | None, what: str) -> T:
    if found is None:
        raise BrownoutError(f"{what} has not been started yet")
    return found
