"""Allocations on demand: tracemalloc, switched on for a while in a process that runs.

A thread waits on a socket that only this user and root may use; until somebody asks it costs
nothing, and nothing is traced. One question a connection, a line of JSON ::

    {"seconds": 10, "frames": 12, "top": 40}

One answer, a line of JSON: {seconds, traced, peak, collected, blocks, sites: [[bytes, count,
[[file, line], ...]], ...]}: what was allocated meanwhile and is still there, the most first; frames
from the root to the allocation. Meanwhile every allocation costs the process more.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import socket
import struct
import sys
import tempfile
import threading
import time
import tracemalloc
from pathlib import Path
from typing import Any

LONGEST = 600.0
ALIVE = 0.25
"""Seconds between two looks whether the asker is still there."""

LINE = 4096


def address(pid: int) -> str:
    """Where a process listens: on Linux a name without a file, so that nothing is left behind."""
    if sys.platform == "linux":
        return f"\0brownout-allocations-{pid}"
    return str(Path(tempfile.gettempdir()) / f"brownout-allocations-{os.getuid()}-{pid}")


def listen() -> None:
    """Wait for questions from now on, in a thread; in each process that forks, call it anew."""
    name = address(os.getpid())
    with contextlib.suppress(OSError):  # no socket: nobody can ask, and the application goes on
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if not name.startswith("\0"):
            Path(name).unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            server.bind(name)
        finally:
            os.umask(before)
        server.listen(1)
        threading.Thread(
            target=_serve, args=(server,), name="brownout-allocations", daemon=True
        ).start()


def _serve(server: socket.socket) -> None:
    while True:
        # Whoever asks nonsense, or leaves, is no reason to stop listening.
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            asker, _ = server.accept()
            with asker:
                if _allowed(asker):
                    asker.settimeout(5)
                    question = json.loads(asker.makefile().readline(LINE))
                    asker.sendall(json.dumps(_answer(question, asker)).encode() + b"\n")


def _allowed(asker: socket.socket) -> bool:
    """Is it this user, or root? Elsewhere than on Linux the file's mode says so."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    told = asker.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return struct.unpack("3i", told)[1] in (0, os.geteuid())


def _answer(question: dict[str, Any], asker: socket.socket) -> dict[str, Any]:
    seconds = min(max(float(question["seconds"]), 0.0), LONGEST)
    frames = min(max(int(question["frames"]), 1), 50)
    if tracemalloc.is_tracing():
        return {"error": "tracemalloc is on already in this process (PYTHONTRACEMALLOC?)"}
    blocks, began = sys.getallocatedblocks(), time.monotonic()
    tracemalloc.start(frames)
    try:
        if not _wait(asker, seconds):
            raise OSError("the asker has gone")
        collected = gc.collect()  # what nobody holds any more is no growth
        traced, peak = tracemalloc.get_traced_memory()
        snapshot = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    ours = [tracemalloc.Filter(False, name) for name in (__file__, tracemalloc.__file__)]
    grown = snapshot.filter_traces(ours).statistics("traceback")
    return {
        "seconds": time.monotonic() - began,
        "traced": traced,
        "peak": peak,
        "collected": collected,
        "blocks": sys.getallocatedblocks() - blocks,
        "sites": [
            [s.size, s.count, [[f.filename, f.lineno] for f in s.traceback]]
            for s in grown[: int(question["top"])]
        ],
    }


def _wait(asker: socket.socket, seconds: float) -> bool:
    """Let the time pass; False as soon as the asker has left: tracing costs, and stops then."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        asker.settimeout(min(ALIVE, left))
        try:
            if not asker.recv(1):
                return False
        except TimeoutError:
            continue
    asker.settimeout(5)
    return True
