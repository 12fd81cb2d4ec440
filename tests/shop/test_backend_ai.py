"""The shop while its AI service is away, slow, refuses or answers nonsense; another provider."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from backend import Backend, Provider
from waiting import PATIENCE

from brownout.stack.processes.ports import free_ports

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    made = Backend(tmp_path_factory.mktemp("run"))
    try:
        yield made
    finally:
        made.stack.stop()


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.close()


VISIT = """
import uuid
page = client.get("/api/books/7/").json()
found = client.get("/api/search/?q=lantern").json()
home = client.get("/api/home/")
asked = send("/api/books/7/ask/", {"question": "Is it good?"})
client.cookies["visitor"] = str(uuid.uuid4())
send("/api/cart/items/", {"book": 7})
bought = send("/api/checkout/", {"name": "T", "email": "t@example.com", "city": "Brenn"})
say(page=[bool(page["title"] and page["description"]), page["similar"], page["delivery"]],
    search=[found["total"] > 0, found["semantic"]], home=home.status_code,
    asked=[asked.status_code, asked.json()], bought=[bought.status_code, bought.json()["delivery"]])
"""

AWAY = "The assistant is away at the moment. Please try again later."


def without_ai(said: list[dict[str, Any]]) -> None:
    assert said == [
        {
            "page": [True, [], None],
            "search": [True, None],
            "home": 200,
            "asked": [503, {"detail": AWAY}],
            "bought": [201, None],
        }
    ]


MANNERS = ("slow", "drips", "html", "shape", "short", "nan", "absurd", "wants-key")
WRONG = ("http://127.0.0.1:{port}", "nowhere", "http://[", "", "ftp://x")


@pytest.fixture(scope="module")
def visits(backend: Backend, provider: Provider) -> Iterator[dict[str, Future[Any]]]:
    """What a visitor is told with each provider: several at a time, as some wait out every
    time-out. Each has a cache of its own."""
    settings = []
    for manner in MANNERS:
        url = f"{provider.url}/{manner}"
        settings.append({"AI_BASE_URL": f"{url}/v1", "MODELS_URL": url})
    for wrong in WRONG:
        url = wrong.format(port=free_ports(1)[0])
        settings.append({"AI_BASE_URL": url, "MODELS_URL": url})
    caches = [backend.cache(number) for number in range(2, 16)]
    with ThreadPoolExecutor(4) as pool:
        yield {
            name: pool.submit(backend.python, VISIT, CACHE_URL=cache, **each)
            for name, cache, each in zip((*MANNERS, *WRONG), caches, settings, strict=False)
        }


@pytest.mark.parametrize("manner", MANNERS)
def test_every_page_does_without_a_provider_that_misbehaves(
    visits: dict[str, Future[Any]], manner: str
) -> None:
    without_ai(visits[manner].result())


@pytest.mark.parametrize("url", WRONG)
def test_every_page_does_with_an_address_that_is_wrong(
    visits: dict[str, Future[Any]], url: str
) -> None:
    without_ai(visits[url].result())


VERSIONS = """
from search.models import BookVector, NextVector
def versions():
    return sorted(set(BookVector.objects.values_list("version", flat=True)))
def stored():
    return [versions(), BookVector.objects.count(), NextVector.objects.count()]
def search():
    return client.get("/api/search/?q=lantern").json()["semantic"]
