"""`celery -A bazaar.celery worker`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bazaar.settings")
app = Celery("bazaar")
app.config_from_object("django.conf:settings", namespace="CELERY")


@app.task(name="post.letter")
def letter(stall: int) -> int:
    from bazaar.models import Stall

    return Stall.objects.filter(pk=stall).count()
