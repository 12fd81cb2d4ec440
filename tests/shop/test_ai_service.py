"""The AI service: over real models in a process of its own, and, where it must be slow or fail,
over models of the test's own."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import openai
import pytest
import serving
import tiny
from waiting import until

from ai import prompt
from ai.endpoints import Endpoints
from ai.registry import Registry
from ai.serve import application
from ai.store import save
from ai.train import MODELS, build

KEY = "not-a-secret"
ASK = prompt.write(["The plot is clever. I like it.", "The print is tiny."], "")
TRAINED = {
    "embedding": ("2026-09", "2026-10"),
    "summary": ("2026-09", "2026-10"),
    "recommender": ("2026-09",),
    "delivery": ("2026-09",),
    "sentiment": ("2026-09", "2026-10"),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tiny.write(tmp_path_factory.mktemp("data"))
    out = tmp_path_factory.mktemp("models")
    for name, versions in TRAINED.items():
        golden = MODELS[name].cases(data)
        for version in versions:
            build(data, out, name, version, golden)
    return out


@pytest.fixture(scope="module")
def open_url(models: Path) -> Iterator[str]:
    """A service without a key, quick of speech."""
    with serving.process(models, AI_TOKENS_PER_SECOND="2000") as url:
        yield url


@pytest.fixture(scope="module")
def locked_url(models: Path) -> Iterator[str]:
    """A service that demands a key, takes one call of a model at a time, and speaks slowly."""
    with serving.process(models, AI_API_KEY=KEY, AI_QUEUE="1", AI_TOKENS_PER_SECOND="2") as url:
        yield url


@pytest.fixture
def http(open_url: str) -> Iterator[httpx.Client]:
    with serving.client(open_url) as client:
        yield client


def official(url: str, key: str = KEY) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)


# The official client


@pytest.mark.parametrize("packed", [{}, {"encoding_format": "float"}])
def test_embeddings_for_the_official_client(open_url: str, packed: dict[str, Any]) -> None:
    with official(open_url) as ai:
        found = ai.embeddings.create(model="embedding", input=["ocean", "soil"], **packed)
        alone = ai.embeddings.create(model="embedding@2026-09", input="soil", **packed)
    assert found.model == "embedding@2026-09"
    assert [one.index for one in found.data] == [0, 1]
    assert np.linalg.norm([one.embedding for one in found.data], axis=1) == pytest.approx([1, 1])
    assert len(found.data[0].embedding) == 64
    assert found.data[1].embedding == pytest.approx(alone.data[0].embedding, abs=1e-6)
    assert found.usage.prompt_tokens == 2


def test_a_chat_for_the_official_client(open_url: str) -> None:
    with official(open_url) as ai:
        said = ai.chat.completions.create(model="summary", messages=ASK)
        short = ai.chat.completions.create(model="summary@2026-10", messages=ASK, max_tokens=3)
    assert said.model == "summary@2026-09"
    assert set(said.choices[0].message.content.split(". ")) <= {
        "The plot is clever",
        "I like it",
        "The print is tiny.",
    }
    assert said.choices[0].finish_reason == "stop"
    assert said.usage.total_tokens == said.usage.prompt_tokens + said.usage.completion_tokens
    assert short.model == "summary@2026-10"
    assert (short.choices[0].finish_reason, short.usage.completion_tokens) == ("length", 3)
    assert short.choices[0].message.content == "The plot is"


def test_a_stream_says_the_same_with_its_usage_last(open_url: str) -> None:
    with official(open_url) as ai:
        whole = ai.chat.completions.create(model="summary", messages=ASK)
        options = {"include_usage": True}
        stream = ai.chat.completions.create(
            model="summary", messages=ASK, stream=True, stream_options=options
        )
        chunks = list(stream)
        plain = list(ai.chat.completions.create(model="summary", messages=ASK, stream=True))
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert {chunk.model for chunk in chunks} == {"summary@2026-09"}
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage == whole.usage
    assert len(plain) == len(chunks) - 1


def test_the_models_for_the_official_client(open_url: str) -> None:
    with official(open_url) as ai:
        listed = {model.id: model for model in ai.models.list()}
        one = ai.models.retrieve("embedding")
    assert sorted(listed) == sorted(f"{n}@{v}" for n, some in TRAINED.items() for v in some)
    first = listed["embedding@2026-09"]
    assert (first.object, first.active, first.name) == ("model", True, "embedding")
    assert first.quality["low"] <= first.quality["value"] <= first.quality["high"]
    assert first.latency_ms["single"] > 0
    assert len(first.sha256) == len(first.data_sha256) == 64
    assert (one.id, one.version) == ("embedding", "2026-09")


def test_errors_come_as_those_of_the_official_client(locked_url: str) -> None:
    with official(locked_url, "wrong") as stranger, pytest.raises(openai.AuthenticationError) as no:
        stranger.models.list()
    assert no.value.code == "invalid_api_key"
    with official(locked_url) as ai:
        with pytest.raises(openai.NotFoundError) as missing:
            ai.embeddings.create(model="embedding@1999-01", input="x")
        with pytest.raises(openai.NotFoundError):
            ai.embeddings.create(model="gpt", input="x")
        with pytest.raises(openai.BadRequestError) as empty:
            ai.embeddings.create(model="embedding", input=[])
        with pytest.raises(openai.BadRequestError) as long:
            ai.chat.completions.create(
                model="summary", messages=[{"role": "user", "content": "word " * 17_000}]
            )
    assert missing.value.code == "model_not_found"
    assert "known: 2026-09, 2026-10" in str(missing.value)
    assert "1 to 2048 texts" in str(empty.value)
    assert long.value.code == "context_length_exceeded"


def test_a_full_queue_is_a_rate_limit_and_free_when_the_client_has_gone(locked_url: str) -> None:
    """The stream that takes the only place would go on for many seconds."""
    with official(locked_url) as ai:
        stream = ai.chat.completions.create(model="summary", messages=ASK, stream=True)
        next(iter(stream))
        assert serving.busy(locked_url)["summary"] == 1
        with pytest.raises(openai.RateLimitError) as full:
            ai.chat.completions.create(model="summary", messages=ASK)
        assert full.value.response.headers["retry-after"] == "1"
        assert full.value.code == "queue_full"
        # Another model has a queue and a thread of its own.
        assert ai.embeddings.create(model="embedding", input="ocean").data
        stream.close()
    until(lambda: serving.busy(locked_url)["summary"] == 0, "the stream's place")


def test_a_whole_answer_is_given_up_when_the_client_has_gone(locked_url: str) -> None:
    with serving.client(locked_url, headers={"Authorization": f"Bearer {KEY}"}) as http:
        body = {"model": "summary", "messages": ASK}
        with pytest.raises(httpx.ReadTimeout):
            http.post("/v1/chat/completions", json=body, timeout=0.3)
    until(lambda: serving.busy(locked_url)["summary"] == 0, "the answer's place")


def test_the_key_is_wanted_everywhere_but_at_the_health_check(locked_url: str) -> None:
    with serving.client(locked_url) as http:
        assert http.get("/healthz").status_code == 200
        for answer in (
            http.get("/v1/models"),
            http.get("/nowhere"),
            http.put("/v1/models/embedding/active", json={"version": "2026-10"}),
            http.post("/v1/recommend", json={"customer": 1}),
            http.get("/v1/models", headers={"Authorization": KEY}),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


# The shop's own endpoints

ORDER = {"distance_km": 100, "weight_g": 500, "hour": 9, "weekday": 1, "stock": 5, "express": 0}


@pytest.mark.parametrize(
    ("path", "body", "key", "kind"),
    [
        ("/v1/recommend", {"customer": 5, "count": 4}, "books", "recommender"),
        ("/v1/recommend", {"customers": [5, 999], "count": 4}, "lists", "recommender"),
        ("/v1/similar", {"book": 3, "count": 4}, "books", "recommender"),
        ("/v1/predict/delivery", {"orders": [ORDER, ORDER]}, "hours", "delivery"),
        ("/v1/classify/sentiment", {"texts": ["good", ""]}, "positive", "sentiment"),
    ],
)
def test_every_answer_names_its_model_and_version(
    http: httpx.Client, path: str, body: dict[str, Any], key: str, kind: str
) -> None:
    answer = http.post(path, json=body)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["model"], told["version"]) == (kind, "2026-09")
    assert answer.headers["ai-model"] == kind
    assert answer.headers["ai-model-version"] == "2026-09"
    assert len(told[key]) == (4 if key == "books" else 2)


def test_a_batch_answers_as_one_by_one(http: httpx.Client) -> None:
    lists = http.post("/v1/recommend", json={"customers": [1, 2, 3]}).json()["lists"]
    assert lists == [
        http.post("/v1/recommend", json={"customer": c}).json()["books"] for c in (1, 2, 3)
    ]


def test_a_request_may_name_a_version(http: httpx.Client) -> None:
    body = {"texts": ["It is not dull."], "model": "sentiment@2026-10"}
    answer = http.post("/v1/classify/sentiment", json=body)
    assert answer.json()["version"] == "2026-10"
    assert http.get("/v1/models/sentiment").json()["version"] == "2026-09"


@pytest.mark.parametrize(
    ("path", "body", "status", "reason"),
    [
        ("/v1/recommend", {}, 400, "customer: a whole number is wanted"),
        ("/v1/recommend", {"customer": True}, 400, "customer: a whole number"),
        ("/v1/recommend", {"customer": 1, "count": 0}, 400, "count: 1 to 100"),
        ("/v1/recommend", {"customers": []}, 400, "customers: a list of 1 to 1000"),
        ("/v1/recommend", {"customers": [1, "x"]}, 400, "customers: a whole number"),
        ("/v1/similar", {"book": "1; DROP TABLE"}, 400, "book: a whole number"),
        ("/v1/predict/delivery", {"orders": [{}]}, 400, "orders[0]: wants the numbers"),
        ("/v1/predict/delivery", {"orders": [ORDER | {"stock": 10**400}]}, 400, "orders[0]: wants"),
        ("/v1/classify/sentiment", {"texts": [7]}, 400, "texts: a list of texts"),
        ("/v1/recommend", {"customer": 1, "model": "embedding"}, 404, "this wants 'recommender'"),
        ("/v1/embeddings", {"model": "embedding", "input": [" "]}, 400, "input[0]: a text"),
        ("/v1/embeddings", {"model": "embedding", "input": {"a": 1}}, 400, "input: a text"),
        ("/v1/embeddings", {"input": "x"}, 400, "model: a name is wanted"),
        ("/v1/embeddings", {"model": "embedding@..", "input": "x"}, 404, "no version '..'"),
        ("/v1/chat/completions", {"model": "summary"}, 400, "messages: a list"),
        ("/v1/chat/completions", {"model": "summary", "messages": [{}]}, 400, "messages[0]"),
        (
            "/v1/chat/completions",
            {"model": "summary", "messages": ASK, "max_tokens": 0},
            400,
            "max_tokens: a whole number from 1",
        ),
        ("/v1/nowhere", {}, 404, "Not Found"),
        ("/healthz", {}, 405, "Method Not Allowed"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_openais_shape(
    http: httpx.Client, path: str, body: Any, status: int, reason: str
) -> None:
    answer = http.post(path, json=body)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert reason in error["message"]
    assert set(error) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b'"x"'])
def test_a_body_that_is_no_object_is_refused(http: httpx.Client, content: bytes) -> None:
    answer = http.post("/v1/recommend", content=content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_json")


def test_a_body_that_is_too_large_is_refused(http: httpx.Client) -> None:
    answer = http.post("/v1/embeddings", content=b"x" * 4_100_000)
    assert answer.status_code == 413


def test_any_script_is_embedded_and_summarised(http: httpx.Client) -> None:
    texts = ["海の旅", "كتاب", "🙂", "'; DROP TABLE books; --", "\u0000", "x" * 9_000]
    found = http.post("/v1/embeddings", json={"model": "embedding", "input": texts})
    assert [len(one["embedding"]) for one in found.json()["data"]] == [64] * len(texts)
    messages = prompt.write(texts, "🙂؟")
    said = http.post("/v1/chat/completions", json={"model": "summary", "messages": messages})
    assert said.status_code == 200


def test_half_a_character_does_not_break_a_stream(http: httpx.Client) -> None:
    body = {"model": "summary", "messages": prompt.write(["It is \ud83d good."]), "stream": True}
    said = http.post("/v1/chat/completions", content=json.dumps(body))
    assert said.text.endswith("data: [DONE]\n\n")
    assert "It is ? good." in "".join(spoken(said.text))


def spoken(stream: str) -> list[str]:
    """What the chunks of a stream say."""
    events = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: {")]
    return [event["choices"][0]["delta"].get("content", "") for event in events]


# Which version is active


@pytest.fixture
def own(models: Path, tmp_path: Path) -> Path:
    """Stored models that a test may damage."""
    return Path(shutil.copytree(models, tmp_path / "models"))


def activate(url: str, name: str, version: Any) -> httpx.Response:
    with serving.client(url) as http:
        return http.put(f"/v1/models/{name}/active", json={"version": version})


def test_the_choice_is_remembered_over_a_restart(own: Path, tmp_path: Path) -> None:
    state = tmp_path / "state" / "active.json"
    state.parent.mkdir()
    with serving.process(own, AI_STATE=str(state)) as url:
        assert activate(url, "embedding", "2026-10").status_code == 200
        with official(url) as ai:
            now = ai.embeddings.create(model="embedding", input="x")
            before = ai.embeddings.create(model="embedding@2026-09", input="x")
        assert (now.model, before.model) == ("embedding@2026-10", "embedding@2026-09")
        assert activate(url, "embedding", "1999-01").status_code == 404
        assert activate(url, "oracle", "2026-09").status_code == 404
        assert activate(url, "embedding", 7).status_code == 400
        since = activated(url)
    assert json.loads(state.read_text())["embedding"] == {
        "version": "2026-10",
        "activated": since["embedding@2026-10"],
    }
    assert list(state.parent.iterdir()) == [state]
    with serving.process(own, AI_STATE=str(state)) as url, official(url) as ai:
        assert ai.models.retrieve("embedding").version == "2026-10"
        assert activated(url) == since


def activated(url: str) -> dict[str, str]:
    """The versions in service, and since when they are."""
    with serving.client(url) as http:
        models = http.get("/v1/models").json()["data"]
    assert all(bool(model["activated"]) == model["active"] for model in models)
    return {model["id"]: model["activated"] for model in models if model["active"]}


def test_a_version_is_in_service_since_it_was_put_there(own: Path, tmp_path: Path) -> None:
    start = dt.datetime.now(dt.UTC)
    (tmp_path / "state.json").write_text('{"summary": "2026-10", "embedding": "1999-01"}')
    registry = Registry(own, tmp_path / "state.json")
    with serving.thread(application(Endpoints(registry, 4, 1000.0))) as url:
        first = activated(url)
        activate(url, "embedding", "2026-09")
        assert activated(url) == first  # it was there already
        activate(url, "embedding", "2026-10")
        then = activated(url)
    assert {"summary@2026-10", "embedding@2026-09"} < set(first)
    moments = [dt.datetime.fromisoformat(m) for m in (*first.values(), then["embedding@2026-10"])]
    assert start <= min(moments) <= max(moments) == moments[-1] <= dt.datetime.now(dt.UTC)
    assert {k: v for k, v in then.items() if k != "embedding@2026-10"}.items() < first.items()


def damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGE: list[tuple[str, Callable[[Path], object], str]] = [
    ("model.pickle", damaged, "its sha256 is not the manifest's"),
    ("model.pickle", Path.unlink, "cannot be read (No such file or directory)"),
    ("manifest.json", Path.unlink, "no readable manifest"),
    ("manifest.json", lambda path: path.write_text("{"), "no readable manifest"),
    ("manifest.json", lambda path: path.write_text("{}"), "the manifest lacks name"),
    (
        "manifest.json",
        lambda path: path.write_text(path.read_text().replace("2026-", "2027-")),
        "the manifest of another model or version",
    ),
]


@pytest.mark.parametrize(("file", "damage", "reason"), DAMAGE)
def test_a_broken_version_is_refused_and_the_old_one_goes_on(
    own: Path, file: str, damage: Callable[[Path], object], reason: str
) -> None:
    damage(own / "embedding" / "2026-10" / file)
    with serving.thread(application(Endpoints(Registry(own), 4, 1000.0))) as url:
        refusal = activate(url, "embedding", "2026-10")
        assert (refusal.status_code, refusal.json()["error"]["code"]) == (409, "model_broken")
        assert reason in refusal.json()["error"]["message"]
        with official(url) as ai:
            assert ai.embeddings.create(model="embedding", input="x").model == "embedding@2026-09"


@pytest.mark.parametrize(("file", "damage", "reason"), DAMAGE[:3])
def test_a_broken_default_is_a_sentence_and_exit_code_2(
    own: Path, file: str, damage: Callable[[Path], object], reason: str
) -> None:
    damage(own / "summary" / "2026-09" / file)
    code, told = serving.refused(own)
    assert code == 2
    assert told.startswith("ai.serve: summary@2026-09 was to be active, but ")
    assert reason in told
    assert f"2026-09/{file}: " in told
    assert told.endswith("; train the models again (python -m ai.train)\n")
    assert len(told.splitlines()) == 1


def test_settings_that_cannot_be_are_a_sentence_and_exit_code_2(own: Path, tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text('{"emb')
    (tmp_path / "when.json").write_text('{"x": {"version": "1", "activated": "once"}}')
    for models, environment, reason in (
        (None, {}, "AI_MODELS is not set"),
        (tmp_path / "nowhere", {}, "no models; run python -m ai.train"),
        (own, {"AI_QUEUE": "many"}, "AI_QUEUE and AI_TOKENS_PER_SECOND: numbers"),
        (own, {"AI_QUEUE": "0"}, "both must be positive"),
        (own, {"AI_TOKENS_PER_SECOND": "nan"}, "both must be positive"),
        (own, {"AI_STATE": str(tmp_path / "torn.json")}, "no JSON object"),
        (own, {"AI_STATE": str(tmp_path / "when.json")}, "Invalid isoformat string: 'once'"),
    ):
        code, told = serving.refused(models, **environment)
        assert (code, len(told.splitlines())) == (2, 1), told
        assert reason in told


# One thread for each model, and a bounded queue


class Slow:
    """A model that answers when it is let; it counts the calls that began."""

    def __init__(self) -> None:
        self.began: list[int] = []
        self.let = threading.Event()

    def recommend(self, customer: int, count: int) -> list[int]:
        self.began.append(customer)
        if customer < 0:
            raise RuntimeError("boom")
        assert self.let.wait(serving.PATIENCE)
        return [customer]


class Stored(Registry):
    """A registry whose recommender is of the test's own."""

    def __init__(self, folder: Path, model: Slow) -> None:
        super().__init__(folder)
        self._active["recommender"] = self._active["recommender"]._replace(model=model)


