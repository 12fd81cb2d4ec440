"""The history: what is written is read back, a torn end is forgiven, a changed line is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from brownout import history
from brownout.model import NS, Op

BEGAN = 1_700_000_000 * NS
DIRECTOR = Op("director", "bridge", "deploy", {"ref": "v2.8.0"})


def written(path: Path) -> list[bytes]:
    with path.open("ab") as file:
        writer = history.Writer(file, BEGAN)
        writer.append(BEGAN, "info", Op("control", "bridge", "phase", {"name": "incident"}))
        invoke = writer.append(BEGAN + NS, "invoke", DIRECTOR)
        writer.append(BEGAN + 2 * NS, "ok", DIRECTOR, {"deployment": "D1"}, cause=invoke.seq)
        writer.append(BEGAN + 3 * NS, "invoke", Op("player", "qa", "validate", {}))
    return path.read_bytes().splitlines(keepends=True)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    events = history.read(written(tmp_path / "h"))
    assert [(e.seq, e.t, e.kind, e.name) for e in events] == [
        (1, 0.0, "info", "phase"),
        (2, 1.0, "invoke", "deploy"),
        (3, 2.0, "ok", "deploy"),
        (4, 3.0, "invoke", "validate"),
    ]
    assert events[1].value == {"ref": "v2.8.0"}
    assert history.phase(events) == "incident"


def test_each_invocation_is_paired_with_its_completion(tmp_path: Path) -> None:
    events = history.read(written(tmp_path / "h"))
    pairs = list(history.pair(events))
    assert [(i.seq, c.seq if c else None) for i, c in pairs] == [(2, 3), (4, None)]
    assert [(i.seq, c.seq) for i, c in history.completed(events, "deploy")] == [(2, 3)]


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    lines = written(tmp_path / "h")
    assert len(history.read([*lines[:3], lines[3][:-20]])) == 3


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda lines: [lines[0], b"{}\n", *lines[2:]], "line 2"),
        (lambda lines: [lines[0], b"\xff\n", *lines[2:]], "line 2"),
        (lambda lines: [lines[0].replace(b"incident", b"baseline"), *lines[1:]], "line 2"),
        (lambda lines: [lines[0], *lines[2:]], "line 2"),
    ],
)
def test_a_changed_history_says_where(tmp_path: Path, change, where) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(history.CorruptHistory, match=where):
        history.read(change(written(tmp_path / "h")))


def test_an_event_is_on_disk_before_append_returns(tmp_path: Path) -> None:
    path = tmp_path / "h"
    with path.open("ab") as file:
        history.Writer(file, BEGAN).append(BEGAN, "invoke", DIRECTOR)
        assert len(history.read(path.read_bytes().splitlines(keepends=True))) == 1
    assert os.path.getsize(path) > 0


def test_the_bytes_of_an_event_are_canonical(tmp_path: Path) -> None:
    with (tmp_path / "h").open("ab") as file:
        history.Writer(file, BEGAN).append(BEGAN, "invoke", DIRECTOR)
    assert (tmp_path / "h").read_bytes() == (
        b'{"actor":"director","at":1700000000000000000,"cause":null,"kind":"invoke",'
        b'"name":"deploy","prev":"0000000000000000","role":"bridge","seq":1,"t":0.0,'
        b'"value":{"ref":"v2.8.0"}}\n'
    )


def test_half_a_pair_that_an_older_writer_let_pass_is_read_as_a_replacement(tmp_path: Path) -> None:
    path = tmp_path / "h"
    with path.open("ab") as file:
        said = Op("player", "bridge", "say", {"text": "cut ?"})
        history.Writer(file, BEGAN).append(BEGAN, "invoke", said)
    [event] = history.read([path.read_bytes().replace(b"cut ?", rb"cut \ud83d")])
    assert event.value == {"text": "cut \ufffd"}


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"x": object()}, {"x": {1}}])
def test_what_has_no_words_is_not_written(tmp_path: Path, value: object) -> None:
    path = tmp_path / "h"
    with path.open("ab") as file:
        writer = history.Writer(file, BEGAN)
        with pytest.raises(history.Unwritable):
            writer.append(BEGAN, "info", DIRECTOR, {"value": value})
        assert (path.read_bytes(), writer.events) == (b"", [])
        writer.append(BEGAN, "info", DIRECTOR, {"value": (1, 2.5, None, True)})
    [event] = history.read(path.read_bytes().splitlines(keepends=True))
    assert event.value == writer.events[0].value == {"value": [1, 2.5, None, True]}
