"""A load worker: joins a running drill's generator and plays a share of the same users.

    BROWNOUT_LOAD_TOKEN=... python -m brownout.load.worker --join HOST:PORT

SIGINT or SIGTERM: it finishes the visits that have begun, reports them and leaves. Exit codes: 0
left or the drill is over, 2 refused, 3 nobody answers there.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import contextlib  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import socket  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Sequence  # noqa: E402

import gevent  # noqa: E402
from gevent.event import Event  # noqa: E402

from brownout.load.arrivals import Second, arrivals  # noqa: E402
from brownout.load.link import SILENCE, Clock, Link, Lost, Message, address, identity  # noqa: E402
from brownout.load.play import INFLIGHT, Play  # noqa: E402
from brownout.load.recorder import EVERY, Recorder, Row  # noqa: E402
from brownout.load.sending import TIMEOUT, Sender  # noqa: E402
from brownout.load.visits import World  # noqa: E402
from brownout.model import BrownoutError, MachineError  # noqa: E402

ROUNDS = 5
"""Exchanges by which the clocks are compared."""

AGAIN = 30.0
"""Seconds after which they are compared anew: clocks of two machines drift apart."""

RESTART = 5
"""Seconds that a drill whose generator has gone may take to have it again."""

FINISH = 15.0
"""Seconds that a visit which has begun may go on after the worker was asked to leave."""


class Worker:
    """One membership in a drill, from joining to the end of either."""

    def __init__(self, host: str, link: Link) -> None:
        self._host = host
        self._link = link
        self._clock = Clock()
        self.leaving = False  # set it to get nothing more to play

    def join(self, token: str) -> None:
        """Be welcomed. Raises BrownoutError with the drill's reason when refused, Lost."""
        self._link.send({"join": {**identity(), "token": token}})
        answer = self._link.receive()
        if "refused" in answer:
            raise BrownoutError(f"the drill refused this worker: {answer['refused']}")
        try:
            told = answer["welcome"]
            self._seed, self._world = int(told["seed"]), World(**told["world"])
            url = f"http://{_bracketed(self._host)}:{int(told['outer'])}"
            sender = Sender(url, INFLIGHT, str(told["host"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Lost("it is no brownout drill") from error
        self._recorder = Recorder(self._take)
        self._play = Play(sender, self._recorder, self._clock.now)
        self._compare_clocks()

    def play(self) -> None:
        """Play what the drill hands out, until it or we leave; raises Lost when it is gone."""
        reporting = gevent.spawn(self._report)
        seconds: list[gevent.Greenlet] = []
        try:
            while "released" not in (message := self._link.receive(seconds=3 * SILENCE)):
                if "second" in message:
                    seconds = [job for job in seconds if not job.dead]
                    seconds.append(gevent.spawn(self._second, message))
                elif "clock" in message:
                    self._clock.compare(message["clock"], message["now"])
            gevent.joinall(seconds, timeout=FINISH)
            self._play.finish(FINISH)
            self._recorder.hand_on()
        finally:
            self._play.ended.set()
            reporting.kill()

    def _compare_clocks(self) -> None:
        for _ in range(ROUNDS):
            self._link.send({"clock": time.time_ns()})
            answer = self._link.receive()
            self._clock.compare(int(answer["clock"]), int(answer["now"]))

    def _second(self, message: Message) -> None:
        second = Second(**message["second"])
        player, players = message["player"], message["players"]
        self._play.begin(arrivals(self._seed, second, self._world, player, players))

    def _report(self) -> None:
        """Hand on what was played, and so show that we live; until the drill is gone."""
        compared, asked = time.monotonic(), False
        with contextlib.suppress(Lost):
            while True:
                self._link.send({"requests": []})
                self._recorder.hand_on()
                if self.leaving and not asked:
                    self._link.send({"leaving": (asked := True)})
                if time.monotonic() - compared > AGAIN:
                    compared = time.monotonic()
                    self._link.send({"clock": time.time_ns()})
                gevent.sleep(EVERY)

    def _take(self, table: str, rows: Sequence[Row]) -> bool:
        try:
            self._link.send({table: list(rows)})
        except Lost:
            return False
        return True


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def connect(host: str, port: int) -> Link:
    """Raises MachineError when nobody answers there."""
    try:
        return Link(socket.create_connection((host, port), timeout=TIMEOUT))
    except OSError as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MachineError(
            f"no drill can be reached at {host}:{port} ({reason}); is one running, was it started "
            "with --load-listen, and does a firewall let us through?"
        ) from error


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Play a share of a running drill's users.")
    parser.add_argument("--join", required=True, metavar="HOST:PORT", help="the drill's generator")
    args = parser.parse_args(argv)
    try:
        return run(*address(args.join), os.environ.get("BROWNOUT_LOAD_TOKEN", ""))
    except BrownoutError as error:
        print(f"brownout: {error}", file=sys.stderr)
        return error.exit_code


def run(host: str, port: int, token: str) -> int:
    """Join, play, leave; a generator that is restarted finds us again."""
    link: Link | None = connect(host, port)
    asked = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(name, asked.set)
    while link:
        with contextlib.closing(link), contextlib.suppress(Lost):
            worker = Worker(host, link)
            worker.join(token)
            print(f"playing along with the drill at {host}:{port}; Ctrl-C leaves it", flush=True)
            leaving = gevent.spawn(_leave_when, asked, worker)
            try:
                worker.play()
            finally:
                leaving.kill()
        if asked.is_set():
            return 0
        link = again(host, port)
    print(f"the drill at {host}:{port} is over", flush=True)
    return 0


def _leave_when(asked: Event, worker: Worker) -> None:
    asked.wait()
    worker.leaving = True


def again(host: str, port: int) -> Link | None:
    """Another connection to a generator that is being restarted, None when it stays away."""
    for _ in range(RESTART):
        gevent.sleep(1)
        with contextlib.suppress(MachineError):
            return connect(host, port)
    return None


if __name__ == "__main__":
    sys.exit(main())
