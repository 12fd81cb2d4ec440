"""The valkey probe on a real server."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from waiting import PATIENCE

from brownout.meter.caching import caches
from brownout.model import BrownoutError, MachineError
from brownout.probes.on_demand import valkey as probe
from brownout.probes.terms import Found, Site
from brownout.probes.valkey import keyspace
from brownout.stack.processes.ports import free_ports
from brownout.stack.processes.supervisor import Supervisor
from brownout.stack.services.valkey import Valkey


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    run = tmp_path_factory.mktemp("run")
    with Supervisor(f"test-{uuid.uuid4()}", lambda notice: None) as supervisor:
        made = Valkey(supervisor.run_id, run, free_ports(1)[0])
        supervisor.start(made.command(), made.ready, timeout=PATIENCE)
        yield made


@pytest.fixture
def client(server: Valkey) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url(0)) as made:
        made.flushall()
        yield made


def rows(found: Found, title: str) -> dict[Any, tuple[Any, ...]]:
    [one] = [t for t in found.tables if t.title.startswith(title)]
    return {row[0]: tuple(row[1:]) for row in one.rows}


@pytest.mark.stack
def test_a_window_is_counted(server: Valkey, client: redis.Redis, tmp_path: Path) -> None:
    for n in range(30):
        client.set(f"shop:3:book:{n}", b"x" * 1000, ex=60)
    client.rpush("queue", *range(50))
    client.config_resetstat()
    stop = threading.Event()

    def read() -> None:
        with redis.Redis.from_url(server.url(0)) as reader:
            while not stop.is_set():
                reader.mget([f"shop:3:book:{n}" for n in (1, 2, 3, 400)])
                time.sleep(0.001)

    thread = threading.Thread(target=read)
    thread.start()
    client.config_set("slowlog-log-slower-than", 0)
    try:
        found = probe.probe(Site(cache=server.url(0)), tmp_path, seconds=0.5)
    finally:
        stop.set()
        thread.join()
        client.config_set("slowlog-log-slower-than", 10000)
    window = rows(found, "in the window")
    assert window["hit ratio (%)"][0] == pytest.approx(75, abs=1)
    assert window["commands"][1] > 1
    calls, _, each, *_ = rows(found, "commands")["mget"]
    assert calls > 5 and each > 0
    [slow] = [t for t in found.tables if t.title.startswith("slow log")]
    assert ("MGET", "shop:3:book:1", "book:*") in {tuple(row[2:]) for row in slow.rows}
    memory = rows(found, "memory by family (31 of 31 keys)")
    kind, keys, _, each, _, forever, _ = memory["book:*"]
    assert (kind, keys, forever) == ("string", 30, 0)
    assert 1000 < each < 1500
    assert memory["queue"][:2] == ("list", 1)
    assert rows(found, "state")["clients"][0] >= 2


@pytest.mark.stack
def test_a_sample_is_bounded_and_said_to_be_one(
    server: Valkey, client: redis.Redis, tmp_path: Path
) -> None:
    with client.pipeline() as ask:
        for n in range(3000):
            ask.set(f"view:{n}", "y")
        ask.execute()
    found = probe.probe(Site(cache=server.url(0)), tmp_path, seconds=0, keys=500)
    memory = rows(found, "memory by family (500 of 3000 keys)")
    assert memory["view:*"][1] == 500
    assert "memory by family: 500 of 3000 keys were weighed; --keys weighs more" in found.notes


@pytest.mark.stack
def test_a_user_without_rights_is_told(server: Valkey, client: redis.Redis, tmp_path: Path) -> None:
    client.execute_command("ACL SETUSER poor on >pass ~* +info +ping +dbsize +scan +client +select")
    url = f"redis://poor:pass@127.0.0.1:{server.port}/0"
    client.set("a", "b")
    found = probe.probe(Site(cache=url), tmp_path, seconds=0)
    hidden = [note for note in found.notes if "cannot be seen" in note]
    assert {note.split(" cannot")[0] for note in hidden} == {
        "the slow log", "the slow log's limit", "memory by family",
    }  # fmt: skip
    with pytest.raises(BrownoutError, match="check the user and the password"):
        probe.probe(Site(cache=url.replace("pass", "wrong")), tmp_path, seconds=0)


@pytest.mark.stack
@pytest.mark.parametrize(
    ("url", "kind", "words"),
    [
        ("http://127.0.0.1:1", BrownoutError, "not a Valkey URL"),
        ("redis://127.0.0.1:{free}/0", MachineError, "is it running"),
        ("redis://127.0.0.1:{port}/99", BrownoutError, "check the URL"),
    ],
)
def test_a_server_that_refuses(
    server: Valkey, tmp_path: Path, url: str, kind: type[BrownoutError], words: str
) -> None:
    given = url.format(port=server.port, free=free_ports(1)[0])
    with pytest.raises(BrownoutError, match=words) as refused:
        probe.probe(Site(cache=given), tmp_path, seconds=0)
    assert type(refused.value) is kind


def test_a_server_that_is_no_valkey(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        port = listening.getsockname()[1]
        with pytest.raises(BrownoutError):
            probe.probe(Site(cache=f"redis://127.0.0.1:{port}/0"), tmp_path, seconds=0)


def test_families_are_the_meters() -> None:
    keys = ["book:17", "top:fiction:9", "session:deadbeef00", "a1b2", "home", "x:1:y:2"]
    assert [keyspace.family(k) for k in keys] == [caches.family(k) for k in keys]


def test_djangos_prefix_is_no_part_of_a_family() -> None:
    assert keyspace.django_prefix(["shop:3:book:1", "shop:3:top", "other"]) == "shop:3:"
    assert keyspace.django_prefix([":1:book:1", ":1:top"]) == ":1:"
    assert keyspace.django_prefix([f"user:{n}:cart" for n in range(9)]) == ""
    assert keyspace.family("shop:3:book:1", "shop:3:") == "book:*"
