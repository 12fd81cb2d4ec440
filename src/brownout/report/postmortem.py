"""The postmortem draft, in Markdown: every figure is from the history or the recording."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from brownout import history
from brownout.model import Event, Finding, PagePromise, Promise
from brownout.report import pages
from brownout.report.incident import by_players

TOLD = 6
"""Findings and routes told at most; debrief.json has them all."""

STEPS = ("detected", "acknowledged", "diagnosed", "mitigated", "validated", "resolved")


def draft(parts: Mapping[str, Any], events: Sequence[Event], told: Mapping[str, Any]) -> str:
    """The text. ``parts``: the debrief's fields; ``told``: what was revealed, or nothing yet."""
    title = told.get("title", "a drill that broke off")
    sections = (
        (f"# Postmortem: {title}", _summary(parts, events, told)),
        ("## Impact", _impact(parts["impact"])),
        ("## Root cause", _cause(parts["diagnosis"], told)),
        ("## Response", _response(parts["times"], events)),
        ("## Validation", _validation(parts["validation"])),
        ("## Where the time went", _attribution(parts["attribution"])),
        ("## Findings", _findings(parts["findings"])),
        ("## Promises", _promises(parts["slos"], parts["pages"], events[0].value)),
        ("## What is to be done", _to_do(told)),
        ("## Timeline", _timeline(parts["timeline"])),
    )
    text = "\n\n".join(
        f"{head}\n\n{body}" for head, lines in sections if (body := "\n".join(lines))
    )
    return text + "\n"


def _summary(
    parts: Mapping[str, Any], events: Sequence[Event], told: Mapping[str, Any]
) -> Iterator[str]:
    if "summary" in told:
        yield f"{told['summary']}"
        yield ""
    closed = history.last_info(events, "closed")
    yield f"Drill of {events[-1].t:.0f} s, seed {parts['seed']}; " + (
        f"closed: {closed.value['reason']}." if closed else "it was not closed."
    )
    resolved = [i for i, _ in history.completed(events, "resolve")]
    if resolved and resolved[-1].value.get("summary"):
        yield f"Resolved with the words: {resolved[-1].value['summary']} [{resolved[-1].seq}]"
    score = parts["score"]
    if score.void:
        yield f"No score: {score.void}."
        for criterion in score.criteria:
            yield f"- {criterion.name}: {criterion.why}"
    else:
        yield f"Score: {score.points:g} of {score.of:g}."


def _impact(found: Mapping[str, Any]) -> Iterator[str]:
    if not found["requests"]:
        return
    yield (
        f"In {found['seconds']:.0f} s users made {found['requests']} requests; "
        f"{found['requests_over_slo']} were slower than promised or failed "
        f"({found['failed']} failed). The worst route used {found['error_budget_burnt']:.1f} times "
        "its error budget."
    )
    worst = sorted(found["routes"], key=lambda r: (-r["over_slo"], r["route"]))
    rows = [r for r in worst if r["over_slo"]][:TOLD]
    if rows:
        yield ""
        yield from _table(
            ("route", "requests", "over SLO", "failed", "budget used"),
            [
                (r["route"], r["requests"], r["over_slo"], r["failed"], f"{r['budget_burnt']:.1f}x")
                for r in rows
            ],
        )


