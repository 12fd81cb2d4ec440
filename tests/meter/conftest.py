"""What the meter's events go to, and what the metered projects call."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from metering import Receiver
from service import Service
from waiting import PATIENCE

from brownout.stack.processes.ports import free_ports
from brownout.stack.processes.supervisor import Supervisor
from brownout.stack.services.postgres import Postgres


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.close()


@pytest.fixture(scope="session")
def supervisor() -> Iterator[Supervisor]:
    with Supervisor(f"test-{uuid.uuid4()}", lambda notice: None) as made:
        yield made


@pytest.fixture(scope="session")
def postgres(supervisor: Supervisor, tmp_path_factory: pytest.TempPathFactory) -> Postgres:
    run = tmp_path_factory.mktemp("postgres")
    made = Postgres(supervisor.run_id, run, run / "data", free_ports(1)[0], "secret")
    made.initialise(supervisor)
    supervisor.start(made.command(), made.ready, timeout=PATIENCE)
    made.create_database()
    return made


@pytest.fixture
def database(postgres: Postgres) -> str:
    """The URL of an empty one."""
    with psycopg.connect(postgres.admin_url, dbname="postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE shop")
        connection.execute("CREATE DATABASE shop OWNER shop")
    return postgres.url
