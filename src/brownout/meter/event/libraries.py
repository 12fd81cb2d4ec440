"""Files of installed libraries, as a caller names them: "site-packages/wagtail/models/pages.py"."""

from __future__ import annotations

import os
import sys
import sysconfig
from functools import cache

MARK = "site-packages/"

DRIVERS = frozenset({
    "MySQLdb", "asyncpg", "cx_Oracle", "oracledb", "psycopg", "psycopg2", "psycopg_c",
    "psycopg_pool", "pymysql", "pyodbc", "mssql", "dj_db_conn_pool", "django_db_geventpool",
    "psqlextra",
})  # fmt: skip
RUNNERS = frozenset({
    "_pytest", "anyio", "asgiref", "billiard", "celery", "channels", "daphne", "django_extensions",
    "eventlet", "gevent", "granian", "greenlet", "gunicorn", "hypercorn", "kombu", "pluggy",
    "pytest", "uvicorn", "uvloop", "waitress", "werkzeug", "whitenoise", "xdist",
})  # fmt: skip
"""They run the application: their frames are below all that it does."""

TOOLS = frozenset({
    "brownout", "cachalot", "cacheops", "ddtrace", "debug_toolbar", "django_prometheus",
    "elasticapm", "newrelic", "nplusone", "opentelemetry", "scout_apm", "sentry_sdk", "silk",
    "wrapt", "zeal",
})  # fmt: skip
"""They stand between Django and its driver, and pass on what others ask for."""

PASSED = DRIVERS | RUNNERS | TOOLS | {"django"}


def name(filename: str) -> str:
    """ "site-packages/..." of a library's file; '' for those of Django, drivers, what runs the
    application or looks on, and the standard library."""
    below = _below_packages(filename)
    return MARK + below if below and below.partition("/")[0] not in PASSED else ""


def _below_packages(filename: str) -> str:
    _, packages, below = filename.rpartition("-packages/")
    if packages:
        return below
    if not os.path.isabs(filename) or filename.startswith(_standard()):
        return ""
    # Installed as editable, or beside the project: as if it were installed.
    found = [path for path in sys.path if path and filename.startswith(path.rstrip("/") + "/")]
    return filename[len(max(found, key=len).rstrip("/")) + 1 :] if found else ""


@cache
def _standard() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({paths["stdlib"] + "/", paths["platstdlib"] + "/"})
