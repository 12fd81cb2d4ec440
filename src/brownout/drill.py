"""The drill: one loop that performs what the director, the responder and the machine ask for.

The loop's thread alone writes the history. Whatever takes time (boot, deployments, validation)
runs in one worker thread and comes back as a message; whoever asks waits on a future.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

from brownout import actions, baseline, director, history
from brownout.alerting import Alerting, describe
from brownout.model import (
    NS,
    ROLES,
    Briefing,
    BrownoutError,
    Event,
    Op,
    PagePromise,
    Promise,
    Recording,
    Script,
    Window,
)
from brownout.observer import Seen, observations
from brownout.refusals import FLYING, SAYINGS, refusal
from brownout.report import pages
from brownout.responders import Responder

LOOK = 15
"""Seconds of the baseline after which a machine that certainly cannot carry it is told so."""

TICK = 0.2
"""Seconds between two looks at the director."""


@dataclass(frozen=True, slots=True)
class Asked:
    op: Op
    answer: Future[Event]


@dataclass(frozen=True, slots=True)
class Finished:
    invoke: Event | None
    op: Op
    value: Mapping[str, Any]
    error: BaseException | None
    answer: Future[Event]


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something that nobody asked for: a process died or came back."""

    name: str
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    """What the loop acts on; each call may take seconds and may raise BrownoutError."""

    boot: Callable[[], Mapping[str, Any]]
    perform: Callable[[Op], Mapping[str, Any]]
    watch: Callable[[Callable[[Seen], None]], None]
    recording: Callable[[], Recording]
    declared: Mapping[str, tuple[float, float]]
    calibrated: Mapping[str, float] = field(default_factory=dict)
    pages: Mapping[str, float] = field(default_factory=dict)


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
        self._slow = (*sorted(actions.discover()), "validate")
        self.briefing = Briefing(script.workload, script.pace, ROLES, (*SAYINGS, *self._slow))
        self.slos: Sequence[Promise] = ()
        self.pages: Sequence[PagePromise] = ()
        self.stopped = threading.Event()
        self._script = script
        self._reveal = reveal
        self._world = world
        self._writer = writer
        self._responder = responder
        self._tell = tell
        self._inbox: queue.Queue[Asked | Finished | Noticed | Seen] = queue.Queue()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="ops")
        self._seen: list[Seen] = []
        self._last: Seen | None = None
        self._alerting: Alerting | None = None
        self._limits: dict[tuple[str, str], Any] = {}
        self._failure: BaseException | None = None
        self._open: list[Future[Event]] = []

    # What responders and the API use, from any thread

    @property
    def events(self) -> Sequence[Event]:
        return self._writer.events

    @property
    def recording(self) -> Recording:
        return self._world.recording()

    def seconds(self) -> float:
        """Seconds since the drill began, by the clock of the history."""
        return self._writer.seconds(time.time_ns())

    def submit(self, op: Op) -> Future[Event]:
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
        """The board (see ``docs/architecture.md``): a snapshot for people and for the API."""
        events = list(self.events)
        alerts = {e.value["id"]: dict(e.value) for e in history.infos(events, "alert")}
        changes = [
            {"actor": done.actor, "t": done.t, **done.value} for done in history.deployments(events)
        ]
        return {
            "phase": history.phase(events),
            "t": round(self.seconds(), 1),
            "slos": [asdict(slo) for slo in self.slos],
            "page_slos": [asdict(slo) for slo in self.pages],
            "alerts": list(alerts.values()),
            "acknowledged": [i.value["alert"] for i, _ in history.completed(events, "ack")],
            "deployments": changes,
            "events": [asdict(e) for e in events[-12:]],
            **(self._last.board if self._last else {"routes": {}, "services": {}, "pages": {}}),
        }

    # The loop

    def fly(self) -> str:
        """Run to the end. Raises what made the boot or the baseline fail."""
        try:
            return self._loop()
        except BaseException as error:
            told = (str(error) or type(error).__name__).splitlines()[0]
            self._info("closed", reason=f"failed: {told}")
            raise
        finally:
            self.stopped.set()
            self._responder.stop()
            self._worker.shutdown(wait=False, cancel_futures=True)
            self._refuse_waiting()

    def _loop(self) -> str:
        self._info("phase", name="boot")
        self._start(None, Op("control", "bridge", "boot"), Future())
        while True:
            move = director.next_op(self._script, self.events, self.seconds())
            if isinstance(move, director.Done):
                break
            if isinstance(move, Op):
                self._direct(move)
            elif self.stopped.is_set():
                self._close("interrupted")
            self._handle_messages()
            if self._failure:
                raise self._failure
        return str(history.infos(self.events, "closed")[-1].value["reason"])

    def _handle_messages(self) -> None:
        try:
            message = self._inbox.get(timeout=TICK)
        except queue.Empty:
            return
        match message:
            case Asked():
                self._ask(message.op, message.answer)
            case Finished():
                self._finish(message)
            case Noticed():
                self._info(message.name, **message.value)
            case Seen():
                self._see(message)

    def _direct(self, op: Op) -> None:
        match op.name:
            case "phase":
                self._enter(str(op.args["name"]))
            case "close":
                self._close(str(op.args["reason"]))
            case _:
                self._begin(op, Future())

    def _enter(self, phase: str) -> None:
        if phase != "incident" or self._freeze():
            self._info("phase", name=phase)

    def _close(self, reason: str) -> None:
        if history.last_info(self.events, "closed"):
            return
        if history.phase(self.events) in FLYING:
            self._window_of_incident()
        self._info("closed", reason=reason)
        self._info("phase", name="closed")
        culprit = self._culprit()
        self._info(
            "reveal", **self._reveal, culprit=culprit.value["deployment"] if culprit else None
        )

    # Ops

    def _ask(self, op: Op, answer: Future[Event]) -> None:
        refused = refusal(op, self.events, self.briefing.ops)
        if refused:
            _answer(answer, BrownoutError(refused))
        else:
            self._begin(op, answer)

    def _begin(self, op: Op, answer: Future[Event]) -> None:
        invoke = self._write("invoke", op)
        if op.name in self._slow:
            if op.name == "validate":
                self._info("phase", name="validation")
            self._start(invoke, op, answer)
        else:
            _answer(answer, self._write("ok", op, {}, invoke.seq))

    def _start(self, invoke: Event | None, op: Op, answer: Future[Event]) -> None:
        def work() -> None:
            value: Mapping[str, Any] = {}
            failure: BaseException | None = None
            try:
                value = self._world.boot() if invoke is None else self._world.perform(op)
            except BaseException as error:
                failure = error
            self._inbox.put(Finished(invoke, op, value, failure, answer))

        self._worker.submit(work)

    def _finish(self, done: Finished) -> None:
        if done.invoke is None:
            self._booted(done)
            return
        if done.error is None:
            value = dict(done.value)
            if value.get("kind"):
                value = {"deployment": f"D{self._deployments() + 1}", **value}
            event = self._write("ok", done.op, value, done.invoke.seq)
        else:
            code = getattr(done.error, "exit_code", 1)
            value = {"error": str(done.error) or type(done.error).__name__, "exit_code": code}
            event = self._write("fail", done.op, value, done.invoke.seq)
        if done.op.name == "validate" and history.phase(self.events) == "validation":
            self._info("phase", name="incident")
        _answer(done.answer, event)

    def _booted(self, done: Finished) -> None:
        if done.error:
            self._failure = done.error
            return
        self._info("ready", **done.value)
        self._world.watch(self._inbox.put)
        self._responder.start(self)

    def _deployments(self) -> int:
        return len(self.status()["deployments"])

    # The baseline and the alerts

    def _see(self, seen: Seen) -> None:
        self._last = seen
        phase = history.phase(self.events)
        if phase == "baseline":
            self._seen.append(seen)
            if len(self._seen) == LOOK:
                self._confirm()
        if self._alerting and phase in FLYING:
            found = observations(seen, self._limits)
            for alert in self._alerting.update(seen.second, found, phase == "validation"):
                self._info("alert", **alert, text=describe(alert))

    def _confirm(self) -> None:
        """End a drill soon that this machine certainly cannot carry."""
        end = self._seen[-1].second + NS
        window = Window(self._seen[0].second, end)
        try:
            baseline.look(self.recording, window, self._world.declared, self._world.calibrated)
        except BrownoutError as error:
            self._failure = error
        except OSError:
            pass  # the collector is being restarted: the end of the baseline will tell

    def _freeze(self) -> bool:
        """Freeze the SLOs and the limits of the alerts from the baseline that has just ended.

        False when that cannot be now, or not at all.
        """
        began = history.last_info(self.events, "phase")
        assert began is not None
        try:
            window = Window(began.at, time.time_ns())
            frozen = baseline.freeze(
                self.recording, window, self._seen, self._world.declared, self._world.calibrated
            )
            opened = baseline.freeze_pages(self.recording, window, self._world.pages)
        except BrownoutError as error:
            self._failure = error
            return False
        except OSError:
            return False  # the collector is being restarted: the director will ask again
        self.slos = frozen.slos
        self._limits = {limit.key: limit for limit in frozen.limits}
        self._alerting = Alerting(frozen.limits, frozen.bad_seconds)
        self._info("slo", routes=frozen.routes, pages=opened)
        self.pages = pages.from_history(self.events)
        self._info("window", name="baseline", start=frozen.window.start, end=frozen.window.end)
        return True

    # The end

    def _culprit(self) -> Event | None:
        """The deployment that the truth names, or None."""
        change = self._reveal["truth"]["change"]
        for done in history.deployments(self.events):
            if done.actor == "director" and f"{done.value['kind']} {done.value['ref']}" == change:
                return done
        return None

    def _window_of_incident(self) -> None:
        """From the bad deployment (else the director's last) to the first change by a player."""
        changes = history.deployments(self.events)
        mine = [d for d in changes if d.actor == "director"]
        culprit = self._culprit() or (mine[-1] if mine else None)
        if culprit is None:
            return
        start = int(culprit.value["serving_at"])
        asked = {c.seq: i.at for i, c in history.pair(self.events) if c}
        players = [asked[d.seq] for d in changes if d.actor != "director"]
        end = min([at for at in players if at > start], default=time.time_ns())
        self._info("window", name="incident", start=start, end=end)

    def _refuse_waiting(self) -> None:
        for answer in self._open:
            _answer(answer, BrownoutError("the drill has ended"))

    # Writing

    def _info(self, name: str, /, **value: Any) -> None:
        self._write("info", Op("control", "bridge", name), value)

    def _write(
        self,
        kind: Any,
        op: Op,
        value: Mapping[str, Any] | None = None,
        cause: int | None = None,
    ) -> Event:
        event = self._writer.append(time.time_ns(), kind, op, value, cause)
        self._tell(event)
        return event


def _answer(answer: Future[Event], outcome: Event | BrownoutError) -> None:
    """Answer who waits, unless it was said already that the drill has ended."""
    with contextlib.suppress(InvalidStateError):
        if isinstance(outcome, BrownoutError):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)
