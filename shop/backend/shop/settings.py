"""Settings, all of them from the environment with defaults for a developer's machine."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = os.environ.get("SECRET_KEY", "for-development-only")
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
RELEASE = os.environ.get("RELEASE", "development")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "rest_framework",
    "catalog",
    "reviews",
    "orders",
    "recommendations",
    "search",
    "accounts",
    "assistant",
    "pages",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"

_database = urlsplit(os.environ.get("DATABASE_URL", "postgresql://shop:shop@127.0.0.1:5432/shop"))
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.path.lstrip("/"),
        "USER": _database.username,
        "PASSWORD": unquote(_database.password or ""),
        "HOST": _database.hostname,
        "PORT": _database.port,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ.get("CACHE_URL", "redis://127.0.0.1:6379/0"),
        "KEY_PREFIX": "shop",
        # Raise when the shape of a cached value changes: old releases may serve beside new ones.
        "VERSION": 3,
        "TIMEOUT": 300,
    }
}

SESSION_ENGINE = "shop.sessions"
SESSION_COOKIE_SAMESITE = "Lax"  # see accounts.authentication
PASSWORD_HASHERS = ["accounts.hashers.Scrypt"]

CELERY_BROKER_URL = os.environ.get("BROKER_URL", "redis://127.0.0.1:6379/1")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Queues by what waits: a mail is not behind ten thousand embeddings. Workers take all of them.
CELERY_TASK_ROUTES = {
    "orders.tasks.*": {"queue": "mail"},
    "reviews.tasks.*": {"queue": "summaries"},
    "search.tasks.*": {"queue": "embeddings"},
    "recommendations.tasks.*": {"queue": "recommendations"},
}
CELERY_BEAT_SCHEDULE = {
    "refresh-top-lists": {"task": "catalog.tasks.refresh_top_lists", "schedule": 45.0},
    "confirm-late": {"task": "orders.tasks.confirm_late", "schedule": 300.0},
    "recommend": {
        "task": "recommendations.tasks.recommend",
        "schedule": crontab(minute=10, hour=3),
    },
    "summarise-popular": {
        "task": "reviews.tasks.summarise_popular",
        "schedule": crontab(minute=40, hour=3),
    },
    "clear-sessions": {
        "task": "accounts.tasks.clear_sessions",
        "schedule": crontab(minute=0, hour=4),
    },
    "forget-vitals": {"task": "pages.tasks.forget_vitals", "schedule": crontab(minute=5, hour=4)},
}
CELERY_BEAT_SCHEDULE_FILENAME = os.environ.get("CELERY_BEAT_SCHEDULE", "/tmp/shop-beat")

EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = os.environ.get("MAIL_DIR", str(BASE_DIR / "mail"))
DEFAULT_FROM_EMAIL = "orders@shop.example"

# Embeddings and chat: our own service, or any provider that speaks OpenAI's protocol.
AI_BASE_URL = os.environ.get("AI_BASE_URL", "http://127.0.0.1:8100/v1")
AI_API_KEY = os.environ.get("AI_API_KEY", "local")
AI_EMBEDDING_MODEL = os.environ.get("AI_EMBEDDING_MODEL", "embedding")
AI_CHAT_MODEL = os.environ.get("AI_CHAT_MODEL", "summary")
# Recommendations, delivery times and sentiment: our own service.
MODELS_URL = os.environ.get("MODELS_URL", "http://127.0.0.1:8100")
# When the provider's embedding model is not the one that made the stored vectors: "reembed" all
# books and search with the old vectors until then, or "refuse" to search by meaning.
SEARCH_ON_MISMATCH = os.environ.get("SEARCH_ON_MISMATCH", "reembed")
if SEARCH_ON_MISMATCH not in ("reembed", "refuse"):
    raise ImproperlyConfigured(f"SEARCH_ON_MISMATCH={SEARCH_ON_MISMATCH}: reembed or refuse?")

FRONTEND_DIST = Path(os.environ.get("FRONTEND_DIST", BASE_DIR.parent / "frontend" / "dist"))
STATIC_URL = "/static/"
WHITENOISE_ROOT = FRONTEND_DIST
# Every release's assets, published before it serves: while two releases serve side by side, each
# answers for what a page of the other names.
FRONTEND_ASSETS = Path(os.environ.get("FRONTEND_ASSETS", FRONTEND_DIST / "assets"))
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/assets/.+-[A-Za-z0-9_-]{8}\.\w+$"

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
APPEND_SLASH = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = None

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["shop.parsing.SmallJSON"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
