"""Where the time of requests goes, function by function: py-spy's samples, by route and release."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from brownout.model import BrownoutError
from brownout.probes.profile.cprofile import replayed
from brownout.probes.profile.flames import (
    Change,
    Profile,
    collapsed,
    costs,
    difference,
    folded_difference,
    heaviest,
    lines,
    speedscope,
)
from brownout.probes.profile.profiling import Look, load
from brownout.probes.terms import Found, Site, Table

EXAMPLE = "brownout probe profile --service web --seconds 20"
LIMIT = 60.0
ROUTES, FUNCTIONS = 5, 8
"""Rows that are shown, at most: routes, and functions of each."""

DIRECTION = "after - before, ms per request: + is slower after, - is faster"


def probe(
    site: Site,
    out: Path,
    seconds: float = 10,
    rate: Annotated[int, "Samples a second."] = 100,
    before: Annotated[str, "Compare with it: a profile.json, or HH:MM:SS-HH:MM:SS (UTC)."] = "",
    after: Annotated[str, "Compare this with --before, instead of looking now."] = "",
    replay: Annotated[str, "Run one request under cProfile: 'GET /api/books/1/'."] = "",
) -> Found:
    """Where the time goes: functions by route in ms per request (wall clock, waiting included)."""
    if not 1 <= rate <= 1000:
        raise BrownoutError(f"--rate {rate}: from 1 to 1000 samples a second")
    if after and not before:
        raise BrownoutError("--after is compared with --before: name that, too")
    if replay:
        return replayed(site, out, replay)
    earlier = load(site, before) if before else None
    if after:
        assert earlier
        return _compared(earlier, load(site, after), out)
    look = Look(site, seconds, rate)
    profile, notes = look.profile(), look.notes
    if earlier:
        found = _compared(earlier, profile, out)
        return Found(found.tables, [*_written(profile, out), *found.files], [*notes, *found.notes])
    return Found(_tables(profile), _written(profile, out), notes)


def _written(profile: Profile, out: Path) -> list[Path]:
    """The profile as speedscope, as collapsed stacks, and for later comparisons."""
    texts = {
        "profile.speedscope.json": json.dumps(speedscope(profile, "brownout probe profile")),
        "profile.collapsed.txt": collapsed(profile),
        "profile.json": json.dumps(profile.plain()),
    }
    for name, text in texts.items():
        (out / name).write_text(text)
    return [out / name for name in texts]


def _tables(profile: Profile) -> list[Table]:
    top = heaviest(profile, ROUTES)
    rows = [
        (
            route or "(outside requests)",
            n or None,
            ms / n if n else None,
            profile.took[route] / 1e6 / n if route in profile.took else None,
            ms / profile.seconds,
        )
        for route, ms, n in top
    ]
    columns = (
        ("route", ""), ("requests", ""), ("seen", "ms/request"), ("by the meter", "ms/request"),
        ("seen", "ms/s"),
    )  # fmt: skip
    tables = [Table("time by route", columns, rows)]
    for route, _, n in top:
        at, unit = lines(profile, route), "ms/request" if n else "ms"
        functions = [
            (_name(name), at.get(name, ""), own, total)
            for name, own, total in costs(profile, route)[:FUNCTIONS]
        ]
        heads = (("function", ""), ("mostly at", ""), ("own", unit), ("total", unit))
        tables.append(Table(route or "(outside requests)", heads, functions))
    return tables


def _name(name: str) -> str:
    return name.rpartition(" (")[0] or name


def _compared(before: Profile, after: Profile, out: Path) -> Found:
    changes: dict[str, list[Change]] = {}
    for change in difference(before, after):
        changes.setdefault(change.route, []).append(change)
    columns = (
        ("function", ""), ("own before", "ms/request"), ("own after", "ms/request"),
        ("own difference", "ms/request"), ("total difference", "ms/request"),
    )  # fmt: skip
    tables = [
        Table(
            f"{route}: {DIRECTION}",
            columns,
            [(c.function, c.before, c.after, c.own, c.total) for c in found[:FUNCTIONS]],
        )
        for route, found in list(changes.items())[:ROUTES]
    ]
    file = out / "difference.folded.txt"
    file.write_text(folded_difference(before, after))
    notes = [
        f"difference = {DIRECTION}",
        f"{file.name}: a stack, its microseconds per request before, and after (for difffolded)",
    ]
    alone = set(before.routes()) ^ set(after.routes()) | {
        r for r in after.routes() if not after.requests.get(r) or not before.requests.get(r)
    }
    if alone - {""}:
        notes.append(
            f"not compared, for lack of requests in both: {', '.join(sorted(alone - {''}))}"
        )
    return Found(tables, [file], notes)
