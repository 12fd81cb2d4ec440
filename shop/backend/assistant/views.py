"""Ask about a book: the answer is streamed as it is made."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.db import connection
from django.http import StreamingHttpResponse
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from assistant.prompts import about
from recommendations.client import Unavailable
from shop import provider

TOKENS = 220
"""Of an answer at most."""


class Away(APIException):
    status_code = 503
    default_detail = "The assistant is away at the moment. Please try again later."
    default_code = "away"


class Question(serializers.Serializer):
    question = serializers.CharField(max_length=300)


class Ask(APIView):
    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Errors are JSON, whatever is accepted: who asks accepts a stream of events."""
        return JSONRenderer(), JSONRenderer.media_type

    def post(self, request: Request, id: int) -> StreamingHttpResponse:
        asked = Question(data=request.data)
        asked.is_valid(raise_exception=True)
        messages = about(id, asked.validated_data["question"])
        # An answer takes seconds; the database's connection is not kept for them.
        connection.close()
        parts = provider.stream(messages, TOKENS)
        try:
            first = next(parts)
        except (Unavailable, StopIteration) as error:
            raise Away from error
        return StreamingHttpResponse(
            events(first, parts),
            content_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )


def events(first: provider.Part, parts: Iterator[provider.Part]) -> Iterator[str]:
    """The answer as server-sent events; the last one says who answered, or what went wrong."""
    usage, source = first.usage, first.source
    try:
        for part in chain([first], parts):
            usage, source = part.usage or usage, part.source
            if part.text:
                yield _event({"text": part.text})
        yield _event({"done": True, **source._asdict(), "usage": usage or {}})
    except Unavailable:
        yield _event({"error": "The answer broke off. Please ask again."})
    finally:
        parts.close()  # type: ignore[attr-defined]  # hang up: nobody listens any more


def _event(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value)}\n\n"
