"""What is metered: modules of Django and other libraries, and which function puts the meter in."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from types import ModuleType

from brownout.meter.imports import when_imported

BACKENDS = "django.core.cache.backends."

ADAPTERS = {
    "django.db.backends.base.base": "queries:install",
    "django.db": "unseen:install",
    "django.db.backends.postgresql.base": "queries:install_debugging",
    "django.utils.connection": "threads:install",
    "asgiref.sync": "coroutines:install",
    "django.core.cache": "caches:install",
    BACKENDS + "db": "pickles:install_pickling",
    BACKENDS + "filebased": "pickles:install_pickling",
    BACKENDS + "locmem": "pickles:install_pickling",
    BACKENDS + "redis": "pickles:install_pickling",
    "django_redis.serializers.pickle": "pickles:install_pickling",
    "pymemcache.serde": "pickles:install_serde",
    "django.http": "items:install",
    "django.http.response": "rendering:install_json",
    "django.template.base": "rendering:install_template",
    "jinja2.environment": "rendering:install_jinja",
    "rest_framework.response": "rendering:install_response",
    "rest_framework.serializers": "rendering:install_serializers",
    "celery.signals": "tasks:install",
    "httpx": "httpx_clients:install",
    "httpx2": "httpx_clients:install",
    "openai._base_client": "openai_client:install",
    "redis.client": "redis_client:install",
    "redis.asyncio.client": "redis_client:install_async",
    "requests.sessions": "requests_clients:install",
    "urllib3.connectionpool": "requests_clients:install_pool",
}
"""Module -> file of this folder and its function that gets the module, once it is imported."""

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
