"""What the sessions do, and who waits for whom, looked at again and again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from brownout.probes.database.session import MARK, Session

SESSIONS = f"""
SELECT pid, datname = current_database() AS here, coalesce(application_name, '') AS application,
       coalesce(state, 'hidden') AS state, query_id, coalesce(query, '') AS query,
       coalesce(extract(epoch FROM clock_timestamp() - xact_start), 0)::float AS transaction_s
FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() {MARK}
"""
WAITS = f"""
SELECT w.pid, coalesce(w.application_name, '') AS application, w.query,
       extract(epoch FROM clock_timestamp() - coalesce(l.waitstart, w.query_start))::float
         AS waits_s,
       coalesce(l.relation::regclass::text, l.locktype) AS lock, l.mode, holder.pid AS holder,
       coalesce(h.application_name, '') AS holder_application,
       coalesce(h.state, 'a prepared transaction, or hidden') AS holder_state,
       coalesce(h.query, '') AS holder_query,
       extract(epoch FROM clock_timestamp() - h.query_start)::float AS holder_query_s,
       extract(epoch FROM clock_timestamp() - h.xact_start)::float AS holder_s
FROM pg_stat_activity w JOIN pg_locks l ON l.pid = w.pid AND NOT l.granted
CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS holder(pid)
LEFT JOIN pg_stat_activity h ON h.pid = holder.pid
WHERE w.wait_event_type = 'Lock' AND w.datname = current_database() {MARK}
"""
LIMITS = f"""
SELECT sum(setting::int) FILTER (WHERE name = 'max_connections') AS most,
       sum(setting::int) FILTER (WHERE name <> 'max_connections') AS reserved
FROM pg_settings
WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections') {MARK}
"""


@dataclass
class Activity:
    """What was seen in all samples.

    ``waits``: (waiter, holder, lock) -> the row with the longest wait, in which ``seen`` counts
    the samples; ``examples``: query id -> a statement as it was sent, with its real values.
    """

    samples: int = 0
    sessions: Counter[tuple[str, str]] = field(default_factory=Counter)
    peaks: dict[tuple[str, str], int] = field(default_factory=dict)
    most: int = 0
    oldest_idle_s: float = 0.0
    hidden: bool = False
    waits: dict[tuple[int, int, str], dict[str, Any]] = field(default_factory=dict)
    examples: dict[int, str] = field(default_factory=dict)

    def look(self, connection: Session, longest: int) -> None:
        """Take one sample. ``longest``: bytes of a query that the server shows."""
        rows = connection.execute(SESSIONS).fetchall()
        self.samples += 1
        self.most = max(self.most, len(rows))
        now = Counter((row["application"], row["state"]) for row in rows)
        self.sessions += now
        for key, count in now.items():
            self.peaks[key] = max(self.peaks.get(key, 0), count)
        for row in rows:
            if row["state"].startswith("idle in transaction"):
                self.oldest_idle_s = max(self.oldest_idle_s, row["transaction_s"])
            self.hidden |= row["query"] == "<insufficient privilege>"
            self._keep(row, longest)
        for row in connection.execute(WAITS).fetchall():
            self._wait(row)

    def _keep(self, row: dict[str, Any], longest: int) -> None:
        """An example is whole, and says its values: one sent with $1 does not."""
        query = row["query"]
        whole = len(query.encode()) < longest - 1
        if row["here"] and row["query_id"] and whole and "$1" not in query:
            self.examples.setdefault(row["query_id"], query)

    def _wait(self, row: dict[str, Any]) -> None:
        key = row["pid"], row["holder"], row["lock"]
        seen = self.waits.get(key, {"waits_s": -1.0, "seen": 0})
        kept = row if row["waits_s"] >= seen["waits_s"] else seen
        self.waits[key] = {**kept, "seen": seen["seen"] + 1}


def limits(connection: Session) -> tuple[int, int]:
    """(max_connections, how many of them are kept for superusers and the like)."""
    row = connection.execute(LIMITS).fetchone() or {}
    return int(row.get("most") or 0), int(row.get("reserved") or 0)
