"""What Django itself does: queries, transactions, templates, streams, threads, caches, tasks."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

from django.core.cache import caches
from django.db import connection, transaction
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render

from bazaar.models import Stall, Ware


def ping(request):
    return HttpResponse(b"pong")


def stalls(request):
    found = [
        {"name": stall.name, "wares": [w.name for w in stall.wares.order_by("id")]}
        for stall in Stall.objects.order_by("id")
    ]
    return JsonResponse({"items": found})


def both(request):
    """The same statement asked of two databases, by one line."""
    for alias in ("default", "archive", "default"):
        list(Stall.objects.using(alias).order_by("id"))  # asks both
    return JsonResponse({})


def prefetched(request):
    found = []
    for last in (4, 6):  # wares of two stalls, and of three
        wares = Ware.objects.filter(pk__lte=last).order_by("pk").prefetch_related("stall")
        found += [ware.stall.name for ware in wares]
    return JsonResponse({"items": found})


async def later(request):
    names = [stall.name async for stall in Stall.objects.order_by("id")]
    await caches["default"].aset("later:1", names)
    again = await caches["default"].aget("later:1")
    return JsonResponse({"stalls": await Stall.objects.acount(), "names": again})


def nested(request):
    with transaction.atomic():
        Ware.objects.filter(pk=1).update(stock=9)
        try:
            with transaction.atomic():
                Ware.objects.filter(pk=2).update(stock=8)
                raise KeyError("undone")
        except KeyError:
            pass
    return JsonResponse(
        {"stock": list(Ware.objects.order_by("id").values_list("stock", flat=True))}
    )


def page(request):
    return render(request, "stalls.html", {"stalls": Stall.objects.order_by("id")})


def stream(request):
    def pieces():
        for ware in Ware.objects.order_by("id"):
            yield f"{ware.name}\n".encode()

    return StreamingHttpResponse(pieces(), content_type="text/plain")


def _count(found):
    found.append(Ware.objects.count())
    connection.close()


def threads(request):
    found = []
    alone = threading.Thread(target=_count, args=(found,))
    alone.start()
    alone.join()
    with ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            pool.submit(_count, found)
    return JsonResponse({"counts": found})


def cached(request, alias):
    cache = caches[alias]
    cache.set("book:1", "x" * 100)
    values = [cache.get("book:1"), cache.get("book:2", "none")]
    cache.set_many({"shelf:1": 1, "shelf:2": [2]})
    many = cache.get_many(["shelf:1", "shelf:2", "shelf:3"])
    cache.delete("book:1")
    cache.set("visits", 1)
    visits = cache.incr("visits")
    made = cache.get_or_set("made:1", lambda: "new", 60)
    again = cache.get_or_set("made:1", lambda: "newer", 60)
    cache.delete_many(["shelf:1", "shelf:2", "made:1"])
    return JsonResponse({"values": values, "many": many, "visits": visits, "made": [made, again]})


def enqueue(request):
    from bazaar.celery import letter

    letter.delay(1)
    letter.delay(2)
    letter.apply_async((3,), queue="slow")
    return JsonResponse({}, status=202)


def posted(request):
    from bazaar.tasks import later, parcel

    for how in ("", "fails", "exits"):
        parcel.enqueue(how)
    later.enqueue("")
    return JsonResponse({"stalls": Stall.objects.count()}, status=202)


async def posted_later(request):
    from bazaar.tasks import parcel

    await parcel.aenqueue("")
    return JsonResponse({"stalls": await Stall.objects.acount()}, status=202)


def interrupted(request):
    from bazaar.tasks import parcel

    with contextlib.suppress(KeyboardInterrupt):
        parcel.enqueue("interrupted")
    return JsonResponse({"stalls": Stall.objects.count()}, status=202)


def boom(request):
    Stall.objects.count()
    raise ZeroDivisionError("no stall")
