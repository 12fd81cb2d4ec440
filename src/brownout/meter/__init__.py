"""The meter: runs inside a Django application, sends one wide event per request, task and command.

It is put in from outside: DJANGO_SETTINGS_MODULE=brownout.meter.settings, and the project's own
settings module in BROWNOUT_DJANGO_SETTINGS. It imports nothing of brownout but itself.
"""
