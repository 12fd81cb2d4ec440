"""Releases: the run's own repository of the shop, its tags, a worktree for each deployed one."""

from __future__ import annotations

import difflib
import re
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

from brownout.model import BrownoutError
from brownout.stack.releases import past
from brownout.stack.releases.git import git

PLAYER = {"user.name": "Player", "user.email": "player@shop.example"}


class Releases:
    """``run/shop.git``, worktrees in ``run/releases``, the player's in ``run/checkout``."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self.repository = run / "shop.git"
        self._lock = threading.Lock()

    def create(self, shop: Path, cache: Path) -> str:
        """Grow the repository; the newest tag of the past, which is the baseline."""
        shutil.copytree(past.repository(shop, cache), self.repository)
        (self._run / "releases").mkdir()
        return self.tags()[-1]

    def tags(self) -> list[str]:
        """All tags, oldest version first."""
        found = git(self.repository, "tag", "--list", "v*")
        return sorted(found.split(), key=lambda t: [int(n) for n in re.findall(r"\d+", t)])

    def commit_of(self, tag: str) -> str:
        return git(self.repository, "rev-parse", f"{tag}^{{commit}}")

    def add(self, tag: str, base: str, patches: Sequence[Path]) -> None:
        """Apply patches as commits on top of ``base`` and tag the result.

        Raises BrownoutError that names the patch which does not apply.
        """
        work = self._run / "releases" / ".next"
        git(self.repository, "worktree", "add", "-q", "--detach", str(work), base)
        try:
            for patch in patches:
                self._apply(work, patch)
            git(work, "tag", "-a", "-m", f"Release {tag}", tag)
            git(self.repository, "update-ref", "refs/heads/main", git(work, "rev-parse", "HEAD"))
        finally:
            git(self.repository, "worktree", "remove", "--force", str(work))

    @staticmethod
    def _apply(work: Path, patch: Path) -> None:
        try:
            # By its content: a path in a command line would tell every player what is flown.
            git(work, "am", "-q", "--committer-date-is-author-date", stdin=patch.read_bytes())
        except BrownoutError as error:
            lines = [x for x in str(error).splitlines() if "error:" in x or "failed" in x]
            raise BrownoutError(
                f"{patch} does not apply: {'; '.join(lines[:3]) or error}"
            ) from error

    def resolve(self, ref: str) -> str:
        """The tag of that name, or a commit's short id (a commit of the player's checkout, too).

        Raises BrownoutError with the known tags and near matches.
        """
        tags = self.tags()
        if ref in tags:
            return ref
        try:
            commit = git(self.repository, "rev-parse", "--verify", "-q", f"{ref}^{{commit}}")
        except BrownoutError:
            near = difflib.get_close_matches(ref, tags, 3, 0.4)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise BrownoutError(
                f"no release {ref!r}{hint} (tags: {', '.join(tags)}; a commit will do, too)"
            ) from None
        for tag in reversed(tags):
            if self.commit_of(tag) == commit:
                return tag
        return commit[:10]

    def worktree(self, ref: str) -> Path:
        """The folder with a release's files, checked out now if it is not there."""
        target = self._run / "releases" / ref
        with self._lock:
            if not target.exists():
                git(self.repository, "worktree", "add", "-q", "--detach", str(target), ref)
        return target

    def checkout(self, ref: str) -> Path:
        """The player's own worktree, on a branch of its own: edit, commit, deploy."""
        target = self._run / "checkout"
        # Whoever has told git no name can commit here all the same.
        for key, value in PLAYER.items():
            git(self.repository, "config", key, value)
        git(self.repository, "worktree", "add", "-q", "-B", "work", str(target), ref)
        return target

    def as_it_is(self, ref: str) -> str:
        """As ``resolve``; of the branch that is checked out, the files as they are now.

        What is not committed becomes a commit that no branch has: the checkout stays as it was.
        """
        checkout = self._run / "checkout"
        if ref != git(checkout, "rev-parse", "--abbrev-ref", "HEAD"):
            return self.resolve(ref)
        index = self._run / "checkout.index"
        try:
            git(checkout, "read-tree", "HEAD", index=index)
            git(checkout, "add", "--all", index=index)
            tree = git(checkout, "write-tree", index=index)
        finally:
            index.unlink(missing_ok=True)
        if tree == git(checkout, "rev-parse", "HEAD^{tree}"):
            return self.resolve(ref)
        words = ("commit-tree", tree, "-p", "HEAD", "-m", "The working tree")
        return git(checkout, *words)[:10]

    def migrations(self, ref: str) -> dict[str, str]:
        """App -> its newest migration in a release."""
        listed = git(self.repository, "ls-tree", "-r", "--name-only", ref, "backend/")
        found: dict[str, str] = {}
        for name in sorted(listed.splitlines()):
            match = re.fullmatch(r"backend/(\w+)/migrations/(\d\w+)\.py", name)
            if match:
                found[match[1]] = match[2]
        return found
