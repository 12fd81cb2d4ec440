"""A table that is read from end to end after its index went."""

from __future__ import annotations

from collections.abc import Mapping

from recordings import MemoryRecording, artifacts, at, statement, traffic, two_windows

from brownout.audits import missing_index
from brownout.model import Finding, Suggestion

TABLE = "reviews_review"
NEEDED = "CREATE INDEX by_book ON public.reviews_review USING btree (book_id, created DESC)"
OTHER = "CREATE INDEX by_book ON public.reviews_review USING btree (customer_id)"
USED = {NEEDED: 5}
SHAPE = "SELECT * FROM reviews_review WHERE book_id = ?"


def table(
    recording: MemoryRecording, start: float, rows_per_s: int, indexes: Mapping[str, int]
) -> None:
    """Samples each 5 s for 30 s; ``indexes``: definition -> scans a second."""
    for second in range(0, 30, 5):
        ts = at(start + second)
        recording.insert(
            "relations",
            [{"ts": ts, "relation": TABLE, "seq_scans": second, "seq_rows": rows_per_s * second}],
        )
        recording.insert(
            "indexes",
            [
                {"ts": ts, "relation": TABLE, "name": text.split()[2], "definition": text}
                | {"scans": scans * second}
                for text, scans in indexes.items()
            ],
        )


def judged(
    indexes: Mapping[str, int],
    rows_per_s: int = 50_000,
    took: float = 8.0,
    calls: int = 2,
    before: Mapping[str, int] = USED,
) -> Finding:
    """The one finding when, after, the table has these indexes, and its statement takes so long."""
    recording = two_windows()
    traffic(recording, 0, 30, 20.0, sql=[statement(2, 2.0, SHAPE)])
    traffic(recording, 40, 70, 30.0, sql=[statement(calls, took, SHAPE)])
    table(recording, 0, 100, before)
    table(recording, 40, rows_per_s, indexes)
    [finding] = missing_index.judge(artifacts(recording))
    return finding


def test_an_index_that_is_gone() -> None:
    finding = judged({})
    assert (finding.verdict, finding.subject, finding.cause) == (
        "regressed", TABLE, "missing-index",
    )  # fmt: skip
    # Two calls a request, 1 ms each before and 4 ms after.
    assert (finding.effect, finding.low, finding.high, finding.n) == (6.0, 6.0, 6.0, 120)
    assert finding.where == f"{TABLE}: {NEEDED}"
    assert finding.reason == (
        f"its index is gone ({NEEDED}); sequentially read rows 100 -> 50000 per s; "
        "a statement of GET /api/books/{id}/ 1.00 -> 4.00 ms per call"
    )
    build = NEEDED.replace("INDEX", "INDEX CONCURRENTLY IF NOT EXISTS")
    assert finding.suggests == (Suggestion("sql", {"text": build, "write": True}),)


def test_its_name_was_taken_by_another_index() -> None:
    [suggestion] = judged({OTHER: 0}).suggests
    assert suggestion.args["text"] == (
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS by_book_again ON public.reviews_review "
        "USING btree (book_id, created DESC)"
    )


def test_an_index_that_no_longer_serves() -> None:
    finding = judged({NEEDED: 0})
    assert (finding.verdict, finding.cause) == ("regressed", "unindexable-filter")
    assert finding.where == "reviews/queries.py:12"
    assert finding.suggests == (Suggestion("rollback"),)


def test_an_index_that_nobody_used_may_go() -> None:
    assert judged({}, before={NEEDED: 0}).verdict == "clean"
    assert judged({NEEDED: 0}, before={NEEDED: 5, OTHER: 0}).cause == "unindexable-filter"


def test_an_index_that_only_changed_its_name_is_not_missed() -> None:
    assert judged({NEEDED.replace("by_book", "by_book_2"): 5}).verdict == "clean"


def test_each_of_the_three_signs_is_needed() -> None:
    assert judged({NEEDED: 5}).verdict == "clean"
    assert judged({}, rows_per_s=10_000).verdict == "clean"
    assert judged({}, took=3.8).verdict == "clean"
    assert judged({}, took=16.0, calls=4).verdict == "clean"


def test_a_single_sample_has_no_rate() -> None:
    recording = two_windows()
    traffic(recording, 0, 30, 20.0, sql=[statement(2, 2.0, SHAPE)])
    traffic(recording, 40, 70, 30.0, sql=[statement(2, 8.0, SHAPE)])
    table(recording, 0, 100, USED)
    recording.insert(
        "relations", [{"ts": at(50), "relation": TABLE, "seq_scans": 9, "seq_rows": 10**9}]
    )
    [unclear] = missing_index.judge(artifacts(recording))
    assert (unclear.verdict, unclear.subject, unclear.n) == ("inconclusive", TABLE, 120)
    assert "sampled only once" in unclear.reason


def test_a_lost_index_and_too_few_calls_to_tell() -> None:
    recording = two_windows()
    traffic(recording, 0, 30, 20.0, sql=[statement(2, 2.0, SHAPE)])
    traffic(recording, 40, 70, 30.0, "GET /other/")
    traffic(recording, 50, 52, 30.0, sql=[statement(2, 80.0, SHAPE)])
    table(recording, 0, 100, USED)
    table(recording, 40, 50_000, {})
    [unclear] = missing_index.judge(artifacts(recording))
    assert (unclear.verdict, unclear.subject, unclear.n) == ("inconclusive", TABLE, 8)
