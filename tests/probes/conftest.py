"""A collector of the test's own, or one for all tests of a module; a database with books."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from collecting import Collector

from brownout.stack.ports import free_ports
from brownout.stack.postgres import Postgres
from brownout.stack.supervisor import Supervisor

SCHEMA = """
CREATE TABLE books (id int PRIMARY KEY, title text);
INSERT INTO books SELECT n, 'title ' || n FROM generate_series(1, 500) n;
CREATE INDEX books_title ON books (title);
"""


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    made = Collector(tmp_path)
    yield made
    made.kill()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    made = Collector(tmp_path_factory.mktemp("collector"))
    yield made
    made.kill()


@pytest.fixture(scope="module")
def supervisor() -> Iterator[Supervisor]:
    with Supervisor(f"test-{uuid.uuid4()}", lambda notice: None) as supervisor:
        yield supervisor


@pytest.fixture(scope="module")
def postgres(
    supervisor: Supervisor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Postgres]:
    run = tmp_path_factory.mktemp("run")
    made = Postgres(supervisor.run_id, run, run / "postgres", free_ports(1)[0], "secret")
    made.initialise(supervisor)
    supervisor.start(made.command(), made.ready, timeout=60)
    made.create_database()
    with psycopg.connect(made.url) as connection:
        connection.execute(SCHEMA)
    yield made
