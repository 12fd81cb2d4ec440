"""Golden sets of the models, asked of the AI service.

Each metric of ``METRICS`` takes (AI service, golden sets) and gives metrics.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np

from ai import delivery, embedding, prompt, recommender, sentiment, summary
from ai.limits import popularity
from ai.support import coverage, faithful
from ai.text import sentences
from tests.golden_metrics import Mismatch, metric

SETS = ("recommender", "embedding", "delivery", "summary", "sentiment", "freshness")
BATCH = 500

Metrics = list[dict[str, Any]]


def post(ai: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer; raises Mismatch with the service's own reason for a refusal."""
    response = ai.post(path, json=body)
    if response.status_code >= 400:
        raise Mismatch(f"{path} answers {response.status_code} ({reason(response)})")
    return dict(response.json())


def reason(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return response.text[:80]


def check(ai: httpx.Client, golden: dict[str, Any]) -> None:
    """Raises Mismatch unless the models in service learned from the data of the golden sets."""
    response = ai.get("/v1/models")
    if response.status_code >= 400:
        raise Mismatch(f"/v1/models answers {response.status_code} ({reason(response)})")
    serving = {m["name"]: m for m in response.json()["data"] if m["active"]}
    for name in SETS:
        wanted = golden[name].get("data_sha256")
        if wanted and name not in serving:
            raise Mismatch(f"the AI service has no model {name}")
        if wanted and serving[name].get("data_sha256") != wanted:
            raise Mismatch(f"the {name} in service was trained on other data than its golden set")


def recommended(ai: httpx.Client, golden: dict[str, Any]) -> Metrics:
    own = golden["recommender"]
    customers = [case["customer"] for case in own["cases"]]
    lists = post(ai, "/v1/recommend", {"customers": customers, "count": 10})["lists"]
    baseline = round(popularity(own), 4)
    gains = recommender.gains(lists, own)
    return [metric("recommender ndcg@10", gains, own["limit"], popularity=baseline)]


def delivered(ai: httpx.Client, golden: dict[str, Any]) -> Metrics:
    own = golden["delivery"]
    hours: list[float] = []
    for start in range(0, len(own["cases"]), 100):
        orders = own["cases"][start : start + 100]
        hours += post(ai, "/v1/predict/delivery", {"orders": orders})["hours"]
    errors = delivery.errors(hours, own)
    return [metric("delivery mean absolute error", errors, own["limit"], unit="h", most=True)]


def searched(ai: httpx.Client, golden: dict[str, Any]) -> Metrics:
    own = golden["embedding"]
    queries = embedded(ai, [case["query"] for case in own["cases"]])
    books = embedded(ai, [text for _, text in own["candidates"]])
    return [metric("search ndcg@10", embedding.gains(queries, books, own), own["limit"])]


def embedded(ai: httpx.Client, texts: list[str]) -> np.ndarray:
    rows: list[list[float]] = []
    for start in range(0, len(texts), BATCH):
        body = {"model": "embedding", "input": texts[start : start + BATCH]}
        rows += [one["embedding"] for one in post(ai, "/v1/embeddings", body)["data"]]
    return np.array(rows)


def classified(ai: httpx.Client, golden: dict[str, Any]) -> Metrics:
    own = golden["sentiment"]
    positive = post(ai, "/v1/classify/sentiment", {"texts": own["texts"]})["positive"]
    return [metric("sentiment accuracy", sentiment.right(positive, own), own["limit"])]


def summarised(ai: httpx.Client, golden: dict[str, Any]) -> Metrics:
    """Faithfulness of summaries and answers; coverage of summaries alone.

    Asked together, as the service speaks them at the pace of a chat model.
    """
    own = golden["summary"]

    def ask(case: dict[str, Any]) -> list[str]:
        messages = prompt.write(case["reviews"], case["question"])
        body = {"model": "summary", "messages": messages}
        said = post(ai, "/v1/chat/completions", body)["choices"][0]["message"]["content"]
        return [] if said == summary.NOTHING else sentences(said)

    with ThreadPoolExecutor(16) as pool:
        answers = list(zip(own["cases"], pool.map(ask, own["cases"]), strict=True))
    kept = [faithful(said, case["reviews"]) for case, said in answers]
    covered = [coverage(said, case["held"]) for case, said in answers if not case["question"]]
    return [
        metric("summary faithfulness", kept, own["faithful"]),
        metric("summary coverage", covered, own["limit"]),
    ]


METRICS = (recommended, delivered, searched, classified, summarised)
