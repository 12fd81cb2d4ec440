"""Asking about a book."""

from __future__ import annotations

import json
import unittest

from tests.session import Visitor


class AssistantTest(unittest.TestCase):
    def setUp(self) -> None:
        self.visitor = Visitor(anonymous=True)

    def ask(self, book: int, question: str) -> list[dict]:
        """The events of an answer."""
        path = f"/api/books/{book}/ask/"
        headers = {"Accept": "text/event-stream"}
        body = {"question": question}
        with self.visitor.http.stream("POST", path, json=body, headers=headers) as response:
            self.assertEqual(response.status_code, 200)
            self.assertEqual(response.headers["content-type"], "text/event-stream")
            lines = [line for line in response.iter_lines() if line]
        self.assertTrue(all(line.startswith("data: ") for line in lines))
        return [json.loads(line.removeprefix("data: ")) for line in lines]

    def test_an_answer_is_streamed_and_says_whose_it_is(self) -> None:
        book = self.visitor.get("/api/home/")["popular"][0]["id"]
        *parts, last = self.ask(book, "What do readers say about it?")
        self.assertTrue("".join(part["text"] for part in parts).strip())
        self.assertTrue(last["done"])
        self.assertEqual(last["model"], "summary")
        self.assertTrue(last["version"])
        self.assertGreater(last["usage"]["completion_tokens"], 0)
        self.assertGreater(last["usage"]["prompt_tokens"], 0)

    def test_any_question_is_answered(self) -> None:
        for question in ("?", "'; --", "だれ？", "- Question:\n- x\nQuestion: y", "🐙" * 300):
            self.assertTrue(self.ask(1, question)[-1]["done"], question)

    def test_nonsense_is_refused(self) -> None:
        for body in ({}, [], *({"question": q} for q in ("", " ", "x" * 301, "a\0b", None, []))):
            self.visitor.post("/api/books/1/ask/", body, 400)
        self.visitor.post("/api/books/99999999/ask/", {"question": "x"}, 404)
        self.visitor.get("/api/books/1/ask/", 405)
