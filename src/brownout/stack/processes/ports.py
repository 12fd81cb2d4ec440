"""Loopback ports: free ones for the services, and the socket that the web processes share."""

from __future__ import annotations

import random
import socket

from brownout.model import MachineError

HOST = "127.0.0.1"

FIRST, LAST = 20_000, 32_767
"""Below what Linux and macOS hand out to outgoing connections: a service that comes back on its
port must not find it taken by somebody's client."""

TRIES = 500


def free_ports(count: int) -> list[int]:
    """So many different ports that nobody listens on. Raises MachineError when there are none."""
    found: list[int] = []
    for port in random.sample(range(FIRST, LAST + 1), TRIES):
        if len(found) == count:
            break
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        found.append(port)
    if len(found) < count:
        raise MachineError(
            f"{count} free ports were not to be had on {HOST} between {FIRST} and {LAST}: "
            "end some of the programs that listen there."
        )
    return found


def listening_socket(port: int = 0, backlog: int = 512, host: str = HOST) -> socket.socket:
    """A listening socket to hand down to the web processes; port 0 takes a free one.

    Raises MachineError when the port is taken or may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port or free_ports(1)[0]))
        listener.listen(backlog)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise MachineError(
            f"Port {port} on {host} cannot be had ({reason}): "
            "end the program that listens there, or choose another port."
        ) from error
    return listener
