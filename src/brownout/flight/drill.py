"""The drill: one loop that performs what the director, the responder and the machine ask for.

The loop's thread alone writes the history. Whatever takes time (boot, deployments, validation)
runs in one worker thread and comes back as a message; whoever asks waits on a future.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from brownout import history
from brownout.flight import director
from brownout.flight.board import board
from brownout.flight.culprit import culprit, incident
from brownout.flight.log import Log
from brownout.flight.ops import BOOT, Ops, reply
from brownout.flight.refusals import FLYING
from brownout.flight.standing import standing, words
from brownout.flight.watch import Watch
from brownout.flight.world import Asked, Finished, Message, Noticed, World
from brownout.model import ROLES, Briefing, BrownoutError, Event, Op, Recording, Script, Window
from brownout.report import alarms
from brownout.responders import Responder
from brownout.site.observer import Seen

TICK = 0.2
"""Seconds between two looks at the director."""


class Drill:
    """One flight. ``fly`` runs the loop to the debrief and returns why the drill was closed."""

    def __init__(
        self,
        script: Script,
        reveal: Mapping[str, Any],
        world: World,
        writer: history.Writer,
        responder: Responder,
        tell: Callable[[Event], None],
    ) -> None:
        self._script = script
        self._reveal = reveal
        self._world = world
        self._responder = responder
        self._inbox: queue.Queue[Message] = queue.Queue()
        self._log = Log(writer, tell)
        self._ops = Ops(world.perform, self._log, self._inbox.put, script.hints)
        self._watch = Watch(world)
        self._open: list[Future[Event]] = []
        self.briefing = Briefing(script.workload, script.pace, ROLES, tuple(self._ops.names))
        self.stopped = threading.Event()

    # What responders and the API use, from any thread

    @property
    def events(self) -> Sequence[Event]:
        return self._log.events

    @property
    def recording(self) -> Recording:
        return self._world.recording()

    def seconds(self) -> float:
        """Seconds since the drill began, by the clock of the history."""
        return self._log.seconds()

    def submit(self, op: Op) -> Future[Event]:
        """Ask for an op. Raises history.Unwritable for one that the history could not tell."""
        op = history.writable_op(op)
        answer: Future[Event] = Future()
        self._open = [*(a for a in self._open if not a.done()), answer]
        self._inbox.put(Asked(op, answer))
        if self.stopped.is_set():
            self._refuse_waiting()
        return answer

    def do(self, op: Op) -> Event:
        return self.submit(op).result()

    def notice(self, name: str, value: Mapping[str, Any]) -> None:
        """Have an ``info`` event written, e.g. that a process died."""
        self._inbox.put(Noticed(name, value))

    def interrupt(self) -> None:
        """End the drill soon, as Ctrl-C does. Safe in a signal handler."""
        self.stopped.set()

    def status(self) -> dict[str, Any]:
        """The board: a snapshot for people and for the API."""
        events = list(self.events)
        scoring = standing(events, list(self._watch.machine), time.time_ns())
        told = board(events, self.seconds(), self._watch.board)
        score = {"scoring": scoring, "scored": words(scoring)}
        return {**told, **score, "progress": self._world.progress()}

    # The loop

    def fly(self) -> str:
        """Run to the end. Raises what made the boot or the baseline fail."""
        try:
            return self._loop()
        except BaseException as error:
            told = (str(error) or type(error).__name__).splitlines()[0]
            self._log.info("closed", reason=f"failed: {told}")
            raise
        finally:
            self.stopped.set()
            self._responder.stop()
            self._ops.end()
            self._refuse_waiting()

    def _loop(self) -> str:
        self._log.info("phase", name="boot")
        self._ops.start(None, BOOT, Future(), self._world.boot)
        while True:
            move = director.next_op(self._script, self.events, self.seconds())
            if isinstance(move, director.Done):
                return move.reason
            if isinstance(move, Op):
                self._direct(move)
            elif self.stopped.is_set():
                self._close("interrupted")
            self._handle_message()

    def _handle_message(self) -> None:
        try:
            message = self._inbox.get(timeout=TICK)
        except queue.Empty:
            return
        match message:
            case Asked():
                self._ops.ask(message.op, message.answer)
            case Finished(invoke=None):
                self._booted(message)
            case Finished(invoke=Event() as invoke):
                self._ops.finish(invoke, message)
            case Noticed():
                self._log.info(message.name, **message.value)
            case Seen():
                for alert in self._watch.see(message, self.events):
                    self._log.info("alert", **alert)
                for change in list(alarms.news(self.events, self.seconds())):
                    self._log.info("incident", **change)

    def _direct(self, op: Op) -> None:
        match op.name:
            case "phase":
                self._enter(str(op.args["name"]))
            case "close":
                self._close(str(op.args["reason"]))
            case "remind":
                self._log.info("time", **op.args)
            case _:
                self._ops.begin(op, Future())

    def _booted(self, done: Finished) -> None:
        if done.error:
            raise done.error
        self._log.info("ready", **done.value)
        self._world.watch(self._inbox.put)
        self._responder.start(self)

    def _enter(self, phase: str) -> None:
        if phase == "incident" and not self._freeze():
            return  # not yet: the director will ask again
        self._log.info("phase", name=phase)

    def _freeze(self) -> bool:
        """Freeze what the baseline, which has ended, promises; False where it cannot be now."""
        began = history.last_info(self.events, "phase")
        assert began is not None
        window = Window(began.at, time.time_ns())
        frozen = self._watch.freeze(window)
        if frozen is None:
            return False
        self._log.info("slo", **frozen)
        self._log.info("window", name="baseline", start=window.start, end=window.end)
        return True

    def _close(self, reason: str) -> None:
        if history.last_info(self.events, "closed"):
            return
        window = incident(self.events, self._reveal, time.time_ns())
        if window and history.phase(self.events) in FLYING:
            self._log.info("window", name="incident", start=window.start, end=window.end)
        self._log.info("closed", reason=reason)
        self._log.info("phase", name="closed")
        fault = culprit(self.events, self._reveal)
        named = fault.value["deployment"] if fault else None
        self._log.info("reveal", **self._reveal, culprit=named)

    def _refuse_waiting(self) -> None:
        for answer in self._open:
            reply(answer, BrownoutError("the drill has ended"))
