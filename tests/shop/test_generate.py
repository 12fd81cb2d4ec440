"""The generator of the shop's data: the same bytes again, sound references, something to learn."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.hashers import ScryptPasswordHasher

SHOP = Path(__file__).parents[2] / "shop"

PEAK = """
import re, sys
from data.generate import main
main(sys.argv[1:])
print(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1])
"""


def python(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=SHOP,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def generate(folder: Path, *options: str, **environment: str) -> dict[str, str]:
    """File -> hash of what a process of its own wrote."""
    words = ("-m", "data.generate", "--out", str(folder), "--size", "small", *options)
    done = python(*words, **environment)
    assert done.returncode == 0, done.stderr
    files = sorted(folder.iterdir())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    generate(folder)
    return folder


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    columns = json.loads((folder / "tables.json").read_text())[name].split(",")
    with (folder / f"{name}.csv").open(newline="") as file:
        return [dict(zip(columns, row, strict=True)) for row in csv.reader(file)]


def numbers(table: list[dict[str, str]], column: str) -> np.ndarray:
    return np.array([float(row[column]) for row in table])


def searches(folder: Path) -> list[tuple[str, int]]:
    with (folder / "searches.csv").open(newline="") as file:
        return [(query, int(book)) for query, book in csv.reader(file)]


def vocabulary(module: str, expression: str) -> Any:
    """What the generator's modules hold, read in a process of its own."""
    code = f"import json; from data import {module}; print(json.dumps({expression}))"
    return json.loads(python("-c", code).stdout)


# The same again


def test_the_same_seed_gives_the_same_bytes_in_another_process(small: Path, tmp_path: Path) -> None:
    first = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(small.iterdir())}
    again = generate(tmp_path / "again", PYTHONHASHSEED="42", TZ="Asia/Tokyo")
    assert again == first
    other = generate(tmp_path / "other", "--seed", "8")
    same = {name for name in first if first[name] == other[name]}
    assert same == {"catalog_genre.csv", "tables.json"}


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_memory_does_not_grow_with_the_reviews(tmp_path: Path) -> None:
    """Ten times the data (286,000 reviews more) in 100 MB more: large stays below 500 MB."""
    peaks = {}
    for size in ("small", "normal"):
        done = python("-c", PEAK, "--size", size, "--out", str(tmp_path / size))
        peaks[size] = int(done.stdout) / 1024
    reviews = (tmp_path / "normal" / "reviews_review.csv").read_bytes().count(b"\n")
    assert 285_000 < reviews < 315_000
    assert peaks["normal"] - peaks["small"] < 100, peaks


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--size", "vast"], "invalid choice: 'vast' (choose from"),
        (["--seed", "-1"], "--seed -1: a number from 0 on is wanted"),
        (["--out", "/dev/null/x"], "/dev/null/x: Not a directory; choose another --out"),
    ],
)
def test_bad_input_gets_one_sentence(options: list[str], words: str, tmp_path: Path) -> None:
    done = python("-m", "data.generate", "--out", str(tmp_path), *options)
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert "Traceback" not in done.stderr


# Sound tables


def test_every_reference_is_there_and_every_id_once(small: Path) -> None:
    ids = {}
    for name in json.loads((small / "tables.json").read_text()):
        found = [int(row["id"]) for row in rows(small, name)]
        assert found == list(range(1, len(found) + 1)), name
        ids[name] = set(found)
    for table, column, target in (
        ("catalog_book", "genre_id", "catalog_genre"),
        ("catalog_book_authors", "book_id", "catalog_book"),
        ("catalog_book_authors", "author_id", "catalog_author"),
        ("orders_customer", "user_id", "auth_user"),
        ("reviews_review", "book_id", "catalog_book"),
        ("reviews_review", "customer_id", "orders_customer"),
        ("orders_order", "customer_id", "orders_customer"),
        ("orders_orderline", "order_id", "orders_order"),
        ("orders_orderline", "book_id", "catalog_book"),
    ):
        assert {int(row[column]) for row in rows(small, table)} <= ids[target], (table, column)
    for table, columns in (
        ("catalog_book_authors", ("book_id", "author_id")),
        ("reviews_review", ("book_id", "customer_id")),
        ("orders_orderline", ("order_id", "book_id")),
        ("catalog_book", ("title",)),
        ("auth_user", ("username",)),
        ("orders_customer", ("visitor",)),
    ):
        pairs = Counter(tuple(row[c] for c in columns) for row in rows(small, table))
        assert set(pairs.values()) == {1}, (table, columns)


def test_what_is_counted_of_a_book_is_what_there_is(small: Path) -> None:
    books, reviews = rows(small, "catalog_book"), rows(small, "reviews_review")
    lines, orders = rows(small, "orders_orderline"), rows(small, "orders_order")
    counts = Counter(row["book_id"] for row in reviews)
    assert [int(book["review_count"]) for book in books] == [counts[book["id"]] for book in books]
    total: Counter[str] = Counter()
    sold: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    for row in reviews:
        total[row["book_id"]] += int(row["rating"])
    for line in lines:
        sold[line["book_id"]] += int(line["quantity"])
        spent[line["order_id"]] += int(line["quantity"]) * int(line["price_cents"])
    for book in books:
        mean = total[book["id"]] / max(counts[book["id"]], 1)
        assert float(book["rating"]) == pytest.approx(mean, abs=0.0051)
        assert int(book["sold"]) == sold[book["id"]]
    assert [int(order["total_cents"]) for order in orders] == [spent[o["id"]] for o in orders]


