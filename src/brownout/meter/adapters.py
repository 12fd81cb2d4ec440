"""What is metered: modules of Django and other libraries, and which function puts the meter in."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from types import ModuleType

from brownout.meter.event.imports import when_imported

BACKENDS = "django.core.cache.backends."

ADAPTERS = {
    "django.db.backends.base.base": "database.queries:install",
    "django.db": "database.unseen:install",
    "django.db.backends.sqlite3.base": "database.database_work:install_sqlite",
    "django.db.backends.postgresql.base": "database.queries:install_debugging",
    "django.utils.autoreload": "concurrency.reloading:install",
    "werkzeug._reloader": "concurrency.reloading:install",
    "django.utils.connection": "concurrency.threads:install",
    "asgiref.current_thread_executor": "concurrency.threads:install_executor",
    "asgiref.sync": "concurrency.coroutines:install",
    "django.core.cache": "caching.caches:install",
    BACKENDS + "db": "caching.pickles:install_pickling",
    BACKENDS + "filebased": "caching.pickles:install_pickling",
    BACKENDS + "locmem": "caching.pickles:install_pickling",
    BACKENDS + "redis": "caching.pickles:install_pickling",
    "django_redis.serializers.pickle": "caching.pickles:install_pickling",
    "pymemcache.serde": "caching.pickles:install_serde",
    "django.core.management.base": "commands:install",
    "django.http": "responses.items:install",
    "django.http.response": "responses.rendering:install_json",
    "django.template.base": "responses.rendering:install_template",
    "jinja2.environment": "responses.rendering:install_jinja",
    "rest_framework.response": "responses.rendering:install_response",
    "rest_framework.serializers": "responses.rendering:install_serializers",
    "celery.signals": "concurrency.tasks:install",
    "django.tasks.signals": "concurrency.django_tasks:install",
    "django_tasks.signals": "concurrency.django_tasks:install",
    "httpx": "clients.httpx_clients:install",
    "httpx2": "clients.httpx_clients:install",
    "openai._base_client": "clients.openai_client:install",
    "redis.client": "caching.redis_client:install",
    "redis.asyncio.client": "caching.redis_client:install_async",
    "requests.sessions": "clients.requests_clients:install",
    "urllib3.connectionpool": "clients.requests_clients:install_pool",
}
"""Module -> file below this folder and its function that gets the module, once it is imported."""

_watched: set[str] = set()


def watch() -> None:
    """Meter each of these libraries, as soon as and only if the application imports it."""
    for name, adapter in ADAPTERS.items():
        if name not in _watched:
            _watched.add(name)
            when_imported(name, partial(_install, adapter))


def _install(adapter: str, library: ModuleType) -> None:
    file, _, function = adapter.partition(":")
    getattr(import_module(f"brownout.meter.{file}"), function)(library)
