"""The shop's front end in a real browser: accessible, within its budget, and good to buy with."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from waiting import PATIENCE, until

from brownout import store
from brownout.stack.releases import frontend
from brownout.stack.releases.frontend import Workshop
from brownout.stack.releases.node import find_node
from brownout.stack.stack import Places, Stack

pytestmark = pytest.mark.stack

SCRIPTS = Path(__file__).with_name("browser")
SOURCES = store.assets() / "shop" / "frontend"
BUDGET = json.loads((SOURCES / "budget.json").read_text())
SERIOUS = {"serious", "critical"}


def find_chromium() -> str:
    """A Chromium of this machine; in CI there has to be one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    if found := next(filter(None, map(shutil.which, names)), None):
        return found
    if os.environ.get("CI"):
        pytest.fail("no Chromium on this machine; run: apt-get install chromium")
    pytest.skip("no Chromium on this machine")


@dataclass(frozen=True)
class Browser:
    """What runs a script of this folder before a running shop."""

    shop: str
    database: str
    chromium: str
    modules: Path

    def run(self, script: str) -> str:
        """What the script printed; the test fails with its words when it failed."""
        environment = {**os.environ, "SHOP_URL": self.shop, "CHROMIUM": self.chromium}
        done = subprocess.run(
            [find_node(), SCRIPTS / script], env=environment | {"MODULES": str(self.modules)},
            capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


def packages(folder: Path) -> Path:
    """node_modules of a folder with a lock file, from the cache or installed now."""
    return frontend.modules(folder, Workshop(store.cache_folder(), print))


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    chromium = find_chromium()
    run = tmp_path_factory.mktemp("run")
    places = Places(run, uuid.uuid4().hex, store.assets() / "shop", store.cache_folder(), "small")
    stack = Stack(places, lambda text: None, lambda notice: None)
    try:
        stack.start(lambda releases, tag: None)
        yield Browser(stack.web.url, stack.urls()["database"], chromium, packages(SCRIPTS))
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def looks(browser: Browser) -> list[dict[str, Any]]:
    """What was seen of each page in each window."""
    return list(json.loads(browser.run("audit.mjs")))


def of(looks: list[dict[str, Any]], page: str) -> list[dict[str, Any]]:
    found = [look for look in looks if look["page"] == page]
    assert found
    return found


def test_axe_finds_nothing_serious_on_any_page(looks: list[dict[str, Any]]) -> None:
    found = [
        f"{look['page']} ({look['window']}): {violation['id']} at {violation['targets']}"
        for look in looks
        for violation in look["violations"]
        if violation["impact"] in SERIOUS
    ]
    assert not found, "\n".join(found)


def test_no_page_throws(looks: list[dict[str, Any]]) -> None:
    assert not [(look["page"], look["failed"]) for look in looks if look["failed"]]


def test_nothing_moves_once_it_is_seen(looks: list[dict[str, Any]]) -> None:
    moved = [(k["page"], k["window"], k["cls"]) for k in looks if k["cls"] > BUDGET["cls"]]
    assert not moved


def test_no_page_is_wider_than_its_window(looks: list[dict[str, Any]]) -> None:
    assert not [(k["page"], k["window"], k["wider"]) for k in looks if k["wider"] > 0]


@pytest.mark.parametrize("page", sorted(BUDGET["elements"]))
def test_pages_hold_no_more_elements_than_planned(looks: list[dict[str, Any]], page: str) -> None:
    assert max(look["elements"] for look in of(looks, page)) <= BUDGET["elements"][page]


def test_the_first_page_costs_no_more_than_planned(looks: list[dict[str, Any]]) -> None:
    for measure, most in BUDGET["first_page"].items():
        assert max(look[measure] for look in of(looks, "home")) <= most, measure


def test_the_first_javascript_is_within_its_budget(browser: Browser) -> None:
    """What the document names, as it is sent to a browser that takes gzip."""
    with httpx.Client(base_url=browser.shop, trust_env=False, timeout=PATIENCE) as client:
        names = re.findall(r'"(/assets/[^"]+\.js)"', client.get("/").text)
        answers = [client.get(n, headers={"Accept-Encoding": "gzip"}) for n in names]
    assert len(names) >= 2
    sent = sum(answer.num_bytes_downloaded for answer in answers)
    assert sent <= BUDGET["initial_js_gzip_bytes"]
    # The large ones were compressed when they were built.
    assert all(
        "gzip" in a.headers.get("content-encoding", "") for a in answers if len(a.text) > 9e3
    )


def test_pages_say_what_is_missing_while_the_ai_service_is_away(browser: Browser) -> None:
    browser.run("away.mjs")


def test_somebody_finds_and_buys_a_book(browser: Browser) -> None:
    browser.run("shopping.mjs")


def test_a_slow_press_is_told_of_its_page_though_the_page_is_left_at_once(browser: Browser) -> None:
    browser.run("visits.mjs")
    slow = "SELECT DISTINCT page FROM pages_vital WHERE name = 'INP' AND value >= 300"
    with psycopg.connect(browser.database, autocommit=True) as connection:
        until(lambda: connection.execute(slow).fetchall())
        assert connection.execute(slow).fetchall() == [("/books",)]
