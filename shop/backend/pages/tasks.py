"""Periodic work of the measurements."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from pages.models import Vital

KEPT = timedelta(days=30)


@shared_task
def forget_vitals() -> None:
    """Delete what was measured a month ago."""
    Vital.objects.filter(created__lt=timezone.now() - KEPT).delete()
