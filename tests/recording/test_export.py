"""``brownout export``: Parquet files that say what the recording says, and clear refusals."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import duckdb
import pytest

from brownout.app import cli
from brownout.recording import schema

V1 = Path(__file__).parent / "old_recordings" / "v1.duckdb.gz"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "it's a run"
    folder.mkdir()
    (folder / "telemetry.duckdb").write_bytes(gzip.decompress(V1.read_bytes()))
    return folder


def test_all_tables_are_written(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["export", str(run), "--json"]) == 0
    written = {row["table"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(written) == {table.name for table in schema.tables()}
    with duckdb.connect() as connection:
        for row in written.values():
            [(count,)] = connection.execute(
                "SELECT count(*) FROM read_parquet(?)", [row["file"]]
            ).fetchall()
            assert count == row["rows"]
        work = connection.execute(
            "SELECT count(*), max(s.calls) > 0 FROM (SELECT unnest(sql) AS s FROM read_parquet(?))",
            [written["work"]["file"]],
        ).fetchall()
    assert work[0][0] > 100 and work[0][1]
    assert written["requests"]["rows"] == 120


def test_one_table_into_a_folder_of_choice(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    argv = ["export", str(run), "--out", str(out), "--table", "outcomes", "--table", "machine"]
    assert cli.run(argv) == 0
    assert sorted(p.name for p in out.iterdir()) == ["machine.parquet", "outcomes.parquet"]


def test_what_cannot_be_is_told(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["export", str(run), "--table", "nowhere"]) == 2
    assert "--table nowhere: there is none; known: meta, requests" in capsys.readouterr().err
    assert cli.run(["export", str(tmp_path / "none")]) == 2
    assert "no run" in capsys.readouterr().err
    blocked = tmp_path / "file"
    blocked.touch()
    assert cli.run(["export", str(run), "--out", str(blocked)]) == 3
    assert "choose another folder (--out)" in capsys.readouterr().err
    (run / "telemetry.duckdb").write_bytes(b"no database at all" * 1000)
    assert cli.run(["export", str(run)]) == 2
    assert "cannot be read" in capsys.readouterr().err