@pytest.fixture
def slow() -> Iterator[Slow]:
    model = Slow()
    yield model
    model.let.set()


@pytest.fixture
def slow_url(slow: Slow, models: Path) -> Iterator[str]:
    with serving.thread(application(Endpoints(Stored(models, slow), 3, 1000.0))) as url:
        yield url


def recommend(url: str, customer: int, timeout: float = serving.PATIENCE) -> httpx.Response:
    with serving.client(url) as http:
        return http.post("/v1/recommend", json={"customer": customer}, timeout=timeout)


def test_one_call_computes_others_wait_and_too_many_are_sent_away(
    slow: Slow, slow_url: str
) -> None:
    with ThreadPoolExecutor(3) as callers:
        calls = []
        for number in (1, 2, 3):
            calls.append(callers.submit(recommend, slow_url, number))
            until(lambda n=number: serving.busy(slow_url)["recommender"] == n, "its place")
        assert slow.began == [1]
        full = recommend(slow_url, 4)
        assert (full.status_code, full.headers["retry-after"]) == (429, "1")
        # A model that computes keeps no other from answering.
        with official(slow_url) as ai:
            assert ai.embeddings.create(model="embedding", input="x").data
        slow.let.set()
        assert [call.result().json()["books"] for call in calls] == [[1], [2], [3]]
    assert serving.busy(slow_url)["recommender"] == 0
    assert slow.began == [1, 2, 3]


