"""The load generator's process: plays the journeys in an open model and records each request.

    BROWNOUT_TOKEN=... python -m brownout.load.runner --url http://127.0.0.1:8000 \\
        --collector http://127.0.0.1:4318 --database postgresql://... --seed 7 --rate 4

The rate is read anew each second from the file --rate-file, when one is named: a number, journeys a
second. SIGTERM ends it.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import re  # noqa: E402
import signal  # noqa: E402
import time  # noqa: E402
import urllib.request  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from dataclasses import replace  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
import psycopg  # noqa: E402
from gevent.event import Event  # noqa: E402
from locust import FastHttpUser, task  # noqa: E402
from locust.env import Environment  # noqa: E402

from brownout.load import journeys  # noqa: E402
from brownout.load.arrivals import arrivals  # noqa: E402
from brownout.load.recorder import Recorder  # noqa: E402

INFLIGHT = 200
"""Requests under way at most; what is due beyond them is dropped, and recorded as dropped."""

TIMEOUT = 10
"""Seconds after which a user gives up."""

NS = 1_000_000_000

ASSETS = re.compile(r'(?:src|href)="(/assets/[^"]+)"')


class Play:
    """The play: what is due when, and what came of it."""

    def __init__(self, args: argparse.Namespace, world: journeys.World, recorder: Recorder) -> None:
        self.args, self.world, self.recorder = args, world, recorder
        self.ended = Event()
        self.inflight = 0
        self._number = 0
        self._greenlets = gevent.pool.Group()

    def run(self, client: Any) -> None:
        """Play second after second until ended: plan, announce, then spawn each visit when due."""
        began = time.time_ns() + NS // 5
        second = 0
        while not self.ended.is_set():
            start = began + second * NS
            visits = [
                (start + int(offset * NS), self._next())
                for offset in arrivals(self.args.seed, second, self._rate())
            ]
            for due, visit in visits:
                self.recorder.plan(due, visit)
            for due, visit in visits:
                self._wait_until(due)
                self._greenlets.spawn(self._visit, client, due, visit)
            second += 1
            self._wait_until(began + second * NS - NS // 10)

    def _rate(self) -> float:
        try:
            return float(self.args.rate_file.read_text())
        except (AttributeError, OSError, ValueError):
            return float(self.args.rate)

    def _next(self) -> journeys.Visit:
        self._number += 1
        return journeys.visit(self.args.seed, self._number, self.world, journeys.WEIGHTS)

    def _wait_until(self, moment: int) -> None:
        left = (moment - time.time_ns()) / NS
        if left > 0:
            self.ended.wait(left)

    def _visit(self, client: Any, due: int, visit: journeys.Visit) -> None:
        """The steps in order: wanted at the planned moment, or once the one before has ended.

        Assets are the ones that the page just fetched names: a release brings files of its own.
        """
        free = due
        named: list[str] = []
        for step in visit.steps:
            intended = max(due + int(step.after * NS), free)
            self._wait_until(intended)
            if self.ended.is_set():
                return
            path = step.path
            if step.route == journeys.ASSET and named:
                path = named[self.world.assets.index(step.path) % len(named)]
            free, text = self._request(client, intended, replace(step, path=path), visit)
            named = assets_of(text) or named

    def _request(
        self, client: Any, intended: int, step: journeys.Step, visit: journeys.Visit
    ) -> tuple[int, str]:
        """Make one request and record it: when it ended (ns), and the document that it gave."""
        start = time.time_ns()
        if self.inflight >= INFLIGHT:
            self.recorder.done(step, visit, intended, start, start, (0, 0, "dropped"))
            return start, ""
        self.inflight += 1
        try:
            outcome, text = self._send(client, step, visit)
        finally:
            self.inflight -= 1
        end = time.time_ns()
        self.recorder.done(step, visit, intended, start, end, outcome)
        return end, text

    @staticmethod
    def _send(
        client: Any, step: journeys.Step, visit: journeys.Visit
    ) -> tuple[tuple[int, int, str], str]:
        """(status, bytes, error) of a request, status 0 without an answer; and its document."""
        headers = {
            "Cookie": f"visitor={visit.visitor}",
            "traceparent": f"00-{step.trace_id}-{step.trace_id[:16]}-01",
            "Connection": "close",
        }
        with client.request(
            step.method,
            step.path,
            name=step.route,
            headers=headers,
            json=step.body,
            catch_response=True,
            allow_redirects=False,
        ) as response:
            status = response.status_code
            error = "" if status else type(response.error).__name__
            size = len(response.content or b"") if status else 0
            response.success()
            text = response.text or "" if step.route == journeys.PAGE and status == 200 else ""
            return (status, size, error), text


def read_world(database: str, url: str) -> journeys.World:
    """What the shop has, from its database, and the assets that its page names."""
    with psycopg.connect(database) as connection, urllib.request.urlopen(url, timeout=10) as page:

        def column(sql: str) -> list[Any]:
            return [row[0] for row in connection.execute(sql)]

        return journeys.World(
            visitors=[str(v) for v in column("SELECT visitor FROM orders_customer ORDER BY id")],
            books=column("SELECT id FROM catalog_book ORDER BY review_count DESC, id"),
            genres=column("SELECT slug FROM catalog_genre ORDER BY id"),
            assets=assets_of(page.read().decode()),
        )


def assets_of(document: str) -> list[str]:
    """The scripts and styles that a page names, in its order."""
    return ASSETS.findall(document)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Play users of the shop in an open model.",
        epilog="Example: python -m brownout.load.runner --url http://127.0.0.1:8000 "
        "--collector http://127.0.0.1:4318 --database postgresql://shop:pw@127.0.0.1/shop",
    )
    parser.add_argument("--url", required=True, help="the shop")
    parser.add_argument("--collector", required=True, help="where rows are recorded")
    parser.add_argument("--database", required=True, help="the shop's database, to read ids from")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rate-file", type=Path, help="a file with the rate, read each second")
    parser.add_argument("--rate", type=float, default=4.0, help="journeys a second")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    args = parse(argv)
    recorder = Recorder(args.collector, os.environ["BROWNOUT_TOKEN"])
    play = Play(args, read_world(args.database, args.url), recorder)

    class Visitors(FastHttpUser):
        host = args.url
        concurrency = INFLIGHT
        network_timeout = TIMEOUT
        connection_timeout = TIMEOUT
        max_retries = 0

        @task
        def play_all(self) -> None:
            play.run(self.client)

    environment = Environment(user_classes=[Visitors])
    runner = environment.create_local_runner()
    gevent.signal_handler(signal.SIGTERM, play.ended.set)
    gevent.signal_handler(signal.SIGINT, play.ended.set)
    writer = gevent.spawn(recorder.run, play.ended)
    runner.start(1, spawn_rate=1)
    print(json.dumps({"ready": True}), flush=True)
    play.ended.wait()
    writer.join(timeout=3)
    os._exit(0)  # locust's own shut-down waits for its users; ours have nothing more to say


if __name__ == "__main__":
    main()
