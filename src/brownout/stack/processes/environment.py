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
        "OTEL_EXPORTER_OTLP_ENDPOINT": wiring.collector,
        "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{wiring.token}",
        "OTEL_SERVICE_NAME": service,
        "OTEL_RESOURCE_ATTRIBUTES": f"service.version={release}",
    }
    if frontend is not None:
        environment["FRONTEND_DIST"] = str(frontend)
        environment["FRONTEND_ASSETS"] = str(wiring.run / ASSETS)
    return environment
