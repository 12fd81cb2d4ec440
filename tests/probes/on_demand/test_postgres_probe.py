"""The postgres probe on a real server: what it sees, and that it changes nothing."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from waiting import PATIENCE, until

from brownout.model import BrownoutError, MachineError
from brownout.probes.database import activity, indexes, plans, statements
from brownout.probes.database.session import Session, session
from brownout.probes.on_demand import postgres as probe
from brownout.probes.terms import Found, Site
from brownout.stack.processes.ports import free_ports
from brownout.stack.services.postgres import Postgres

pytestmark = pytest.mark.stack

SHOP = """
CREATE TABLE sales (id int PRIMARY KEY, book int, day int, note text);
INSERT INTO sales SELECT n, n % 5000, n % 300, 'note ' || n FROM generate_series(1, 20000) n;
CREATE INDEX sales_day ON sales (day);
CREATE INDEX sales_day_again ON sales (day);
CREATE INDEX sales_day_id ON sales (day, id);
CREATE TABLE told (what text);
CREATE SEQUENCE counter;
CREATE FUNCTION tell(what text) RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO told VALUES (what); RETURN 1; END $$;
CREATE FUNCTION sly(what text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM pg_advisory_lock(42); RETURN 1; END $$;
CREATE VIEW telling AS SELECT tell('by a view') AS one;
ANALYZE sales;
"""


@pytest.fixture(scope="module")
def shop(postgres: Postgres) -> Postgres:
    with psycopg.connect(postgres.url) as connection:
        connection.execute(SHOP)
    return postgres


@pytest.fixture
def reading(shop: Postgres) -> Iterator[Session]:
    with session(shop.admin_url) as connection:
        yield connection


@contextmanager
def busy(url: str, *queries: str) -> Iterator[None]:
    """An application that sends these statements, over and over, on one connection."""
    stop, sent = threading.Event(), threading.Event()

    def work() -> None:
        with psycopg.connect(url, autocommit=True, application_name="shop") as connection:
            while not stop.is_set():
                for query in queries:
                    connection.execute(query)
                sent.set()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert sent.wait(PATIENCE)
        yield
    finally:
        stop.set()
        thread.join()


def table(found: Found, title: str) -> list[dict[str, Any]]:
    [one] = [t for t in found.tables if t.title.startswith(title)]
    names = [name for name, _ in one.columns]
    return [dict(zip(names, row, strict=True)) for row in one.rows]


def test_a_busy_database_is_seen(shop: Postgres, tmp_path: Path) -> None:
    queries = [
        "SELECT note FROM sales WHERE book = 77 AND note > 'a'",
        "SELECT count(*) FROM sales WHERE day = 7",
        "UPDATE sales SET note = 'x' WHERE id = 3",
    ]
    with busy(shop.url, *queries):
        found = probe.probe(Site(database=shop.admin_url), tmp_path, seconds=1)
    ran = {row["statement"]: row for row in table(found, "statements")}
    whole = ran["SELECT note FROM sales WHERE book = $1 AND note > $2"]
    assert whole["calls"] > 3 and whole["rows"] == 4 * whole["calls"]
    assert whole["hit"] + whole["read"] > 100 * whole["calls"]
    update = ran["UPDATE sales SET note = $1 WHERE id = $2"]
    assert update["WAL"] > 0 and update["total"] > 0
    assert not [text for text in ran if "pg_stat" in text]
    made = {row["statement"]: row for row in table(found, "plans")}
    [executed] = [row for text, row in made.items() if "note FROM sales" in text]
    assert executed["plan"] == "executed"
    assert executed["took"] > 0
    assert executed["reads whole"].startswith("sales for")
    [planned] = [row for text, row in made.items() if text.startswith("UPDATE")]
    assert planned["plan"].startswith("planned")
    [missing] = table(found, "missing")
    assert missing["index"] == 'CREATE INDEX CONCURRENTLY ON "public"."sales" (book, note)'
    assert (missing["read"], missing["kept"]) == (20000, 4)
    assert "hypopg" in missing["hypothetically"]
    [read] = [row for row in table(found, "tables") if row["table"] == "sales"]
    assert read["rows so read"] == 20000 * read["whole reads"] > 0
    said = {row["index"]: row["used"] for row in table(found, "indexes")}
    assert said["sales_day_again"] == "the same as sales_day"
    assert said["sales_day"] == "sales_day_id begins with its columns"
    assert said["books_title"] == "never"
    [one] = [row for row in table(found, "connections") if row["application"] == "shop"][:1]
    assert one["most"] == 1
    assert any("of 60" in note for note in found.notes)
    assert found.files[0].read_text().count("Total Cost") > 1


WRITERS = [
    ("UPDATE sales SET note = 'changed'", "it is no SELECT"),
    ("DELETE FROM sales", "it is no SELECT"),
    ("WITH gone AS (DELETE FROM sales RETURNING id) SELECT count(*) FROM gone", "it writes"),
    ("SELECT tell('directly')", "the function tell may change something"),
    ("SELECT tell/* hidden */ ('directly')", "the function tell may change something"),
    ("""SELECT U&"\\0074ell"('escaped')""", "the function tell may change something"),
    ("SELECT one FROM telling", "the function tell may change something"),
    ("SELECT nextval('counter')", "the function nextval may change something"),
    ("SELECT pg_advisory_lock(41)", "the function pg_advisory_lock may change something"),
    ("SELECT id FROM sales WHERE id = 5 FOR UPDATE", "it locks rows"),
    ("SELECT id INTO copied FROM sales", "it may make a table"),
    ("SELECT 1; DELETE FROM sales", "cannot insert multiple commands"),
    ("SELECT 1; COMMIT; DELETE FROM sales", "cannot insert multiple commands"),
    ("DROP TABLE sales", "it has no plan"),
    ("SELECT id FROM sales, sly('x')", "the function sly is the application's own"),
]


@pytest.mark.parametrize(("text", "reason"), WRITERS, ids=[text for text, _ in WRITERS])
def test_what_could_change_something_is_not_executed(
    shop: Postgres, reading: Session, text: str, reason: str
) -> None:
    made = plans.plan(reading, text)
    assert made.how != plans.EXECUTED
    assert reason in made.reason or made.how == ""
    with psycopg.connect(shop.admin_url) as connection:

        def one(query: str) -> Any:
            return connection.execute(query).fetchone()[0]  # type: ignore[index]

        assert one("SELECT count(*) FROM sales") == 20000
        assert one("SELECT count(*) FROM sales WHERE note = 'changed'") == 0
        assert one("SELECT count(*) FROM told") == 0
        assert one("SELECT is_called FROM counter") is False
        assert one("SELECT to_regclass('copied')") is None
        # The planner may call what is declared immutable; its session ends with the probe.
        assert text.endswith("sly('x')") or not one(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        )


def test_the_transaction_itself_refuses_a_write(reading: Session) -> None:
    """Were all else to fail: the last line of defence."""
    planned = plans.plan(reading, "SELECT 1").root
    for text in ("SELECT tell('x')", "DELETE FROM sales", "SELECT nextval('counter')"):
        made = plans._executed(reading, text, planned)
        assert "read-only transaction" in made.reason


def test_a_slow_or_locked_statement_is_given_up(shop: Postgres, reading: Session) -> None:
    made = plans.plan(reading, "SELECT id FROM sales", mean_ms=60_000)
    assert (made.how, made.reason) == (plans.REAL, "it takes 60000 ms, and may have 2000")
    endless = "SELECT count(*) FROM sales a, sales b, sales c WHERE a.id + b.id + c.id = 1"
    assert "statement timeout" in plans.plan(reading, endless).reason
    with psycopg.connect(shop.url) as connection:
        connection.execute("LOCK TABLE sales")
        assert "lock timeout" in plans.plan(reading, "SELECT id FROM sales").reason
    assert plans.plan(reading, "SELECT id FROM sales WHERE id = $1").how == plans.GENERIC


def test_who_waits_for_a_lock_and_who_holds_it(shop: Postgres, reading: Session) -> None:
    seen = activity.Activity()
    update = "UPDATE sales SET note = 'mine' WHERE id = 1"
    with psycopg.connect(shop.url, application_name="holder") as holder:
        holder.execute(update)
        with psycopg.connect(shop.url, application_name="waiter") as waiter:
            thread = threading.Thread(target=lambda: waiter.execute(update))
            thread.start()

            def found() -> object:
                seen.look(reading, 4096)
                return seen.waits

            until(found)
            holder.rollback()
            thread.join()
            waiter.rollback()
    [wait] = seen.waits.values()
    assert (wait["application"], wait["holder_application"]) == ("waiter", "holder")
    assert wait["query"] == wait["holder_query"] == update
    assert wait["holder_state"] == "idle in transaction"
    assert wait["holder_s"] >= wait["waits_s"] >= 0
    assert seen.peaks["holder", "idle in transaction"] == 1


def test_a_hypothetical_index_is_tried(shop: Postgres, reading: Session, tmp_path: Path) -> None:
    with psycopg.connect(shop.admin_url, autocommit=True) as admin:
        try:
            admin.execute("CREATE EXTENSION hypopg")
        except psycopg.Error as error:
            pytest.skip(f"this server has no hypopg: {error}")
        made = plans.plan(reading, "SELECT note FROM sales WHERE book = 77 AND note > 'a'")
        tables = reading.execute(indexes.TABLES).fetchall()
        [(plan, scan)] = indexes.missing([made], tables)
        before = indexes.hypothetical(reading, plan, scan)
        assert before.startswith("the planner would use it: cost ")
        assert indexes.hypothetical(reading, plan, scan) == before  # nothing of it was left
        admin.execute("DROP EXTENSION hypopg")


def test_without_rights_it_says_what_is_hidden(shop: Postgres, tmp_path: Path) -> None:
    with psycopg.connect(shop.admin_url) as admin, busy(shop.admin_url, "SELECT 1"):
        found = probe.probe(Site(database=shop.url), tmp_path, seconds=0)
        assert any("pg_read_all_stats" in note for note in found.notes)
        del admin


def test_without_the_extension_the_rest_is_seen(shop: Postgres, tmp_path: Path) -> None:
    other = shop.admin_url.removesuffix("/shop") + "/postgres"
    found = probe.probe(Site(database=other), tmp_path, seconds=0)
    assert "CREATE EXTENSION pg_stat_statements" in found.notes[0]
    assert table(found, "statements") == []


def test_what_auto_explain_logs_is_taken(shop: Postgres, tmp_path: Path) -> None:
    query = "SELECT note FROM sales WHERE book = 4711"
    log = str(shop.run / "logs" / "postgres.log")
    for kind in ("json", "text"):
        with psycopg.connect(shop.admin_url, autocommit=True) as admin:
            for name, value in (
                ("session_preload_libraries", "auto_explain"),
                ("auto_explain.log_min_duration", "0"),
                ("auto_explain.log_analyze", "on"),
                ("auto_explain.log_format", kind),
            ):
                admin.execute(f"ALTER DATABASE shop SET {name} = {value}")
        try:
            with busy(shop.url, query):
                found = probe.probe(Site(database=shop.admin_url), tmp_path, 0.5, log=log)
        finally:
            with psycopg.connect(shop.admin_url, autocommit=True) as admin:
                admin.execute("ALTER DATABASE shop RESET ALL")
        [made] = [row for row in table(found, "plans") if "book" in row["statement"]]
        assert made["plan"] == "logged by auto_explain"
        assert made["statement"] == query
        assert made["took"] > 0
        assert "book = 4711" in made["reads whole"]


@pytest.mark.parametrize(
    ("url", "kind", "words"),
    [
        ("mysql://a/b", BrownoutError, "not a PostgreSQL URL"),
        ("postgresql://shop:wrong@127.0.0.1:{port}/shop", BrownoutError, "check the user and the"),
        ("postgresql://shop:secret@127.0.0.1:{port}/nope", BrownoutError, "check the name"),
        ("postgresql://shop:secret@127.0.0.1:{free}/shop", MachineError, "is the server running"),
        ("postgresql://shop:secret@127.0.0.1:port/shop", BrownoutError, "check the port"),
        ("postgresql://shop:secret@127.0.0.1:77777/shop", BrownoutError, "check the port"),
        ("postgresql://shop:secret@no.such.host.invalid/shop", BrownoutError, "check the host"),
    ],
)
def test_a_database_that_refuses(
    shop: Postgres, tmp_path: Path, url: str, kind: type[BrownoutError], words: str
) -> None:
    given = url.format(port=shop.port, free=free_ports(1)[0])
    with pytest.raises(BrownoutError) as refused:
        probe.probe(Site(database=given), tmp_path, 0)
    assert type(refused.value) is kind
    assert words in str(refused.value)
    assert "secret" not in str(refused.value) and "wrong" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_another_kind_of_server_at_its_port(tmp_path: Path) -> None:
    class Other(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(8)
            self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        url = f"postgresql://shop:secret@127.0.0.1:{server.server_address[1]}/shop"
        with pytest.raises(MachineError, match="what listens there is no PostgreSQL"):
            probe.probe(Site(database=url), tmp_path, 0)


def test_a_counter_that_fell_counts_anew() -> None:
    def moment(calls: float, reset: str = "then") -> statements.Snapshot:
        counts = dict.fromkeys(statements.COUNTERS, calls)
        return statements.Snapshot({(1, 2, True): ("SELECT 1", counts)}, reset=reset)

    def calls(before: statements.Snapshot, after: statements.Snapshot) -> list[float]:
        return [s.counts["calls"] for s in statements.difference(before, after)]

    assert calls(moment(5), moment(7)) == [2]
    assert calls(moment(5), moment(5)) == []
    assert calls(moment(5), moment(3)) == [3]
    assert calls(moment(5), moment(7, "now")) == [7]
    assert statements.doubts(moment(5), moment(7, "now")) == [
        "the statements' counters were reset in the window: it begins there"
    ]


@pytest.mark.parametrize(("hold", "autocommit"), [(False, False), (True, True)])
def test_a_cursor_is_one_statement_and_planned_by_its_query(
    shop: Postgres, tmp_path: Path, hold: bool, autocommit: bool
) -> None:
    with psycopg.connect(shop.url, autocommit=autocommit) as connection:

        def iterate(number: int) -> None:
            name = f"_django_curs_{number}_sync_{number}"
            with connection.cursor(name, withhold=hold) as cursor:
                cursor.itersize = 500
                cursor.execute(f"SELECT note FROM sales WHERE book > {number} AND id < 2000")
                assert len(cursor.fetchall()) > 1000
            connection.commit()

        stop, sent = threading.Event(), threading.Event()

        def work() -> None:
            for number in range(1, 10**6):
                iterate(number % 300)  # beyond some 600 the server forgets the oldest
                sent.set()
                if stop.is_set():
                    return

        thread = threading.Thread(target=work)
        thread.start()
        try:
            assert sent.wait(PATIENCE)
            found = probe.probe(Site(database=shop.admin_url), tmp_path, seconds=1)
        finally:
            stop.set()
            thread.join()
    rows = [row for row in table(found, "statements") if "curs" in row["statement"].lower()]
    kind = "WITH HOLD " if hold else ""
    [cursor] = [row for row in rows if row["statement"].startswith("DECLARE")]
    assert cursor["statement"] == (
        f"DECLARE cursor CURSOR {kind}FOR SELECT note FROM sales WHERE book > $1 AND id < $2"
    )
    assert cursor["calls"] > 1 and cursor["rows"] > 1000 * (cursor["calls"] - 1)
    assert not [row for row in rows if "_django_curs" in row["statement"]]
    assert any("counts the time nowhere" in note for note in found.notes) is hold
    [planned] = [r for r in table(found, "plans") if r["statement"].startswith("SELECT note FROM")]
    # Executed where the server, or a look at it, showed the values.
    assert planned["plan"].startswith(("planned for any values", "executed"))


def test_a_folded_list_is_planned_as_one_value_and_told_so(reading: Session) -> None:
    made = plans.plan(reading, "SELECT note FROM sales WHERE id IN ($1 /*, ... */)")
    assert (made.how, made.reason) == (
        plans.GENERIC, "its values were not seen, and one stands for a list",
    )  # fmt: skip
