"""The models: what is stored of each, and how each answers. Plain NumPy and scikit-learn."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np

FEATURES = ("distance_km", "weight_g", "hour", "weekday", "stock", "express")

MODEL_FILE = "model.joblib"
MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True)
class Recommender:
    """Latent factors of customers and books; rows are ids minus one, float32."""

    customers: np.ndarray
    books: np.ndarray
    popular: np.ndarray
    seen_at: np.ndarray
    seen: np.ndarray

    def recommend(self, customer: int, count: int) -> list[int]:
        """Book ids for a customer without those known to them; popular ones for strangers."""
        if not 1 <= customer <= len(self.customers):
            return self.popular[:count].tolist()
        scores = self.books @ self.customers[customer - 1]
        known = self.seen[self.seen_at[customer - 1] : self.seen_at[customer]]
        scores[known - 1] = -np.inf
        return self._best(scores, count)

    def similar(self, book: int, count: int) -> list[int]:
        """Book ids nearest to a book by the angle of their factors."""
        if not 1 <= book <= len(self.books):
            return self.popular[:count].tolist()
        scores = self._unit @ self._unit[book - 1]
        scores[book - 1] = -np.inf
        return self._best(scores, count)

    def __post_init__(self) -> None:
        length = np.linalg.norm(self.books, axis=1, keepdims=True)
        object.__setattr__(self, "_unit", self.books / np.maximum(length, 1e-9))

    @staticmethod
    def _best(scores: np.ndarray, count: int) -> list[int]:
        count = min(count, len(scores))
        top = np.argpartition(-scores, count - 1)[:count]
        return (top[np.lexsort((top, -scores[top]))] + 1).tolist()


@dataclass(frozen=True)
class Delivery:
    """A regression from ``FEATURES`` to hours."""

    estimator: Any

    def predict(self, rows: list[list[float]]) -> list[float]:
        return [round(float(h), 2) for h in self.estimator.predict(np.array(rows, dtype=float))]


def manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a stored version."""
    return dict(json.loads((folder / MANIFEST_FILE).read_text()))


def load(folder: Path) -> Any:
    """A stored version, ready to answer."""
    return joblib.load(folder / MODEL_FILE)


def rows_of(orders: Any) -> list[list[float]]:
    """The feature rows of a request; ValueError says which feature of which order is wrong."""
    if not isinstance(orders, list) or not orders:
        raise ValueError("orders: a list with at least one order is wanted")
    rows = []
    for number, order in enumerate(orders):
        try:
            rows.append([float(order[name]) for name in FEATURES])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"orders[{number}]: wants the numbers {', '.join(FEATURES)} ({error!r})"
            ) from error
    return rows
