"""What tells the player which scenario is flown is found, wherever it stands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from brownout import store
from brownout.catalogue import scenarios
from brownout.catalogue.leaks import leaks
from brownout.stack.releases.releases import Releases

SCENARIOS = store.assets() / "scenarios"


@pytest.mark.parametrize("name", scenarios.ids(SCENARIOS))
def test_no_scenarios_release_tells_what_it_is(name: str, tmp_path: Path) -> None:
    scenario = scenarios.load(SCENARIOS, name)
    releases = Releases(tmp_path)
    releases.create(store.assets() / "shop", tmp_path / "cache")
    for tag, base, kind in (("v2.8.0", "v2.7.0", "release"), ("v2.9.0", "v2.8.0", "fix")):
        if patches := scenario.patches(kind):
            releases.add(tag, base, patches)
    assert leaks(scenario, tmp_path, [os.getpid()]) == []


@pytest.mark.parametrize(
    "told", ["slow-delivery-model", "a slow model", "SLOW_MODEL", "the slowmodel case"]
)
def test_any_spelling_in_a_log_or_the_history_is_found(tmp_path: Path, told: str) -> None:
    scenario = scenarios.load(SCENARIOS, "slow-delivery-model")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "web.log").write_text(f"starting {told}\n")
    (tmp_path / "history.jsonl").write_text("{}\n")
    assert leaks(scenario, tmp_path, []) == ["web.log"]


def test_a_process_title_or_environment_is_found(tmp_path: Path) -> None:
    scenario = scenarios.load(SCENARIOS, "missing-index")
    argv = [sys.executable, "-c", "print(1, flush=True); input()", "missing-index"]
    environment = {**os.environ, "CASE": "missing_index"}
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, env=environment) as child:
        assert child.stdout is not None
        child.stdout.readline()  # it runs: before that its command line is not its own
        found = leaks(scenario, tmp_path, [child.pid])
        child.communicate(b"\n")
    assert found == [f"cmdline of {child.pid}", f"environ of {child.pid}"]


def test_a_control_has_no_secret_words(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text("healthy none\n")
    assert leaks(scenarios.load(SCENARIOS, "healthy"), tmp_path, []) == []
