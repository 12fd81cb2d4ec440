"""Finished work as an OTLP span in JSON, written from templates.

The work is one attribute, a text that is JSON itself: its quotes are escaped. What is told again
and again (shapes, callers, families, targets) is escaped once and remembered.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain, islice
from typing import Any

from brownout.meter.imports import FAILED
from brownout.meter.shapes import Site
from brownout.meter.work import (
    AI_FIELDS,
    AI_KEYS,
    CACHE_FIELDS,
    CACHE_KEYS,
    QUEUED_FIELDS,
    QUEUED_KEYS,
    SQL_FIELDS,
    SQL_KEYS,
    Work,
    new_id,
)  # fmt: skip

REMEMBERED = 5000

COLUMNS = (
    "cpu", "sql_calls", "sql_rows", "sql_time", "cache_gets", "cache_hits", "cache_time",
    "ai_calls", "ai_time", "tasks", "bytes", "thread", "wait", "items", "sql_fetch_time",
    "template_time", "tx_time", "tx_call_time", "lock_time", "tx_count", "cpu_sql", "cpu_cache",
    "cpu_call", "cpu_template", "blocks", "rss", "rows_read",
)  # fmt: skip
LISTS = ("uncounted", "queued", "sql", "cache", "ai")
SPAN = (
    '{"traceId":"%s","spanId":"%s","name":%s,"kind":%s,"startTimeUnixNano":"%d",'
    '"endTimeUnixNano":"%d","attributes":[%s{"key":"brownout.work","value":{"stringValue":"{'
    + "".join(f'\\"{name}\\":%s,' for name in (*COLUMNS, "exception"))
    + ",".join(f'\\"{name}\\":[%s]' for name in LISTS)
    + '}"}}],"status":{%s}}'
)
HTTP = (
    '{"key":"http.request.method","value":{"stringValue":%s}},'
    '{"key":"http.route","value":{"stringValue":%s}},'
    '{"key":"http.response.status_code","value":{"intValue":"%d"}},'
)

NONE = [0] * 6

_texts: dict[str, str] = {}


def _text(value: str) -> str:
    """As JSON inside a JSON text."""
    known = _texts.get(value)
    if known is None:
        if len(_texts) >= REMEMBERED:
            _texts.clear()
        known = _texts[value] = json.dumps(json.dumps(value))[1:-1]
    return known


class Entries:
    """How the entries of one list are written: a template for each key, then its fields."""

    def __init__(self, keys: tuple[str, ...], fields: tuple[str, ...]) -> None:
        self._head = "{" + "".join(f'\\"{key}\\":%s,' for key in keys)
        self._tail = ",".join(f'\\"{field}\\":%s' for field in fields) + "}"
        self._templates: dict[Any, str] = {}

    def write(self, entries: dict[Any, list[Any]]) -> str:
        """``entries``: key (a text, several, or a statement's site) -> fields."""
        found: dict[str, list[Any]] = {}
        for key, values in list(entries.items()):
            template = self._templates.get(key) or self._template(key)
            # Two sites may stand for the same shape and caller.
            had = found.get(template)
            found[template] = [a + b for a, b in zip(had, values, strict=True)] if had else values
        return ",".join(found) % tuple(_numbers([*chain.from_iterable(found.values())]))

    def _template(self, key: Any) -> str:
        if len(self._templates) >= REMEMBERED:
            self._templates.clear()
        texts = (key.shape, key.caller) if isinstance(key, Site) else key
        head = self._head % tuple(map(_text, (texts,) if isinstance(texts, str) else texts))
        made = self._templates[key] = head.replace("%", "%%") + self._tail
        return made


SQL, CACHE = Entries(SQL_KEYS, SQL_FIELDS), Entries(CACHE_KEYS, CACHE_FIELDS)
AI, QUEUED = Entries(AI_KEYS, AI_FIELDS), Entries(QUEUED_KEYS, QUEUED_FIELDS)


def _numbers(values: list[Any]) -> list[Any]:
    return ["null" if v is None else v for v in values] if None in values else values


def _sums(entries: Iterable[list[int]], fields: int) -> list[int]:
    """Of each of the first ``fields`` fields."""
    return [*map(sum, islice(zip(*entries, strict=True), fields))] or [0] * fields


def _columns(work: Work, size: int) -> list[Any]:
    calls, rows, sql_time, fetch_time = _sums(list(work.sql.values()), 4)
    gets, hits, _, _, _, cache_time = _sums(list(work.cache.values()), 6) if work.cache else NONE
    # Redis outside the cache is told in the list alone: it is no call of another service.
    asked = [v for k, v in list(work.ai.items()) if k[1] != "redis"] if work.ai else ()
    return _numbers([
        work.cpu, calls, rows, sql_time, gets, hits, cache_time,
        sum([v[0] for v in asked]), sum([v[6] for v in asked]), work.tasks, size, work.thread,
        work.wait, work.items, fetch_time, work.template_time, work.tx_time, work.tx_call_time,
        work.lock_time, work.tx_count, *_cpu(work, sql_time + fetch_time), work.blocks, work.rss,
        work.rows_read,
    ])  # fmt: skip


def _uncounted(work: Work) -> str:
    return ",".join(map(_text, sorted({*work.uncounted, *FAILED.values()})))


def _cpu(work: Work, sql: int) -> tuple[int | None, ...]:
    """``sql``: time in statements, of which the CPU time of some was read."""
    if not work.sampled or work.cpu is None:
        return (None,) * 4
    cpu_sql = work.cpu_sql * sql // work.sql_clocked if work.sql_clocked else 0
    return cpu_sql, work.cpu_cache, work.cpu_call, work.cpu_template


_routes: dict[str, tuple[str, str, str]] = {}


def _route(route: str) -> tuple[str, str, str]:
    """The route, its method and its pattern, as JSON."""
    known = _routes.get(route)
    if known is None:
        if len(_routes) >= REMEMBERED:
            _routes.clear()
        method, _, pattern = route.partition(" ")
        known = _routes[route] = json.dumps(route), json.dumps(method), json.dumps(pattern)
    return known


def span(work: Work, kind: str, route: str, status: int, size: int) -> str:
    """The span of a request (kind server) or task (consumer), a JSON object."""
    name, method, pattern = _route(route)
    request = kind == "request"
    failed = status >= 500 or (status and not request)
    return SPAN % (
        work.trace_id, new_id(64), name, 2 if request else 5, work.start,
        work.start + work.duration, HTTP % (method, pattern, status) if request else "",
        *_columns(work, size), _text(work.exception),
        _uncounted(work) if work.uncounted or FAILED else "",
        QUEUED.write(work.queued) if work.queued else "", SQL.write(work.sql),
        CACHE.write(work.cache) if work.cache else "", AI.write(work.ai) if work.ai else "",
        '"code":2' if failed else "",
    )  # fmt: skip
