"""OTLP/JSON traces straight into rows, as nearly all senders write them.

By way of protobuf's own JSON reader it costs ten times as much. What that one allows and this one
does not (names with underscores, numbers as 1e9, bytes, fields of later versions, ...), and all
that is wrong, is Unusual: messages.parse then decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from brownout.collector.otlp import spans
from brownout.collector.otlp.spans import Row, Span

DEEPEST = 8
"""Lists and maps in each other; protobuf's reader goes further."""

KIND = "SPAN_KIND_"
KINDS = {
    f"{KIND}UNSPECIFIED": 0,
    f"{KIND}INTERNAL": 1,
    f"{KIND}SERVER": 2,
    f"{KIND}CLIENT": 3,
    f"{KIND}PRODUCER": 4,
    f"{KIND}CONSUMER": 5,
}
CODES = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}

UNSIGNED, SIGNED = range(2**64), range(-(2**63), 2**63)

Small = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
Enum = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)] | str
Integer = int | str
Value = dict[str, Any]
"""An AnyValue: {"stringValue": "x"}."""


class Unusual(ValueError):
    """Not for this reader."""


class Message(msgspec.Struct, forbid_unknown_fields=True, rename="camel", gc=False):
    """A message of OTLP: with these fields alone, none of them null."""


class Pair(Message):
    key: str = ""
    value: Value = {}


class Values(Message):
    values: list[Value] = []


class Pairs(Message):
    values: list[Pair] = []


class Attributed(Message):
    attributes: list[Pair] = []
    dropped_attributes_count: Small = 0


class Event(Attributed):
    time_unix_nano: Integer = 0
    name: str = ""


class Link(Attributed):
    trace_id: str = ""
    span_id: str = ""
    trace_state: str = ""
    flags: Small = 0


class Status(Message):
    message: str = ""
    code: Enum = 0


class SpanMessage(Attributed):
    trace_id: str = ""
    span_id: str = ""
    trace_state: str = ""
    parent_span_id: str = ""
    flags: Small = 0
    name: str = ""
    kind: Enum = 0
    start_time_unix_nano: Integer = 0
    end_time_unix_nano: Integer = 0
    events: list[Event] = []
    dropped_events_count: Small = 0
    links: list[Link] = []
    dropped_links_count: Small = 0
    status: Status = msgspec.field(default_factory=Status)


class Scope(Attributed):
    name: str = ""
    version: str = ""


class ScopeSpans(Message):
    scope: Scope = msgspec.field(default_factory=Scope)
    spans: list[SpanMessage] = []
    schema_url: str = ""


class ResourceSpans(Message):
    resource: Attributed = msgspec.field(default_factory=Attributed)
    scope_spans: list[ScopeSpans] = []
    schema_url: str = ""


class Request(Message):
    resource_spans: list[ResourceSpans] = []


_decoder = msgspec.json.Decoder(Request)


def traces(body: bytes) -> list[tuple[str, Row]]:
    """(table, row) of each span, exactly as otlp.traces has them. Raises Unusual."""
    try:
        return list(_rows(_decoder.decode(body)))
    except (msgspec.DecodeError, ValueError, OverflowError, RecursionError) as error:
        raise Unusual(str(error)) from error


def _rows(request: Request) -> Iterator[tuple[str, Row]]:
    for group in request.resource_spans:
        resource = _attributes(group.resource.attributes)
        by = spans.sender(resource)
        for scope in group.scope_spans:
            _attributes(scope.scope.attributes)
            for message in scope.spans:
                _check(message)
                yield spans.row(_span(message), by, resource)


def _check(message: SpanMessage) -> None:
    """What is not kept has to be right, too."""
    for link in message.links:
        _hexadecimal(link.trace_id + link.span_id)
        _attributes(link.attributes)


def _span(message: SpanMessage) -> Span:
    return Span(
        trace_id=_hexadecimal(message.trace_id),
        span_id=_hexadecimal(message.span_id),
        parent_id=_hexadecimal(message.parent_span_id),
        name=message.name,
        kind=_enum(message.kind, KINDS),
        code=_enum(message.status.code, CODES),
        start=_integer(message.start_time_unix_nano, UNSIGNED),
        end=_integer(message.end_time_unix_nano, UNSIGNED),
        attributes=_attributes(message.attributes),
        message=message.status.message,
        events=[_event(event) for event in message.events],
    )


def _event(event: Event) -> Row:
    return {
        "time": _integer(event.time_unix_nano, UNSIGNED),
        "name": event.name,
        "attributes": _attributes(event.attributes),
    }


def _attributes(pairs: list[Pair], depth: int = 0) -> Row:
    return {pair.key: _value(pair.value, depth) for pair in pairs}


def _value(value: Value, depth: int) -> Any:
    if not value:
        return None
    [(kind, found)] = value.items()
    is_a = found.__class__
    if kind == "stringValue" and is_a is str:
        return found
    if kind == "intValue" and is_a in (int, str):
        return _integer(found, SIGNED)
    if kind == "boolValue" and is_a is bool:
        return found
    if kind == "doubleValue" and is_a in (float, int):
        return float(found)
    if kind == "arrayValue" and depth < DEEPEST:
        return [_value(v, depth + 1) for v in msgspec.convert(found, Values).values]
    if kind == "kvlistValue" and depth < DEEPEST:
        return _attributes(msgspec.convert(found, Pairs).values, depth + 1)
    raise Unusual(kind)


def _integer(found: Integer, allowed: range) -> int:
    if isinstance(found, str):
        if not (found.isascii() and found.removeprefix("-").isdigit()):
            raise Unusual(found)
        found = int(found)
    if found not in allowed:
        raise Unusual(str(found))
    return found


def _enum(found: int | str, names: dict[str, int]) -> int:
    if isinstance(found, int):
        return found
    if found not in names:
        raise Unusual(found)
    return names[found]


def _hexadecimal(text: str) -> str:
    return bytes.fromhex(text).hex()
