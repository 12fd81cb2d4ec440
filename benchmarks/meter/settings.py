"""A Django project for the benchmark; VARIANT says what is put into it."""

import json
import os
from pathlib import Path

VARIANT = os.environ["VARIANT"]
BASE_DIR = Path(__file__).parent
SECRET_KEY = "x"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "views"
DATABASES = {"default": json.loads(os.environ["DATABASE"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING_CONFIG = None
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = "/static/"

if VARIANT == "silk":
    INSTALLED_APPS += ["django.contrib.messages", "django.contrib.sessions", "silk"]
    MIDDLEWARE.insert(0, "silk.middleware.SilkyMiddleware")
elif VARIANT == "toolbar":
    DEBUG = True
    INSTALLED_APPS += ["django.contrib.staticfiles", "debug_toolbar"]
    MIDDLEWARE.insert(0, "debug_toolbar.middleware.DebugToolbarMiddleware")
    DEBUG_TOOLBAR_CONFIG = {"SHOW_TOOLBAR_CALLBACK": "views.shown"}
