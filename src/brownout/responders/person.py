"""A person, or nobody: acts through the API (``app/commands/``), so nothing is started here.

What the person sees is drawn by ``app/live.py``.
"""

from __future__ import annotations

from brownout.responders import Flight


class Person:
    """A responder whose ops arrive from another terminal."""

    def start(self, flight: Flight) -> None:
        """Nothing to start: the API already listens."""

    def stop(self) -> None:
        """Nothing to stop."""
