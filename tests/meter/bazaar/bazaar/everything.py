"""Pages that do all at once: calls of models and services, tasks, every operation on a cache,
nested transactions; answered whole, as a stream, and by an async view."""

import asyncio
from functools import lru_cache

from asgiref.sync import sync_to_async
from django.core.cache import caches
from django.db import transaction
from django.http import JsonResponse, StreamingHttpResponse

from bazaar.calling import SERVICE
from bazaar.models import Ware

MESSAGES = [{"role": "user", "content": "What is sold here?"}]
THING = f"{SERVICE}/things/1"


@lru_cache
def models(kind):
    """One client a process; ``kind``: OpenAI or AsyncOpenAI."""
    import openai

    return getattr(openai, kind)(base_url=f"{SERVICE}/v1", api_key="none", max_retries=2)


def _services():
    import httpx
    import requests

    with httpx.Client(verify=False) as client:
        first = [client.get(THING).status_code for _ in range(2)]
    with requests.Session() as session:
        return [*first, session.post(THING, json={"a": 1}).status_code]


def _models():
    client = models("OpenAI")
    client.chat.completions.create(model="stumbling", messages=MESSAGES)
    found = client.embeddings.create(
        model="vectors", input=["a", "b", "c"], encoding_format="float", dimensions=2
    )
    return len(found.data)


def _cached():
    cache = caches["default"]
    cache.delete("tally:1")
    cache.add("tally:1", 5)
    cache.touch("tally:1", 60)
    changed = [cache.incr("tally:1"), cache.decr("tally:1", 2), "tally:1" in cache]
    cache.set_many({"shelf:1": 1, "shelf:2": b"22"})
    cache.get_many(["shelf:1", "shelf:2", "shelf:3"])
    cache.delete_many(["shelf:1", "shelf:2"])
    return [*changed, cache.get("gone:1"), cache.get_or_set("made:1", "once")]


def _stocked():
    """Three transactions, each in the one before; the innermost is undone."""
    with transaction.atomic():
        Ware.objects.select_for_update().get(pk=1)
        with transaction.atomic():
            Ware.objects.filter(pk=1).update(stock=9)
            try:
                with transaction.atomic():
                    Ware.objects.filter(pk=2).update(stock=8)
                    raise KeyError("undone")
            except KeyError:
                return Ware.objects.get(pk=2).stock


def _enqueued():
    from bazaar.celery import letter

    letter.delay(1)
    letter.apply_async((2,), queue="slow")
    letter.apply((3,))


def whole(request):
    """``items`` of every kind of work."""
    with transaction.atomic():
        called = _services()
    _enqueued()
    return JsonResponse({"items": [called, _models(), _cached(), _stocked()]})


def streamed(request):
    """A model's words passed on, with what the database says between."""

    def pieces():
        asked = {"model": "small", "messages": MESSAGES, "stream": True}
        options = {"include_usage": True}
        said = models("OpenAI").chat.completions.create(**asked, stream_options=options)
        for piece in said:
            if piece.choices:
                yield piece.choices[0].delta.content.encode()
        for ware in Ware.objects.order_by("id"):
            yield ware.name.encode()

    return StreamingHttpResponse(pieces(), content_type="text/plain")


async def later(request):
    """Async clients, two calls at the same time."""
    import httpx

    cache, client = caches["default"], models("AsyncOpenAI")
    async with httpx.AsyncClient(verify=False) as plain:
        chat = client.chat.completions.create(model="stumbling", messages=MESSAGES)
        await asyncio.gather(chat, plain.get(THING))
    await cache.aset("later:1", 1)
    kept = [await cache.aget("later:1"), await cache.aget("later:2"), await cache.aincr("later:1")]
    return JsonResponse({"items": [kept, await sync_to_async(_stocked)()]})
