"""Recordings in which nothing was measured that need not be: every column that may be null is."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from recordings import at

from brownout import audits, instruments
from brownout.app import cli, show, summary
from brownout.model import Window
from brownout.recording import schema
from brownout.recording.finished import open_recording

OF_TYPE = {"TEXT": "'x'", "JSON": "'{}'", "DOUBLE": "1.0"}
OF_NAME = {
    "name": "'process.cpu'",
    "kind": "'request'",
    "status": "200",
    **{moment: f"{at(1)}" for moment in ("ts", "start", "intended")},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run whose recording has one row in each table."""
    monkeypatch.chdir(tmp_path)
    with duckdb.connect(str(tmp_path / "telemetry.duckdb")) as connection:
        connection.execute(schema.sql())
        for table in schema.tables():
            wanted = [c for c in table.columns if "NOT NULL" in c.kind]
            names = ", ".join(f'"{c.name}"' for c in wanted)
            values = ", ".join(
                OF_NAME.get(c.name) or OF_TYPE.get(c.kind.split()[0], "1") for c in wanted
            )
            connection.execute(f"INSERT INTO {table.name} ({names}) VALUES ({values})")
    return tmp_path


def test_the_summary_leaves_open_what_is_not_known(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "telemetry.duckdb"
    with duckdb.connect(str(path), read_only=True) as read:
        found = summary.summary(path, read.execute(summary.ROUTES).fetchall())
    [row] = found["routes"]
    assert (row["cpu_ms"], row["queries"]) == (None, 1)
    show.out.print(summary.table(found["routes"]))
    told = capsys.readouterr().out.splitlines()[-1].split()
    assert (told[0], told.count("-")) == ("x", 1)


@pytest.mark.parametrize("name", instruments.discover())
def test_no_instrument_stumbles(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for options in ([], ["--json"]):
        assert cli.run(["measure", name, "--run", str(folder), *options]) in (0, 1)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert out.strip()
    assert json.loads(out)["instrument"] == name


def test_no_audit_stumbles(folder: Path) -> None:
    windows = {"before": Window(at(0), at(2)), "after": Window(at(0), at(2))}
    with open_recording(folder, windows) as recording:
        artifacts, errors = instruments.measure_all(recording, {side: side for side in windows})
    assert errors == []
    assert [f.reason for f in audits.judge_all(artifacts) if f.verdict == "error"] == []
