"""What is read out of answers: assets, cookies, the end of a stream."""

from __future__ import annotations

import pytest

from brownout.load.answers import assets_of, cookies_of, finished


def test_a_page_names_its_assets() -> None:
    page = '<script src="/assets/a-1.js"></script><link rel="modulepreload" href="/assets/b-2.js">'
    assert assets_of(page + '<link rel="icon" href="data:,">') == [
        "/assets/a-1.js",
        "/assets/b-2.js",
    ]


@pytest.mark.parametrize(
    ("stream", "whole"),
    [
        (b'data: {"text": "a"}\n\ndata: {"done": true, "model": "m"}\n\n', True),
        (b'data: {"text": "a"}\n\n', False),
        (b'data: {"text": "a"}\n\ndata: {"error": "away"}\n\n', False),
        (b"", False),
    ],
)
def test_a_stream_is_whole_when_its_last_event_says_so(stream: bytes, whole: bool) -> None:
    assert finished(stream) == whole


def test_the_session_of_a_login_is_kept() -> None:
    lines = ["sessionid=abc; HttpOnly; Path=/; SameSite=Lax", "visitor=x; Path=/", "=;=", ""]
    assert cookies_of(lines) == {"sessionid": "abc"}