def _cause(diagnosis: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[str]:
    declared, truth = diagnosis["declared"], diagnosis["truth"]
    if truth:
        where = ", ".join(truth["where"][:2])
        yield f"What it was: {truth['cause']}, deployment {truth['deployment']}, in {where}."
        yield f"Effect: {told['truth']['effect']}."
    if declared:
        mark = {True: "right", False: "wrong"}
        verdicts = ", ".join(f"{k} {mark[ok]}" for k, ok in diagnosis["right"].items())
        yield (
            f"Declared: {declared['cause']}, deployment {declared['deployment']}, in "
            f"{declared['where']}" + (f" ({verdicts})." if verdicts else ".")
        )
    else:
        yield "No diagnosis was declared."


def _response(times: Mapping[str, float | None], events: Sequence[Event]) -> Iterator[str]:
    yield "Seconds since the change began to serve:"
    yield ""
    for name in STEPS:
        seconds = times[name]
        yield f"- {name}: {'never' if seconds is None else f'{seconds:.0f}'}"
    for change in by_players(events):
        yield f"- {change.name} of {change.value['ref']} by {change.actor} [{change.seq}]"


def _validation(found: Mapping[str, Any]) -> Iterator[str]:
    if not found:
        yield "Nothing was validated."
        return
    verdict = "passed" if found["passed"] else "did NOT pass"
    tests = found["functional"]
    yield (
        f"The last validation ({found['load']} load) {verdict} [{found['event']}]: "
        f"{tests['total']} functional tests, {len(tests['failures'])} failed."
    )
    # Older histories have the names of failed tests alone.
    yield from (f"- {failure}" for failure in tests["failures"] if "): " in failure)
    for metric in found["golden"]["metrics"]:
        state = "ok" if metric["ok"] else "broken"
        yield f"- {metric['name']}: {metric['value']:g} (limit {metric['limit']:g}), {state}"
    for row in found["slos"]:
        if not row["ok"]:
            yield f"- {row['route']} at {row['load']} load: p95 {row['p95_ms']:.0f} ms, broken"
    opened = found.get("pages", [])
    for row in opened:
        state = "ok" if row["ok"] else "broken"
        yield f"- page {pages.told(row)} at {row['load']} load, {state}"
    if not opened:
        yield "- pages were not looked at"


def _attribution(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for entry in entries[:TOLD]:
        yield f"- {entry['text']}"


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    told = [f for f in findings if f.verdict not in ("clean", "not_applicable", "inconclusive")]
    for finding in told[:TOLD]:
        effect = ""
        if finding.effect is not None and finding.low is not None and finding.high is not None:
            effect = (
                f" {finding.effect:+.4g} {finding.unit} "
                f"[{finding.low:+.4g}, {finding.high:+.4g}], n {finding.n}"
            )
        yield f"- {finding.audit} {finding.verdict}: {finding.subject}{effect}; {finding.reason}"
    if not told:
        yield "No audit found a regression."
    counts = {
        verdict: sum(f.verdict == verdict for f in findings)
        for verdict in ("clean", "inconclusive")
    }
    yield ""
    yield "Beside them: " + ", ".join(f"{n} {verdict}" for verdict, n in counts.items()) + "."


def _promises(
    slos: Sequence[Promise], opened: Sequence[PagePromise], begun: Mapping[str, Any]
) -> Iterator[str]:
    if slos and "workload" in begun:
        day, rates = begun.get("calibrated"), begun["workload"]
        yield (
            f"At {rates['normal']:g} journeys/s, {rates['peak']:g} at peak; where more than is "
            "declared, a route's p95 is 3 times "
            + (f"what was calibrated on {day}." if day else "that of the calm window.")
        )
        yield ""
    if slos:
        rows = [(s.route, f"{s.p95_ms:g} ms", f"{s.error_rate:.1%}") for s in slos]
        yield from _table(("route", "p95", "errors"), rows)
    if opened:
        yield ""
        yield from _table(("page", "LCP"), [(p.page, f"{p.lcp_ms:g} ms") for p in opened])


def _to_do(told: Mapping[str, Any]) -> Iterator[str]:
    if told.get("guard"):
        yield f"- Guard: {told['guard']}"
    for point in told.get("teaches", ()):
        yield f"- {point}"


def _timeline(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from _table(
        ("s", "who", "what", "event"),
        [
            (f"{r['t']:.1f}", f"{r['actor']}/{r['role']}", _short(str(r["what"])), r["seq"])
            for r in rows
        ],
    )


def _short(text: str) -> str:
    return text if len(text) <= 160 else text[:157] + "..."


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |"
