"""Profiles: how many visits a second, as time goes on; and the file that says which."""

from __future__ import annotations

from pathlib import Path

import pytest

from brownout.load import control
from brownout.load.profiles import PROFILES

NORMAL, PEAK = 2.0, 10.0


@pytest.mark.parametrize(
    ("profile", "at", "rate"),
    [
        ("none", 5, 0.0),
        ("normal", 5, 2.0),
        ("peak", 5, 10.0),
        ("ramp", 0, 0.0),
        ("ramp", 30, 5.0),
        ("ramp", 600, 10.0),
        ("step", 0, 2.0),
        ("step", 19.9, 2.0),
        ("step", 20, 4.0),
        ("step", 79, 8.0),
        ("step", 600, 10.0),
        ("soak", 0, 2.0),
        ("soak", 15, 4.0),
        ("soak", 3600, 6.0),
    ],
)
def test_a_profile_gives_the_rate_of_each_second(profile: str, at: float, rate: float) -> None:
    assert PROFILES[profile](at, NORMAL, PEAK) == pytest.approx(rate)


def test_the_rate_file_carries_a_profile_and_when_it_began(tmp_path: Path) -> None:
    target = control.Target("", "", "", 7, tmp_path / "load.rate")
    control.set_rate(target, 3.5)
    assert control.rate(target.rate_file, 10**18) == 3.5
    control.set_profile(target, "ramp", NORMAL, PEAK)
    assert control.rate(target.rate_file, 0) == 0.0
    assert control.rate(target.rate_file, 10**19) == PEAK


@pytest.mark.parametrize("text", ["", "{", "{}", "4", '{"profile": "x", "normal": 1, "peak": 1}'])
def test_a_broken_rate_file_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "load.rate").write_text(text)
    with pytest.raises(ValueError):
        control.rate(tmp_path / "load.rate", 0)
