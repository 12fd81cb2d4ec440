"""Running proofs from the command line, and remembering what they gave on this machine."""

from __future__ import annotations

import json
import time
from typing import Any

from brownout import scenarios, store
from brownout.app import show
from brownout.app.flight import interrupts
from brownout.leaks import leaks
from brownout.model import BrownoutError
from brownout.prove import Check, Proof
from brownout.site import Plan, Site

RECORDS = "proofs.json"


def state(name: str) -> str:
    """What is known of a scenario on this machine."""
    found = _records().get(name)
    if not found:
        return "not proven here yet"
    if broken := failed(name):
        return f"failed here on {found['day']}: {', '.join(broken)}"
    return f"proven here on {found['day']}"


def failed(name: str) -> list[str]:
    """The checks of a scenario's contract that did not hold on this machine."""
    found = _records().get(name, {"checks": ()})
    return [c["name"] for c in found["checks"] if not c["ok"]]


def _records() -> dict[str, dict[str, Any]]:
    path = store.cache_folder() / RECORDS
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError):
        return {}


def prove(name: str) -> list[Check]:
    """Measure one scenario's contract and remember the result. Takes some minutes."""
    scenario = scenarios.load(store.assets() / "scenarios", name)
    run = store.RunFolder()
    patches = [series for kind in ("release", "fix") if (series := scenario.patches(kind))]

    def say(text: str) -> None:
        show.err.print(f"{name}: {text}", markup=False)

    site = Site(Plan(run, 7, scenario.workload(), patches), say, lambda notice: say(str(notice)))
    try:
        with interrupts(site.stopped.set):
            site.boot()
            site.watch(lambda seen: None)
            checks = Proof(scenario, site, say).run()
            pids = [pid for _, found in site.stack.services().values() for pid in found]
            told = leaks(scenario, run.path, pids)
            checks.append(Check("nothing leaks", not told, ", ".join(told[:5]) or "nothing found"))
    except BrownoutError:
        if site.stopped.is_set():
            raise KeyboardInterrupt from None
        raise
    finally:
        site.stop()
        run.close()
    _remember(name, checks)
    return checks


def _remember(name: str, checks: list[Check]) -> None:
    records = _records()
    day = time.strftime("%Y-%m-%d")
    records[name] = {"day": day, "checks": [c.record() for c in checks]}
    store.cache_folder().mkdir(parents=True, exist_ok=True)
    (store.cache_folder() / RECORDS).write_text(json.dumps(records, indent=1))
