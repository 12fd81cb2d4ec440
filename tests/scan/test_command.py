"""``brownout scan`` as people use it: exit codes, results, and an end in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import psutil
import pytest
from fleets import fleet
from waiting import PATIENCE

from brownout.app import cli
from brownout.scan import chunks
from brownout.scan.crew import Processes
from brownout.scan.survey import survey
from brownout.scan.sweep import Wanted

MANY = 36_000
"""Series that no machine examines in the moment between two lines of progress and a Ctrl-C."""


def run(capfd: pytest.CaptureFixture[str], *argv: object) -> tuple[int, str, str]:
    """(exit code, stdout, stderr), stderr in one line."""
    code = cli.run(["scan", *map(str, argv)])
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    return code, out, " ".join(err.split())


def test_a_fleet_is_scanned(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = fleet(tmp_path / "fleet.csv", series=300)
    deployed = tmp_path / "deployed.csv"
    deployed.write_text("time,version\n2026-01-01 01:00:00,v1\n2026-01-01 02:30:00,v2\n")
    out, pictures = tmp_path / "found.parquet", tmp_path / "pictures"
    more = ["--deployments", deployed, "--out", out, "--picture", pictures, "--json"]
    code, told, err = run(capfd, path, "--workers", 1, "--top", 2, *more)
    records = [json.loads(line) for line in told.splitlines()]
    changes = [r for r in records if r["kind"] == "change"]
    assert code == 1
    assert {c["series"] for c in changes} == {f"series-{i:06d}" for i in range(0, 300, 50)}
    assert {c["deployment"] for c in changes} == {"v2"}
    assert records[-1]["series"] == 300
    assert records[-1]["changed"] == 6
    assert "6 changes written to" in err
    assert duckdb.sql(f"SELECT count(*), min(time) > '2026-01-01' FROM '{out}'").fetchall() == [
        (6, True)
    ]
    assert len(list(pictures.glob("*.svg"))) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "deployed.csv", "fleet.csv", "found.parquet", "pictures"
    ]  # fmt: skip


def test_rows_and_deployments_without_a_name_are_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, deployed = tmp_path / "a.csv", tmp_path / "deployed.csv"
    rows = [f"step,{i},{i % 7 + 40 * (i >= 30)}\n,{i},1\n" for i in range(60)]
    path.write_text("series,time,value\n" + "".join(rows))
    deployed.write_text("time,name\n29.5,\n")
    code, told, _ = run(capfd, path, "--workers", 1, "--deployments", deployed)
    assert code == 1
    assert "after deployment" in told and "(no name)" in told
    assert "inconclusive: 1 series: 60 rows that name no series: left out" in told


def test_a_quoted_pattern_means_the_files_that_match(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for commit in range(20):
        (tmp_path / f"{commit}.csv").write_text(f"series,commit,ms\na,{commit},{commit // 10}\n")
    code, told, _ = run(capfd, tmp_path / "*.csv", "--value", "ms", "--json")
    assert (code, json.loads(told.splitlines()[-1])["points"]) == (1, 20)
    code, _, err = run(capfd, tmp_path / "*.parquet")
    assert (code, "*.parquet: no such file" in err) == (2, True)


def test_what_was_read_is_told_first(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """JMeter's elapsed, which changed, and not its Latency, which did not; a line was broken."""
    path = tmp_path / "results.jtl"
    lines = [f"{i * 1000},{'140' if i >= 20 else '10'}{i % 3},list,60,1" for i in range(40)]
    path.write_text("\n".join(["timeStamp,elapsed,label,Latency,Connect", *lines, "40000,10"]))
    code, told, _ = run(capfd, path, "--json")
    first, *_, last = map(json.loads, told.splitlines())
    assert code == 1
    assert first == {
        "kind": "source", "format": "JMeter (CSV)", "series": "label",
        "time": "timeStamp, by seconds", "value": "elapsed",
        "left_out": [{"reason": "no name in label", "rows": 1}],
    }  # fmt: skip
    assert (last["series"], last["changed"]) == (1, 1)
    _, told, _ = run(capfd, path)
    assert told.startswith("read as JMeter (CSV): series from label, time from timeStamp, by")
    assert "left out: 1 rows: no name in label" in told


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("short.csv", "time,a\n1,2\n2,3\n", "too few points"),
        ("nested.json", '{"lastUpdate": 1790000000000, "runs": {"x": [1, 2]}}', "too few points"),
        ("holes.csv", "time,a\n" + "1,\n" * 20 + "2,3\n", "most of its values are missing"),
    ],
)
def test_nothing_tested_is_no_success(
    name: str, text: str, reason: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(text)
    code, told, err = run(capfd, tmp_path / name)
    assert code == 2
    assert f"inconclusive: 1 series: {reason}" in told
    assert "brownout: nothing was tested: none of 1 series has an answer" in err


def test_nothing_changed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "calm.csv"
    path.write_text(
        "a,b,c\n" + "".join(f"{i * 7 % 11},5,{1 if i > 44 else ''}\n" for i in range(50))
    )
    out = tmp_path / "none.csv"
    code, told, _ = run(capfd, path, "--workers", 1, "--out", out)
    assert code == 0
    assert "0 of 2 series changed" in told
    assert "inconclusive: 1 series: most of its values are missing" in told
    assert out.read_text().startswith("series,time,time_low,time_high,before,after,")
    assert len(out.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([], "name files to scan, or --prometheus URL"),
        (["nowhere.csv"], "nowhere.csv: no such file"),
        (["a.csv", "--fdr", "2"], "--fdr 2: a share between 0 and 1 is wanted"),
        (["a.csv", "--min-effect", "-1"], "--min-effect -1: a share from 0 on"),
        (["a.csv", "--direction", "left"], "--direction left: choose one of either, up, down"),
        (["a.csv", "--workers", "0"], "--workers 0: 1 to 1024 are wanted"),
        (["a.csv", "--out", "x.doc"], "--out x.doc: a name that ends in .parquet or .csv"),
        (["a.csv", "--scratch", "nowhere"], "--scratch nowhere: no such folder"),
        (["a.csv", "--out", "nowhere/x.csv"], "--out nowhere/x.csv: there is no folder nowhere"),
        (["a.csv", "--deployments", "none.csv"], "none.csv: no such file"),
        (["a.csv", "--deployments", "a.csv"], "wanted is a column named time"),
        (["a.csv", "--deployments", "dated.csv"], "its times are dates, those of the series are"),
        (["a.csv", "--prometheus", "http://x"], "not both"),
        (["a.csv", "--header", "a: b"], "--header is for --prometheus URL"),
        (["--prometheus", "http://x"], "--prometheus wants --query"),
    ],
)
def test_bad_input(
    argv: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("a,b\n" + "1,2\n" * 20)
    (tmp_path / "dated.csv").write_text("time,name\n2026-01-01,v1\n")
    code, out, err = run(capfd, *argv)
    assert (code, out) == (2, "")
    assert words in err


def test_an_interruption_keeps_what_was_found(tmp_path: Path) -> None:
    """Interrupted after the first chunk; the processes end, the first chunk's result stays."""
    path = fleet(tmp_path / "fleet.parquet", series=5000)
    from brownout.scan import tables

    planned = chunks.plan(tables.table([path], tables.Named()), tmp_path, lambda words: None)
    assert len(planned) >= 3

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    before = set(psutil.Process().children(recursive=True))
    crew = Processes(1)
    done = survey(crew, planned, Wanted(0.05), lambda: 0.0, interrupt)
    assert done.interrupted
    assert done.ended.startswith("interrupted; ")
    assert 0 < done.ledger.series < 5000
    left = set(psutil.Process().children(recursive=True)) - before
    assert not [p for p in left if "spawn_main" in " ".join(p.cmdline())]


def test_ctrl_c_ends_the_command(tmp_path: Path) -> None:
    path = fleet(tmp_path / "fleet.parquet", series=MANY)
    argv = [sys.executable, "-m", "brownout.app.cli", "scan", str(path), "--workers", "1"]
    argv += ["--scratch", str(tmp_path), "--json"]
    scan = subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert scan.stderr and scan.stdout
    assert "series" in scan.stderr.readline()  # the first chunk's progress
    children = psutil.Process(scan.pid).children(recursive=True)
    os.killpg(scan.pid, signal.SIGINT)  # as a terminal does
    out, err = scan.communicate(timeout=PATIENCE)
    assert scan.returncode == 130, err
    assert "interrupted; " in err and "Traceback" not in err
    summary = json.loads(out.splitlines()[-1])
    assert 0 < summary["series"] < MANY
    assert not psutil.wait_procs(children, timeout=PATIENCE)[1]
    assert [p.name for p in tmp_path.iterdir()] == ["fleet.parquet"]
