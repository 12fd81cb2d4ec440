"""A scan on a Ray cluster of two nodes, both of them on this machine."""

from __future__ import annotations

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

from brownout.app import cli

pytest.importorskip("ray", reason="Ray is not installed (pip install 'brownout[ray]')")


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
def test_a_cluster_finds_what_one_machine_finds(
    addresses: tuple[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = fleet(tmp_path / "fleet.parquet", series=500)
    found = []
    for more in (["--workers", "1"], ["--on", addresses[1]]):
        assert cli.run(["scan", str(path), "--json", *more]) == 1
        found.append(sorted(capfd.readouterr().out.splitlines()))
    assert found[0] == found[1]
    assert json.loads(found[0][-1])["changed"] == 10


@pytest.mark.stack
def test_a_node_that_does_not_see_the_files_is_told(
    addresses: tuple[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from brownout.model import BrownoutError
    from brownout.scan.chunks import Chunk
    from brownout.scan.cluster import Cluster
    from brownout.scan.sweep import Wanted

    crew = Cluster(addresses[0])
    try:
        assert crew.workers == 2
        rows = "SELECT series, time, value FROM read_parquet('/nowhere/x.parquet')"
        with pytest.raises(BrownoutError, match=r"node .*every node must see the files"):
            list(crew.sweep([Chunk(rows, "", "", 1)], Wanted(0.05)))
    finally:
        crew.close()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nonsense://x", "no Ray cluster answers there"),
        ("ray://127.0.0.1:{port}", "Connection refused"),
        ("127.0.0.1:{port}", "Connection refused"),
    ],
)
def test_a_cluster_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], address: str, words: str
) -> None:
    path = fleet(tmp_path / "fleet.parquet", series=20)
    assert "RAY_ADDRESS" not in os.environ
    assert cli.run(["scan", str(path), "--on", address.format(port=free_port())]) == 3
    assert words in " ".join(capsys.readouterr().err.split())
