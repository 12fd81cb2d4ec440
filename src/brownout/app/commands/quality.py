"""``brownout quality``: what the models in service are worth to users, measured now."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from brownout import store
from brownout.app import show
from brownout.app.options import Json, Run
from brownout.model import BrownoutError
from brownout.site import validation

SECTION = "Look"
EXAMPLE = "brownout quality --json"


def quality(run: Run = None, as_json: Json = False) -> int:
    """Measure AI quality and freshness of the running shop (of `up` or a drill), as users get them.

    Exit code 0: every promise is kept; 1: one is broken.
    """
    found = _measured(store.running_site(run))
    show.result(found, as_json, lambda told: show.quality(told["metrics"]))
    return 0 if found["passed"] else 1


def _measured(site: dict[str, Any]) -> dict[str, Any]:
    """{passed, metrics}; raises BrownoutError when nothing can be measured."""
    argv = validation.golden_argv(site["ai"], site["models"], site["shop"])
    try:
        done = subprocess.run(
            argv,
            cwd=store.assets() / "shop",
            # The shop's folder is not ours to write to.
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=validation.TESTS_TIMEOUT,
            check=False,
        )
        return dict(json.loads(done.stdout))
    except subprocess.TimeoutExpired as error:
        raise BrownoutError(f"nothing was measured in {error.timeout:g} s") from error
    except ValueError as error:
        reason = (done.stderr.strip() or "no output").splitlines()[-1]
        raise BrownoutError(f"nothing could be measured: {reason}") from error
