"""CPU, memory, threads and file descriptors of each service, once a second."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import psutil

from brownout.probes.processes import Processes, proportional_bytes
from brownout.probes.terms import Found, Service, Site, Table

MB = 1e6
EVERY = 1.0
"""Seconds between two samples."""

SHOWN = (
    ("process.cpu", "CPU", "cores", 1.0),
    ("process.rss", "RSS", "MB", MB),
    ("process.private", "private", "MB", MB),
    ("process.pss", "PSS", "MB", MB),
    ("process.threads", "threads", "", 1.0),
    ("process.fds", "file descriptors", "", 1.0),
)
"""Metric, its name and unit in the table, and what it is divided by."""


def probe(site: Site, out: Path, seconds: float = 10) -> Found:
    """CPU, memory, threads and file descriptors per service, each second: least, mean, most."""
    services = site.need_services()
    groups = {s.name: (s.release, s.pids) for s in services}
    sampler, values = Processes(), defaultdict(list)
    sampler.sample(groups)
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(EVERY, left))
        rows, _ = sampler.sample(groups)
        for row in rows:
            values[row["service"], row["name"]].append(row["value"])
        for service in services:
            if pss := proportional_bytes(service.pids):
                values[service.name, "process.pss"].append(float(pss))
    return Found([_table(services, values)], notes=[*_gone(services), *_untold(services, values)])


def _table(services: Sequence[Service], values: dict[tuple[str, str], list[float]]) -> Table:
    rows = []
    for service in services:
        for metric, name, unit, scale in SHOWN:
            seen = [v / scale for v in values.get((service.name, metric), ())]
            if seen:
                mean = sum(seen) / len(seen)
                rows.append((service.name, name, min(seen), mean, max(seen), unit, len(seen)))
    columns = ("service", "what", "least", "mean", "most", "unit", "samples")
    return Table("processes", tuple((c, "") for c in columns), rows)


def _gone(services: Sequence[Service]) -> list[str]:
    return [
        f"{service.name}: process {pid} has gone; it counts as nothing from then on"
        for service in services
        for pid in service.pids
        if not psutil.pid_exists(pid)
    ]


def _untold(services: Sequence[Service], values: dict[tuple[str, str], list[float]]) -> list[str]:
    return [
        f"{s.name} is another user's: its file descriptors and PSS are not told; look as root"
        for s in services
        if (s.name, "process.cpu") in values
        and (s.name, "process.fds") not in values
        and any(map(psutil.pid_exists, s.pids))
    ]
