"""The same work on a Ray cluster. Every node must see the files under the same paths."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from brownout.model import BrownoutError, MachineError
from brownout.scan.chunks import Chunk
from brownout.scan.crew import AHEAD
from brownout.scan.sweep import Part, Wanted, sweep

REMEDY = "install it here and on the nodes: pip install 'brownout[ray]'"


class Cluster:
    """A Ray cluster at ``ray://HOST:PORT`` (from anywhere) or ``HOST:PORT`` (from a node of it).

    Raises MachineError without Ray, or when the cluster cannot be reached.
    """

    def __init__(self, address: str) -> None:
        try:
            import ray
        except ImportError as error:
            raise MachineError(f"--on wants Ray: {REMEDY}") from error
        self._ray: Any = ray
        self._join(address)
        self.workers = int(self._ray.cluster_resources().get("CPU", 0))
        if not self.workers:
            self.close()
            raise MachineError(f"--on {address}: the cluster has no CPU for tasks")
        self._task = ray.remote(num_cpus=1, max_retries=2)(remote_sweep)

    def _join(self, address: str, tries: int = 3) -> None:
        try:
            knock(address)
            self._ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
        except Exception as error:  # Ray raises whatever its parts do
            # What failed leaves Ray in client mode, in which no other address can be joined.
            self.close()
            # The head answers, but the server that it starts for each client did not: now and then
            # one dies at its birth (Ray forks it beside threads of gRPC), or needs over 30 seconds.
            if isinstance(error, ConnectionAbortedError) and tries > 1:
                return self._join(address, tries - 1)
            why = reason(error)
            raise MachineError(f"--on {address}: no Ray cluster answers there: {why}") from error

    def sweep(self, chunks: Sequence[Chunk], wanted: Wanted) -> Iterator[Part]:
        """Raises MachineError when a node cannot do its part."""
        rest = iter(chunks)
        under_way = [self._task.remote(c, wanted) for c in islice(rest, AHEAD * self.workers)]
        try:
            while under_way:
                done, under_way = self._ray.wait(under_way, num_returns=1)
                for part in self._ray.get(done):
                    if isinstance(part, str):
                        raise BrownoutError(part)
                    yield part
                under_way += [self._task.remote(c, wanted) for c in islice(rest, len(done))]
        except self._ray.exceptions.RayError as error:
            raise MachineError(f"the cluster failed: {reason(error)}") from error

    def close(self) -> None:
        """Leave the cluster; tasks under way end."""
        self._ray.shutdown()


def knock(address: str, patience: float = 10.0) -> None:
    """Raises OSError when nothing listens there in ``patience`` seconds; Ray tries for minutes."""
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return  # Ray has the words for it
    if host and port:
        socket.create_connection((host, port), patience).close()


def remote_sweep(chunk: Chunk, wanted: Wanted) -> Part | str:
    """``sweep`` on a node; what a person can mend comes back as words that name the node."""
    try:
        return sweep(chunk, wanted)
    except BrownoutError as error:
        return (
            f"node {socket.gethostname()}: {error} (every node must see the files, and --scratch, "
            "under the same path)"
        )


def reason(error: Exception) -> str:
    """The last line of what Ray says: the cause."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    text = lines[-1]
    return f"{text}; {REMEDY}" if "No module named" in str(error) else text
