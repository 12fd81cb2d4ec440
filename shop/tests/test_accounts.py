"""Accounts, sessions, and what a forged cookie gets."""

from __future__ import annotations

import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.session import PASSWORD, URL, Visitor, member, staff


class AccountTest(unittest.TestCase):
    def test_who_registers_is_logged_in_and_can_come_back(self) -> None:
        visitor, told = member()
        account = told | {"staff": False}
        self.assertEqual(visitor.get("/api/session/"), {"account": account})
        visitor.delete("/api/session/", 204)
        self.assertEqual(visitor.get("/api/session/"), {"account": None})
        given = {"email": told["email"].upper(), "password": PASSWORD}
        self.assertEqual(visitor.post("/api/session/", given, 200), account)

    def test_a_wrong_password_and_an_unknown_address_are_told_the_same(self) -> None:
        _, told = member()
        stranger = Visitor()
        wrong = {"email": told["email"], "password": "incorrect horse"}
        unknown = {"email": "nobody@example.com", "password": PASSWORD}
        answers = [stranger.post("/api/session/", given, 401) for given in (wrong, unknown)]
        self.assertEqual(answers[0], answers[1])
        self.assertIsNone(stranger.get("/api/session/")["account"])

    def test_an_address_has_one_account(self) -> None:
        _, told = member()
        again = told | {"password": PASSWORD, "email": told["email"].upper()}
        self.assertIn("detail", Visitor().post("/api/account/", again, 409))

    def test_nonsense_is_refused(self) -> None:
        good = {"email": "x@example.com", "password": PASSWORD, "name": "X", "city": "Brenn"}
        for name, value in (
            ("email", "x"), ("email", f"{'x' * 200}@example.com"), ("password", "short"),
            ("name", ""), ("name", "a\0b"), ("city", "x" * 81), ("city", None),
        ):  # fmt: skip
            self.assertIn(name, Visitor().post("/api/account/", good | {name: value}, 400))

    def test_a_session_follows_its_customer_to_another_browser(self) -> None:
        first, told = member()
        book = first.get("/api/books/?sort=price")["results"][0]["id"]
        first.post("/api/cart/items/", {"book": book, "quantity": 2}, 201)
        second = Visitor()
        second.post("/api/cart/items/", {"book": book, "quantity": 1}, 201)
        second.post("/api/session/", {"email": told["email"], "password": PASSWORD}, 200)
        # What was in the browser's cart is now in the customer's, and only there.
        self.assertEqual([i["quantity"] for i in second.get("/api/cart/")["items"]], [3])
        self.assertEqual([i["quantity"] for i in first.get("/api/cart/")["items"]], [3])
        second.delete("/api/session/", 204)
        self.assertEqual(second.get("/api/cart/")["items"], [])
        first.delete(f"/api/cart/items/{book}/")

    def test_carts_that_come_along_at_the_same_moment_all_count(self) -> None:
        first, told = member()
        books = [card["id"] for card in first.get("/api/books/?sort=price")["results"][:4]]
        browsers = [Visitor() for _ in range(8)]
        for number, browser in enumerate(browsers):
            for book in books if number % 2 else reversed(books):
                browser.post("/api/cart/items/", {"book": book}, 201)
        login = {"email": told["email"], "password": PASSWORD}
        with ThreadPoolExecutor(len(browsers)) as pool:
            answers = list(pool.map(lambda b: b.http.post("/api/session/", json=login), browsers))
        self.assertEqual([answer.status_code for answer in answers], [200] * 8)
        found = {i["book"]["id"]: i["quantity"] for i in first.get("/api/cart/")["items"]}
        self.assertEqual(found, dict.fromkeys(books, 8))
        for book in books:
            first.delete(f"/api/cart/items/{book}/")

    def test_a_cart_that_is_full_takes_nothing_away(self) -> None:
        """What does not come along stays in the browser's own cart."""
        first, told = member()
        book = first.get("/api/books/?sort=price")["results"][0]["id"]
        for _ in range(50):
            first.post("/api/cart/items/", {"book": book, "quantity": 20}, 201)
        second = Visitor()
        second.post("/api/cart/items/", {"book": book, "quantity": 2}, 201)
        second.post("/api/session/", {"email": told["email"], "password": PASSWORD}, 200)
        self.assertEqual([i["quantity"] for i in second.get("/api/cart/")["items"]], [1000])
        second.delete(f"/api/cart/items/{book}/")
        second.delete("/api/session/", 204)
        self.assertEqual([i["quantity"] for i in second.get("/api/cart/")["items"]], [2])
        second.delete(f"/api/cart/items/{book}/")

    def test_who_logs_out_leaves_nothing_in_the_browser(self) -> None:
        visitor = Visitor(anonymous=True)
        book = visitor.get("/api/books/?sort=price")["results"][0]["id"]
        visitor.post("/api/cart/items/", {"book": book}, 201)
        _, told = member(visitor)
        visitor.delete("/api/session/", 204)
        self.assertEqual(visitor.get("/api/cart/")["items"], [])
        # The account has it still.
        visitor.post("/api/session/", {"email": told["email"], "password": PASSWORD}, 200)
        self.assertEqual(len(visitor.get("/api/cart/")["items"]), 1)
        visitor.delete(f"/api/cart/items/{book}/")

    def test_the_cart_of_another_account_is_not_taken_along(self) -> None:
        first, told = member()
        book = first.get("/api/books/?sort=price")["results"][0]["id"]
        first.post("/api/cart/items/", {"book": book}, 201)
        _, other = member()
        # The same browser: the first customer's cookie, the second one's password.
        first.post("/api/session/", {"email": other["email"], "password": PASSWORD}, 200)
        self.assertEqual(first.get("/api/cart/")["items"], [])
        first.post("/api/session/", {"email": told["email"], "password": PASSWORD}, 200)
        self.assertEqual(len(first.get("/api/cart/")["items"]), 1)
        first.delete(f"/api/cart/items/{book}/")

    def test_forged_cookies_are_those_of_a_stranger(self) -> None:
        for forged in (
            "x",
            "a" * 32,
            uuid.uuid4().hex,
            "a" * 3000,
            "'; --",
            '"abcdefgh\\000"',
            "%",
        ):
            headers = {"Cookie": f"sessionid={forged}; visitor={forged}"}
            with httpx.Client(base_url=URL, headers=headers, timeout=20, trust_env=False) as http:
                session = http.get("/api/session/")
                self.assertEqual((session.status_code, session.json()), (200, {"account": None}))
                self.assertEqual(http.get("/api/cart/").json()["items"], [])
                self.assertEqual(http.get("/api/home/").status_code, 200)
                self.assertEqual(http.get("/api/orders/").json()["results"], [])
                self.assertEqual(http.get("/api/admin/orders/").status_code, 401)

    def test_bodies_that_are_not_json_are_refused(self) -> None:
        http = Visitor().http
        kind = {"Content-Type": "application/json"}
        for content, headers, status in (
            (b"email=a&password=b", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
            (b"{", kind, 400),
            (b"[]", kind, 400),
            (b"null", kind, 400),
            (b"\xff\xfe", kind, 400),
            (b"[" * 50_000, kind, 400),
            (b'{"email": "\\ud800@example.com", "password": "x"}', kind, 400),
            (b'{"email": "' + b"x" * 70_000 + b'"}', kind, 413),
            (b'{"email": "' + b"x" * 10_000_000 + b'"}', kind, 413),
        ):
            answer = http.post("/api/session/", content=content, headers=headers)
            self.assertEqual(answer.status_code, status, content[:20])
            self.assertTrue(answer.json())


class StaffTest(unittest.TestCase):
    def test_all_orders_are_for_the_staff(self) -> None:
        Visitor().get("/api/admin/orders/", 401)
        customer, _ = member()
        customer.get("/api/admin/orders/", 403)
        someone = staff()
        first = someone.get("/api/admin/orders/")
        second = someone.get(f"/api/admin/orders/?after={first['next']}")
        orders = first["results"] + second["results"]
        self.assertEqual(len({order["id"] for order in orders}), 100)
        created = [order["created"] for order in orders]
        self.assertEqual(created, sorted(created, reverse=True))
        self.assertTrue(all(order["email"] and order["lines"] for order in orders))

    def test_they_can_be_narrowed_to_those_confirmed(self) -> None:
        someone = staff()
        for chosen in (0, 1):
            found = someone.get(f"/api/admin/orders/?confirmed={chosen}")["results"]
            self.assertTrue(all((order["confirmed"] is not None) == chosen for order in found))
        self.assertIn("confirmed", someone.get("/api/admin/orders/?confirmed=perhaps", 400))
