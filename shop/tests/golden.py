"""Measure the models in service against cases that they were not trained on, as users get them.

    python -m tests.golden --ai http://127.0.0.1:8100 --models DIR [--shop http://127.0.0.1:8000]

Prints JSON: each metric with its value, the 95% interval over the cases, what is declared to users
(slo.toml, or the file of --slo) and the limit that counts. Exit code 0 when every metric keeps its
limit, 1 when not, 2 when nothing could be measured (one sentence says why). AI_API_KEY is sent when
it is set.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx

from tests import golden_models, golden_promises, golden_shop
from tests.golden_metrics import Measured, Mismatch
from tests.golden_promises import Unclear

SLO = Path(__file__).parents[1] / "slo.toml"


def measure(golden: dict[str, Any], ai: httpx.Client, shop: httpx.Client | None) -> list[Measured]:
    """All metrics; those of the shop itself only with ``shop``. Raises Mismatch."""
    golden_models.check(ai, golden)
    metrics = [measured for one in golden_models.METRICS for measured in one(ai, golden)]
    if shop is not None:
        golden_shop.check(shop, golden)
        metrics += [measured for one in golden_shop.METRICS for measured in one(shop, ai, golden)]
    return metrics


def read(folder: Path) -> dict[str, Any]:
    """The golden sets of a folder of models. Raises Mismatch."""
    path = folder / "golden.json"
    try:
        golden = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Mismatch(f"{path}: no golden sets ({error}); run python -m ai.train") from error
    missing = [name for name in (*golden_models.SETS, "limits") if name not in golden]
    if missing:
        raise Mismatch(f"{path}: no golden set of {', '.join(missing)}; run python -m ai.train")
    return dict(golden)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the models in service.")
    parser.add_argument("--ai", required=True, help="URL of the AI service")
    parser.add_argument("--models", type=Path, required=True, help="folder with golden.json")
    parser.add_argument("--shop", help="URL of the shop, to measure what its visitors get")
    parser.add_argument("--slo", type=Path, default=SLO, help="what is promised (slo.toml)")
    args = parser.parse_args()
    key = os.environ.get("AI_API_KEY", "local")
    settings: dict[str, Any] = {"timeout": 20, "trust_env": False}
    ai = httpx.Client(base_url=args.ai, headers={"Authorization": f"Bearer {key}"}, **settings)
    shop = httpx.Client(base_url=args.shop, **settings) if args.shop else None
    try:
        declared, golden = golden_promises.read(args.slo), read(args.models)
        measured = measure(golden, ai, shop)
    except (Mismatch, Unclear) as error:
        print(f"golden sets: {error}", file=sys.stderr)
        return 2
    except (LookupError, TypeError) as error:
        path = args.models / "golden.json"
        print(
            f"golden sets: {path} or an answer lacks what it should have ({error!r})",
            file=sys.stderr,
        )
        return 2
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        print(f"golden sets: a service does not answer as it should ({error})", file=sys.stderr)
        return 2
    metrics = [golden_promises.judged(one, golden["limits"], declared) for one in measured]
    passed = all(metric["ok"] for metric in metrics)
    print(json.dumps({"passed": passed, "metrics": metrics}))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
