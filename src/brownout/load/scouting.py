"""What there is to play with: the shop's world, read from its database and its pages."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from gevent.pool import Pool

from brownout.load.answers import assets_of, cookies_of, images_of, parts_of
from brownout.load.visits import PASSWORD, World

SESSIONS = 20
"""Customers who are logged in before the play begins."""

AT_ONCE = 2
"""Logins at a time: each costs the shop a password hash."""

SECONDS = 10

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""The shop is on this machine, whatever proxy the user has."""


def read_world(database: str, url: str) -> World:
    """What the shop has and can do; some customers are logged in.

    Raises OSError and psycopg.Error when shop or database do not answer.
    """
    with DIRECT.open(url, timeout=SECONDS) as page:
        assets = assets_of(page.read().decode())
    parts, images = _manifest(url, assets)
    accounts = status(f"{url}/api/session/") == 200
    world = replace(_stock(database, accounts), assets=assets, parts=parts, images=images)
    if not accounts:
        return world
    # The path answers POST alone: "not allowed" says that it is there.
    assistant = status(f"{url}/api/books/{world.books[0]}/ask/") == 405
    return replace(world, assistant=assistant, sessions=log_in(url, world.emails))


def _manifest(url: str, assets: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    """What the front end's manifest names beyond the document's assets; nothing without one."""
    try:
        with DIRECT.open(f"{url}/.vite/manifest.json", timeout=SECONDS) as answer:
            manifest = json.load(answer)
        return parts_of(manifest, assets), images_of(manifest)
    except (OSError, ValueError, AttributeError, LookupError, TypeError):
        return {}, []


def _stock(database: str, accounts: bool) -> World:
    with psycopg.connect(database) as connection:

        def rows(sql: str) -> list[Any]:
            return [row if len(row) > 1 else row[0] for row in connection.execute(sql)]

        if accounts:
            customers = rows(
                "SELECT c.visitor, u.email FROM orders_customer c "
                "JOIN auth_user u ON u.id = c.user_id ORDER BY c.id"
            )
        else:
            customers = [(v, "") for v in rows("SELECT visitor FROM orders_customer ORDER BY id")]
        return World(
            visitors=[str(visitor) for visitor, _ in customers],
            emails=[email for _, email in customers],
            books=rows("SELECT id FROM catalog_book ORDER BY review_count DESC, id"),
            genres=rows("SELECT slug FROM catalog_genre ORDER BY id"),
            accounts=accounts,
        )


def status(url: str) -> int:
    """The HTTP status of a GET."""
    try:
        with DIRECT.open(url, timeout=SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def log_in(url: str, emails: Any) -> list[str]:
    """The sessions of some customers, spread over all of them; fewer where the shop refuses."""
    chosen = emails[:: max(len(emails) // SESSIONS, 1)][:SESSIONS]
    found = Pool(AT_ONCE).map(lambda email: _session(url, email), chosen)
    return [session for session in found if session]


def _session(url: str, email: str) -> str:
    body = json.dumps({"email": email, "password": PASSWORD}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/api/session/", body, headers)
    try:
        with DIRECT.open(request, timeout=SECONDS) as answer:
            return cookies_of(answer.headers.get_all("Set-Cookie", [])).get("sessionid", "")
    except (OSError, ValueError):
        return ""


def from_file(path: Path) -> World:
    """A world that was written down as JSON. Raises OSError and ValueError."""
    found = json.loads(path.read_text())
    if not isinstance(found, Mapping):
        raise ValueError(f"{path} holds no world")
    try:
        return World(**found)
    except TypeError as error:
        raise ValueError(f"{path} holds no world: {error}") from error
