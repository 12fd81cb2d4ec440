"""A Valkey or Redis as a probe sees it: connecting in clear words, and keys by their family."""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    NoPermissionError,
    RedisError,
    ResponseError,
)

from brownout.model import BrownoutError, MachineError

TIMEOUT = 5.0
"""Seconds that connecting, or an answer, may take."""

BATCH = 200
"""Keys that are asked for together: the server answers others in between."""

VARYING = re.compile(r"(?<=:)[^:]*\d[^:]*|[0-9a-fA-F]{8,}|\d+")
"""What varies in a key: the meter's rule (a test compares the two)."""

DJANGO = re.compile(r"([^:]*:\d+:)")
"""Prefix and version that Django puts before a key: no part of the name that the meter sees."""


@contextmanager
def connected(url: str) -> Iterator[redis.Redis]:
    """A connection that answered. Raises BrownoutError, MachineError."""
    try:
        client = redis.Redis.from_url(
            url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, decode_responses=False
        )
    except (ValueError, RedisError) as error:
        raise BrownoutError(
            f"not a Valkey URL ({error}): wanted is redis://user:password@host:port/database"
        ) from error
    try:
        client.ping()
        yield client
    except (AuthenticationError, AuthorizationError, NoPermissionError) as error:
        raise BrownoutError(
            f"the server refuses ({error}): check the user and the password of the URL"
        ) from error
    except redis.TimeoutError as error:
        raise MachineError(f"the server did not answer within {TIMEOUT:g} s: {error}") from error
    except redis.ConnectionError as error:
        raise MachineError(
            f"no connection ({error}): is it running, is this its port, does it want rediss://?"
        ) from error
    except ResponseError as error:
        raise BrownoutError(f"the server refuses ({error}): check the URL") from error
    except RedisError as error:
        raise BrownoutError(f"no Valkey or Redis answers there ({error})") from error
    finally:
        client.close()


def tried(ask: Callable[[], Any], what: str, notes: list[str]) -> Any:
    """An answer, or None with a note: the user may lack the right, or the server the command."""
    try:
        return ask()
    except ResponseError as error:
        notes.append(f"{what} cannot be seen: {error}")
        return None


@dataclass(frozen=True, slots=True)
class Family:
    """Keys of one family in the sample; bytes as MEMORY USAGE tells, the key's own included."""

    name: str
    kind: str
    keys: int
    bytes: int
    largest: int
    without_expiry: int


def sample(client: redis.Redis, most: int, until: float) -> tuple[list[Family], int]:
    """(families, keys seen) of at most ``most`` keys, until ``time.monotonic()`` says so.

    SCAN gives keys in the order of their hash: a prefix of it is a fair sample.
    """
    found: list[tuple[str, str, int, bool]] = []
    cursor, asked = 0, 0
    while True:
        cursor, some = client.scan(cursor, count=BATCH)
        keys = [k if isinstance(k, bytes) else k.encode() for k in some[: most - asked]]
        asked += len(keys)
        found += _weighed(client, keys)
        if cursor == 0 or asked >= most or time.monotonic() >= until:
            break
    return _families(found), len(found)


def _weighed(client: redis.Redis, keys: Sequence[bytes]) -> list[tuple[str, str, int, bool]]:
    """(key, type, bytes, does it stay for ever) of those that are still there."""
    ask = client.pipeline(transaction=False)
    for key in keys:
        ask.memory_usage(key, samples=5)
        ask.type(key)
        ask.ttl(key)
    answers = ask.execute()
    triples = zip(answers[::3], answers[1::3], answers[2::3], strict=True)
    return [
        (key.decode(errors="replace"), kind.decode(), size, ttl == -1)
        for key, (size, kind, ttl) in zip(keys, triples, strict=True)
        if size is not None
    ]


def _families(found: Sequence[tuple[str, str, int, bool]]) -> list[Family]:
    prefix = django_prefix([key for key, *_ in found])
    groups: dict[tuple[str, str], list[tuple[int, bool]]] = defaultdict(list)
    for key, kind, size, stays in found:
        groups[family(key, prefix), kind].append((size, stays))
    return sorted(
        (
            Family(name, kind, len(group), sum(s for s, _ in group), max(group)[0],
                   sum(stays for _, stays in group))
            for (name, kind), group in groups.items()
        ),
        key=lambda f: (-f.bytes, f.name),
    )  # fmt: skip


def django_prefix(keys: Sequence[str]) -> str:
    """The prefix and version that at least half of all keys begin with, "" when none does."""
    begun = Counter(hit[1] for key in keys if (hit := DJANGO.match(key)))
    if not begun:
        return ""
    prefix, count = begun.most_common(1)[0]
    return prefix if 2 * count >= len(keys) else ""


def family(key: str, prefix: str = "") -> str:
    """The key with what varies in it (numbers, hashes) as *."""
    return VARYING.sub("*", key.removeprefix(prefix))
