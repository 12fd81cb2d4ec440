"""Measure the models in service against cases that they were not trained on.

    python -m tests.golden --ai http://127.0.0.1:8100 --models DIR

Prints JSON; exit code 0 when every metric keeps its limit, 1 when not.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

import httpx


def ndcg(ranked: list[int], relevant: set[int]) -> float:
    """Normalised discounted cumulative gain at 10."""
    gain = sum(1 / math.log2(i + 2) for i, book in enumerate(ranked[:10]) if book in relevant)
    return gain / sum(1 / math.log2(i + 2) for i in range(min(10, len(relevant))))


def recommender(ai: httpx.Client, golden: dict[str, Any]) -> dict[str, Any]:
    scores = []
    for case in golden["cases"][:100]:
        answer = ai.post("/v1/recommend", json={"customer": case["customer"], "count": 10})
        scores.append(ndcg(answer.raise_for_status().json()["books"], set(case["relevant"])))
    value = sum(scores) / len(scores)
    return {
        "name": "recommender ndcg@10", "value": round(value, 4), "limit": golden["limit"],
        "ok": value >= golden["limit"], "unit": "", "n": len(scores),
    }  # fmt: skip


def delivery(ai: httpx.Client, golden: dict[str, Any]) -> dict[str, Any]:
    hours: list[float] = []
    for start in range(0, len(golden["cases"]), 100):
        body = {"orders": golden["cases"][start : start + 100]}
        hours += ai.post("/v1/predict/delivery", json=body).raise_for_status().json()["hours"]
    errors = [abs(a - b) for a, b in zip(hours, golden["hours"], strict=True)]
    value = sum(errors) / len(errors)
    return {
        "name": "delivery mean absolute error", "value": round(value, 4),
        "limit": golden["limit"], "ok": value <= golden["limit"], "unit": "h", "n": len(errors),
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the models in service.")
    parser.add_argument("--ai", required=True, help="URL of the AI service")
    parser.add_argument("--models", type=Path, required=True, help="folder with golden.json")
    args = parser.parse_args()
    golden = json.loads((args.models / "golden.json").read_text())
    with httpx.Client(base_url=args.ai, timeout=20, trust_env=False) as ai:
        metrics = [recommender(ai, golden["recommender"]), delivery(ai, golden["delivery"])]
    print(json.dumps({"passed": all(m["ok"] for m in metrics), "metrics": metrics}))
    return 0 if all(m["ok"] for m in metrics) else 1


if __name__ == "__main__":
    sys.exit(main())
