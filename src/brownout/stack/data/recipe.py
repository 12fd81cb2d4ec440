"""What decides the shop's data and models, and the key under which they are cached."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from brownout.stack.services import programs

FORMAT = 2
"""Counts up when the layout or the making of a dataset changes."""

INGREDIENTS = (
    "data/**/*",
    "ai/**/*",
    "backend/**/migrations/*.py",
    "backend/**/models.py",
    "backend/**/management/**/*.py",
)
"""The files of the shop that decide what is in the database and the models."""


@dataclass(frozen=True)
class Size:
    """What making a dataset of a size may take: some more than it was seen to.

    Seen: 85 MB, 340 MB and 2.5 GB on disk; 0.7 GB of memory at the normal size, some 2 GB at large.
    """

    disk: float
    """Free bytes, its files while it is made and afterwards."""
    memory: float
    """Free bytes."""
    step: float
    """Seconds that one step may take on a slow machine."""


SIZES = {
    "small": Size(disk=0.3e9, memory=0.6e9, step=600),
    "normal": Size(disk=1.0e9, memory=1.0e9, step=600),
    "large": Size(disk=6e9, memory=4e9, step=3600),
}


@dataclass(frozen=True)
class Recipe:
    """What makes a dataset; ``size`` is one of ``SIZES``."""

    shop: Path
    seed: int = 7
    size: str = "normal"

    def key(self) -> str:
        """The hash of all that the dataset depends on, as 16 hexadecimal digits."""
        packages = [version(name) for name in ("numpy", "scikit-learn", "scipy")]
        postgres = programs.version(programs.find_postgres())
        machine = [platform.python_version(), platform.system(), platform.machine()]
        words = [FORMAT, self.seed, self.size, postgres, packages, machine]
        digest = hashlib.sha256(json.dumps(words).encode())
        for path in self._ingredients():
            content = path.read_bytes()
            name = path.relative_to(self.shop).as_posix()
            digest.update(f"\n{name}\n{len(content)}\n".encode() + content)
        return digest.hexdigest()[:16]

    def _ingredients(self) -> list[Path]:
        paths = {path for pattern in INGREDIENTS for path in self.shop.glob(pattern)}
        return sorted(p for p in paths if p.is_file() and "__pycache__" not in p.parts)
