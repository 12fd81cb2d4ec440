"""PostgreSQL samples: its cumulative statistics as rows of the recording."""

from __future__ import annotations

import time
from typing import Any

import psycopg
from psycopg.rows import dict_row

from brownout.probes.database.session import MARK

QUERIES = {
    "statements": f"""
        SELECT query, calls, rows, total_exec_time AS time_ms FROM pg_stat_statements
        WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        ORDER BY total_exec_time DESC LIMIT 100 {MARK}""",
    "relations": f"""
        SELECT relname AS relation, seq_scan AS seq_scans, seq_tup_read AS seq_rows,
               coalesce(idx_scan, 0) AS index_scans, n_live_tup AS live_rows
        FROM pg_stat_user_tables ORDER BY relname {MARK}""",
    "indexes": f"""
        SELECT i.tablename AS relation, i.indexname AS name, i.indexdef AS definition,
               s.idx_scan AS scans
        FROM pg_indexes i JOIN pg_stat_user_indexes s
          ON s.schemaname = i.schemaname AND s.indexrelname = i.indexname
        ORDER BY i.tablename, i.indexname {MARK}""",
}
"""Table of the recording -> the query whose rows go into it."""


class PostgresProbe:
    """Takes samples over one connection of its own, opened when it is needed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[dict[str, Any]] | None = None

    def sample(self) -> dict[str, list[dict[str, Any]]]:
        """Table -> rows; nothing while the database is away."""
        ts = time.time_ns()
        try:
            connection = self._connect()
            return {
                table: [{"ts": ts, **row} for row in connection.execute(query).fetchall()]
                for table, query in QUERIES.items()
            }
        except psycopg.Error:
            self.close()
            return {}

    def _connect(self) -> psycopg.Connection[dict[str, Any]]:
        if self._connection is None:
            self._connection = psycopg.connect(
                self._url, autocommit=True, connect_timeout=2, row_factory=dict_row
            )
            self._connection.execute("SET statement_timeout = '2s'")
        return self._connection

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None
