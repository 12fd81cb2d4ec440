"""The entry point of the web server."""

import gc
import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

application = get_wsgi_application()

# What every worker needs is loaded here, before the server forks them: they share its memory, and
# the collector, told that all of it stays, does not write to its pages.
_ = get_resolver().url_patterns
import_module("openai")
gc.freeze()
