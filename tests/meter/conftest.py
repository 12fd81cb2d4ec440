"""What the meter's events go to, and what the metered projects call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from metering import Receiver
from service import Service


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.close()
