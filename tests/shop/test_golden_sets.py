"""The golden sets: through a running service, and what they say when they do not fit it."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import serving
import tiny
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from brownout import store
from brownout.app import cli

MODELS = {
    "recommender ndcg@10",
    "delivery mean absolute error",
    "search ndcg@10",
    "sentiment accuracy",
    "summary faithfulness",
    "summary coverage",
}
SHOPS = {
    "shop search ndcg@10",
    "embeddings overdue",
    "recommendations age",
    "summary reviews unread",
    "summaries overdue",
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All models and golden sets, by the command that a user would give."""
    data = tiny.write(tmp_path_factory.mktemp("data"))
    out = tmp_path_factory.mktemp("models")
    words = ["-m", "ai.train", "--data", str(data), "--out", str(out)]
    done = serving.python(words, os.environ)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def url(models: Path) -> Iterator[str]:
    with serving.process(models, AI_TOKENS_PER_SECOND="5000") as url:
        yield url


@pytest.fixture(scope="module")
def settled_url(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An AI service whose embedding is active since yesterday."""
    state = tmp_path_factory.mktemp("state") / "state.json"
    chosen = {"version": "2026-09", "activated": now(days=1)}
    state.write_text(json.dumps({"embedding": chosen}))
    with serving.process(models, AI_TOKENS_PER_SECOND="5000", AI_STATE=str(state)) as url:
        yield url


def golden(url: str, models: Path, *more: str, **environment: str) -> tuple[int, Any]:
    """(exit code, the metrics by name, or the sentence that says why there are none)."""
    words = ["-m", "tests.golden", "--ai", url, "--models", str(models), *more]
    done = serving.python(words, os.environ | environment)
    if done.returncode == 2:
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1, done.stderr
        return 2, done.stderr
    found = json.loads(done.stdout)
    assert found["passed"] == (done.returncode == 0)
    return done.returncode, {metric["name"]: metric for metric in found["metrics"]}


def test_what_is_in_service_keeps_its_limits(url: str, models: Path) -> None:
    code, metrics = golden(url, models)
    assert (code, set(metrics)) == (0, MODELS)
    limits = json.loads((models / "golden.json").read_text())["limits"]
    for name, metric in metrics.items():
        assert metric["limit"] in (metric["declared"], limits[name])
        assert metric["low"] <= metric["value"] <= metric["high"]
        assert metric["n"] > 0
        assert metric["ok"]
    assert golden(url, models) == (code, metrics)
    stored = json.loads((models / "embedding" / "2026-09" / "manifest.json").read_text())
    assert metrics["search ndcg@10"]["value"] == stored["quality"]["value"]


@pytest.mark.parametrize(
    ("model", "version", "failing"),
    [
        ("embedding", "2026-10", {"search ndcg@10"}),
        ("embedding", "2026-11", {"search ndcg@10"}),
        ("summary", "2026-11", {"summary coverage"}),  # fuses nothing of so few words
        ("delivery", "2026-11", set()),  # slow, and accepted
    ],
)
def test_a_version_that_is_worse_fails(
    url: str, models: Path, tmp_path: Path, model: str, version: str, failing: set[str]
) -> None:
    (tmp_path / "slo.toml").touch()  # nothing declared: the limits are those of these data
    with active(url, model, version):
        code, metrics = golden(url, models, "--slo", str(tmp_path / "slo.toml"))
    assert code == bool(failing)
    assert {name for name, metric in metrics.items() if not metric["ok"]} == failing
    assert {metric["declared"] for metric in metrics.values()} == {None}


@contextlib.contextmanager
def active(url: str, model: str, version: str) -> Iterator[None]:
    """A version in service for a while."""
    with serving.client(url) as http:
        path = f"/v1/models/{model}/active"
        assert http.put(path, json={"version": version}).status_code == 200
        yield
        http.put(path, json={"version": "2026-09"})


def test_the_looser_of_two_limits_counts(url: str, models: Path, tmp_path: Path) -> None:
    """Neither of 1.5 can be kept; a shop is held to it where both say so."""
    names = ("sentiment accuracy", "summary coverage", "search ndcg@10")
    folder = edited(models, tmp_path, "limits", **dict.fromkeys(names[1:], 1.5))
    slo = tmp_path / "slo.toml"
    promises = zip(names, (1.5, 0.001, 1.5), strict=True)
    slo.write_text("".join(f'[[quality]]\nmetric = "{n}"\nat_least = {v}\n' for n, v in promises))
    code, metrics = golden(url, folder, "--slo", str(slo))
    assert (code, {n for n, m in metrics.items() if not m["ok"]}) == (1, {"search ndcg@10"})
    assert [metrics[name]["declared"] for name in names] == [1.5, 0.001, 1.5]
    assert [metrics[name]["limit"] for name in names[1:]] == [0.001, 1.5]
    slo.write_text('[[quality]]\nmetric = "serch"\nat_least = 1\n')
    assert (
        "slo.toml: unknown quality metric 'serch'; known: rec"
        in golden(url, folder, "--slo", str(slo))[1]
    )


def edited(models: Path, folder: Path, model: str, **fields: Any) -> Path:
    golden = json.loads((models / "golden.json").read_text())
    golden[model] |= fields
    (folder / "golden.json").write_text(json.dumps(golden))
    return folder


def test_golden_sets_that_do_not_fit_are_one_sentence(
    url: str, models: Path, tmp_path: Path
) -> None:
    code, said = golden(url, tmp_path)
    assert (code, "no golden sets" in said) == (2, True)
    (tmp_path / "golden.json").write_text('{"recommender": {}}')
    assert "no golden set of embedding, " in golden(url, tmp_path)[1]
    damaged = json.loads((models / "golden.json").read_text())
    del damaged["sentiment"]["texts"]
    (tmp_path / "golden.json").write_text(json.dumps(damaged))
    assert "lacks what it should have (KeyError('texts'))" in golden(url, tmp_path)[1]
    folder = edited(models, tmp_path, "delivery", data_sha256="0" * 64)
    assert "the delivery in service was trained on other data" in golden(url, folder)[1]
    away = f"http://127.0.0.1:{serving.free_port()}"
    assert "Connection refused" in golden(away, models)[1]
    assert "does not answer as it should" in golden("nonsense", models)[1]


def test_the_key_is_sent(models: Path) -> None:
    with serving.process(models, AI_API_KEY="k", AI_TOKENS_PER_SECOND="5000") as url:
        assert "401" in golden(url, models, AI_API_KEY="wrong")[1]
        assert golden(url, models, AI_API_KEY="k")[0] == 0


@dataclass
class Shop:
    """A shop that finds by theme, shows summaries, and can be made to lag behind.

    ``recommended``: when each customer's list was made, "" for one of what is popular; ``door``:
    the status of a login.
    """

    version: str = "2026-09"
    title: str = ""
    summaries: bool = True
    fresh: list[str] = field(default_factory=list)
    recommended: str = "2999-01-01T00:00:00Z"
    door: int = 200

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/search/", self.search),
                Route("/api/books/{id:int}/", self.book),
                Route("/api/books/{id:int}/reviews/", self.reviews),
                Route("/api/session/", self.session, methods=["POST", "DELETE"]),
                Route("/api/home/", self.home),
            ]
        )

    async def search(self, request: Request) -> JSONResponse:
        query = request.query_params["q"]
        themes = [n for n, words in enumerate(tiny.THEMES) if set(words) & set(query.split())]
        found = [b for b in range(1, tiny.BOOKS + 1) if tiny.theme(b) in themes]
        semantic = {"model": "embedding", "version": self.version} if self.version else None
        results = [{"id": book} for book in found[:24]]
        return JSONResponse({"results": results, "total": len(found), "semantic": semantic})

    async def book(self, request: Request) -> JSONResponse:
        id = request.path_params["id"]
        made = {"text": "x", "reviews": 8, "created": "2026-08-08T10:00:00+00:00"}
        page = {"id": id, "title": self.title or tiny.title(id)}
        page |= {"review_count": 8 + len(self.fresh), "summary": made if self.summaries else None}
        return JSONResponse(page)

    async def reviews(self, request: Request) -> JSONResponse:
        written = [{"created": moment} for moment in self.fresh]
        return JSONResponse({"results": written, "next": None})

    async def session(self, request: Request) -> Response:
        if request.method == "DELETE":
            return Response(status_code=204)
        told = await request.json()
        assert re.fullmatch(r"customer\d+@example\.com", told["email"])
        answer = JSONResponse({"email": told["email"]}, self.door)
        answer.set_cookie("sessionid", told["email"])
        return answer

    async def home(self, request: Request) -> JSONResponse:
        known = bool(request.cookies.get("sessionid")) and bool(self.recommended)
        source = {"model": "recommender", "version": "2026-09", "created": self.recommended}
        return JSONResponse({"source": source if known else None})


def now(**ago: float) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(**ago)).isoformat()


@pytest.mark.parametrize(
    ("shop", "failing"),
    [
        (Shop(), set()),
        (Shop(fresh=[now(hours=9)]), set()),
        (Shop(version=""), {"embeddings overdue"}),
        (Shop(version="2026-10"), {"embeddings overdue"}),
        (Shop(recommended=now(hours=37)), set()),
        (Shop(recommended=now(hours=39)), {"recommendations age"}),
        (Shop(fresh=[now(minutes=1)] * 4), {"summary reviews unread"}),
        (Shop(fresh=[now(hours=9)] * 4), {"summary reviews unread", "summaries overdue"}),
    ],
)
def test_the_shop_is_measured_as_its_visitors_see_it(
    settled_url: str, models: Path, shop: Shop, failing: set[str]
) -> None:
    with serving.thread(shop.app()) as shop_url:
        code, metrics = golden(settled_url, models, "--shop", shop_url)
    assert (code, set(metrics)) == (bool(failing), MODELS | SHOPS)
    assert {name for name, metric in metrics.items() if not metric["ok"]} == failing


def test_vectors_are_overdue_since_another_model_is_active(url: str, models: Path) -> None:
    with serving.thread(Shop().app()) as shop_url:
        current = golden(url, models, "--shop", shop_url)[1]["embeddings overdue"]
        with active(url, "embedding", "2026-12"):
            switched = golden(url, models, "--shop", shop_url)[1]["embeddings overdue"]
    assert (current["value"], current["unit"], current["bound"]) == (0, "s", "at_most")
    assert (switched["value"] > 0, switched["ok"]) == (True, True)


def test_a_shop_of_other_data_is_one_sentence(url: str, models: Path) -> None:
    with serving.thread(Shop(title="Another").app()) as shop_url:
        code, said = golden(url, models, "--shop", shop_url)
    assert (code, "the golden sets are of other data" in said) == (2, True)
    with serving.thread(Shop(summaries=False).app()) as shop_url:
        assert "shows no summary" in golden(url, models, "--shop", shop_url)[1]
    with serving.thread(Shop(recommended="").app()) as shop_url:
        assert "recommends nothing" in golden(url, models, "--shop", shop_url)[1]
    with serving.thread(Shop(door=401).app()) as shop_url:
        assert (
            "has no home page: POST /api/session/: 401"
            in golden(url, models, "--shop", shop_url)[1]
        )
    with serving.thread(Starlette()) as shop_url:
        assert "is not there in the shop" in golden(url, models, "--shop", shop_url)[1]


def test_one_command_measures_the_shop_that_runs(
    url: str, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["quality", "--run", str(tmp_path)]
    folder = store.RunFolder(tmp_path)
    with serving.thread(Shop().app()) as shop_url:
        folder.serves({"shop": shop_url, "ai": url, "models": str(models)})
        assert cli.run([*words, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert {metric["name"] for metric in found["metrics"]} == MODELS | SHOPS
        with active(url, "summary", "2026-11"):
            assert cli.run(words) == 1
        assert "broken" in capsys.readouterr().out
    assert cli.run(words) == 2
    assert "nothing could be measured: golden sets: a service does" in capsys.readouterr().err
    folder.close()
    assert cli.run(words) == 2
    assert f"no shop is running in {tmp_path}" in capsys.readouterr().err


def test_data_that_lack_a_file_are_one_sentence(tmp_path: Path) -> None:
    data = tiny.write(tmp_path / "data")
    (data / "searches.csv").unlink()
    shutil.rmtree(tmp_path / "models", ignore_errors=True)
    words = ["-m", "ai.train", "--data", str(data), "--out", str(tmp_path / "models")]
    done = serving.python(words, os.environ)
    assert done.returncode == 1
    assert done.stderr == f"{data}: no searches.csv; run python -m data.generate first\n"
