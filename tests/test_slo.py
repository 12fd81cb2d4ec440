"""The SLO file: what is read from it, and what a wrong one is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from brownout import slo, store
from brownout.model import BrownoutError

SHOP = store.assets() / "shop"

FILE = """\
# Promises.
[[route]]
route = "GET /api/books/"
p95_ms = 120
error_rate = 0.01

[[route]]
route = "POST /api/books/{id}/ask/"
p95_ms = 2000.5
error_rate = 0

[[page]]
page = "/books/{id}"
lcp_ms = 2500

[[quality]]
metric = "search ndcg@10"
at_least = 0.3

[[quality]]
metric = "delivery error"
at_most = 3

[[freshness]]
what = "summaries"
at_most_s = 3600
"""

METRICS = """\
DEFAULT = min("2026-09", "2026-10")
QUALITY = {"search ndcg@10": "at_least", "delivery error": "at_most"}
FRESHNESS = {"summaries": "summaries overdue", "embeddings": "embeddings overdue"}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop with four paths, in two URL files, and three metrics."""
    for name, text in {
        "shop": 'urlpatterns = [path("api/", include("books.urls")), path("", page)]\n'
        'urlpatterns += [path("books/<int:id>", page), path(variable, page)]\n',
        "books": 'urlpatterns = [path("books/", a.as_view()), path("books/<id>/ask/", b())]\n',
    }.items():
        folder = tmp_path / "backend" / name
        folder.mkdir(parents=True)
        (folder / "urls.py").write_text(text)
    (tmp_path / "ai").mkdir()
    (tmp_path / "ai" / "limits.py").write_text(METRICS)
    (tmp_path / "slo.toml").write_text(FILE)
    return tmp_path


def test_all_that_is_promised_is_read(shop: Path) -> None:
    assert slo.load(shop) == slo.Declared(
        routes={"GET /api/books/": (120.0, 0.01), "POST /api/books/{id}/ask/": (2000.5, 0.0)},
        pages={"/books/{id}": 2500.0},
        quality={"search ndcg@10": slo.Bound(least=0.3), "delivery error": slo.Bound(most=3)},
        freshness={"summaries": 3600.0},
    )


def test_the_shops_own_file_is_good_and_promises_the_book_page() -> None:
    found = slo.load(SHOP)
    assert found.routes["GET /api/books/{id}/"] == (100.0, 0.01)
    assert found.pages and found.quality and found.freshness


def test_paths_are_read_from_the_url_files(shop: Path) -> None:
    known = {"/", "/books/{id}", "/api/books/", "/api/books/{id}/ask/"}
    assert slo.paths(shop / "backend") == known


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ("# Promises.", "x = ", "slo.toml: Invalid value (at line 1"),
        ("# Promises.", "[[rout]]", "slo.toml: unknown list rout; did you mean route?"),
        ("# Promises.", "[[vow]]", "unknown list vow; known: freshness, page, quality, route"),
        ('"GET /api/books/"', '"GET /api/book/"',
         "line 2: [[route]] field route: unknown path /api/book/; did you mean /api/books/"),
        ('"GET /api/books/"', '"FETCH /api/books/"',
         "line 2: [[route]] field route is 'FETCH /api/books/'; a method and a path as in \"GET"),
        ("2000.5", '"slow"',
         "line 7: [[route]] field p95_ms is 'slow'; a number above 0 is wanted"),
        ("2000.5", "-1", "field p95_ms is -1; a number above 0 is wanted"),
        ("2000.5", "true", "field p95_ms is True; a number above 0"),
        ("2000.5", "nan", "field p95_ms is nan; a number above 0"),
        ("= 0.01", "= 1.5", "line 2: [[route]] field error_rate is 1.5; a share from 0 to 1"),
        ("p95_ms = 120\n", "", "line 2: [[route]] field p95_ms is missing; a number above 0"),
        ("p95_ms = 120", "p59_ms = 120",
         "line 2: [[route]] unknown field p59_ms; did you mean p95_ms?"),
        ('"POST /api/books/{id}/ask/"', '"GET /api/books/"',
         "line 7: [[route]] field route: 'GET /api/books/' is promised in line 2 already; leave"),
        ('"/books/{id}"', '"/cellar"', "line 12: [[page]] field page: unknown path /cellar"),
        ('"/books/{id}"', '"books"', "line 12: [[page]] field page is 'books'; a path as in"),
        ("at_least = 0.3\n", "", "[[quality]] 'search ndcg@10': either at_least or at_most"),
        ("at_most = 3\n", "at_most = 3\nat_least = 1\n",
         "line 20: [[quality]] 'delivery error': either at_least or at_most is wanted"),
        ("at_most = 3\n", "at_most = false\n", "field at_most is False; a number is wanted"),
        ('metric = "delivery error"', "metric = 7", "field metric is 7; a text is wanted"),
        ('"search ndcg@10"', '"serch ndcg"',
         "line 16: [[quality]] field metric: unknown metric serch ndcg; did you mean search ndcg@"),
        ("at_most = 3\n", "at_least = 3\n",
         "line 20: [[quality]] 'delivery error': at_most is wanted, not the other bound"),
        ('"summaries"', '"soup"',
         "line 24: [[freshness]] field what: unknown name soup; known: embeddings, summaries"),
        ("3600", "0", "line 24: [[freshness]] field at_most_s is 0; a number above 0 is wanted"),
    ],
)  # fmt: skip
def test_a_wrong_file_says_where_and_how_to_mend_it(
    shop: Path, was: str, becomes: str, words: str
) -> None:
    path = shop / "slo.toml"
    assert was in FILE
    path.write_text(FILE.replace(was, becomes, 1))
    with pytest.raises(BrownoutError) as caught:
        slo.load(shop)
    assert caught.value.exit_code == 2
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no route is promised; add a [[route]]"),
        (b"route = 3", "route is no list of tables; begin each with [[route]]"),
        (b"[route]\nroute = 'GET /'\n", "route is no list of tables"),
        (b"route = [1]", "route is no list of tables"),
        (b"\xff\xfe", "slo.toml: 'utf-8' codec"),
    ],
)
def test_a_file_that_is_no_list_of_promises(shop: Path, content: bytes, words: str) -> None:
    (shop / "slo.toml").write_bytes(content)
    with pytest.raises(BrownoutError, match=r"slo\.toml") as caught:
        slo.load(shop)
    assert words in str(caught.value)


def test_metrics_are_read_from_where_the_shop_names_them(shop: Path) -> None:
    quality, freshness = slo.metrics(SHOP)
    assert quality["delivery mean absolute error"] == "at_most"
    assert freshness["embeddings"] == "embeddings overdue"
    (shop / "ai" / "limits.py").write_text(METRICS.replace("FRESHNESS", "FRESH"))
    with pytest.raises(BrownoutError, match=r"limits\.py names no FRESHNESS"):
        slo.load(shop)


def test_files_that_are_not_there(shop: Path) -> None:
    (shop / "ai" / "limits.py").unlink()
    with pytest.raises(BrownoutError, match=r"limits\.py, which names the shop's metrics, cannot"):
        slo.load(shop)
    shutil.rmtree(shop / "backend" / "books")
    with pytest.raises(BrownoutError, match=r"urls\.py, which names the shop's URLs, cannot be"):
        slo.load(shop)
    (shop / "slo.toml").unlink()
    with pytest.raises(BrownoutError, match=r"slo\.toml cannot be read \(No such file"):
        slo.load(shop)
