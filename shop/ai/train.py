"""Train all versions of all models from generated data.

    python -m ai.train --data DIR --out DIR

Deterministic but for the latencies in the manifests, which are measured here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor

from ai.models import FEATURES, MANIFEST_FILE, MODEL_FILE, Delivery, Recommender

HELD_OUT = 0.1
"""The share of deliveries, and of each customer's latest interactions, that no model has seen."""

CASES = 250
SEED = 11

FACTORS = {"2026-09": 32, "2026-11": 8}


def boosting() -> Any:
    return HistGradientBoostingRegressor(max_iter=200, random_state=SEED)


def forest() -> Any:
    """Many deep trees, each on a small sample: quick to train, and slow to ask one by one."""
    return RandomForestRegressor(
        n_estimators=2000, max_samples=0.03, min_samples_leaf=2, n_jobs=1, random_state=SEED
    )


DELIVERY: dict[str, Callable[[], Any]] = {"2026-09": boosting, "2026-11": forest}


def split_interactions(data: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(customer, book) to train on, and (customer, book) held out: the latest of each customer."""
    stored = np.load(data / "interactions.npz")
    customer, book, day = stored["customer"], stored["book"], stored["day"]
    order = np.lexsort((day, customer))
    customer, book = customer[order], book[order]
    last = np.searchsorted(customer, customer, side="right") - np.arange(len(customer))
    size = np.bincount(customer)[customer]
    held = last <= np.maximum(size * HELD_OUT, 1)
    return customer[~held], book[~held], customer[held], book[held]


def train_recommender(data: Path, factors: int) -> Recommender:
    customer, book, *_ = split_interactions(data)
    matrix = csr_matrix(
        (np.ones(len(book), np.float32), (customer - 1, book - 1)),
        shape=(int(customer.max()), int(np.load(data / "interactions.npz")["book"].max())),
    )
    matrix.sum_duplicates()
    counts = np.asarray(matrix.sum(axis=0)).ravel()
    # Weigh popular books less: else the first factors say nothing but "popular".
    weighted = matrix.multiply(1 / np.sqrt(counts + 5)).tocsr()
    svd = TruncatedSVD(factors, random_state=SEED, n_iter=4).fit(weighted)
    return Recommender(
        customers=svd.transform(weighted).astype(np.float32),
        books=svd.components_.T.astype(np.float32).copy(),
        popular=(np.argsort(-counts, kind="stable")[:100] + 1).astype(np.int32),
        seen_at=matrix.indptr.astype(np.int32),
        seen=(matrix.indices + 1).astype(np.int32),
    )


def split_deliveries(data: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features and hours to train on, and those held out."""
    stored = np.load(data / "deliveries.npz")
    rows = np.column_stack([stored[name] for name in FEATURES])
    held = int(len(rows) * HELD_OUT)
    return rows[held:], stored["hours"][held:], rows[:held], stored["hours"][:held]


def ndcg(ranked: Sequence[int], relevant: set[int], at: int = 10) -> float:
    """Normalised discounted cumulative gain of one ranking."""
    gains = [1 / np.log2(i + 2) for i, book in enumerate(ranked[:at]) if book in relevant]
    ideal = sum(1 / np.log2(i + 2) for i in range(min(at, len(relevant))))
    return sum(gains) / ideal


def recommender_cases(data: Path) -> list[dict[str, Any]]:
    """Held-out books of some customers, spread over all of them."""
    _, _, customer, book = split_interactions(data)
    chosen = np.unique(customer)[:: max(len(np.unique(customer)) // CASES, 1)][:CASES]
    return [
        {"customer": int(c), "relevant": sorted(set(book[customer == c].tolist()))} for c in chosen
    ]


def milliseconds(work: Callable[[], Any], repeats: int = 5) -> float:
    """The median of some repeats."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return round(sorted(times)[repeats // 2], 3)


def build_recommender(data: Path, version: str) -> tuple[Recommender, dict[str, Any]]:
    model = train_recommender(data, FACTORS[version])
    cases = recommender_cases(data)
    scores = [ndcg(model.recommend(c["customer"], 10), set(c["relevant"])) for c in cases]
    single = milliseconds(lambda: model.recommend(1, 12))
    batch = milliseconds(lambda: [model.recommend(c, 12) for c in range(1, 129)], 3)
    return model, {
        "quality": {
            "metric": "ndcg@10",
            "value": round(float(np.mean(scores)), 4),
            "n": len(cases),
        },
        "latency_ms": {"single": single, "batch128": batch},
    }


def build_delivery(data: Path, version: str) -> tuple[Delivery, dict[str, Any]]:
    rows, hours, held_rows, held_hours = split_deliveries(data)
    model = Delivery(DELIVERY[version]().fit(rows, hours))
    error = float(np.abs(np.array(model.predict(held_rows)) - held_hours).mean())
    single = milliseconds(lambda: model.predict(held_rows[:1]))
    return model, {
        "quality": {"metric": "mae_hours", "value": round(error, 4), "n": len(held_hours)},
        "latency_ms": {
            "single": single,
            "batch128": milliseconds(lambda: model.predict(held_rows[:128]), 3),
        },
    }


def build(data: Path, out: Path, name: str, version: str) -> dict[str, Any]:
    """Train and store one version; its manifest."""
    source = {"recommender": "interactions.npz", "delivery": "deliveries.npz"}[name]
    make = {"recommender": build_recommender, "delivery": build_delivery}[name]
    model, measured = make(data, version)
    folder = out / name / version
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / MODEL_FILE)
    stored = (folder / MODEL_FILE).read_bytes()
    manifest = {
        "name": name,
        "version": version,
        "sha256": hashlib.sha256(stored).hexdigest(),
        "data_sha256": hashlib.sha256((data / source).read_bytes()).hexdigest(),
        "size_bytes": len(stored),
        **measured,
    }
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return manifest


def golden(data: Path, manifests: list[dict[str, Any]]) -> dict[str, Any]:
    """Held-out cases with the limits that a version in service must keep.

    The limits leave room for every version that is released: they catch what is broken.
    """
    _, _, rows, hours = split_deliveries(data)
    _, book, *_ = split_interactions(data)
    counts = np.bincount(book)
    worst = max(m["quality"]["value"] for m in manifests if m["name"] == "delivery")
    least = min(m["quality"]["value"] for m in manifests if m["name"] == "recommender")
    return {
        "recommender": {
            "cases": recommender_cases(data),
            "popular": np.argsort(-counts, kind="stable")[:10].tolist(),
            "limit": round(least * 0.8, 4),
        },
        "delivery": {
            "cases": [dict(zip(FEATURES, map(float, row), strict=True)) for row in rows[:300]],
            "hours": hours[:300].tolist(),
            "limit": round(worst * 1.25, 4),
        },
    }


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train the models.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the generated data")
    parser.add_argument("--out", type=Path, required=True, help="folder for the models")
    parser.add_argument("--jobs", type=int, default=2, help="processes to train in")
    args = parser.parse_args(argv)
    wanted = [("delivery", v) for v in reversed(DELIVERY)] + [("recommender", v) for v in FACTORS]
    with ProcessPoolExecutor(args.jobs) as pool:
        jobs = [pool.submit(build, args.data, args.out, name, v) for name, v in wanted]
        manifests = [job.result() for job in jobs]
    (args.out / "golden.json").write_text(json.dumps(golden(args.data, manifests)))
    for m in manifests:
        print(m["name"], m["version"], m["quality"], m["latency_ms"], m["size_bytes"])


if __name__ == "__main__":
    main()
