"""What outlives a drill: its calm traffic, by machine, size and release."""

from __future__ import annotations

from pathlib import Path

import pytest
from recordings import MemoryRecording, at, ms, traffic

from brownout import store
from brownout.recording import baselines

ROUTE = "GET /api/books/{id}/"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BROWNOUT_CACHE", str(tmp_path))
    return tmp_path


def calm(start: float) -> MemoryRecording:
    recording = MemoryRecording({"baseline": (start, start + 2)})
    traffic(recording, start - 1, start + 3, 40, sql_calls=3)
    recording.insert("machine", [{"ts": at(start + 1)}, {"ts": at(start + 9)}])
    return recording


def test_the_samples_the_counters_and_the_machine_of_the_window_are_kept() -> None:
    folder = baselines.keep(calm(10), "small")
    [kept] = baselines.known("small", "v2.7.0")
    assert kept.folder == folder
    assert kept.about["machine"] == store.machine()
    assert (kept.about["start"], kept.about["end"]) == (at(10), at(12))
    assert list(kept.latencies()) == [ROUTE]
    found = kept.latencies()[ROUTE]
    assert len(found) == 9  # four a second, both ends of two seconds included
    assert (found[0], found[-1]) == (ms(40), ms(40 * 1.09))
    assert kept.query("SELECT count(*), sum(sql_calls) FROM work") == [(8, 24)]
    assert kept.query("SELECT count(*) FROM machine") == [(1,)]


def test_sizes_and_releases_stand_apart() -> None:
    baselines.keep(calm(10), "small")
    assert baselines.known("normal", "v2.7.0") == []
    assert baselines.known("small", "v2.8.0") == []


def test_the_oldest_goes_and_the_same_drill_is_kept_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "KEPT", 2)
    for start in (30, 10, 20, 20):
        baselines.keep(calm(start), "small")
    starts = [kept.about["start"] for kept in baselines.known("small", "v2.7.0")]
    assert starts == [at(20), at(30)]


def test_a_drill_that_was_never_calm_leaves_nothing(cache: Path) -> None:
    recording = MemoryRecording({})
    assert baselines.keep(recording, "small") is None
    assert not (cache / "baselines").exists()
