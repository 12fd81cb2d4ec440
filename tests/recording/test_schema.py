"""The schema: documented column by column, and recordings of earlier versions still open."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pytest

from brownout import __version__, instruments
from brownout.collector.tables import Tables
from brownout.model import BrownoutError, Window
from brownout.recording import schema
from brownout.recording.finished import open_recording

ROOT = Path(__file__).parents[2]
OLD = Path(__file__).parent / "old_recordings"
SINCE = {
    1: {"profiles", "work.tx_time", "work.queued"},
    2: {"work.tx_count", "work.connect_time", "processes"},
}
"""Version -> some of what came with the next."""


@pytest.fixture(params=[path.name for path in sorted(OLD.glob("*.gz"))])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A run folder with a recording that an earlier brownout made of a real drill."""
    packed = (OLD / request.param).read_bytes()
    (tmp_path / "telemetry.duckdb").write_bytes(gzip.decompress(packed))
    return tmp_path


def test_the_page_is_made_from_the_schema() -> None:
    page = (ROOT / "docs" / "recording.md").read_text()
    assert page == schema.page(), "run: python -m brownout.recording.schema > docs/recording.md"


def test_every_column_is_explained() -> None:
    connection = duckdb.connect()
    connection.execute(schema.sql())
    found = connection.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE table_name IN "
        "(SELECT table_name FROM duckdb_tables()) ORDER BY ALL"
    ).fetchall()
    explained = {(t.name, c.name): c.means for t in schema.tables() for c in t.columns}
    assert sorted(explained) == found
    assert [key for key, means in explained.items() if not means] == []
    assert [t.name for t in schema.tables() if not t.means] == []
    assert all(schema.views().values()) and "outcomes" in schema.views()


def test_a_recording_says_who_wrote_it(tmp_path: Path) -> None:
    for _ in range(2):  # restarted, it is the same recording
        Tables(tmp_path / "telemetry.duckdb").close()
    with open_recording(tmp_path, {}) as recording:
        rows = recording.query("SELECT version, writer FROM meta")
    assert rows == [(schema.VERSION, __version__)]


def test_an_old_recording_opens_as_one_of_today(old: Path) -> None:
    with open_recording(old, {}) as recording:
        for table in schema.tables():
            names = ", ".join(f'"{c.name}"' for c in table.columns)
            assert isinstance(recording.query(f"SELECT {names} FROM {table.name}"), list)
        for view in schema.views():
            assert isinstance(recording.query(f"SELECT * FROM {view}"), list)
        assert recording.query("SELECT count(*), count(exception = 'x' OR NULL) FROM work") == [
            (120, 0)
        ]
        assert recording.query("SELECT count(*) FROM profiles") == [(0,)]
        [(shapes,)] = recording.query("SELECT count(*) FROM sql_calls")
    assert shapes > 100


def test_an_old_recording_is_measured_without_a_crash(old: Path) -> None:
    with open_recording(old, {}) as recording:
        [(start, end)] = recording.query("SELECT min(intended), max(intended) FROM requests")
    middle = (start + end) // 2
    windows = {"before": Window(start, middle), "after": Window(middle, end)}
    with open_recording(old, windows) as recording:
        _, crashes = instruments.measure_all(recording, {"before": "before", "after": "after"})
    assert not crashes


def test_what_an_old_recording_has_not_got_is_known(old: Path) -> None:
    with open_recording(old, {}) as recording:
        version, lacks = recording.version, recording.lacks
    assert SINCE[version] <= lacks
    assert ("meta" in lacks, "profiles" in lacks, "work.wait" in lacks) == (version == 1,) * 3
    assert not lacks & {"requests", "work", "work.route"}


def test_reading_an_old_recording_leaves_it_as_it_is(old: Path) -> None:
    path = old / "telemetry.duckdb"
    before = path.read_bytes()
    with open_recording(old, {}) as recording, pytest.raises(duckdb.Error):
        recording.query("INSERT INTO file.scheduled VALUES ('a', 1, 'r', 'j')")
    assert path.read_bytes() == before


def test_a_later_recording_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.duckdb"
    Tables(path).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE meta SET version = 99")
    with (
        pytest.raises(BrownoutError, match=r"schema is of version 99.*update brownout"),
        open_recording(tmp_path, {}),
    ):
        pass
