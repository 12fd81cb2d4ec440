"""Incidents to whoever is to be notified, each in a thread; what could not be sent is told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from brownout.model import BrownoutError, masked

Told = Callable[[Mapping[str, Any]], None]
"""Gets what could not be sent: alert (the incident's id), to (an address without its secrets),
text: a line about it, "" where the last one was not taken there either."""


class Notifier:
    """The Apprise addresses of one drill; raises BrownoutError for what is none."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._addresses = [address for url in urls for address in _addresses(url)]
        self._failing: set[str] = set()
        self._lock = threading.Lock()

    def send(self, news: Mapping[str, Any], unsent: Told) -> None:
        """Send news (id, text) to everybody; returns at once. A thread calls ``unsent``."""
        if self._addresses:
            threading.Thread(target=self._send, args=(news, unsent), daemon=True).start()

    def _send(self, news: Mapping[str, Any], unsent: Told) -> None:
        with self._lock:  # one at a time: Apprise says why in the log alone
            for address in self._addresses:
                why = _refusal(address, str(news["text"]))
                to = str(address.url(privacy=True)).partition("?")[0]
                known = to in self._failing
                if not why:
                    self._failing.discard(to)
                    continue
                self._failing.add(to)
                text = f"{news['id']} could not be sent to {to}: {why}"
                unsent({"alert": news["id"], "to": to, "text": "" if known else text})


def _addresses(url: str) -> list[Any]:
    import apprise  # heavy: other commands start faster

    made = apprise.Apprise()
    if not made.add(url):
        raise BrownoutError(f"--notify {masked(url)}: not an Apprise URL")
    return [*made]


def _refusal(address: Any, text: str) -> str:
    """Send a text to one; why it was not taken, or ""."""
    import apprise

    only = apprise.Apprise(address)
    with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as log:  # type: ignore[no-untyped-call]
        if only.notify(body=text, title="brownout"):
            return ""
        said = log.getvalue().split("\n")[0].strip()
    return said or "it was not taken; look at the address"