def test_the_queued_work_of_who_has_gone_is_never_begun(slow: Slow, slow_url: str) -> None:
    with ThreadPoolExecutor(1) as callers:
        first = callers.submit(recommend, slow_url, 1)
        until(lambda: slow.began == [1], "the first call")
        with pytest.raises(httpx.ReadTimeout):
            recommend(slow_url, 2, timeout=0.3)
        until(lambda: serving.busy(slow_url)["recommender"] == 1, "the place of who has gone")
        slow.let.set()
        assert first.result().json()["books"] == [1]
        assert recommend(slow_url, 3).json()["books"] == [3]
    assert slow.began == [1, 3]


def test_a_model_that_fails_is_a_server_error_without_a_traceback(slow_url: str) -> None:
    answer = recommend(slow_url, -1)
    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "server_error")
    assert "boom" not in answer.text
    assert serving.busy(slow_url)["recommender"] == 0


def test_what_was_made_by_another_release_of_the_code_is_refused(own: Path) -> None:
    facts = json.loads((own / "embedding" / "2026-10" / "manifest.json").read_text())
    save(own / "embedding" / "2026-10", Slow.recommend, facts)
    content = (own / "embedding" / "2026-10" / "model.pickle").read_bytes()
    path = own / "embedding" / "2026-10" / "model.pickle"
    path.write_bytes(content.replace(b"test_ai_service", b"gone_ai_service"))
    import hashlib

    facts["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (path.parent / "manifest.json").write_text(json.dumps(facts))
    with serving.thread(application(Endpoints(Registry(own), 4, 1000.0))) as url:
        refusal = activate(url, "embedding", "2026-10")
    assert refusal.status_code == 409
    assert "made by another release of this code" in refusal.json()["error"]["message"]
