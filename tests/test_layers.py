"""Who may import what, and what the pure layers may not touch (docs/architecture.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "brownout"

PURE = {"model", "history", "stats", "instruments", "audits", "report", "director", "alerting"} | {
    "calibration"
}

MAY_IMPORT: dict[str, set[str]] = {
    "model": set(),
    "stats": {"model"},
    "history": {"model"},
    "instruments": {"model", "stats"},
    "audits": {"model", "stats", "instruments"},
    "report": {"model", "history", "stats"},
    "schema": {"model"},
    "store": {"model", "history", "schema"},
    "scenarios": {"model"},
    "slo": {"model"},
    "scan": {"model", "stats"},
    "stack": {"model"},
    "probes": {"model", "schema", "stats", "stack"},
    "load": {"model"},
    "actions": {"model", "stack"},
    "meter": set(),
    "director": {"model", "history"},
    "refusals": {"model", "history", "scenarios"},
    "alerting": {"model", "stats"},
    "monitoring": {"model", "slo", "alerting"},
    "observer": {"model", "stats", "alerting"},
    "calibration": {"model", "stats", "report"},
    "baseline": {"model", "stats", "report", "alerting", "observer", "calibration"},
    "responders": {"model", "history", "stats", "instruments", "audits"},
}
"""Layer -> the layers it may import. Those that are not named here may import all but ``app``."""

EVERYTHING_BUT_APP = {
    "baselines",
    "capacity",
    "ramp",
    "drill",
    "judging",
    "leaks",
    "validation",
    "site",
    "prove",
}

IMPURE = {
    "asyncio", "glob", "http", "io", "multiprocessing", "os", "pathlib", "random", "secrets",
    "shutil", "signal", "socket", "sqlite3", "subprocess", "tempfile", "threading", "time",
    "urllib", "duckdb", "httpx", "psutil", "psycopg",
}  # fmt: skip

ALLOWED = {
    "history": {"os"},  # fsync: an invocation is on disk before it acts
    "director": {"random"},  # a generator seeded by its argument
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


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_layer_imports_only_what_it_may(path: Path) -> None:
    name = layer(path)
    if name == "app" or path == PACKAGE / "__init__.py":
        return
    if name in EVERYTHING_BUT_APP:
        assert not ours(path) & {"app", "meter"}
        return
    assert name in MAY_IMPORT, (
        f"say in this test and in docs/architecture.md what {name} may import"
    )
    assert ours(path) <= MAY_IMPORT[name]


@pytest.mark.parametrize(
    "path", [p for p in modules() if layer(p) in PURE], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_a_pure_layer_touches_nothing(path: Path) -> None:
    found = {name.split(".")[0] for name in imports(path)} & IMPURE
    assert found <= ALLOWED.get(layer(path), set())
    calls = {n.func.id for n in ast.walk(ast.parse(path.read_text()))
             if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}  # fmt: skip
    assert not calls & {"open", "print", "input"}


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
        "store.py",
        "report/score.py",
        "report/debrief.py",
        "prove.py",
        "scenarios.py",
    }
    for path in modules():
        names = {n.id for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Name)}
        if "Truth" in names:
            assert str(path.relative_to(PACKAGE)) in may, path
