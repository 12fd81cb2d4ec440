"""Samples of a real PostgreSQL, and of one that is away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from waiting import until

from brownout.collector.tables import Tables
from brownout.probes.database.samples import QUERIES, PostgresProbe
from brownout.stack.processes.ports import free_ports
from brownout.stack.services.postgres import Postgres

Samples = dict[str, list[dict[str, Any]]]


@pytest.fixture
def probe(postgres: Postgres) -> Iterator[PostgresProbe]:
    made = PostgresProbe(postgres.admin_url)
    yield made
    made.close()


def of(samples: Samples, table: str, **wanted: str) -> dict[str, Any]:
    [found] = [r for r in samples[table] if all(r[k] == v for k, v in wanted.items())]
    return found


@pytest.mark.stack
def test_a_statement_is_sampled_with_its_calls_and_rows(
    postgres: Postgres, probe: PostgresProbe
) -> None:
    with psycopg.connect(postgres.url) as connection:
        for n in range(7):
            connection.execute(f"SELECT id, title FROM books WHERE id <= {n} OFFSET 0")
    query = "SELECT id, title FROM books WHERE id <= $1 OFFSET $2"
    found = of(probe.sample(), "statements", query=query)
    assert (found["calls"], found["rows"]) == (7, 21)
    assert 0 < found["time_ms"] < 1000


@pytest.mark.stack
def test_scans_of_tables_and_indexes_are_sampled(postgres: Postgres, probe: PostgresProbe) -> None:
    before = probe.sample()
    with psycopg.connect(postgres.url) as connection:
        connection.execute("SET enable_seqscan = off")
        connection.execute("SELECT * FROM books WHERE title = 'title 7'")
        connection.execute("SELECT * FROM books WHERE id = 7")
    with psycopg.connect(postgres.url) as connection:
        connection.execute("SET enable_indexscan = off; SET enable_bitmapscan = off")
        connection.execute("SELECT * FROM books WHERE title = 'title 8'")
    samples: Samples = {}

    def arrived() -> bool:  # a backend hands its counters over when it ends
        samples.update(probe.sample())
        table = of(samples, "relations", relation="books")
        return table["seq_rows"] - of(before, "relations", relation="books")["seq_rows"] >= 500

    until(arrived)
    old, new = (of(s, "relations", relation="books") for s in (before, samples))
    assert new["seq_scans"] - old["seq_scans"] == 1
    assert new["index_scans"] - old["index_scans"] == 2
    assert new["live_rows"] == 500
    title = of(samples, "indexes", name="books_title")
    assert title["relation"] == "books"
    assert title["definition"].endswith("USING btree (title)")
    assert title["scans"] - of(before, "indexes", name="books_title")["scans"] == 1
    assert of(samples, "indexes", name="books_pkey")["definition"].startswith("CREATE UNIQUE")


@pytest.mark.stack
def test_a_sample_fits_the_recording(probe: PostgresProbe, tmp_path: Path) -> None:
    samples = probe.sample()
    assert list(samples) == list(QUERIES)
    assert len({row["ts"] for rows in samples.values() for row in rows}) == 1
    tables = Tables(tmp_path / "telemetry.duckdb")
    tables.insert(samples)
    for table, rows in samples.items():
        assert tables.query(f"SELECT count(*) FROM {table}", [])[1] == [(len(rows),)]
    tables.close()


@pytest.mark.stack
def test_a_lost_connection_costs_one_sample(postgres: Postgres, probe: PostgresProbe) -> None:
    assert probe.sample()
    with psycopg.connect(postgres.admin_url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
    assert probe.sample() == {}
    assert probe.sample()


def test_while_it_is_away_there_is_nothing() -> None:
    probe = PostgresProbe(f"postgresql://a:b@127.0.0.1:{free_ports(1)[0]}/c")
    assert probe.sample() == {}
    probe.close()