"""


def test_another_provider_embeds_all_books_before_it_serves(
    backend: Backend, provider: Provider
) -> None:
    other = {
        "AI_BASE_URL": f"{provider.url}/wants-key/v1",
        "AI_API_KEY": Provider.KEY,
        "AI_EMBEDDING_MODEL": Provider.MODEL,
    }
    # Refused: the words alone are searched, and nothing is embedded.
    refused = VERSIONS + "say(semantic=search(), stored=stored())"
    assert backend.python(refused, SEARCH_ON_MISMATCH="refuse", **other) == [
        {"semantic": None, "stored": [["2026-09"], 2000, 0]}
    ]
    with pytest.raises(AssertionError, match="SEARCH_ON_MISMATCH=maybe: reembed or refuse"):
        backend.python(refused, SEARCH_ON_MISMATCH="maybe", **other)
    script = VERSIONS + (
        "import numpy as np\n"
        "say(first=search(), stored=stored(), second=search(), again=search())\n"
        "one = np.frombuffer(BookVector.objects.first().vector, '<f4')\n"
        "say(length=round(float(np.linalg.norm(one)), 5))\n"
    )
    said, one = backend.python(script, **other)
    assert one == {"length": 1.0}
    # The first search finds old vectors that nobody can ask any more; the second the new ones.
    assert said["stored"] == [[Provider.MODEL], 2000, 0]
    assert said["first"] is None
    assert said["second"] == {"model": Provider.MODEL, "version": Provider.MODEL}
    assert said["again"] == said["second"]
    # And back; our own service still answers in the name of the old version meanwhile.
    [said] = backend.python(VERSIONS + "say(first=search(), second=search(), stored=stored())")
    assert said["second"] == {"model": "embedding", "version": "2026-09"}
    assert said["stored"] == [["2026-09"], 2000, 0]


def test_a_version_of_our_own_serves_until_another_has_embedded_all(backend: Backend) -> None:
    script = VERSIONS + (
        "app.conf.task_always_eager = False\n"
        "from search import tasks\n"
        "queued = []\n"
        "tasks.embed_books.delay = lambda *args: queued.append(args)\n"
        "say(first=search(), again=search(), queued=queued, stored=stored())\n"
        "work = list(queued)\n"
        "while work:\n"
        "    queued.clear()\n"
        "    tasks.embed_books(*work.pop(0))\n"
        "    tasks.embed_books(*work.pop(0)) if work else None\n"
        "    work += queued\n"
        "say(after=search(), stored=stored())\n"
        "tasks.embed_books('2026-10')\n"
        "tasks.embed_books('2026-09')\n"
        "say(stored=stored())\n"
    )
    backend.stack.set_model("embedding", "2026-10")
    try:
        before, after, again = backend.python(script)
    finally:
        backend.stack.set_model("embedding", "2026-09")
        backend.python(VERSIONS + "search(); say(stored=stored())")
    served = {"model": "embedding", "version": "2026-09"}
    assert (before["first"], before["again"], before["queued"]) == (served, served, [["2026-10"]])
    assert before["stored"] == [["2026-09"], 2000, 0]
    assert after["after"] == {"model": "embedding", "version": "2026-10"}
    # Once more, and for a version that no longer answers: nothing happens.
    assert after["stored"] == again["stored"] == [["2026-10"], 2000, 0]


def test_of_books_as_near_those_that_sell_come_first(backend: Backend) -> None:
    """What sells is looked up once an hour, not for each search."""
    script = """
from django.test.utils import CaptureQueriesContext
from catalog.models import Book
from search import vectors
from search.semantic import nearest
def found():
    return nearest("astronomy universe")[0]
first = found()
last = Book.objects.filter(id=first[-1])
[sold] = last.values_list("sold", flat=True)
last.update(sold=10**6)
with CaptureQueriesContext(connection) as asked:
    again = found()
vectors._held = vectors._held._replace(until=0.0)
now = found()
say(several=len(first) > 10, same=again == first, asked=len(asked),
    now=now == [first[-1], *first[:-1]])
last.update(sold=sold)
"""
    [said] = backend.python(script)
    assert said == {"several": True, "same": True, "asked": 0, "now": True}


def test_an_answer_holds_no_connection_and_stops_when_nobody_listens(
    backend: Backend, provider: Provider
) -> None:
    script = """
answer = send("/api/books/7/ask/", {"question": "Is it good?"})
events = iter(answer.streaming_content)
closed = connection.connection is None
say(status=answer.status_code, closed=closed, first=next(events).decode())
answer.close()
"""
    [said] = backend.python(script, AI_BASE_URL=f"{provider.url}/endless/v1")
    assert said == {"status": 200, "closed": True, "first": 'data: {"text": "word "}\n\n'}
    assert provider.hung_up.wait(PATIENCE)


def test_nonsense_is_not_kept_for_the_next_who_asks(backend: Backend, provider: Provider) -> None:
    search = 'say(semantic=client.get("/api/search/?q=lantern").json()["semantic"])'
    script = f"""
from django.test import override_settings
from shop import provider
with override_settings(AI_BASE_URL="{provider.url}/absurd/v1"):
    {search}
provider._client.cache_clear()
{search}
"""
    assert backend.python(script) == [
        {"semantic": None},
        {"semantic": {"model": "embedding", "version": "2026-09"}},
    ]


def test_an_answer_without_an_end_is_broken_off(backend: Backend, provider: Provider) -> None:
    script = """
from shop import provider
provider.CHAT = 0.3
answer = send("/api/books/7/ask/", {"question": "Is it good?"})
say(last=b"".join(answer.streaming_content).decode().split("\\n\\n")[-2])
"""
    [said] = backend.python(script, AI_BASE_URL=f"{provider.url}/endless/v1")
    assert said == {"last": 'data: {"error": "The answer broke off. Please ask again."}'}


def test_an_answer_that_breaks_off_says_so(backend: Backend, provider: Provider) -> None:
    script = """
answer = send("/api/books/7/ask/", {"question": "Is it good?"})
say(events=b"".join(answer.streaming_content).decode().split("\\n\\n"))
"""
    [said] = backend.python(script, AI_BASE_URL=f"{provider.url}/breaks/v1")
    assert said["events"] == [
        'data: {"text": "It is "}',
        'data: {"error": "The answer broke off. Please ask again."}',
        "",
    ]
