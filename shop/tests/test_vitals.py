"""What browsers measure of the pages."""

from __future__ import annotations

import unittest

from tests.session import Visitor

VITAL = {"page": "/books/{id}", "name": "LCP", "value": 812.4, "id": "v5-1-2"}


class VitalTest(unittest.TestCase):
    def setUp(self) -> None:
        self.visitor = Visitor(anonymous=True)

    def test_one_and_several_are_taken(self) -> None:
        self.visitor.post("/api/vitals/", VITAL, 204)
        many = [VITAL | {"name": name} for name in ("LCP", "CLS", "INP", "TTFB", "FCP")]
        self.visitor.post("/api/vitals/", many * 4, 204)

    def test_nonsense_is_refused(self) -> None:
        for name, value in (
            ("name", "FID"), ("value", -1), ("value", "nan"), ("value", 1e12), ("value", None),
            ("page", "x" * 101), ("page", ""), ("id", "x" * 65), ("id", "a\0b"),
        ):  # fmt: skip
            self.visitor.post("/api/vitals/", VITAL | {name: value}, 400)
        for body in ([], [VITAL] * 21, {}, "LCP", None, 7, [VITAL, None]):
            self.visitor.post("/api/vitals/", body, 400)
