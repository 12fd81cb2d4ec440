"""A scan on a Ray cluster of two nodes, both of them on this machine.

Whatever speaks to Ray is a process of its own: its threads stay out of that of the other tests.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fleets import fleet
from waiting import PATIENCE, until

pytestmark = pytest.mark.skipif(
    not importlib.util.find_spec("ray"),
    reason="Ray is not installed (pip install 'brownout[ray]')",
)

SWEEP = """
import sys
from brownout.model import BrownoutError
from brownout.scan.chunks import Chunk
from brownout.scan.cluster import Cluster
from brownout.scan.sweep import Wanted
crew = Cluster(sys.argv[1])
print(crew.workers)
rows = "SELECT series, time, value FROM read_parquet('/nowhere/x.parquet')"
try:
    list(crew.sweep([Chunk(rows, "", "", 1)], Wanted(0.05)))
except BrownoutError as error:
    print(error)
finally:
    crew.close()
"""


def python(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *argv], capture_output=True, text=True, timeout=4 * PATIENCE, check=False
    )


def scan(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return python("-m", "brownout.app.cli", "scan", str(path), *options)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(log: Path, *argv: str) -> subprocess.Popen[bytes]:
    """A node in the foreground; it has started when its log says so."""
    command = [Path(sys.executable).with_name("ray"), "start", "--block", "--num-cpus=1"]
    command += ["--object-store-memory=100000000", "--disable-usage-stats", *argv]
    with log.open("wb") as out:
        node = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        until(lambda: b"runtime started" in log.read_bytes() or node.poll() is not None)
        assert node.poll() is None, log.read_text()[-2000:]
    except AssertionError:
        node.kill()
        raise
    return node


@pytest.fixture(scope="module")
def addresses() -> Iterator[tuple[str, str]]:
    """(HOST:PORT, ray://HOST:PORT) of the cluster."""
    # Its sockets' paths must be short.
    folder = Path(tempfile.mkdtemp(prefix="br-", dir="/tmp"))
    port, client = free_port(), free_port()
    nodes = []
    try:
        head = ["--head", f"--port={port}", f"--ray-client-server-port={client}"]
        head += ["--include-dashboard=false", f"--temp-dir={folder}"]
        nodes.append(start(folder / "head.log", *head))
        told = (folder / "head.log").read_text()
        found = re.search(rf"address='(?P<host>[^']+):{port}'", told)
        host = found["host"] if found else "127.0.0.1"
        nodes.append(start(folder / "node.log", f"--address={host}:{port}"))
        yield f"{host}:{port}", f"ray://{host}:{client}"
    finally:
        for node in reversed(nodes):
            node.terminate()
        for node in nodes:
            node.wait(PATIENCE)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.stack
def test_a_cluster_finds_what_one_machine_finds(addresses: tuple[str, str], tmp_path: Path) -> None:
    path = fleet(tmp_path / "fleet.parquet", series=500)
    found = []
    for more in (["--workers", "1"], ["--on", addresses[1]]):
        done = scan(path, "--json", *more)
        assert done.returncode == 1, done.stderr
        found.append(sorted(done.stdout.splitlines()))
    assert found[0] == found[1]
    assert json.loads(found[0][-1])["changed"] == 10


@pytest.mark.stack
def test_a_node_that_does_not_see_the_files_is_told(addresses: tuple[str, str]) -> None:
    done = python("-c", SWEEP, addresses[0])
    assert done.returncode == 0, done.stderr
    workers, told = done.stdout.splitlines()[-2:]
    assert workers == "2"
    assert re.search(r"node .*every node must see the files", told)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nonsense://x", "no Ray cluster answers there"),
        ("ray://127.0.0.1:{port}", "Connection refused"),
        ("127.0.0.1:{port}", "Connection refused"),
    ],
)
def test_a_cluster_that_is_not_there(tmp_path: Path, address: str, words: str) -> None:
    path = fleet(tmp_path / "fleet.parquet", series=20)
    assert "RAY_ADDRESS" not in os.environ
    done = scan(path, "--on", address.format(port=free_port()))
    assert done.returncode == 3
    assert words in " ".join(done.stderr.split())
