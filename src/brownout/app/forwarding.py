"""``--otlp-forward URL``: who gets the telemetry, too."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from brownout.model import BrownoutError, masked
from brownout.stack.services.collector import Forward

if TYPE_CHECKING:
    from brownout.collector.forward import Forwarder


def receiver(url: str, headers: str) -> Forward | None:
    """Who gets the telemetry, too. Raises BrownoutError for what is no receiver."""
    if headers and not url:
        raise BrownoutError("--otlp-headers are for --otlp-forward URL; name the URL, too")
    found = urlsplit(url)
    if url and not (found.scheme in ("http", "https") and found.hostname):
        raise BrownoutError(
            f"--otlp-forward {masked(url)}: http://HOST:PORT or https://HOST is wanted"
        )
    if any("=" not in pair for pair in headers.split(",") if pair):
        raise BrownoutError("--otlp-headers: KEY=VALUE,... is wanted")
    return Forward(url, headers) if url else None


def forwarder(forward: Forward | None) -> Forwarder | None:
    """What sends on, in a thread of this process; None where nobody gets anything."""
    if forward is None:
        return None
    from brownout.collector.forward import Forwarder
    from brownout.collector.otlp import bodies

    return Forwarder(forward.url, bodies.headers(forward.headers))
