"""Where `brownout run` puts the meter's middleware in: each handler, sync or async, as it is made.

The project's settings stay as they are: a handler sees one middleware more while it loads them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from functools import wraps
from types import ModuleType
from typing import Any

MIDDLEWARE = "brownout.meter.middleware.Meter"
ROLL = "BROWNOUT_METER_ROLL"
"""Names the file in which each metered process says who it is, one JSON object a line."""


def install(base: ModuleType) -> None:
    """``base``: django.core.handlers.base."""
    original = base.BaseHandler.load_middleware

    @wraps(original)
    def load_middleware(self: Any, *args: Any, **kwargs: Any) -> Any:
        from django.conf import settings

        theirs = settings.MIDDLEWARE
        if MIDDLEWARE in theirs:
            return original(self, *args, **kwargs)
        settings.MIDDLEWARE = [MIDDLEWARE, *theirs]
        try:
            return original(self, *args, **kwargs)
        finally:
            settings.MIDDLEWARE = theirs
            enrol("web")

    base.BaseHandler.load_middleware = load_middleware


def install_worker(signals: ModuleType) -> None:
    """``signals``: celery.signals."""
    signals.worker_init.connect(lambda **_: enrol("worker"), weak=False)


def enrol(role: str) -> None:
    """Say in the roll that this process is metered."""
    path = os.environ.get(ROLL)
    if not path:
        return
    import django

    told = {
        "role": role,
        "pid": os.getpid(),
        "at": time.time_ns(),
        "django": django.get_version(),
        "python": sys.version.split()[0],
    }
    try:
        with open(path, "a") as file:
            file.write(json.dumps(told) + "\n")
    except OSError:
        pass
