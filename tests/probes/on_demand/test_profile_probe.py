"""The profile probe on real processes: py-spy, the recording, comparisons, and a replay."""

from __future__ import annotations

import json
import os
import pstats
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from collecting import Collector
from waiting import until

from brownout.app.target import family
from brownout.model import NS, BrownoutError, MachineError
from brownout.probes.on_demand import profile
from brownout.probes.profile import pyspy
from brownout.probes.profile.profiling import load
from brownout.probes.terms import Site

SPIN = "def hot():\n    while True: pass\nprint('on', flush=True)\nhot()"
IDLE = "print('on', flush=True)\ninput()"


@contextmanager
def child(code: str, **options: object) -> Iterator[int]:
    """A Python process that has said that it is on."""
    pipe = subprocess.PIPE
    argv = [sys.executable, "-c", code]
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, **options) as process:  # type: ignore[call-overload]
        try:
            assert process.stdout.readline() == b"on\n"
            yield process.pid
        finally:
            process.kill()


def by_hand(pid: int) -> Site:
    return Site((family(pid),), chosen=True)


def test_a_hot_function_is_found_and_kept_in_the_recording(
    tmp_path: Path, collector: Collector
) -> None:
    with child(SPIN, cwd=tmp_path) as pid:
        site = Site((family(pid),), True, collector=collector.url, token="let me in")
        found = profile.probe(site, tmp_path, seconds=1, rate=50)
    table = found.tables[1]
    assert table.title == "(outside requests)"
    name, _, own, total = table.rows[0]
    assert (name, own > 500, total >= own) == ("hot", True, True)
    assert {p.name for p in found.files} == {
        "profile.speedscope.json", "profile.collapsed.txt", "profile.json",
    }  # fmt: skip
    sql = "SELECT sum(samples), sum(weight), min(stack) FROM profiles"
    samples, weight, stack = collector.client().query(sql)[0]
    assert samples > 10
    assert weight > NS / 2
    assert stack.endswith("hot (~<string>:2)")
    again = load(site, str(tmp_path))
    now = time.gmtime()
    if now[3:6] > (0, 5, 0):  # a window of today
        window = load(site, f"00:00:00-{time.strftime('%H:%M:%S', time.gmtime(time.time() + 60))}")
        assert sum(window.weights.values()) == sum(again.weights.values())


