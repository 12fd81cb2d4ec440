"""``brownout doctor``."""

from __future__ import annotations

from brownout.app import fitness, show
from brownout.app.options import Json

SECTION = "This machine"
EXAMPLE = "brownout doctor"


def doctor(as_json: Json = False) -> int:
    """Check the machine: each part found or missing, and what to do."""
    checks = fitness.checks()
    rows = [
        {"part": c.part, "ok": c.ok, "found": c.found, "remedy": "" if c.ok else c.remedy}
        for c in checks
    ]
    show.result(rows, as_json, lambda found: show.records("", found))
    return 0 if all(c.ok for c in checks) else 3
