"""The AI service: the shop's own, run from a release; its models are switched while it runs."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brownout.model import BrownoutError
from brownout.stack.processes.environment import ONE_THREAD, Wiring, plain
from brownout.stack.processes.supervisor import Command

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Our services are on this machine, whatever proxy the user has."""


def command(wiring: Wiring, release: Path, tag: str, models: Path, port: int) -> Command:
    """Serve ``models`` with the code in ``release``; /healthz answers when it is ready.

    The active versions are remembered in the run's folder: they survive a restart.
    """
    settings = {
        "AI_MODELS": str(models),
        "AI_STATE": str(wiring.run / "ai-state.json"),
        "RELEASE": tag,
    }
    return Command(
        name=f"ai-{tag}",
        service="ai",
        argv=[sys.executable, "-m", "ai.serve", "--port", str(port)],
        env=plain(wiring.run_id, wiring.run) | ONE_THREAD | settings,
        cwd=release,
        log=wiring.run / "logs" / "ai.log",
        release=tag,
        grace=2.0,
    )


def active_models(url: str) -> Mapping[str, str]:
    """Model -> the version that the service at this URL has in use."""
    found = _ask(url, "GET", "/v1/models", None)["data"]
    return {m["name"]: m["version"] for m in found if m["active"]}


def switch(url: str, name: str, version: str) -> None:
    """Use another version of a model. Raises BrownoutError for what is not known."""
    _ask(url, "PUT", f"/v1/models/{name}/active", {"version": version})


def _ask(url: str, method: str, path: str, body: Any) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url + path, data, headers, method=method)
    try:
        with DIRECT.open(request, timeout=30) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise BrownoutError(json.load(error)["error"]["message"]) from error
    except OSError as error:
        raise BrownoutError(f"the AI service does not answer ({error})") from error
