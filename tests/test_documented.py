"""Everything that is discovered by folder is documented, and so is every dependency."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from brownout.app import cli

ROOT = Path(__file__).parents[1]


def names(folder: str) -> list[str]:
    found = (ROOT / "src" / "brownout" / folder).glob("*.py")
    return sorted(p.stem for p in found if p.stem != "__init__")


@pytest.mark.parametrize("kind", ["instruments", "audits", "actions"])
def test_each_unit_stands_in_its_page(kind: str) -> None:
    page = (ROOT / "docs" / f"{kind}.md").read_text()
    assert names(kind), f"no {kind} found"
    missing = [n for n in names(kind) if f"`{n}`" not in page]
    assert not missing, f"docs/{kind}.md does not describe {missing}"


def test_each_scenario_stands_in_its_page() -> None:
    page = (ROOT / "docs" / "scenarios.md").read_text()
    found = sorted(p.parent.name for p in (ROOT / "scenarios").glob("*/scenario.toml"))
    assert found
    assert not [n for n in found if f"`{n}`" not in page]


def test_each_command_stands_in_its_page_and_shows_an_example() -> None:
    page = (ROOT / "docs" / "commands.md").read_text()
    app = cli.app()
    assert len(app.commands) > 10
    for name in app.commands:
        command = app.get_command(None, name)
        assert command
        assert f"`brownout {name}" in page, f"docs/commands.md does not describe {name}"
        assert f"brownout {name}" in (command.epilog or ""), f"{name} --help has no example"
        assert command.help, f"{name} --help says nothing"


def test_each_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    page = (ROOT / "docs" / "dependencies.md").read_text()
    cells = re.findall(r"^\| ([^|]+) \|", page, re.MULTILINE)
    explained = {name.strip() for cell in cells for name in cell.split(",")}
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    declared = {re.split(r"[\[<>=; ]", line, maxsplit=1)[0] for line in wanted}
    assert declared - explained == set()
    assert explained - declared - {"package", "---"} == set()
