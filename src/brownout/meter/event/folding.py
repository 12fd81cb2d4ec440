"""A statement's text with its values left out, and however long its lists are, the same.

Lists come as ``IN (%s, %s)``, ``IN ((%s, %s), (%s, %s))``, ``VALUES (%s), (%s)``, as
``ARRAY[%s, %s]``, as ``(a = %s OR a = %s)`` and as ``CASE WHEN a = %s THEN %s WHEN a = %s THEN %s
END``: of parts that stand beside each other and differ in nothing but values, one is kept.
"""

from __future__ import annotations

import re

STRINGS = re.compile(r"(?:\b[xXbBnNeE])?'(?:[^']|'')*'")
NUMBERS = re.compile(r"\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b")
SAVEPOINTS = re.compile(r'"s\d+_x\d+"')
"""Django's names for them: the thread and a number."""

VALUE = r"-?(?:%s|%\(\w+\)s|\$?\?|\(\.\.\.\)|NULL|DEFAULT|TRUE|FALSE)(?:::\w+(?:\[\])?)*"
LISTS = re.compile(rf"\(\s*{VALUE}(?:\s*,\s*{VALUE})*\s*\)", re.IGNORECASE)
ARRAYS = re.compile(rf"\bARRAY\[\s*{VALUE}(?:\s*,\s*{VALUE})*\s*\]", re.IGNORECASE)
ROWS = re.compile(r'(?<![\w"])\(\.\.\.\)(?:\s*,\s*\(\.\.\.\))+')
LIST = "(...)"

SIGNS = (" OR ", " AND ", " WHEN ", "), (", "),(", "((", "...),")
PARTS = re.compile(r"[(),]|\b(?:OR|AND|NOT|WHEN|WHERE|HAVING|ON|ORDER|GROUP|LIMIT)\b")
"""Between parts: where no two are alike there is nothing to fold."""

TRIFLES = frozenset({"", "...", "?", "%S"})

CLAUSES = re.compile(
    r"(\b(?:SELECT|FROM|ON|WHERE|GROUP BY|HAVING|ORDER BY|LIMIT|SET|VALUES|RETURNING)\b)", re.I
)
COMMAS = re.compile(r" ?, ?")
WHENS = re.compile(r" (?=(?:WHEN|ELSE|END)\b)", re.IGNORECASE)
OR = re.compile(r" OR ", re.IGNORECASE)
AND = re.compile(r"(?<! BETWEEN %s)(?<! BETWEEN \?) AND ", re.IGNORECASE)
PARENTHESES = re.compile(r"([()])")
CONDITION = re.compile(r"(?:^|\b(?:WHERE|HAVING|ON|AND|OR))\s*$", re.IGNORECASE)
"""Before parentheses that a condition does not need once it is one alone."""

NAME = re.compile(r'[\w"]$')
"""Before the arguments of a function."""

GROUP = re.compile(r"\x01(\d+)\x01")
"""Stands for what was in parentheses, by its number: alike ones have the same."""

WITH_VALUE = re.compile(r"%s|%\(|\?|\x01")


def folded(sql: str) -> str:
    """The text, on one line."""
    text = STRINGS.sub("?", SAVEPOINTS.sub("?", sql))
    text = " ".join(NUMBERS.sub("?", text).split())
    text = ARRAYS.sub("ARRAY[...]", text) if "[" in text else text
    text, found = LISTS.subn(LIST, text)
    while found:
        text, found = LISTS.subn(LIST, ROWS.sub(LIST, text))
        found = found and "((...)" in text
    text = ROWS.sub(LIST, text)
    return _Folding().text(text) if _repeats(text) else text


def _repeats(text: str) -> bool:
    """May there be anything to fold? Most statements are told here, at little cost."""
    upper = text.upper()
    if "\x01" in text or not any(sign in upper for sign in SIGNS):
        return False
    parts = [p for part in PARTS.split(upper) if (p := part.strip()) not in TRIFLES]
    return len({*parts}) < len(parts) or "((" in text


class _Folding:
    """Walks a text by its parentheses, from within."""

    def __init__(self) -> None:
        self._groups: list[str] = []
        self._numbers: dict[str, str] = {}
        self._levels: dict[str, str] = {}

    def text(self, text: str) -> str:
        levels: list[list[str]] = [[]]
        for part in PARENTHESES.split(text):
            if part == "(":
                levels.append([])
            elif part == ")" and len(levels) > 1:
                inner = "".join(levels.pop())
                levels[-1].append(self._closed(inner, "".join(levels[-1][-1:])))
            else:
                levels[-1].append(part)
        return "(".join(self._restored(self._level("".join(level))) for level in levels)

    def _closed(self, inner: str, before: str) -> str:
        """What stands for parentheses around ``inner``."""
        if inner == "...":
            return self._group(LIST)
        kept = self._level(inner)
        if GROUP.fullmatch(kept) and not NAME.search(before):
            return kept
        if kept != inner and _alone(kept) and not _alone(inner) and CONDITION.search(before):
            return kept
        return self._group(f"({self._restored(kept)})")

    def _group(self, text: str) -> str:
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = f"\x01{len(self._groups)}\x01"
            self._groups.append(text)
        return number

    def _restored(self, text: str) -> str:
        return GROUP.sub(lambda found: self._groups[int(found[1])], text)

    def _level(self, text: str) -> str:
        """Text without parentheses, its alike parts made one."""
        found = self._levels.get(text)
        if found is None:
            pieces = enumerate(CLAUSES.split(text))
            found = "".join(piece if number % 2 else _items(piece) for number, piece in pieces)
            self._levels[text] = found
        return found


def _items(text: str) -> str:
    """A clause, its lists' and conditions' alike parts made one; the spaces around it stay."""
    bare = text.strip()
    if not bare:
        return text
    items = [_condition(item) for item in COMMAS.split(bare)]
    kept = [
        item
        for number, item in enumerate(items)
        if not (number and item == items[number - 1] and WITH_VALUE.search(item))
    ]
    return text.replace(bare, ", ".join(kept))


def _condition(text: str) -> str:
    text = " ".join(_once(WHENS.split(text)))
    either = [" AND ".join(_once(AND.split(one))) for one in OR.split(text)]
    return " OR ".join(dict.fromkeys(either))


def _once(parts: list[str]) -> list[str]:
    """Of equal ones that follow each other the first."""
    return [part for n, part in enumerate(parts) if not n or part != parts[n - 1]]


def _alone(condition: str) -> bool:
    return not (OR.search(condition) or AND.search(condition))
