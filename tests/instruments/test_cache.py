"""The cache per family of keys."""

from __future__ import annotations

from recordings import MemoryRecording, at, family, ms

from brownout.instruments import cache


def test_hits_per_family_and_how_long_its_requests_took() -> None:
    recording = MemoryRecording({"calm": (0, 2)})
    only_set = {"family": "home:*", "gets": 0, "hits": 0, "sets": 1, "time": 1}
    recording.insert(
        "work",
        [
            {"trace_id": trace, "route": "GET /", "start": at(start), "duration": ms(took)}
            | {"cache": found}
            for trace, start, took, found in (
                ("a", 0.0, 10, [family(4, 3)]),
                ("b", 1.5, 30, [family(2, 0), only_set]),
                ("b", 1.6, 999, []),  # the request's task: same trace, another work
                ("c", 2.0, 50, [family(9, 9)]),  # after the window
            )
        ],
    )
    found = cache.measure(recording, "calm")
    assert (found.n, found.unit) == (6, "hit ratio")
    assert found.rows == (("similar:*", 2, 6, 3, 3, 0.5, 3.0, 20.0, ((3, 4), (0, 2))),)
