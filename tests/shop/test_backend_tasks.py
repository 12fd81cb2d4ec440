"""The shop's tasks: delivered twice, they do their work once; and its values are computed once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from backend import Backend

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    made = Backend(tmp_path_factory.mktemp("run"))
    try:
        yield made
    finally:
        made.stack.stop()


def test_a_review_is_classified_and_counted_once(backend: Backend) -> None:
    script = """
from django.utils import timezone
from reviews.models import Mood, Review
from reviews.tasks import classify
Review.objects.filter(book_id=7, customer_id=1).delete()
Mood.objects.filter(book_id=7).delete()
new = Review.objects.create(book_id=7, customer_id=1, rating=5, text="I loved it. Wonderful.",
                            created=timezone.now())
for _ in range(3):
    classify([new.id, 10**9])
first = Mood.objects.get(book_id=7)
say(kept=0 <= Review.objects.get(id=new.id).positive <= 1, reviews=first.reviews)
other = Review.objects.filter(book_id=7, positive=None).first()
for _ in range(2):
    classify([other.id, new.id])
mood = Mood.objects.get(book_id=7)
other.refresh_from_db()
mean = (first.positive + other.positive) / 2
say(mean=abs(mood.positive - mean) < 1e-9, reviews=mood.reviews)
"""
    assert backend.python(script) == [
        {"kept": True, "reviews": 1},
        {"mean": True, "reviews": 2},
    ]


def test_a_summary_is_made_when_it_is_wanted(backend: Backend) -> None:
    script = """
from catalog.models import Book
from reviews.models import Summary
from reviews.tasks import summarise, summarise_popular
book = Book.objects.order_by("-review_count", "-id").first()
Summary.objects.filter(book=book).delete()
def state():
    return list(Summary.objects.filter(book=book).values_list("reviews", "created"))
