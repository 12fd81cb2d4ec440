"""``--otlp-forward URL``: the options of every command that may send its telemetry on."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import typer

from brownout.model import BrownoutError
from brownout.stack.collector import Forward

Otlp = Annotated[
    str,
    typer.Option(
        "--otlp-forward", metavar="URL", help="Send the telemetry on to this OTLP/HTTP receiver."
    ),
]
OtlpHeaders = Annotated[
    str,
    typer.Option(
        "--otlp-headers",
        metavar="KEY=VALUE,...",
        envvar="BROWNOUT_FORWARD_HEADERS",
        help="Headers for it, an API key, say.",
    ),
]


def receiver(url: str, headers: str) -> Forward | None:
    """Who gets the telemetry, too. Raises BrownoutError for what is no receiver."""
    if headers and not url:
        raise BrownoutError("--otlp-headers are for --otlp-forward URL; name the URL, too")
    found = urlsplit(url)
    if url and not (found.scheme in ("http", "https") and found.hostname):
        raise BrownoutError(f"--otlp-forward {url}: http://HOST:PORT or https://HOST is wanted")
    if any("=" not in pair for pair in headers.split(",") if pair):
        raise BrownoutError("--otlp-headers: KEY=VALUE,... is wanted")
    return Forward(url, headers) if url else None
