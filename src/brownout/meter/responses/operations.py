"""Protocols that have one URL for all: what was asked for, and whether the answer is an error.

GraphQL and JSON-RPC over POST, from the body that the application has read and the answer that it
gave: no body is read that it did not read, and other answers cost a look at their beginning.
"""

from __future__ import annotations

import json
import re
from typing import Any

from brownout.meter.event.work import Work

LONGEST = 200_000
"""Bytes of a body or answer that is looked into."""

MOST = 300
"""Names that are told apart in a process: callers make them up."""

OPERATION = re.compile(r"(?:^|[}\s])(query|mutation|subscription)\b\s*(\w{1,80})?")
FIELD = re.compile(r"\{\s*(?:\w+\s*:\s*)?(\w{1,80})")
METHOD = re.compile(r"[\w./:-]{1,80}")

_names: set[str] = set()


def of(work: Work, request: Any, content: bytes) -> str:
    """What is appended to the route: " query Books", " cart.add", or ''.

    An answer of errors gives the work the exception GraphQLError or JSONRPCError, if it has none.
    """
    if request.method != "POST" or len(content) > LONGEST:
        return ""
    head = content[:64]
    graphql = head.lstrip(b"[{ \r\n").startswith((b'"data"', b'"errors"'))
    if not graphql and b'"jsonrpc"' not in head:
        return ""
    body = getattr(request, "_body", b"")
    if not body or len(body) > LONGEST:
        return ""
    try:
        asked = json.loads(body)
        name = _graphql(asked) if graphql else _json_rpc(asked)
        if name and not work.exception:
            work.exception = _error(content, graphql)
    except Exception:  # whatever a caller sends that is neither
        return ""
    return f" {name}" if name and _room(name) else ""


def _graphql(asked: Any) -> str:
    if isinstance(asked, list):
        return f"batch of {len(asked)}" if len(asked) > 1 else _graphql(asked[0])
    text, named = asked.get("query"), asked.get("operationName")
    if not isinstance(text, str) or "{" not in text:
        return ""
    found = {name: kind for kind, name in OPERATION.findall(text)}
    if named in found:
        return f"{found[named]} {named}"
    if len(found) == 1 and "" not in found:
        [(name, kind)] = found.items()
        return f"{kind} {name}"
    field = FIELD.search(text)
    return f"{found.get('', 'query')} {{{field[1]}}}" if field else ""


def _json_rpc(asked: Any) -> str:
    if isinstance(asked, list):
        return f"batch of {len(asked)}" if len(asked) > 1 else _json_rpc(asked[0])
    return asked["method"] if METHOD.fullmatch(asked.get("method") or "") else ""


def _error(content: bytes, graphql: bool) -> str:
    key, name = ("errors", "GraphQLError") if graphql else ("error", "JSONRPCError")
    if b'"%b"' % key.encode() not in content:
        return ""
    told = json.loads(content)
    return name if any(t.get(key) for t in (told if isinstance(told, list) else [told])) else ""


def _room(name: str) -> bool:
    if len(_names) < MOST:
        _names.add(name)
    return name in _names
