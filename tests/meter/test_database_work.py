"""SQLite's steps beside a progress handler of the project's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from metering import Project, Receiver

SCRIPT = """
calls = [0]
def theirs():
    calls[0] += 1
    return 0
said = []
for every in (0, 50, 7, 1_000_000, 0):
    connection.ensure_connection()
    connection.connection.set_progress_handler(theirs if every else None, every)
    calls[0] = 0
    client.get("/api/books/")
    said.append(calls[0])
say(calls=said)
"""


def visited(folder: Path, receiver: Receiver, **more: str) -> list[int]:
    """How often the project's own handler was called, at each visit."""
    folder.mkdir()
    project = Project(folder, receiver.url, receiver.url)
    project.environment |= more
    [said] = project.run(SCRIPT)
    found: list[int] = said["calls"]
    return found


def test_a_projects_own_progress_handler_is_called_as_ever(
    tmp_path: Path, receiver: Receiver
) -> None:
    alone = visited(tmp_path / "alone", receiver, BROWNOUT_METER="off")
    metered = visited(tmp_path / "metered", receiver, BROWNOUT_METER_DATABASE_WORK="1")
    assert metered == alone
    assert alone[1] > 0 and alone[2] > alone[1]
    events: list[dict[str, Any]] = receiver.work("GET /api/books/")
    own, finer, finest, seldom, again = (event["rows_read"] for event in events)
    # To the hundred, to fifty and to seven steps a statement, of which there are five.
    assert abs(finer - finest) <= 5 * 57 and abs(own - finest) <= 5 * 107
    assert abs(own - again) <= 500
    assert (finer, finest) == (50 * alone[1], 7 * alone[2])
    assert seldom == 0
    assert [len(event["uncounted"]) for event in events] == [0, 0, 0, 1, 0]
    assert "1000000 steps" in events[3]["uncounted"][0]
