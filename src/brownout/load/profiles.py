"""Load profiles: how many visits a second are wanted, as time goes on. Pure."""

from __future__ import annotations

from collections.abc import Callable

RAMP = 60.0
"""Seconds in which a ramp climbs to the peak."""

STEP, STEPS = 20.0, 4
"""Seconds of each step, and how many there are between the normal and the peak rate."""

SOAK_RISE = 30.0
"""Seconds in which a soak climbs to its rate, to stay."""


def normal(second: float, normal: float, peak: float) -> float:
    return normal


def peak(second: float, normal: float, peak: float) -> float:
    return peak


def ramp(second: float, normal: float, peak: float) -> float:
    """From nothing to the peak in a straight line, then the peak."""
    return peak * min(max(second, 0.0) / RAMP, 1.0)


def step(second: float, normal: float, peak: float) -> float:
    """From normal to the peak in equal steps, then the peak."""
    return normal + (peak - normal) * min(max(second, 0.0) // STEP, STEPS) / STEPS


def soak(second: float, normal: float, peak: float) -> float:
    """Half-way between normal and peak, for as long as it takes for what leaks to show."""
    middle = (normal + peak) / 2
    return normal + (middle - normal) * min(max(second, 0.0) / SOAK_RISE, 1.0)


def none(second: float, normal: float, peak: float) -> float:
    return 0.0


PROFILES: dict[str, Callable[[float, float, float], float]] = {
    profile.__name__: profile for profile in (normal, peak, ramp, step, soak, none)
}
"""Name -> f(seconds since the profile began, normal rate, peak rate): visits a second."""
