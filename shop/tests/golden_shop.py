"""Golden sets of the shop itself: what its search finds, and how old what it shows is.

Each metric of ``METRICS`` takes (shop, AI service, golden sets) and gives metrics.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx

from ai.quality import ndcg
from tests.golden_metrics import Mismatch, metric

SEARCHES = 100
BOOKS = 20

Metrics = list[dict[str, Any]]


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
    """Held-out queries in the shop's search, full text and meaning together."""
    own = golden["embedding"]
    gains, meant = [], []
    for case in own["cases"][:SEARCHES]:
        answer = get(shop, "/api/search/", q=case["query"])
        gains.append(ndcg([card["id"] for card in answer["results"]], set(case["relevant"])))
        meant.append(answer.get("semantic"))
    active = {m["name"]: m["version"] for m in ai.get("/v1/models").json()["data"] if m["active"]}
    current = [float(bool(m) and m.get("version") == active["embedding"]) for m in meant]
    return [
        metric("shop search ndcg@10", gains, own["shop_limit"]),
        metric("search vectors of the active model", current, 1.0),
    ]


def aged(shop: httpx.Client, ai: httpx.Client, golden: dict[str, Any]) -> Metrics:
    """How long reviews have been waiting for the summary that takes note of them."""
    books = [case["book"] for case in golden["summary"]["cases"][:BOOKS]]
    waits = [wait for book in books if (wait := _wait(shop, book)) is not None]
    if not waits:
        raise Mismatch("the shop shows no summary of any of the most reviewed books")
    limit = golden["freshness"]["limit"]
    return [metric("summary age behind the reviews", waits, limit, unit="s", most=True)]


def _wait(shop: httpx.Client, book: int) -> float | None:
    """Seconds since the first review that the summary does not know; None without a summary."""
    summary = get(shop, f"/api/books/{book}/").get("summary")
    if not summary:
        return None
    made = moment(summary["created"])
    written = [moment(r["created"]) for r in get(shop, f"/api/books/{book}/reviews/")["results"]]
    unknown = [when for when in written if when > made]
    return (dt.datetime.now(dt.UTC) - min(unknown)).total_seconds() if unknown else 0.0


def moment(text: str) -> dt.datetime:
    when = dt.datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=dt.UTC)


METRICS = (searched, aged)