def test_rows_come_in_the_order_of_their_indexes(small: Path) -> None:
    keys = [(int(row["book_id"]), row["created"]) for row in rows(small, "reviews_review")]
    assert keys == sorted(keys)
    created = [row["created"] for row in rows(small, "orders_order")]
    assert created == sorted(created)


def test_everybody_can_log_in(small: Path) -> None:
    users, customers = rows(small, "auth_user"), rows(small, "orders_customer")
    hashes = {user["password"] for user in users}
    assert len(hashes) == 1
    assert ScryptPasswordHasher().verify("quayside", *hashes)
    assert [user["email"] for user in users if user["is_staff"] == "t"] == ["staff@example.com"]
    emails = {user["id"]: user["email"] for user in users}
    assert all(emails[c["user_id"]] == c["email"] for c in customers)
    assert customers[6]["email"] == "customer7@example.com"


# Something to learn


def test_few_books_have_most_of_the_reviews(small: Path) -> None:
    counts = np.sort(numbers(rows(small, "catalog_book"), "review_count"))[::-1]
    assert counts[0] > 150
    assert counts[:20].min() > 60
    assert 0.3 < counts[:200].sum() / counts.sum() < 0.6


def test_the_reviewers_of_a_book_agree_on_what_it_is_like(small: Path) -> None:
    """Three of four opinions of a book with many reviews are of six, out of 28 that there are."""
    told = vocabulary("opinions", "opinions.phrasebook().tolist()")
    aspect_of = {
        text: (aspect, side)
        for aspect, sides in enumerate(told)
        for side, adjectives in enumerate(sides)
        for frames in adjectives
        for text in frames
    }
    opinions: dict[str, Counter[tuple[int, int]]] = {}
    for row in rows(small, "reviews_review"):
        said = [
            aspect_of[s]
            for s in re.findall(r"[^.]+\.", row["text"].replace(". ", "."))
            if s in aspect_of
        ]
        assert said or row["text"], row
        opinions.setdefault(row["book_id"], Counter()).update(said)
    shares = [
        sum(n for _, n in counts.most_common(6)) / counts.total()
        for counts in opinions.values()
        if counts.total() > 100
    ]
    assert len(shares) > 10
    assert min(shares) > 0.7


def test_neighbouring_words_tell_what_single_words_do_not(small: Path) -> None:
    from sklearn.feature_extraction.text import CountVectorizer  # a dear import
    from sklearn.linear_model import LogisticRegression

    reviews = [row for row in rows(small, "reviews_review") if row["rating"] != "3"]
    np.random.default_rng(1).shuffle(reviews)
    liked = numbers(reviews, "rating") > 3
    half = len(reviews) // 2
    right = {}
    for words in (1, 2):
        counter = CountVectorizer(ngram_range=(1, words), min_df=2)
        counts = counter.fit_transform([row["text"] for row in reviews])
        model = LogisticRegression(max_iter=300, class_weight="balanced")
        guessed = model.fit(counts[:half], liked[:half]).predict(counts[half:])
        sides = [(guessed == liked[half:])[liked[half:] == side].mean() for side in (True, False)]
        right[words] = np.mean(sides)
    assert 0.7 < right[1] < right[2] - 0.05 < 0.95


def test_what_people_ask_stands_in_no_text(small: Path) -> None:
    """Neither the word nor another form of it, as full-text search would find it."""
    asked = vocabulary("themes", "[word for theme in themes.THEMES for word in theme.asked]")
    called = vocabulary("themes", "' '.join(themes.GENRES.values()).split()")
    books = rows(small, "catalog_book")
    text = " ".join(f"{book['title']} {book['description']}" for book in books).lower()
    stems = {stem(word) for word in re.findall(r"[a-z]+", text)}
    assert len(stems) > 400
    assert {word for word in asked + called if stem(word) in stems} == set()
    words = Counter(word for query, _ in searches(small) for word in query.split())
    assert set(asked + called) <= set(words)


def stem(word: str) -> str:
    """Roughly as Snowball does it for English."""
    return re.sub(r"(?<=...)(ings?|ed|ers?|ors?|es|s|e|y|ic|al|ical|ance|ation|ies)$", "", word)


def test_words_of_a_query_tell_what_will_be_opened(small: Path) -> None:
    """Held-out clicks are among ten books chosen by the words far oftener than by popularity."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB

    log = searches(small)
    assert len(log) == 40_000
    assert all(re.fullmatch(r"[a-z]+( [a-z]+){0,3}", query) for query, _ in log)
    queries, opened = [query for query, _ in log], np.array([book for _, book in log])
    held, counter = slice(36_000, None), CountVectorizer(token_pattern=r"\S+")
    counts = counter.fit_transform(queries[:36_000])
    model = MultinomialNB(alpha=0.05).fit(counts, opened[:36_000])
    scores = model.predict_joint_log_proba(counter.transform(queries[held]))
    chosen = model.classes_[np.argsort(-scores, axis=1)[:, :10]]
    popular = [book for book, _ in Counter(opened[:36_000].tolist()).most_common(10)]
    found = (chosen == opened[held, None]).any(axis=1).mean()
    assert found > 0.3
    assert found > 8 * np.isin(opened[held], popular).mean()
