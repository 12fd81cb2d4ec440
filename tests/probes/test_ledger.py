"""CPU of processes that end between two takes, on literal times."""

from __future__ import annotations

import pytest

from brownout.probes.ledger import Ledger, Times


def test_a_child_that_ends_is_counted_once() -> None:
    ledger = Ledger()
    assert ledger.take({1: Times(5.0, 2.0), 2: Times(0.5, parent=1, fresh=True)}, {}) == {
        1: 0.0,
        2: 0.5,
    }
    # It used 0.3 s more before it ended, and its parent, which waited for it, 0.1 s.
    assert ledger.take({1: Times(5.1, 2.8)}, {})[1] == pytest.approx(0.4)


def test_a_child_that_nobody_ever_saw_is_counted() -> None:
    ledger = Ledger()
    ledger.take({1: Times(5.0, 2.0)}, {})
    assert ledger.take({1: Times(5.0, 2.7)}, {})[1] == pytest.approx(0.7)


def test_a_whole_family_that_ends_is_its_grandparents_once() -> None:
    ledger = Ledger()
    ledger.take({1: Times(1.0), 2: Times(3.0, 1.0, 1), 3: Times(6.0, parent=2)}, {})
    # 3.0 + 1.0 of the parent and 6.0 of its child were counted; 0.25 are new.
    assert ledger.take({1: Times(1.0, 10.25)}, {})[1] == pytest.approx(0.25)


def test_a_child_that_is_waited_for_late_is_not_counted_again() -> None:
    ledger = Ledger()
    ledger.take({1: Times(1.0), 2: Times(3.0, parent=1)}, {})
    assert ledger.take({1: Times(1.0)}, {}) == {1: 0.0}
    assert ledger.take({1: Times(1.0, 3.1)}, {})[1] == pytest.approx(0.1)


def test_an_orphan_is_not_taken_off_for_ever() -> None:
    ledger = Ledger()
    ledger.take({1: Times(1.0), 2: Times(3.0, parent=1)}, {})
    for _ in range(2):
        ledger.take({1: Times(1.0)}, {})
    assert ledger.take({1: Times(1.0, 0.5)}, {})[1] == pytest.approx(0.5)


def test_one_that_says_what_it_used_is_counted_whole_and_once() -> None:
    ledger = Ledger()
    assert ledger.take({9: Times(0.2, fresh=True), 10: Times(0.1, parent=9, fresh=True)}, {}) == {
        9: 0.2,
        10: 0.1,
    }
    # Its child was waited for; it is still seen while it says so.
    found = {9: Times(0.4, 0.3)}
    assert ledger.take(found, {9: 0.75, 11: 0.35}) == {9: pytest.approx(0.45), 11: 0.35}
    assert ledger.take({}, {}) == {}
