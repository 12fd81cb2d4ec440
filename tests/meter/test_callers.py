"""The line that asked, found by a jump as by a walk."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from brownout.meter.event import callers, libraries

LIBRARY = """
from brownout.meter.event.callers import caller_at

def counts(trail):
    return caller_at(trail)

def execute(trail):
    return counts(trail)

def query(trail):
    return execute(trail)

def asking(trail):
    return lambda: query(trail)

def through(call):
    return call()
"""
REPORTS = """
def report(asked):
    return asked()
"""
LAYER = """
def inner(asked):
    return asked()
"""
APPLICATION = """
import library

def view(trail, step):
    return step(library.asking(trail))  # a view

def other(trail):
    return library.query(trail)  # another line

def nearer(call):
    return call()  # nearer
"""


def load(file: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, file.stem, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, ModuleType]:
    """A library outside the application's folder, and the application."""
    monkeypatch.setattr(callers, "root", lambda: f"{tmp_path}/application/")
    monkeypatch.setattr(callers, "_files", {})
    library = load(tmp_path / "library" / "library.py", LIBRARY, monkeypatch)
    return library, load(tmp_path / "application" / "application.py", APPLICATION, monkeypatch)


def line(text: str) -> str:
    [found] = [n for n, content in enumerate(APPLICATION.split("\n"), 1) if text in content]
    return f"application.py:{found}"


def test_each_line_is_found_whatever_was_found_before(
    modules: tuple[ModuleType, ModuleType],
) -> None:
    library, application = modules
    trail = callers.Trail()
    for number in range(50):
        assert application.view(trail, library.through) == line("# a view"), number
        assert application.other(trail) == line("# another line"), number
    assert trail.trusted
    assert {steps[-1] for steps in trail.known} == {line("# a view"), line("# another line")}


@pytest.mark.parametrize("first", ["# a view", "# nearer"])
def test_a_jump_that_goes_wrong_is_the_last(
    modules: tuple[ModuleType, ModuleType], first: str
) -> None:
    library, application = modules
    trail = callers.Trail()
    # As deep, by the same instructions, but through a nearer line of its own.
    steps = {"# a view": library.through, "# nearer": application.nearer}
    order = sorted(steps, key=lambda text: text != first)
    found = [
        (text, application.view(trail, steps[text]))
        for _ in range(callers.AUDITED)
        for text in order
    ]
    assert ("# nearer", line("# a view")) in found  # it was jumped to
    assert not trail.trusted
    assert trail.known == ()
    assert all(caller == line(text) for text, caller in found[2 * callers.AUDITED - 2 :])


def test_without_a_line_of_the_application_a_librarys_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "root", lambda: f"{tmp_path}/application/")
    monkeypatch.setattr(callers, "_files", {})
    packages = tmp_path / "site-packages"
    inner = load(packages / "psycopg" / "library.py", LIBRARY, monkeypatch)
    outer = load(packages / "wares" / "reports.py", REPORTS, monkeypatch)
    layer = load(packages / "django" / "core" / "handlers" / "exception.py", LAYER, monkeypatch)
    begun = load(tmp_path / "brownout" / "meter" / "middleware.py", LAYER, monkeypatch)
    application = load(tmp_path / "application" / "application.py", APPLICATION, monkeypatch)
    asked, within = inner.asking(callers.Trail()), inner.asking(callers.Trail())
    named = "site-packages/wares/reports.py:3"
    for _ in range(200):
        assert outer.report(asked) == named
        # What only hands a request on does not ask; and outside of a work nobody does.
        assert outer.report(lambda: layer.inner(asked)) == ""
        assert application.nearer(lambda: outer.report(asked)) == line("# nearer")
        assert application.nearer(lambda: layer.inner(asked)) == line("# nearer")
        assert application.nearer(lambda: begun.inner(within)) == ""
        assert application.nearer(lambda: begun.inner(lambda: outer.report(within))) == named


def test_which_libraries_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path), f"{tmp_path}/editable", *sys.path])
    packages = "/venv/lib/python3.11/site-packages"
    named = {
        f"{packages}/wagtail/models/pages.py": "site-packages/wagtail/models/pages.py",
        "/usr/lib/python3/dist-packages/wagtail/x.py": "site-packages/wagtail/x.py",
        f"{tmp_path}/editable/wares/models.py": "site-packages/wares/models.py",
        f"{packages}/django/db/models/query.py": "",
        f"{packages}/psycopg/cursor.py": "",
        f"{packages}/sentry_sdk/integrations/django.py": "",
        importlib.util.__file__: "",
        "<string>": "",
        "/elsewhere/x.py": "",
    }
    assert {file: libraries.name(file) for file in named} == named
