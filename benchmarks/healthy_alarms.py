"""Play a healthy recording for days: how often do the alerts ring though nothing is wrong?

    .venv/bin/python benchmarks/healthy_alarms.py RUN [--hours 240] [--block 60] [--quiet 0.5]

RUN is the folder of a healthy drill that nobody touched, e.g. from
``brownout drill healthy --responder none --minutes 30 --out RUN``. Its seconds after the baseline
are drawn in blocks (so that what follows on each other stays together; each block with all routes
and services) and strung into drills of half an hour; each has a calm window of its own, 30 s
of the recording, from which its thresholds come. Told as alarms per hour with the upper 95% bound
of a Poisson rate. Blocks of one recording are not new weather: the bound holds for more of the same
day. ``--quiet C`` leaves out blocks in which others used more than C cores on average.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from scipy.stats import chi2

from brownout import history
from brownout.alerting import HOURS_BETWEEN_FALSE_ALARMS, Alerting, Limit, latency_limit
from brownout.flight.calm import bad_seconds, service_limits
from brownout.instruments import resources
from brownout.model import NS, Recording
from brownout.recording.finished import open_recording
from brownout.site.observer import Seen, Usage, observations, read_second

CALM, DRILL = 30, 1800
"""Seconds of a drill's calm window, and of a simulated drill."""

FOREIGN = "SELECT ts, foreign_cpu FROM machine WHERE ts >= $1 AND ts < $2"


def span(run: Path) -> tuple[int, int]:
    """From the end of the baseline to the end of the drill, in ns."""
    events = history.read((run / "history.jsonl").read_bytes().splitlines(keepends=True))
    began = next(e for e in events if e.name == "phase" and e.value["name"] == "incident").at
    return began, history.infos(events, "closed")[0].at


def read(recording: Recording, start: int, end: int) -> list[Seen]:
    """What the observer saw, second by second."""
    usage: dict[int, dict[str, Usage]] = defaultdict(dict)
    for service, ts, cores, megabytes in recording.query(resources.SQL, [start, end]):
        if cores is not None and megabytes is not None:
            usage[ts // NS][service] = Usage(cores, megabytes)
    return [
        Seen(at * NS, read_second(recording, at * NS), usage[at])
        for at in range(start // NS + 1, end // NS)
    ]


def quiet(recording: Recording, seen: Sequence[Seen], most: float) -> list[bool]:
    """Whether the machine was the drill's own in a second."""
    rows = recording.query(FOREIGN, [seen[0].second, seen[-1].second + NS])
    others = {ts // NS: cores for ts, cores in rows}
    return [others.get(s.second // NS, 0.0) <= most for s in seen]


def blocks(seen: Sequence[Seen], own: Sequence[bool], length: int) -> list[list[Seen]]:
    """All blocks, overlapping by half, in nine tenths of whose seconds the machine was its own."""
    starts = range(0, len(seen) - length + 1, max(length // 2, 1))
    return [list(seen[i : i + length]) for i in starts if sum(own[i : i + length]) >= 0.9 * length]


def alerting(calm: Sequence[Seen]) -> tuple[Alerting, dict[tuple[str, str], Limit]]:
    """The alerts as a drill with this calm window would have them (``baseline.freeze``)."""
    latencies: dict[str, list[float]] = defaultdict(list)
    for second in calm:
        for route, seen in second.routes.items():
            latencies[route] += seen.latencies
    limits = [latency_limit(route, ms) for route, ms in sorted(latencies.items()) if ms]
    limits += [Limit("errors", limit.subject, 0.0, 20.0) for limit in limits]
    limits += service_limits(calm)
    return Alerting(limits, bad_seconds(calm, limits)), {limit.key: limit for limit in limits}


def play(calms: list[list[Seen]], pool: list[list[Seen]], rng: random.Random) -> Counter[str]:
    """The alarms of one simulated drill: signal and subject -> how many."""
    alerts, limits = alerting(rng.choice(calms))
    rang: Counter[str] = Counter()
    at = 0
    while at < DRILL:
        for second in rng.choice(pool):
            at += 1
            for change in alerts.update(at * NS, observations(second, limits)):
                if change["state"] == "firing":
                    rang[f"{change['signal']} of {change['subject']}"] += 1
    return rang


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--hours", type=float, default=240)
    parser.add_argument("--block", type=int, default=60, help="seconds")
    parser.add_argument("--quiet", type=float, default=99.0, help="cores of others, at most")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if not (args.run / "telemetry.duckdb").is_file():
        parser.error(f"{args.run} is no folder of a finished drill")
    with open_recording(args.run, {}) as recording:
        seen = read(recording, *span(args.run))
        own = quiet(recording, seen, args.quiet)
    pool, calms = blocks(seen, own, args.block), blocks(seen, own, CALM)
    if not pool or not calms:
        parser.error(f"{args.run} has no block of {args.block} s in which others were that quiet")
    rng, drills = random.Random(args.seed), max(round(args.hours * 3600 / DRILL), 1)
    rang: Counter[str] = Counter()
    for done in range(drills):
        if done % 100 == 0:
            print(f"drill {done} of {drills}", file=sys.stderr)
        rang += play(calms, pool, rng)
    alarms, hours = rang.total(), drills * DRILL / 3600
    bound = chi2.ppf(0.95, 2 * (alarms + 1)) / 2 / hours
    print(f"recorded: {len(seen) / 60:.1f} minutes, {sum(own) / 60:.1f} of them quiet")
    print(f"{alarms} alarms in {hours:g} simulated hours ({len(pool)} blocks of {args.block} s)")
    print(f"{alarms / hours:.3f} an hour, at most {bound:.3f} with 95% confidence")
    print(f"stated: at most {1 / HOURS_BETWEEN_FALSE_ALARMS:.3f} an hour")
    for what, count in rang.most_common(10):
        print(f"{count:6d}  {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
