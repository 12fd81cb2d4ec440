"""What ``python -m unittest -v`` writes: how many tests have ended, what failed by what. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

BLOCK = re.compile(
    r"^={70}\n(?:FAIL|ERROR): (?P<name>.+)\n(?:(?!-{70}$).*\n)*-{70}\n"
    r"(?P<told>(?:(?![-=]{70}$).*\n?)*)",
    re.MULTILINE,
)
"""One failure: a ruler, its name (and a line about it), a ruler, its traceback."""

ENDED = re.compile(rb"\.\.\. (?:ok|FAIL|ERROR|skipped|expected failure|unexpected success)")

LONGEST = 300
"""Characters of an assertion that are told."""


def count(sources: Iterable[str]) -> int:
    """How many tests stand in these files."""
    return sum(len(re.findall(r"^\s+(?:async )?def test", text, re.MULTILINE)) for text in sources)


def ended(written: bytes) -> int:
    """How many tests have ended, by what was written so far."""
    return len(ENDED.findall(written))


def failures(written: str) -> list[str]:
    """Each test that failed, with the last line of its traceback."""
    found = ((m["name"], _assertion(m["told"])) for m in BLOCK.finditer(written))
    return [f"{name}: {why}" if why else name for name, why in found]


def _assertion(told: str) -> str:
    """The line that names the exception: the first that is not indented after the last frame."""
    _, _, after = told.rpartition('\n  File "')
    lines = [line for line in after.splitlines()[1:] if line and not line.startswith(" ")]
    return lines[0][:LONGEST] if lines else ""
