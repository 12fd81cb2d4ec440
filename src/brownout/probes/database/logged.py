"""Plans that auto_explain wrote into the server's log while the probe looked.

Those are the plans of what really ran, with its values. Where the module is loaded it logs what
takes longer than auto_explain.log_min_duration, as text or JSON, to stderr's log format.
https://www.postgresql.org/docs/current/auto-explain.html
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import psycopg

from brownout.probes.database import plans
from brownout.probes.database.plans import Plan
from brownout.probes.database.session import MARK, Session, sentence, setting

LOGGED = "logged by auto_explain"
MOST = 4 << 20
"""Bytes of the log that are read."""

ENTRY = re.compile(r"duration: ([\d.]+) ms  plan:[ \n]*")
TEXT_NODE = re.compile(r"^\s*(?:->\s+)?(\w[\w ]*?) on (?:(\w+)\.)?(\w+)(?: (\w+))?  \(cost=", re.M)
LISTS = re.compile(r"(\bin \(|\barray ?\[) ?\?(?: ?, ?\?)* ?(?=[)\]])")
LITERALS = re.compile(r"'(?:[^']|'')*'|\$\d+|\b\d+(?:\.\d+)?\b")


class Log:
    """The server's log from now on: a file here, or one that the server itself reads to us."""

    def __init__(self, connection: Session, file: Path | None) -> None:
        self._connection, self._file, self._name = connection, file, ""
        self.reason = self._without(connection)
        self._from = 0 if self.reason else self._size()

    def _without(self, connection: Session) -> str:
        """Why there are no plans to be had here, "" when there may be."""
        least = setting(connection, "auto_explain.log_min_duration")
        if not least:
            return "auto_explain is not loaded"
        if least.startswith("-1"):
            return "auto_explain is loaded and off (auto_explain.log_min_duration)"
        if setting(connection, "auto_explain.log_format") not in ("text", "json"):
            return "auto_explain's format is neither text nor json"
        if self._file is not None and self._file.is_file():
            return ""
        try:
            row = connection.execute(
                f"SELECT pg_current_logfile('stderr') AS name {MARK}"
            ).fetchone()
        except psycopg.Error as error:
            return f"auto_explain's log cannot be read: {sentence(error)}"
        self._name = (row and row["name"]) or ""
        return "" if self._name else "auto_explain is loaded; name the server's log with --log"

    def _size(self) -> int:
        if not self._name and self._file is not None:
            return self._file.stat().st_size
        query = f"SELECT (pg_stat_file(%s)).size {MARK}"
        try:
            row = self._connection.execute(query, [self._name]).fetchone()
        except psycopg.Error as error:
            self.reason = f"auto_explain's log cannot be read: {sentence(error)}"
            return 0
        return int(row["size"]) if row else 0

    def plans(self) -> list[Plan]:
        """What was logged since, the longest first. Empty where ``reason`` says why."""
        if self.reason:
            return []
        return sorted(parse(self._read()), key=lambda p: -(p.ms or 0.0))

    def _read(self) -> str:
        if not self._name and self._file is not None:
            with self._file.open("rb") as file:
                file.seek(self._from)
                return file.read(MOST).decode(errors="replace")
        query = f"SELECT pg_read_binary_file(%s, %s, %s) AS bytes {MARK}"
        row = self._connection.execute(query, [self._name, self._from, MOST]).fetchone()
        return bytes(row["bytes"]).decode(errors="replace") if row else ""


def parse(log: str) -> list[Plan]:
    """The plans in a log, in its order. Lines that go on begin with a tab."""
    found = []
    text = log.replace("\n\t", "\n\x00")
    for entry in ENTRY.finditer(text):
        rest = text[entry.end() :].removeprefix("\x00")
        body = re.match(r"[^\n]*(?:\n\x00[^\n]*)*", rest)
        plan = _plan(float(entry[1]), (body[0] if body else "").replace("\n\x00", "\n"))
        if plan is not None:
            found.append(plan)
    return found


def _plan(ms: float, body: str) -> Plan | None:
    if body.startswith("{"):
        try:
            read = json.loads(body)
            return Plan(read["Query Text"], LOGGED, "", read["Plan"], ms)
        except (ValueError, KeyError):
            return None  # cut off, or another module's
    head = re.match(r"Query Text: (.*?)\n(?=[^\n]*\(cost=)", body, re.S)
    return Plan(head[1].strip(), LOGGED, "", _tree(body[head.end() :]), ms) if head else None


def _tree(body: str) -> dict[str, Any]:
    """A plan's scans as text gives them, below a root that only holds the text."""
    children = []
    for node in TEXT_NODE.finditer(body):
        end = body.find("(cost=", node.end())
        lines = body[node.end() : end if end > 0 else None]
        child: dict[str, Any] = {"Node Type": node[1], "Relation Name": node[3]}
        child |= {"Schema": node[2] or "", "Alias": node[4] or node[3], "Plan Rows": 0}
        if rows := re.search(r"\brows=(\d+)", lines):
            child["Plan Rows"] = int(rows[1])
        if condition := re.search(r"^\s*Filter: (.*)$", lines, re.M):
            child["Filter"] = condition[1]
        children.append(child)
    return {"Node Type": "logged as text", "Plans": children, "Text": body}


def shape(query: str) -> str:
    """A statement without its values: the same for a logged one and a normalised one.

    A list has one shape, however long: from 18 on the server writes it as ($1 /*, ... */).
    """
    text = LITERALS.sub("?", query.replace(plans.FOLDED, ""))
    text = re.sub(r"\s+", " ", text).strip().lower()
    return LISTS.sub(lambda found: f"{found[1]}?", text)
