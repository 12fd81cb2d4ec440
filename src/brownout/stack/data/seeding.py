"""Makes a dataset: the shop's own commands, run into a new PostgreSQL cluster."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import json
import secrets
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from brownout.stack.data.recipe import SIZES, Recipe
from brownout.stack.data.room import open_folder, size_of
from brownout.stack.processes.environment import ONE_THREAD, plain
from brownout.stack.processes.ports import free_ports
from brownout.stack.processes.supervisor import Command, Supervisor
from brownout.stack.services import programs
from brownout.stack.services.postgres import Postgres

Progress = Callable[[str], None]
"""Told what begins, for people to read; from several threads."""

Step = Callable[[], None]


@dataclass(frozen=True)
class Kitchen:
    """What the steps share."""

    recipe: Recipe
    supervisor: Supervisor
    postgres: Postgres
    result: Path
    progress: Progress

    def generate(self) -> None:
        self.progress("generating customers, books, reviews and orders")
        options = ["--seed", str(self.recipe.seed), "--size", self.recipe.size]
        self._python("generate", "", "-m", "data.generate", "--out", self._data, *options)

    def database(self) -> None:
        self.progress("creating a database")
        self.postgres.initialise(self.supervisor)
        self.supervisor.start(self.postgres.command(), self.postgres.ready, timeout=60)
        self.postgres.create_database()
        self.progress("creating its tables")
        self._python("migrate", "backend", "manage.py", "migrate", "--verbosity", "1")

    def load(self) -> None:
        self.progress("loading the data")
        self._python("load", "backend", "manage.py", "load", "--data", self._data)

    def train(self) -> None:
        self.progress("training the models")
        models = str(self.result / "models")
        self._python("train", "", "-m", "ai.train", "--data", self._data, "--out", models)

    def load_learned(self) -> None:
        """What training wrote for the database: vectors, summaries and the like."""
        self.progress("loading what the models learned")
        learned = str(self.result / "data" / "learned")
        self._python("load-learned", "backend", "manage.py", "load", "--data", learned)

    def finish(self) -> None:
        """Every page visible and frozen: reading must not write. Statistics begin at zero."""
        self.progress("tidying up the database")
        with psycopg.connect(self.postgres.admin_url, autocommit=True) as connection:
            connection.execute("VACUUM (FREEZE, ANALYZE)")
            connection.execute("SELECT pg_stat_statements_reset(), pg_stat_reset()")
            connection.execute("CHECKPOINT")
        for child in self.supervisor.children():
            self.supervisor.stop(child, grace=30.0)
        self.postgres.sync(self.supervisor)

    def plan(self) -> dict[Step, list[Step]]:
        """Each step, after those that it needs."""
        return {
            self.generate: [],
            self.database: [],
            self.train: [self.generate],
            self.load: [self.generate, self.database],
            self.load_learned: [self.load, self.train],
            self.finish: [self.load_learned],
        }

    @property
    def _data(self) -> str:
        return str(self.result / "data")

    def _python(self, name: str, folder: str, *words: str) -> None:
        postgres, cwd = self.postgres, self.recipe.shop / folder
        settings = {
            "DATABASE_URL": postgres.url,
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "SECRET_KEY": secrets.token_hex(),
            "PYTHONDONTWRITEBYTECODE": "1",  # the shop's folder is not ours to write to
        }
        environment = plain(postgres.run_id, postgres.run) | ONE_THREAD | settings
        log = postgres.run / "logs" / f"{name}.log"
        command = Command(name, "seeding", [sys.executable, *words], environment, cwd, log)
        self.supervisor.run(command, SIZES[self.recipe.size].step)


def build(recipe: Recipe, folder: Path, progress: Progress, ended: threading.Event) -> None:
    """Make ``folder``, the finished dataset, unless ``ended`` is set. The caller holds its lock."""
    began = time.monotonic()
    for stale in folder.parent.glob(f"{folder.name}.*.building"):
        shutil.rmtree(stale, ignore_errors=True)
    work = folder.with_suffix(".work")  # its logs stay when it fails
    work.mkdir(exist_ok=True)
    run_id = f"seed-{secrets.token_hex(4)}"
    result = folder.with_suffix(f".{run_id}.building")
    with Supervisor(run_id, lambda notice: None) as supervisor:
        supervisor.reaper.remove(result)
        threading.Thread(target=_end, args=(supervisor, ended), daemon=True).start()
        result.mkdir(mode=0o700)
        kitchen = _kitchen(recipe, supervisor, work, result, progress)
        run_all(supervisor, kitchen.plan())
        cluster = kitchen.postgres.folder
        if cluster.parent != result:
            shutil.move(cluster, result / "postgres")
        manifest = {
            "seed": recipe.seed,
            "size": recipe.size,
            "password": kitchen.postgres.password,
            "postgres": ".".join(map(str, programs.version(kitchen.postgres.bin))),
            "bytes": size_of(result / "postgres"),
            "seconds": round(time.monotonic() - began, 1),
        }
        (result / "dataset.json").write_text(json.dumps(manifest, indent=2) + "\n")
        with contextlib.suppress(FileNotFoundError):  # a damaged one: nobody can be using it
            shutil.rmtree(folder)
        result.rename(folder)
    shutil.rmtree(work, ignore_errors=True)


def _end(supervisor: Supervisor, ended: threading.Event) -> None:
    """End what is being made as soon as nobody wants it any more."""
    ended.wait()
    supervisor.close()


def _kitchen(
    recipe: Recipe, supervisor: Supervisor, work: Path, result: Path, progress: Progress
) -> Kitchen:
    postgres = Postgres(
        run_id=supervisor.run_id,
        run=work,
        folder=result / "postgres",
        port=free_ports(1)[0],
        password=secrets.token_hex(16),
    )
    home = open_folder(result, supervisor, postgres.account)
    postgres = dataclasses.replace(postgres, folder=home / "postgres")
    return Kitchen(recipe, supervisor, postgres, result, progress)


def run_all(supervisor: Supervisor, plan: Mapping[Step, Sequence[Step]]) -> None:
    """Run each step of the plan as soon as the earlier ones that it needs are done.

    When one fails, the others are ended at once and its error is raised.
    """
    with concurrent.futures.ThreadPoolExecutor(len(plan)) as pool:
        futures: dict[Step, concurrent.futures.Future[None]] = {}
        for step, needs in plan.items():
            futures[step] = pool.submit(_after, [futures[need] for need in needs], step)
        try:
            for future in concurrent.futures.as_completed(futures.values()):
                future.result()
        except BaseException:
            supervisor.close()
            raise


def _after(needed: Sequence[concurrent.futures.Future[None]], step: Step) -> None:
    for future in needed:
        future.result()
    step()
