"""Validation: what real test runs in a small shop of the test's own come to, and promises."""

from __future__ import annotations

import json
import textwrap
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from recordings import MemoryRecording, ms
from waiting import PATIENCE, until

from brownout.model import NS, BrownoutError, PagePromise, Promise
from brownout.site import validation
from brownout.site.validation import Ground, functional_tests, golden_sets, validate

TESTS = """
    import os, unittest

    class ShopTest(unittest.TestCase):
        def test_where_the_shop_is(self):
            self.assertEqual(os.environ["SHOP_URL"], "http://shop")
        def test_nothing_can_be_asked(self):
            self.assertRaises(EOFError, input)
"""

WRONG = """
    import unittest

    class WrongTest(unittest.TestCase):
        def test_that_fails(self):
            "One is not two."
            self.assertEqual(1, 2, "of two")
        def test_that_breaks(self):
            raise KeyError("x")
        @unittest.expectedFailure
        def test_that_is_known(self):
            self.assertEqual(1, 2)
"""

GOLDEN = """
    import json, sys
    told = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    print(json.dumps({"passed": True, "metrics": [{"name": "n", **told}]}))
"""

FOR_EVER = """
    import pathlib, time
    pathlib.Path(__file__).with_name("began").touch()
    time.sleep(617)
"""


UNTIL = """
    import pathlib, time, unittest

    class SlowTest(unittest.TestCase):
        def test_that_waits(self):
            while not pathlib.Path(__file__).with_name("go").exists():
                time.sleep(0.01)
"""


