"""The other terminal: asks the running drill over its API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from brownout import store
from brownout.app import show
from brownout.model import ROLES, BrownoutError


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


def ask(run: Path | None, name: str, role: str, args: dict[str, Any], as_json: bool) -> int:
    """Perform an op and tell how it ended; the exit code."""
    if role not in ROLES:
        raise BrownoutError(f"--as {role}: unknown role; roles: {', '.join(ROLES)}")
    event = Remote(run).do(name, role, args)
    if as_json:
        print(json.dumps(event, indent=2))
    else:
        show.completion(event)
    if event["kind"] == "fail":
        return int(event["value"]["exit_code"])
    return 0 if event["value"].get("passed", True) else 1
