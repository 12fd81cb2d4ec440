"""The search for the knee, on literal histories, and the verdict on a step."""

from __future__ import annotations

import pytest
from recordings import MemoryRecording, at, traffic

from brownout.capacity import seeking
from brownout.capacity.seeking import Knee, Step, Verdict, search
from brownout.model import SHIPPED, Promise, Window, Workload
from brownout.report.promises import Seen

BOOK = "GET /api/books/{id}/"
SLO = Promise(BOOK, 100.0, 0.01)


def steps(*told: tuple[float, Verdict]) -> list[Step]:
    return [Step(rate, verdict) for rate, verdict in told]


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ([(3, "holds")], 8.0),
        ([(3, "holds"), (8, "holds")], 12.0),
        ([(3, "holds"), (8, "void")], 8.0),
        ([(3, "holds"), (8, "undecided")], 8.0),
        ([(3, "holds"), (8, "void"), (8, "holds")], 12.0),
        ([(4, "holds"), (9, "broken")], 6.0),
        ([(10, "holds"), (11.5, "broken")], 11.5),  # near enough, but not believed yet
        ([(10, "holds"), (11.5, "broken"), (11.5, "broken")], Knee(10, 11.5, True)),
        ([(10, "holds"), (11.5, "broken"), (11.5, "holds")], 17.25),
        (
            [(10, "holds"), (16, "broken"), (11.5, "broken"), (11.5, "holds")],
            pytest.approx(13.56466),
        ),
        ([(200, "holds")], Knee(200, None, False)),
        ([(150, "holds")], 200.0),
        ([(3, "broken")], Knee(None, 3, True)),
        # A rate that broke below one that held was disturbed.
        ([(10, "broken"), (12, "holds")], 18.0),
    ],
)
def test_the_next_rate_or_the_knee(told: list[tuple[float, Verdict]], answer: object) -> None:
    assert search(steps(*told), first=8.0) == answer


def test_a_machine_with_a_knee_is_searched_in_few_steps() -> None:
    """Whatever the knee, it is found within 15%, and each step is at a sensible rate."""
    for knee in (3.5, 5.0, 11.0, 14.0, 29.0, 63.0):
        made = [Step(3.0, "holds")]
        while not isinstance(found := search(made, first=8.0), Knee):
            made.append(Step(found, "holds" if found <= knee else "broken"))
        assert found.settled and found.rate is not None and found.broken is not None
        assert found.rate <= knee < found.broken <= 1.15 * found.rate
        assert len(made) <= 12


def test_when_time_is_up_the_best_known_is_told_as_not_settled() -> None:
    assert seeking.best(steps((3, "holds"), (8, "void"))) == Knee(3, None, False)
    assert seeking.best(steps((3, "holds"), (8, "broken"))) == Knee(3, 8, False)
    assert seeking.best(steps((3, "void"))) == Knee(None, None, False)
    assert seeking.best([]) == Knee(None, None, False)


def test_the_ramp_begins_below_what_the_cores_can_carry() -> None:
    assert seeking.first_rate(calm=3.0, own_cpu=0.45, cores=2) == pytest.approx(20 / 3)
    assert seeking.first_rate(calm=3.0, own_cpu=1.4, cores=2) == 4.5
    assert seeking.first_rate(calm=3.0, own_cpu=0.0, cores=2) == 4.5
    assert seeking.first_rate(calm=3.0, own_cpu=0.01, cores=64) == 200.0


def test_drills_play_at_shares_of_the_knee() -> None:
    assert seeking.workload(Knee(20.0, 22.0, True)) == Workload(7.0, 16.0)
    assert seeking.workload(Knee(4.0, 4.5, True)) == Workload(1.4, 3.2)
    # Where no time was left to rise, nothing speaks against the shipped rates.
    assert seeking.workload(Knee(3.0, None, False)) == SHIPPED


# The verdict


def half(fast: int, slow: int = 0, failed: int = 0) -> dict[str, Seen]:
    return {BOOK: Seen([20.0] * fast + [300.0] * slow, failed, fast + slow + failed)}


@pytest.mark.parametrize(
    ("looks", "verdict", "final"),
    [
        ([half(50), half(50)], "holds", "holds"),
        ([half(3), half(2, slow=1)], "holds", "holds"),  # one alone breaks no promise
        ([half(3), half(2, slow=2)], "undecided", "broken"),
        ([half(80, slow=20), half(80, slow=20)], "broken", "broken"),
        # A stall in one half alone may have been a disturbance.
        ([half(100), half(60, slow=40)], "undecided", "broken"),
        ([half(100), half(60, slow=40), half(300), half(300)], "undecided", "holds"),
        ([half(100), half(95, slow=9), half(100), half(100)], "holds", "holds"),
        ([half(96, slow=5), half(96, slow=5)], "undecided", "holds"),
        ([half(99, failed=1), half(100)], "holds", "holds"),
        ([half(59, failed=1), half(30)], "undecided", "broken"),
        ([half(50, failed=9), half(50, failed=9)], "broken", "broken"),
        ([half(0, failed=9), half(0, failed=9)], "broken", "broken"),
        ([{}, {}], "broken", "broken"),  # no data never passes
    ],
)
def test_a_step_is_judged_with_its_interval(
    looks: list[seeking.Look], verdict: Verdict, final: Verdict
) -> None:
    assert seeking.judge(looks, [SLO]).verdict == verdict
    assert seeking.judge(looks, [SLO], final=True).verdict == final


def test_the_worst_route_decides_and_unseen_ones_do_not() -> None:
    looks = [{**half(90, slow=20), "GET /": Seen([5.0], 0, 1)}] * 2
    found = seeking.judge(looks, [SLO, Promise("GET /", 60, 0.01), Promise("GET /no", 1, 0)])
    assert found.verdict == "broken"
    [book, page] = found.rows
    assert (book["route"], book["ok"], book["low_ms"], book["high_ms"]) == (BOOK, False, 300, 300)
    assert (page["route"], page["ok"], page["p95_ms"]) == ("GET /", True, 5)


def test_a_window_is_looked_at_by_halves() -> None:
    recording = MemoryRecording({})
    traffic(recording, 0, 5, 20.0)
    traffic(recording, 5, 10, 200.0)
    first, second = seeking.blocks(recording, Window(at(0), at(10)))
    assert max(first[BOOK].latencies) < 30
    assert min(second[BOOK].latencies) >= 200
    assert (first[BOOK].n, second[BOOK].n) == (20, 20)