def test_two_profiles_are_compared_with_their_direction(tmp_path: Path) -> None:
    for name, ms in (("old", 30), ("new", 50)):
        told = {
            "seconds": 1,
            "requests": {"GET /": 10},
            "stacks": [["GET /", "f (a.py:1)", ms * 10**6]],
        }
        (tmp_path / name).write_text(json.dumps(told))
    found = profile.probe(
        Site(), tmp_path, before=str(tmp_path / "old"), after=str(tmp_path / "new")
    )
    direction = "after - before, ms per request: + is slower after, - is faster"
    assert found.tables[0].title == f"GET /: {direction}"
    assert found.tables[0].rows == [("f (a.py)", 3.0, 5.0, 2.0, 2.0)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rate": 0}, "--rate 0: from 1 to 1000"),
        ({"after": "x"}, "--after is compared with --before"),
        ({"before": "x"}, "x: no such file, and no window of today"),
        ({"before": "10:00:00-10:01:00"}, "a window needs the recording"),
        ({"before": "broken.json"}, "broken.json is no profile.json of this probe"),
        ({}, "no process is known: name one with --pid"),
        ({"replay": "POST /"}, "others would change the live database"),
        ({"replay": "GET"}, "a method and a path are wanted"),
    ],
)
def test_bad_input(
    options: dict[str, object], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.json").write_text("[]")
    with pytest.raises(BrownoutError, match=words.replace("(", r"\(")):
        profile.probe(Site(), tmp_path, 1, **options)  # type: ignore[arg-type]


def test_processes_that_cannot_be_looked_into(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        with pytest.raises(BrownoutError, match=f"process {other.pid} is not a Python program"):
            profile.probe(by_hand(other.pid), tmp_path, 1)
        site = by_hand(other.pid)
        other.kill()
        other.wait()
        with pytest.raises(BrownoutError, match=f"process {other.pid} has gone"):
            profile.probe(site, tmp_path, 1)
    assert not list(tmp_path.iterdir())


def looking() -> bool:
    """Has py-spy begun? It has used some CPU by then."""
    try:
        looks = [c for c in psutil.Process().children() if "record" in c.cmdline()]
        return any(sum(c.cpu_times()[:2]) > 0.02 for c in looks)
    except psutil.Error:
        return False


def test_a_process_that_goes_meanwhile_is_told(tmp_path: Path) -> None:
    with child(SPIN) as pid, ThreadPoolExecutor() as pool:
        probing = pool.submit(profile.probe, by_hand(pid), tmp_path, 20)
        until(looking)
        psutil.Process(pid).kill()
        assert f"process {pid} ended meanwhile" in probing.result().notes
    assert not [c for c in psutil.Process().children() if "py-spy" in c.name()]


def test_what_py_spy_says_becomes_clear_words() -> None:
    mine = os.getpid()
    denied = "Permission Denied: Try running again with elevated permissions"
    assert isinstance(pyspy._reason(mine, denied), MachineError)
    for told in (denied, "Error: Operation not permitted (os error 1)", "Error: EPERM"):
        assert "ptrace_scope" in str(pyspy._reason(mine, told))
    assert "not a Python program" in str(
        pyspy._reason(mine, "Error: Failed to find python version from target process")
    )
    assert "the machine is busy" in str(pyspy._reason(mine, ""))
    assert str(pyspy._reason(99999999, "Error: x")) == "process 99999999 has gone"


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can become another user")
def test_another_users_process_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with child(IDLE) as pid:
        folder = Path("/tmp") if os.access("/tmp", os.X_OK) else tmp_path
        copy = folder / f"py-spy-{os.getpid()}"
        copy.write_bytes(Path(pyspy.program()).read_bytes())
        copy.chmod(0o755)
        try:
            done = subprocess.run(
                [copy, "dump", "--pid", str(pid)],
                user=65534,
                group=65534,
                extra_groups=[],
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            copy.unlink()
        assert isinstance(pyspy._reason(pid, done.stderr), pyspy.Forbidden)


SETTINGS = """
SECRET_KEY = "x"
ROOT_URLCONF = "views"
"""
VIEWS = """
from django.http import HttpResponse
from django.urls import path
def slow(request):
    return HttpResponse(str(sum(one(n) for n in range(1000))))
def one(n):
    return n
urlpatterns = [path("slow/", slow)]
"""


def project(folder: Path, settings: str) -> None:
    (folder / "settings.py").write_text(settings)
    (folder / "views.py").write_text(VIEWS)


def test_a_request_is_replayed_in_a_process_of_its_own(tmp_path: Path) -> None:
    project(tmp_path, SETTINGS)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "settings"}
    with child(IDLE, cwd=tmp_path, env=environment) as pid:
        found = profile.probe(by_hand(pid), tmp_path, replay="GET /slow/")
        missing = profile.probe(by_hand(pid), tmp_path, replay="GET /none/")
    calls = {row[0].split(" ")[0]: row[1] for row in found.tables[0].rows}
    assert calls["one"] == 1000
    assert "GET /slow/: 200, 6 bytes" in found.tables[0].title
    assert "GET /none/: 404" in missing.tables[0].title
    assert pstats.Stats(str(tmp_path / "replay.pstats"))


def test_a_project_that_does_not_start_tells_its_own_error(tmp_path: Path) -> None:
    project(tmp_path, "import nowhere")
    named = os.environ | {"DJANGO_SETTINGS_MODULE": "settings"}
    bare = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    for environment, words in ((named, "No module named 'nowhere'"), (bare, "a Django project?")):
        with (
            child(IDLE, cwd=tmp_path, env=environment) as pid,
            pytest.raises(BrownoutError, match=words),
        ):
            profile.probe(by_hand(pid), tmp_path, replay="GET /")
