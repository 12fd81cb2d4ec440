"""The front end's own tests and its type check: no browser, no running shop."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from brownout import store
from brownout.stack.releases import frontend
from brownout.stack.releases.frontend import Workshop
from brownout.stack.releases.node import find_node

SOURCES = store.assets() / "shop" / "frontend"


def node(*words: str | Path, cwd: Path) -> None:
    argv = [find_node(), *words]
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_pure_parts_are_right() -> None:
    node("--test", *sorted((SOURCES / "tests").glob("*.test.ts")), cwd=SOURCES)


@pytest.mark.stack
def test_the_types_fit(tmp_path: Path) -> None:
    copy = tmp_path / "frontend"
    shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    modules = frontend.modules(SOURCES, Workshop(store.cache_folder(), print))
    (copy / "node_modules").symlink_to(modules)
    node(modules / "typescript" / "bin" / "tsc", "--noEmit", cwd=copy)
