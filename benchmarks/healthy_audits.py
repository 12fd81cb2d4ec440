"""Compare windows of one healthy recording: how often do the audits find what is not there?

    .venv/bin/python benchmarks/healthy_audits.py RUN [--pairs 200] [--before 30] [--after 45]

RUN is the folder of a healthy drill that nobody touched, e.g. from
``brownout drill healthy --responder none --minutes 30 --out RUN``. Two windows that do not overlap
are drawn again and again; all instruments measure them and all audits judge them, as a diagnosis
does. Told as the share of verdicts that say "regressed", with the upper 95% bound; verdicts of one
recording lean on each other, so that the bound is on the small side. ``--quiet C`` draws only
windows in which others used C cores at most for nine tenths of the time.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from pathlib import Path

from healthy_alarms import FOREIGN, span

from brownout.flight.judging import findings
from brownout.model import NS, Window
from brownout.recording.finished import open_recording
from brownout.stats.shares import share_interval

Z = 1.6449
"""95%, one-sided."""


def starts(run: Path, within: Window, seconds: int, most: float) -> list[int]:
    """Where a window of so many seconds may start (ns): others used ``most`` cores at most."""
    with open_recording(run, {}) as recording:
        others = dict(recording.query(FOREIGN, [within.start, within.end]))
    busy = {ts // NS for ts, cores in others.items() if cores > most}
    first, last = within.start // NS + 1, within.end // NS - seconds
    return [
        at * NS
        for at in range(first, last)
        if sum(at + i in busy for i in range(seconds)) <= 0.1 * seconds
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--before", type=int, default=30, help="seconds")
    parser.add_argument("--after", type=int, default=45, help="seconds")
    parser.add_argument("--quiet", type=float, default=99.0, help="cores of others, at most")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if not (args.run / "telemetry.duckdb").is_file():
        parser.error(f"{args.run} is no folder of a finished drill")
    within = Window(*span(args.run))
    firsts, seconds = (
        starts(args.run, within, length, args.quiet) for length in (args.before, args.after)
    )
    rng, verdicts, found = random.Random(args.seed), Counter[str](), Counter[str]()
    wrong = 0
    for done in range(args.pairs):
        if done % 20 == 0:
            print(f"pair {done} of {args.pairs}", file=sys.stderr)
        before = rng.choice(firsts) if firsts else 0
        apart = [
            s for s in seconds if s >= before + args.before * NS or s + args.after * NS <= before
        ]
        if not firsts or not apart:
            parser.error(f"{args.run} has no two such windows in which others were that quiet")
        after = rng.choice(apart)
        named = {
            "before": Window(before, before + args.before * NS),
            "after": Window(after, after + args.after * NS),
        }
        with open_recording(args.run, named) as recording:
            told = findings(recording, "before", "after")
        verdicts += Counter(f.verdict for f in told)
        rang = [f"{f.audit} of {f.subject}" for f in told if f.verdict == "regressed"]
        found += Counter(rang)
        wrong += bool(rang)
    judged = verdicts["regressed"] + verdicts["clean"] + verdicts["inconclusive"]
    for what, count, n in (
        ("verdicts", verdicts["regressed"], judged),
        ("comparisons with any", wrong, args.pairs),
    ):
        bound = share_interval(count, n, Z)[1]
        print(f"{what}: {count} of {n} regressed, {count / n:.2%}, at most {bound:.2%}")
    print(", ".join(f"{name} {count}" for name, count in verdicts.most_common()))
    for what, count in found.most_common(10):
        print(f"{count:6d}  {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
