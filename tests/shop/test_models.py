"""The shop's models, trained on a tiny shop: what they learn, and that they learn it again."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st

from ai import delivery, embedding, fusion, learned, prompt, recommender, sentiment
from ai.quality import interval, ndcg
from ai.support import coverage, faithful, supported
from ai.text import pieces, sentences, words
from ai.train import MODELS, build

VERSIONS = [
    (name, version)
    for name, module in MODELS.items()
    for version in module.VERSIONS
    if (name, version) != ("delivery", "2026-11")  # two thousand trees, for the stack's tests
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.write(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def models(data: Path) -> dict[tuple[str, str], Any]:
    return {(n, v): MODELS[n].VERSIONS[v](data) for n, v in VERSIONS}


def answers(name: str, model: Any, data: Path) -> str:
    """The hash of what a version answers to its golden set."""
    return hashlib.sha256(
        repr(MODELS[name].scores(model, MODELS[name].cases(data))).encode()
    ).hexdigest()


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_trained_twice_it_answers_the_same(
    name: str, version: str, data: Path, models: dict[tuple[str, str], Any]
) -> None:
    again = MODELS[name].VERSIONS[version](data)
    assert answers(name, again, data) == answers(name, models[name, version], data)


def test_every_model_has_the_versions_that_can_be_released() -> None:
    found = {name: list(module.VERSIONS) for name, module in MODELS.items()}
    four = ["2026-09", "2026-10", "2026-11", "2026-12"]
    assert found == dict.fromkeys(("delivery", "recommender", "embedding", "summary"), four) | {
        "sentiment": four[:2]
    }


# Recommender


@pytest.mark.parametrize("version", ["2026-09", "2026-10", "2026-11", "2026-12"])
def test_what_is_recommended_is_of_the_customers_theme_and_not_known(
    version: str, data: Path, models: dict[tuple[str, str], Any]
) -> None:
    model = models["recommender", version]
    known = set((model.shelves.books_of(4) + 1).tolist())
    books = model.recommend(5, 6)
    assert len(set(books)) == 6
    assert not known & set(books)
    if version != "2026-09":  # as many factors as customers of this shop remember, not learn
        assert Counter(map(tiny.theme, books)).most_common(1)[0][0] == tiny.theme(5)


@pytest.mark.parametrize("version", ["2026-09", "2026-12"])
def test_what_is_beside_a_book_is_of_its_theme(
    version: str, models: dict[tuple[str, str], Any]
) -> None:
    books = models["recommender", version].similar(10, 5)
    assert 10 not in books
    assert {tiny.theme(book) for book in books} == {tiny.theme(10)}


@pytest.mark.parametrize("stranger", [0, -3, 10**9])
def test_strangers_get_what_is_popular(stranger: int, models: dict[tuple[str, str], Any]) -> None:
    model = models["recommender", "2026-09"]
    assert model.recommend(stranger, 5) == model.shelves.popular[:5].tolist()
    assert model.similar(stranger, 5) == model.shelves.popular[:5].tolist()


def test_readers_in_common_are_counted_row_by_row() -> None:
    shelves = recommender.Shelves(
        popular=np.array([1]),
        seen_at=np.array([0, 2, 4, 5]),
        seen=np.array([0, 1, 0, 2, 1]),
        readers_at=np.array([0, 2, 4, 5]),
        readers=np.array([0, 1, 0, 2, 1]),
    )
    assert shelves.shared(np.array([0])).tolist() == [2, 1, 1]
    assert shelves.shared(np.array([0, 1])).tolist() == [3, 3, 1]


# Delivery


def test_the_arrays_answer_as_the_trees_that_they_were_made_of(data: Path) -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor

    from ai import records

    rows, hours, held, _ = records.deliveries(data, delivery.FEATURES)
    fitted = HistGradientBoostingRegressor(max_iter=40, early_stopping=False).fit(rows, hours)
    found = delivery.flatten(fitted).predict(held.tolist())
    assert found == np.round(fitted.predict(held), 2).tolist()


def test_delivery_is_learned(data: Path, models: dict[tuple[str, str], Any]) -> None:
    golden = delivery.cases(data)
    assert np.mean(delivery.scores(models["delivery", "2026-09"], golden)) < 2
    assert np.mean(np.abs(np.array(golden["hours"]) - np.mean(golden["hours"]))) > 8


ORDER = dict.fromkeys(delivery.FEATURES, 1)


@pytest.mark.parametrize(
    ("orders", "reason"),
    [
        (None, "orders: a list with at least one"),
        ([], "orders: a list with at least one"),
        ([ORDER, {}], r"orders\[1\]: wants the numbers distance_km"),
        ([ORDER | {"hour": "x"}], r"orders\[0\]: wants the numbers"),
        ([ORDER | {"hour": float("nan")}], r"orders\[0\]: wants finite numbers"),
        (["x"], r"orders\[0\]: wants the numbers"),
    ],
)
def test_orders_that_are_none_are_refused(orders: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        delivery.rows_of(orders)


# Embedding


def themes_found(model: Any, query: str) -> set[int]:
    """The themes of the five books nearest to a query."""
    books = model.embed([tiny.title(book) for book in range(1, tiny.BOOKS + 1)])
    best = np.argsort(-(books @ model.embed([query])[0]))[:5] + 1
    return {tiny.theme(int(book)) for book in best}


@pytest.mark.parametrize("version", ["2026-09", "2026-12"])
@pytest.mark.parametrize("theme", range(len(tiny.THEMES)))
def test_a_word_that_stands_in_no_title_finds_what_was_clicked(
    version: str, theme: int, models: dict[tuple[str, str], Any]
) -> None:
    for word in tiny.THEMES[theme][2:]:
        assert themes_found(models["embedding", version], word) == {theme}


def test_a_word_never_seen_is_read_by_its_letters(models: dict[tuple[str, str], Any]) -> None:
    assert themes_found(models["embedding", "2026-09"], "harbor") == {0}


@pytest.mark.parametrize("version", ["2026-09", "2026-10", "2026-11", "2026-12"])
@given(texts=st.lists(st.text(max_size=40), min_size=1, max_size=4))
def test_any_text_has_a_vector_of_unit_length(
    version: str, texts: list[str], models: dict[tuple[str, str], Any]
) -> None:
    model = models["embedding", version]
    vectors = model.embed(texts)
    assert (vectors.shape, vectors.dtype) == ((len(texts), 64), np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors, [model.embed([text])[0] for text in texts], atol=1e-6)


def test_all_clicks_of_a_query_are_held_out_together(data: Path) -> None:
    from ai import records

    clicks = list(records.clicks(data))
    held = {click.query for click in clicks if click.held_out}
    assert held
    assert not held & {click.query for click in clicks if not click.held_out}


# Sentiment


def test_what_is_not_dull_is_praised(models: dict[tuple[str, str], Any]) -> None:
    model = models["sentiment", "2026-09"]
    praise, blame, nothing = model.positive(
        ["The plot is gripping. It is not dull.", "The plot is dull. It is not gripping.", ""]
    )
    assert praise > 0.8
    assert blame < 0.2
    assert 0 <= nothing <= 1


def test_a_pair_of_words_says_more_than_a_bucket(
    data: Path, models: dict[tuple[str, str], Any]
) -> None:
    golden = sentiment.cases(data)
    good, worse = (
        np.mean(sentiment.scores(models["sentiment", v], golden)) for v in ("2026-09", "2026-10")
    )
    assert good > 0.95
    assert worse <= good


# Summary

REVIEWS = (
    "The plot is clever. I read it on the train.",
    "The plot is clever and brisk. The print is tiny.",
    "A clever plot, for once. The binding is loose.",
    "The print is tiny. My sister lent it to me.",
)


@pytest.mark.parametrize("version", ["2026-09", "2026-10", "2026-12"])
@pytest.mark.parametrize("question", ["", "Is the plot clever?"])
def test_every_sentence_stands_in_a_review(
    version: str, question: str, models: dict[tuple[str, str], Any]
) -> None:
    said = models["summary", version].answer(prompt.Prompt(REVIEWS, question, 0))
    assert 1 <= len(said) <= 3
    assert len(set(said)) == len(said)
    assert {s for review in REVIEWS for s in sentences(review)} >= set(said)


def test_a_question_is_answered_by_what_was_said_of_it(
    models: dict[tuple[str, str], Any],
) -> None:
    asked = prompt.Prompt(REVIEWS, "What about the binding?", 0)
    for version in ("2026-09", "2026-12"):
        assert models["summary", version].answer(asked)[-1:] == ["The binding is loose."]


@pytest.mark.parametrize("version", ["2026-09", "2026-10", "2026-11", "2026-12"])
@pytest.mark.parametrize("reviews", [(), ("",), ("!!!",), ("🙂 好书。很好！",), ("word",)])
def test_reviews_that_say_little_are_no_trouble(
    version: str, reviews: tuple[str, ...], models: dict[tuple[str, str], Any]
) -> None:
    for question in ("", "Why?"):
        said = models["summary", version].answer(prompt.Prompt(reviews, question, 0))
        assert len(said) <= len([s for review in reviews for s in sentences(review)])


def test_what_is_fused_nobody_said() -> None:
    told = (
        "For me the plot is clever from the first page on.",
        "I found that the plot is too thin for a book of this length.",
        "My sister says that the first page on its own is worth the price of it.",
    )
    said = fusion.Fused().answer(prompt.Prompt(told, "", 0))
    assert said
    assert faithful(said, told) < 0.5


def test_a_sentence_is_supported_by_one_review_not_by_two() -> None:
    assert supported("The plot is clever.", REVIEWS)
    assert supported("the plot is CLEVER", REVIEWS)
    assert not supported("The print is clever.", REVIEWS)
    assert not supported("The binding is loose and the plot is clever.", REVIEWS)
    assert faithful(["The print is tiny.", "It rains."], REVIEWS) == 0.5
    assert faithful([], REVIEWS) == 1


def test_coverage_is_how_like_the_reviews_a_summary_is() -> None:
    assert coverage(["the plot is clever"], ["The plot is clever."]) == pytest.approx(1)
    assert coverage(["it rains today"], REVIEWS) == 0
    assert coverage([], REVIEWS) == 0
    assert coverage(["The print is tiny."], REVIEWS) > coverage(["A clever plot"], REVIEWS)


# Prompts and tokens


def test_a_prompt_is_read_by_its_lines() -> None:
    asked = prompt.read(prompt.write(["One.\nTwo.", "Three."], "Why?"))
    assert (asked.reviews, asked.question) == (("One. Two.", "Three."), "Why?")
    parts = [{"type": "text", "text": "Sum up:\n- a\n  b\n\nthanks\n- c"}]
    messages = [{"role": "system", "content": "- no review"}, {"role": "user", "content": parts}]
    assert prompt.read(messages).reviews == ("a b", "c")
    plain = prompt.read([{"role": "user", "content": "Good. Very good."}])
    assert (plain.reviews, plain.question, plain.tokens) == (("Good. Very good.",), "", 5)


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        (None, "messages: a list"),
        ([], "messages: a list"),
        (["x"], r"messages\[0\]: an object with a role"),
        ([{"role": "king", "content": "x"}], r"messages\[0\]: an object with a role"),
        ([{"role": "user", "content": 7}], r"messages\[0\].content: a text"),
        ([{"role": "user", "content": [{"type": "image_url"}]}], "parts of type text alone"),
        ([{"role": "system", "content": "x"}], "a message of the user"),
        ([{"role": "user", "content": " "}], "a message of the user"),
    ],
)
def test_messages_that_are_none_are_refused(messages: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        prompt.read(messages)


@given(st.text())
def test_the_tokens_of_a_text_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


def test_tokens_are_at_most_six_letters_or_a_mark() -> None:
    assert pieces("A lighthouse, finally! ") == [
        "A",
        " lighth",
        "ouse",
        ",",
        " finall",
        "y",
        "!",
        " ",
    ]
    assert words("Don't STOP, Straße") == ["don", "t", "stop", "strasse"]
    assert sentences("One. Two!\nThree") == ["One.", "Two!", "Three"]


# Quality, and what is stored


def test_gain_is_by_rank() -> None:
    assert ndcg([1, 2], {1}) == 1
    assert ndcg([2, 1], {1}) == pytest.approx(0.6309, abs=1e-4)
    assert ndcg([3], {1}) == 0


def test_the_interval_is_the_same_again_and_holds_the_mean() -> None:
    found = interval([0.0, 1.0] * 50)
    assert found == interval([0.0, 1.0] * 50)
    assert (found["value"], found["n"]) == (0.5, 100)
    assert 0.38 < found["low"] < 0.45
    assert 0.55 < found["high"] < 0.62


@pytest.fixture(scope="module")
def ahead(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    out = tmp_path_factory.mktemp("models")
    for name in learned.STEPS:
        manifest = build(data, out, name, "2026-09", MODELS[name].cases(data))
        assert manifest["quality"]["low"] <= manifest["quality"]["value"]
        assert manifest["size_bytes"] == (out / name / "2026-09" / "model.pickle").stat().st_size
    learned.index(data)
    yield data / "learned"


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_what_was_learned_is_written_for_the_database(
    ahead: Path, models: dict[tuple[str, str], Any]
) -> None:
    assert list(json.loads((ahead / "tables.json").read_text())) == list(learned.TABLES)
    vectors = rows(ahead / "search_bookvector.csv")
    assert [int(v[0]) for v in vectors] == list(range(1, tiny.BOOKS + 1))
    stored = np.frombuffer(bytes.fromhex(vectors[6][2].removeprefix("\\x")), "<f4")
    text = f"{tiny.title(7)}. A story of the {tiny.THEMES[3][0]} in town."
    assert np.allclose(stored, models["embedding", "2026-09"].embed([text])[0], atol=1e-6)
    book, text, model, version, count, created = rows(ahead / "reviews_summary.csv")[0]
    reviews = [tiny.opinion(1, n)[1] for n in range(1, 9)]
    assert (book, model, version, count) == ("1", "summary", "2026-09", "8")
    assert created == tiny.CREATED.format(day=8)
    assert faithful(sentences(text), reviews) == 1
    moods = rows(ahead / "reviews_mood.csv")
    assert len(moods) == tiny.BOOKS
    praising = sum(tiny.opinion(1, n)[0] == 5 for n in range(1, 9)) / 8
    assert float(moods[0][1]) == pytest.approx(praising, abs=0.1)


def test_the_hashed_and_the_spelled_know_no_synonyms(
    data: Path, models: dict[tuple[str, str], Any]
) -> None:
    golden = embedding.cases(data)
    value = {
        version: np.mean(embedding.scores(models["embedding", version], golden))
        for version in embedding.VERSIONS
    }
    assert value["2026-10"] < value["2026-09"] > value["2026-11"]
    assert value["2026-12"] == pytest.approx(value["2026-09"], abs=0.1)
