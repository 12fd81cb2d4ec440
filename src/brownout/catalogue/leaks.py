"""Whether anything that a player can read tells which scenario is flown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from brownout.catalogue.scenarios import Scenario
from brownout.stack.releases.git import git


def leaks(scenario: Scenario, run: Path, processes: Sequence[int]) -> list[str]:
    """Where the scenario's id or cause can be read: patches, git, logs, history, processes.

    Words count in any spelling ("n-plus-one", "N plus one"); the id of a control does not count,
    since "healthy" is an ordinary word.
    """
    secrets = {scenario.id, str(scenario.raw["truth"]["cause"])} - {"none", "healthy"}
    if not secrets:
        return []
    spelled = [re.escape(s).replace(r"\-", "[-_ ]?") for s in sorted(secrets)]
    pattern = re.compile("|".join(spelled), re.IGNORECASE)
    found = [where for where, text in _readable(scenario, run, processes) if pattern.search(text)]
    return sorted(set(found))


def _readable(scenario: Scenario, run: Path, processes: Sequence[int]) -> Iterator[tuple[str, str]]:
    for patch in scenario.patches("release"):
        yield patch.name, patch.name + patch.read_text()
    repository = run / "shop.git"
    if repository.exists():
        yield "commit messages", git(repository, "log", "--all", "--format=%an %B")
        yield "branches and tags", git(repository, "for-each-ref")
        for tag in git(repository, "tag", "--list").split():
            yield f"file names of {tag}", git(repository, "ls-tree", "-r", "--name-only", tag)
    for path in (*sorted((run / "logs").glob("*")), run / "history.jsonl"):
        if path.exists():
            yield path.name, path.name + path.read_text(errors="replace")
    for pid in processes:
        for name in ("cmdline", "environ"):
            try:
                text = (Path("/proc") / str(pid) / name).read_bytes().decode(errors="replace")
            except OSError:
                continue
            yield f"{name} of {pid}", text
