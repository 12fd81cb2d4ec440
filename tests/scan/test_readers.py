"""Files of other tools, a literal sample each: what is taken for what, and what is left out."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import pytest

from brownout.model import BrownoutError
from brownout.scan import chunks, files, gathering, readers
from brownout.scan.tables import Named, Table

Series = dict[str, list[tuple[float, float | None]]]

T = 1_790_000_000
"""2026-09-21 14:13:20 UTC."""


def read(folder: Path, named: Named = Named(), **texts: str) -> tuple[Table, Series]:  # noqa: B008
    """(what was taken, the series) of files; in their names "__" is "."."""
    paths = []
    for name, text in texts.items():
        paths.append(folder / name.replace("__", "."))
        paths[-1].write_text(text)
    return opened(folder, paths, named)


def opened(folder: Path, paths: list[Path], named: Named) -> tuple[Table, Series]:
    table = files.table(paths, named, folder)
    (chunk,) = chunks.plan(table, folder, lambda words: None)
    batch = chunks.read(chunk)
    values = [None if math.isnan(v) else v for v in batch.values.tolist()]
    bounds = zip(batch.names, batch.starts, batch.starts[1:], strict=False)
    return table, {
        name: list(zip(batch.times[a:b].tolist(), values[a:b], strict=True))
        for name, a, b in bounds
    }


JMETER = """\
timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect
1790000000100,301,list,200,OK,users 1-1,text,true,,5000,120,5,5,http://shop.test/,62,0,2
1790000000300,303,list,200,OK,users 1-1,text,true,,5000,120,5,5,http://shop.test/,63,0,2
1790000000900,310,list,500,"Internal, ""server"" error",users 1-1,text,false,"Test failed:
expected 200",5000,120,5,5,http://shop.test/,61,0,2
1790000001200,117,detail,200,OK,users 1-2,text,true,,5000,120,5,5,http://shop.test/1,60,0,2
timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect
1790000002000,,detail,200,OK,users 1-2,text,true,,5000,120,5,5,http://shop.test/1,60,0,2
1790000003000,12
"""


def test_jmeter(tmp_path: Path) -> None:
    """Samples of a second are one point, their median; a broken last line is none."""
    table, series = read(tmp_path, results__jtl=JMETER)
    assert series == {"list": [(T, 303)], "detail": [(T + 1, 117), (T + 2, None)]}
    taken = table.taken
    assert (taken.format, taken.series, taken.value) == ("JMeter (CSV)", "label", "elapsed")
    assert taken.left_out == {
        "no time in timeStamp": 1,
        "no name in label": 1,
        "no number in elapsed": 1,
    }
    assert table.calendar


def test_large_files_come_to_the_same_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = [read(tmp_path, results__jtl=JMETER), read(tmp_path, k6__json=K6_JSON)]
    monkeypatch.setattr(gathering, "PIECE", 100)
    pieces = [read(tmp_path, results__jtl=JMETER), read(tmp_path, k6__json=K6_JSON)]
    assert pieces[0][1] == tables[0][1] and pieces[1][1] == tables[1][1]
    assert [t.taken for t, _ in pieces] == [t.taken for t, _ in tables]


def test_columns_of_a_known_format_can_be_named(tmp_path: Path) -> None:
    table, series = read(tmp_path, Named("label,responseCode", "", "Latency"), a__jtl=JMETER)
    assert series["list 200"] == [(T, 62.5)]
    assert table.taken.value == "Latency"
    with pytest.raises(BrownoutError, match="there is no column 'p95'"):
        read(tmp_path, Named(value="p95"), a__jtl=JMETER)


def test_jmeter_with_semicolons_dates_and_gzip(tmp_path: Path) -> None:
    text = "timeStamp;elapsed;label\n2026/09/21 14:13:20.250;12;a\n"
    path = tmp_path / "results.jtl.gz"
    path.write_bytes(gzip.compress(text.encode()))
    assert opened(tmp_path, [path], Named())[1] == {"a": [(T, 12)]}


def test_jmeter_in_xml(tmp_path: Path) -> None:
    text = """<?xml version="1.0" encoding="UTF-8"?>
<testResults version="1.2">
<httpSample t="301" it="0" lt="62" ct="2" ts="1790000000100" s="true" lb="list" rc="200">
  <httpSample t="99" it="0" lt="50" ct="1" ts="1790000000150" s="true" lb="list-0" rc="302"/>
  <java.net.URL>http://shop.test/</java.net.URL>
