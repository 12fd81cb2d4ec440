"""The same examples each time; a collector of the test's own, or one for a module's tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from collecting import Collector
from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")

# What started the tests may have its signals ignored, as nohup and scripts in the background do;
# the programs that are tested would inherit that.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files come first, so that none is left for the end."""
    long = {"stack", "matrix", "long"}
    marked = {i.path for i in items if long & {m.name for m in i.iter_markers()}}
    items.sort(key=lambda item: item.path not in marked)


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    made = Collector(tmp_path)
    yield made
    made.kill()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    made = Collector(tmp_path_factory.mktemp("collector"))
    yield made
    made.kill()
