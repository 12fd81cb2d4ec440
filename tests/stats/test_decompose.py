"""A difference into parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brownout.stats.decompose import decompose

PARTS = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 10**9))
TOTALS = st.integers(0, 10**10)


def test_parts_that_are_new_or_gone_and_a_remainder() -> None:
    before, after = {"sql": 10, "cache": 5}, {"sql": 42, "ai": 7}
    assert decompose(before, after, 20, 60) == {"ai": 7, "cache": -5, "sql": 32, "other": 6}


def test_without_parts_all_is_other() -> None:
    assert decompose({}, {}, 5, 3) == {"other": -2}


@given(PARTS, PARTS, TOTALS, TOTALS)
def test_parts_add_up_exactly(
    before: dict[str, int], after: dict[str, int], total_before: int, total_after: int
) -> None:
    parts = decompose(before, after, total_before, total_after)
    assert sum(parts.values()) == total_after - total_before
    assert set(parts) == {*before, *after, "other"}
