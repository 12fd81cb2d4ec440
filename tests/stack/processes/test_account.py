"""Who PostgreSQL runs as, and how a program becomes that."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from brownout.stack.processes.account import Account, account, namespaces

ROOT = os.geteuid() == 0

WITH_A_THREAD_IN_EACH_FORK = """
import os, threading
from brownout.stack.processes.account import account
lives = threading.Thread(target=threading.Event().wait, daemon=True)
os.register_at_fork(after_in_child=lambda: lives.start())
print(account().name)
"""


def said(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def test_ordinary_users_run_it_as_themselves() -> None:
    own = account(root=False)
    assert own.name == "own"
    assert own.runs("/bin/true", "x") == ["/bin/true", "x"]


@pytest.mark.skipif(not ROOT, reason="only root becomes somebody else")
def test_root_becomes_nobody() -> None:
    ids = "id -u; id -g; id -G"
    assert said(*Account("nobody").runs("/bin/sh", "-c", ids)).split() == ["65534"] * 3


@pytest.mark.skipif(not ROOT or not namespaces(), reason="this machine forbids user namespaces")
def test_in_a_namespace_it_is_nobody_and_its_files_are_roots() -> None:
    seen = said(*Account("namespace").runs("/bin/sh", "-c", "id -u; id -g; cat /proc/self/uid_map"))
    assert seen.split() == ["65534", "65534", "65534", "0", "1"]


@pytest.mark.skipif(not ROOT or not namespaces(), reason="this machine forbids user namespaces")
def test_a_thread_that_a_library_starts_in_each_fork_does_not_matter() -> None:
    assert said(sys.executable, "-c", WITH_A_THREAD_IN_EACH_FORK) == "namespace"


@pytest.mark.skipif(not ROOT, reason="only root becomes somebody else")
def test_a_program_that_is_away_is_a_sentence() -> None:
    argv = Account("nobody").runs("/nowhere/postgres")
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "/nowhere/postgres cannot be started without privileges: "
        "[Errno 2] No such file or directory\n"
    )
