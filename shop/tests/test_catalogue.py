"""Lists, book pages, reviews and search."""

from __future__ import annotations

import base64
import datetime as dt
import json
import unittest

from tests.session import Visitor, customer

KEYS = {
    "popular": None,
    "rating": lambda book: -book["rating"],
    "price": lambda book: book["price_cents"],
}


class CatalogueTest(unittest.TestCase):
    def setUp(self) -> None:
        self.visitor = Visitor(anonymous=True)

    def test_health_names_the_release(self) -> None:
        answer = self.visitor.get("/healthz")
        self.assertEqual(answer["status"], "ok")
        self.assertIn("release", answer)

    def test_pages_are_documents(self) -> None:
        for path in (
            "/", "/books", "/books/1", "/cart", "/search", "/checkout", "/orders", "/orders/1",
            "/account", "/assistant",
        ):  # fmt: skip
            response = self.visitor.http.get(path)
            self.assertEqual(response.status_code, 200, path)
            self.assertIn('id="root"', response.text)

    def test_what_is_not_there_says_so(self) -> None:
        for path in (
            "/api/nothing/",
            "/api/books/abc/",
            "/api/books/-1/",
            "/assets/a%00b.js",
            "/assets/none.js",
        ):
            self.assertEqual(self.visitor.get(path, 404), {"detail": "Not found."})
        for id in (0, 2**31, 2**63, 10**30):
            self.assertIn("detail", self.visitor.get(f"/api/books/{id}/", 404))
        self.assertIn("detail", self.visitor.get("/api/books/99999999/reviews/", 404))
        self.assertIn("detail", self.visitor.get("/api/search/?q=x&" + "a&" * 1500, 400))
        response = self.visitor.http.get("/nothing")
        self.assertEqual(response.status_code, 404)
        self.assertIn('id="root"', response.text)

    def test_home_has_three_lists(self) -> None:
        home = self.visitor.get("/api/home/")
        self.assertEqual({len(home[name]) for name in ("recommended", "popular", "new")}, {12})
        self.assertEqual((home["known"], home["source"]), (False, None))

    def test_home_says_who_recommends_and_since_when(self) -> None:
        for _ in range(2):  # as it is made, and as it is kept
            home = customer(1).get("/api/home/")
            self.assertTrue(home["known"])
            self.assertEqual(home["source"]["model"], "recommender")
            self.assertTrue(home["source"]["version"])
            made = dt.datetime.fromisoformat(home["source"]["created"])
            self.assertLess(dt.datetime.now(dt.UTC) - made, dt.timedelta(hours=38))
            self.assertEqual(len(home["recommended"]), 12)

    def test_genres_count_their_books(self) -> None:
        genres = self.visitor.get("/api/genres/")
        self.assertEqual(len(genres), 24)
        self.assertTrue(all(g["books"] > 0 for g in genres))
        self.assertEqual(sorted(g["name"] for g in genres), [g["name"] for g in genres])

    def test_lists_are_ordered_and_pages_do_not_overlap(self) -> None:
        genre = max(self.visitor.get("/api/genres/"), key=lambda g: g["books"])["slug"]
        for sort, key in KEYS.items():
            seen: list[dict] = []
            after = ""
            for _ in range(3):
                page = self.visitor.get(f"/api/books/?genre={genre}&sort={sort}&after={after}")
                seen += page["results"]
                after = page["next"]
            self.assertEqual(len({book["id"] for book in seen}), 72, sort)
            if key:
                self.assertEqual([key(b) for b in seen], sorted(key(b) for b in seen), sort)

    def test_wrong_parameters_are_refused(self) -> None:
        self.assertIn("sort", self.visitor.get("/api/books/?sort=colour", 400))
        self.assertIn("after", self.visitor.get("/api/books/?after=nonsense", 400))
        self.assertIn("q", self.visitor.get("/api/search/?q=", 400))
        for name, text in (
            ("min_price", "-1"), ("max_price", "1e9"), ("max_price", "99999999999999999999"),
            ("min_rating", "6"), ("min_rating", "nan"), ("min_rating", "five"), ("in_stock", "2"),
            ("genre", "x" * 51), ("genre", "a%00b"),
        ):  # fmt: skip
            self.assertIn(name, self.visitor.get(f"/api/books/?{name}={text}", 400), text)
        self.assertIn("max_price", self.visitor.get("/api/books/?min_price=9&max_price=8", 400))

    def test_made_up_cursors_are_refused(self) -> None:
        for sort in ("popular", "newest", "rating", "price"):
            for values in (
                ["x", 1],
                [None, 1],
                [[], {}],
                ["\0", 1],
                [1],
                {},
                [1e300, 1],
                [1e999, 1],
                ["2020-01-01", -1e999],
                [10**400, 10**400],
                ["NaN", 1],
            ):
                text = json.dumps(values).encode()
                cursor = base64.urlsafe_b64encode(text).decode().rstrip("=")
                answer = self.visitor.http.get(f"/api/books/?sort={sort}&after={cursor}")
                self.assertIn(answer.status_code, (200, 400), (sort, values))

    def test_lists_are_narrowed(self) -> None:
        query = "min_price=1500&max_price=2500&min_rating=3.5&in_stock=1&genre="
        for sort in ("popular", "price"):
            page = self.visitor.get(f"/api/books/?sort={sort}&{query}")
            further = self.visitor.get(f"/api/books/?sort={sort}&{query}&after={page['next']}")
            books = page["results"] + further["results"]
            self.assertEqual(len({book["id"] for book in books}), 48)
            self.assertTrue(all(1500 <= book["price_cents"] <= 2500 for book in books))
            self.assertTrue(all(book["rating"] >= 3.5 for book in books))

    def test_an_unknown_genre_is_empty_and_an_unknown_book_missing(self) -> None:
        self.assertEqual(self.visitor.get("/api/books/?genre=nothing")["results"], [])
        self.visitor.get("/api/books/99999999/", 404)

    def test_a_book_page_has_everything(self) -> None:
        card = self.visitor.get("/api/books/?sort=popular")["results"][0]
        book = self.visitor.get(f"/api/books/{card['id']}/")
        for name in ("title", "authors", "price_cents", "rating"):
            self.assertEqual(book[name], card[name])
        self.assertTrue(book["description"])
        self.assertEqual(set(book["genre"]), {"slug", "name"})
        self.assertEqual(len(book["similar"]), 6)
        self.assertNotIn(book["id"], [other["id"] for other in book["similar"]])
        self.assertGreater(book["delivery"]["hours"], 0)
        for other in book["similar"]:
            reviews = self.visitor.get(f"/api/books/{other['id']}/reviews/")["results"]
            self.assertEqual(other["opinion"], reviews[0]["text"] if reviews else None)

    def test_reviews_are_newest_first_complete_and_named(self) -> None:
        card = self.visitor.get("/api/books/?sort=popular")["results"][0]
        book = self.visitor.get(f"/api/books/{card['id']}/")
        path, after, found = f"/api/books/{card['id']}/reviews/", "", []
        while after is not None:
            page = self.visitor.get(f"{path}?after={after}")
            found += page["results"]
            after = page["next"]
        self.assertEqual(len({review["id"] for review in found}), book["review_count"])
        created = [review["created"] for review in found]
        self.assertEqual(created, sorted(created, reverse=True))
        self.assertTrue(all(review["reviewer"] and review["city"] for review in found))
        shown = [review["id"] for review in book["reviews"]]
        self.assertGreaterEqual(len(shown), min(20, len(found)))
        self.assertEqual(shown, [review["id"] for review in found[: len(shown)]])
        names = {review["id"]: review["reviewer"] for review in found}
        for review in book["reviews"]:
            self.assertEqual(review["reviewer"], names[review["id"]])

    def test_search_finds_by_the_words_of_a_title(self) -> None:
        found = self.visitor.get("/api/search/?q=lantern")
        self.assertGreater(found["total"], 0)
        self.assertTrue(any("Lantern" in book["title"] for book in found["results"]))
        self.assertEqual(self.visitor.get("/api/search/?q=qqzzxx")["total"], 0)
