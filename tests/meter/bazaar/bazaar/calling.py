"""Calls to other services, through each library."""

import os
import threading

from django.http import JsonResponse

SERVICE = os.environ.get("SERVICE", "http://127.0.0.1:9")


def _httpx(library):
    with library.Client() as client:
        return [client.get(f"{SERVICE}/things/{n}").status_code for n in (1, 2)]


def _requests():
    import requests

    return [requests.get(f"{SERVICE}/things/{n}").status_code for n in (1, 2)]


def _urllib3():
    import urllib3

    pool = urllib3.PoolManager()
    return [pool.request("GET", f"{SERVICE}/things/{n}").status for n in (1, 2)]


def _call(library):
    if library == "requests":
        return _requests()
    if library == "urllib3":
        return _urllib3()
    return _httpx(__import__(library))


def call(request, library):
    return JsonResponse({"statuses": _call(library)})


async def call_later(request):
    import httpx

    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{SERVICE}/things/7")
    return JsonResponse({"statuses": [answer.status_code]})


def _client(**options):
    import openai

    return openai.OpenAI(base_url=f"{SERVICE}/v1", api_key="none", **options)


def ai(request, what):
    messages = [{"role": "user", "content": "What is sold here?"}]
    with _client(max_retries=2) as client:
        if what == "chat":
            for _ in range(2):
                answer = client.chat.completions.create(model="small", messages=messages)
            return JsonResponse({"said": answer.choices[0].message.content})
        if what == "retried":
            answer = client.chat.completions.create(model="flaky", messages=messages)
            return JsonResponse({"said": answer.choices[0].message.content})
        if what == "streamed":
            pieces = client.chat.completions.create(
                model="small",
                messages=messages,
                stream=True,
                stream_options={"include_usage": True},
            )
            said = "".join(p.choices[0].delta.content or "" for p in pieces if p.choices)
            return JsonResponse({"said": said})
        found = client.embeddings.create(
            model="vectors", input=["a", "b", "c"], encoding_format="float"
        )
        return JsonResponse({"vectors": len(found.data)})


def direct_redis(request):
    import redis

    with redis.Redis.from_url(os.environ["REDIS"]) as client:
        client.set("basket:17", "apples")
        found = client.get("basket:17")
        with client.pipeline() as pipe:
            pipe.incr("sold:1")
            pipe.incr("sold:2")
            pipe.execute()
        client.delete("basket:17", "sold:1", "sold:2")
    return JsonResponse({"basket": found.decode()})


def unseen(request):
    import sqlite3

    with sqlite3.connect(":memory:") as own:
        [one] = own.execute("SELECT 1").fetchone()
    return JsonResponse({"one": one, "threads": threading.active_count() > 0})
