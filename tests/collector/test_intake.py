"""What waits to be written: bounded, in groups, and nobody pays for another's bad batch."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE

from brownout.collector import intake as module
from brownout.collector.intake import Batch, Decoded, Full, Intake
from brownout.collector.tables import BadRows, Row, Tables, Unwritable


class Held(Tables):
    """A recording whose writer waits until it is let go, and which may have a full disk."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.let_go = threading.Event()
        self.full = False
        self.groups: list[int] = []

    def insert(self, batches: dict[str, list[Row]]) -> dict[str, list[Row]]:
        self.let_go.wait(PATIENCE)
        if self.full:
            raise Unwritable("no space left")
        self.groups.append(sum(map(len, batches.values())))
        return super().insert(batches)


@pytest.fixture
def held(tmp_path: Path) -> Held:
    return Held(tmp_path / "telemetry.duckdb")


def planned(name: str, **more: Any) -> Decoded:
    row = {"trace_id": name, "intended": 5, "route": "GET /", "journey": "browse", **more}
    return Decoded({"scheduled": [row]}, 100, name)


def names(tables: Tables) -> list[str]:
    return [n for (n,) in tables.query("SELECT trace_id FROM scheduled ORDER BY trace_id", [])[1]]


def test_what_waits_together_is_committed_together(held: Held) -> None:
    async def play() -> list[Any]:
        intake = Intake(held)
        asked = [
            asyncio.ensure_future(intake.write(Batch(lambda n=n: planned(n)))) for n in "abcdef"
        ]
        await asyncio.sleep(0)
        held.let_go.set()
        told = await asyncio.gather(*asked)
        intake.close()
        return told

    assert asyncio.run(play()) == list("abcdef")
    assert names(held) == list("abcdef")
    assert len(held.groups) < 6


def test_a_bad_batch_hurts_no_other(held: Held) -> None:
    def torn() -> Decoded:
        raise ValueError("torn")

    async def play() -> list[Any]:
        intake = Intake(held)
        batches = [lambda: planned("a"), torn, lambda: planned("x", colour=1), lambda: planned("b")]
        asked = [asyncio.ensure_future(intake.write(Batch(decode))) for decode in batches]
        await asyncio.sleep(0)
        held.let_go.set()
        told = await asyncio.gather(*asked, return_exceptions=True)
        intake.close()
        return told

    first, torn_, misfit, last = asyncio.run(play())
    assert (first, last) == ("a", "b")
    assert isinstance(torn_, ValueError) and isinstance(misfit, BadRows)
    assert names(held) == ["a", "b"]


def test_beyond_its_room_and_its_backlog_it_is_full(
    held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACKLOG", 3)

    async def play() -> None:
        intake = Intake(held)
        intake.reserve(module.ROOM)
        with pytest.raises(Full):
            intake.reserve(1)
        intake.release(module.ROOM)
        intake.reserve(1)
        # One is being written, or soon will be.
        asked = [asyncio.ensure_future(intake.write(Batch(lambda: planned("a")))) for _ in range(9)]
        done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_EXCEPTION)
        assert all(isinstance(a.exception(), Full) for a in done)
        held.let_go.set()
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert {"a"} <= {t for t in told if isinstance(t, str)}
        intake.close()

    asyncio.run(play())


def test_a_full_disk_is_told_and_passes(held: Held) -> None:
    held.let_go.set()

    async def play() -> None:
        intake = Intake(held)
        held.full = True
        with pytest.raises(Unwritable, match="no space left"):
            await intake.write(Batch(lambda: planned("a")))
        held.full = False
        assert await intake.write(Batch(lambda: planned("a"))) == "a"
        intake.close()

    asyncio.run(play())
    assert names(held) == ["a"]
