"""Finished work as an OTLP span in JSON, written from templates.

The work is one attribute, a text that is JSON itself: its quotes are escaped. What is told again
and again (shapes, callers, families, targets) is escaped once and remembered.
"""

from __future__ import annotations

import json
from itertools import chain
from operator import attrgetter
from typing import Any

from brownout.meter.event.imports import FAILED
from brownout.meter.event.shapes import DEFAULT, Site
from brownout.meter.event.work import (  # fmt: skip
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
)

REMEMBERED = 5000
SEQUENCES = 1_000_000
"""Characters of the sequences of entries that are remembered."""

PLAIN = (
    "cpu", "tasks", "thread", "wait", "items", "template_time", "tx_time", "tx_call_time",
    "lock_time", "tx_count", "connect_time", "blocks", "rss", "rows_read", "abandoned",
)  # fmt: skip
"""Columns that are attributes of the work."""

COLUMNS = (
    *PLAIN, "sql_calls", "sql_rows", "sql_time", "sql_fetch_time", "cache_gets", "cache_hits",
    "cache_time", "cpu_sql", "cpu_cache", "cpu_call", "cpu_template", "ai_calls", "ai_time",
    "bytes",
)  # fmt: skip
KINDS = {"request": 2, "task": 5, "command": 1}
"""Of a work -> of its span: server, consumer, internal."""

SQL_WIDTH, CACHE_WIDTH = len(SQL_FIELDS), len(CACHE_FIELDS)
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

_plain = attrgetter(*PLAIN)

_texts: dict[str, str] = {}


def _text(value: str) -> str:
    """As JSON inside a JSON text."""
    known = _texts.get(value)
    if known is None:
        if len(_texts) >= REMEMBERED:
            _texts.clear()
        known = _texts[value] = json.dumps(json.dumps(value))[1:-1]
    return known


Filled = tuple[str, tuple[Any, ...]]
"""A template, and the values that it is filled with."""

NOTHING: Filled = "", ()


class Entries:
    """How the entries of one list are written: a template for each key, then its fields."""

    def __init__(self, keys: tuple[str, ...], fields: tuple[str, ...]) -> None:
        self._head = "{" + "".join(f'\\"{key}\\":%s,' for key in keys)
        self._tail = ",".join(f'\\"{field}\\":%s' for field in fields) + "}"
        self._templates: dict[Any, str] = {}
        self._together: dict[tuple[Any, ...], str] = {}
        self._characters = 0

    def filled(self, entries: dict[Any, list[Any]]) -> Filled:
        """``entries``: key (a text, several, or a statement's site) -> fields."""
        if not entries:
            return NOTHING
        entries = entries.copy()  # a thread that goes on may add to it
        keys = tuple(entries)
        template = self._together.get(keys)
        if template is None:
            templates = [self._templates.get(key) or self._template(key) for key in keys]
            if len({*templates}) < len(templates):
                return _merged(templates, entries)
            template = ",".join(templates)
            self._characters += len(template)
            if self._characters > SEQUENCES:
                self._together.clear()
                self._characters = len(template)
            self._together[keys] = template
        return template, tuple(chain.from_iterable(entries.values()))

    def _template(self, key: Any) -> str:
        if len(self._templates) >= REMEMBERED:
            self._templates.clear()
        texts = (key.shape, key.caller) if isinstance(key, Site) else key
        head = self._head % tuple(map(_text, (texts,) if isinstance(texts, str) else texts))
        if isinstance(key, Site) and key.alias != DEFAULT:
            head += f'\\"alias\\":{_text(key.alias)},'
        made = self._templates[key] = head.replace("%", "%%") + self._tail
        return made


def _merged(templates: list[str], entries: dict[Any, list[int]]) -> Filled:
    """Two sites may stand for the same shape and caller."""
    found: dict[str, list[int]] = {}
    for template, values in zip(templates, entries.values(), strict=True):
        had = found.get(template)
        found[template] = [a + b for a, b in zip(had, values, strict=True)] if had else values
    return ",".join(found), tuple(chain.from_iterable(found.values()))


SQL, CACHE = Entries(SQL_KEYS, SQL_FIELDS), Entries(CACHE_KEYS, CACHE_FIELDS)
AI, QUEUED = Entries(AI_KEYS, AI_FIELDS), Entries(QUEUED_KEYS, QUEUED_FIELDS)


def _nulls(values: Any) -> tuple[Any, ...]:
    return tuple(["null" if v is None else v for v in values])


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


def _uncounted(work: Work) -> str:
    return ",".join(map(_text, sorted({*work.uncounted, *FAILED.values()})))


def _ai(work: Work) -> tuple[Filled, int, int]:
    """The entries, and calls and time of services: Redis is none, it is told in the list alone."""
    template, values = AI.filled(work.ai)
    asked = [v for k, v in list(work.ai.items()) if k[1] != "redis"]
    return (template, _nulls(values)), sum(v[0] for v in asked), sum(v[6] for v in asked)


def _cpu(work: Work, sql: int) -> tuple[int | None, ...]:
    """``sql``: time in statements, of which the CPU time of some was read."""
    if not work.sampled or work.cpu is None:
        return (None,) * 4
    cpu_sql = work.cpu_sql * sql // work.sql_clocked if work.sql_clocked else 0
    return cpu_sql, work.cpu_cache, work.cpu_call, work.cpu_template


def span(work: Work, kind: str, route: str, status: int, size: int) -> str:
    """The span of a request, task or command (see KINDS), a JSON object."""
    name, method, pattern = _route(route)
    request = kind == "request"
    sql, cache = SQL.filled(work.sql), CACHE.filled(work.cache)
    ai, asked, asked_time = _ai(work) if work.ai else (NOTHING, 0, 0)
    queued = QUEUED.filled(work.queued)
    calls, rows, sql_time, fetch_time = [sum(sql[1][field::SQL_WIDTH]) for field in range(4)]
    gets, hits, cache_time = [sum(cache[1][field::CACHE_WIDTH]) for field in (0, 1, 5)]
    columns = (
        *_plain(work), calls, rows, sql_time, fetch_time, gets, hits, cache_time,
        *_cpu(work, sql_time + fetch_time), asked, asked_time, size,
    )  # fmt: skip
    return SPAN % (
        work.trace_id, new_id(), name, KINDS[kind], work.start,
        work.start + work.duration, HTTP % (method, pattern, status) if request else "",
        *_nulls(columns), _text(work.exception),
        _uncounted(work) if work.uncounted or FAILED else "",
        queued[0] % queued[1], sql[0] % sql[1], cache[0] % cache[1], ai[0] % ai[1],
        '"code":2' if status >= 500 or (status and not request) else "",
    )  # fmt: skip
