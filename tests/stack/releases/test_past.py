"""The plan of a past: a tree grown step by step, and what a plan that does not fit is told."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from brownout import store
from brownout.model import BrownoutError
from brownout.stack.releases import past
from brownout.stack.releases.past import Edit, Plan, Step

SHOP = store.assets() / "shop"
TODAY = {"a.py": b"PAGE = 24\nLIMIT = 3\n", "b.py": b"two\n", "c/d.py": b"four\n"}


def step(number: int, *adds: str, edits: tuple[Edit, ...] = (), **fields: Any) -> Step:
    date = datetime(2026, 5, number, tzinfo=UTC)
    return Step(
        **{"author": "mira", "date": date, "message": f"Step {number}\n\nWhy.", "tag": ""}
        | {"adds": adds, "edits": edits}
        | fields
    )


def plan(*steps: Step) -> Plan:
    return Plan({"mira": "Mira Lund <mira@shop.example>"}, steps)


MORE = Edit("a.py", "PAGE = 24", "PAGE = 20")
LIMIT = Edit("a.py", "LIMIT = 3\n", "")


def test_each_tree_is_todays_with_the_later_steps_undone() -> None:
    steps = (step(1, "a.py"), step(2, "*.py"), step(3, edits=(MORE,)), step(4, edits=(LIMIT,)))
    assert past.grow(plan(*steps), TODAY) == [
        {"a.py": b"PAGE = 20\n"},
        {"a.py": b"PAGE = 20\n", "b.py": b"two\n", "c/d.py": b"four\n"},
        {"a.py": b"PAGE = 24\n", "b.py": b"two\n", "c/d.py": b"four\n"},
        TODAY,
    ]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([step(1, "a.py", "c/*")], "no step adds b.py; add a pattern for it"),
        ([step(1, "*"), step(2, "e.py")], "'Step 2': 'e.py' adds no file; mend the pattern"),
        # What an earlier step added is not added once more.
        ([step(1, "*"), step(2, "b.py")], "'Step 2': 'b.py' adds no file"),
        (
            [step(1, "*"), step(2, edits=(Edit("a.py", "PAGE = 25", "x"),))],
            "'Step 2': the text 'PAGE = 25' stands 0 times in a.py, not once; mend the plan",
        ),
        (
            [step(1, "*"), step(2, edits=(Edit("a.py", " = ", "x"),))],
            "the text ' = ' stands 2 times in a.py, not once",
        ),
        (
            [step(1, "*"), step(2, edits=(Edit("nowhere.py", "x", "y"),))],
            "stands 0 times in nowhere.py",
        ),
    ],
)
def test_a_plan_that_does_not_fit_says_where(steps: list[Step], words: str) -> None:
    with pytest.raises(BrownoutError) as caught:
        past.grow(plan(*steps), TODAY)
    assert words in str(caught.value)
    assert str(caught.value).startswith("past.toml")


@pytest.mark.parametrize(
    "text",
    ["not toml", "[authors]\n", "[[step]]\nauthor = 'x'\n", "[authors]\nx = 'X'\nstep = [7]\n"],
)
def test_a_file_that_is_no_plan_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(BrownoutError, match=r"mine\.toml: not a plan of a past"):
        past.read_plan(path)


def test_what_is_built_or_installed_is_not_of_the_tree(tmp_path: Path) -> None:
    for name in (
        *("backend/views.py", "frontend/src/App.tsx", "frontend/node_modules/react/index.js"),
        *("frontend/dist/index.html", "backend/__pycache__/views.pyc", "backend/views.pyc"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert past.tree(tmp_path) == {
        "backend/views.py": b"backend/views.py",
        "frontend/src/App.tsx": b"frontend/src/App.tsx",
    }


def test_the_commits_are_those_of_the_plan(tmp_path: Path) -> None:
    """Author, date, message, tag and files, as git reads them."""
    repository = past.repository(SHOP, tmp_path)
    steps = past.read_plan().steps

    def git(*words: str) -> str:
        argv = ["git", "--git-dir", str(repository), *words]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    told = git("log", "--reverse", "--format=%an|%at|%ct|%s", "main").splitlines()
    authors = past.read_plan().authors
    assert told == [
        f"{authors[s.author].split(' <')[0]}|{s.date.timestamp():.0f}|{s.date.timestamp():.0f}|"
        + s.message.splitlines()[0]
        for s in steps
    ]
    assert git("tag").split() == [s.tag for s in steps if s.tag]
    for tag in git("tag").split():
        assert git("cat-file", "-t", tag) == "tag\n"
    assert git("fsck", "--strict", "--no-dangling").strip() == ""


def test_it_is_grown_once_for_each_content(tmp_path: Path) -> None:
    shop, cache = tmp_path / "shop", tmp_path / "cache"
    left_out = shutil.ignore_patterns(*past.LEFT_OUT)
    shutil.copytree(SHOP, shop, ignore=left_out)
    first = past.repository(shop, cache)
    # Grown again, it would be another folder.
    folder = os.stat(first).st_ino
    assert past.repository(shop, cache) == first
    assert os.stat(first).st_ino == folder
    (shop / "README.md").write_text("another shop\n")
    second = past.repository(shop, cache)
    assert second != first
    assert sorted((cache / "pasts").iterdir()) == sorted([first, second])


def test_a_plan_that_no_longer_fits_leaves_nothing_in_the_cache(tmp_path: Path) -> None:
    shop, cache = tmp_path / "shop", tmp_path / "cache"
    shop.mkdir()
    (shop / "orphan.py").write_text("mine\n")
    with pytest.raises(BrownoutError, match=r"past\.toml"):
        past.repository(shop, cache)
    assert list(cache.rglob("*")) == []
