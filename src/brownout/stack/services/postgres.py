"""PostgreSQL: a throw-away cluster on a loopback port."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from brownout.model import MachineError
from brownout.stack.processes.account import Account, account
from brownout.stack.processes.environment import plain
from brownout.stack.processes.ports import HOST
from brownout.stack.processes.supervisor import Command, Supervisor
from brownout.stack.services.programs import find_postgres, version

DATABASE = "shop"
USER = "shop"
ADMIN = "postgres"

SETTINGS = """\
# Written by brownout at each start; a change here does not survive.
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
# One small machine carries everything, the load included.
max_connections = 60
shared_buffers = 64MB
work_mem = 4MB
maintenance_work_mem = 64MB
effective_cache_size = 512MB
random_page_cost = 1.1
max_worker_processes = 4
max_parallel_workers_per_gather = 0
jit = off
# The data can be made again: nothing waits for a disk. A commit is still handed to the system, so
# it survives the death of the server, if not that of the machine.
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 512MB
wal_recycle = off
wal_init_zero = off
checkpoint_timeout = 30min
# Files in the cluster, not in /dev/shm: a SIGKILL leaves nothing behind.
dynamic_shared_memory_type = mmap
# Gentle: it must not be taken for a regression.
autovacuum_max_workers = 1
autovacuum_naptime = 30s
autovacuum_vacuum_cost_delay = 10ms
# What the probes read.
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.max = 2000
pg_stat_statements.save = off
track_io_timing = on
track_activity_query_size = 4096
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_checkpoints = off
"""

ACCESS = f"host all all {HOST}/32 scram-sha-256\n"


@dataclass(frozen=True)
class Postgres:
    """A cluster in ``folder`` as a service on ``port``; ``password`` is both roles'.

    The shop owns the database ``shop``; probes use ``admin_url``, a superuser's.
    """

    run_id: str
    run: Path
    folder: Path
    port: int
    password: str
    bin: Path = field(default_factory=find_postgres)
    account: Account = field(default_factory=account)

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{self.password}@{HOST}:{self.port}/{DATABASE}"

    @property
    def admin_url(self) -> str:
        return f"postgresql://{ADMIN}:{self.password}@{HOST}:{self.port}/{DATABASE}"

    def initialise(self, supervisor: Supervisor) -> None:
        """Make an empty cluster (initdb)."""
        secret = self.folder.with_name(f"{self.folder.name}.password")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(self.password)
        for path in (self.folder, secret):
            self.account.take(path)
        options = ["--username", ADMIN, "--pwfile", str(secret), "--auth", "scram-sha-256"]
        # Small segments make a small cluster: it is copied for each run.
        options += ["--no-sync", "--wal-segsize", "4", "--encoding", "UTF8"]
        if version(self.bin)[0] >= 17:
            options += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        argv = [str(self.bin / "initdb"), "--pgdata", str(self.folder), "--locale", "C", *options]
        try:
            supervisor.run(self._command("initdb", argv), timeout=60)
        finally:
            secret.unlink()

    def command(self) -> Command:
        """Writes the settings into the cluster, and gives the command that serves it."""
        (self.folder / "postgresql.conf").write_text(SETTINGS.format(host=HOST, port=self.port))
        (self.folder / "pg_hba.conf").write_text(ACCESS)
        argv = [str(self.bin / "postgres"), "-D", str(self.folder)]
        return self._command("postgres", argv)

    def ready(self) -> bool:
        """Does it answer a query?"""
        admin = f"postgresql://{ADMIN}:{self.password}@{HOST}:{self.port}/{ADMIN}"
        try:
            with psycopg.connect(admin, connect_timeout=2) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.Error:
            return False

    def create_database(self) -> None:
        """The shop's role and database, with the extension that the probes read."""
        admin = f"postgresql://{ADMIN}:{self.password}@{HOST}:{self.port}/{ADMIN}"
        password = psycopg.sql.Literal(self.password)
        role = psycopg.sql.SQL(f"CREATE ROLE {USER} LOGIN PASSWORD {{}}").format(password)
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(role)
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {USER}")
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")

    def sync(self, supervisor: Supervisor) -> None:
        """Put the stopped cluster on the disk for good (its server never waits for that)."""
        argv = [str(self.bin / "initdb"), "--pgdata", str(self.folder), "--sync-only"]
        supervisor.run(self._command("initdb", argv), timeout=120)

    def _command(self, name: str, argv: list[str]) -> Command:
        if not self.account.reaches(self.bin / "postgres"):
            raise MachineError(
                f"PostgreSQL refuses to run as root, and the user nobody cannot get to {self.bin}: "
                "run brownout as an ordinary user, or install it in a folder open to all."
            )
        return Command(
            name=name,
            service="postgres",
            argv=self.account.runs(*argv),
            env=plain(self.run_id, self.run),
            # Where the account certainly may be: it need not reach the run's folder.
            cwd=self.folder,
            log=self.run / "logs" / "postgres.log",
            stop_signal=signal.SIGINT,  # "fast": clients are cut off, files are left clean
            grace=3.0,
        )
