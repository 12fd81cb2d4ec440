"""A project like any other. It knows nothing of brownout."""

import os
from pathlib import Path
from urllib.parse import urlsplit

BASE_DIR = Path(__file__).parents[1]
DATA = Path(os.environ.get("DATA", BASE_DIR))
SECRET_KEY = "bazaar"
DEBUG = os.environ.get("DEBUG") == "1"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "bazaar.urls"
WSGI_APPLICATION = "bazaar.wsgi.application"
INSTALLED_APPS = [
    *(["silk"] if os.environ.get("SILK") else []),
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "bazaar",
]
if os.environ.get("TASKS"):
    TASKS = {"default": {"BACKEND": os.environ["TASKS"], "QUEUES": ["post"]}}
    INSTALLED_APPS += os.environ.get("TASKS_APPS", "").split()
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    *(["silk.middleware.SilkyMiddleware"] if os.environ.get("SILK") else []),
]
if os.environ.get("MIDDLEWARE"):
    MIDDLEWARE.append(os.environ["MIDDLEWARE"])
if os.environ.get("TWO_LINES"):
    INSTALLED_APPS += ["brownout.meter.apps.Meter"]
    MIDDLEWARE.insert(0, "brownout.meter.middleware.Meter")
if os.environ.get("DATABASE_URL"):
    place = urlsplit(os.environ["DATABASE_URL"])
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": place.hostname,
            "PORT": place.port,
            "USER": place.username,
            "PASSWORD": place.password,
            "NAME": place.path.strip("/"),
            "OPTIONS": {"pool": {"min_size": 1, "max_size": 1}} if os.environ.get("POOL") else {},
        }
    }
else:
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA / "db.sqlite3"}}
if os.environ.get("ARCHIVE"):
    DATABASES["archive"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA / "archive"}
BACKENDS = "django.core.cache.backends."
CACHES = {
    "default": {"BACKEND": BACKENDS + "locmem.LocMemCache"},
    "file": {"BACKEND": BACKENDS + "filebased.FileBasedCache", "LOCATION": DATA / "cache"},
    "db": {"BACKEND": BACKENDS + "db.DatabaseCache", "LOCATION": "cached"},
}
if os.environ.get("REDIS"):
    CACHES["redis"] = {
        "BACKEND": BACKENDS + "redis.RedisCache",
        "LOCATION": os.environ["REDIS"],
    }
if os.environ.get("MEMCACHED"):
    CACHES["memcached"] = {
        "BACKEND": BACKENDS + "memcached.PyMemcacheCache",
        "LOCATION": os.environ["MEMCACHED"],
    }
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {}}
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
LOGGING_CONFIG = None
REST_FRAMEWORK = {"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]}
CELERY_TASK_ALWAYS_EAGER = bool(os.environ.get("EAGER"))
CELERY_BROKER_URL = os.environ.get("BROKER", "memory://")
