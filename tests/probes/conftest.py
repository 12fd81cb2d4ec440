"""A database with books."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from waiting import PATIENCE

from brownout.stack.processes.ports import free_ports
from brownout.stack.processes.supervisor import Supervisor
from brownout.stack.services.postgres import Postgres

SCHEMA = """
CREATE TABLE books (id int PRIMARY KEY, title text);
INSERT INTO books SELECT n, 'title ' || n FROM generate_series(1, 500) n;
CREATE INDEX books_title ON books (title);
"""


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
    supervisor.start(made.command(), made.ready, timeout=PATIENCE)
    made.create_database()
    with psycopg.connect(made.url) as connection:
        connection.execute(SCHEMA)
    yield made
