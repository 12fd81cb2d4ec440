"""A server whose latencies are known, which is its own collector too.

    python benchmarks/known_server.py

It prints its port. Request number n is answered after ``delay(n)`` seconds, the same in each run:
a low-discrepancy walk through a known distribution. POST /rows/TABLE counts as the collector, GET
/rows/TABLE gives what came, GET /delays how long each request was really made to wait, in ms, by
its trace id.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from typing import Any

TRACE = re.compile(r"traceparent: 00-([0-9a-f]{32})", re.IGNORECASE)
GOLDEN = (math.sqrt(5) - 1) / 2
LEAST, SPREAD = 0.15, 0.12
"""Seconds: every answer takes the least, and an exponential time of this mean beside it."""


def delay(number: int) -> float:
    """Seconds that the request with this number waits (Weyl's sequence through the quantiles)."""
    return LEAST - SPREAD * math.log(1 - (number * GOLDEN) % 1 * 0.999)


class Server:
    def __init__(self) -> None:
        self.rows: dict[str, list[Any]] = {"scheduled": [], "requests": []}
        self.kept: dict[str, float] = {}
        self.count = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection, as the generator makes them."""
        began = time.perf_counter()
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = next((int(line.split(":")[1]) for line in head.lower().splitlines()
                           if line.startswith("content-length:")), 0)  # fmt: skip
            body = await reader.readexactly(length)
            method, path = head.split(" ", 2)[:2]
            answer = await self._answer(method, path, body)
            if trace := TRACE.search(head):
                self.kept[trace[1]] = (time.perf_counter() - began) * 1000
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json")
            writer.write(b"\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, method: str, path: str, body: bytes) -> bytes:
        if path.startswith("/rows/"):
            rows = self.rows[path.removeprefix("/rows/")]
            if method == "GET":
                return json.dumps(rows).encode()
            rows += json.loads(body)
            return b"{}"
        if path == "/delays":
            return json.dumps(self.kept).encode()
        self.count += 1
        await asyncio.sleep(delay(self.count))
        return b'data: {"done": true}\n'


async def main() -> None:
    server = await asyncio.start_server(Server().serve, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
