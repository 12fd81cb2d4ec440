"""Calibration on a real small stack, and what is made of a calibration afterwards."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from brownout import store
from brownout.app import cli
from brownout.app.commands import calibrate
from brownout.capacity import calibrations, seeking
from brownout.capacity.ramp import Ramp, Tried
from brownout.capacity.seeking import Knee, Step
from brownout.model import SHIPPED, Promise, Workload

SHOP = store.assets() / "shop"


@pytest.mark.alone
@pytest.mark.stack
def test_a_small_machine_is_calibrated_in_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    for made in ("datasets", "frontends", "node", "npm", "pasts"):  # what others made already
        if (store.cache_folder() / made).exists():
            (cache / made).symlink_to(store.cache_folder() / made)
    monkeypatch.setenv("BROWNOUT_CACHE", str(cache))
    monkeypatch.chdir(tmp_path)
    # Other tests' machines are busy: here it matters that it works, not how much is carried.
    argv = ["calibrate", "--size", "small", "--others", "99", "--seconds", "20", "--json"]
    code = cli.run(argv)
    out, err = capsys.readouterr()
    if code == 3:
        assert "this machine does not hold even 3 journeys/s: " in err
        pytest.skip("too busy a machine to be calibrated")
    found = json.loads(out)
    assert code == 0
    steps = [s["rate"] for s in found["steps"]]
    assert steps[0] == SHIPPED.normal <= found["journeys_per_s"] <= max(steps)
    assert found["settled"] is False or found["broken_from"]
    assert found["requests_per_s"] > found["journeys_per_s"]
    known = calibrations.known(SHOP, "small")
    assert known.workload == Workload(found["normal"], found["peak"])
    assert set(known.calibrated) == {s["route"] for s in found["slos"]} > {"GET /api/home/"}
    assert known.told().endswith(f"calibrated here on {found['day']}")
    assert list(tmp_path.iterdir()) == [cache]


# What is kept


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BROWNOUT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


FOUND = {
    "day": "2026-11-24", "normal": 5.0, "peak": 11.0,
    "slos": [{"route": "GET /", "p95_ms": 60, "error_rate": 0.01, "calm_p95_ms": 4.5}],
}  # fmt: skip


def test_without_a_calibration_drills_play_as_shipped(cache: Path) -> None:
    found = calibrations.known(SHOP, "normal")
    assert (found.workload, found.calibrated) == (SHIPPED, {})
    assert "as shipped; measure this machine with: brownout calibrate" in found.told()


def test_a_calibration_is_kept_for_this_machine_content_and_size(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = tmp_path / "shop"
    shutil.copytree(SHOP, shop, ignore=shutil.ignore_patterns("node_modules"))
    assert calibrations.remember(shop, "normal", FOUND) == cache / calibrations.RECORDS
    found = calibrations.known(shop, "normal")
    assert found == calibrations.Capacity(Workload(5.0, 11.0), {"GET /": 4.5}, "2026-11-24")
    assert calibrations.known(shop, "small").workload == SHIPPED
    (shop / "frontend" / "dist").mkdir(exist_ok=True)
    (shop / "frontend" / "dist" / "built.js").write_text("")
    assert calibrations.known(shop, "normal").workload.normal == 5.0
    (shop / "slo.toml").write_text((shop / "slo.toml").read_text() + "\n")
    assert calibrations.known(shop, "normal").workload == SHIPPED
    calibrations.remember(shop, "small", FOUND)
    monkeypatch.setattr("brownout.capacity.calibrations.__version__", "99")
    assert calibrations.known(shop, "small").workload == SHIPPED


@pytest.mark.parametrize("content", ["", "[]", "[1]", "{", "null"])
def test_a_spoilt_file_of_calibrations_is_as_none(cache: Path, content: str) -> None:
    cache.mkdir()
    (cache / calibrations.RECORDS).write_text(content)
    assert calibrations.known(SHOP, "normal").workload == SHIPPED
    calibrations.remember(SHOP, "normal", FOUND)
    assert calibrations.known(SHOP, "normal").workload.peak == 11.0
    calibrations.remember(SHOP, "normal", {"day": "x", "normal": None})
    assert calibrations.known(SHOP, "normal").workload == SHIPPED


def tried(rate: float, verdict: seeking.Verdict, requests: float) -> Tried:
    return Tried(Step(rate, verdict), requests, 0.1, 1.2, [])


def test_what_is_told_of_a_search() -> None:
    ramp = Ramp(None, 2, 78.0, print)  # type: ignore[arg-type]
    ramp.tried = [tried(3, "holds", 21), tried(10, "holds", 70), tried(15, "broken", 99)]
    ramp.slos = (Promise("GET /", 60.0, 0.01), Promise("GET /never", 60.0, 0.01))
    ramp.calm = {"GET /": 4.5}
    found = calibrate.record(ramp, Knee(10, 15, False))
    assert (found["journeys_per_s"], found["requests_per_s"]) == (10, 70)
    assert (found["normal"], found["peak"], found["broken_from"]) == (3.5, 8.0, 15)
    assert [s["route"] for s in found["slos"]] == ["GET /"]
    [_, last] = calibrate.table(found).renderables[1:]
    assert last == "drills play 3.5 journeys/s, 8 at peak"
    assert str(calibrate.table(found).renderables[1]).endswith("broken from 15 on; not settled")


def test_a_machine_without_room_is_told_in_a_sentence(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    assert cli.run(["calibrate"]) == 3
    told = capsys.readouterr().err
    assert told.startswith("brownout: [Errno 2] No such file or directory: ")
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--size", "vast"], "--size vast: choose one of small, normal, large"),
        (["--others", "-1"], "--others -1: a number of cores from 0 on is wanted"),
        (["--others", "nan"], "--others nan: a number of cores"),
        (["--seconds", "3"], "--seconds 3: 20 to 3600 are wanted"),
    ],
)
def test_bad_input_starts_nothing(
    cache: Path, argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["calibrate", *argv]) == 2
    assert words in capsys.readouterr().err
    assert not cache.exists()
