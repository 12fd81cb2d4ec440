"""The shop's past: a believable git history, grown from its tree by a plan (past.toml).

A step of the plan lists the paths that appear with its commit, and edits: a text of today's file,
and what stood there before that commit. So the last commit is today's tree, and every earlier one
is today's tree with its later steps undone. The same tree and plan give the same commit ids.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import hashlib
import os
import shutil
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from brownout.model import BrownoutError
from brownout.stack.releases.git import git

PLAN = Path(__file__).with_name("past.toml")

LEFT_OUT = {"node_modules", "dist", "__pycache__", "mail", ".vite"}


@dataclass(frozen=True)
class Edit:
    """In ``file``, this step brought ``text`` where ``was`` stood before."""

    file: str
    text: str
    was: str


@dataclass(frozen=True)
class Step:
    author: str
    date: dt.datetime
    message: str
    adds: tuple[str, ...]
    edits: tuple[Edit, ...]
    tag: str


@dataclass(frozen=True)
class Plan:
    authors: dict[str, str]
    steps: tuple[Step, ...]


def read_plan(path: Path = PLAN) -> Plan:
    """The plan of a past. Raises BrownoutError for a file that is not one."""
    try:
        raw = tomllib.loads(path.read_text())
        steps = tuple(
            Step(
                author=s["author"],
                date=s["date"].replace(tzinfo=dt.UTC),
                message=s["message"],
                adds=tuple(s.get("adds", ())),
                edits=tuple(Edit(**e) for e in s.get("edits", ())),
                tag=s.get("tag", ""),
            )
            for s in raw["step"]
        )
        return Plan(dict(raw["authors"]), steps)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise BrownoutError(f"{path}: not a plan of a past ({error!r})") from error


def tree(shop: Path) -> dict[str, bytes]:
    """The files of the shop's tree, name -> content, without what is built or installed."""
    found = {}
    for path in sorted(shop.rglob("*")):
        name = path.relative_to(shop)
        if path.is_file() and not LEFT_OUT & set(name.parts) and path.suffix != ".pyc":
            found[name.as_posix()] = path.read_bytes()
    return found


def grow(plan: Plan, today: dict[str, bytes]) -> list[dict[str, bytes]]:
    """The tree at each step, oldest first; the last is ``today``.

    Raises BrownoutError when the plan does not fit the tree: an edit whose text is not there
    exactly once, a file that no step adds, a pattern that adds nothing.
    """
    born = _births(plan, today)
    trees: list[dict[str, bytes]] = []
    current = dict(today)
    for index in reversed(range(len(plan.steps))):
        current = {name: text for name, text in current.items() if born[name] <= index}
        trees.append(dict(current))
        for edit in plan.steps[index].edits:
            current[edit.file] = _undo(edit, current, plan.steps[index])
    return trees[::-1]


def _births(plan: Plan, today: dict[str, bytes]) -> dict[str, int]:
    """File -> the step that adds it."""
    born: dict[str, int] = {}
    for index, step in enumerate(plan.steps):
        for pattern in step.adds:
            fresh = [n for n in today if n not in born and fnmatch.fnmatchcase(n, pattern)]
            if not fresh:
                raise BrownoutError(
                    f"past.toml, {step.message.splitlines()[0]!r}: {pattern!r} adds no file; "
                    "mend the pattern"
                )
            born |= dict.fromkeys(fresh, index)
    orphans = sorted(set(today) - set(born))
    if orphans:
        raise BrownoutError(
            f"past.toml: no step adds {', '.join(orphans[:5])}; add a pattern for it"
        )
    return born


def _undo(edit: Edit, current: dict[str, bytes], step: Step) -> bytes:
    content = current.get(edit.file, b"")
    if content.count(edit.text.encode()) != 1:
        raise BrownoutError(
            f"past.toml, {step.message.splitlines()[0]!r}: the text {edit.text[:60]!r} stands "
            f"{content.count(edit.text.encode())} times in {edit.file}, not once; mend the plan"
        )
    return content.replace(edit.text.encode(), edit.was.encode())


def stream(plan: Plan, trees: list[dict[str, bytes]]) -> bytes:
    """The history as input of ``git fast-import``."""
    out: list[bytes] = []
    for mark, (step, files) in enumerate(zip(plan.steps, trees, strict=True), start=1):
        who = plan.authors[step.author].encode() + b" %d +0000" % step.date.timestamp()
        message = step.message.strip().encode() + b"\n"
        out.append(b"commit refs/heads/main\nmark :%d\n" % mark)
        out.append(b"author %s\ncommitter %s\ndata %d\n%s" % (who, who, len(message), message))
        out.append(b"from :%d\n" % (mark - 1) if mark > 1 else b"")
        out.append(b"deleteall\n")
        for name, content in files.items():
            out.append(b"M 100644 inline %s\n" % name.encode())
            out.append(b"data %d\n%s\n" % (len(content), content))
        if step.tag:
            note = f"Release {step.tag}\n".encode()
            out.append(b"tag %s\nfrom :%d\ntagger %s\n" % (step.tag.encode(), mark, who))
            out.append(b"data %d\n%s" % (len(note), note))
    return b"".join(out)


def repository(shop: Path, cache: Path) -> Path:
    """The bare repository of the shop with its past, from the cache or grown now."""
    plan, today = read_plan(), tree(shop)
    digest = hashlib.sha256(PLAN.read_bytes())
    for name, content in today.items():
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    target = cache / "pasts" / f"{digest.hexdigest()[:16]}.git"
    if target.exists():
        return target
    history = stream(plan, grow(plan, today))
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="past.", dir=target.parent))
    try:
        git(work, "init", "-q", "--bare", "--initial-branch=main", ".")
        git(work, "fast-import", "--quiet", stdin=history)
        os.replace(work, target)
    except OSError:
        if not target.exists():  # another brownout may have been faster
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target