class Shop:
    """A folder with tests, and the ground of its validation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loads: list[str] = []
        (folder / "tests").mkdir()
        self.write("__init__", "")

    def write(self, module: str, text: str) -> None:
        (self.folder / "tests" / f"{module}.py").write_text(textwrap.dedent(text))

    def ground(self) -> Ground:
        return Ground(
            recording=MemoryRecording({}),
            slos=(),
            shop=self.folder,
            shop_url="http://shop",
            ai_url="http://ai",
            models=Path("/models"),
            set_load=self.loads.append,
            stopped=threading.Event(),
        )


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_passed_is_all_of_them_and_at_least_one(shop: Shop) -> None:
    nothing = functional_tests(shop.ground())
    assert (nothing["passed"], nothing["total"]) == (False, 0)
    shop.write("test_shop", TESTS)
    assert functional_tests(shop.ground()) == {"passed": True, "total": 2, "failures": []}


def test_what_fails_is_named(shop: Shop) -> None:
    shop.write("test_shop", TESTS)
    shop.write("test_wrong", WRONG)
    assert functional_tests(shop.ground()) == {
        "passed": False,
        "total": 5,
        "failures": [
            "test_that_breaks (tests.test_wrong.WrongTest.test_that_breaks): KeyError: 'x'",
            "test_that_fails (tests.test_wrong.WrongTest.test_that_fails): "
            "AssertionError: 1 != 2 : of two",
        ],
    }


def test_tests_that_do_not_load_are_no_pass(shop: Shop) -> None:
    shop.write("test_shop", TESTS)
    shop.write("test_broken", "def broken(:")
    found = functional_tests(shop.ground())
    assert (found["passed"], found["total"]) == (False, 3)
    assert found["failures"] == [
        "tests.test_broken (unittest.loader._FailedTest.tests.test_broken): "
        "SyntaxError: invalid syntax"
    ]


def test_it_says_which_step_it_is_in(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "SETTLE", 0.01)
    shop.write("test_shop", TESTS)
    shop.write("test_slow", UNTIL)
    shop.write("golden", GOLDEN)
    said: list[str] = []

    def say(step: str) -> None:
        said.append(step)
        if step == "functional tests 2 of 3, and golden sets":
            (shop.folder / "tests" / "go").touch()

    value = validate(replace(shop.ground(), say=say), "both", 0.01)
    assert value["functional"] == {"passed": True, "total": 3, "failures": []}
    assert [*dict.fromkeys(said)][-6:] == [
        "golden sets",
        "normal load, settling 0 of 0 s",
        "normal load 0 of 0 s",
        "peak load, settling 0 of 0 s",
        "peak load 0 of 0 s",
        "the last answers 0 of 0 s",
    ]


def test_nothing_is_written_into_the_shop(shop: Shop) -> None:
    shop.write("test_shop", TESTS)
    before = sorted(shop.folder.rglob("*"))
    functional_tests(shop.ground())
    assert sorted(shop.folder.rglob("*")) == before


def test_golden_sets_are_measured_where_the_models_are(shop: Shop) -> None:
    shop.write("golden", GOLDEN)
    told = {"--ai": "http://ai", "--models": "/models", "--shop": "http://shop"}
    metric = {"name": "n", **told}
    assert golden_sets(shop.ground()) == {"passed": True, "metrics": [metric]}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("raise SystemExit('the AI service is away')", "the AI service is away"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("", "no output"),
    ],
)
def test_golden_sets_that_say_nothing_are_no_pass(shop: Shop, text: str, reason: str) -> None:
    shop.write("golden", text)
    assert golden_sets(shop.ground()) == {"passed": False, "metrics": [], "reason": reason}


def test_the_end_of_the_drill_ends_tests_at_once(shop: Shop) -> None:
    shop.write("test_slow", FOR_EVER)
    ground = shop.ground()
    found: list[Mapping[str, Any]] = []
    thread = threading.Thread(target=lambda: found.append(functional_tests(ground)))
    thread.start()
    until((shop.folder / "tests" / "began").exists)
    ground.stopped.set()
    thread.join(timeout=PATIENCE)
    assert [f["passed"] for f in found] == [False]


def test_tests_without_an_end_are_broken_off(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write("test_slow", FOR_EVER)
    monkeypatch.setattr(validation, "TESTS_TIMEOUT", 0.5)
    found = functional_tests(shop.ground())
    assert (found["passed"], found["total"]) == (False, 0)
    assert len(found["failures"]) == 1


def test_a_load_that_is_not_known_is_refused_before_anything_runs(shop: Shop) -> None:
    with pytest.raises(BrownoutError, match="--load heavy: choose one of normal, peak, both"):
        validate(shop.ground(), "heavy", 1)
    assert shop.loads == []


def test_the_load_is_normal_again_when_it_is_broken_off(shop: Shop) -> None:
    shop.write("test_shop", TESTS)
    shop.write("golden", GOLDEN)
    ground = shop.ground()
    ground.stopped.set()
    with pytest.raises(BrownoutError, match="the drill ended while it was being validated"):
        validate(ground, "peak", 1)
    assert shop.loads == ["peak", "normal"]


@pytest.mark.parametrize(
    ("load", "loads"),
    [("normal", ["normal", "normal"]), ("both", ["normal", "peak", "normal"])],
)
def test_it_is_passed_when_all_of_it_is(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, load: str, loads: list[str]
) -> None:
    monkeypatch.setattr(validation, "SETTLE", 0)
    shop.write("test_shop", TESTS)
    shop.write("golden", GOLDEN)
    began = time.time_ns()
    value = validate(shop.ground(), load, 0)
    assert (value["passed"], value["load"], value["slos"]) == (True, load, [])
    assert value["pages"] == []  # nobody opened any, and nothing fails for that
    assert began <= value["start"] < value["end"]
    assert shop.loads == loads
    assert json.loads(json.dumps(value)) == value
    shop.write("golden", "")
    assert validate(shop.ground(), load, 0)["passed"] is False
    shop.write("golden", GOLDEN)
    shop.write("test_wrong", WRONG)
    assert validate(shop.ground(), load, 0)["passed"] is False


BOOKS = Promise("GET /api/books/", p95_ms=100.0, error_rate=0.01)


def test_each_load_is_judged_by_itself(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Users are served in time at the normal rate and too late at the peak."""
    monkeypatch.setattr(validation, "SETTLE", 0)
    shop.write("test_shop", TESTS)
    shop.write("golden", GOLDEN)
    recording = MemoryRecording({})

    def arrive(profile: str) -> None:
        now = time.time_ns()
        latency = {"normal": 5_000_000, "peak": 500_000_000}[profile]
        recording.insert(
            "requests",
            [
                {"trace_id": f"{profile}-{n}", "intended": intended, "start": intended}
                | {"latency": latency, "route": BOOKS.route}
                for n, intended in enumerate(range(now, now + 10 * NS, NS // 100))
            ],
        )

    ground = replace(shop.ground(), recording=recording, slos=(BOOKS,), set_load=arrive)
    value = validate(ground, "both", 0.3)
    assert [(row["load"], row["route"], row["ok"]) for row in value["slos"]] == [
        ("normal", BOOKS.route, True),
        ("peak", BOOKS.route, False),
    ]
    assert (value["passed"], value["functional"]["passed"]) == (False, True)
    recording.close()


def test_without_users_no_promise_is_kept(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "SETTLE", 0)
    shop.write("test_shop", TESTS)
    shop.write("golden", GOLDEN)
    value = validate(replace(shop.ground(), slos=(BOOKS,)), "normal", 0)
    assert [(row["n"], row["ok"]) for row in value["slos"]] == [(0, False)]
    assert value["passed"] is False


def test_pages_that_were_opened_count(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser opens one of two promised pages at each load, and at the peak it is slow."""
    monkeypatch.setattr(validation, "SETTLE", 0)
    shop.write("test_shop", TESTS)
    shop.write("golden", GOLDEN)
    recording = MemoryRecording({})

    def arrive(profile: str) -> None:
        lcp = {"normal": 400, "peak": 2600}[profile]
        soon = time.time_ns() + NS // 10
        recording.insert("pages", [{"ts": soon, "page": "/", "lcp": ms(lcp)}])

    promised = (PagePromise("/", 2500.0), PagePromise("/books/{id}", 2500.0))
    ground = replace(shop.ground(), recording=recording, pages=promised, set_load=arrive)
    value = validate(ground, "both", 0.3)
    assert value["pages"] == [
        {"load": "normal", "page": "/", "lcp_ms": 400, "limit_ms": 2500, "n": 1, "ok": True},
        {"load": "peak", "page": "/", "lcp_ms": 2600, "limit_ms": 2500, "n": 1, "ok": False},
    ]
    assert value["passed"] is False
    assert validate(ground, "normal", 0.3)["passed"] is True
    recording.close()
