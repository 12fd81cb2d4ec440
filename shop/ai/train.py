"""Train all versions of all models from generated data.

    python -m ai.train --data DIR --out MODELS

Writes MODELS/NAME/VERSION/, MODELS/golden.json (cases that no model was trained on, with the limits
that a version in service must keep), and DIR/learned/: what the models say ahead, for the database.
Deterministic but for the latencies in the manifests, which are measured here.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

from ai import delivery, embedding, learned, limits, recommender, sentiment, store, summary
from ai.quality import interval

MODELS: dict[str, ModuleType] = {
    module.NAME: module for module in (delivery, recommender, embedding, summary, sentiment)
}

JOBS = [
    ("delivery", ("2026-11",)),
    *((name, tuple(MODELS[name].VERSIONS)) for name in ("sentiment", "embedding", "summary")),
    ("recommender", tuple(recommender.VERSIONS)),
    ("delivery", ("2026-09", "2026-10", "2026-12")),
]
"""What is trained in one process, the longest first: versions share what they read."""


REPEATS, ENOUGH = 9, 300.0
"""Measurements of a latency, as long as all of them took fewer milliseconds."""


def milliseconds(work: Callable[[], Any]) -> float:
    """The least of some repeats: what else runs on the machine can only add to it."""
    times: list[float] = []
    while not times or (len(times) < REPEATS and sum(times) < ENOUGH):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return round(min(times), 3)


def build(data: Path, out: Path, name: str, version: str, golden: dict[str, Any]) -> dict[str, Any]:
    """Train, measure and store one version; its manifest, with the seconds that it took."""
    start = time.perf_counter()
    module = MODELS[name]
    model = module.VERSIONS[version](data)
    trained = time.perf_counter() - start
    facts = {
        "name": name,
        "version": version,
        "data_sha256": store.sha256(*(data / source for source in module.SOURCES)),
        "quality": {"metric": module.METRIC, **interval(module.scores(model, golden))},
        "latency_ms": {
            "single": milliseconds(module.probe(model, golden, 1)),
            "batch128": milliseconds(module.probe(model, golden, 128)),
        },
    }
    if version == learned.VERSION and name in learned.STEPS:
        golden.update(learned.STEPS[name](model, data, golden))
    return store.save(out / name / version, model, facts) | {"seconds": round(trained, 2)}


def job(
    data: Path, out: Path, name: str, versions: Sequence[str]
) -> tuple[list[dict[str, Any]], str, dict[str, Any]]:
    """Build some versions: their manifests; and the golden set of the model."""
    golden = MODELS[name].cases(data)
    return [build(data, out, name, version, golden) for version in versions], name, golden


def everything(data: Path, out: Path, jobs: int) -> list[dict[str, Any]]:
    """All versions, in processes; their manifests."""
    with ProcessPoolExecutor(jobs) as pool:
        running = [pool.submit(job, data, out, name, versions) for name, versions in JOBS]
        done = [one.result() for one in running]
    learned.index(data)
    manifests = [manifest for some, *_ in done for manifest in some]
    cases = {name: golden for _, name, golden in done}
    (out / "golden.json").write_text(json.dumps(limits.golden(cases, manifests)))
    return manifests


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train the models.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the generated data")
    parser.add_argument("--out", type=Path, required=True, help="folder for the models")
    parser.add_argument("--jobs", type=int, default=2, help="processes to train in")
    args = parser.parse_args(argv)
    sources = sorted({source for module in MODELS.values() for source in module.SOURCES})
    absent = [source for source in sources if not (args.data / source).exists()]
    if absent:
        sys.exit(f"{args.data}: no {', '.join(absent)}; run python -m data.generate first")
    for m in everything(args.data, args.out, args.jobs):
        print(m["name"], m["version"], m["quality"], m["latency_ms"], m["size_bytes"], m["seconds"])


if __name__ == "__main__":
    main()
