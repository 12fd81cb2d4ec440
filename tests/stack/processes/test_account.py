"""Who PostgreSQL runs as is found out by trying, which may fail once for other reasons."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from brownout.stack.processes.account import PROBES, Account, account, namespaces


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    namespaces.cache_clear()
    yield
    namespaces.cache_clear()


@pytest.mark.skipif(not namespaces(), reason="this machine forbids user namespaces")
@pytest.mark.parametrize(("succeeds", "allowed"), [(PROBES, True), (PROBES + 1, False)])
def test_a_try_that_fails_does_not_decide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, succeeds: int, allowed: bool
) -> None:
    tries, true = tmp_path / "tries", tmp_path / "true"
    true.write_text(f'#!/bin/sh\necho >> {tries}; [ "$(wc -l < {tries})" -ge {succeeds} ]\n')
    true.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}")
    assert [namespaces(), namespaces()] == [allowed, allowed]
    assert len(tries.read_text()) == PROBES


def test_ordinary_users_run_it_as_themselves() -> None:
    assert account(root=False) == Account("own", None)
