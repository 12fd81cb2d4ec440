"""Who may import what, and what the pure layers may not touch (docs/architecture.md)."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "brownout"
MADE = importlib.util.spec_from_file_location("places", ROOT / "docs" / "places.py")
assert MADE and MADE.loader
places = importlib.util.module_from_spec(MADE)
MADE.loader.exec_module(places)

PURE = {
    *("model", "history", "stats", "instruments", "audits", "report", "alerting"),
    *("capacity/seeking", "flight/board", "flight/culprit", "flight/director", "flight/refusals"),
}
"""Folders and files that do no I/O."""

MAY_IMPORT: dict[str, set[str]] = {
    "model": set(),
    "stats": {"model"},
    "history": {"model"},
    "store": {"model"},
    "slo": {"model"},
    "instruments": {"model", "stats"},
    "audits": {"model", "stats", "instruments"},
    "report": {"model", "history", "stats"},
    "alerting": {"model", "stats"},
    "monitoring": {"model", "slo", "alerting"},
    "scan": {"model", "stats"},
    "recording": {"model", "store"},
    "collector": {"model", "recording"},
    "stack": {"model"},
    "probes": {"model", "collector", "stats", "stack"},
    "load": {"model"},
    "actions": {"model", "stack"},
    "responders": {"model", "history", "stats", "instruments", "audits"},
    "site": {
        *("model", "slo", "store", "stats", "report", "alerting"),
        *("collector", "stack", "probes", "load", "actions"),
    },
    "capacity": {"model", "store", "stats", "report", "site"},
    "catalogue": {"model", "stats", "report", "stack", "site"},
    "flight": {
        *("model", "history", "alerting", "instruments", "audits", "report", "recording"),
        *("actions", "responders", "site", "capacity", "catalogue"),
    },
    "meter": set(),
}
"""Floor -> the floors that it may stand on. ``app`` stands on all but ``meter``."""

IMPURE = {
    "asyncio", "glob", "http", "io", "multiprocessing", "os", "pathlib", "random", "secrets",
    "shutil", "signal", "socket", "sqlite3", "subprocess", "tempfile", "threading", "time",
    "urllib", "duckdb", "httpx", "psutil", "psycopg",
}  # fmt: skip

ALLOWED = {
    "history": {"os"},  # fsync: an invocation is on disk before it acts
    "flight": {"random"},  # the director's: a generator seeded by its argument
    # Discovery by folder reads the package's own list of modules.
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it, as absolute dotted names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            if node.module == "brownout":
                yield from (f"brownout.{alias.name}" for alias in node.names)


def ours(path: Path) -> set[str]:
    found = {name.split(".")[1] for name in imports(path) if name.startswith("brownout.")}
    return found - {layer(path), "__version__"}


def is_pure(path: Path) -> bool:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return bool({"/".join(parts[:n]) for n in (1, 2)} & PURE)


def room(path: Path) -> str:
    """The folder that a file stands in: collector, stack/services."""
    return str(path.parent.relative_to(PACKAGE))


def rooms() -> dict[str, set[str]]:
    """Folder -> the folders that its files import from. Files of the package's root are none."""
    found: dict[str, set[str]] = {room(path): set() for path in modules()}
    for path in modules():
        for name in imports(path):
            if name.startswith("brownout."):
                target = PACKAGE.joinpath(*name.split(".")[1:])
                folder = target if target.is_dir() else target.parent
                found[room(path)] |= {str(folder.relative_to(PACKAGE))} & {*found}
    return {name: targets - {name, "."} for name, targets in found.items() if name != "."}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_layer_imports_only_what_it_may(path: Path) -> None:
    name = layer(path)
    if path == PACKAGE / "__init__.py":
        assert not ours(path)
    elif name == "app":
        assert "meter" not in ours(path)
    else:
        assert name in MAY_IMPORT, "say in this test what it may import"
        assert ours(path) <= MAY_IMPORT[name]


def test_no_folder_is_on_both_sides_of_another() -> None:
    """Neither the floors nor the rooms within them import one another in a circle."""
    graphs = (MAY_IMPORT, rooms())
    for graph in graphs:
        list(TopologicalSorter(graph).static_order())


def test_the_root_is_no_corridor() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 7


@pytest.mark.parametrize(
    "path", [p for p in modules() if is_pure(p)], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_a_pure_layer_touches_nothing(path: Path) -> None:
    found = {name.split(".")[0] for name in imports(path)} & IMPURE
    assert found <= ALLOWED.get(layer(path), set())
    calls = {n.func.id for n in ast.walk(ast.parse(path.read_text()))
             if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}  # fmt: skip
    assert not calls & {"open", "print", "input"}


def test_the_table_of_places_is_made_of_what_the_folders_say() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    assert places.put_into(page) == page, "run: python docs/places.py"


def test_the_application_and_brownout_do_not_import_each_other() -> None:
    for path in (ROOT / "shop").rglob("*.py"):
        if "node_modules" not in path.parts:
            assert not any(name.split(".")[0] == "brownout" for name in imports(path)), path
    apps = {p.name for p in (ROOT / "shop" / "backend").iterdir() if (p / "__init__.py").exists()}
    for path in modules():
        assert not {name.split(".")[0] for name in imports(path)} & apps, path


def test_the_truth_is_read_by_the_score_alone() -> None:
    """Only these may name Truth: its definition, its loader, the score and the proof."""
    may = {
        "model.py",
        "report/score.py",
        "report/debrief.py",
        "catalogue/proof.py",
        "catalogue/scenarios.py",
    }
    for path in modules():
        names = {n.id for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Name)}
        if "Truth" in names:
            assert str(path.relative_to(PACKAGE)) in may, path
