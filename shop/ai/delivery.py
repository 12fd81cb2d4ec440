"""How many hours a delivery takes: regression trees over what is known of an order.

The boosted versions are stored as plain arrays, so that answering needs NumPy alone; the forest is
scikit-learn's own object, which is imported (90 MB) when that version is loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ai import records

NAME = "delivery"
SOURCES = ("deliveries.npz",)
METRIC = "mae_hours"
FEATURES = ("distance_km", "weight_g", "hour", "weekday", "stock", "express")
SEED = 11
CASES = 500


@dataclass(frozen=True)
class Trees:
    """Boosted trees; ``nodes`` of all trees in one table, ``roots`` their first rows."""

    base: float
    roots: np.ndarray
    feature: np.ndarray
    limit: np.ndarray
    children: np.ndarray
    value: np.ndarray
    depth: int

    def predict(self, rows: list[list[float]]) -> list[float]:
        """Hours for rows of ``FEATURES``; all trees of all rows go down one level at a time."""
        known = np.asarray(rows, float)
        at = np.broadcast_to(self.roots, (len(known), len(self.roots)))
        who = np.arange(len(known))[:, None]
        for _ in range(self.depth):
            right = known[who, self.feature[at]] > self.limit[at]
            at = self.children[at, right.view(np.int8)]
        return np.round(self.base + self.value[at].sum(axis=1), 2).tolist()


@dataclass(frozen=True)
class Forest:
    """A forest of scikit-learn's."""

    estimator: Any

    def predict(self, rows: list[list[float]]) -> list[float]:
        return np.round(self.estimator.predict(np.asarray(rows, float)), 2).tolist()


def flatten(estimator: Any) -> Trees:
    """The trees of a fitted HistGradientBoostingRegressor; a leaf is its own child."""
    tables = [p[0].nodes for p in estimator._predictors]
    starts = np.cumsum([0] + [len(t) for t in tables[:-1]])
    nodes = np.concatenate(tables)
    leaf = nodes["is_leaf"].astype(bool)
    base = np.repeat(starts, [len(t) for t in tables])
    here = np.arange(len(nodes))
    children = [np.where(leaf, here, nodes[side] + base) for side in ("left", "right")]
    return Trees(
        base=float(estimator._baseline_prediction.ravel()[0]),
        roots=starts.astype(np.int32),
        feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int32),
        limit=np.where(leaf, np.inf, nodes["num_threshold"]),
        children=np.column_stack(children).astype(np.int32),
        value=np.where(leaf, nodes["value"], 0.0),
        depth=int(nodes["depth"].max()),
    )


def boosted(data: Path, iterations: int, rate: float = 0.1) -> Trees:
    from sklearn.ensemble import HistGradientBoostingRegressor  # training alone needs it

    rows, hours, *_ = records.deliveries(data, FEATURES)
    estimator = HistGradientBoostingRegressor(
        max_iter=iterations, learning_rate=rate, early_stopping=False, random_state=SEED
    )
    return flatten(estimator.fit(rows, hours))


def forest(data: Path) -> Forest:
    """Many deep trees, each on a small sample: quick to train, and slow to ask one by one."""
    from sklearn.ensemble import RandomForestRegressor

    rows, hours, *_ = records.deliveries(data, FEATURES)
    estimator = RandomForestRegressor(
        n_estimators=2000, max_samples=0.03, min_samples_leaf=2, n_jobs=1, random_state=SEED
    )
    return Forest(estimator.fit(rows, hours))


VERSIONS: dict[str, Callable[[Path], Trees | Forest]] = {
    "2026-09": lambda data: boosted(data, 200),
    "2026-10": lambda data: boosted(data, 15),
    "2026-11": forest,
    "2026-12": lambda data: boosted(data, 600, 0.06),
}


def cases(data: Path) -> dict[str, Any]:
    """Held-out orders, and the hours that they took."""
    _, _, rows, hours = records.deliveries(data, FEATURES)
    orders = [dict(zip(FEATURES, map(float, row), strict=True)) for row in rows[:CASES]]
    return {"cases": orders, "hours": hours[:CASES].tolist()}


def scores(model: Trees | Forest, golden: dict[str, Any]) -> list[float]:
    """The absolute error of each case in hours."""
    return errors(model.predict(rows_of(golden["cases"])), golden)


def errors(hours: list[float], golden: dict[str, Any]) -> list[float]:
    return [abs(a - b) for a, b in zip(hours, golden["hours"], strict=True)]


def probe(model: Trees | Forest, golden: dict[str, Any], n: int) -> Callable[[], Any]:
    """A call of ``n`` predictions."""
    rows = rows_of((golden["cases"] * n)[:n])
    return lambda: model.predict(rows)


def rows_of(orders: Any) -> list[list[float]]:
    """The feature rows of a request; ValueError says which feature of which order is wrong."""
    if not isinstance(orders, list) or not orders:
        raise ValueError("orders: a list with at least one order is wanted")
    rows = []
    for number, order in enumerate(orders):
        try:
            row = [float(order[name]) for name in FEATURES]
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(
                f"orders[{number}]: wants the numbers {', '.join(FEATURES)} ({error!r})"
            ) from error
        if not np.isfinite(row).all():
            raise ValueError(f"orders[{number}]: wants finite numbers")
        rows.append(row)
    return rows
