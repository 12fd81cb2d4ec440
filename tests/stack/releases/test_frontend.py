"""Front ends, really built: once for each content, and with the reason when it cannot be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from waiting import PATIENCE

from brownout import store
from brownout.model import BrownoutError
from brownout.stack.releases import frontend
from brownout.stack.releases.frontend import Workshop

SOURCES = store.assets() / "shop" / "frontend"

pytestmark = pytest.mark.stack


class Bench:
    """A copy of the shop's front end, and a cache with the packages of the ordinary one alone."""

    def __init__(self, folder: Path) -> None:
        self.cache = folder / "cache"
        self.cache.mkdir()
        packages = store.cache_folder() / "node"
        packages.mkdir(parents=True, exist_ok=True)
        (self.cache / "node").symlink_to(packages)
        self.sources = folder / "frontend"
        left_out = shutil.ignore_patterns("node_modules", "dist")
        shutil.copytree(SOURCES, self.sources, ignore=left_out)
        self.said: list[str] = []
        self.workshop = Workshop(self.cache, self.said.append)

    def add(self, file: str, text: str) -> None:
        path = self.sources / file
        path.write_text(path.read_text() + text)

    def build(self, shipped: Path | None = None) -> Path:
        return frontend.build(self.sources, self.workshop, shipped)

    def kept(self) -> list[str]:
        """The folders among the cached front ends: built ones, and what was left over."""
        return sorted(p.name for p in (self.cache / "frontends").iterdir() if p.is_dir())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_same_content_is_built_once(bench: Bench) -> None:
    built = bench.build()
    assert built == bench.cache / "frontends" / frontend.key(SOURCES)
    assert 'id="root"' in (built / "index.html").read_text()
    assert {p.suffix for p in (built / "assets").iterdir()} >= {".js", ".css"}
    assert bench.build() == built
    assert bench.said.count("building the front end") == 1
    bench.add("src/style.css", "\n.mine { color: red }\n")
    other = bench.build()
    assert bench.said.count("building the front end") == 2
    assert bench.kept() == sorted([built.name, other.name])


def test_two_who_want_the_same_wait_for_one_build(bench: Bench) -> None:
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(bench.build())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE)
    assert found == [found[0]] * 3
    assert bench.said == ["building the front end"]


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("src/app/App.tsx", "\nconst broken: = 1;\n", ["Unexpected token", "src/app/App.tsx:"]),
        ("src/app/main.tsx", "\nimport './nothing';\n", ["'./nothing'", "src/app/main.tsx:"]),
        ("package.json", "}", ["package.json"]),
    ],
)
def test_what_is_not_built_says_what_and_where(
    bench: Bench, file: str, text: str, words: list[str]
) -> None:
    bench.add(file, text)
    with pytest.raises(BrownoutError) as caught:
        bench.build()
    said = str(caught.value)
    assert said.startswith("npm run failed for the front end:\n")
    assert all(word in said for word in words), said
    # Neither colours nor a walk through the tool's own code.
    assert "\x1b" not in said
    assert "node_modules" not in said
    assert bench.kept() == []


def test_a_lock_file_that_is_none_says_so(bench: Bench) -> None:
    (bench.cache / "node").unlink()
    bench.add("package-lock.json", "}")
    with pytest.raises(BrownoutError, match=r"npm ci failed for the front end:\n(.|\n)*lock"):
        bench.build()
    assert bench.kept() == []


def test_one_that_was_shipped_is_taken_when_it_is_of_the_same_sources(bench: Bench) -> None:
    shipped = bench.sources.parent / "shipped"
    (shipped / "assets").mkdir(parents=True)
    (shipped / ".built-from").write_text(frontend.key(bench.sources))
    assert bench.build(shipped) == bench.cache / "frontends" / frontend.key(bench.sources)
    assert bench.said == []
    (shipped / ".built-from").write_text("of older sources")
    bench.add("src/style.css", "\n.mine { color: red }\n")
    built = bench.build(shipped)
    assert bench.said == ["building the front end"]
    assert (built / "index.html").exists()


def test_assets_of_releases_lie_beside_each_other(tmp_path: Path) -> None:
    for release, name in (("old", "index-a.js"), ("new", "index-b.js")):
        (tmp_path / release / "assets").mkdir(parents=True)
        (tmp_path / release / "assets" / name).write_text(release)
        (tmp_path / release / "assets" / "shared.css").write_text(release)
        frontend.publish(tmp_path / release, tmp_path / "published")
    found = {p.name: p.read_text() for p in (tmp_path / "published").iterdir()}
    # A name tells its content: what is there already is not written anew under a reader.
    assert found == {"index-a.js": "old", "index-b.js": "new", "shared.css": "old"}


def test_as_a_command_it_builds_into_a_folder(bench: Bench, tmp_path: Path) -> None:
    target = tmp_path / "dist"
    target.mkdir()
    (target / "stale").touch()
    argv = [
        sys.executable,
        "-m",
        "brownout.stack.releases.frontend",
        str(bench.sources),
        str(target),
    ]
    environment = {**os.environ, "BROWNOUT_CACHE": str(bench.cache)}
    subprocess.run(argv, env=environment, check=True, timeout=120, capture_output=True)
    assert (target / ".built-from").read_text() == frontend.key(bench.sources)
    assert not (target / "stale").exists()
