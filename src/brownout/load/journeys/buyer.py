"""Buys a book: a page, the cart, the checkout; some log in first, and look at their orders."""

from __future__ import annotations

from brownout.load.visits import LOGIN, PASSWORD, Visit

WEIGHT = 0.1
NEEDS = ""

LOGS_IN = 0.15
"""The share of buyers who log in at the checkout; each costs the shop a password hash."""


def play(visit: Visit) -> None:
    visit.home()
    visit.read()
    visit.think()
    # Any book, not a popular one: a long drill shall not empty the shelf of the bestsellers.
    wanted = {"book": visit.rng.choice(visit.world.books), "quantity": 1}
    visit.ask("POST /api/cart/items/", "/api/cart/items/", wanted)
    visit.think()
    visit.open("Cart")
    visit.ask("GET /api/cart/", "/api/cart/")
    visit.think()
    visit.open("Checkout")
    if visit.world.accounts and visit.rng.random() < LOGS_IN:
        email = visit.world.emails[visit.customer]
        visit.ask(LOGIN, "/api/session/", {"email": email, "password": PASSWORD})
        visit.think()
    address = {"name": "A. Visitor", "email": "visitor@example.com", "city": "Brenn"}
    visit.ask("POST /api/checkout/", "/api/checkout/", address)
    if visit.world.accounts:
        visit.think()
        visit.open("Orders")
        visit.ask("GET /api/orders/", "/api/orders/")
