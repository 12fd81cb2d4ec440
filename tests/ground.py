"""A drill flown over a world in memory: no stack, no traffic, and ops that take no time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from recordings import MemoryRecording
from waiting import PATIENCE, until

from brownout import history
from brownout.flight.drill import Drill
from brownout.flight.world import World
from brownout.model import NS, BrownoutError, Deployment, Event, Op, Pace, Script, Workload
from brownout.responders.person import Person
from brownout.site.observer import Seen

PACE = Pace("tiny", warmup=0, baseline=0.6, deploy_after=(0, 0), hold=30, validation=1, limit=20)
SCRIPT = Script(
    scenario="x",
    seed=7,
    pace=PACE,
    workload=Workload(2.0, 4.0),
    deployments=(Deployment("release", "v2.8.0"),),
    symptoms=(),
    counters=(),
    heals=(),
    heals_not=(),
    guard="",
)
REVEAL = {"scenario": "x", "truth": {"cause": "n-plus-one", "change": "release v2.8.0"}}
DECLARED = {"GET /": (60.0, 0.01)}
PAGES = {"/": 2500.0, "/books/{id}": 2500.0}


class Ground:
    """A world in memory: answered requests without end, and ops that take no time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recording = MemoryRecording({})
        self.performed: list[tuple[Op, list[Event]]] = []
        self.boot_error: BrownoutError | None = None
        self.op_error: BrownoutError | None = None
        self.hold = threading.Event()
        self.hold.set()
        self.latency = 5_000_000
        self.answer: Mapping[str, Any] = {}
        self.report: Callable[[Seen], None] = lambda seen: None

    def boot(self) -> Mapping[str, Any]:
        if self.boot_error:
            raise self.boot_error
        now = time.time_ns()
        rows = [
            {"trace_id": f"{n}", "route": "GET /", "intended": now + n * NS // 50}
            | {"start": now, "latency": self.latency}
            for n in range(500)
        ]
        self.recording.insert("requests", rows)
        self.recording.insert(
            "pages",
            [{"ts": now + n * NS // 50, "page": "/", "lcp": 900_000_000} for n in range(500)],
        )
        return {"release": "v2.7.0", "urls": {}}

    def perform(self, op: Op) -> Mapping[str, Any]:
        self.performed.append((op, self.read()))
        self.hold.wait(PATIENCE)
        if self.op_error:
            raise self.op_error
        if op.name in ("deploy", "rollback"):
            before = {"kind": "release", "ref": op.args.get("ref", "v2.7.0"), "previous": "v2.7.0"}
            return {**before, "serving_at": time.time_ns()}
        return {"passed": True, "load": "both"} if op.name == "validate" else self.answer

    def watch(self, report: Callable[[Seen], None]) -> None:
        self.report = report
        report(Seen(time.time_ns(), {}, {}, {"routes": {}, "services": {}, "pages": {}}))

    def read(self) -> list[Event]:
        return history.read(self.path.read_bytes().splitlines(keepends=True))


class Flying:
    """A drill in a thread."""

    def __init__(
        self,
        path: Path,
        script: Script = SCRIPT,
        calibrated: Mapping[str, float] | None = None,
        practice: bool = False,
    ) -> None:
        self.ground = Ground(path)
        self._file = path.open("ab")
        world = World(
            self.ground.boot,
            self.ground.perform,
            self.ground.watch,
            lambda: self.ground.recording,
            DECLARED,
            calibrated or {},
            PAGES,
            practice=practice,
        )
        writer = history.Writer(self._file, time.time_ns())
        self.told: list[Event] = []
        self.drill = Drill(script, REVEAL, world, writer, Person(), self.told.append)
        self.outcome: list[Any] = []
        self._thread = threading.Thread(target=self._fly)

    def _fly(self) -> None:
        try:
            self.outcome.append(self.drill.fly())
        except BrownoutError as error:
            self.outcome.append(error)

    def start(self) -> Flying:
        self._thread.start()
        return self

    def until(self, condition: Callable[[], object]) -> None:
        until(condition, lambda: [e.name for e in self.told])

    def until_deployed(self) -> Flying:
        self.start()
        self.until(lambda: history.completed(list(self.drill.events), "deploy"))
        return self

    def end(self) -> Any:
        self._thread.join(timeout=PATIENCE)
        assert not self._thread.is_alive()
        return self.outcome[0]

    def close(self) -> None:
        self.drill.interrupt()
        self._thread.join(timeout=PATIENCE)
        self._file.close()


def op(name: str, **args: Any) -> Op:
    return Op("player", "bridge", name, args)
