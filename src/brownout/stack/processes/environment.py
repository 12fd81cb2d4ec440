"""The environments of children, built explicitly: nothing of the user's own leaks into a drill."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
"""Model code on one thread: more of them than cores, spinning, cost most of the throughput."""

METER_ENDPOINT, METER_HEADERS = "BROWNOUT_METER_ENDPOINT", "BROWNOUT_METER_HEADERS"
METER_SERVICE, METER_RELEASE = "BROWNOUT_METER_SERVICE", "BROWNOUT_METER_RELEASE"
"""What the meter is told: whom to send to, and as whom. Variables of its own: OpenTelemetry's are
those of an exporter that the metered project may have."""

ASSETS = "assets"
"""The run's folder with the assets of all releases that have served."""


@dataclass(frozen=True)
class Wiring:
    """Where the parts of one run find one another; all addresses are URLs on 127.0.0.1."""

    run_id: str
    run: Path
    database: str
    cache: str
    broker: str
    ai: str
    collector: str
    token: str
    secret: str


def plain(run_id: str, home: Path) -> dict[str, str]:
    """What every child gets. ``home`` is the run's folder: no ~/.pgpass, ~/.npmrc and the like."""
    here = str(Path(sys.executable).parent)
    return {
        "PATH": os.pathsep.join([here, "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        "BROWNOUT_RUN": run_id,
    }


def shop(
    wiring: Wiring, service: str, release: str, frontend: Path | None = None
) -> dict[str, str]:
    """The environment of the shop's web processes and workers, with the meter put in.

    ``service`` (web, worker) and ``release`` (a tag) name the sender of the telemetry;
    ``frontend`` is the folder of the built front end.
    """
    environment = plain(wiring.run_id, wiring.run) | {
        "DATABASE_URL": wiring.database,
        "CACHE_URL": wiring.cache,
        "BROKER_URL": wiring.broker,
        "AI_BASE_URL": f"{wiring.ai}/v1",
        "MODELS_URL": wiring.ai,
        "SECRET_KEY": wiring.secret,
        "MAIL_DIR": str(wiring.run / "mail"),
        "RELEASE": release,
        "DJANGO_SETTINGS_MODULE": "brownout.meter.settings",
        "BROWNOUT_DJANGO_SETTINGS": "shop.settings",
        "BROWNOUT_TOKEN": wiring.token,
        METER_SERVICE: service,
        METER_RELEASE: release,
        **sending(wiring.collector, wiring.token),
    }
    if frontend is not None:
        environment["FRONTEND_DIST"] = str(frontend)
        environment["FRONTEND_ASSETS"] = str(wiring.run / ASSETS)
    return environment


def sending(collector: str, token: str) -> dict[str, str]:
    """What tells the meter of a collector of ours and of its token."""
    return {METER_ENDPOINT: collector, METER_HEADERS: f"authorization=Bearer%20{token}"}
