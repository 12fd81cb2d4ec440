"""OTLP/HTTP bodies: how they are unpacked, and how they become rows of the recording."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterable
from urllib.parse import unquote

from brownout.collector.otlp import spans_json
from brownout.collector.otlp.spans import Malformed, Row

JSON, PROTOBUF = "application/json", "application/x-protobuf"
SIGNALS = ("traces", "metrics", "logs")

LARGEST = 8 << 20
"""Bytes of a body, also when unpacked."""

ENCODINGS = ("", "identity", "gzip", "deflate")


class Oversized(ValueError):
    """More than LARGEST bytes."""


def unpack(body: bytes, encoding: str) -> bytes:
    """The body without its content encoding."""
    if encoding == "gzip":
        body = _unzip(body, zlib.MAX_WBITS | 16, encoding)
    elif encoding == "deflate":
        body = _unzip(body, zlib.MAX_WBITS if _has_header(body) else -zlib.MAX_WBITS, encoding)
    if len(body) > LARGEST:
        raise Oversized(f"more than {LARGEST} bytes")
    return body


def _has_header(body: bytes) -> bool:
    """Whether it is of zlib's format, as "deflate" should be; some senders leave its header out."""
    return len(body) > 1 and body[0] & 15 == zlib.DEFLATED and (body[0] << 8 | body[1]) % 31 == 0


def _unzip(body: bytes, form: int, name: str) -> bytes:
    """All members of a gzip or the like, up to one byte more than LARGEST: a bomb goes no further.

    ``form``: zlib's ``wbits``.
    """
    unpacked, rest = b"", body
    while True:
        try:
            unpacker = zlib.decompressobj(form)
            unpacked += unpacker.decompress(rest, LARGEST + 1 - len(unpacked))
        except zlib.error as error:
            raise Malformed(f"not {name}") from error
        if len(unpacked) > LARGEST:
            return unpacked
        if not unpacker.eof:
            raise Malformed(f"the {name} ends too early")
        rest = unpacker.unused_data
        if not rest:
            return unpacked


def headers(text: str) -> dict[str, str]:
    """Headers as OTEL_EXPORTER_OTLP_HEADERS has them: KEY=VALUE,... with values percent-encoded."""
    pairs = (pair.partition("=") for pair in text.split(",") if "=" in pair)
    return {key.strip(): unquote(value.strip()) for key, _, value in pairs}


def rows(signal: str, body: bytes, content_type: str) -> Iterable[tuple[str, Row]]:
    """(table, row) of all that a body tells; raises Malformed."""
    if signal == "traces" and content_type == JSON:
        with contextlib.suppress(spans_json.Unusual):
            return spans_json.traces(body)
    from brownout.collector.otlp import messages  # protobuf: our own meter does without it

    return messages.DECODERS[signal](messages.parse(signal, body, content_type == JSON))
