"""py-spy on running Python processes: one recorder each, whose traces become samples."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from brownout.model import NS, BrownoutError, MachineError
from brownout.probes.profile.stacks import Sample, samples

DUMP, WRITE = 15.0, 25.0
"""Seconds that py-spy may take for one look, and to write down a trace."""

EVERY = 0.1

REMEDY = (
    "py-spy may not look into process {pid}: run brownout as the user whose process it is, or as "
    "root (macOS: always as root); on Linux allow it with: sysctl kernel.yama.ptrace_scope=0; in a "
    "container add the capability SYS_PTRACE; or profile one request without it: --replay"
)


class Forbidden(MachineError):
    """The machine does not let one process look into another."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What was seen of one process: samples by native thread id, or why there are none.

    ``slack``: the samples may all have been up to so many ns later (routes.offset).
    """

    pid: int
    samples: Sequence[Sample] = ()
    slack: int = 0
    ended: bool = False
    error: BrownoutError | None = None


@dataclass(slots=True)
class Recorder:
    """py-spy at work on a process; what it says, and when it said that it began (0: not yet)."""

    pid: int
    root: str
    folder: Path
    process: subprocess.Popen[str]
    threads: Mapping[int, int]
    began: int = 0
    said: str = ""

    def listen(self) -> None:
        """Read what it says to its end."""
        for line in self.process.stdout or ():
            if "Sampling" in line and not self.began:
                self.began = time.time_ns()
            self.said += line


def program() -> str:
    """py-spy's program. Raises MachineError when it is not installed."""
    path = Path(sysconfig.get_path("scripts")) / "py-spy"
    if not path.exists():
        raise MachineError(
            f"py-spy is missing in {path.parent}: install it with pip install py-spy"
        )
    return str(path)


def record(pids: Sequence[int], seconds: float, rate: int) -> list[Trace]:
    """Look into processes for so long, at ``rate`` samples a second, all at the same time."""
    with (
        tempfile.TemporaryDirectory(prefix="brownout-profile-") as folder,
        contextlib.ExitStack() as stack,
    ):
        recorders: list[Recorder | Trace] = []
        for pid in pids:
            try:
                place = Path(folder) / str(pid)
                place.mkdir()
                recorders.append(stack.enter_context(_recorder(pid, rate, place)))
            except BrownoutError as error:
                recorders.append(Trace(pid, error=error))
        looking = [r.process for r in recorders if isinstance(r, Recorder)]
        _watch(looking, seconds)
        deadline = time.monotonic() + WRITE
        return [r if isinstance(r, Trace) else _trace(r, rate, deadline) for r in recorders]


def _watch(looking: Sequence[subprocess.Popen[str]], seconds: float) -> None:
    """Let the time pass, then ask py-spy for what it has; of itself it ends when it has taken all
    samples, which on a busy machine takes it far longer."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(p.poll() is None for p in looking):
        time.sleep(min(EVERY, max(until - time.monotonic(), 0)))
    for process in looking:
        process.send_signal(signal.SIGINT)


@contextlib.contextmanager
def _recorder(pid: int, rate: int, folder: Path) -> Iterator[Recorder]:
    threads = native_threads(pid)
    try:
        root = psutil.Process(pid).cwd()
    except psutil.Error:
        root = ""
    argv = [program(), "record", "--pid", str(pid), "--rate", str(rate), "--idle"]
    argv += ["--format", "chrometrace", "--full-filenames", "--output", str(folder / "trace.json")]
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    recorder = Recorder(pid, root, folder, process, threads)
    listener = threading.Thread(target=recorder.listen, daemon=True)
    listener.start()
    try:
        yield recorder
    finally:
        process.kill()
        process.wait()
        listener.join()
        if process.stdout:
            process.stdout.close()


def _trace(recorder: Recorder, rate: int, deadline: float) -> Trace:
    pid = recorder.pid
    try:
        recorder.process.wait(timeout=max(deadline - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        return Trace(pid, error=MachineError(f"py-spy was not done with process {pid} in time"))
    file = recorder.folder / "trace.json"
    if recorder.process.returncode or not file.exists():
        return Trace(pid, error=_reason(pid, recorder.said))
    # py-spy makes its file when it has looked its last: the folder remembers when that was. Its
    # last moment is then or a little later, its first before it said that it began.
    end, trace = recorder.folder.stat().st_mtime_ns, json.loads(file.read_text())
    last = max((event["ts"] for event in trace), default=0) * 1000
    slack = max(recorder.began - (end - last), 0)
    threads, ended = dict(recorder.threads), False
    alive = None
    try:
        now = native_threads(pid)
        threads, alive = threads | now, set(now)
    except BrownoutError:
        ended = True
    found = samples(trace, end, NS // rate, recorder.root, alive)
    named = [Sample(s.at, s.pid, threads.get(s.thread, s.thread), s.stack, s.weight) for s in found]
    return Trace(pid, named, slack, ended)


def native_threads(pid: int) -> dict[int, int]:
    """Python's thread id -> the system's. Raises BrownoutError when it cannot be looked into."""
    argv = [program(), "dump", "--json", "--pid", str(pid)]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=DUMP, check=False)
    except subprocess.TimeoutExpired as error:
        raise MachineError(f"py-spy was not done with process {pid} in {DUMP:g} s") from error
    try:
        return {t["thread_id"]: t["os_thread_id"] or 0 for t in json.loads(done.stdout)}
    except (ValueError, KeyError, TypeError) as error:
        raise _reason(pid, done.stderr) from error


def _reason(pid: int, told: str) -> BrownoutError:
    """py-spy's complaint in words that help."""
    if not psutil.pid_exists(pid):
        return BrownoutError(f"process {pid} has gone")
    if not re.search("rror|enied", told):
        return MachineError(
            f"py-spy did not get to look into process {pid}: the machine is busy; look for longer"
        )
    if re.search(r"[Pp]ermission [Dd]enied|not permitted|EPERM|os error (?:1|13)\b", told):
        return Forbidden(REMEDY.format(pid=pid))
    if "python version" in told or "python" not in told.lower():
        return BrownoutError(f"process {pid} is not a Python program that py-spy knows")
    line = next((line for line in told.splitlines() if line.strip()), "no reason was given")
    return BrownoutError(f"py-spy cannot look into process {pid}: {line.removeprefix('Error: ')}")
