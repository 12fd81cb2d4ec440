"""The table of places in architecture.md, made of what each file and folder says of itself.

python docs/places.py
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).with_name("architecture.md")
PACKAGE = Path(__file__).parents[1] / "src" / "brownout"
BETWEEN = re.compile(r"(<!-- places -->\n).*(\n<!-- end of places -->)", re.DOTALL)


def sentence(path: Path) -> str:
    """The first paragraph of a module's docstring, on one line."""
    doc = ast.get_docstring(ast.parse(path.read_text())) or ""
    return " ".join(doc.split("\n\n")[0].split()).replace("``", "`")


def rows() -> Iterator[tuple[str, str]]:
    """(place, its sentence): the files at the root, then each folder with its rooms."""
    for path in sorted(PACKAGE.glob("[a-z]*.py")):
        yield path.name, sentence(path)
    for init in sorted(PACKAGE.rglob("__init__.py")):
        if init.parent != PACKAGE:
            yield f"{init.parent.relative_to(PACKAGE)}/", sentence(init)


def table() -> str:
    """The table, in Markdown."""
    lines = [f"| `{place}` | {said} |" for place, said in rows()]
    return "\n".join(["| in `src/brownout/` | what |", "|---|---|", *lines])


def put_into(page: str) -> str:
    """The page with the table as it is now."""
    return BETWEEN.sub(lambda match: match[1] + table() + match[2], page)


if __name__ == "__main__":
    PAGE.write_text(put_into(PAGE.read_text()))
