"""Stored versions of models: a folder each, with the model and a manifest that vouches for it."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODEL_FILE = "model.pickle"
MANIFEST_FILE = "manifest.json"
NEEDED = ("name", "version", "sha256", "data_sha256", "size_bytes", "latency_ms", "quality")


class Broken(Exception):
    """What is stored cannot be used; says which file, why, and how to mend it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}; train the models again (python -m ai.train)")


@dataclass(frozen=True)
class Stored:
    """A version on disk: its manifest, or why it has none."""

    folder: Path
    manifest: Mapping[str, Any]
    broken: str = ""

    def load(self) -> Any:
        """The model, ready to answer. Raises Broken; a file is not opened before it is checked."""
        if self.broken:
            raise Broken(self.broken)
        path = self.folder / MODEL_FILE
        try:
            content = path.read_bytes()
        except OSError as error:
            raise Broken(f"{path}: cannot be read ({error.strerror})") from error
        if hashlib.sha256(content).hexdigest() != self.manifest["sha256"]:
            raise Broken(f"{path}: its sha256 is not the manifest's")
        try:
            return pickle.loads(content)
        except Exception as error:
            raise Broken(f"{path}: made by another release of this code ({error})") from error


def find(folder: Path) -> Stored:
    """What is stored in the folder of one version (``.../NAME/VERSION``); never raises."""
    path = folder / MANIFEST_FILE
    try:
        manifest = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        return Stored(folder, {}, f"{path}: no readable manifest ({error})")
    missing = [n for n in NEEDED if not isinstance(manifest, dict) or n not in manifest]
    if missing:
        return Stored(folder, {}, f"{path}: the manifest lacks {', '.join(missing)}")
    if (manifest["name"], manifest["version"]) != (folder.parent.name, folder.name):
        return Stored(folder, {}, f"{path}: the manifest of another model or version")
    return Stored(folder, manifest)


def save(folder: Path, model: Any, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Store a version of ``facts["name"]``; its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    content = pickle.dumps(model, protocol=5)
    (folder / MODEL_FILE).write_bytes(content)
    told = {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
    manifest = {**facts, **told}
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return manifest


def sha256(*paths: Path) -> str:
    """The hash of the contents of some files, one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
