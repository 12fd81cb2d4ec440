"""Profiles: weighted stacks by route, what functions cost each request, and differences. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from brownout.probes.profile.stacks import charged, function, whole

SCHEMA = "https://www.speedscope.app/file-format-schema.json"
MS = 1e6


@dataclass(frozen=True, slots=True)
class Profile:
    """Weights in ns by (route, stack); ``requests``: route -> how many were served meanwhile, and
    ``took``: their durations together, in ns, as the meter has them.

    The route "" holds what was seen outside of requests and tasks. A stack is frames from the root
    to the leaf, split by ";".
    """

    seconds: float
    weights: Mapping[tuple[str, str], int]
    requests: Mapping[str, int] = field(default_factory=dict)
    took: Mapping[str, int] = field(default_factory=dict)

    def routes(self) -> list[str]:
        """Routes that were seen, the one that took most time first."""
        total: Counter[str] = Counter()
        for (route, _), weight in self.weights.items():
            total[route] += weight
        return [route for route, _ in total.most_common()]

    def plain(self) -> dict[str, Any]:
        """As JSON; ``from_plain`` reads it."""
        rows = [[route, stack, weight] for (route, stack), weight in self.weights.items()]
        return {
            "brownout": "profile",
            "seconds": self.seconds,
            "requests": dict(self.requests),
            "stacks": rows,
        }


def from_plain(found: Mapping[str, Any]) -> Profile:
    """A profile from its JSON. Raises KeyError, TypeError or ValueError when it is none."""
    weights = {(str(r), str(s)): int(w) for r, s, w in found["stacks"]}
    requests = {str(route): int(n) for route, n in found["requests"].items()}
    return Profile(float(found["seconds"]), weights, requests)


def collapsed(profile: Profile) -> str:
    """Brendan Gregg's format: a stack and its microseconds a line; the route is the root."""
    lines = [
        f"{whole(route) or '(outside requests)'};{stack} {round(weight / 1000)}"
        for (route, stack), weight in sorted(profile.weights.items())
    ]
    return "".join(line + "\n" for line in lines)


def speedscope(profile: Profile, name: str) -> dict[str, Any]:
    """https://www.speedscope.app/file-format-schema.json, one profile a route."""
    frames: dict[str, int] = {}
    profiles = []
    for route in profile.routes():
        pairs = [(s, w) for (r, s), w in sorted(profile.weights.items()) if r == route]
        numbered = [[frames.setdefault(f, len(frames)) for f in s.split(";")] for s, _ in pairs]
        weights = [round(weight / 1000) for _, weight in pairs]
        profiles.append(
            {
                "type": "sampled",
                "name": route or "(outside requests)",
                "unit": "microseconds",
                "startValue": 0,
                "endValue": sum(weights),
                "samples": numbered,
                "weights": weights,
            }
        )
    return {
        "$schema": SCHEMA,
        "name": name,
        "exporter": "brownout",
        "activeProfileIndex": 0,
        "shared": {"frames": [_frame(text) for text in frames]},
        "profiles": profiles,
    }


def _frame(text: str) -> dict[str, Any]:
    name, _, place = text.rstrip(")").rpartition(" (")
    file, _, line = place.rpartition(":")
    if name and line.isdigit():
        return {"name": name, "file": file, "line": int(line)}
    return {"name": text}


def costs(profile: Profile, route: str) -> list[tuple[str, float, float]]:
    """[(function, own ms, total ms)] a request of a route, the dearest first.

    A library's time is its caller's: of the application's innermost function on the stack. Total
    counts the functions that it calls, once where it calls itself. Without a count of requests they
    are ms in all.
    """
    count = profile.requests.get(route) or 1
    own: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for (of, stack), weight in profile.weights.items():
        if of == route:
            frames = stack.split(";")
            leaf = charged(frames)
            own[function(leaf)] += weight
            for name in {function(f) for f in frames if " (~" not in f} | {function(leaf)}:
                total[name] += weight
    by_own = [(name, own[name] / MS / count, total[name] / MS / count) for name in total]
    return sorted(by_own, key=lambda row: (-row[1], -row[2], row[0]))


def lines(profile: Profile, route: str) -> dict[str, str]:
    """Function -> the file:line in it at which most of its time was spent."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for (of, stack), weight in profile.weights.items():
        if of == route:
            for text in stack.split(";"):
                seen[function(text)][text.rstrip(")").rpartition(" (")[2]] += weight
    return {name: places.most_common(1)[0][0] for name, places in seen.items()}


@dataclass(frozen=True, slots=True)
class Change:
    """After minus before, ms a request: own time, and total with what it calls. + is slower."""

    route: str
    function: str
    before: float
    after: float
    own: float
    total: float


def difference(before: Profile, after: Profile) -> list[Change]:
    """What became slower or faster for each request, the largest change of own time first.

    Routes that were not served, or not counted, in both are left out: nothing to divide by.
    """
    both = [r for r in after.routes() if before.requests.get(r) and after.requests.get(r)]
    found = []
    for route in both:
        then, now = ({f: (o, t) for f, o, t in costs(p, route)} for p in (before, after))
        for name in then.keys() | now.keys():
            (o1, t1), (o2, t2) = then.get(name, (0.0, 0.0)), now.get(name, (0.0, 0.0))
            found.append(Change(route, name, o1, o2, o2 - o1, t2 - t1))
    return sorted(found, key=lambda c: (-abs(c.own), c.route, c.function))


def folded_difference(before: Profile, after: Profile) -> str:
    """For difffolded flame graphs: a stack, its us a request before, and after."""
    rows: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for side, profile in enumerate((before, after)):
        for (route, stack), weight in profile.weights.items():
            if before.requests.get(route) and after.requests.get(route):
                text = ";".join([whole(route), *map(function, stack.split(";"))])
                rows[text][side] += weight / 1000 / profile.requests[route]
    return "".join(f"{text} {b:.0f} {a:.0f}\n" for text, (b, a) in sorted(rows.items()))


def heaviest(profile: Profile, few: int) -> Sequence[tuple[str, float, int]]:
    """[(route, ms in all, requests)], the heaviest few."""
    total: Counter[str] = Counter()
    for (route, _), weight in profile.weights.items():
        total[route] += weight
    return [(r, w / MS, profile.requests.get(r, 0)) for r, w in total.most_common(few)]
