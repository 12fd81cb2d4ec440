"""Customers' own reviews, what is made of them, and what they read last."""

from __future__ import annotations

import unittest

from tests.session import Visitor, member
from tests.waiting import until

PRAISE = {"rating": 5, "text": "Wonderful from the first page. I could not put it down."}


def unpopular(visitor: Visitor) -> dict:
    """A book on which a test's review changes little."""
    return visitor.get("/api/books/?sort=price")["results"][5]


class ReviewTest(unittest.TestCase):
    def test_a_review_is_shown_counted_and_read(self) -> None:
        visitor, told = member()
        card = unpopular(visitor)
        path = f"/api/books/{card['id']}/"
        before = visitor.get(path)
        written = visitor.post(f"{path}reviews/", PRAISE, 201)
        self.assertEqual((written["text"], written["reviewer"]), (PRAISE["text"], told["name"]))
        after = visitor.get(path)
        self.assertEqual(after["reviews"][0], written)
        self.assertEqual(after["review_count"], before["review_count"] + 1)
        total = before["rating"] * before["review_count"] + PRAISE["rating"]
        self.assertAlmostEqual(after["rating"], total / after["review_count"], delta=0.011)
        # A task reads it, and counts it once.
        known = before["sentiment"]["reviews"] if before["sentiment"] else 0
        mood = until(
            lambda: (found := visitor.get(path)["sentiment"]) and found["reviews"] > known and found
        )
        self.assertTrue(0 <= mood["positive"] <= 1)
        self.assertEqual(mood["reviews"], known + 1)

    def test_a_customer_reviews_a_book_once(self) -> None:
        visitor, _ = member()
        path = f"/api/books/{unpopular(visitor)['id']}/reviews/"
        visitor.post(path, PRAISE, 201)
        self.assertIn("detail", visitor.post(path, PRAISE | {"rating": 1}, 409))

    def test_strangers_and_staff_do_not_review(self) -> None:
        visitor = Visitor()
        path = f"/api/books/{unpopular(visitor)['id']}/reviews/"
        visitor.post(path, PRAISE, 401)

    def test_nonsense_is_refused(self) -> None:
        visitor, _ = member()
        for body in (
            {"rating": 6, "text": "x"}, {"rating": 0, "text": "x"}, {"rating": 3, "text": " "},
            {"rating": 3}, {"text": "x"}, {"rating": 3, "text": "x" * 5001},
            {"rating": 3, "text": "a\0b"}, {"rating": "many", "text": "x"}, [], "x",
        ):  # fmt: skip
            visitor.post("/api/books/1/reviews/", body, 400)
        visitor.post("/api/books/99999999/reviews/", PRAISE, 404)

    def test_popular_books_tell_what_readers_say(self) -> None:
        visitor = Visitor(anonymous=True)
        cards = visitor.get("/api/home/")["popular"]
        books = [visitor.get(f"/api/books/{card['id']}/") for card in cards]
        told = [book["summary"] for book in books if book["summary"]]
        self.assertTrue(told)
        for summary in told:
            self.assertTrue(summary["text"])
            self.assertEqual(summary["model"], "summary")
            self.assertTrue(summary["version"])
            self.assertGreater(summary["reviews"], 0)
        for book in books:
            if book["sentiment"]:
                self.assertTrue(0 <= book["sentiment"]["positive"] <= 1)

    def test_home_follows_what_was_read_last(self) -> None:
        visitor, _ = member()
        self.assertIsNone(visitor.get("/api/home/")["because"])
        read = visitor.get("/api/home/")["popular"][0]
        visitor.post(f"/api/books/{read['id']}/reviews/", PRAISE, 201)
        because = visitor.get("/api/home/")["because"]
        self.assertEqual(because["book"]["id"], read["id"])
        similar = visitor.get(f"/api/books/{read['id']}/")["similar"]
        self.assertEqual([b["id"] for b in because["books"]], [b["id"] for b in similar])
