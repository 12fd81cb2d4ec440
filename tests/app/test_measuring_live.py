"""``brownout measure`` while a drill flies: it asks the collector, not the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from collecting import TOKEN, Collector
from histories import Story, stored
from recordings import at, ms

from brownout import store
from brownout.app import cli

WINDOW = ["--after", "22:14:00-22:14:10"]


@pytest.fixture
def flying(
    collector: Collector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[store.RunFolder]:
    """A drill with a baseline until 30 s, whose requests take longer from 40 s on."""
    monkeypatch.chdir(tmp_path)
    folder = store.RunFolder()
    stored(Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0"), folder.path / "history.jsonl")
    site = {"shop": "", "ai": "", "collector": collector.url, "token": TOKEN, "services": {}}
    folder.serves(site)
    row = {"route": "GET /", "status": 200, "journey": "reader", "bytes": 1, "error": ""}
    rows = [
        row | {"trace_id": f"{n}", "intended": at(n), "start": at(n), "latency": ms(took)}
        for n, took in ((1, 20), (2, 20), (41, 70), (42, 70))
    ]
    collector.client().post("requests", rows)
    yield folder
    folder.close()


def test_a_drill_that_flies_is_measured(
    flying: store.RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    for run in ([], ["--run", flying.path.name], ["--run", str(flying.path)]):
        code = cli.run(["measure", "latency", *WINDOW, *run, "--json"])
        told = json.loads(capsys.readouterr().out)
        [row] = told["tables"][0]["rows"]
        assert (code, row["before"]["n"], row["change"]["p95"], told["notes"]) == (0, 2, 50.0, [])


def test_a_collector_that_is_away_is_told(
    flying: store.RunFolder, collector: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    collector.kill()
    assert cli.run(["measure", "latency"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "the collector does not answer" in err and "ask again in some seconds" in err
