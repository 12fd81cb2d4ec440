"""Hints: as many in every scenario, and none gives the answer away."""

from __future__ import annotations

import re
from pathlib import Path
from shutil import copytree

import pytest

from brownout import store
from brownout.app import proving
from brownout.app.commands.drill import choose
from brownout.catalogue import scenarios
from brownout.catalogue.proof import Check
from brownout.model import PACES, BrownoutError

SCENARIOS = store.assets() / "scenarios"


@pytest.mark.parametrize("name", scenarios.ids(SCENARIOS))
def test_every_scenario_has_three_that_do_not_tell(name: str) -> None:
    scenario = scenarios.load(SCENARIOS, name)
    hints = scenario.script(7, PACES["quick"], "v2.8.0").hints
    assert len(set(hints)) == 3
    answers = {name, scenario.raw["truth"]["cause"], *scenario.raw["truth"]["where"]}
    answers -= {"none", "delivery", "reviews_review"}  # ordinary words, and a whole table
    told = re.sub(r"[-_ ]+", " ", " ".join(hints)).lower()
    for answer in [*answers, "nothing is wrong", "harmless", "no fault"]:
        assert re.sub(r"[-_ ]+", " ", str(answer)).lower() not in told


@pytest.mark.parametrize("steps", ['["a", "b", "c", "d"]', "[1]", '[""]'])
def test_what_is_wrong_with_hints_is_told(tmp_path: Path, steps: str) -> None:
    copytree(SCENARIOS / "healthy", tmp_path / "healthy")
    path = tmp_path / "healthy" / "scenario.toml"
    path.write_text(f"{path.read_text().partition('[hints]')[0]}[hints]\nsteps = {steps}\n")
    with pytest.raises(BrownoutError, match=r"line \d+: field hints.steps: up to 3 texts"):
        scenarios.load(tmp_path, "healthy")


def test_the_first_drill_in_a_folder_bites_and_is_easy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BROWNOUT_CACHE", str(tmp_path / "cache"))
    assert {choose("", False).id for _ in range(40)} == {"n-plus-one-reviews"}
    # Where the easiest has failed its proof here, the next one that bites is flown.
    proving.remember("n-plus-one-reviews", [Check("it bites", False, "")])
    first = {choose("", False).id for _ in range(40)}
    assert first <= {"missing-index", "slow-delivery-model"}
    (tmp_path / store.RUNS / "one").mkdir(parents=True)
    (tmp_path / store.RUNS / "one" / "history.jsonl").touch()
    assert "healthy" in {choose("", False).id for _ in range(60)}
