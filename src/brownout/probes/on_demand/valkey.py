"""Valkey or Redis: hits, commands, what was slow, memory by family of keys, evictions, clients."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import redis

from brownout.model import BrownoutError
from brownout.probes.terms import Found, Site, Table
from brownout.probes.valkey.keyspace import Family, connected, django_prefix, family, sample, tried

EXAMPLE = "brownout probe valkey --cache redis://127.0.0.1:6379/0 --keys 5000"
SCAN_SECONDS = 5.0
"""What weighing keys may take at most."""

SLOW, SHOWN = 128, 20
"""Entries of the slow log that are asked for; rows of a table."""

Info = Mapping[str, Any]


def probe(
    site: Site,
    out: Path,
    seconds: float = 10,
    keys: Annotated[int, "keys that are weighed, at most"] = 2000,
) -> Found:
    """Hits, commands, slow commands with their keys, memory by family, evictions, clients.

    Reads only: INFO, SLOWLOG GET, SCAN, MEMORY USAGE, TYPE, TTL.
    """
    if keys < 0:
        raise BrownoutError("--keys wants 0 or more")
    notes: list[str] = []
    with connected(site.need("cache", "--cache")) as client:
        before, began, clock = _info(client), time.monotonic(), time.time()
        time.sleep(seconds)
        after, wall = _info(client), time.monotonic() - began
        slow = _slow(client, clock, notes)
        families, seen = _weigh(client, keys, notes)
        total = max(int(client.dbsize()), seen)  # keys come and go meanwhile
    notes += _doubts(before, after, total, seen)
    tables = [
        _window(before, after, wall),
        _commands(before, after, wall),
        slow,
        _memory(families, total, seen),
        _state(after),
    ]
    return Found(tables, (), notes)


def _info(client: redis.Redis) -> Info:
    return dict(client.info("all"))


def _rise(before: Info, after: Info, name: str) -> int:
    """What a counter rose by; one that fell was reset, and counts anew."""
    now, then = int(after.get(name, 0)), int(before.get(name, 0))
    return now - then if now >= then else now


def _window(before: Info, after: Info, wall: float) -> Table:
    names = {
        "commands": "total_commands_processed",
        "hits": "keyspace_hits",
        "misses": "keyspace_misses",
        "evicted keys": "evicted_keys",
        "expired keys": "expired_keys",
        "bytes in": "total_net_input_bytes",
        "bytes out": "total_net_output_bytes",
        "new connections": "total_connections_received",
        "refused connections": "rejected_connections",
    }
    rises = {shown: _rise(before, after, name) for shown, name in names.items()}
    asked = rises["hits"] + rises["misses"]
    rows: list[tuple[Any, ...]] = [(shown, n, n / wall) for shown, n in rises.items()]
    rows.insert(0, ("hit ratio (%)", 100 * rises["hits"] / asked if asked else None, None))
    return Table("in the window", (("what", ""), ("in all", ""), ("per second", "1/s")), rows)


def _commands(before: Info, after: Info, wall: float) -> Table:
    rows = []
    for key, now in after.items():
        then = before.get(key, {}) if key.startswith("cmdstat_") else None
        if then is None or (calls := _rise(then, now, "calls")) == 0:
            continue
        spent = now["usec"] - then.get("usec", 0) if now["calls"] >= then.get("calls", 0) else 0
        name = key.removeprefix("cmdstat_").replace("|", " ")
        failed = _rise(then, now, "failed_calls")
        rows.append((name, calls, calls / wall, spent / calls, spent / wall / 1e4, failed))
    rows.sort(key=lambda row: -row[4])
    columns = (
        ("command", ""), ("calls", ""), ("rate", "1/s"), ("each", "µs"), ("of a core", "%"),
        ("failed", ""),
    )  # fmt: skip
    return Table("commands, by their time", columns, rows[:SHOWN])


def _slow(client: redis.Redis, since: float, notes: list[str]) -> Table:
    """What the slow log holds; "in the window" is told apart from before."""
    found = tried(lambda: client.slowlog_get(SLOW), "the slow log", notes) or []
    names = [_words(entry["command"]) for entry in found]
    prefix = django_prefix([words[1] for words in names if len(words) > 1])
    rows = [
        (
            "in the window" if entry["start_time"] >= int(since) else "before",
            entry["duration"] / 1000,
            *(words[0], words[1][:80] if len(words) > 1 else ""),
            family(words[1], prefix)[:80] if len(words) > 1 else "",
        )
        for entry, words in zip(found, names, strict=True)
    ]
    rows.sort(key=lambda row: (row[0] == "before", -row[1]))
    least = tried(
        lambda: client.config_get("slowlog-log-slower-than"), "the slow log's limit", notes
    )
    if least:
        limit = int(next(iter(least.values())))
        notes.append(
            f"the slow log holds commands of {limit / 1000:g} ms and more "
            "(slowlog-log-slower-than), waiting for the client's turn not counted"
            if limit >= 0
            else "the slow log is off (slowlog-log-slower-than)"
        )
    columns = (("when", ""), ("took", "ms"), ("command", ""), ("first key", ""), ("family", ""))
    return Table(f"slow log ({len(rows)})", columns, rows[:SHOWN])


def _words(command: bytes | str) -> list[str]:
    text = command.decode(errors="replace") if isinstance(command, bytes) else command
    return text.split(" ") or [""]


def _weigh(client: redis.Redis, keys: int, notes: list[str]) -> tuple[list[Family], int]:
    if not keys:
        return [], 0
    until = time.monotonic() + SCAN_SECONDS
    found = tried(lambda: sample(client, keys, until), "memory by family", notes)
    return found or ([], 0)


def _memory(families: list[Family], total: int, seen: int) -> Table:
    """The sample, and what all keys would come to when the others are like those in it."""
    scale = max(total / seen, 1.0) if seen else 0.0
    rows = [
        (
            *(f.name, f.kind, f.keys, f.bytes / 1e3, f.bytes / f.keys, f.largest / 1e3),
            *(f.without_expiry, f.bytes * scale / 1e6),
        )
        for f in families[: SHOWN - 1] + _together(families[SHOWN - 1 :])
    ]
    columns = (
        ("family", ""), ("type", ""), ("keys", ""), ("memory", "kB"), ("each", "bytes"),
        ("largest", "kB"), ("never expire", "keys"), ("estimate for all", "MB"),
    )  # fmt: skip
    return Table(f"memory by family ({seen} of {total} keys)", columns, rows)


def _together(families: Sequence[Family]) -> list[Family]:
    """The smaller families as one: keys whose varying part the rule does not see have one each."""
    if len(families) < 2:
        return list(families)
    names = f"{len(families)} others, the first {families[0].name}"
    sums = [sum(getattr(f, field) for f in families) for field in ("keys", "bytes")]
    forever = sum(f.without_expiry for f in families)
    return [Family(names, "", sums[0], sums[1], max(f.largest for f in families), forever)]


def _state(info: Info) -> Table:
    most = int(info.get("maxmemory", 0))
    rows = [
        ("memory (MB)", int(info["used_memory"]) / 1e6),
        ("its limit (MB)", most / 1e6 if most else "none"),
        ("when it is full", str(info.get("maxmemory_policy", ""))),
        ("resident / used memory", float(info.get("mem_fragmentation_ratio", 0))),
        ("clients", int(info["connected_clients"])),
        ("clients that wait (BLPOP and the like)", int(info.get("blocked_clients", 0))),
        ("most clients (maxclients)", int(info.get("maxclients", 0))),
        ("version", str(info.get("valkey_version") or info.get("redis_version"))),
    ]
    return Table("state", (("what", ""), ("now", "")), rows)


def _doubts(before: Info, after: Info, total: int, seen: int) -> list[str]:
    notes = []
    if before.get("run_id") != after.get("run_id"):
        notes.append("the server was restarted in the window: its counters begin there")
    if seen < total:
        notes.append(f"memory by family: {seen} of {total} keys were weighed; --keys weighs more")
    if after.get("evicted_keys", 0) > before.get("evicted_keys", 0):
        notes.append("keys were evicted in the window: the memory's limit is reached")
    notes.append("hits count what reads found, of all databases of the server and of all clients")
    return notes
