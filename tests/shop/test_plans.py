"""The plans of all statements that the journeys cause: none reads a large table from end to end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from backend import Backend
from waiting import PATIENCE, until

from brownout.load import journeys, scouting
from brownout.load.answers import cookies_of
from brownout.load.visits import LOGIN, Visit, World

pytestmark = pytest.mark.stack

LARGE = 4000
"""Rows; smaller tables are read in a few pages, and the planner rightly does so."""

COUNTED = 'COUNT("catalog_book"."id") AS "count" FROM "catalog_genre"'
"""Excused: how many books each genre has. It is asked once an hour, and of all books.

The other whole read is that of all vectors, once a process and version (search.vectors): no
statement of a journey, since a release reads them before it serves.
"""

LATER = ('UPDATE "orders_order" SET "confirmed"%', 'UPDATE "reviews_review" SET "positive"%')
"""What tasks do when everybody has left."""

STATEMENTS = """
SELECT query FROM pg_stat_statements JOIN pg_roles ON userid = pg_roles.oid
WHERE rolname = 'shop' AND query ~* '^(SELECT|INSERT|UPDATE|DELETE)' ORDER BY query
"""

ADDRESS = {"name": "T", "email": "t@example.com", "city": "Brenn"}


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    made = Backend(tmp_path_factory.mktemp("run"), "normal")
    try:
        yield made
    finally:
        made.stack.stop()


def telling(world: World) -> Iterator[Visit]:
    """Of many visits those that ask, as somebody, for what nobody has asked for before."""
    seen: set[tuple[Any, ...]] = set()
    for number in range(2000):
        visit = journeys.visit(7, number, world)
        who = visit.journey, visit.newcomer, "sessionid" in visit.cookies
        asks = {(*who, step.route) for step in visit.steps}
        if not asks <= seen:
            seen |= asks
            yield visit
    assert {name for name, *_ in seen} == set(journeys.discover())


def play(url: str, visit: Visit) -> None:
    """A visit without its pauses."""
    with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as http:
        for step in visit.steps:
            cookies = "; ".join(f"{name}={value}" for name, value in visit.cookies.items())
            answer = http.request(
                step.method, step.path, json=step.body, headers={"Cookie": cookies}
            )
            # A book that any buyer may choose may be sold out.
            assert answer.is_success or answer.status_code == 409, (step, answer.text)
            if step.route == LOGIN:
                visit.cookies |= cookies_of(answer.headers.get_list("set-cookie"))
            http.cookies.clear()


def visit(url: str, email: str) -> None:
    """What the front end can ask for besides, as a stranger and as somebody who is logged in."""
    with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as browser:
        for _ in range(2):
            look(browser)
            buy(browser)
            login = {"email": email, "password": "quayside"}
            browser.post("/api/session/", json=login).raise_for_status()
        review = {"rating": 4, "text": "Time well spent."}
        browser.post("/api/books/19/reviews/", json=review).raise_for_status()
        vital = {"page": "/", "name": "LCP", "value": 900, "id": "v1"}
        browser.post("/api/vitals/", json=vital).raise_for_status()
        browser.delete("/api/session/").raise_for_status()


def look(browser: httpx.Client) -> None:
    def get(path: str) -> Any:
        return browser.get(path).raise_for_status().json()

    get("/api/home/")
    genre = get("/api/genres/")[3]["slug"]
    for sort in ("popular", "newest", "rating", "price"):
        for chosen in ("", f"&genre={genre}", "&min_rating=3.5&in_stock=1"):
            page = get(f"/api/books/?sort={sort}{chosen}")
            get(f"/api/books/?sort={sort}{chosen}&after={page['next']}")
    book = page["results"][0]["id"]
    get(f"/api/books/{book}/")
    reviews = get("/api/books/1/reviews/")
    get(f"/api/books/1/reviews/?after={reviews['next']}")
    for words in ("river", "lantern+winter", "qqzzxx"):
        get(f"/api/search/?q={words}")
    question = {"question": "What do readers say?"}
    browser.post(f"/api/books/{book}/ask/", json=question).raise_for_status()
    get("/api/session/")


def buy(browser: httpx.Client) -> None:
    browser.post("/api/cart/items/", json={"book": 23}).raise_for_status()
    browser.patch("/api/cart/items/23/", json={"quantity": 2}).raise_for_status()
    browser.post("/api/cart/items/", json={"book": 29}).raise_for_status()
    browser.delete("/api/cart/items/29/").raise_for_status()
    browser.get("/api/cart/").raise_for_status()
    order = browser.post("/api/checkout/", json=ADDRESS).raise_for_status().json()
    browser.get(f"/api/orders/{order['id']}/").raise_for_status()
    browser.get("/api/orders/").raise_for_status()


def staff(url: str) -> None:
    with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as browser:
        login = {"email": "staff@example.com", "password": "quayside"}
        browser.post("/api/session/", json=login).raise_for_status()
        for query in ("", "?confirmed=0", "?confirmed=1"):
            browser.get(f"/api/admin/orders/{query}").raise_for_status()


def scanned(plan: dict[str, Any]) -> Iterator[str]:
    """The tables that a plan reads from end to end."""
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for child in plan.get("Plans", ()):
        yield from scanned(child)


@pytest.fixture(scope="module")
def database(backend: Backend) -> Iterator[psycopg.Connection]:
    """The database, after all journeys, and after the tasks that they gave cause to."""
    world = scouting.read_world(backend.stack.postgres.url, backend.url)
    with psycopg.connect(backend.stack.postgres.admin_url, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_statements_reset()")
        for one in telling(world):
            play(backend.url, one)
        visit(backend.url, "customer11@example.com")
        staff(backend.url)
        for statement in LATER:
            until(lambda text=statement: seen(connection, text), statement)
        yield connection


def seen(connection: psycopg.Connection, statement: str) -> bool:
    found = "SELECT EXISTS (SELECT FROM pg_stat_statements WHERE query LIKE %s)"
    return bool(connection.execute(found, [statement]).fetchall()[0][0])


def read_whole(database: psycopg.Connection) -> dict[str, set[str]]:
    """Statement -> the large tables that its plan, for any values, reads from end to end."""
    sizes = "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= %s"
    large = {row[0] for row in database.execute(sizes, [LARGE])}
    assert {"catalog_book", "reviews_review", "orders_order", "search_bookvector"} <= large
    statements = [row[0] for row in database.execute(STATEMENTS)]
    assert len(statements) > 60
    found = {}
    for statement in statements:
        explain = f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {statement}"
        [(plans,)] = database.execute(explain.encode()).fetchall()
        if tables := large.intersection(scanned(plans[0]["Plan"])):
            found[statement] = tables
    return found


def test_no_statement_reads_a_large_table_from_end_to_end(database: psycopg.Connection) -> None:
    excused, found = [], {}
    for statement, tables in read_whole(database).items():
        if COUNTED in statement:
            excused.append(statement)
        else:
            found[statement] = sorted(tables)
    assert found == {}, json.dumps(found, indent=1)
    assert len(excused) <= 1


def test_an_index_that_is_missing_would_be_noticed(database: psycopg.Connection) -> None:
    with database.transaction(force_rollback=True):
        database.execute("DROP INDEX review_book_newest")
        found = read_whole(database)
    assert any('WHERE "reviews_review"."book_id" = ' in statement for statement in found)
