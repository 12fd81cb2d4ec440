"""Files of series in every form, and files that cannot be read."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
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
        ("2026-01-31T12:00:00+02:00", 1769853600),
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


def test_a_zone_is_heeded_wherever_a_time_stays_a_text(tmp_path: Path) -> None:
    text = '{"series":"a","time":"2026-01-31T12:00:00.123456789+02:00","value":1}\n'
    assert read(tmp_path, text, "a.jsonl").times[0] == pytest.approx(1769853600.123, abs=1e-3)


@pytest.mark.parametrize("word", ["N/A", "NA", "null", '""'])
def test_words_for_what_is_missing_make_no_text_of_numbers(word: str, tmp_path: Path) -> None:
    """Nor is a series lost that is called so."""
    found = series(read(tmp_path, f"time,a,b\n1,{word},20\n2,11,21.5\n"))
    assert {name: len(points) for name, points in found.items()} == {"a": 2, "b": 2}
    assert np.isnan(found["a"][0][1]) and found["a"][1] == (2, 11)
    found = series(read(tmp_path, f"series,time,value\nNA,1,3\nNA,2,{word}\nb,1,4\n"))
    assert found["NA"][0] == (1, 3) and found["b"] == [(1, 4)]


def test_a_word_for_what_is_missing_stands_late_in_a_file(tmp_path: Path) -> None:
    """Far behind the rows by which the types of columns are guessed."""
    rows = "".join(f"{i},{i % 7}\n" for i in range(30_000))
    found = read(tmp_path, f"time,a\n{rows}30000,N/A\n30001,5\n")
    assert np.isfinite(found.values).sum() == 30_001
    assert np.isnan(found.values[30_000])
    with pytest.raises(BrownoutError, match="Could not convert string '12ms' to DOUBLE"):
        read(tmp_path, f"time,a\n{rows}30000,12ms\n")


def test_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    assert series(read(tmp_path, "time;a;b\n1;10;20,0\n2;11;21,5\n")) == EXPECTED
    quoted = 'series;time;value\na;1;"10,0"\nb;1;"20,0"\na;2;"11,0"\nb;2;"21,5"\n'
    assert series(read(tmp_path, quoted)) == EXPECTED
    holes = series(read(tmp_path, "time;a;b\n1;10;20,0\n2;N/A;N/A\n3;11,5;21,5\n"))
    assert (holes["a"][2], holes["b"][2]) == ((3, 11.5), (3, 21.5))


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("benchmark,commit,mean_ms\na,7,10\na,8,11\na,9,12\n", [7, 8, 9]),
        ("commit,benchmark,mean_ms\nfe,a,10\n0c,a,11\nfe,b,1\n9a,a,12\n", [1, 2, 3]),
        ("benchmark,commit,date,mean_ms\na,fe,1,10\na,0c,2,11\na,9a,3,12\n", [1, 2, 3]),
        ("commit,a\nfe,10\n0c,11\n9a,12\n", [1, 2, 3]),
        ("date,commit,a\n1,7,10\n2,8,11\n3,9,12\n", [1, 2, 3]),
        ("sha,benchmark,mean_ms\nfe,a,10\n0c,a,11\n9a,a,12\n", [1, 2, 3]),
        ("benchmark,revision,mean_ms\na,7,10\na,8,11\na,9,12\n", [7, 8, 9]),
    ],
)
def test_a_commit_is_a_time_and_no_series(text: str, times: list[int], tmp_path: Path) -> None:
    """By its number, or by the order in which ids first appear; a date is told apart from it."""
    found = series(read(tmp_path, text))
    assert found["a"] == list(zip(times, [10, 11, 12], strict=True))
    assert set(found) <= {"a", "b"}


@pytest.mark.parametrize(
    "text",
    [
        "label,took,latency\n" + "a,9,5\n" * 3,
        "my host,route,ts,p50\n" + "h,r,1,5\n" * 3,
        "name,commit,mean,stddev\n" + "a,7,5,1\n" * 3,
        "it's,b,v\n" + "x,y,1\n" * 3,
    ],
)
def test_the_command_line_of_a_question_works(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BrownoutError) as error:
        read(Path(), text)
    asked, example = str(error.value).split(": for example brownout scan ")
    assert "Name it with --" in asked
    file, *options = shlex.split(example)
    given = dict(zip(options[::2], options[1::2], strict=True))
    named = Named(*(given.get(f"--{name}", "") for name in ("series", "time", "value")))
    table = tables.table([Path(file)], named)
    assert table.taken.value == given["--value"]
    assert len(series(batch(Path(), Path(file), named))) == 1


def test_what_was_taken_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    orders = ("the order of the rows", "commit, in the order of the first rows")
    for text, *taken in [
        ("route,ts,p95\na,1,2\n", "CSV", "route", "ts", "p95"),
        ("a,b\n1,2\n", "CSV", "a column each: a, b", orders[0], "these columns"),
        ("commit,p95\nfe,2\n", "CSV", "a column each: p95", orders[1], "these columns"),
    ]:
        path.write_text(text)
        told = tables.table([path], Named()).taken
        assert [told.format, told.series, told.time, told.value] == taken


def test_the_pages_recipe_for_nested_json_works(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "scan.md").read_text()
    recipe = re.search(r"```\npython -c '(.*?)' < nested.json", page, re.DOTALL)
    assert recipe
    runs = [{"at": i, "timings": {"a": 1 + i, "b": 9}} for i in range(3)]
    made = subprocess.run(
        [sys.executable, "-c", recipe[1]],
        input=json.dumps({"runs": runs}),
        capture_output=True,
        text=True,
        check=True,
    )
    found = series(read(tmp_path, made.stdout, "points.jsonl"))
    assert found == {"a": [(0, 1), (1, 2), (2, 3)], "b": [(0, 9), (1, 9), (2, 9)]}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "", "a.csv is empty"),
        ("a.csv", "series,time,value\n", "there are no rows in it"),
        ("a.csv", "series,time,value\n,1,2\n,2,3\n", "none of its 2 rows names its series"),
        ("a.csv", "host,route,p50\nh,r,1\nh,r,2\n", "which column names the series"),
        ("a.csv", "series,p50,p95\na,1,2\n", "Name it with --value (p50, p95)"),
        ("a.csv", "series,latency,elapsed\na,1,2\n", "Name it with --value (latency, elapsed)"),
        ("a.json", '{"runs":[{"x":{"y":1}}]}', 'of nested JSON, make lines of {"series": "a"'),
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


@pytest.mark.parametrize(
    ("name", "start", "filling", "end", "words"),
    [
        ("a.csv", "time,a\n1,2\n", "3,4\n" * 5_000, "5,6,7\n", "Line: 30003: Expected Number"),
        ("a.json", '{"a": "', "x" * 8_000_000, '"}', "it is one large document of JSON: save a"),
    ],
    ids=["a row of more columns", "one document"],
)
def test_what_is_wrong_far_into_a_file_is_told(
    name: str, start: str, filling: str, end: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(BrownoutError, match=words):
        read(tmp_path, start + 6 * filling + end, name)


def test_another_encoding_is_told_with_its_cure(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("time,größe\n1,2\n".encode("latin-1"))
    with pytest.raises(BrownoutError, match=r"not utf-8 encoded\. Convert it: iconv"):
        tables.table([path], Named())


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
