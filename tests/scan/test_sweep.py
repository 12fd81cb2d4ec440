"""Series that are in order, and those that are not: each gets an answer or a reason."""

from __future__ import annotations

import numpy as np
import pytest

from brownout.scan.chunks import Batch
from brownout.scan.outcome import Ledger, Outcome, conclude, records
from brownout.scan.picture import draw, file_name
from brownout.scan.sweep import Part, Wanted, examine
from brownout.stats.scan import Change, Deployment

NOISE = np.random.default_rng(5).standard_normal(200)
STEP = 100 + NOISE + np.where(np.arange(200) >= 120, 10, 0)


def batch(**series: object) -> Batch:
    values = [np.asarray(v, float) for v in series.values()]
    starts = np.cumsum([0, *map(len, values)])
    times = np.concatenate([np.arange(len(v), dtype=float) for v in values])
    return Batch(list(series), starts, times, np.concatenate(values), [])


def outcome(part: Part, *deployments: Deployment) -> Outcome:
    ledger = Ledger()
    ledger.add(part)
    return conclude(ledger, 0.05, deployments, calendar=False)


def test_a_step_is_told_and_its_deployment_named() -> None:
    found = outcome(
        examine(batch(flat=100 + NOISE, step=STEP), Wanted(0.05)), Deployment(119.5, "v2")
    )
    ((change, p, q),) = found.changes
    assert (change.series, change.at) == ("step", 120)
    assert change.low <= 119.5 <= change.high
    assert change.least < 10 < change.most
    assert p <= q < 1e-6
    assert [(g.members, d.name if d else "") for g, d in found.groups] == [((0,), "v2")]
    assert [r["kind"] for r in records(found)] == ["group", "change", "summary"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([5.0], "too few points: at least 10 are wanted"),
        ([np.nan] * 60 + [1.0] * 40, "most of its values are missing, NaN or infinite"),
        ([1.0] * 9 + [np.inf] * 5, "too few points"),
    ],
)
def test_what_has_no_answer_has_a_reason(values: list[float], reason: str) -> None:
    part = examine(batch(odd=values, flat=NOISE), Wanted(0.05))
    assert part.unfit == [("odd", next(r for _, r in part.unfit if r.startswith(reason)))]
    assert len(part.p) == 1


def test_negative_durations_have_no_answer() -> None:
    part = examine(batch(request_latency_ms=NOISE, temperature=NOISE), Wanted(0.05))
    assert part.unfit == [("request_latency_ms", "negative durations")]


def test_gaps_repeated_times_integers_and_constants_are_borne() -> None:
    holes = STEP.copy()
    holes[::7] = np.nan
    holes[3] = np.inf
    found = batch(holes=holes, twice=np.repeat(STEP, 2), counts=np.round(STEP), same=np.ones(50))
    found.times[200:600] = np.repeat(np.arange(200), 2)
    part = examine(found, Wanted(0.05))
    assert [(c.series, 117 <= c.at <= 121) for _, c in part.changes] == [
        ("holes", True), ("counts", True), ("twice", True)
    ] or {c.series for _, c in part.changes} == {"holes", "counts", "twice"}  # fmt: skip
    assert sorted(part.notes.values()) == [1, 1]
    assert not part.unfit
    assert part.p.max() == 1


def test_an_empty_batch_is_nothing() -> None:
    empty = Batch([], np.zeros(1, np.int64), np.empty(0), np.empty(0), [("x", 9_000_000)])
    part = examine(empty, Wanted(0.05))
    assert part.unfit[0][1].startswith("9,000,000 points: more than")
    assert outcome(part).summary()["inconclusive"] == 1


def test_the_direction_and_the_floor_are_kept() -> None:
    found = batch(up=STEP, down=-STEP + 300, slight=STEP / 50 + 100)
    assert {c.series for _, c in examine(found, Wanted(0.05, 0.02)).changes} == {"up", "down"}
    assert {c.series for _, c in examine(found, Wanted(0.05, 0.02, "up")).changes} == {"up"}
    assert {c.series for _, c in examine(found, Wanted(0.05)).changes} == {"up", "down", "slight"}


def test_what_was_mended_and_what_has_no_noise_is_told_with_both_ends() -> None:
    mended, hour = 100 + NOISE[:60], 100 + 10 * np.tile(NOISE, 3)[:500]
    mended[20:40] += 15
    hour[250:271] += 100
    short = 100 + NOISE[:20]
    short[10:] += 50
    exact = np.where(np.arange(100) < 50, 12, 212)
    found = outcome(
        examine(batch(mended=mended, hour=hour, short=short, exact=exact), Wanted(0.05, 0.02))
    )
    told = sorted((c.series, c.at) for c, _, _ in found.changes)
    assert told == [
        ("exact", 50), ("hour", 250), ("hour", 271), ("mended", 20), ("mended", 40), ("short", 10)
    ]  # fmt: skip


def test_a_change_of_unit_is_remarked() -> None:
    part = examine(
        batch(mixed=np.where(np.arange(200) < 90, 1, 1000) * (5 + NOISE / 20)), Wanted(0.05)
    )
    row = next(r for r in records(outcome(part)) if r["kind"] == "change")
    assert row["remark"] == "a factor of 1,000: did the unit change?"


def test_a_picture_is_svg_that_shows_markup_as_text() -> None:
    change = Change("a<b>", 120, 118, 121, 100, 110, 9, 11)
    svg = draw("a<b>", np.arange(200.0), STEP, [change], calendar=False)
    assert svg.startswith("<svg ") and svg.endswith("</svg>\n")
    assert "a&lt;b&gt;" in svg and "<b>" not in svg
    assert "+10 at 120" in svg
    assert file_name(3, 'lat{route="/a b"}') == "003-lat-route-a-b.svg"
