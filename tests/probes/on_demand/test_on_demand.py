"""Probes on demand from the command line: where they look, and what they say of bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from typer.core import TyperGroup

from brownout import store
from brownout.app import cli
from brownout.app.commands import probe
from brownout.model import BrownoutError
from brownout.probes import on_demand
from brownout.probes.terms import Found, Site, Table

PAGE = Path(__file__).parents[3] / "docs" / "probes.md"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of ``brownout probe``; stderr never holds a traceback."""
    code = cli.run(["probe", *argv])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, " ".join(err.split())


@pytest.fixture
def child() -> Iterator[int]:
    pipe = subprocess.PIPE
    argv = [sys.executable, "-c", "print('on', flush=True)\ninput()"]
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


@pytest.mark.parametrize("name", on_demand.discover())
def test_each_probe_stands_in_its_page_and_has_its_help(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"## `{name}`" in PAGE.read_text()
    code, out, _ = run(capsys, name, "--help")
    assert code == 0
    assert f"Example: brownout probe {name}" in " ".join(out.split())


def test_without_a_name_the_probes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys)
    assert code == 0
    assert set(on_demand.discover()) <= {line.split()[0] for line in out.splitlines() if line}


def test_a_process_by_hand(child: int, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "processes", "--pid", str(child), "--seconds", "0.2", "--json")
    told = json.loads(out)
    assert code == 0
    values = {row[1]: row[4] for row in told["tables"][0]["rows"]}
    assert values["threads"] == 1
    assert values["file descriptors"] >= 3
    assert values["RSS"] > values["private"] > 0
    assert told["cost"]["wall_s"] >= 0.2
    assert not Path(".brownout").exists()  # it made no file, so no folder is left


def serve(tmp_path: Path, pids: list[int]) -> store.RunFolder:
    folder = store.RunFolder(tmp_path / ".brownout" / "runs" / "now")
    folder.serves({"shop": "http://x", "ai": "http://y", "services": {"web": ["v1", pids]}})
    return folder


def test_the_services_of_the_shop_that_runs(
    child: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = serve(tmp_path, [child])
    try:
        told = json.loads(run(capsys, "processes", "--seconds", "0", "--json")[1])
        assert told["good"]
        code, _, err = run(capsys, "processes", "--service", "wed")
        assert (code, err) == (2, "brownout: no service 'wed' is running; running: web")
        assert (folder.path / "site.json").stat().st_mode & 0o077 == 0  # it holds tokens
    finally:
        folder.close()


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["processes"], 2, "no shop is running in this folder; start one with: brownout up, or "),
        (["processes", "--run", "x"], 2, "no shop is running in x"),
        (["processes", "--pid", "99999999"], 2, "--pid 99999999: no such process"),
        (["processes", "--pid", "-1"], 2, "--pid -1: no such process"),
        (["processes", "--url", "http://x"], 2, "no process is known: name one with --pid"),
        (["processes", "--pid", "1", "--seconds", "-1"], 2, "--seconds -1: from 0 to 3600"),
        (["processes", "--pid", "1", "--service", "web"], 2, "leave --pid and URLs"),
        (["processes", "--pid", "1", "--out", "file/x"], 3, "cannot be written"),
        (["nothing"], 2, "No such command 'nothing'"),
    ],
)
def test_bad_input_gets_one_clear_sentence(
    argv: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").touch()
    assert (found := run(capsys, *argv))[0] == code
    assert words in found[2]


def module(look: object, **more: object) -> ModuleType:
    made = ModuleType("made")
    made.__dict__.update(more, probe=look)
    return made


def used(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command line whose one probe is this module."""
    one = TyperGroup(name="probe", commands={"made": probe.build("made", module)})
    monkeypatch.setattr(cli, "app", lambda: TyperGroup(commands={"probe": one}))


def test_a_probe_that_does_not_end_is_stopped_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def look(site: Site, out: Path, seconds: float = 0.0) -> Found:
        """Never ends."""
        (out / "half").touch()
        while True:
            subprocess.run(["sleep", "60"], check=True)

    used(module(look, LIMIT=0.3), monkeypatch)
    code, _, err = run(capsys, "made", "--url", "http://x")
    assert (code, err) == (3, "brownout: made was not done after 0.3 s, and was stopped")
    assert not Path(".brownout").exists()


def test_options_files_notes_and_an_answer_that_is_no(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def look(site: Site, out: Path, seconds: float = 1.0, rate: int = 7) -> Found:
        """Tells its option."""
        (out / "seen.json").write_text("{}")
        table = Table("rates", (("rate", "Hz"), ("of", "")), [(rate, "web")])
        return Found([table], [out / "seen.json"], ["half was dark"], good=False)

    used(module(look), monkeypatch)
    code, out, _ = run(capsys, "made", "--url", "http://x", "--rate", "9", "--out", "kept")
    assert code == 1
    assert "rate Hz" in out
    assert "9" in out
    assert "note: half was dark" in out
    assert (Path("kept") / "seen.json").exists()


def test_ctrl_c_is_clean(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def look(site: Site, out: Path, seconds: float = 1.0) -> Found:
        """Is interrupted."""
        os.kill(os.getpid(), 15)
        raise BrownoutError("went on")

    used(module(look), monkeypatch)
    assert run(capsys, "made", "--url", "http://x")[0] == 130
    assert not Path(".brownout").exists()