</httpSample>
<sample t="117" it="0" lt="60" ct="2" ts="1790000001200" s="true" lb="detail &amp; more"/>
</testResults>
"""
    table, series = read(tmp_path, results__jtl=text)
    assert series == {"list": [(T, 301)], "detail & more": [(T + 1, 117)]}
    assert table.taken.left_out == {"parts of other samples": 1}
    with pytest.raises(BrownoutError, match="is no whole XML of JMeter"):
        read(tmp_path, torn__jtl=text[:300])


K6_CSV = """\
metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario,service,status,subproto,tls_version,url,extra_tags,metadata
http_reqs,1790000000,1.000000,,,,true,,GET,/books,HTTP/1.1,default,,200,,,/books,,
http_reqs,1790000000,1.000000,,,,true,,GET,/books,HTTP/1.1,default,,200,,,/books,,
http_req_duration,1790000000,80.5,,,,true,,GET,/books,HTTP/1.1,default,,200,,,/books,,
http_req_duration,1790000000,81.5,,,,true,,GET,/books,HTTP/1.1,default,,200,,,/books,,
http_req_failed,1790000000,0.000000,,,,true,,GET,/books,HTTP/1.1,default,,200,,,/books,,
http_req_failed,1790000000,1.000000,,,,true,,GET,/books,HTTP/1.1,default,,500,,,/books,,
iterations,1790000000,1.000000,,,,,,,,,default,,,,,,,
vus,1790000000,10.000000,,,,,,,,,,,,,,,,
"""


def test_k6_as_a_table(tmp_path: Path) -> None:
    """Counters are added up by the second, rates are shares, all else has a median."""
    table, series = read(tmp_path, k6__csv=K6_CSV)
    assert series == {
        "http_reqs /books": [(T, 2)],
        "http_req_duration /books": [(T, 81)],
        "http_req_failed /books": [(T, 0.5)],
        "iterations": [(T, 1)],
    }
    assert table.taken.left_out == {"how much load the test makes (vus, vus_max)": 1}


K6_JSON = """\
{"type":"Metric","data":{"name":"items","type":"counter","contains":"default","thresholds":[],"submetrics":null},"metric":"items"}
{"metric":"items","type":"Point","data":{"time":"2026-09-21T16:13:20.239531499+02:00","value":3,"tags":{"name":"/books","method":"GET"}}}
{"metric":"items","type":"Point","data":{"time":"2026-09-21T16:13:20.839531499+02:00","value":4,"tags":{"name":"/books","method":"GET"}}}
{"type":"Metric","data":{"name":"wait","type":"trend","contains":"time","thresholds":[],"submetrics":null},"metric":"wait"}
{"metric":"wait","type":"Point","data":{"time":"2026-09-21T14:13:21Z","value":3.5,"tags":null}}
{"type":"Metric","data":{"name":"vus","type":"gauge","contains":"default","thresholds":[],"submetrics":null},"metric":"vus"}
{"metric":"vus","type":"Point","data":{"time":"2026-09-21T14:13:21Z","value":10,"tags":{}}}
{"metric":"wait","type":"Point","data":{"time":"2026-09-21T14:13:22Z","val
"""


def test_k6_as_lines_of_json(tmp_path: Path) -> None:
    """The file says itself which metrics are counters; zones of times are heeded."""
    table, series = read(tmp_path, k6__json=K6_JSON)
    assert series == {"items /books": [(T, 7)], "wait": [(T + 1, 3.5)]}
    assert table.taken.format == "k6 (JSON lines)"
    assert table.taken.left_out == {
        "how much load the test makes (vus, vus_max)": 1,
        "no name in metric or name": 1,
    }
    named = Named("metric,method")
    assert "items GET" in read(tmp_path, named, k6__json=K6_JSON)[1]


def test_locusts_history(tmp_path: Path) -> None:
    """N/A, NA, null and nothing are missing values, of any column."""
    text = (
        "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,"
        "99.9%,99.99%,100%,Total Request Count,Total Failure Count,Total Median Response Time,"
        "Total Average Response Time,Total Min Response Time,Total Max Response Time,"
        "Total Average Content Size\n"
    )
    middle = "N/A,N/A,N/A,N/A"
    for at, value in enumerate(("N/A", "NA", "null", "", "140")):
        text += f"{T + at},10,GET,/a,1.5,0.0,80,{middle},{value},,,,,,9,0,80,90,20,400,512\n"
        text += f"{T + at},10,,Aggregated,1.5,0.0,80,{middle},150,,,,,,9,0,80,90,20,400,512\n"
    table, series = read(tmp_path, run_stats_history__csv=text)
    assert series["GET /a"] == [*((T + i, None) for i in range(4)), (T + 4, 140)]
    assert series["Aggregated"] == [(T + i, 150) for i in range(5)]
    assert table.taken.left_out == {"no number in 95%": 4}
    assert read(tmp_path, Named(value="50%"), a__csv=text)[1]["GET /a"][0] == (T, 80)


PYTEST = """{"machine_info": {"node": "ci"}, "commit_info": {"id": "abc", "time": "2026-09-01"},
"benchmarks": [{"group": null, "name": "test_list", "fullname": "bench/test_api.py::test_list",
"params": null, "stats": {"min": 0.07, "mean": 0.09, "median": 0.08, "rounds": 9}}],
"datetime": "2026-09-21T14:13:20.000000+00:00", "version": "5.2.0"}"""


def test_pytest_benchmark(tmp_path: Path) -> None:
    later = PYTEST.replace(":13:", ":14:").replace("0.08", "null")
    runs = {"a__json": PYTEST, "b__json": later}
    table, series = read(tmp_path, **runs)
    assert series == {"bench/test_api.py::test_list": [(T, 0.08), (T + 60, None)]}
    assert table.taken.left_out == {"no number in median": 1}
    assert [v for _, v in read(tmp_path, Named(value="min"), **runs)[1].popitem()[1]] == [0.07] * 2


ACTION = """{"lastUpdate": 1790000000000, "repoUrl": "https://example.test/shop", "entries":
{"api": [
{"commit": {"id": "0a", "message": "m", "timestamp": "2026-09-21T00:00:00Z"}, "date": 1790000000000,
 "tool": "customSmallerIsBetter",
 "benches": [{"name": "list", "value": 80.1, "unit": "ms", "range": "± 3"}]}]}}"""


@pytest.mark.parametrize("before", ["", "window.BENCHMARK_DATA = "])
def test_github_action_benchmark(before: str, tmp_path: Path) -> None:
    assert read(tmp_path, data__js=before + ACTION)[1] == {"api list": [(T, 80.1)]}


def hyperfine(*times: float) -> str:
    return (
        '{"results": [{"command": "manage.py check", "mean": 0.3, "stddev": 0.03, "median": 0.3, '
        f'"user": 0.2, "system": 0.05, "min": 0.2, "max": 0.4, "times": {list(times)}, '
        '"exit_codes": [0, 0, 0]}]}'
    )


def test_hyperfine(tmp_path: Path) -> None:
    """Of one file each run is a point; of several each file."""
    table, series = read(tmp_path, one__json=hyperfine(0.31, 0.29, 0.35))
    assert series == {"manage.py check": [(1, 0.31), (2, 0.29), (3, 0.35)]}
    assert not table.calendar
    _, series = read(tmp_path, a__json=hyperfine(0.1, 0.3, 0.2), b__json=hyperfine(0.4))
    assert series == {"manage.py check": [(1, 0.2), (2, 0.4)]}


def test_asv(tmp_path: Path) -> None:
    text = """{"commit_hash": "ab12", "env_name": "virtualenv-py3.11", "date": 1790000000000,
"params": {"arch": "x86_64", "cpu": "x", "machine": "ci", "python": "3.11"}, "python": "3.11",
"requirements": {}, "env_vars": {}, "result_columns": ["result", "params", "version", "started_at",
"duration"], "results": {"api.time_list": [[0.08], [], "v", 1790000000000, 1.0],
"api.Suite.time_find": [[0.1, null, NaN, 0.4], [["10", "20"], ["'a'", "'b'"]], "v"],
"api.time_old": {"result": [0.5], "params": []}, "api.time_oldest": 0.6}, "version": 2}"""
    table, series = read(tmp_path, ab12__json=text)
    where = " [ci virtualenv-py3.11]"
    assert series == {
        f"api.time_list{where}": [(T, 0.08)],
        f"api.Suite.time_find(10, 'a'){where}": [(T, 0.1)],
        f"api.Suite.time_find(20, 'a'){where}": [(T, None)],
        f"api.Suite.time_find(20, 'b'){where}": [(T, 0.4)],
        f"api.time_old{where}": [(T, 0.5)],
        f"api.time_oldest{where}": [(T, 0.6)],
    }
    assert table.taken.left_out == {
        "benchmarks that failed or were skipped (null)": 1,
        "no number in result": 1,
    }


RANGE = """{"status":"success","data":{"resultType":"matrix","result":[
{"metric":{"__name__":"p95","route":"/a"},"values":[[1790000000,"0.08"],[1790000015,"NaN"]]},
{"metric":{"route":"/b"},"values":[[1790000000.5,"0.12"]],"histograms":[[1790000000,{}]]}]}}"""


def test_a_saved_answer_of_prometheus(tmp_path: Path) -> None:
    table, series = read(tmp_path, answer__json=RANGE)
    assert series == {
        'p95{route="/a"}': [(T, 0.08), (T + 15, None)],
        '{route="/b"}': [(T + 0.5, 0.12)],
    }
    assert table.taken.left_out == {"no number in value": 1, "native histograms": 1}
    vector = '{"status":"success","data":{"resultType":"vector","result":[]}}'
    with pytest.raises(BrownoutError, match="holds a vector, not series: save the answer to"):
        read(tmp_path, answer__json=vector)
    error = '{"status":"error","errorType":"bad_data","error":"parse error"}'
    with pytest.raises(BrownoutError, match="Prometheus answered an error: parse error"):
        read(tmp_path, answer__json=error)


def test_lighthouse_ci(tmp_path: Path) -> None:
    text = """{"lighthouseVersion": "12.2.1", "requestedUrl": "http://shop.test/",
"fetchTime": "2026-09-21T14:13:20.000Z", "audits": {
"first-contentful-paint": {"id": "first-contentful-paint", "score": 1, "numericValue": 801.5},
"largest-contentful-paint": {"score": 0.9, "numericValue": 2100, "numericUnit": "millisecond"},
"total-blocking-time": {"score": 1, "numericValue": 40}, "speed-index": {"numericValue": 1500},
"cumulative-layout-shift": {"score": null, "scoreDisplayMode": "error"}},
"categories": {"performance": {"score": 0.97}}}"""
    table, series = read(tmp_path, lhr__json=text)
    assert series["http://shop.test/ largest-contentful-paint"] == [(T, 2100)]
    assert len(series) == 5
    assert table.taken.left_out == {"no number in the five metrics": 1}
    _, series = read(tmp_path, Named(value="total-blocking-time"), lhr__json=text)
    assert series == {"http://shop.test/ total-blocking-time": [(T, 40)]}


def test_google_benchmark(tmp_path: Path) -> None:
    text = """{"context": {"date": "2026-09-21T07:13:20-07:00", "host_name": "ci", "num_cpus": 2},
"benchmarks": [
{"name": "BM_find/8", "run_name": "BM_find/8", "run_type": "iteration", "repetitions": 2,
 "repetition_index": 0, "iterations": 100, "real_time": 1.5, "cpu_time": 1.25, "time_unit": "us"},
{"name": "BM_find/8_mean", "run_name": "BM_find/8", "run_type": "aggregate",
 "aggregate_name": "mean", "real_time": 1.5, "cpu_time": 1.25, "time_unit": "us"},
{"name": "BM_bad", "run_name": "BM_bad", "run_type": "iteration", "error_occurred": true,
 "error_message": "no", "real_time": 0, "cpu_time": 0, "time_unit": "ns"}]}"""
    table, series = read(tmp_path, run__json=text)
    assert series == {"BM_find/8": [(T, 1500)]}
    assert table.taken.left_out == {
        "means, medians and deviations of repetitions": 1,
        "benchmarks that failed or were skipped": 1,
    }
    assert read(tmp_path, Named(value="cpu_time"), a__json=text)[1] == {"BM_find/8": [(T, 1250)]}


@pytest.mark.parametrize(
    ("texts", "named", "words"),
    [
        ({"a__json": RANGE, "b__json": ACTION}, Named(), "b.json is not of Prometheus"),
        ({"a__csv": K6_CSV, "b__csv": "a,b\n1,2\n"}, Named(), "b.csv has other columns"),
        ({"a__json": RANGE}, Named("route"), "whose series and times are known"),
        ({"a__json": RANGE}, Named(value="p95"), "--value may be value"),
        ({"a__json": hyperfine()}, Named(), "no point in it (left out: 1 rows: commands without"),
        ({"a__jtl": JMETER.splitlines()[0]}, Named(), "and there is no point in it"),
        ({"a__json": ACTION.replace('"benches": [{', '"benches": [3, {')}, Named(), "go on so"),
    ],
)
def test_what_is_wrong_is_told(
    texts: dict[str, str], named: Named, words: str, tmp_path: Path
) -> None:
    with pytest.raises(BrownoutError) as error:
        read(tmp_path, named, **texts)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_each_format_stands_in_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "scan.md").read_text()
    assert len(readers.discover()) >= 12
    assert not [r.name for r in readers.discover().values() if r.name not in page]
