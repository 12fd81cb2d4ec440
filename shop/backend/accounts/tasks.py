"""Periodic work of the accounts."""

from celery import shared_task

from shop.sessions import SessionStore


@shared_task
def clear_sessions() -> None:
    """Delete the sessions that have expired."""
    SessionStore.clear_expired()
