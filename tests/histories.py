"""Literal histories: a drill's steps in, its events out. Times are seconds since it began."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recordings import at

from brownout import history
from brownout.model import Event, Op

Value = Mapping[str, Any]

BEGUN = {"brownout": "0.1.0", "python": "3.11.2", "seed": 7}
TRUTH = {
    "cause": "n-plus-one",
    "change": "release v2.8.0",
    "where": ["backend/reviews/queries.py", "backend/catalog/views.py:BookDetail"],
    "routes": ["GET /api/books/{id}/"],
    "effect": "a query for each review",
}
NOTHING = {**TRUTH, "cause": "none", "change": "none", "where": ["none"], "effect": "none"}


class Story:
    """Gathers events; each call adds one or two and gives the story back."""

    def __init__(self, **begun: Any) -> None:
        self.events: list[Event] = []
        self.info(0, "drill", **BEGUN, **begun)

    def _add(
        self, t: float, kind: Any, actor: str, name: str, value: Value, cause: int | None = None
    ) -> int:
        seq = len(self.events) + 1
        self.events.append(Event(seq, at(t), t, kind, actor, "bridge", name, value, cause, ""))
        return seq

    def info(self, t: float, event: str, /, **value: Any) -> Story:
        self._add(t, "info", "control", event, value)
        return self

    def op(self, t: float, event: str, args: Value, value: Value, actor: str = "player") -> Story:
        """An op that is invoked and done at ``t``."""
        cause = self._add(t, "invoke", actor, event, args)
        self._add(t, "ok", actor, event, value, cause)
        return self

    def incident(self, t: float) -> Story:
        """The phases until then, with one promise and the baseline's end."""
        routes = [{"route": "GET /api/books/{id}/", "p95_ms": 60.0, "error_rate": 0.01}]
        self.info(t, "slo", routes=routes).info(
            t, "window", name="baseline", start=at(0), end=at(t)
        )
        return self.info(t, "phase", name="incident")

    def change(self, t: float, number: int, ref: str, previous: str, by: str = "director") -> Story:
        name = "deploy" if by == "director" else "rollback"
        value = {
            "deployment": f"D{number}", "kind": "release", "ref": ref, "previous": previous,
            "serving_at": at(t),
        }  # fmt: skip
        return self.op(t, name, {"ref": ref}, value, by)

    def alert(self, t: float, name: str, state: str = "firing", **value: Any) -> Story:
        """An alert that fires (or is resolved); ``since``, when its evidence began, in seconds."""
        given = {
            "signal": "latency", "subject": "GET /api/books/{id}/", "value": 310.0,
            "baseline": 22.0, "threshold": 47.0, "unit": "ms", "text": f"{name} latency", **value,
        }  # fmt: skip
        since = at(given.pop("since", t))
        return self.info(t, "alert", id=name, state=state, since=since, **given)

    def declare(self, t: float, deployment: str, cause: str, where: str) -> Story:
        args = {"deployment": deployment, "cause": cause, "where": where}
        return self.op(t, "declare", args, {})

    def validate(
        self, t: float, passed: bool = True, load: str = "both", tests: bool = True
    ) -> Story:
        value = {
            "passed": passed and tests, "load": load, "slos": [],
            "functional": {"passed": tests, "total": 16, "failures": [] if tests else ["test_x"]},
            "golden": {"passed": True, "metrics": []},
        }  # fmt: skip
        return self.op(t, "validate", {"load": load}, value)

    def close(self, t: float, reason: str = "resolved", truth: Value = TRUTH) -> Story:
        """Resolved (unless for another reason), closed and revealed."""
        if reason == "resolved":
            self.op(t, "resolve", {"summary": "rolled back"}, {})
        culprit = "D1" if truth["cause"] != "none" else None
        self.info(t, "closed", reason=reason)
        self.info(
            t, "reveal", scenario="x", title="One query per review", summary="Reviews were read.",
            truth=truth, culprit=culprit, teaches=["Count queries."], guard="A test.",
        )  # fmt: skip
        return self


def stored(story: Story, path: Path) -> None:
    """Write a story as a history's file."""
    with path.open("ab") as file:
        writer = history.Writer(file, at(0))
        for event in story.events:
            asked = Op(event.actor, event.role, event.name)
            writer.append(event.at, event.kind, asked, event.value, event.cause)


def flown() -> Story:
    """A good response: bad release at 40 s, declared at 52, rolled back at 55, resolved at 130."""
    return (
        Story()
        .incident(30)
        .change(40, 1, "v2.8.0", "v2.7.0")
        .info(48, "alert", id="A1", state="firing", text="A1 latency", signal="latency")
        .op(50, "ack", {"alert": "A1"}, {})
        .declare(52, "D1", "n-plus-one", "reviews/queries.py:12")
        .change(55, 2, "v2.7.0", "v2.8.0", by="player")
        .validate(120)
        .close(130)
    )
