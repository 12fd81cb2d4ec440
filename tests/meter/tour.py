"""Every page of the project once or more, from inside: what was answered, as JSON."""

from __future__ import annotations

TOUR = """
import asyncio, json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "bazaar.settings"
import django
django.setup()
from django.core.management import call_command
from django.test import AsyncClient, Client
call_command("fill")
client = Client(raise_request_exception=False)
said = {}
def get(path, times=1):
    for _ in range(times):
        found = client.get(path)
        body = b"".join(found) if found.streaming else found.content
        found.close()
    said[path] = [found.status_code, body.decode()[:300]]
for path in PATHS:
    get(path, TIMES)
async def get_later():
    client = AsyncClient(raise_request_exception=False)
    for path in LATER:
        for _ in range(TIMES):
            found = await client.get(path)
        said[path] = [found.status_code, found.content.decode()[:300]]
asyncio.run(get_later())
versions = {name: sys.modules[name].__version__ for name in
    ("django", "psycopg", "psycopg2", "httpx", "requests", "openai", "celery", "redis",
     "rest_framework") if name in sys.modules}
print(json.dumps({"said": said, "versions": versions}))
"""

PLAIN = (
    *("/ping/", "/stalls/", "/nested/", "/page/", "/stream/", "/threads/", "/rest/"),
    *("/enqueue/", "/boom/", "/unseen/", "/prefetched/"),
)
CACHES = ("/cache/default/", "/cache/file/", "/cache/db/")
CALLS = (
    *("/call/httpx/", "/call/httpx2/", "/call/requests/", "/call/urllib3/"),
    *("/ai/chat/", "/ai/retried/", "/ai/streamed/", "/ai/embedded/"),
)
REDIS = ("/cache/redis/", "/redis/")
LATER = ("/later/", "/call-later/")


def script(paths: tuple[str, ...], times: int = 1, later: tuple[str, ...] = LATER) -> str:
    """The tour of these pages, each so many times."""
    return f"PATHS, LATER, TIMES = {paths!r}, {later!r}, {times}\n{TOUR}"
