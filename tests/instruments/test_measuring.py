"""All instruments over two windows: what is absent is left out, a crash stops nothing."""

from __future__ import annotations

from recordings import MemoryRecording, artifacts, traffic, two_windows

from brownout import instruments
from brownout.model import Finding


def test_what_has_no_data_is_left_out() -> None:
    recording = two_windows()
    traffic(recording, 0, 30, 20.0)
    traffic(recording, 40, 41, 20.0, sql=[])
    found = artifacts(recording)
    spoken = ("coverage", "latency", "statements", "throughput", "transactions")
    assert set(found) == {(name, side) for name in spoken for side in ("before", "after")}
    assert found["latency", "after"].n == 4
    assert found["latency", "after"].window == "after"


def test_a_window_that_is_missing_is_an_error_of_each_instrument() -> None:
    recording = two_windows()
    found, errors = instruments.measure_all(recording, {"before": "before", "after": "incident"})
    assert found == {}
    assert [e.audit for e in errors] == list(instruments.discover())
    assert errors[0] == Finding(
        "ai_calls", "window incident", "error", reason="the recording has no window 'incident'"
    )


def test_one_instrument_that_crashes_does_not_stop_the_others() -> None:
    recording = MemoryRecording({"before": (0, 30), "after": (40, 70)})
    traffic(recording, 0, 30, 20.0)
    recording.execute("DROP TABLE machine")
    found, errors = instruments.measure_all(recording, {"before": "before"})
    assert ("latency", "before") in found
    [error] = errors
    assert (error.audit, error.verdict) == ("machine", "error")
    assert error.reason.startswith("instrument machine failed: CatalogException")


def test_an_instrument_says_what_it_reads_and_in_which_unit() -> None:
    for name, instrument in instruments.discover().items():
        empty = instrument.measure(MemoryRecording({"calm": (0, 1)}), "calm")
        assert (empty.instrument, empty.unit, empty.n) == (name, instrument.UNIT, 0)
        assert empty.columns == instrument.COLUMNS
        assert instrument.NEEDS and "$1" in instrument.SQL


def test_an_instrument_says_how_its_rows_are_shown() -> None:
    for instrument in instruments.discover().values():
        assert instrument.COLUMNS[: len(instrument.KEYS)] == instrument.KEYS
        assert instrument.ORDER in instrument.FIGURES
        assert {*instrument.FIGURES, *getattr(instrument, "PARTS", ())} <= {*instrument.COLUMNS}
