"""How often do a drill's alerts ring for nothing, whatever share of its seconds is bad anyway?

    .venv/bin/python benchmarks/stats/alarm_rates.py [--calm 30] [--signals 36]

Computed, not simulated: the evidence is a Markov chain on a fine grid, whose mean time to the alarm
is the solution of a linear system; false alarms are averaged over all baselines that a calm window
of independent seconds may show. Told in false alarms for each one that is stated, beside the rule
before this one: a plain estimate of the share, (bad + 1) / (n + 2), against a fault's 75%. Then how
many seconds pass until the alarm, on average, when so many of a fault's seconds are bad and none of
the baseline's was.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

import numpy as np
from scipy.stats import binom

from brownout.alerting import HOURS_BETWEEN_FALSE_ALARMS
from brownout.stats.detector import FAULT, FLOOR, upper_bound

SHARES = (0.01, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3)
"""True shares of bad seconds."""

FAULTS = (1.0, 0.9, 0.75, 0.5)
"""Shares of bad seconds during a fault."""

STEP = 0.05
"""Of the grid, in log evidence."""

Rule = Callable[[int, int], tuple[float, float]]
"""(bad, n) of the baseline -> the shares that are usual, and a fault's."""


def seconds_to_alarm(share: float, usual: float, fault: float, height: float) -> float:
    """Mean number of observations until the evidence reaches ``height`` (log)."""
    states = np.arange(0.0, height, STEP)
    system = np.eye(len(states))
    moves = (math.log(fault / usual), share), (math.log((1 - fault) / (1 - usual)), 1 - share)
    for move, chance in moves:
        landed = np.maximum(states + move, 0.0) / STEP
        below = landed.astype(int)
        # Between two points of the grid: to each in part, so that the mean is kept.
        for target, part in ((below, below + 1 - landed), (below + 1, landed - below)):
            inside = target < len(states)
            np.subtract.at(system, (np.flatnonzero(inside), target[inside]), chance * part[inside])
    return float(np.linalg.solve(system, np.ones(len(states)))[0])


def ours(bad: int, n: int) -> tuple[float, float]:
    return upper_bound(bad, n), FAULT


def plain(bad: int, n: int) -> tuple[float, float]:
    return min(max(FLOOR, (bad + 1) / (n + 2)), 0.375), 0.75


def false_alarms(rule: Rule, share: float, n: int, between: float) -> float:
    """Alarms where one is stated, averaged over baselines of ``n`` seconds."""
    total = 0.0
    for bad in range(n + 1):
        chance = float(binom.pmf(bad, n, share))
        if chance > 1e-7:
            total += chance / seconds_to_alarm(share, *rule(bad, n), math.log(between))
    return total * between


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calm", type=int, default=30, help="seconds of the baseline")
    parser.add_argument("--signals", type=int, default=36)
    args = parser.parse_args()
    between = HOURS_BETWEEN_FALSE_ALARMS * 3600 * args.signals
    print(f"calm window {args.calm} s, {args.signals} signals")
    print("share of bad seconds    " + "".join(f"{share:8.0%}" for share in SHARES))
    rules = {"ours": ours, "plain estimate": plain}
    for name, rule in rules.items():
        told = [false_alarms(rule, share, args.calm, between) for share in SHARES]
        print(f"{name:16} false  " + "".join(f"{value:8.3f}" for value in told), flush=True)
    print("a fault's bad seconds   " + "".join(f"{share:8.0%}" for share in FAULTS))
    for name, rule in rules.items():
        usual, fault = rule(0, args.calm)
        told = [seconds_to_alarm(share, usual, fault, math.log(between)) for share in FAULTS]
        print(f"{name:16} seconds" + "".join(f"{value:8.1f}" for value in told), flush=True)


if __name__ == "__main__":
    main()
