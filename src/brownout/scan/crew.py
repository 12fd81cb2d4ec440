"""Who does the work: this process, more of this machine, or a Ray cluster; few chunks at a time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from itertools import islice
from typing import Protocol

from brownout.model import MachineError
from brownout.scan.chunks import Chunk
from brownout.scan.sweep import Part, Wanted, sweep

AHEAD = 2
"""Chunks handed out for each process: one to work on, one to go on with."""

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class Crew(Protocol):
    """Does chunks in any order."""

    workers: int

    def sweep(self, chunks: Sequence[Chunk], wanted: Wanted) -> Iterator[Part]: ...

    def close(self) -> None: ...


class Alone:
    """This process: a single chunk is not worth the start of another one."""

    workers = 1

    def sweep(self, chunks: Sequence[Chunk], wanted: Wanted) -> Iterator[Part]:
        yield from (sweep(chunk, wanted) for chunk in chunks)

    def close(self) -> None: ...


class Processes:
    """``workers`` processes of this machine, one thread each."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        for name in ONE_THREAD:
            os.environ.setdefault(name, "1")
        # Forking a process that has threads (DuckDB's, BLAS's) is unsafe.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(workers, context, deaf)

    def sweep(self, chunks: Sequence[Chunk], wanted: Wanted) -> Iterator[Part]:
        """Raises MachineError when a process dies."""
        rest = iter(chunks)
        first = islice(rest, AHEAD * self.workers)
        under_way: set[Future[Part]] = {self._pool.submit(sweep, c, wanted) for c in first}
        try:
            while under_way:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
                more = islice(rest, len(done))
                under_way |= {self._pool.submit(sweep, c, wanted) for c in more}
        except BrokenProcessPool as error:
            raise MachineError(
                "a process of the scan died (of too little memory?): try --workers 1"
            ) from error

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        children = list(self._pool._processes.values())
        for child in children:
            child.terminate()
        with ExitStack() as stack:
            stack.callback(self._pool.shutdown, wait=True, cancel_futures=True)
            for child in children:
                child.join()


def deaf() -> None:
    """Ctrl-C is for the parent, which then ends this process; so does the parent's death."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, daemon=True).start()


def _follow() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
