"""Carts, checkout and orders."""

from __future__ import annotations

import unittest
from concurrent.futures import ThreadPoolExecutor

from tests.session import Visitor

ADDRESS = {"name": "Test Visitor", "email": "test@example.com", "city": "Brenn"}


def scarce_book(visitor: Visitor) -> dict:
    """A book that hardly anybody buys, so that a test takes nobody's copies."""
    for card in visitor.get("/api/books/?sort=price")["results"]:
        book = visitor.get(f"/api/books/{card['id']}/")
        if book["stock"] >= 5:
            return book
    raise AssertionError("no book with five copies among the cheapest")


class OrderTest(unittest.TestCase):
    def setUp(self) -> None:
        self.visitor = Visitor()

    def test_a_cart_fills_and_empties(self) -> None:
        book = scarce_book(self.visitor)
        self.visitor.post("/api/cart/items/", {"book": book["id"], "quantity": 2}, 201)
        cart = self.visitor.post("/api/cart/items/", {"book": book["id"]}, 201)
        self.assertEqual(
            [(i["book"]["id"], i["quantity"]) for i in cart["items"]], [(book["id"], 3)]
        )
        self.assertEqual(cart["total_cents"], 3 * book["price_cents"])
        cart = self.visitor.delete(f"/api/cart/items/{book['id']}/")
        self.assertEqual(cart, {"items": [], "total_cents": 0})
        self.visitor.delete(f"/api/cart/items/{book['id']}/", 404)

    def test_a_stranger_gets_a_cookie_with_the_first_item(self) -> None:
        stranger = Visitor(anonymous=True)
        book = scarce_book(stranger)
        stranger.post("/api/cart/items/", {"book": book["id"]}, 201)
        self.assertEqual(len(stranger.get("/api/cart/")["items"]), 1)
        self.assertEqual(Visitor().get("/api/cart/")["items"], [])
        stranger.delete(f"/api/cart/items/{book['id']}/")

    def test_nonsense_is_refused(self) -> None:
        self.visitor.post("/api/cart/items/", {"book": 99999999}, 404)
        self.visitor.post("/api/cart/items/", {"book": 1, "quantity": 0}, 400)
        self.visitor.post("/api/checkout/", ADDRESS, 400)
        self.visitor.post("/api/checkout/", {"name": "x"}, 400)

    def test_an_order_takes_copies_and_is_private(self) -> None:
        book = scarce_book(self.visitor)
        self.visitor.post("/api/cart/items/", {"book": book["id"]}, 201)
        placed = self.visitor.post("/api/checkout/", ADDRESS, 201)
        self.assertEqual(placed["total_cents"], book["price_cents"])
        self.assertGreater(placed["delivery"]["hours"], 0)
        self.assertEqual(self.visitor.get("/api/cart/")["items"], [])
        order = self.visitor.get(f"/api/orders/{placed['id']}/")
        self.assertEqual([line["title"] for line in order["lines"]], [book["title"]])
        self.assertEqual(order["city"], "Brenn")
        Visitor().get(f"/api/orders/{placed['id']}/", 404)
        left = self.visitor.get(f"/api/books/{book['id']}/")["stock"]
        self.assertLess(left, book["stock"])

    def test_more_copies_than_there_are_cannot_be_ordered(self) -> None:
        cards = self.visitor.get("/api/books/?sort=price")["results"]
        books = [self.visitor.get(f"/api/books/{card['id']}/") for card in cards[:8]]
        book = min(books, key=lambda b: b["stock"])
        for _ in range(book["stock"] // 20 + 1):
            self.visitor.post("/api/cart/items/", {"book": book["id"], "quantity": 20}, 201)
        self.visitor.post("/api/checkout/", ADDRESS, 409)
        self.assertEqual(self.visitor.get(f"/api/books/{book['id']}/")["stock"], book["stock"])
        self.visitor.delete(f"/api/cart/items/{book['id']}/")

    def test_a_second_click_orders_nothing(self) -> None:
        book = scarce_book(self.visitor)
        self.visitor.post("/api/cart/items/", {"book": book["id"]}, 201)
        with ThreadPoolExecutor(4) as pool:
            answers = [
                pool.submit(self.visitor.http.post, "/api/checkout/", json=ADDRESS)
                for _ in range(4)
            ]
        statuses = sorted(answer.result().status_code for answer in answers)
        self.assertEqual(statuses, [201, 400, 400, 400])
