"""The seldom ways through each adapter: what one piece of code comes to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import elsewhere
import pytest
from service import Service

from brownout.meter.clients import calls

SNIPPETS = {
    "stream left early": """
with httpx.Client() as client:
    with client.stream("GET", SERVICE + "/things/1") as answer:
        pass
""",
    "stream broken off": """
class Broken(httpx.SyncByteStream):
    def __iter__(self):
        yield b"some"
        raise httpx.ReadError("reset")
transport = httpx.MockTransport(lambda asked: httpx.Response(200, stream=Broken()))
with httpx.Client(transport=transport) as client:
    try:
        with client.stream("GET", SERVICE + "/things/1") as answer: answer.read()
    except httpx.ReadError: pass
""",
    "stream never closed": """
client = httpx.Client()
kept = client.send(client.build_request("GET", SERVICE + "/things/1"), stream=True)
""",
    "openai broken out of": """
client = openai.OpenAI(base_url=SERVICE + "/v1", api_key="x")
kept = client.chat.completions.create(model="small", messages=[], stream=True)
for piece in kept:
    break
""",
    "openai never read": """
client = openai.OpenAI(base_url=SERVICE + "/v1", api_key="x")
kept = client.chat.completions.create(model="small", messages=[], stream=True)
""",
    "openai in async, broken out of": """
async def ask():
    client = openai.AsyncOpenAI(base_url=SERVICE + "/v1", api_key="x")
    pieces = await client.chat.completions.create(model="small", messages=[], stream=True)
    async for piece in pieces:
        return client, pieces
loop = asyncio.new_event_loop()
kept = loop.run_until_complete(ask())
""",
    "openai streamed at the second attempt": """
with openai.OpenAI(base_url=SERVICE + "/v1", api_key="x") as client:
    list(client.chat.completions.create(model="stumbling", messages=[], stream=True,
            stream_options={"include_usage": True}))
""",
    "httpx redirected": """
httpx.get(SERVICE + "/moved/1", follow_redirects=True)
""",
    "httpx to nobody": """
try: httpx.get("http://127.0.0.1:9/x/1")
except httpx.ConnectError: pass
""",
    "openai in async, streamed": """
async def ask():
    async with openai.AsyncOpenAI(base_url=SERVICE + "/v1", api_key="x") as client:
        pieces = await client.chat.completions.create(model="small", messages=[], stream=True,
            stream_options={"include_usage": True})
        return [piece async for piece in pieces]
asyncio.run(ask())
""",
    "openai refused at each attempt": """
with openai.OpenAI(base_url=SERVICE + "/v1", api_key="x", max_retries=1) as client:
    try: client.chat.completions.create(model="broken", messages=[])
    except openai.InternalServerError: pass
""",
    "eight together": """
async def ask():
    async with openai.AsyncOpenAI(base_url=SERVICE + "/v1", api_key="x") as client:
        await asyncio.gather(*(client.embeddings.create(model="vectors", input=[str(n)],
            encoding_format="float") for n in range(8)))
asyncio.run(ask())
""",
    "a model by httpx": """
httpx.post(SERVICE + "/v1/embeddings", json={"model": "vectors", "input": ["a", "b"]})
""",
    "requests retried": """
session = requests.Session()
retry = urllib3.Retry(total=2, status_forcelist=[500], allowed_methods=None, backoff_factor=0)
session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))
session.get(SERVICE + "/broken/once")
""",
    "requests redirected": """
requests.get(SERVICE + "/moved/1")
""",
    "requests to nobody": """
try: requests.get("http://127.0.0.1:9/x/1")
except requests.ConnectionError: pass
""",
    "the same twice": """
for _ in range(2): requests.get(SERVICE + "/things/1?page=2")
requests.get(SERVICE + "/things/1?page=3")
""",
}

SETTINGS = {"DJANGO_SETTINGS_MODULE": "bazaar.settings"}

RUN = """
import asyncio, json, os
import httpx, openai, requests, urllib3
from brownout.meter.event.work import AI_FIELDS, CURRENT, Work
SERVICE = os.environ["SERVICE"]
for name, code in SNIPPETS.items():
    work = Work("0af7651916cd43dd8448eb211c80319c")
    token = CURRENT.set(work)
    exec(code)
    CURRENT.reset(token)
    work.close()
    print(json.dumps([name, [[*key[:4], dict(zip(AI_FIELDS, values))]
        for key, values in work.ai.items()]]))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Any]]]:
    service = Service()
    env = elsewhere.metered(tmp_path_factory.mktemp("data"), "", SERVICE=service.url, **SETTINGS)
    done = elsewhere.python(env, f"SNIPPETS = {SNIPPETS!r}\n{RUN}")
    service.close()
    assert done.returncode == 0, done.stderr
    yield dict(json.loads(line) for line in done.stdout.splitlines())


