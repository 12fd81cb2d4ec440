"""What is read out of answers: assets, cookies, the end of a stream."""

from __future__ import annotations

import pytest

from brownout.load.answers import assets_of, cookies_of, finished, images_of, parts_of


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


def test_what_each_page_needs_is_read_from_the_manifest() -> None:
    manifest = {
        "_shared.js": {"file": "assets/shared-1.js", "imports": ["_libraries.js"]},
        "_libraries.js": {"file": "assets/libraries-2.js", "imports": ["_shared.js"]},
        "index.html": {"file": "assets/index-3.js", "assets": ["assets/b.svg", "assets/a.webp"]},
        "src/pages/Book.tsx": {
            "file": "assets/Book-4.js",
            "imports": ["_shared.js"],
            "css": ["assets/Book-5.css"],
            "assets": ["assets/b.svg", "assets/font.woff2"],
        },
    }
    known = ["/assets/index-3.js", "/assets/libraries-2.js"]
    assert parts_of(manifest, known) == {
        "Book": ["/assets/Book-4.js", "/assets/Book-5.css", "/assets/shared-1.js"]
    }
    assert images_of(manifest) == ["/assets/a.webp", "/assets/b.svg"]
