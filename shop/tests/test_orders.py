"""Carts, checkout and orders."""

from __future__ import annotations

import unittest
from concurrent.futures import ThreadPoolExecutor

from tests.session import Visitor, member
from tests.waiting import until

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

    def test_clicks_at_the_same_moment_all_count(self) -> None:
        book = scarce_book(self.visitor)
        with ThreadPoolExecutor(8) as pool:
            answers = [
                pool.submit(self.visitor.http.post, "/api/cart/items/", json={"book": book["id"]})
                for _ in range(16)
            ]
        self.assertEqual([answer.result().status_code for answer in answers], [201] * 16)
        [item] = self.visitor.get("/api/cart/")["items"]
        self.assertEqual(item["quantity"], 16)
        self.visitor.delete(f"/api/cart/items/{book['id']}/")

    def test_what_is_added_during_a_checkout_is_ordered_or_kept(self) -> None:
        book = scarce_book(self.visitor)
        path, wanted = "/api/cart/items/", {"book": book["id"]}
        self.visitor.post(path, wanted, 201)
        with ThreadPoolExecutor(8) as pool:
            adding = [pool.submit(self.visitor.http.post, path, json=wanted) for _ in range(8)]
            placing = [
                pool.submit(self.visitor.http.post, "/api/checkout/", json=ADDRESS)
                for _ in range(4)
            ]
        self.assertEqual([answer.result().status_code for answer in adding], [201] * 8)
        self.assertLessEqual({answer.result().status_code for answer in placing}, {201, 400, 409})
        kept = sum(item["quantity"] for item in self.visitor.get("/api/cart/")["items"])
        orders = self.visitor.get("/api/orders/")["results"]
        pages = [self.visitor.get(f"/api/orders/{order['id']}/") for order in orders]
        ordered = sum(line["quantity"] for page in pages for line in page["lines"])
        self.assertEqual(kept + ordered, 9)
        if kept:
            self.visitor.delete(f"/api/cart/items/{book['id']}/")

    def test_nonsense_is_refused(self) -> None:
        self.visitor.post("/api/cart/items/", {"book": 99999999}, 404)
        for quantity in (0, -1, 21, 10**30, 1.5, "many", None, [1]):
            self.visitor.post("/api/cart/items/", {"book": 1, "quantity": quantity}, 400)
        for book in ("x", None, 10**30, {}):
            self.visitor.post("/api/cart/items/", {"book": book}, 404 if book == 10**30 else 400)
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

    def test_quantities_change_within_reason(self) -> None:
        book = scarce_book(self.visitor)
        path = f"/api/cart/items/{book['id']}/"
        self.visitor.patch(path, {"quantity": 2}, 404)
        self.visitor.post("/api/cart/items/", {"book": book["id"]}, 201)
        cart = self.visitor.patch(path, {"quantity": 4}, 200)
        self.assertEqual([item["quantity"] for item in cart["items"]], [4])
        for quantity in (0, 21, -3, "x"):
            self.visitor.patch(path, {"quantity": quantity}, 400)
        for _ in range(49):
            self.visitor.post("/api/cart/items/", {"book": book["id"], "quantity": 20}, 201)
        self.visitor.post("/api/cart/items/", {"book": book["id"], "quantity": 20}, 400)
        self.visitor.delete(path)

    def test_the_last_copies_are_sold_once(self) -> None:
        """Of many who want more than half of what is left, at the same moment, one gets it."""
        cards = self.visitor.get("/api/books/?sort=price&in_stock=1")["results"]
        books = [self.visitor.get(f"/api/books/{card['id']}/") for card in cards]
        book = max(books, key=lambda b: b["stock"])
        wanted = book["stock"] // 2 + 1
        buyers = [Visitor() for _ in range(8)]
        for buyer in buyers:
            for start in range(0, wanted, 20):
                few = {"book": book["id"], "quantity": min(20, wanted - start)}
                buyer.post("/api/cart/items/", few, 201)
        with ThreadPoolExecutor(len(buyers)) as pool:
            answers = list(
                pool.map(lambda b: b.http.post("/api/checkout/", json=ADDRESS).status_code, buyers)
            )
        self.assertEqual(sorted(answers), [201] + [409] * 7)
        left = self.visitor.get(f"/api/books/{book['id']}/")["stock"]
        self.assertTrue(0 <= left <= book["stock"] - wanted)
        # Who came too late has lost nothing.
        carts = [buyer.get("/api/cart/")["items"] for buyer in buyers]
        self.assertEqual(sum(1 for cart in carts if cart), 7)

    def test_orders_are_listed_and_confirmed(self) -> None:
        book = scarce_book(self.visitor)
        self.assertEqual(self.visitor.get("/api/orders/"), {"results": [], "next": None})
        for _ in range(2):
            self.visitor.post("/api/cart/items/", {"book": book["id"]}, 201)
            placed = self.visitor.post("/api/checkout/", ADDRESS, 201)
        orders = self.visitor.get("/api/orders/")["results"]
        self.assertEqual(len(orders), 2)
        self.assertEqual(orders[0]["id"], placed["id"])
        self.assertEqual([line["title"] for line in orders[0]["lines"]], [book["title"]])
        until(lambda: self.visitor.get("/api/orders/")["results"][0]["confirmed"])
        self.assertEqual(Visitor(anonymous=True).get("/api/orders/")["results"], [])

    def test_a_customers_address_is_known(self) -> None:
        # What a browser ordered before its customer registered is the account's.
        visitor, book = Visitor(), scarce_book(self.visitor)
        visitor.post("/api/cart/items/", {"book": book["id"]}, 201)
        first = visitor.post("/api/checkout/", ADDRESS, 201)
        _, told = member(visitor)
        visitor.post("/api/cart/items/", {"book": book["id"]}, 201)
        second = visitor.post("/api/checkout/", {"city": "Fjelby"}, 201)
        order = visitor.get(f"/api/orders/{second['id']}/")
        self.assertEqual((order["name"], order["email"]), (told["name"], told["email"]))
        self.assertEqual(order["city"], "Fjelby")
        orders = visitor.get("/api/orders/")["results"]
        self.assertEqual([o["id"] for o in orders], [second["id"], first["id"]])

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
