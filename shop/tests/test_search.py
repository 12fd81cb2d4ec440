"""Search by words and by meaning."""

from __future__ import annotations

import unittest
from urllib.parse import quote

from tests.session import Visitor


class SearchTest(unittest.TestCase):
    def setUp(self) -> None:
        self.visitor = Visitor(anonymous=True)

    def search(self, text: str, expected: int = 200, after: str = "") -> dict:
        return self.visitor.get(f"/api/search/?q={quote(text)}&after={after}", expected)

    def test_words_and_meaning_are_searched_together(self) -> None:
        found = self.search("lantern")
        self.assertTrue(any("Lantern" in book["title"] for book in found["results"]))
        self.assertEqual(found["semantic"]["model"], "embedding")
        self.assertTrue(found["semantic"]["version"])

    def test_pages_follow_one_another(self) -> None:
        first = self.search("lantern")
        self.assertEqual(len(first["results"]), 24)
        seen, after = first["results"], first["next"]
        while after:
            page = self.search("lantern", after=after)
            seen, after = seen + page["results"], page["next"]
        self.assertEqual(len({book["id"] for book in seen}), first["total"])
        for cursor in ("nonsense", "WzFd", "W10", "W251bGxd"):
            self.assertIn("after", self.search("lantern", 400, cursor))

    def test_any_script_and_syntax_is_a_question(self) -> None:
        for text in (
            "море", "海", "كتاب", "🐙📚", "'; DROP TABLE catalog_book; --", "a & | ! ( ) <-> :*",
            '"unfinished', "%", "\\", "-", "the", "x" * 100, "é" * 100, "\u202e\u200b", "or or",
        ):  # fmt: skip
            found = self.search(text)
            self.assertEqual(found["total"] == 0, found["results"] == [], text)
        self.assertEqual(self.search("qqzzxx")["total"], 0)

    def test_what_is_no_question_is_refused(self) -> None:
        for text in ("", "   ", "x" * 101, "a\0b", "\0"):
            self.assertIn("q", self.search(text, 400))
        answer = self.visitor.http.get("/api/search/?q=" + "x" * 10_000)
        self.assertTrue(400 <= answer.status_code < 500)
        self.assertEqual(self.visitor.http.get("/api/search/?q=%ff%fe").status_code, 200)
