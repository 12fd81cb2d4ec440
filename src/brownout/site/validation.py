"""Validation: promises under normal and peak load, of routes and of the pages that the real browser
opened meanwhile; functional tests and golden sets.

The tests are run from the installation, never from the checkout of whoever is being judged.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from brownout.model import BrownoutError, PagePromise, Promise, Recording, Window
from brownout.report import pages, promises
from brownout.site import failing

LOADS = ("normal", "peak", "both")

SETTLE = 3
"""Seconds after a change of the load that are not judged, and for the last rows to arrive."""

TESTS_TIMEOUT = 120


@dataclass(frozen=True, slots=True)
class Ground:
    """What a validation works on. ``run_id``: the run that its test processes end with;
    ``say`` is told which step it is in."""

    recording: Recording
    slos: Sequence[Promise]
    shop: Path
    shop_url: str
    ai_url: str
    models: Path
    set_load: Callable[[str], None]
    stopped: threading.Event
    run_id: str = ""
    pages: Sequence[PagePromise] = ()
    say: Callable[[str], None] = lambda step: None


def validate(ground: Ground, load: str, seconds: float) -> dict[str, Any]:
    """The value of a ``validate`` event; its ``passed`` is the answer."""
    if load not in LOADS:
        raise BrownoutError(f"validate --load {load}: choose one of {', '.join(LOADS)}")
    start = time.time_ns()
    functional, golden = tested(ground)
    profiles = ("normal", "peak") if load == "both" else (load,)
    try:
        windows = {profile: under_load(ground, profile, seconds) for profile in profiles}
    finally:
        ground.set_load("normal")
    wait(ground, SETTLE, "the last answers")
    slos: list[dict[str, Any]] = []
    opened: list[dict[str, Any]] = []
    for profile, window in windows.items():
        of = {"load": profile}
        slos += [of | row for row in promises.check(ground.recording, ground.slos, window)]
        opened += [of | row for row in pages.check(ground.recording, ground.pages, window)]
    return {
        "passed": functional["passed"]
        and golden["passed"]
        and all(row["ok"] for row in (*slos, *opened)),
        "load": load,
        "slos": slos,
        "pages": opened,
        "functional": functional,
        "golden": golden,
        "start": start,
        "end": time.time_ns(),
    }


def under_load(ground: Ground, profile: str, seconds: float) -> Window:
    """Let users arrive by one load profile for ``seconds``, which are the window to be judged."""
    ground.set_load(profile)
    wait(ground, SETTLE, f"{profile} load, settling")
    start = time.time_ns()
    wait(ground, seconds, f"{profile} load")
    return Window(start, time.time_ns())


def wait(ground: Ground, seconds: float, step: str) -> None:
    """Wait, and say how much of it is over."""
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0 and not ground.stopped.is_set():
        ground.say(f"{step} {seconds - left:.0f} of {seconds:.0f} s")
        ground.stopped.wait(min(left, 1.0))
    if ground.stopped.is_set():
        raise BrownoutError("the drill ended while it was being validated")


def tested(ground: Ground) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the functional tests and the golden sets say, run side by side: both wait a lot."""
    beside = replace(ground, say=lambda step: ground.say(f"{step}, and golden sets"))
    with ThreadPoolExecutor(1, thread_name_prefix="golden") as pool:
        golden = pool.submit(golden_sets, ground)
        functional = functional_tests(beside)
        ground.say("golden sets")
        return functional, golden.result()


def functional_tests(ground: Ground) -> dict[str, Any]:
    """Run the shop's black-box tests against the live shop: {passed, total, failures}.

    A failure is the test's name and what it failed by.
    """
    argv = [sys.executable, "-m", "unittest", "discover", "-v", "-s", "tests", "-t", "."]
    total = failing.count(p.read_text() for p in (ground.shop / "tests").glob("test*.py"))

    def heard(text: bytes) -> None:
        ground.say(f"functional tests {failing.ended(text)} of {total}")

    done = _run(argv, ground, {"SHOP_URL": ground.shop_url}, heard)
    ran = re.search(r"^Ran (\d+) tests?", done.stderr, re.MULTILINE)
    failures = failing.failures(done.stderr)
    if not ran or (done.returncode and not failures):
        failures = [(done.stderr.strip() or "no output").splitlines()[-1]]
    total = int(ran.group(1)) if ran else 0
    return {"passed": done.returncode == 0 and total > 0, "total": total, "failures": failures}


def golden_sets(ground: Ground) -> dict[str, Any]:
    """Measure the quality of the models in service: {passed, metrics}."""
    done = _run(golden_argv(ground.ai_url, str(ground.models), ground.shop_url), ground, {})
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        reason = (done.stderr.strip() or "no output").splitlines()[-1]
        return {"passed": False, "metrics": [], "reason": reason}


def golden_argv(ai: str, models: str, shop: str) -> list[str]:
    """The command that measures the golden sets of ``models``; run it in the shop's folder."""
    argv = [sys.executable, "-m", "tests.golden", "--ai", ai, "--models", models]
    return [*argv, "--shop", shop]


def _run(
    argv: list[str],
    ground: Ground,
    extra: Mapping[str, str],
    heard: Callable[[bytes], None] = lambda errors: None,
) -> subprocess.CompletedProcess[str]:
    """Run a child in the installation's shop; ended early when the drill ends.

    ``heard`` gets what it has written to stderr so far, now and then.
    """
    environment = {**os.environ, **extra, "PYTHONDONTWRITEBYTECODE": "1"}
    environment["BROWNOUT_RUN"] = ground.run_id  # by which the reaper finds it
    with subprocess.Popen(
        argv,
        cwd=ground.shop,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        deadline = time.monotonic() + TESTS_TIMEOUT
        while True:
            try:
                out, err = child.communicate(timeout=0.2)
                return subprocess.CompletedProcess(argv, child.returncode, out, err)
            except subprocess.TimeoutExpired as running:
                heard(running.stderr or b"")
                if ground.stopped.is_set() or time.monotonic() > deadline:
                    child.kill()
