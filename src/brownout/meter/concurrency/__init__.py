"""Work that goes on elsewhere: threads, coroutines, Celery tasks."""
