"""`brownout run`: a command of any project, metered, and otherwise as if it ran alone."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import elsewhere
import psutil
import pytest
from metering import Receiver
from waiting import until

from brownout.app import cli
from brownout.app.commands.run import sending_to
from brownout.stack.processes import foreground

RUNSERVER = [sys.executable, "manage.py", "runserver", "{port}"]
GUNICORN = ["gunicorn", "bazaar.wsgi", "--bind", "127.0.0.1:{port}", "--workers", "2"]
UVICORN = ["uvicorn", "bazaar.asgi:application", "--port", "{port}"]


def here(command: list[str]) -> list[str]:
    """The program as it is installed beside this interpreter."""
    return [str(Path(sys.executable).parent / command[0]), *command[1:]]


def left(data: Path) -> list[psutil.Process]:
    """Processes that still carry the test's data folder in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("DATA") == str(data):
                found.append(process)
        except psutil.Error:
            continue
    return found


def route(summary: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [r for r in summary["routes"] if r["route"] == name]
    return found


def test_the_development_server_is_metered_in_any_mode(tmp_path: Path) -> None:
    elsewhere.fill(tmp_path)
    with elsewhere.serving(tmp_path, RUNSERVER, DEBUG="1") as server:
        for _ in range(3):
            server.get("/stalls/")
        server.recorded("GET /stalls/", 3)
        code, summary = server.end()
    assert code == 0, server.said()
    found = route(summary, "GET /stalls/")
    assert (found["count"], found["queries"], found["rows"], found["errors"]) == (3, 4, 9, 0)
    assert found["p95_ms"] >= found["p50_ms"] > 0
    assert {m["role"] for m in summary["metered"]} == {"web"}
    assert summary["exit_code"] == 0
    assert "Quit the server with CONTROL-C" in server.said()
    said = subprocess.run(summary["query"], shell=True, capture_output=True, text=True, check=True)
    assert "bazaar_ware" in said.stdout
    assert left(tmp_path) == []


def test_a_server_with_workers_ends_as_it_would_alone(tmp_path: Path) -> None:
    elsewhere.fill(tmp_path)
    with elsewhere.serving(tmp_path, here(GUNICORN)) as server:
        server.get("/stalls/")
        code, summary = server.end(signal.SIGTERM)
    assert code == 0
    assert route(summary, "GET /stalls/")["queries"] == 4
    assert "Shutting down: Master" in server.said()
    assert left(tmp_path) == []


def test_an_asynchronous_server_is_metered(tmp_path: Path) -> None:
    elsewhere.fill(tmp_path)
    with elsewhere.serving(tmp_path, here(UVICORN)) as server:
        server.get("/later/")
        _, summary = server.end()
    assert route(summary, "GET /later/")["queries"] == 2
    assert left(tmp_path) == []
    with duckdb.connect(str(server.recording), read_only=True) as recording:
        found = recording.execute("SELECT service, sql_calls FROM work WHERE route LIKE '%later%'")
        assert found.fetchall() == [("bazaar", 2)]


def test_control_c_in_a_terminal_comes_once(tmp_path: Path) -> None:
    """The terminal sends it to the command as well: to pass it on would be a second one."""
    script = (
        "import signal, sys, time\n"
        "came = []\n"
        "signal.signal(signal.SIGINT, lambda *_: came.append(1))\n"
        "print('ready', flush=True)\n"
        "while not came: time.sleep(0.01)\n"
        "time.sleep(0.3)\n"  # a second one would come at once
        "sys.exit(40 + len(came))"
    )
    argv = [str(elsewhere.BROWNOUT), "run", "--out", str(tmp_path / "r.duckdb"), "--"]
    child, terminal = pty.fork()
    if child == 0:
        os.execve(argv[0], [*argv, sys.executable, "-c", script], elsewhere.environment(tmp_path))
    said = b""
    while b"ready" not in said:
        said += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    ended: list[int] = []

    def over() -> bool:
        os.set_blocking(terminal, False)
        with contextlib.suppress(OSError):
            os.read(terminal, 1000)
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            ended.append(os.waitstatus_to_exitcode(status))
        return bool(pid)

    until(over)
    os.close(terminal)
    assert ended == [41]
    assert left(tmp_path) == []


def test_a_run_leaves_others_alone_that_record_into_a_file_of_the_same_name(
    tmp_path: Path,
) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    for folder in (mine, theirs):
        elsewhere.fill(folder)
    with elsewhere.serving(mine, RUNSERVER) as server:
        ended = elsewhere.run(theirs, ["--out", str(theirs / server.recording.name)], ["true"])
        assert ended.returncode == 0, ended.stderr
        server.get("/stalls/")
        server.recorded("GET /stalls/", 1)
        code, summary = server.end()
    assert code == 0, server.said()
    assert route(summary, "GET /stalls/")["count"] == 1


def test_the_exit_code_is_the_commands(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('said'); raise SystemExit(7)"]
    found = elsewhere.run(tmp_path, ["--out", str(tmp_path / "r.duckdb")], command)
    assert (found.returncode, found.stdout) == (7, "said\n")
    assert "No Django application was metered" in " ".join(found.stderr.split())


@pytest.mark.parametrize("fails", [False, True])
def test_a_management_command_is_a_piece_of_work(tmp_path: Path, fails: bool) -> None:
    elsewhere.fill(tmp_path)
    command = [sys.executable, "manage.py", "stocktake", *(["--fail"] if fails else [])]
    found = elsewhere.run(tmp_path, ["--out", str(tmp_path / "r.duckdb"), "--json"], command)
    assert found.returncode == int(fails), found.stderr
    summary = json.loads(found.stdout)
    told = {(r["kind"], r["route"]): (r["count"], r["queries"], r["errors"])
            for r in summary["routes"]}  # fmt: skip
    # What it calls is its own, but for the request that it makes.
    assert told == {
        ("command", "stocktake"): (1, 4, int(fails)),
        ("request", "GET /stalls/"): (1, 4, 0),
    }
    assert {m["role"] for m in summary["metered"]} == {"command", "web"}
    with duckdb.connect(str(tmp_path / "r.duckdb"), read_only=True) as recording:
        columns = "status, exception, list_sum([s.calls for s in sql]), cpu > 0, uncounted"
        [row] = recording.execute(f"SELECT {columns} FROM work WHERE kind = 'command'").fetchall()
    assert row == (int(fails), "CommandError" if fails else "", 4, True, [])


def test_a_command_that_does_no_work_of_its_own_is_metered_all_the_same(tmp_path: Path) -> None:
    elsewhere.fill(tmp_path)
    command = [sys.executable, "manage.py", "shell", "-c", "print('said')"]
    found = elsewhere.run(tmp_path, ["--out", str(tmp_path / "r.duckdb")], command)
    assert found.returncode == 0 and "said" in found.stdout
    assert "It was metered, and served no request" in " ".join(found.stderr.split())


def test_a_command_that_a_signal_ended_gives_what_a_shell_gives() -> None:
    foreground.hold()
    try:
        assert foreground.run(["sh", "-c", "kill -9 $$"], os.environ) == 137
    finally:
        foreground.release()


def test_a_project_that_does_not_load_shows_its_own_error(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("from nowhere import SECRET_KEY\n")
    script = "import django; django.setup()"
    more = {"DJANGO_SETTINGS_MODULE": "broken", "PYTHONPATH": str(tmp_path)}
    alone = elsewhere.python(elsewhere.environment(tmp_path, **more), script)
    found = elsewhere.python(elsewhere.metered(tmp_path, "", **more), script)
    assert "No module named 'nowhere'" in alone.stderr
    assert (found.returncode, found.stderr) == (alone.returncode, alone.stderr)


def test_a_sitecustomize_of_ones_own_runs_as_ever(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import builtins; builtins.MINE = __file__\n")
    script = "import sys; print(MINE, sys.modules['sitecustomize'].__file__)"
    found = elsewhere.python(elsewhere.metered(tmp_path, "", PYTHONPATH=str(tmp_path)), script)
    mine = str(tmp_path / "sitecustomize.py")
    assert found.stdout.split() == [mine, mine]


def test_nothing_but_the_meter_is_imported(tmp_path: Path) -> None:
    script = "import django.core.handlers.base, sys; print(*sys.modules)"
    modules = elsewhere.python(elsewhere.metered(tmp_path, ""), script).stdout.split()
    ours = [m for m in modules if m.startswith("brownout")]
    assert "brownout.meter.adapters" in ours
    assert all(m == "brownout" or m.startswith("brownout.meter") for m in ours)
    assert not {"httpx", "requests", "celery", "redis", "openai", "duckdb"} & set(modules)


TO_STALLS = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "bazaar.settings"
django.setup()
from django.test import Client
Client().get("/stalls/")
"""


def test_to_a_collector_of_ones_own_it_becomes_the_command(
    tmp_path: Path, receiver: Receiver
) -> None:
    elsewhere.fill(tmp_path)
    command = [sys.executable, "-c", TO_STALLS]
    found = elsewhere.run(tmp_path, ["--collector", receiver.url], command)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    [row] = receiver.work()
    assert (row["service"], row["route"], row["sql_calls"]) == ("bazaar", "GET /stalls/", 4)
    assert not (elsewhere.BAZAAR / ".brownout" / "recordings").exists()


EXPORTER = """
import os, urllib.request
names = ("ENDPOINT", "HEADERS", "TRACES_ENDPOINT")
print(*(os.environ.get(f"OTEL_EXPORTER_OTLP_{name}", "-") for name in names))
print(*(os.environ.get(name, "-") for name in ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES")))
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
with provider.get_tracer("own").start_as_current_span("theirs"):
    pass
"""


def test_an_exporter_of_the_projects_own_keeps_its_address_and_headers(
    tmp_path: Path, receiver: Receiver
) -> None:
    elsewhere.fill(tmp_path)
    recording, theirs = tmp_path / "own.duckdb", f"{receiver.url}/ai/v1/traces"
    own = {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": theirs,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-vendor-key=KEY",
    }
    command = [sys.executable, "-c", EXPORTER + TO_STALLS]
    found = elsewhere.run(tmp_path, ["--out", str(recording)], command, **own)
    assert found.stdout.splitlines() == [f"- x-vendor-key=KEY {theirs}", "- -"], found.stderr
    assert "x-vendor-key" in receiver.headers
    assert "authorization" not in receiver.headers
    with duckdb.connect(str(recording), read_only=True) as read:
        asked = "SELECT service, route FROM work"
        assert read.execute(asked).fetchall() == [("bazaar", "GET /stalls/")]


@pytest.mark.parametrize(
    ("named", "sent"),
    [
        ({}, ""),
        ({"OTEL_EXPORTER_OTLP_HEADERS": "a=1"}, "a=1"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_EXPORTER_OTLP_HEADERS": "a=1"}, "a=1"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://y", "OTEL_EXPORTER_OTLP_HEADERS": "a=1"}, ""),
        ({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "y", "OTEL_EXPORTER_OTLP_HEADERS": "a=1"}, ""),
        ({"BROWNOUT_METER_HEADERS": "b=2", "OTEL_EXPORTER_OTLP_HEADERS": "a=1"}, "b=2"),
    ],
)
def test_headers_go_to_whom_they_are_for(named: dict[str, str], sent: str) -> None:
    assert sending_to("http://x", named) == {
        "BROWNOUT_METER_ENDPOINT": "http://x",
        "BROWNOUT_METER_HEADERS": sent,
    }


def test_what_is_recorded_is_sent_on_and_scraped_as_well(
    tmp_path: Path, receiver: Receiver
) -> None:
    elsewhere.fill(tmp_path)
    script = TO_STALLS + "import pathlib\nprint(*pathlib.Path('.brownout/prometheus').iterdir())\n"
    options = ["--out", str(tmp_path / "sent.duckdb"), "--otlp-forward", receiver.url]
    headers = {"BROWNOUT_FORWARD_HEADERS": "x-key=secret"}
    found = elsewhere.run(tmp_path, options, [sys.executable, "-c", script], **headers)
    assert found.returncode == 0, found.stderr
    assert "prometheus/sent-" in found.stdout
    assert not list(elsewhere.BAZAAR.glob(".brownout/prometheus/sent-*"))
    [row] = receiver.work()
    assert (row["service"], row["route"], row["sql_calls"]) == ("bazaar", "GET /stalls/", 4)
    assert "x-key" in receiver.headers and "authorization" not in receiver.headers
    with duckdb.connect(str(tmp_path / "sent.duckdb"), read_only=True) as recording:
        assert recording.execute("SELECT route FROM work").fetchall() == [("GET /stalls/",)]


LEAVING = """
import subprocess, sys
child = "import brownout.meter.event.sender as s; s.EVERY = 3600\\n" + {child!r}
argv = [sys.executable, "-c", child]
left = subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True)
left.stdout.readline()
"""


def test_what_the_command_leaves_running_is_asked_to_end(tmp_path: Path) -> None:
    elsewhere.fill(tmp_path)
    recording = tmp_path / "left.duckdb"
    child = TO_STALLS + "import time\nprint('ready', flush=True)\n"
    child += "while True: time.sleep(0.1)\n"
    command = [sys.executable, "-c", LEAVING.format(child=child)]
    found = elsewhere.run(tmp_path, ["--out", str(recording)], command)
    assert found.returncode == 0, found.stderr
    assert left(tmp_path) == []
    with duckdb.connect(str(recording), read_only=True) as read:
        assert read.execute("SELECT route FROM work").fetchall() == [("GET /stalls/",)]


def test_two_lines_in_the_settings_count_the_same(tmp_path: Path, receiver: Receiver) -> None:
    elsewhere.fill(tmp_path)
    more = {"TWO_LINES": "1", "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}
    elsewhere.python(elsewhere.environment(tmp_path, **more), TO_STALLS)
    # Put in both ways it is there once.
    elsewhere.python(elsewhere.metered(tmp_path, receiver.url, **more), TO_STALLS)
    found = [(row["route"], row["sql_calls"]) for row in receiver.work()]
    assert found == [("GET /stalls/", 4)] * 2


def test_a_program_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    found = elsewhere.run(tmp_path, ["--out", str(tmp_path / "r.duckdb")], ["no-such-program"])
    assert found.returncode == 2
    assert "no-such-program cannot be started (No such file" in found.stderr
    assert "Traceback" not in found.stderr
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--collector", "localhost:4318"], "an http or https URL is wanted"),
        (["--collector", "http://h:1", "--json"], "a recording of one's own"),
        (["--collector", "http://h:1", "--otlp-forward", "http://h:2"], "a recording of one's own"),
        (["--otlp-forward", "h:2"], "http://HOST:PORT or https://HOST is wanted"),
        (["--otlp-headers", "a=b"], "name the URL, too"),
        (["--out", __file__], "is there already"),
    ],
)
def test_bad_options_are_one_sentence(
    capsys: pytest.CaptureFixture[str], options: list[str], sentence: str
) -> None:
    assert cli.run(["run", *options, "--", "true"]) == 2
    assert sentence in capsys.readouterr().err