COUNTED = ("calls", "inputs", "tokens_in", "tokens_out", "attempts", "errors", "repeats", "clients")

EXPECTED = {
    "stream left early": ("/things/*", "http", "", "", (1, 1, None, None, 1, 0, 0, 1)),
    "stream broken off": ("/things/*", "http", "", "", (1, 1, None, None, 1, 1, 0, 1)),
    "stream never closed": ("/things/*", "http", "", "", (1, 1, None, None, 1, 0, 0, 1)),
    **dict.fromkeys(
        ("openai broken out of", "openai in async, broken out of"),
        (
            *("/v1/chat/completions", "ai", "small", "small-7b"),
            (1, 1, None, None, 1, 0, 0, 1),
        ),
    ),
    "openai never read": (
        *("/v1/chat/completions", "ai", "small", ""),
        (1, 1, None, None, 1, 0, 0, 1),
    ),
    "openai streamed at the second attempt": (
        *("/v1/chat/completions", "ai", "stumbling", "stumbling-7b"),
        (1, 1, 11, 3, 2, 0, 0, 1),
    ),
    "httpx redirected": ("/moved/*", "http", "", "", (1, 1, None, None, 2, 0, 0, 1)),
    "httpx to nobody": ("/x/*", "http", "", "", (1, 1, None, None, 1, 1, 0, 1)),
    "openai in async, streamed": (
        *("/v1/chat/completions", "ai", "small", "small-7b"),
        (1, 1, 11, 3, 1, 0, 0, 1),
    ),
    "openai refused at each attempt": (
        *("/v1/chat/completions", "ai", "broken", ""),
        (1, 1, None, None, 2, 1, 0, 1),
    ),
    "eight together": (
        *("/v1/embeddings", "ai", "vectors", "vectors-v2"),
        (8, 8, 40, None, 8, 0, 0, 1),
    ),
    "a model by httpx": (
        *("/v1/embeddings", "ai", "vectors", "vectors-v2"),
        (1, 2, 5, None, 1, 0, 0, 1),
    ),
    "requests retried": ("/broken/once", "http", "", "", (1, 1, None, None, 2, 0, 0, 1)),
    "requests redirected": ("/moved/*", "http", "", "", (1, 1, None, None, 2, 0, 0, 1)),
    "requests to nobody": ("/x/*", "http", "", "", (1, 1, None, None, 1, 1, 0, 1)),
    "the same twice": ("/things/*", "http", "", "", (3, 3, None, None, 3, 0, 1, 3)),
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_what_it_comes_to(found: dict[str, list[Any]], name: str) -> None:
    [[*key, counts]] = found[name]
    if "broken out" in name:  # the usage may have come with the first piece
        counts |= {"tokens_in": None, "tokens_out": None}
    assert (*key, tuple(counts[field] for field in COUNTED)) == EXPECTED[name]
    assert counts["time"] > 0
    answered = "nobody" not in name
    assert (counts["first_byte"] is not None) == answered


def test_a_library_unlike_those_known_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "httpx.py").write_text("__version__ = '9.1'\ndef get(): return 'all is well'\n")
    script = (
        "import httpx\nfrom brownout.meter.event.imports import FAILED\n"
        "print(httpx.get(), *FAILED.values(), sep='; ')"
    )
    done = elsewhere.python(elsewhere.metered(tmp_path, "", PYTHONPATH=str(tmp_path)), script)
    assert done.stdout.startswith("all is well; httpx 9.1 (AttributeError: ")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:8000/books/17/", "/books/*/"),
        ("http://localhost/v1/embeddings?x=1", "/v1/embeddings"),
        ("https://api.example.com/charges/0af7651916cd43dd", "api.example.com/charges/*"),
        ("http://[::1]:80/a", "/a"),
        ("no url", "no url"),
    ],
)
def test_a_target_is_the_same_wherever_it_runs(url: str, told: str) -> None:
    assert calls.target(url) == told
