"""The command line: bad input gets one clear sentence and its exit code."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from histories import Story, flown, stored
from recordings import MemoryRecording, traffic

from brownout import store
from brownout.app import cli, proving
from brownout.app.commands import drill
from brownout.catalogue import scenarios
from brownout.catalogue.proof import Check
from brownout.model import BrownoutError

ASSETS = store.assets()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and an empty cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BROWNOUT_CACHE", str(tmp_path / "cache"))
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """(exit code, stdout, stderr); stderr never holds a traceback."""
    code = cli.run(argv)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, " ".join(err.split())


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["drill", "n-plus-one-review"], "; did you mean n-plus-one-reviews?"),
        (["drill", "zzz"], "no scenario 'zzz'; known: healthy, "),
        (["drill", "healthy", "--random"], "--random draws the scenario; leave its id out"),
        (["drill", "healthy", "--pace", "slow"], "--pace slow: choose one of quick, normal"),
        (["drill", "healthy", "--responder", "cat"], "--responder cat: choose one of terminal, "),
        (["drill", "healthy", "--size", "vast"], "--size vast: choose one of small, normal, large"),
        (["drill", "healthy", "--notify", "nonsense"], "--notify nonsense: not an Apprise URL"),
        (["drill", "healthy", "--notify", "no://me:pw@h"], "--notify no://***@h: not an Apprise"),
        (["run", "--otlp-forward", "ftp://me:pw@h", "true"], "--otlp-forward ftp://***@h: http://"),
        (["run", "--collector", "ftp://me:pw@h", "true"], "--collector ftp://***@h: an http or"),
        (["probe", "browser", "--url", "ftp://me:pw@h"], "--url ftp://***@h: wanted is http://"),
        (["drill", "healthy", "--minutes", "-1"], "--minutes -1: a positive number is wanted"),
        (["drill", "healthy", "--seed", "x"], "Invalid value for '--seed'"),
        (["up", "--load", "huge"], "--load huge: choose one of normal, peak, ramp, step"),
        (["prove"], "name a scenario"),
        (["prove", "zzz"], "no scenario 'zzz'"),
        (["debrief"], "no runs in .brownout/runs; fly one with: brownout drill"),
        (["debrief", "yesterday"], "no run 'yesterday' here; known: none"),
        (["rejudge", "yesterday"], "no run 'yesterday' here"),
        (["status"], "no drill is flying in this folder; start one with: brownout drill"),
        (["ack", "A1"], "no drill is flying"),
        (["ack", "A1", "--as", "king"], "--as king: unknown role; roles: bridge, backend,"),
        (["rollback", "--run", "nowhere"], "no drill is flying in nowhere"),
        (["quality"], "no shop is running in this folder; start one with: brownout up"),
        (["quality", "--run", "nowhere"], "no shop is running in nowhere; start one with"),
        (["nonsense"], "No such command 'nonsense'"),
    ],
)  # fmt: skip
def test_bad_input(argv: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *argv)
    assert (code, out) == (2, "")
    assert words in err


def test_bad_input_leaves_nothing_behind(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "drill", "healthy", "--pace", "slow")
    run(capsys, "debrief", "x")
    assert os.listdir(elsewhere) == []


def test_a_folder_that_holds_a_drill_is_not_used_again(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = elsewhere / "old"
    old.mkdir()
    (old / "history.jsonl").write_bytes(b"precious")
    code, _, err = run(capsys, "drill", "healthy", "--out", str(old))
    assert code == 2
    assert "already holds a drill; choose another folder (--out)" in err
    assert (old / "history.jsonl").read_bytes() == b"precious"


def test_a_folder_in_which_the_shop_ran_is_not_used_again(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere / "old" / "shop.git").mkdir(parents=True)
    code, _, err = run(capsys, "up", "--out", str(elsewhere / "old"))
    assert code == 2
    assert "already holds a drill; choose another folder (--out)" in err


def test_a_folder_that_cannot_be_written_is_the_machines_fault(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere / "file").touch()
    code, _, err = run(capsys, "drill", "healthy", "--out", str(elsewhere / "file" / "run"))
    assert code == 3
    assert "cannot be written" in err


def test_a_second_drill_in_a_folder_is_refused(elsewhere: Path) -> None:
    first = store.RunFolder(elsewhere / "run")
    with pytest.raises(BrownoutError, match=r"a drill is flying in .*; choose another folder"):
        store.RunFolder(elsewhere / "run")
    first.close()
    store.RunFolder(elsewhere / "run").close()


# A finished drill


def finished(folder: Path) -> Path:
    """A run folder with a literal drill in it."""
    folder.mkdir(parents=True)
    stored(flown(), folder / "history.jsonl")
    recording = MemoryRecording({}, str(folder / "telemetry.duckdb"))
    for start, end, latency in ((0, 40, 20.0), (40, 56, 90.0), (56, 140, 20.0)):
        traffic(recording, start, end, latency)
    recording.close()
    return folder


def test_a_finished_drill_is_rejudged_byte_for_byte(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_folder = finished(elsewhere / ".brownout" / "runs" / "one")
    code, out, _ = run(capsys, "rejudge")
    assert (code, "was not there and has been written" in out) == (0, True)
    first = (run_folder / "debrief.json").read_bytes()
    assert (run_folder / "postmortem.md").read_text().startswith("# Postmortem: One query")
    (run_folder / "debrief.json").unlink()
    assert run(capsys, "rejudge", "one")[0] == 0
    assert (run_folder / "debrief.json").read_bytes() == first
    code, out, _ = run(capsys, "rejudge", str(run_folder), "--json")
    assert (code, json.loads(out)["result"]) == (0, "identical")


def test_a_changed_debrief_is_seen(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_folder = finished(elsewhere / ".brownout" / "runs" / "one")
    run(capsys, "rejudge")
    path = run_folder / "debrief.json"
    path.write_text(path.read_text().replace('"points": 100.0', '"points": 101.0'))
    code, out, _ = run(capsys, "rejudge")
    assert (code, "differs from what history and recording give" in out) == (1, True)


def test_a_finished_drill_is_read(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_folder = finished(elsewhere / ".brownout" / "runs" / "one")
    code, out, _ = run(capsys, "debrief")
    assert (code, out.startswith("# Postmortem")) == (0, True)
    code, out, _ = run(capsys, "debrief", str(run_folder), "--json")
    assert (code, json.loads(out)["scenario"]) == (0, "x")
    code, out, _ = run(capsys, "runs", "--json")
    assert [row["closed"] for row in json.loads(out)] == ["resolved"]


def test_a_void_drill_is_listed_as_void_and_says_why(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_folder = finished(elsewhere / ".brownout" / "runs" / "one")
    path = run_folder / "history.jsonl"
    path.unlink()
    stored(Story(practice=True).incident(30).change(40, 1, "v2.8.0", "v2.7.0").close(130), path)
    run(capsys, "rejudge")
    why = "a practice flight (--practice) is never scored"
    _, out, _ = run(capsys, "runs", "--json")
    assert [(row["points"], row["void"]) for row in json.loads(out)] == [(None, why)]
    told = " ".join(run(capsys, "runs")[1].split())
    assert "resolved void" in told and "0.0" not in told
    assert "- validation: not counted: nothing was validated" in run(capsys, "debrief")[1]


def test_a_torn_last_line_is_tolerated(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = finished(elsewhere / "one") / "history.jsonl"
    path.write_bytes(path.read_bytes()[:-30])
    assert run(capsys, "debrief", str(elsewhere / "one"))[0] == 0


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda run: spoil_line(run, 3), "history.jsonl, line 4: the chain is broken here"),
        (lambda run: (run / "history.jsonl").write_bytes(b"{}\n"), "line 1: not an event"),
        (lambda run: (run / "history.jsonl").write_bytes(b""), "no events; the drill died"),
        (lambda run: (run / "telemetry.duckdb").unlink(), "telemetry.duckdb is missing"),
        (lambda run: (run / "telemetry.duckdb").write_bytes(b"x" * 5000), "cannot be read"),
    ],
)
def test_a_spoilt_run_says_where(elsewhere: Path, capsys, spoil, words) -> None:  # type: ignore[no-untyped-def]
    run_folder = finished(elsewhere / "one")
    spoil(run_folder)
    code, _, err = run(capsys, "debrief", str(run_folder))
    assert (code, words in err) == (2, True), err


def spoil_line(run_folder: Path, number: int) -> None:
    path = run_folder / "history.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[number - 1] = lines[number - 1].replace(b"baseline", b"something")
    path.write_bytes(b"".join(lines))


# The catalogue


def test_what_failed_here_is_not_drawn(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in scenarios.ids(ASSETS / "scenarios"):
        if name != "healthy":
            proving.remember(name, [Check("the bad release bites", False, "")])
    assert {drill.choose("", anything=True).id for _ in range(20)} == {"healthy"}
    assert drill.choose("missing-index", anything=False).id == "missing-index"
    listed = {row["id"]: row["state"] for row in json.loads(run(capsys, "scenarios", "--json")[1])}
    assert listed["missing-index"].startswith("failed here on 2")
    assert listed["missing-index"].endswith(": the bad release bites")
    assert listed["healthy"] == "not proven here yet"
    # A proof is of what was proven: a scenario that has changed since is to be proven anew.
    path = elsewhere / "cache" / "proofs.json"
    path.write_text(re.sub(r'"of": "\w+"', '"of": "another"', path.read_text()))
    listed = {row["id"]: row["state"] for row in json.loads(run(capsys, "scenarios", "--json")[1])}
    assert set(listed.values()) == {"not proven here yet"}


def test_the_first_drill_is_an_easy_one() -> None:
    drawn = {drill.choose("", anything=False).difficulty for _ in range(30)}
    assert drawn == {1}
    assert {drill.choose("", anything=True).difficulty for _ in range(60)} == {1, 2}


def test_the_catalogue_lists_scenarios_and_causes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "scenarios", "--json")
    listed = {row["id"]: row["state"] for row in json.loads(out)}
    assert code == 0
    assert set(listed) == set(scenarios.ids(ASSETS / "scenarios"))
    causes = {row["cause"] for row in json.loads(run(capsys, "scenarios", "--causes", "--json")[1])}
    for name in listed:
        assert scenarios.load(ASSETS / "scenarios", name).raw["truth"]["cause"] in causes


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ("difficulty = 1", 'difficulty = "easy"', "line 5: field difficulty is 'easy'; a whole"),
        ('role = "bridge"', "", "field role is missing; a text is wanted"),
        ('id = "healthy"', 'id = "other"', "line 1: field id is 'other'; the folder's name"),
        ('cause = "none"', "cause = none", "scenario.toml: Invalid value (at line 12"),
        ('kind = "release"', 'kind = "telepathy"', "field deploy.kind is 'telepathy'; one of"),
        ('kind = "release"', 'kind = "model"', "field deploy.target is missing; a text is wanted"),
        ('kind = "release"', 'kind = "release"\ndecoys = [{}]', "deploy.decoys.kind is missing"),
        ('cause = "none"', 'cause = "gremlins"', "line 12: field truth.cause is 'gremlins'"),
        ("[truth]", "[heals]\nby = 3\n[truth]", "field heals.by is 3; a list is wanted"),
        ("[truth]", '[heals]\nnot = ["prayer"]\n[truth]', "line 12: 'prayer' is no path"),
        ("[truth]", '[heals]\nby = ["index"]\n[truth]', "field heals.index is missing"),
        ("[truth]", "[[symptom.route]]\nroute = 'GET /'\n[truth]", "route.signal is missing"),
    ],
)  # fmt: skip
def test_a_broken_scenario_says_where(tmp_path: Path, was: str, becomes: str, words: str) -> None:
    shutil.copytree(ASSETS / "scenarios" / "healthy", tmp_path / "healthy")
    path = tmp_path / "healthy" / "scenario.toml"
    assert was in path.read_text()
    path.write_text(path.read_text().replace(was, becomes, 1))
    with pytest.raises(BrownoutError) as caught:
        scenarios.load(tmp_path, "healthy")
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_the_doctor_finds_this_machine_fit(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "doctor", "--json")
    assert code == 0
    assert {row["part"] for row in json.loads(out)} >= {"Python", "git", "PostgreSQL", "Node"}


def test_machine_code_is_kept_in_the_cache_where_the_package_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWNOUT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    cli.keep_machine_code(tmp_path)  # beside the modules
    assert "NUMBA_CACHE_DIR" not in os.environ
    cli.keep_machine_code(tmp_path / "none")
    assert os.environ["NUMBA_CACHE_DIR"] == str(tmp_path / "cache" / "numba")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "mine")
    cli.keep_machine_code(tmp_path / "none")
    assert os.environ["NUMBA_CACHE_DIR"] == "mine"
