"""Libraries that the meter does not see into: a request that uses one says so (``uncounted``)."""

from __future__ import annotations

import sys
from functools import partial, wraps
from types import ModuleType
from typing import Any

from brownout.meter.event.imports import when_imported
from brownout.meter.event.work import CURRENT

ENTRANCES = {
    "aiohttp.client": ("ClientSession", "_request", "calls through aiohttp"),
    "asyncpg.connection": ("", "connect", "driver asyncpg"),
    "MySQLdb": ("", "connect", "driver mysqlclient, without Django"),
    "oracledb": ("", "connect", "driver oracledb, without Django"),
    "psycopg": ("", "connect", "driver psycopg, without Django"),
    "psycopg2": ("", "connect", "driver psycopg2, without Django"),
    "pymongo.collection": ("Collection", "_execute_command", "pymongo"),
    "pymysql": ("", "connect", "driver pymysql, without Django"),
    "sqlalchemy.engine.base": ("Connection", "execute", "sqlalchemy"),
    "sqlite3": ("", "connect", "driver sqlite3, without Django"),
    "grpc": ("", "insecure_channel", "calls through grpc"),
}
"""Module -> (class or '', function, what is not counted). Asked by Django they are counted."""


def install(_: ModuleType) -> None:
    for name, (kind, function, text) in ENTRANCES.items():
        when_imported(name, partial(_note, kind, function, text))


def _note(kind: str, function: str, text: str, library: ModuleType) -> None:
    holder: Any = getattr(library, kind) if kind else library
    original = getattr(holder, function)

    @wraps(original)
    def noted(*args: Any, **kwargs: Any) -> Any:
        work = CURRENT.get()
        if work is not None:
            asking = sys._getframe(1).f_globals.get("__name__", "")
            if not asking.startswith("django."):
                work.uncounted |= {text}
        return original(*args, **kwargs)

    setattr(holder, function, noted)
