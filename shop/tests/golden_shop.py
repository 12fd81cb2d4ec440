"""Golden sets of the shop itself: what its search finds, and how old what it shows is.

Each of ``METRICS`` takes (shop, AI service, golden sets) and gives what it measured.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx

from ai.quality import ndcg
from tests import session
from tests.golden_metrics import Measured, Mismatch

BOOKS, CUSTOMERS = 20, 5

Metrics = list[Measured]


def get(shop: httpx.Client, path: str, **params: str) -> dict[str, Any]:
    return dict(shop.get(path, params=params).raise_for_status().json())


def check(shop: httpx.Client, golden: dict[str, Any]) -> None:
    """Raises Mismatch unless the shop has the books of the golden sets, under the same titles."""
    known = dict(golden["embedding"]["candidates"])
    for case in golden["embedding"]["cases"][:5]:
        book = case["relevant"][0]
        response = shop.get(f"/api/books/{book}/")
        title = response.json().get("title") if response.status_code == 200 else None
        if title is None or not known[book].startswith(title):
            told = f"is {title!r}" if title else "is not there"
            raise Mismatch(f"book {book} {told} in the shop; the golden sets are of other data")


def searched(shop: httpx.Client, ai: httpx.Client, golden: dict[str, Any]) -> Metrics:
    """Held-out queries in the shop's search, full text and meaning together.

    A search that is not answered by vectors of the active model, or by none, is overdue since that
    model is active: from then on all books were to be embedded by it.
    """
    own = golden["embedding"]
    version, since = _active(ai, "embedding")
    gains, overdue = [], []
    for case in own["cases"][: own["searches"]]:
        answer = get(shop, "/api/search/", q=case["query"])
        gains.append(ndcg([card["id"] for card in answer["results"]], set(case["relevant"])))
        by = (answer.get("semantic") or {}).get("version")
        overdue.append(0.0 if by == version else age(since))
    return [
        Measured("shop search ndcg@10", gains),
        Measured("embeddings overdue", overdue, "s"),
    ]


def _active(ai: httpx.Client, name: str) -> tuple[str, str]:
    """The version of a model that is in service, and since when."""
    models = ai.get("/v1/models").raise_for_status().json()["data"]
    return next((m["version"], m["activated"]) for m in models if m["name"] == name and m["active"])


def recommended(shop: httpx.Client, ai: httpx.Client, golden: dict[str, Any]) -> Metrics:
    """The age of what is recommended to customers, each logged in as they would be.

    ``without``: how many of them are shown what is popular instead.
    """
    customers = [case["customer"] for case in golden["recommender"]["cases"][:CUSTOMERS]]
    sources = [_home(str(shop.base_url), customer).get("source") for customer in customers]
    ages = [age(source["created"]) for source in sources if source]
    if not ages:
        raise Mismatch("the shop recommends nothing to any of the customers that it was asked for")
    without = {"without": len(sources) - len(ages)}
    return [Measured("recommendations age", ages, "s", without)]


def _home(url: str, customer: int) -> dict[str, Any]:
    """The home page of a customer; raises Mismatch when it cannot be had."""
    try:
        visitor = session.customer(customer, url)
        home = dict(visitor.get("/api/home/"))
        visitor.delete("/api/session/", 204)
    except AssertionError as error:
        raise Mismatch(f"customer {customer} has no home page: {error}") from error
    return home


def summarised(shop: httpx.Client, ai: httpx.Client, golden: dict[str, Any]) -> Metrics:
    """How much of the reviews the summaries do not know yet, and how long those are overdue."""
    unread_most = golden["limits"]["summary reviews unread"]
    books = [case["book"] for case in golden["summary"]["cases"][:BOOKS]]
    pages = [page for book in books if (page := get(shop, f"/api/books/{book}/"))["summary"]]
    if not pages:
        raise Mismatch("the shop shows no summary of any of the most reviewed books")
    unread = [max(0.0, 1 - p["summary"]["reviews"] / max(p["review_count"], 1)) for p in pages]
    pairs = zip(pages, unread, strict=True)
    overdue = [_overdue(shop, page) if share > unread_most else 0.0 for page, share in pairs]
    return [
        Measured("summary reviews unread", unread),
        Measured("summaries overdue", overdue, "s"),
    ]


def _overdue(shop: httpx.Client, page: dict[str, Any]) -> float:
    """Seconds since the first of the newest reviews that the summary does not know."""
    made = moment(page["summary"]["created"])
    newest = get(shop, f"/api/books/{page['id']}/reviews/")["results"]
    unknown = [review["created"] for review in newest if moment(review["created"]) > made]
    return age(min(unknown, key=moment)) if unknown else 0.0


def age(text: str) -> float:
    """Seconds since a moment."""
    return (dt.datetime.now(dt.UTC) - moment(text)).total_seconds()


def moment(text: str) -> dt.datetime:
    when = dt.datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=dt.UTC)


METRICS = (searched, recommended, summarised)
