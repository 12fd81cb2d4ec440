"""Ops of a running drill: taken or refused, performed in a thread, completed in the history."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from typing import Any

from brownout import actions, history
from brownout.flight.log import Log
from brownout.flight.refusals import SAYINGS, refusal
from brownout.flight.world import Finished
from brownout.model import BrownoutError, Event, Op

BOOT = Op("control", "bridge", "boot")


class Ops:
    """``post`` gets what is Finished, from the thread that performed it: one op at a time.

    ``hints``: what the players may ask for, in this order.
    """

    def __init__(
        self,
        perform: Callable[[Op], Mapping[str, Any]],
        log: Log,
        post: Callable[[Finished], None],
        hints: Sequence[str] = (),
    ) -> None:
        self._slow = (*sorted(actions.discover()), "validate", "try")
        self.names: Sequence[str] = (*SAYINGS, *self._slow)
        self._perform = perform
        self._log = log
        self._post = post
        self._hints = hints
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="ops")

    def ask(self, op: Op, answer: Future[Event]) -> None:
        """Begin an op, or answer why not."""
        refused = refusal(op, self._log.events, self.names, len(self._hints))
        if refused:
            reply(answer, BrownoutError(refused))
        else:
            self.begin(op, answer)

    def begin(self, op: Op, answer: Future[Event]) -> None:
        """Write the invocation, then act; what only says something is complete at once."""
        invoke = self._log.write("invoke", op)
        if op.name not in self._slow:
            value = self._hint() if op.name == "hint" else {}
            reply(answer, self._log.write("ok", op, value, invoke.seq))
            return
        if op.name == "validate":
            self._log.info("phase", name="validation")
        self.start(invoke, op, answer, lambda: self._perform(op))

    def _hint(self) -> dict[str, Any]:
        number = len(history.completed(self._log.events, "hint"))
        return {"hint": self._hints[number], "number": number + 1, "of": len(self._hints)}

    def start(
        self,
        invoke: Event | None,
        op: Op,
        answer: Future[Event],
        act: Callable[[], Mapping[str, Any]],
    ) -> None:
        """Act in the thread."""

        def work() -> None:
            value: Mapping[str, Any] = {}
            failure: BaseException | None = None
            try:
                value = act()
            except BaseException as error:
                failure = error
            self._post(Finished(invoke, op, value, failure, answer))

        self._worker.submit(work)

    def finish(self, invoke: Event, done: Finished) -> None:
        """Write what became of an op."""
        if done.error is None:
            value = dict(done.value)
            if value.get("kind"):
                number = len(history.deployments(self._log.events)) + 1
                value = {"deployment": f"D{number}", **value}
            event = self._done(invoke, done.op, value)
        else:
            event = self._failed(invoke, done.op, done.error)
        if done.op.name == "validate" and history.phase(self._log.events) == "validation":
            self._log.info("phase", name="incident")
        reply(done.answer, event)

    def _done(self, invoke: Event, op: Op, value: Mapping[str, Any]) -> Event:
        try:
            return self._log.write("ok", op, value, invoke.seq)
        except history.Unwritable as error:
            told = BrownoutError(f"it was done, and its answer cannot be told: {error}")
            return self._failed(invoke, op, told)

    def _failed(self, invoke: Event, op: Op, error: BaseException) -> Event:
        code = getattr(error, "exit_code", 1)
        value = {"error": str(error) or type(error).__name__, "exit_code": code}
        return self._log.write("fail", op, value, invoke.seq)

    def end(self) -> None:
        """Begin nothing more; what is under way is not waited for."""
        self._worker.shutdown(wait=False, cancel_futures=True)


def reply(answer: Future[Event], outcome: Event | BrownoutError) -> None:
    """Answer who waits, unless it was said already that the drill has ended."""
    with contextlib.suppress(InvalidStateError):
        if isinstance(outcome, BrownoutError):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)
