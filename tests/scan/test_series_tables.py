"""Files of series in every form, and files that cannot be read."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from brownout.model import BrownoutError
from brownout.scan import chunks, tables
from brownout.scan.chunks import Batch
from brownout.scan.sweep import Wanted, sweep
from brownout.scan.tables import Named


def read(folder: Path, text: str, name: str = "a.csv", named: Named = Named()) -> Batch:  # noqa: B008
    """What a file of this text holds."""
    path = folder / name
    path.write_text(text)
    return batch(folder, path, named)


def batch(folder: Path, path: Path, named: Named = Named()) -> Batch:  # noqa: B008
    planned = chunks.plan(tables.table([path], named), folder, lambda words: None)
    assert len(planned) == 1
    return chunks.read(planned[0])


def series(found: Batch) -> dict[str, list[tuple[float, float]]]:
    bounds = zip(found.names, found.starts, found.starts[1:], strict=False)
    return {
        name: list(zip(found.times[a:b].tolist(), found.values[a:b].tolist(), strict=True))
        for name, a, b in bounds
    }


EXPECTED = {"a": [(1, 10.0), (2, 11.0)], "b": [(1, 20.0), (2, 21.5)]}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("long.csv", "series,time,value\nb,1,20\na,2,11\na,1,10\nb,2,21.5\n"),
        ("long.tsv", "metric\tts\tmean\na\t1\t10\na\t2\t11\nb\t1\t20\nb\t2\t21.5\n"),
        ("wide.csv", "time,a,b\n1,10,20\n2,11,21.5\n"),
        ("untimed.csv", "a,b\n10,20\n11,21.5\n"),
        ("long.jsonl", '{"series":"a","time":1,"value":10}\n{"series":"b","time":1,"value":20}\n'
         '{"series":"a","time":2,"value":11}\n{"series":"b","time":2,"value":21.5}\n'),
        ("lists.jsonl", '{"series":"a","time":[1,2],"values":[10,11]}\n'
         '{"series":"b","time":[1,2],"values":[20,21.5]}\n'),
        ("list.json", '[{"time":1,"a":10,"b":20},{"time":2,"a":11,"b":21.5}]'),
        ("no_ending", '{"time":1,"a":10,"b":20}\n{"time":2,"a":11,"b":21.5}\n'),
    ],
)  # fmt: skip
def test_every_form_is_found_out(name: str, text: str, tmp_path: Path) -> None:
    assert series(read(tmp_path, text, name)) == EXPECTED


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("2026-01-31 12:00:00", 1769860800),
        ("2026-01-31T12:00:00Z", 1769860800),
        ("2026-01-31", 1769817600),
        ("1769860800", 1769860800),
        ("1769860800123", 1769860800.123),
        ("1769860800123000000", 1769860800.123),
        ("17", 17),
    ],
)
def test_times_of_every_kind(time: str, seconds: float, tmp_path: Path) -> None:
    found = read(tmp_path, f"series,time,value\na,{time},1\n")
    assert found.times.tolist() == pytest.approx([seconds], abs=1e-5)


def test_columns_are_named_where_they_cannot_be_known(tmp_path: Path) -> None:
    text = "host,route,n,p50,p95\nh1,/a,1,5,9\nh1,/b,1,6,8\n"
    found = read(tmp_path, text, named=Named("host,route", "n", "p95"))
    assert series(found) == {"h1 /a": [(1, 9)], "h1 /b": [(1, 8)]}


def test_an_empty_part_of_a_name_has_a_name(tmp_path: Path) -> None:
    """k6 names ``vus`` by the metric alone; a part before or after it are two series."""
    text = 'metric,route,time,v\nvus,,1,3\nreq,/a,1,80\nvus,"",2,4\n,/a,1,7\n'
    found = series(read(tmp_path, text, named=Named("metric,route", "time", "v")))
    assert found == {"vus (none)": [(1, 3), (2, 4)], "req /a": [(1, 80)], "(none) /a": [(1, 7)]}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_rows_without_a_name_are_counted_as_left_out(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    duckdb.sql(
        "COPY (SELECT CASE WHEN i >= 3 THEN 'a' END AS series, i AS time, i AS value "
        f"FROM range(15) t(i)) TO '{path}' (FORMAT {suffix})"
    )
    (chunk,) = chunks.plan(tables.table([path], Named()), tmp_path, lambda words: None)
    part = sweep(chunk, Wanted(0.05))
    assert part.unfit == [("(no name)", "3 rows that name no series: left out")]
    assert (len(part.p), part.points) == (1, 12)


def test_each_row_without_a_name_is_counted_once(tmp_path: Path) -> None:
    duckdb.sql(
        "COPY (SELECT CASE WHEN i % 3000 > 0 THEN 's' || i % 3000 END AS series, i AS time, "
        f"1 AS value FROM range(1200000) t(i) ORDER BY series) TO '{tmp_path / 'a.parquet'}' "
        "(FORMAT parquet, ROW_GROUP_SIZE 61440)"
    )
    planned = chunks.plan(tables.table([tmp_path / "a.parquet"], Named()), tmp_path, print)
    assert len(planned) >= 2
    assert sum(chunk.unnamed for chunk in planned) == 400
    assert sum(len(chunks.read(chunk).values) for chunk in planned) == 1_199_600


def test_missing_values_stay_missing(tmp_path: Path) -> None:
    found = read(tmp_path, "time,a\n1,\n2,NaN\n3,inf\n4,5\n")
    assert np.isfinite(found.values).tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "", "a.csv is empty"),
        ("a.csv", "series,time,value\n", "there are no rows in it"),
        ("a.csv", "series,time,value\n,1,2\n,2,3\n", "none of its 2 rows names its series"),
        ("a.csv", "host,route,p50\nh,r,1\nh,r,2\n", "which column names the series"),
        ("a.csv", "series,p50,p95\na,1,2\n", "Name it with --value (p50, p95)"),
        ("a.csv", "series,time,value\na,1,12ms\na,2,13ms\n", "value holds '12ms': numbers"),
        ("a.csv", "series,time,value\na,noon,1\n", "column time holds 'noon': times"),
        ("a.csv", "x,y\nb,c\n", "no numbers in it"),
        ("a.csv", ",".join(f"c{i}" for i in range(20_000)) + "\n", "more than 10,000 columns"),
        ("a.csv", "just words", "a.csv"),
        ("a.json", "{" + ",".join(f'"c{i}":1' for i in range(20_000)) + "}", "10,000 columns"),
        ("a.json", "{nonsense", "a.json"),
        ("a.parquet", "PAR1 and then nothing", "is no Parquet file, or only a part of one"),
        ("a.parquet", "x", "is no Parquet file"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(name: str, text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(BrownoutError) as error:
        read(tmp_path, text, name)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_other_mistakes_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("series,time,value\na,1,2\n")
    (tmp_path / "a.json").write_text('{"series":"a","time":1,"value":2}\n')
    for paths, named, words in [
        (["nowhere.csv"], Named(), "nowhere.csv: no such file"),
        ([""], Named(), "is a folder; name the files in it"),
        (["a.csv", "a.json"], Named(), "scan one kind at a time"),
        (["a.csv"], Named(value="p95"), "there is no column 'p95' for --value"),
    ]:
        with pytest.raises(BrownoutError, match=words.replace(".", "\\.")):
            tables.table([tmp_path / p for p in paths], named)


def fleet(path: Path, order: str, series_: int = 3000, points: int = 300) -> None:
    duckdb.sql(
        f"COPY (SELECT 's' || i AS series, j AS time, i + j / 1000.0 AS value FROM "
        f"range({series_}) a(i), range({points}) b(j) ORDER BY {order}) TO '{path}' "
        "(FORMAT parquet, ROW_GROUP_SIZE 61440)"
    )


@pytest.mark.parametrize("order", ["series, time", "time, series"])
def test_chunks_hold_whole_series_and_every_point_once(order: str, tmp_path: Path) -> None:
    fleet(tmp_path / "fleet.parquet", order)
    told: list[str] = []
    planned = chunks.plan(
        tables.table([tmp_path / "fleet.parquet"], Named()), tmp_path, told.append
    )
    assert len(planned) >= 2
    assert bool(told) == (order != "series, time")  # what is in order is read as it is
    seen = [series(chunks.read(chunk)) for chunk in planned]
    assert sum(map(len, seen)) == len({name for part in seen for name in part}) == 3000
    part = next(part for part in seen if "s7" in part)
    assert part["s7"] == [(j, 7 + j / 1000) for j in range(300)]


def test_a_series_too_long_to_hold_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "LONGEST", 100)
    rows = "".join(f"long,{i},1\n" for i in range(150)) + "short,1,2\n"
    found = read(tmp_path, "series,time,value\n" + rows)
    assert (found.too_long, found.names) == ([("long", 150)], ["short"])
