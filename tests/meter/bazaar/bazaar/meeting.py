"""Where code that is asynchronous meets code that is not, and where requests take turns."""

import asyncio
import threading
import time

from asgiref.sync import markcoroutinefunction
from django.conf import settings
from django.http import HttpResponse

from bazaar.models import Stall, Ware

CPU = 0.05
"""Seconds of CPU time that a page takes."""

_came = threading.Event()


class SyncOnly:
    sync_capable, async_capable = True, False

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)


class AsyncOnly:
    sync_capable, async_capable = False, True

    def __init__(self, get_response):
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request):
        return await self.get_response(request)


def _spin():
    until = time.thread_time() + CPU
    while time.thread_time() < until:
        pass


def plain(request):
    _spin()
    return HttpResponse(Stall.objects.count())  # asks in plain


async def waiting(request):
    _spin()
    return HttpResponse(await Stall.objects.acount())  # asks in waiting


async def never(request):
    """It says so in the project's data that it was asked, and waits for its user to leave."""
    (settings.DATA / "asked").touch()
    await asyncio.Event().wait()


def turns(request):
    """The first waits for the second, which does its work meanwhile."""
    Stall.objects.count()  # asks first
    (settings.DATA / "asked").touch()
    _came.wait()
    return HttpResponse(Stall.objects.count())  # asks again


def between(request):
    _spin()
    for _ in range(5):
        Ware.objects.count()  # asks between
    _came.set()
    return HttpResponse()
