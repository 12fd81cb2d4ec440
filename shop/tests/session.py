"""A visitor's browser for the tests."""

from __future__ import annotations

import os
import uuid
from typing import Any

import httpx

URL = os.environ.get("SHOP_URL", "http://127.0.0.1:8000")


class Visitor:
    """A browser with a visitor cookie of its own, or none."""

    def __init__(self, anonymous: bool = False, url: str = URL) -> None:
        cookies = {} if anonymous else {"visitor": str(uuid.uuid4())}
        self.http = httpx.Client(base_url=url, cookies=cookies, timeout=20, trust_env=False)

    def get(self, path: str, expected: int = 200) -> Any:
        return self._checked(self.http.get(path), expected)

    def post(self, path: str, body: Any, expected: int) -> Any:
        return self._checked(self.http.post(path, json=body), expected)

    def patch(self, path: str, body: Any, expected: int) -> Any:
        return self._checked(self.http.patch(path, json=body), expected)

    def delete(self, path: str, expected: int = 200) -> Any:
        return self._checked(self.http.delete(path), expected)

    @staticmethod
    def _checked(response: httpx.Response, expected: int) -> Any:
        if response.status_code != expected:
            raise AssertionError(
                f"{response.request.method} {response.request.url.path}: "
                f"{response.status_code} instead of {expected}: {response.text[:200]}"
            )
        return response.json() if response.content else None


PASSWORD = "correct horse"


def member(visitor: Visitor | None = None) -> tuple[Visitor, dict[str, str]]:
    """A visitor with an account of their own, logged in; and what they said of themselves."""
    visitor = visitor or Visitor()
    told = {"name": "Mem Ber", "email": f"{uuid.uuid4().hex}@example.com", "city": "Istra"}
    visitor.post("/api/account/", told | {"password": PASSWORD}, 201)
    return visitor, told


def staff() -> Visitor:
    """Somebody of the staff, logged in."""
    return _demonstrated("staff@example.com", URL)


def customer(number: int, url: str = URL) -> Visitor:
    """A customer of long standing, logged in."""
    return _demonstrated(f"customer{number}@example.com", url)


def _demonstrated(email: str, url: str) -> Visitor:
    """Who has an account in the demonstration data, logged in."""
    visitor = Visitor(anonymous=True, url=url)
    visitor.post("/api/session/", {"email": email, "password": "quayside"}, 200)
    return visitor
