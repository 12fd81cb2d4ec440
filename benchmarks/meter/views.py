"""Two requests: 5 queries in about 2 ms, and 100 queries, one for each book."""

import os

from django.db import models
from django.http import JsonResponse
from django.urls import include, path

BOOKS, REVIEWS = 100, 20


class Author(models.Model):
    name = models.TextField()

    class Meta:
        app_label = "shelf"


class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE)
    title = models.TextField()
    pages = models.IntegerField()
    price = models.DecimalField(max_digits=8, decimal_places=2)
    published = models.DateTimeField()

    class Meta:
        app_label = "shelf"


def told(book):
    return {
        "id": book.id,
        "title": book.title,
        "pages": book.pages,
        "price": str(book.price),
        "published": book.published.isoformat(),
    }


def few(request):
    """5 queries."""
    found = list(Book.objects.filter(pages__gt=50).order_by("id")[:20])
    authors = {a.id: a.name for a in Author.objects.filter(id__in=[b.author_id for b in found])}
    first = Book.objects.select_related("author").get(pk=found[0].pk)
    total = Book.objects.count()
    newest = list(Book.objects.order_by("-published").values_list("id", "title")[:5])
    return JsonResponse(
        {
            "books": [told(b) | {"author": authors[b.author_id]} for b in found],
            "first": told(first) | {"author": first.author.name},
            "total": total,
            "newest": newest,
        }
    )


def many(request):
    """100 queries: 99 books' authors one by one."""
    found = list(Book.objects.order_by("id")[:99])
    return JsonResponse({"books": [told(b) | {"author": b.author.name} for b in found]})


def shown(request):
    return True


urlpatterns = [path("few/", few), path("many/", many)]
if os.environ["VARIANT"] == "toolbar":
    urlpatterns.append(path("__debug__/", include("debug_toolbar.urls")))
elif os.environ["VARIANT"] == "silk":
    urlpatterns.append(path("silk/", include("silk.urls", namespace="silk")))
