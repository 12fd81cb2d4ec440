"""The threads that compute: one for each model, with a bounded queue before it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.requests import Request

Answer = TypeVar("Answer")


class Full(Exception):
    """Too many calls of this model are waiting."""


class Gone(Exception):
    """The client has hung up; nobody waits for the answer."""


class Worker:
    """One thread, so that the models never fight over the cores; ``places`` calls at a time.

    A call holds its place until its answer is sent: a stream as long as it is spoken.
    """

    def __init__(self, name: str, places: int) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._places = places
        self.busy = 0

    def enter(self) -> None:
        """Take a place; raises Full. Whoever took one gives it back with ``leave``."""
        if self.busy >= self._places:
            raise Full
        self.busy += 1

    def leave(self) -> None:
        self.busy -= 1

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        self.enter()
        try:
            yield
        finally:
            self.leave()

    async def run(self, request: Request, work: Callable[[], Answer]) -> Answer:
        """What ``work`` returns; when the client hangs up before it began, it never begins."""
        return await unless_gone(request, asyncio.wrap_future(self._thread.submit(work)))


async def unless_gone(request: Request, call: Awaitable[Answer]) -> Answer:
    """What ``call`` comes to; when the client hangs up before, it is cancelled and Gone raised.

    The request's body must have been read.
    """
    call = asyncio.ensure_future(call)
    hung_up = asyncio.ensure_future(_disconnect(request))
    try:
        await asyncio.wait({call, hung_up}, return_when=asyncio.FIRST_COMPLETED)
        if not call.done():
            raise Gone
        return call.result()
    finally:
        call.cancel()
        hung_up.cancel()


async def _disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
