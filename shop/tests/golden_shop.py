"""Golden sets of the shop itself: what its search finds, and how old what it shows is.

Each metric of ``METRICS`` takes (shop, AI service, golden sets) and gives metrics.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx

from ai.quality import ndcg
from tests.golden_metrics import Mismatch, metric

SEARCHES = 50
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
    """How much of the reviews the summaries do not know yet, and how long those are overdue."""
    own = golden["freshness"]
    books = [case["book"] for case in golden["summary"]["cases"][:BOOKS]]
    pages = [page for book in books if (page := get(shop, f"/api/books/{book}/"))["summary"]]
    if not pages:
        raise Mismatch("the shop shows no summary of any of the most reviewed books")
    unread = [max(0.0, 1 - p["summary"]["reviews"] / max(p["review_count"], 1)) for p in pages]
    pairs = zip(pages, unread, strict=True)
    late = [_overdue(shop, page) if share > own["unread"] else 0.0 for page, share in pairs]
    return [
        metric("summary reviews unread", unread, own["unread"], most=True),
        metric("summary overdue", late, own["overdue"], unit="s", most=True),
    ]


def _overdue(shop: httpx.Client, page: dict[str, Any]) -> float:
    """Seconds since the first of the newest reviews that the summary does not know."""
    made = moment(page["summary"]["created"])
    newest = get(shop, f"/api/books/{page['id']}/reviews/")["results"]
    unknown = [when for review in newest if (when := moment(review["created"])) > made]
    return (dt.datetime.now(dt.UTC) - min(unknown)).total_seconds() if unknown else 0.0


def moment(text: str) -> dt.datetime:
    when = dt.datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=dt.UTC)


METRICS = (searched, aged)
