"""Series from a Prometheus-compatible API: range queries in pages, kept in files on the way."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from brownout.model import BrownoutError, masked
from brownout.scan.database import connection, quoted
from brownout.scan.readers.prometheus import name
from brownout.scan.tables import Taken

PAGE = 200_000
"""Points of a page: some 6 MB of JSON."""

STEPS = 10_000
"""Points of a series in one answer; Prometheus refuses more than 11,000."""

POINTS = 500
"""Points of a series, unless the step is given."""

HEADERS = "BROWNOUT_PROMETHEUS_HEADERS"
"""The environment variable of headers: unlike options, others on this machine do not see it."""

NO_POST = (403, 404, 405, 501)
"""Statuses of servers and proxies that let queries through as GET alone."""

TAKEN = Taken("Prometheus", "metric and labels", "time of the sample", "value")

TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
TIMEOUT = 60.0
TRIES = 3

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Query:
    """``query`` from ``start`` to ``end`` (seconds since the epoch), a point each ``step`` s."""

    url: str
    query: str
    start: float
    end: float
    step: float


def over(url: str, query: str, hours: float, step: float | None, now: float) -> Query:
    """The last ``hours``; without a step, 500 points in all, at least 15 s apart."""
    if not _is_address(url):
        raise BrownoutError(f"--prometheus {masked(url)}: http://HOST:PORT is wanted")
    if not 0 < hours <= 100_000:
        raise BrownoutError(f"--hours {hours:g}: a positive number of hours is wanted")
    step = step or max(15.0, 15 * math.ceil(hours * 3600 / POINTS / 15))
    if not 0.001 <= step <= hours * 3600:
        raise BrownoutError(f"--step {step:g}: seconds are wanted, fewer than --hours has")
    end = math.floor(now / step) * step
    return Query(url.rstrip("/"), query, end - hours * 3600, end, step)


def _is_address(url: str) -> bool:
    try:
        return httpx.URL(url).scheme in ("http", "https") and bool(httpx.URL(url).host)
    except httpx.InvalidURL:
        return False


def headers(given: Sequence[str], lines: str) -> dict[str, str]:
    """Headers from options and from the lines of a variable, each NAME: VALUE.

    Raises BrownoutError for what is no header, without telling what may be a secret.
    """
    found = {}
    for number, line in enumerate([*lines.splitlines(), *given], 1):
        key, colon, value = (part.strip() for part in line.partition(":"))
        if not line.strip():
            continue
        if not colon or not TOKEN.fullmatch(key) or not value.isprintable() or not value.isascii():
            raise BrownoutError(
                f"header {number} (--header, {HEADERS}): NAME: VALUE is wanted, "
                "e.g. 'X-Scope-OrgID: shop'"
            )
        found[key] = value
    return found


def fetch(
    asked: Query, folder: Path, say: Say, headers: Mapping[str, str] | None = None
) -> list[Path]:
    """Parquet files of (series, time, value), a page each.

    Raises BrownoutError when the server does not answer, or with nonsense, or with no series.
    """
    pages: list[Path] = []
    with httpx.Client(timeout=TIMEOUT, headers=headers) as client:
        count = _ask(client, asked, "query", {"query": f"count({asked.query})", "time": asked.end})
        series = _count(count, masked(asked.url))
        length = min(max(PAGE // max(series, 1), 1), STEPS)
        total = math.floor((asked.end - asked.start) / asked.step) + 1
        for first in range(0, total, length):
            start = asked.start + first * asked.step
            end = min(start + (length - 1) * asked.step, asked.end)
            told = {"query": asked.query, "start": start, "end": end, "step": asked.step}
            rows = _ask(client, asked, "query_range", told)
            say(f"{min(first + length, total):,} of {total:,} steps of {len(rows):,} series read")
            path = folder / f"page-{len(pages):06d}.parquet"
            if keep(rows, path, masked(asked.url)):
                pages.append(path)
    if not pages:
        raise BrownoutError(f"{masked(asked.url)}: no series for {asked.query!r} in that time")
    return pages


def keep(rows: list[Mapping[str, Any]], path: Path, url: str) -> bool:
    """Write an answer's points to a file; whether there were any."""
    try:
        names = np.array([name(row["metric"]) for row in rows], dtype=object)
        lengths = [len(row["values"]) for row in rows]
        points = np.array([[float(t), float(v)] for row in rows for t, v in row["values"]])
    except (KeyError, TypeError, ValueError) as error:
        raise BrownoutError(f"{url} answered no range of numbers ({error!r})") from error
    if not len(points):
        return False
    page = {"series": np.repeat(names, lengths), "time": points[:, 0], "value": points[:, 1]}
    with connection() as db:
        db.register("page", page)
        db.execute(
            "COPY (SELECT series::VARCHAR AS series, make_timestamp((time * 1e6)::BIGINT) AS time, "
            f"value FROM page ORDER BY series) TO {quoted(str(path))} (FORMAT parquet)"
        )
    return True


def _count(rows: list[Mapping[str, Any]], url: str) -> int:
    try:
        return max((int(float(row["value"][1])) for row in rows), default=1)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise BrownoutError(f"{url} answered no range of numbers ({error!r})") from error


def _ask(
    client: httpx.Client, asked: Query, path: str, told: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """The ``result`` of an answer, after up to three tries."""
    wanted = {"query": "vector", "query_range": "matrix"}[path]
    shown = masked(asked.url)
    body = _body(_answer(client, f"{asked.url}/api/v1/{path}", told), shown)
    data = body.get("data")
    if not isinstance(data, Mapping) or not isinstance(data.get("result"), list):
        raise BrownoutError(f"{shown} answered, but not as Prometheus does (no data.result)")
    if data.get("resultType") != wanted:
        raise BrownoutError(
            f"{shown}: the query gives a {data.get('resultType')}, not series; "
            "a query such as rate(http_requests_total[5m]) is wanted"
        )
    return list(data["result"])


def _answer(client: httpx.Client, url: str, told: Mapping[str, Any]) -> httpx.Response:
    for attempt in range(TRIES):
        last = attempt == TRIES - 1
        try:
            answer = _once(client, url, told)
        except httpx.TransportError as error:
            if last or not isinstance(error, httpx.TimeoutException | httpx.ReadError):
                why = masked(str(error)) or type(error).__name__
                raise BrownoutError(f"{masked(url)} does not answer: {why}") from error
            continue
        if answer.status_code not in (502, 503, 504) or last:
            return answer
    raise AssertionError  # the last attempt returns or raises


def _once(client: httpx.Client, url: str, told: Mapping[str, Any]) -> httpx.Response:
    """Asked by POST, which takes queries of any length; by GET where that is refused."""
    answer = client.post(url, data=told)
    if answer.status_code not in NO_POST:
        return answer
    again = client.get(url, params=told)
    return answer if again.status_code in NO_POST else again


def _body(answer: httpx.Response, url: str) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if isinstance(body, Mapping) and body.get("status") == "error":
        raise BrownoutError(f"{url}: {body.get('error', 'an error without words')}")
    if not answer.is_success or not isinstance(body, Mapping):
        start = answer.text[:60].replace("\n", " ")
        raise BrownoutError(
            f"{url} answered {answer.status_code}, no JSON of Prometheus: {start!r}"
        )
    return body
