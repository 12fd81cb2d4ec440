"""However a drill, a running shop or a calibration is ended, it ends cleanly."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import urllib.request
from pathlib import Path

import psutil
import pytest
from flying import BROWNOUT, Drill, Started, still_works
from terminals import Terminal
from waiting import PATIENCE, until

from brownout import history, store
from brownout.capacity import calibrations

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("told", ["", "starting the shop"])
def test_sigterm_ends_a_boot_cleanly(tmp_path: Path, told: str) -> None:
    drill = Drill(tmp_path, "healthy", "--responder", "none", "--pace", "quick", "--size", "small")
    drill.reaches("boot")
    drill.until(lambda: told in drill.err())
    drill.interrupted(signal.SIGTERM)


def test_a_process_that_dies_comes_back_and_nothing_outlives_a_control_process_that_was_killed(
    tmp_path: Path,
) -> None:
    terminal = Terminal(80, 24)
    drill = Drill(tmp_path, "healthy", "--size", "small", "--pace", "normal", terminal=terminal)
    drill.until(lambda: history.infos(drill.events(), "ready"))
    drill.until(terminal.page)
    assert "starting the shop" in drill.err()
    for width, height in ((80, 24), (120, 40), (40, 20)):  # it is resized while it draws
        terminal.resize(width, height)
        drill.until(lambda w=width: {*map(len, terminal.page())} == {w})  # type: ignore[misc]
        page = terminal.page()
        assert len(page) == height
        assert page[0].startswith("boot  ") or page[0].startswith("baseline  ")
        assert page[1].startswith("next: calm traffic is being recorded")
    # Without a terminal the autopilot flies.
    assert history.infos(drill.events(), "drill")[0].value["responder"] == "autopilot"
    site = json.loads((drill.run / "site.json").read_text())
    psutil.Process(site["services"]["worker"][1][0]).kill()
    drill.until(lambda: len(history.infos(drill.events(), "process")) == 2)
    states = [e.value["state"] for e in history.infos(drill.events(), "process")]
    assert states == ["exited", "restarted"]

    family = drill.family()
    assert len(family) > 8
    drill.process.kill()
    drill.process.wait()
    until(lambda: not any(still_works(process) for process in family))
    terminal.close()
    # Its folder is free again, and still tells what happened.
    argv = [*BROWNOUT, "debrief", str(drill.run)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "it was not closed" in done.stdout
    with pytest.raises(AssertionError, match="no drill is flying"):
        drill.ask("status")


def test_ctrl_c_ends_a_validation_and_who_waits_for_the_next_is_told(tmp_path: Path) -> None:
    # For practice: it flies however busy the machine is.
    quick = ("--pace", "quick", "--size", "small", "--practice")
    drill = Drill(tmp_path, "healthy", "--responder", "none", *quick)
    drill.reaches("incident")
    asked = ("validate", "invoke")
    argv = [*BROWNOUT, "validate", "--run", str(drill.run)]
    with contextlib.ExitStack() as stack:
        askers = []
        for number in (1, 2):
            asker = subprocess.Popen(argv, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
            askers.append(stack.enter_context(asker))
            drill.until(
                lambda n=number: [(e.name, e.kind) for e in drill.events()].count(asked) == n  # type: ignore[misc]
            )
        drill.interrupted(signal.SIGINT)
        for asker in askers:
            assert "the drill has ended" in asker.communicate(timeout=PATIENCE)[1]


def test_up_serves_the_shop_until_ctrl_c(tmp_path: Path) -> None:
    argv = ["--size", "small", "--load", "none", "--out", str(tmp_path / "run")]
    shop = Started(tmp_path, "up", *argv)
    shop.until(lambda: "Ctrl-C ends it" in shop.err())
    urls = dict(line.split() for line in shop.out().splitlines())
    assert set(urls) == {"shop", "ai", "collector", "otlp", "database", "cache", "load"}
    with urllib.request.urlopen(f"{urls['shop']}/api/home/", timeout=PATIENCE) as answer:
        assert len(json.load(answer)["popular"]) == 12
    assert shop.ended(signal.SIGINT) == 0


def test_ctrl_c_ends_a_calibration_and_nothing_is_kept(tmp_path: Path) -> None:
    kept = store.cache_folder() / calibrations.RECORDS
    before = kept.read_bytes() if kept.exists() else None
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    ramp = Started(tmp_path, "calibrate", "--size", "small", TMPDIR=str(temporary))
    ramp.until(lambda: ramp.runs("brownout.load.runner"))
    family = ramp.family()
    ramp.process.send_signal(signal.SIGINT)
    until(lambda: ramp.process.poll() is not None or "interrupted" in ramp.err())
    ramp.process.send_signal(signal.SIGINT)  # while it ends what it has started
    assert ramp.process.wait(PATIENCE) == 130, ramp.err()
    assert ramp.err().splitlines()[-1] == "interrupted; nothing is kept"
    assert [process for process in family if still_works(process)] == []
    assert list(temporary.iterdir()) == []
    assert (kept.read_bytes() if kept.exists() else None) == before
