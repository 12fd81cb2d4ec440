"""Who a process is: its Python and the packages installed for it, told once, before its events."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import time

from brownout.meter.event.work import new_id

ATTRIBUTE = "brownout.process"
METADATA = re.compile(r"(.+?)-(\d[^-]*)(?:-py\d.*)?\.(?:dist-info|egg-info)")
"""Folders of installed packages: their names tell all, so that no file is read."""

SEPARATORS = re.compile(r"[-_.]+")


def installed() -> dict[str, str]:
    """Name of a package, in lower case and with hyphens -> version; as an import would find it."""
    found: dict[str, str] = {}
    for path in sys.path:
        try:
            names = os.listdir(path or ".")
        except OSError:
            continue
        for name in names:
            if match := METADATA.fullmatch(name):
                found.setdefault(SEPARATORS.sub("-", match[1]).lower(), match[2])
    return found


def introduction() -> str:
    """The span that tells it, a JSON object."""
    at = str(time.time_ns())
    told = {"python": platform.python_version(), "packages": dict(sorted(installed().items()))}
    return json.dumps({
        "traceId": f"{new_id()}{new_id()}",
        "spanId": new_id(),
        "name": "process",
        "kind": 1,
        "startTimeUnixNano": at,
        "endTimeUnixNano": at,
        "attributes": [{"key": ATTRIBUTE, "value": {"stringValue": json.dumps(told)}}],
    })  # fmt: skip
