"""Golden sets of the models, asked of the AI service.

Each of ``METRICS`` takes (AI service, golden sets) and gives what it measured.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np

from ai import delivery, embedding, prompt, recommender, sentiment, summary
from ai.limits import popularity
from ai.support import faithful
from ai.text import sentences
from tests.golden_metrics import Measured, Mismatch

SETS = ("recommender", "embedding", "delivery", "summary", "sentiment")
BATCH = 500

Metrics = list[Measured]


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
        if name not in serving:
            raise Mismatch(f"the AI service has no model {name}")
        if serving[name].get("data_sha256") != golden[name].get("data_sha256"):
            raise Mismatch(f"the {name} in service was trained on other data than its golden set")


def recommended(ai: httpx.Client, golden: dict[str, Any]) -> Metrics:
    own = golden["recommender"]
    customers = [case["customer"] for case in own["cases"]]
    lists = post(ai, "/v1/recommend", {"customers": customers, "count": 10})["lists"]
    baseline = round(popularity(own), 4)
    gains = recommender.gains(lists, own)
    return [Measured("recommender ndcg@10", gains, more={"popularity": baseline})]


def delivered(ai: httpx.Client, golden: dict[str, Any]) -> Metrics:
    own = golden["delivery"]
    hours: list[float] = []
    for start in range(0, len(own["cases"]), 100):
        orders = own["cases"][start : start + 100]
        hours += post(ai, "/v1/predict/delivery", {"orders": orders})["hours"]
    errors = delivery.errors(hours, own)
    return [Measured("delivery mean absolute error", errors, "h")]


def searched(ai: httpx.Client, golden: dict[str, Any]) -> Metrics:
    own = golden["embedding"]
    queries = embedded(ai, [case["query"] for case in own["cases"]])
    books = embedded(ai, [text for _, text in own["candidates"]])
    return [Measured("search ndcg@10", embedding.gains(queries, books, own))]


def embedded(ai: httpx.Client, texts: list[str]) -> np.ndarray:
    rows: list[list[float]] = []
    for start in range(0, len(texts), BATCH):
        body = {"model": "embedding", "input": texts[start : start + BATCH]}
        rows += [one["embedding"] for one in post(ai, "/v1/embeddings", body)["data"]]
    return np.array(rows)


def classified(ai: httpx.Client, golden: dict[str, Any]) -> Metrics:
    own = golden["sentiment"]
    positive = post(ai, "/v1/classify/sentiment", {"texts": own["texts"]})["positive"]
    return [Measured("sentiment accuracy", sentiment.right(positive, own))]


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
    covered = [summary.covered(said, case) for case, said in answers if not case["question"]]
    return [Measured("summary faithfulness", kept), Measured("summary coverage", covered)]


METRICS = (recommended, delivered, searched, classified, summarised)
