"""The load generator's process: plays the journeys in an open model and records each request.

    BROWNOUT_TOKEN=... python -m brownout.load.runner --url http://127.0.0.1:8000 \\
        --collector http://127.0.0.1:4318 --database postgresql://... --seed 7 --rate 4

The rate is read anew for each second from --rate-file (control.py writes it), when one is named.
With --port, load workers may join (BROWNOUT_LOAD_TOKEN is theirs). SIGTERM ends it.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import contextlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from pathlib import Path  # noqa: E402
from urllib.parse import urlsplit  # noqa: E402

import gevent  # noqa: E402
import psycopg  # noqa: E402

from brownout.load import control, scouting  # noqa: E402
from brownout.load.arrivals import NS, Second, arrivals, plays  # noqa: E402
from brownout.load.crew import Crew, Terms  # noqa: E402
from brownout.load.play import INFLIGHT, Play  # noqa: E402
from brownout.load.recorder import Recorder, to_collector  # noqa: E402
from brownout.load.sending import Sender  # noqa: E402
from brownout.load.visits import World  # noqa: E402

AHEAD = NS // 4
"""A second is planned, announced and handed out so long before it begins (ns)."""


class Conductor:
    """Decides each second who comes, announces it, and plays its own share."""

    def __init__(
        self, args: argparse.Namespace, world: World, play: Play, recorder: Recorder, crew: Crew
    ) -> None:
        self._args = args
        self._world = world
        self._play = play
        self._recorder = recorder
        self._crew = crew
        self._rate = float(args.rate)

    def run(self) -> None:
        """Second after second until the play is ended. Seconds count from --began, so that a
        restarted generator repeats nobody."""
        began = self._args.began or time.time_ns() + 2 * AHEAD
        number = max((time.time_ns() + AHEAD - began) // NS + 1, 0)
        while not self._play.ended.is_set():
            start = began + number * NS
            self._play.wait_until(start - AHEAD)
            second = Second(number, start, self.rate(start))
            everybody = arrivals(self._args.seed, second, self._world)
            self._recorder.plan(everybody)
            players = self._crew.tell(second)
            mine = [a for a in everybody if plays(0, players, second, a.place)]
            gevent.spawn(self._play.begin, mine)
            number += 1

    def rate(self, at: int) -> float:
        """The rate of the second that begins at ``at``; the last one known when none is told."""
        if self._args.rate_file:
            with contextlib.suppress(OSError, ValueError):
                self._rate = control.rate(self._args.rate_file, at)
        return self._rate


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Play users of the shop in an open model.",
        epilog="Example: python -m brownout.load.runner --url http://127.0.0.1:8000 "
        "--collector http://127.0.0.1:4318 --database postgresql://shop:pw@127.0.0.1/shop",
    )
    parser.add_argument("--url", required=True, help="the shop")
    parser.add_argument("--collector", required=True, help="where rows are recorded")
    world = parser.add_mutually_exclusive_group(required=True)
    world.add_argument("--database", help="the shop's database, to read ids from")
    world.add_argument("--world", type=Path, help="a JSON file with the world instead")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--began", type=int, default=0, help="when the play's first second was, ns")
    parser.add_argument("--rate-file", type=Path, help="a file with the rate, read each second")
    parser.add_argument("--rate", type=float, default=4.0, help="visits a second")
    parser.add_argument("--listen", default=control.LOOPBACK, help="where workers may join")
    parser.add_argument("--port", type=int, default=0, help="its port; without it nobody joins")
    parser.add_argument("--outer", type=int, default=0, help="the shop's port for workers")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(argv)
    try:
        world = (
            scouting.from_file(args.world)
            if args.world
            else scouting.read_world(args.database, args.url)
        )
    except (OSError, ValueError, psycopg.Error) as error:
        print(f"the shop cannot be read: {error}", file=sys.stderr)
        return 3
    perform(args, world)
    return 0


def perform(args: argparse.Namespace, world: World) -> None:
    """Play until a signal comes."""
    recorder = Recorder(to_collector(args.collector, os.environ["BROWNOUT_TOKEN"]))
    play = Play(Sender(args.url, INFLIGHT), recorder)
    shop = urlsplit(args.url)
    key = os.environ.get("BROWNOUT_LOAD_TOKEN", "")
    terms = Terms(args.seed, world, args.outer or shop.port or 80, shop.netloc, key)
    crew = Crew(terms, recorder.add)
    if args.port and key:
        crew.listen(args.listen, args.port)
    for name in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(name, play.ended.set)
    writer = gevent.spawn(recorder.run, play.ended)
    print(json.dumps({"ready": True}), flush=True)
    Conductor(args, world, play, recorder, crew).run()
    crew.close()
    writer.join(timeout=3)


if __name__ == "__main__":
    sys.exit(main())
