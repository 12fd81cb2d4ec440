"""A visitor's browser for the tests."""

from __future__ import annotations

import os
import uuid
from typing import Any

import httpx

URL = os.environ.get("SHOP_URL", "http://127.0.0.1:8000")


class Visitor:
    """A browser with a visitor cookie of its own, or none."""

    def __init__(self, anonymous: bool = False) -> None:
        cookies = {} if anonymous else {"visitor": str(uuid.uuid4())}
        self.http = httpx.Client(base_url=URL, cookies=cookies, timeout=20, trust_env=False)

    def get(self, path: str, expected: int = 200) -> Any:
        return self._checked(self.http.get(path), expected)

    def post(self, path: str, body: Any, expected: int) -> Any:
        return self._checked(self.http.post(path, json=body), expected)

    def delete(self, path: str, expected: int = 200) -> Any:
        return self._checked(self.http.delete(path), expected)

    @staticmethod
    def _checked(response: httpx.Response, expected: int) -> Any:
        if response.status_code != expected:
            raise AssertionError(
                f"{response.request.method} {response.request.url.path}: "
                f"{response.status_code} instead of {expected}: {response.text[:200]}"
            )
        return response.json()
