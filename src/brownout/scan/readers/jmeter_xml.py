"""JMeter's results in XML (``jmeter.save.saveservice.output_format=xml``): an element a sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, iterparse

from brownout.model import BrownoutError
from brownout.scan.readers import Documents, Head, Point, number, opened

VALUES = {"elapsed": "t", "Latency": "lt", "Connect": "ct", "IdleTime": "it", "bytes": "by"}
"""Columns of the table -> attributes of an element."""

SAMPLES = ("httpSample", "sample")


def recognises(head: Head) -> bool:
    return head.text.lstrip().startswith("<") and "<testResults" in head.text[:4096]


def points(paths: Sequence[Path], value: str) -> Iterator[Point]:
    for path in paths:
        depth = 0
        try:
            for event, element in elements(path):
                if element.tag not in SAMPLES:
                    continue
                depth += 1 if event == "start" else -1
                if event == "end":
                    yield point(element, value, depth)
                    element.clear()
        except (OSError, ParseError) as error:
            raise BrownoutError(f"{path} is no whole XML of JMeter: {error}") from error


def elements(path: Path) -> Iterator[tuple[str, Element]]:
    """Starts and ends of elements; what has ended is taken from the root, which would keep it."""
    with opened(path) as file:
        read = iterparse(file, ("start", "end"))
        _, root = next(read)
        for event, element in read:
            yield event, element
            if event == "end" and len(root) > 1000:
                root.clear()


def point(element: Element, value: str, depth: int) -> Point:
    """``depth``: how many samples this one is a part of."""
    if depth:
        return Point(left_out="parts of other samples")
    at, got = (number(element.get(name)) for name in ("ts", VALUES[value]))
    if at is None:
        return Point(left_out="no time in ts")
    return Point(element.get("lb", ""), at // 1000, got)


READER = Documents(
    "JMeter (XML)", recognises, points, "lb (the label)", "ts, by seconds", tuple(VALUES)
)
