"""The run's processes: started with readiness, watched, restarted, and ended together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable

from brownout.model import BrownoutError, MachineError
from brownout.stack.processes.child import Child, Command, Notice, ending, notice, story
from brownout.stack.processes.reaper import Reaper

__all__ = ["Child", "Command", "Notice", "Supervisor"]

POLL = 0.02
"""Seconds between two readiness checks."""

CLOSE = 2.5
"""Seconds that all children together have to end in ``close`` before SIGKILL."""

ALL = 4.5
"""Seconds for all of ``close``, the removal of files included."""

BACKOFF = (0.2, 5.0)
"""Seconds before the first restart, and at most; doubled while the child keeps dying young."""

SETTLED = 10.0
"""A child that lived so many seconds starts again with the shortest back-off."""


class Supervisor:
    """Starts, watches and ends children. Thread-safe; ``notify`` is called from its threads.

    Each child leads a process group and a session of its own, so a terminal's Ctrl-C reaches the
    control process alone. A reaper ends all of them should the control process die.
    """

    def __init__(self, run_id: str, notify: Callable[[Notice], None]) -> None:
        self.run_id = run_id
        self._notify = notify
        self._children: list[Child] = []
        self._lock = threading.RLock()
        self._closed = False
        self._over = threading.Event()
        self.reaper = Reaper(run_id)

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        """Is everything being ended?"""
        return self._closed

    def start(
        self, command: Command, ready: Callable[[], bool] | None = None, timeout: float = 30.0
    ) -> Child:
        """Start and wait until ``ready`` says so; without it, being started is enough.

        Raises BrownoutError with the last lines of its log when it exits or is late, MachineError
        when it cannot be started at all.
        """
        child = self._enlist(command)
        try:
            self._await(child, ready, timeout)
        except BaseException:
            self.stop(child, grace=0.5)
            raise
        return child

    def run(self, command: Command, timeout: float) -> None:
        """Run a command to its end, ``timeout`` seconds at most.

        Raises BrownoutError with the last lines of its log when it fails, is late or is stopped.
        """
        child = self._enlist(command)
        try:
            if not child.over.wait(timeout):
                raise BrownoutError(story(child, f"was not done after {timeout:g} s"))
        finally:
            self.stop(child, grace=0.5)
        if child.process.returncode:
            raise BrownoutError(story(child, ending(child.process.returncode)))

    def stop(self, child: Child, grace: float | None = None) -> None:
        """End the child and its group; SIGKILL after ``grace`` seconds (default: its command's)."""
        self._ask(child)
        if not child.over.wait(child.command.grace if grace is None else grace):
            self._kill(child)
            child.over.wait(5.0)

    def children(self) -> list[Child]:
        """Those that run or wait for their restart, in the order of their start."""
        with self._lock:
            return list(self._children)

    def close(self) -> None:
        """End everything, in parallel, in less than 5 s. Called again it waits for that."""
        with self._lock:
            again, self._closed = self._closed, True
            children = list(self._children)
        if again:
            self._over.wait(ALL)
            return
        try:
            self._end(children)
        finally:
            self._over.set()

    def _end(self, children: list[Child]) -> None:
        began = time.monotonic()
        for child in children:
            self._ask(child)
        deadline = time.monotonic() + CLOSE
        late = [c for c in children if not c.over.wait(max(0.0, deadline - time.monotonic()))]
        for child in late:
            self._kill(child)
        deadline = time.monotonic() + 0.4
        for child in late:
            child.over.wait(max(0.0, deadline - time.monotonic()))
        # It removes the database's files, which may take a moment; nothing else runs by now.
        self.reaper.close(timeout=max(1.0, began + ALL - time.monotonic()))

    def _enlist(self, command: Command) -> Child:
        with self._lock:
            if self._closed:
                raise BrownoutError(f"{command.name} was not started: the run is being ended.")
            if any(child.command.name == command.name for child in self._children):
                raise BrownoutError(f"{command.name} is running already: stop it first.")
            try:
                child = Child(command, self._spawn(command), time.time_ns())
            except OSError as error:
                raise MachineError(
                    f"{command.name} cannot be started ({error}): "
                    f"check that {command.argv[0]} is there and may be run in {command.cwd}."
                ) from error
            self._children.append(child)
        threading.Thread(
            target=self._watch, args=(child,), name=f"watch-{command.name}", daemon=True
        ).start()
        return child

    def _spawn(self, command: Command) -> subprocess.Popen[bytes]:
        command.log.parent.mkdir(parents=True, exist_ok=True)
        with command.log.open("ab") as log:
            process = subprocess.Popen(
                list(command.argv),
                env={**command.env, "BROWNOUT_RUN": self.run_id},
                cwd=command.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=tuple(command.pass_fds),
            )
        self.reaper.add(process.pid, command.stop_signal)
        return process

    def _await(self, child: Child, ready: Callable[[], bool] | None, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not child.over.is_set() and ready is not None and not ready():
            if time.monotonic() > deadline:
                raise BrownoutError(story(child, f"was not ready after {timeout:g} s"))
            child.over.wait(POLL)
        with self._lock:
            if not child.over.is_set():
                child.ready = True
                return
        verb = "was stopped" if child.asked.is_set() else ending(child.process.returncode)
        raise BrownoutError(story(child, f"{verb} before it was ready"))

    def _watch(self, child: Child) -> None:
        pause = BACKOFF[0]
        while True:
            code = child.process.wait()
            self._bury(child.pid)
            with self._lock:
                unasked = child.ready and not child.asked.is_set()
                if not (unasked and child.command.restart):
                    self._forget(child)
            if unasked:
                self._notify(notice("exited", child, code))
            if child.over.is_set():
                return
            if time.time_ns() - child.started_at > SETTLED * 1e9:
                pause = BACKOFF[0]
            while not child.asked.wait(pause):
                pause = min(2 * pause, BACKOFF[1])
                if self._revive(child):
                    self._notify(notice("restarted", child, None))
                    break
            else:
                self._forget(child)
                return

    def _revive(self, child: Child) -> bool:
        """Start the child again; False when that cannot be, now."""
        with self._lock, contextlib.suppress(OSError, subprocess.SubprocessError):
            if not child.asked.is_set():
                child.process = self._spawn(child.command)
                child.started_at = time.time_ns()
                return True
        return False

    def _forget(self, child: Child) -> None:
        with self._lock:
            self._children.remove(child)
            child.over.set()

    def _bury(self, group: int) -> None:
        """What the dead leader left in its group must not live on beside its successor."""
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)
        self.reaper.drop(group)

    def _ask(self, child: Child) -> None:
        with self._lock:
            child.asked.set()
            if child.process.poll() is None:
                with contextlib.suppress(OSError):
                    child.process.send_signal(child.command.stop_signal)

    def _kill(self, child: Child) -> None:
        """SIGKILL to the group and to all that it forked into groups of their own."""
        import psutil  # rarely needed, and slow to import

        try:
            family = psutil.Process(child.pid).children(recursive=True)
        except psutil.Error:
            family = []
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.kill()
