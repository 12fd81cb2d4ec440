"""All chunks examined, with progress; an interruption keeps what was found so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from brownout.model import MachineError
from brownout.scan.chunks import Chunk
from brownout.scan.crew import Crew
from brownout.scan.outcome import Ledger
from brownout.scan.sweep import Wanted


@dataclass(frozen=True, slots=True)
class Progress:
    """How far: ``share`` 0..1 of the points, ``points`` and ``series`` so far, in ``seconds``."""

    share: float
    points: int
    series: int
    seconds: float

    def __str__(self) -> str:
        rate = self.points / self.seconds if self.seconds else 0.0
        left = self.seconds * (1 - self.share) / self.share if self.share else 0.0
        return (
            f"{self.share:4.0%}  {self.series:,} series  {rate:,.0f} points/s  "
            f"{left // 60:.0f}:{left % 60:02.0f} left"
        )


@dataclass(frozen=True, slots=True)
class Survey:
    """``ended``: "" when every chunk was examined, else why not."""

    ledger: Ledger
    ended: str
    interrupted: bool


def survey(
    crew: Crew,
    chunks: Sequence[Chunk],
    wanted: Wanted,
    clock: Callable[[], float],
    seen: Callable[[Progress], None],
) -> Survey:
    """Examine the chunks; KeyboardInterrupt and MachineError end it early, and are told."""
    ledger = Ledger()
    total = sum(chunk.points for chunk in chunks) or 1
    began = clock()
    done, series = 0, 0
    ended, interrupted = "", False
    try:
        for part in crew.sweep(chunks, wanted):
            ledger.add(part)
            done += part.expected
            series += len(part.p) + len(part.unfit)
            seen(Progress(done / total, ledger.points, series, clock() - began))
    except KeyboardInterrupt:
        ended, interrupted = "interrupted", True
    except MachineError as error:
        ended = str(error)
    finally:
        crew.close()
    if ended:
        ended += f"; {series:,} series were examined, {done / total:.0%} of the points"
    return Survey(ledger, ended, interrupted)
