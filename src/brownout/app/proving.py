"""Running proofs from the command line, and remembering what they gave on this machine."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from typing import Any

from brownout import store
from brownout.app import show
from brownout.app.terminal import interrupts
from brownout.capacity import calibrations
from brownout.catalogue import scenarios
from brownout.catalogue.leaks import leaks
from brownout.catalogue.proof import Check, Proof
from brownout.collector.client import CollectorAway
from brownout.model import BrownoutError
from brownout.site.site import Plan, Site

RECORDS = "proofs.json"


def state(name: str) -> str:
    """What is known of a scenario on this machine."""
    found = _record(name)
    if not found:
        return "not proven here yet"
    if broken := failed(name):
        return f"failed here on {found['day']}: {', '.join(broken)}"
    return f"proven here on {found['day']}"


def failed(name: str) -> list[str]:
    """The checks of a scenario's contract that did not hold on this machine."""
    return [c["name"] for c in _record(name).get("checks", ()) if not c["ok"]]


def _record(name: str) -> dict[str, Any]:
    """What was proven of a scenario as it is now; nothing when it or the shop has changed since."""
    found = _records().get(name, {})
    return dict(found) if found.get("of") == _content(name) else {}


def _content(name: str) -> str:
    """The hash of a scenario and of the shop."""
    digest = hashlib.sha256()
    for folder in (store.assets() / "scenarios" / name, store.assets() / "shop"):
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            if not {"node_modules", "dist", "__pycache__"} & set(path.parts):
                digest.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _records() -> dict[str, dict[str, Any]]:
    path = store.cache_folder() / RECORDS
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError):
        return {}


def prove(name: str) -> list[Check]:
    """Measure one scenario's contract and remember the result. Takes some minutes."""
    scenario = scenarios.load(store.assets() / "scenarios", name)
    known = calibrations.known(store.assets() / "shop", "normal")
    run = store.RunFolder()
    patches = [series for kind in ("release", "fix") if (series := scenario.patches(kind))]

    def say(text: str) -> None:
        show.err.print(f"{name}: {text}", markup=False)

    site = Site(
        Plan(run, 7, scenario.workload(known.workload), patches, calibrated=known.calibrated),
        say,
        lambda notice: say(f"{notice.name} {notice.kind}"),
    )
    with interrupts(lambda: threading.Thread(target=site.stop, daemon=True).start()):
        try:
            site.boot()
            site.watch(lambda seen: None)
            checks = Proof(scenario, site, say).run()
            if site.stopped.is_set():
                raise KeyboardInterrupt
            pids = [pid for _, found in site.stack.services().values() for pid in found]
            told = leaks(scenario, run.path, pids)
            checks.append(Check("nothing leaks", not told, ", ".join(told[:5]) or "nothing found"))
        except (BrownoutError, CollectorAway):
            if site.stopped.is_set():
                say("interrupted; nothing is kept")
                raise KeyboardInterrupt from None
            raise
        finally:  # within, so that Ctrl-C again does not cut the ending short
            site.stop()
            run.close()
    remember(name, checks)
    return checks


def remember(name: str, checks: list[Check]) -> None:
    """Keep what a proof gave, on this machine."""
    records = _records()
    day = time.strftime("%Y-%m-%d")
    told = [c.record() for c in checks]
    records[name] = {"day": day, "of": _content(name), "checks": told}
    store.cache_folder().mkdir(parents=True, exist_ok=True)
    (store.cache_folder() / RECORDS).write_text(json.dumps(records, indent=1))
