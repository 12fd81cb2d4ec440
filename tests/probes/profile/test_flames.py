"""Profiles, literal: what functions cost, differences with their direction, and formats."""

from __future__ import annotations

import json
import re
from typing import Literal

import msgspec
import pytest

from brownout.probes.profile.flames import (
    Profile,
    collapsed,
    costs,
    difference,
    folded_difference,
    from_plain,
    heaviest,
    lines,
    speedscope,
)
from brownout.probes.profile.stacks import frame

MS = 1_000_000
ROOT = "serve (~django/core/handlers/base.py:1)"
GET = "Book.get (views.py:5)"
FETCH = "fetch (queries.py:9)"
WAIT = "wait (~psycopg/waiting.py:3)"


def profile(fetch: int, requests: int = 10) -> Profile:
    weights = {
        ("GET /", f"{ROOT};{GET}"): 20 * MS,
        ("GET /", f"{ROOT};{GET};{FETCH};{WAIT}"): fetch * MS,
        ("", "main (~x.py:1)"): 5 * MS,
    }
    return Profile(2.0, weights, {"GET /": requests}, {"GET /": 40 * MS})


def test_a_librarys_time_is_its_callers() -> None:
    assert costs(profile(30), "GET /") == [
        ("fetch (queries.py)", 3.0, 3.0),
        ("Book.get (views.py)", 2.0, 5.0),
    ]
    assert lines(profile(30), "GET /")["fetch (queries.py)"] == "queries.py:9"
    assert heaviest(profile(30), 1) == [("GET /", 50.0, 10)]


def test_own_times_add_up_to_the_route() -> None:
    assert sum(own for _, own, _ in costs(profile(30), "GET /")) == 5.0


def test_a_function_that_calls_itself_counts_once() -> None:
    twice = Profile(1.0, {("r", "f (a.py:1);f (a.py:2)"): 4 * MS}, {"r": 2})
    assert costs(twice, "r") == [("f (a.py)", 2.0, 2.0)]


def test_a_difference_is_after_minus_before_per_request() -> None:
    first = difference(profile(30), profile(160, requests=20))[0]
    assert (first.function, first.before, first.after, first.own) == (
        "fetch (queries.py)", 3.0, 8.0, 5.0,
    )  # fmt: skip
    back = difference(profile(160, requests=20), profile(30))[0]
    assert back.own == -5.0


def test_what_is_gone_or_new_differs_by_all_of_it() -> None:
    without = Profile(2.0, {("GET /", f"{ROOT};{GET}"): 20 * MS}, {"GET /": 10})
    assert {c.function: c.own for c in difference(without, profile(30))} == {
        "fetch (queries.py)": 3.0,
        "Book.get (views.py)": 0.0,
    }


def test_routes_without_requests_in_both_are_not_compared() -> None:
    assert difference(profile(30), profile(30, requests=0)) == []


def test_folded_differences_have_microseconds_before_and_after() -> None:
    text = folded_difference(profile(30), profile(60))
    rows = dict(line.rsplit(" ", 2)[::2] for line in text.splitlines())
    assert f"GET /;{ROOT.replace(':1', '')};Book.get (views.py) 2000 2000" in text
    assert "".join(rows.values()) == "20006000"


def test_collapsed_stacks() -> None:
    text = collapsed(profile(30))
    assert all(re.fullmatch(r"[^;]+(;[^;]+)* [1-9]\d*", line) for line in text.splitlines())
    assert f"GET /;{ROOT};{GET} 20000\n" in text
    assert text.startswith("(outside requests);main")


@pytest.mark.parametrize("mark", [";", "\n"])
def test_what_splits_stacks_is_in_no_frame_and_no_route(mark: str) -> None:
    text = frame("f", f"/app/a{mark}b.py", 3, "/app")
    line = collapsed(Profile(1.0, {(f"GET ^a{mark}b", text): 4 * MS}))
    assert line == "GET ^a,b;f (a,b.py:3) 4000\n"


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    """A field that the format does not know is an error."""


class Frame(Strict, omit_defaults=True):
    name: str
    file: str | msgspec.UnsetType = msgspec.UNSET
    line: int | msgspec.UnsetType = msgspec.UNSET
    col: int | msgspec.UnsetType = msgspec.UNSET


class Sampled(Strict, tag="sampled"):
    name: str
    unit: Literal["none", "nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"]
    startValue: float
    endValue: float
    samples: list[list[int]]
    weights: list[float]


class Shared(Strict):
    frames: list[Frame]


class Speedscope(Strict):
    """https://www.speedscope.app/file-format-schema.json of speedscope 1.25, without evented."""

    schema: Literal["https://www.speedscope.app/file-format-schema.json"] = msgspec.field(
        name="$schema"
    )
    shared: Shared
    profiles: list[Sampled]
    name: str | msgspec.UnsetType = msgspec.UNSET
    activeProfileIndex: int | msgspec.UnsetType = msgspec.UNSET
    exporter: str | msgspec.UnsetType = msgspec.UNSET


def test_speedscope_keeps_to_its_schema() -> None:
    """The types by ``Speedscope``; what speedscope's importer demands beyond them, here."""
    written = json.dumps(speedscope(profile(30), "x"))
    file = msgspec.json.decode(written, type=Speedscope)
    frames = file.shared.frames
    assert Frame("Book.get", "views.py", 5) in frames
    assert [p.name for p in file.profiles] == ["GET /", "(outside requests)"]
    for p in file.profiles:
        assert len(p.samples) == len(p.weights)
        assert p.endValue - p.startValue == sum(p.weights)
        assert all(stack for stack in p.samples)
        assert all(0 <= i < len(frames) for stack in p.samples for i in stack)
        assert all(weight > 0 for weight in p.weights)
    assert file.activeProfileIndex in range(len(file.profiles))


def test_a_profile_survives_its_file() -> None:
    again = from_plain(json.loads(json.dumps(profile(30).plain())))
    assert difference(profile(30), again)[0].own == 0.0
    with pytest.raises(KeyError):
        from_plain({"other": 1})
