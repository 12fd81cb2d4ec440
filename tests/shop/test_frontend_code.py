"""The front end's own tests and its type check: no browser, no running shop."""

from __future__ import annotations

import re
import shutil
import subprocess
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from brownout import store
from brownout.stack.releases import frontend
from brownout.stack.releases.frontend import Workshop
from brownout.stack.releases.node import find_node

SOURCES = store.assets() / "shop" / "frontend"
SRC = (SOURCES / "src").resolve()

IMPORT = re.compile(r"""\b(?:from|import)\b[\s(]*["'](\.[^"']*)["']""")
"""At once, later (``import("./Page")``) or for a type alone."""


def node(*words: str | Path, cwd: Path) -> None:
    argv = [find_node(), *words]
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def imported(path: Path, word: str) -> Path:
    """The file that a file of src/ means by a relative import, relative to src/."""
    target = (path.parent / word).resolve()
    found = [p for end in ("", ".ts", ".tsx") if (p := Path(f"{target}{end}")).is_file()]
    assert len(found) == 1, f"{path}: {word!r} is {found}"
    return found[0].relative_to(SRC)


def imports() -> dict[Path, set[Path]]:
    """File of src/ -> the files that it imports."""
    return {
        path.relative_to(SRC): {imported(path, word) for word in IMPORT.findall(path.read_text())}
        for path in SRC.rglob("*.ts*")
    }


def folders(files: dict[Path, set[Path]]) -> dict[Path, set[Path]]:
    """Folder -> the other folders that its files import from; src/ itself is one."""
    found: dict[Path, set[Path]] = {path.parent: set() for path in files}
    for path, targets in files.items():
        found[path.parent] |= {target.parent for target in targets} - {path.parent}
    return found


def test_the_pure_parts_are_right() -> None:
    node("--test", *sorted((SOURCES / "tests").glob("*.test.ts")), cwd=SOURCES)


def test_no_file_or_folder_imports_itself_by_way_of_others() -> None:
    files = imports()
    for graph in (files, folders(files)):
        list(TopologicalSorter(graph).static_order())


@pytest.mark.stack
def test_the_types_fit(tmp_path: Path) -> None:
    copy = tmp_path / "frontend"
    shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    modules = frontend.modules(SOURCES, Workshop(store.cache_folder(), print))
    (copy / "node_modules").symlink_to(modules)
    node(modules / "typescript" / "bin" / "tsc", "--noEmit", cwd=copy)
