"""Sequential reads a second of each table, and its indexes."""

from __future__ import annotations

from recordings import MemoryRecording, at

from brownout.instruments import relations

TEXT = "CREATE INDEX a ON t USING btree (x)"


def sample(ts: float, scans: int, rows: int, by_index: int, live: int = 50) -> dict[str, object]:
    return {
        "ts": at(ts), "relation": "t", "seq_scans": scans, "seq_rows": rows,
        "index_scans": by_index, "live_rows": live,
    }  # fmt: skip


def index(ts: float, scans: int) -> dict[str, object]:
    return {"ts": at(ts), "relation": "t", "name": "a", "definition": TEXT, "scans": scans}


def test_rates_count_from_the_sample_just_before_the_window() -> None:
    recording = MemoryRecording({"calm": (10, 20)})
    recording.insert("relations", [sample(3, 0, 0, 0), sample(8, 10, 1000, 5)])
    recording.insert("relations", [sample(13, 12, 1500, 5), sample(18, 20, 3000, 30, 60)])
    recording.insert("indexes", [index(8, 1), index(13, 2), index(18, 7), index(23, 9)])
    found = relations.measure(recording, "calm")
    assert found.n == 2
    assert found.rows == (("t", 2, 1.0, 200.0, 2.5, 60, (("a", TEXT, 2),), (("a", TEXT, 7),)),)


def test_no_rate_from_one_sample_nor_over_a_reset() -> None:
    recording = MemoryRecording({"one": (0, 10), "reset": (10, 20), "none": (30, 40)})
    recording.insert("relations", [sample(3, 9, 900, 9), sample(13, 1, 2, 3)])
    [one] = relations.measure(recording, "one").records()
    assert (one["n"], one["seq_rows_per_s"], one["indexes_end"]) == (1, None, ())
    recording.insert("relations", [sample(14, 2, 4, 3), sample(9, 10, 900, 9)])
    [reset] = relations.measure(recording, "reset").records()
    assert (reset["n"], reset["seq_rows_per_s"]) == (2, None)
    assert relations.measure(recording, "none").n == 0


def test_a_dropped_index_takes_its_scans_along_and_nothing_else() -> None:
    recording = MemoryRecording({"after": (10, 20)})
    recording.insert("relations", [sample(8, 0, 0, 1929), sample(18, 166, 33_000_000, 512)])
    [row] = relations.measure(recording, "after").records()
    assert (row["seq_rows_per_s"], row["index_scans_per_s"]) == (3_300_000, None)
