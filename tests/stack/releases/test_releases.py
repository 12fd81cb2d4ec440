"""The run's repository: a believable past, releases from patches, and what can be deployed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from brownout import store
from brownout.catalogue import scenarios
from brownout.model import BrownoutError
from brownout.site.site import next_tag
from brownout.stack.releases.git import git
from brownout.stack.releases.releases import Releases

SHOP = store.assets() / "shop"
SCENARIOS = store.assets() / "scenarios"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def releases(tmp_path: Path, cache: Path) -> Iterator[Releases]:
    made = Releases(tmp_path)
    made.create(SHOP, cache)
    yield made


def log(releases: Releases, form: str) -> list[str]:
    return git(releases.repository, "log", f"--format={form}", "main").splitlines()


def test_the_past_is_believable(releases: Releases) -> None:
    days = [datetime.fromisoformat(day) for day in log(releases, "%cI")]
    assert len(days) >= 30
    assert days == sorted(days, reverse=True)
    assert (days[0] - days[-1]).days > 90
    assert len(set(log(releases, "%an"))) >= 4
    assert len(set(log(releases, "%s"))) == len(days)
    assert releases.tags() == [f"v2.{n}.0" for n in range(8)]


def test_the_newest_release_is_the_shop_as_it_stands(releases: Releases) -> None:
    names = git(releases.repository, "ls-tree", "-r", "--name-only", "v2.7.0").splitlines()
    kept = {
        str(p.relative_to(SHOP))
        for p in SHOP.rglob("*")
        if p.is_file() and not {"node_modules", "dist", "__pycache__"} & set(p.parts)
    }
    assert set(names) == kept
    tree = releases.worktree("v2.7.0")
    for name in names:
        assert (tree / name).read_bytes() == (SHOP / name).read_bytes(), name


def test_the_same_shop_gives_the_same_commits(
    releases: Releases, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Releases(tmp_path_factory.mktemp("other"))
    other.create(SHOP, tmp_path_factory.mktemp("another-cache"))
    assert other.commit_of("v2.7.0") == releases.commit_of("v2.7.0")


@pytest.mark.parametrize("name", scenarios.ids(SCENARIOS))
def test_the_patches_of_each_scenario_apply(releases: Releases, name: str) -> None:
    scenario = scenarios.load(SCENARIOS, name)
    patches = scenario.patches("release")
    assert 3 <= len(patches) <= 7
    releases.add("v2.8.0", "v2.7.0", patches)
    subjects = log(releases, "%s")[: len(patches)]
    assert subjects[0] == "Release 2.8.0"
    assert len(set(log(releases, "%an")[: len(patches)])) >= 2
    commit = scenario.raw["truth"].get("commit")
    assert commit is None or 1 <= commit <= len(patches)
    if fix := scenario.patches("fix"):
        releases.add("v2.9.0", "v2.8.0", fix)
    assert releases.tags()[8] == next_tag("v2.7.0")


def test_a_patch_that_does_not_apply_is_named(releases: Releases, tmp_path: Path) -> None:
    patch = tmp_path / "0001-Broken.patch"
    good = scenarios.load(SCENARIOS, "healthy").patches("release")[0].read_text()
    patch.write_text(good.replace(" stock: number;", " shelf: number;"))
    with pytest.raises(BrownoutError, match=r"0001-Broken\.patch does not apply"):
        releases.add("v2.8.0", "v2.7.0", [patch])
    assert releases.tags()[-1] == "v2.7.0"
    # Nothing is left over that a second try would stumble over.
    releases.add("v2.8.0", "v2.7.0", scenarios.load(SCENARIOS, "healthy").patches("release"))


def test_what_can_be_named(releases: Releases) -> None:
    assert releases.resolve("v2.6.0") == "v2.6.0"
    assert releases.resolve(releases.commit_of("v2.6.0")) == "v2.6.0"
    with pytest.raises(BrownoutError, match=r"no release 'v2\.60'; did you mean v2\.6\.0"):
        releases.resolve("v2.60")


def test_a_commit_of_the_players_checkout_can_be_deployed(releases: Releases) -> None:
    checkout = releases.checkout("v2.7.0")
    (checkout / "README.md").write_text("mine\n")
    # As a player would who has told git nothing of himself.
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(checkout)}
    subprocess.run(["git", "commit", "-qam", "Mine"], cwd=checkout, env=environment, check=True)
    resolved = releases.resolve("work")
    assert releases.commit_of("work").startswith(resolved)
    assert (releases.worktree(resolved) / "README.md").read_text() == "mine\n"


def test_migrations_are_those_of_a_release(releases: Releases) -> None:
    before = releases.migrations("v2.7.0")
    releases.add("v2.8.0", "v2.7.0", scenarios.load(SCENARIOS, "missing-index").patches("release"))
    changed = releases.migrations("v2.8.0").items() - before.items()
    assert changed == {("reviews", "0003_review_by_date")}


def test_the_checkout_is_tried_as_it_is_and_stays_so(releases: Releases) -> None:
    checkout = releases.checkout("v2.7.0")
    assert releases.as_it_is("work") == "v2.7.0"
    assert releases.as_it_is("v2.6.0") == "v2.6.0"
    (checkout / "backend" / "new.py").write_text("NEW = 1\n")
    (checkout / "backend" / "manage.py").unlink()
    before = git(checkout, "status", "--porcelain")
    commit = releases.as_it_is("work")
    names = git(releases.repository, "ls-tree", "-r", "--name-only", commit).splitlines()
    assert "backend/new.py" in names
    assert "backend/manage.py" not in names
    assert git(checkout, "status", "--porcelain") == before
    assert releases.resolve("work") == "v2.7.0"  # no branch has it
    with pytest.raises(BrownoutError, match=r"no release 'v2.6.1'; did you mean v2.6.0"):
        releases.as_it_is("v2.6.1")
