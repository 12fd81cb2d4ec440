"""The other terminal: asks the running drill over its API."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from brownout import store
from brownout.model import BrownoutError


class Refused(BrownoutError):
    """The drill did not take the op."""

    def __init__(self, text: str, exit_code: int) -> None:
        super().__init__(text)
        self.exit_code = exit_code


class Remote:
    """A running drill, found by its run folder (the newest that is flying when None)."""

    def __init__(self, run: Path | None = None) -> None:
        control = store.active_run(run)
        self._client = httpx.Client(
            base_url=control["url"],
            headers={"authorization": f"Bearer {control['token']}"},
            timeout=httpx.Timeout(10, read=600),
            trust_env=False,
        )

    def status(self) -> dict[str, Any]:
        return dict(self._ask("GET", "/status"))

    def do(self, name: str, role: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Perform an op; the completion event. Raises Refused when the drill refuses it."""
        body = {"name": name, "role": role, "args": dict(args)}
        return dict(self._ask("POST", "/ops", json=body))

    def _ask(self, method: str, path: str, **kwargs: Any) -> Any:
        try:
            answer = self._client.request(method, path, **kwargs)
        except httpx.TransportError as error:
            raise BrownoutError(
                f"the drill does not answer ({error}); is it still running?"
            ) from error
        if answer.is_error:
            body = answer.json()
            raise Refused(body["error"], body["exit_code"])
        return answer.json()