summarise(book.id)
first = state()
summarise(book.id)
summarise_popular()
say(made=len(first), same=state() == first, count=first[0][0] == book.review_count)
Summary.objects.filter(book=book).update(reviews=book.review_count // 2)
summarise_popular()
say(renewed=state()[0][0] == book.review_count)
few = Book.objects.filter(review_count__lt=5).first()
summarise(few.id)
say(few=Summary.objects.filter(book=few).count())
"""
    assert backend.python(script) == [
        {"made": 1, "same": True, "count": True},
        {"renewed": True},
        {"few": 0},
    ]


def test_every_customer_gets_a_list_and_keeps_one(backend: Backend) -> None:
    script = """
from orders.models import Customer
from recommendations.models import List
from recommendations.tasks import recommend
for _ in range(2):
    recommend()
    lists = list(List.objects.values_list("books", "version"))
    say(all=len(lists) == Customer.objects.count(), versions=sorted({v for _, v in lists}),
        sizes=sorted({len(books) for books, _ in lists}))
one = List.objects.get(customer_id=7)
List.objects.filter(customer_id=7).update(books=one.books[::-1])
from recommendations.service import for_customer
stored = for_customer(7)
say(stored=stored["books"] == one.books[::-1], since=stored["source"]["created"] == one.created,
    by=[stored["source"]["model"], stored["source"]["version"]])
from datetime import timedelta
List.objects.filter(customer_id=7).update(created=one.created - timedelta(days=3))
cache.clear()
asked = for_customer(7)
again = for_customer(7)
say(asked=asked["books"] == one.books, since=one.created < again["source"]["created"],
    same=asked == again, by=[again["source"]["model"], again["source"]["version"]])
"""
    done = {"all": True, "versions": ["2026-09"], "sizes": [12]}
    by = {"by": ["recommender", "2026-09"]}
    stored, asked = {"stored": True, "since": True}, {"asked": True, "since": True, "same": True}
    assert backend.python(script) == [done, done, stored | by, asked | by]


def test_an_order_is_confirmed_by_one_mail(backend: Backend) -> None:
    script = """
from django.core import mail
from django.test.utils import override_settings
from orders.models import Order
from orders.tasks import confirm
order = Order.objects.order_by("id").first()
Order.objects.filter(id=order.id).update(confirmed=None)
with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
    mail.outbox = []
    for _ in range(3):
        confirm(order.id)
    say(mails=len(mail.outbox), to=mail.outbox[0].to == [order.email])
"""
    assert backend.python(script) == [{"mails": 1, "to": True}]


def test_an_order_stands_without_a_queue_and_is_confirmed_later(backend: Backend) -> None:
    script = """
from datetime import timedelta
from django.core import mail
from django.test.utils import override_settings
from django.utils import timezone
from orders.models import Order
from orders.tasks import confirm_late
client.cookies["visitor"] = "6d0c2f52-7e5b-4a8e-9d55-3a1b5a4be077"
send("/api/cart/items/", {"book": 7})
app.conf.task_always_eager = False
placed = send("/api/checkout/", {"name": "T", "email": "late@example.com", "city": "Brenn"})
app.conf.task_always_eager = True
order = Order.objects.get(id=placed.json()["id"])
left = client.get("/api/cart/").json()["items"]
say(status=placed.status_code, confirmed=order.confirmed, left=left)
with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
    mail.outbox = []
    for minutes in (1, 3, 3):
        then = timezone.now() - timedelta(minutes=minutes)
        Order.objects.filter(id=order.id).update(created=then)
        confirm_late()
        say(to=[message.to for message in mail.outbox])
"""
    assert backend.python(script, BROKER_URL="redis://127.0.0.1:1/1") == [
        {"status": 201, "confirmed": None, "left": []},
        {"to": []},
        {"to": [["late@example.com"]]},
        {"to": [["late@example.com"]]},
    ]


def test_what_has_expired_is_cleared_away(backend: Backend) -> None:
    script = """
from datetime import timedelta
from django.contrib.sessions.models import Session
from django.utils import timezone
from accounts.tasks import clear_sessions
from pages.models import Vital
from pages.tasks import forget_vitals
now = timezone.now()
for number, age in enumerate((-1, 40)):
    when = now - timedelta(days=age)
    Vital.objects.create(page="/", name="LCP", value=1, session=str(age), created=when)
    Session.objects.create(session_key=f"{number}" * 32, session_data="x", expire_date=when)
for _ in range(2):
    clear_sessions()
    forget_vitals()
    say(vitals=list(Vital.objects.values_list("session", flat=True)),
        sessions=list(Session.objects.values_list("session_key", flat=True)))
"""
    left = {"vitals": ["-1"], "sessions": ["0" * 32]}
    assert backend.python(script) == [left, left]


CACHING = """
import threading
from shop import caching
from shop.caching import cached, renew
calls, begun, go_on = [], threading.Event(), threading.Event()
def compute():
    calls.append(1)
    begun.set()
    go_on.wait(5)
    return len(calls)
def fail():
    raise RuntimeError("away")
results = []
def ask(seconds=60):
    results.append(cached("dear", seconds, compute))
"""


def test_a_value_is_computed_by_one_and_awaited_by_the_others(backend: Backend) -> None:
    script = (
        CACHING
        + """
caching.PATIENCE = 30  # however busy the machine is
first = threading.Thread(target=ask)
first.start()
begun.wait(5)
others = [threading.Thread(target=ask) for _ in range(8)]
for other in others: other.start()
go_on.set()
for thread in [first, *others]: thread.join()
say(calls=len(calls), results=results)
"""
    )
    assert backend.python(script) == [{"calls": 1, "results": [1] * 9}]


def test_the_old_value_serves_while_one_renews_it_or_fails(backend: Backend) -> None:
    script = (
        CACHING
        + """
renew("dear", -1, lambda: "old")
renewing = threading.Thread(target=ask)
renewing.start()
begun.wait(5)
say(meanwhile=cached("dear", 60, fail))
go_on.set()
renewing.join()
say(renewed=results, hit=cached("dear", 60, fail))
renew("dear", -1, lambda: "old")
say(failing=[cached("dear", 60, fail) for _ in range(2)])
cache.clear()
for _ in range(2):
    try:
        cached("dear", 60, fail)
    except RuntimeError as error:
        say(error=str(error))
caching.PATIENCE = 0.1
cache.add("lock:dear", 1, 60)
say(alone=cached("dear", 60, lambda: "whoever had the lock has died"))
"""
    )
    assert backend.python(script) == [
        {"meanwhile": "old"},
        {"renewed": [1], "hit": 1},
        {"failing": ["old", "old"]},
        {"error": "away"},
        {"error": "away"},
        {"alone": "whoever had the lock has died"},
    ]
